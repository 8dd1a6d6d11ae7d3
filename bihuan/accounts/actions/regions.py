"""Division codes: adding and closing one by hand, loading a whole published list."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.rules.regions import BadRegionCode, level_of, normalize_region_code, parent_of

from ..models import Region, User
from ..permissions import Permission
from . import rights

KINDS = {"province": Region.Kind.PROVINCE, "city": Region.Kind.CITY, "county": Region.Kind.COUNTY}
MAX_ROWS = 800_000
CODE_HEADINGS = frozenset({"code", "代码", "区划代码", "统计用区划代码"})
NAME_HEADINGS = frozenset({"name", "名称", "区划名称"})
PARENT_HEADINGS = frozenset({"parent", "上级", "上级代码", "parentcode", "parent_code"})
ZONE_WORDS = (
    "开发区",
    "高新区",
    "新区",
    "园区",
    "景区",
    "风景名胜区",
    "度假区",
    "保税区",
    "管理区",
    "功能区",
)


@dataclass(frozen=True)
class LoadReport:
    """What loading a list did."""

    created: int
    renamed: int
    unchanged: int
    skipped: int  # villages and dummies (市辖区) that carry no duty


class BadRegionFile(Refused):
    """The list cannot be loaded; nothing was changed. Names the line and the remedy."""


def short_name_of(name: str) -> str:
    """青石街道办事处 and 青石街道 are both called 青石街道 in a table; only the office word goes."""
    for suffix in ("办事处", "人民政府"):
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name.removesuffix(suffix)
    return name


def kind_of(code: str, name: str) -> str:
    """The kind of a region by the length of its code; a county-level zone by its name."""
    level = level_of(code)
    if level in {"county", "township"} and name.endswith(ZONE_WORDS):
        return Region.Kind.ZONE
    return KINDS.get(level, Region.Kind.TOWNSHIP)


@transaction.atomic
def create_region(code: str, name: str, *, parent: Region | None, kind: str, by: User) -> Region:
    """Add one region by hand, e.g. a new development zone. Raises Refused for a bad or known code."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    try:
        code = normalize_region_code(code)
    except BadRegionCode as error:
        raise Refused(str(error)) from error
    if Region.objects.filter(pk=code).exists():
        raise Refused(f"区划代码 {code} 已存在")
    parent = parent or Region.objects.filter(pk=parent_of(code)).first()
    if parent is None and len(code) > 4:
        raise Refused(f"没有找到 {code} 的上级区划，请先建立上级或指定上级")
    if parent is not None and len(parent.code) >= len(code):
        raise Refused("上级区划的代码应短于本区划的代码")
    region = Region.objects.create(
        code=code, name=name, short_name=short_name_of(name), kind=kind, parent=parent,
        valid_from=timezone.localdate(),
    )  # fmt: skip
    record("accounts.create_region", region, by=by, summary=f"建立区划 {code} {name}")
    return region


