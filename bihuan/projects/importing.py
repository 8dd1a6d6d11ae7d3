"""Projects from a table (项目清单): a row is one project of the pool; its shares stand in columns by source.

The same table again changes nothing: a project is meant by lead department, name and place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import resolve_unit
from bihuan.attachments.imports import Issues, Prepared, RowRefused, SheetRows
from bihuan.core.errors import Refused
from bihuan.core.sheets import FieldSpec
from bihuan.registry import cleaning
from bihuan.registry.models import Enterprise
from bihuan.registry.rowcells import Cells, required
from bihuan.rules import projects as rules

from .actions import edit_project, register_project, set_shares
from .models import Project, ProjectSource
from .standing import leads_over, posts_with, registers_in
from .workflow import ProjectStatus

SOURCES = rules.every("sources")
SPECS: tuple[FieldSpec, ...] = (
    FieldSpec("name", "项目名称", ("工程名称", "名称"), True),
    FieldSpec("kind", "项目种类", ("种类", "类型", "项目类型", "工程类型"), True),
    FieldSpec("region", "地区", ("乡镇街道", "乡镇（街道）", "所属乡镇（街道）", "所在地区"), True),
    FieldSpec("department", "牵头部门", ("主管部门", "责任部门")),
    FieldSpec("owner", "建设单位", ("实施单位", "业主单位", "产权单位"), True),
    FieldSpec("taker", "接收运营单位", ("运营单位", "接收单位")),
    FieldSpec("place", "工程地点", ("地点", "起止地点", "位置")),
    FieldSpec("need", "建设理由", ("建设内容", "消除的隐患", "建设理由和消除的隐患", "改造内容"), True),
    FieldSpec("basis", "依据", ("文件依据",)),
    FieldSpec("kilometres", "管道长度（公里）", ("管道长度", "长度", "里程（公里）", "公里数")),
    FieldSpec("households", "惠及户数", ("户数", "涉及户数")),
    FieldSpec("quantity", "工程数量", ("数量",)),
    FieldSpec("estimate", "估算投资（元）", ("估算投资", "总投资（元）", "总投资", "投资（元）"), True),
    FieldSpec("start_on", "计划开工", ("计划开工日期", "开工时间")),
    FieldSpec("finish_on", "计划完工", ("计划完工日期", "计划竣工", "完工时间")),
    *(FieldSpec(f"share_{each.key}", f"{each.label}（元）", (each.label,)) for each in SOURCES),
)
EXAMPLE = {
    "项目名称": "示例：幸福路中压管道更新", "项目种类": "管道更新改造", "地区": "青石街道", "建设单位": "示例：某某燃气公司",
    "建设理由": "灰口铸铁管运行二十年，泄漏多发", "管道长度（公里）": "2.6", "惠及户数": "1850", "估算投资（元）": "4200000",
    "计划开工": "2026-12-01", "计划完工": "2027-06-30", "市县财政（元）": "2100000", "企业自筹（元）": "2100000",
}  # fmt: skip
YUAN = Decimal("0.01")


@dataclass(frozen=True)
class ProjectRow:
    """A sound row: where, led by whom, what it says, and the shares."""

    region: Region
    department: Organization
    values: dict[str, Any]
    shares: dict[str, Decimal]

    @property
    def key(self) -> tuple[int, str, str]:
        return (self.department.pk, self.values["name"], self.region.code)


class ProjectImporter:
    """See attachments.imports.Importer."""

    target = "projects.project"
    page = "projects:batch"
    fields: Sequence[FieldSpec] = SPECS

    def prepare(self, rows: SheetRows, by: User) -> Prepared:
        """Check every row; changes nothing."""
        prepared = Prepared()
        seen: dict[tuple[int, str, str], int] = {}
        known = _Known(by)
        for row in rows:
            parsed, issues = _parse(row.values, known, by)
            if parsed is not None and parsed.key in seen:
                issues = [
                    ("name", f"与第{seen[parsed.key]}行重复，只导入了第{seen[parsed.key]}行，请删去或改正")
                ]
            if parsed is not None:
                seen.setdefault(parsed.key, row.number)
            if issues or parsed is None:
                prepared.errors[row.number] = issues
            else:
                prepared.rows.append((row.number, parsed))
        return prepared

    def save_rows(self, rows: list[ProjectRow], by: User) -> tuple[int, int, int]:
        """Save sound rows through the same actions as the form. Raises RowRefused."""
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        for row in rows:
            try:
                counts[_save(row, by)] += 1
            except (Refused, PermissionDenied) as error:
                raise RowRefused(str(error) or "不在您的管理范围内，请由牵头部门登记", "name") from error
        return counts["created"], counts["updated"], counts["unchanged"]


class _Known:
    """Places and bodies by their words, as far as the person may register there; looked up once each."""

    def __init__(self, by: User) -> None:
        self._by = by
        posts = posts_with(by, Permission.MANAGE_PROJECTS)
        self._area = min((post.organization.region_id for post in posts), key=len, default="")
        self._own = next(
            (post.organization for post in posts if post.organization.kind == Organization.Kind.DEPARTMENT), None
        )  # fmt: skip
        self._regions: dict[str, Region | None] = {}
        self._bodies: dict[str, Organization | None] = {}
        self._enterprises: dict[str, Enterprise | None] = {}

    def region(self, text: str) -> Region:
        words = required(text, label="地区", limit=40, remedy="请填乡镇（街道）或者县区的名称")
        if words not in self._regions:
            found = Region.objects.filter(code__startswith=self._area, name=words) | Region.objects.filter(
                code__startswith=self._area, short_name=words
            )
            self._regions[words] = found.order_by("code").first()
        region = self._regions[words]
        if region is None:
            raise ValidationError(f"找不到“{words[:20]}”，请填本辖区乡镇（街道）或者县区的名称")
        if not registers_in(self._by, region):
            raise ValidationError(f"“{words[:20]}”不在您的管理范围内")
        return region

    def department(self, text: str, region: Region) -> Organization:
        if cleaning.is_unknown(text):
            if self._own is None:
                raise ValidationError("牵头部门为空，请填写牵头部门的名称")
            return self._own
        words = " ".join(text.split())[:60]
        if words not in self._bodies:
            self._bodies[words] = resolve_unit(words, region.code)
        body = self._bodies[words]
        if body is None or body.kind not in {Organization.Kind.DEPARTMENT, Organization.Kind.OFFICE}:
            raise ValidationError(f"找不到部门“{words[:20]}”，请填单位全称或者简称")
        if not leads_over(self._by, Permission.MANAGE_PROJECTS, body.pk, region.code):
            raise ValidationError(f"您不能替“{words[:20]}”登记项目")
        return body

    def enterprise(self, text: str) -> Enterprise | None:
        words = " ".join(text.split())[:120]
        if words not in self._enterprises:
            rows = Enterprise.objects.visible_to(self._by)
            found = rows.filter(credit_code=words).first() if len(words) == 18 else None
            self._enterprises[words] = found or rows.filter(name=words).order_by("pk").first()
        return self._enterprises[words]


def _parse(texts: Mapping[str, str], known: _Known, by: User) -> tuple[ProjectRow | None, Issues]:
    cells = Cells(texts)
    values: dict[str, Any] = {
        "name": cells.take("name", partial(required, label="项目名称", limit=120, remedy="请填写项目名称")),
        "kind": cells.take("kind", _kind),
        "need": cells.take("need", partial(required, label="建设理由", limit=2000, remedy="请写明更新什么、消除什么隐患")),
        "estimate": cells.take("estimate", partial(_yuan, label="估算投资", least=YUAN)),
    }  # fmt: skip
    region = cells.take("region", known.region)
    department = (
        cells.take("department", lambda text: known.department(text, region)) if region is not None else None
    )
    owner = cells.take("owner", partial(required, label="建设单位", limit=120, remedy="请填写建设单位"))
    if owner is not None:
        values["owner"], values["owner_name"] = known.enterprise(owner), owner
    if cells.says("taker"):
        values["taker"] = cells.take("taker", lambda text: _taker(text, known))
    for name, label, limit in (("place", "工程地点", 200), ("basis", "依据", 200)):
        if cells.says(name):
            values[name] = cells.take(name, partial(cleaning.clean_words, label=label, limit=limit))
    if cells.says("kilometres"):
        values["kilometres"] = cells.take(
            "kilometres", partial(_number, label="管道长度", places=3, most=100_000)
        )
    if cells.says("quantity"):
        values["quantity"] = cells.take(
            "quantity", partial(_number, label="工程数量", places=2, most=10_000_000)
        )
    if cells.says("households"):
        values["households"] = cells.take("households", _households)
    for name, label in (("start_on", "计划开工"), ("finish_on", "计划完工")):
        if cells.says(name):
            values[name] = cells.take(name, partial(_day, label=label))
    shares: dict[str, Decimal] = {}
    for each in SOURCES:
        if cells.says(f"share_{each.key}"):
            amount = cells.take(f"share_{each.key}", partial(_yuan, label=each.label, least=Decimal(0)))
            if amount:
                shares[each.key] = amount
    start, finish = values.get("start_on"), values.get("finish_on")
    if start and finish and finish < start:
        cells.issues.append(("finish_on", f"计划完工{finish}早于计划开工{start}，请核对"))
    total, estimate = sum(shares.values(), Decimal(0)), values["estimate"]
    if estimate is not None and total > estimate:
        cells.issues.append(("estimate", f"各方分担合计{total}元超过估算投资{estimate}元，请核对"))
    if cells.issues or region is None or department is None:
        return None, cells.issues
    return ProjectRow(region, department, values, shares), []


def _kind(text: str) -> str:
    words = " ".join(text.split())
    found = next(
        (each.key for each in rules.in_force_on("kinds", timezone.localdate()) if each.label == words), None
    )
    if found is None:
        offered = "、".join(label for _, label in rules.choices("kinds", timezone.localdate()))
        raise ValidationError(f"项目种类“{words[:20]}”无法识别，请填：{offered}")
    return found


def _taker(text: str, known: _Known) -> Enterprise:
    found = known.enterprise(text)
    if found is None:
        raise ValidationError(f"底册里没有您看得到的“{text[:20]}”，请先登记企业或者核对名称")
    return found


def _number(text: str, *, label: str, places: int, most: int) -> Decimal:
    try:
        value = Decimal(text.replace(",", "").replace("，", "").strip())
    except InvalidOperation as error:
        raise ValidationError(f"{label}“{text[:20]}”不是数字") from error
    if not value.is_finite() or not 0 <= value <= most:
        raise ValidationError(f"{label}应在 0 至 {most:,} 之间")
    if -int(value.as_tuple().exponent) > places:  # finite, so a number
        raise ValidationError(f"{label}最多 {places} 位小数")
    return value


def _yuan(text: str, *, label: str, least: Decimal) -> Decimal:
    value = _number(text.replace("元", ""), label=f"{label}（元）", places=2, most=99_999_999_999)
    if value < least:
        raise ValidationError(f"{label}应大于 0 元，单位是元，不是万元")
    return value.quantize(YUAN)


def _households(text: str) -> int:
    return int(_number(text.replace("户", ""), label="惠及户数", places=0, most=10_000_000))


def _day(text: str, label: str) -> dt.date | None:
    return cleaning.clean_date(text, label)


def _save(row: ProjectRow, by: User) -> str:
    present = Project.objects.filter(
        department=row.department, name=row.values["name"], region=row.region
    ).first()
    if present is None:
        made = register_project(region=row.region, department=row.department, by=by, **row.values)
        if row.shares:
            set_shares(made, made.estimate, row.shares, by=by)
        return "created"
    differs = any(getattr(present, name) != value for name, value in row.values.items() if name != "owner")
    planned = {
        each.kind: each.planned for each in ProjectSource.objects.filter(project=present) if each.planned
    }
    shares_differ = bool(row.shares) and planned != row.shares
    if not differs and not shares_differ:
        return "unchanged"
    if present.status != ProjectStatus.RESERVED:
        raise Refused(
            f"“{present}”已经{present.get_status_display()}，不能再用表格修改；资金方案请在项目页调整"
        )
    if differs:
        present = edit_project(present, by=by, **row.values)
    if shares_differ:
        set_shares(present, present.estimate, row.shares, by=by)
    return "updated"