@transaction.atomic
def close_region(region: Region, *, on: dt.date, reason: str, by: User) -> None:
    """Mark a region as abolished from a day on; records keep it."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    reason = rights.need_reason(reason, "停用区划")
    if not Region.objects.filter(pk=region.pk, valid_to=None).update(valid_to=on):
        raise IllegalMove("这个区划已经停用")
    region.refresh_from_db()
    record("accounts.close_region", region, by=by, summary=f"区划 {region.name} 自 {on} 停用：{reason}")


# --- a whole list ------------------------------------------------------------------------------------


def read_regions(data: bytes) -> list[tuple[int, str, str, str]]:
    """Read a CSV of code, name and perhaps parent into (line, code, name, parent code or "").

    With or without a heading line; UTF-8 or GB18030; 6-, 9- and 12-digit codes are trimmed to their level.
    Raises BadRegionFile naming the line.
    """
    text = _decoded(data)
    rows: list[tuple[int, str, str, str]] = []
    columns = (0, 1, 2)
    seen: dict[str, int] = {}
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for cells in reader:
            number = reader.line_num
            values = [cell.strip().lstrip("\ufeff") for cell in cells]
            if not any(values):
                continue
            if not rows and not values[0].isdigit():
                columns = _columns(values)
                continue
            code, name, parent = (values[index] if index < len(values) else "" for index in columns)
            if not name:
                raise BadRegionFile(f"第 {number} 行没有名称，应为“代码,名称[,上级代码]”")
            code, parent = _code(code, number), _code(parent, number) if parent else ""
            if code in seen:
                raise BadRegionFile(f"第 {number} 行的代码 {code} 与第 {seen[code]} 行重复")
            seen[code] = number
            rows.append((number, code, name, parent))
            if len(rows) > MAX_ROWS:
                raise BadRegionFile(f"超过 {MAX_ROWS} 行，请按省拆分后装入")
    except csv.Error as error:
        raise BadRegionFile(f"第 {reader.line_num} 行无法识别（可能缺少引号）") from error
    if not rows:
        raise BadRegionFile("文件中没有区划，应为“代码,名称[,上级代码]”的 CSV")
    return rows


def _columns(headings: list[str]) -> tuple[int, int, int]:
    def find(names: frozenset[str]) -> int:
        return next((index for index, text in enumerate(headings) if text.lower() in names), -1)

    code, name, parent = find(CODE_HEADINGS), find(NAME_HEADINGS), find(PARENT_HEADINGS)
    if code < 0 or name < 0:
        raise BadRegionFile("表头须有“code,name”或“区划代码,名称”两列")
    return code, name, parent if parent >= 0 else len(headings) + 1


def _code(text: str, number: int) -> str:
    try:
        return normalize_region_code(text)
    except BadRegionCode as error:
        raise BadRegionFile(f"第 {number} 行：{error}") from error


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadRegionFile("文件的文字编码无法识别，请另存为 UTF-8 编码的 CSV")


@transaction.atomic
def load_regions(data: bytes, *, under: str = "", by: User) -> LoadReport:
    """Load a published list of division codes; run twice, the second time changes nothing.

    `under` keeps only codes at or below one region and its ancestors. Known codes with another name are renamed,
    nothing is ever deleted. Villages and dummy counties (市辖区, 县) are skipped. Parents follow from the code unless
    the file names one. Raises BadRegionFile; nothing is changed then.
    """
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    rows = [row for row in read_regions(data) if row[1].startswith(under) or under.startswith(row[1])]
    if not rows:
        raise BadRegionFile(f"文件中没有 {under} 及其下级的区划")
    known = {region.code: region for region in Region.objects.all()}
    known_before = set(known)
    created, renamed, unchanged, skipped = [], [], 0, 0
    for number, code, name, named_parent in sorted(rows, key=lambda row: (len(row[1]), row[1])):
        if len(code) > 9 or (len(code) == 6 and name in {"市辖区", "县"}):
            skipped += 1
            continue
        present = known.get(code)
        if present is not None:
            if present.name == name:
                unchanged += 1
            else:
                present.name, present.short_name = name, short_name_of(name)
                renamed.append(present)
            continue
        parent_code = named_parent or _nearest(code, known)
        if parent_code and parent_code not in known:
            raise BadRegionFile(f"第 {number} 行的上级 {parent_code} 不存在，请先装入上级区划")
        if parent_code is None and len(code) > 4:
            raise BadRegionFile(f"第 {number} 行 {code} {name} 没有上级，请先装入省、市、县")
        region = Region(
            code=code, name=name, short_name=short_name_of(name), kind=kind_of(code, name),
            parent_id=parent_code or None,
        )  # fmt: skip
        known[code] = region
        created.append(region)
    # Parents were sorted before children, so each batch finds its parents in the database.
    Region.objects.bulk_create(created, batch_size=2000)
    Region.objects.bulk_update(renamed, ["name", "short_name"], batch_size=2000)
    root = known[min((row[1] for row in rows if row[1] in known), key=len)]
    if created or renamed:
        record(
            "accounts.load_regions",
            root,
            by=by,
            summary=f"装入区划：新增 {len(created)} 个，更名 {len(renamed)} 个（原有 {len(known_before)} 个）",
        )
    return LoadReport(len(created), len(renamed), unchanged, skipped)


def _nearest(code: str, known: dict[str, Region]) -> str | None:
    """The region directly above a code, or above its dummy county; None at the top."""
    above = parent_of(code)
    while above is not None and above not in known:
        above = parent_of(above)
    return above
