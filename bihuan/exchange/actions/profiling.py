"""Profiles of upper-level sheets: made, placed, tried, put in use; filled out and read back (U9)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import storage
from bihuan.attachments.actions import store_bytes, store_upload
from bihuan.attachments.models import Attachment
from bihuan.audit.actions import chain_of, record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.core.sheets.streaming import XLSX
from bihuan.returns.actions.filling import manual_items, save_draft
from bihuan.returns.figures import figures_of, spec_of
from bihuan.returns.models import Return

from .. import sheets
from ..models import ProfileRun, SheetProfile
from ..models.instances import seats
from ..sources import RETURN, TABLES, columns_of

SAMPLES = Path(__file__).parent.parent / "data"


def _require(region: str, by: User) -> None:
    if not any(region.startswith(code) for code in seats(by, Permission.MANAGE_EXCHANGE)):
        raise PermissionDenied


@transaction.atomic
def create(
    *,
    name: str,
    system: str,
    way: str,
    shape: str,
    source: str,
    template: UploadedFile,
    region: Region,
    by: User,
    is_sample: bool = False,
) -> SheetProfile:
    """Begin a profile with the empty sheet of the other system. Raises PermissionDenied, Refused, UploadRefused."""
    if not by.is_service:
        _require(region.pk, by)
    if not columns_of(source) or (shape == SheetProfile.Shape.ROWS) != (source in TABLES):
        raise Refused("数据来源与填法不符：报送的数字逐格填，台账逐行填")
    data = template.read()
    names = sheets.sheet_names(data, template.name or "")
    template.seek(0)
    kept = store_upload(template, by=by, kind=Attachment.Kind.SHEET)
    profile = SheetProfile.objects.create(
        region=region, name=name.strip(), system=system.strip(), way=way, shape=shape, source=source, template=kept,
        sheet=names[0][:60], first_row=2 if shape == SheetProfile.Shape.ROWS else None, by=by, at=timezone.now(), is_sample=is_sample,
    )  # fmt: skip
    record("exchange.profile", profile, by=by, summary=f"编制套表方案：{profile}")
    return profile


@transaction.atomic
def place(
    profile: SheetProfile, *, sheet: str, first_row: int | None, places: Mapping[str, str], by: User
) -> SheetProfile:
    """Say which of our values belongs where (`places` by our key). A profile in use has to be tried again.

    Raises PermissionDenied, Refused naming the place that cannot be written, IllegalMove when somebody was quicker.
    """
    if not by.is_service:  # who puts the shipped samples in place
        _require(profile.region_id, by)
    by_row = profile.shape == SheetProfile.Shape.ROWS
    known = [column.key for column in columns_of(profile.source)]
    chosen = [
        [sheets.checked_place(places[key], by_row=by_row), key]
        for key in known
        if places.get(key, "").strip()
    ]
    if not chosen:
        raise Refused("请至少填一个位置")
    if len({place for place, _ in chosen}) != len(chosen):
        raise Refused("两项填进了同一个位置，请核对")
    if by_row and not (first_row and 1 <= first_row <= 1000):
        raise Refused("请填数据从第几行开始")
    page = sheets.page_of(sheets.opened(_template(profile), profile.template.name), sheet)
    if profile.way == SheetProfile.Way.EXPORT:
        for position, _ in chosen:
            sheets.check_target(page, position, row=first_row if by_row else None)
    seen = profile.revision
    fields = {
        "sheet": sheet, "first_row": first_row if by_row else None, "places": chosen, "revision": seen + 1,
        "status": SheetProfile.Status.DRAFT,
    }  # fmt: skip
    if not SheetProfile.objects.filter(pk=profile.pk, revision=seen).update(**fields):
        raise IllegalMove("这个方案刚刚被别人改过，请刷新后再改")
    profile.refresh_from_db()
    record(
        "exchange.profile_place",
        profile,
        by=by,
        summary=f"修改套表方案：{profile}（第 {profile.revision} 版）",
    )
    return profile


@transaction.atomic
def set_status(profile: SheetProfile, status: str, *, by: User) -> None:
    """Put a profile in use after a trial of this very version, or take it out of use."""
    _require(profile.region_id, by)
    if status == SheetProfile.Status.ACTIVE:
        if not profile.runs.filter(revision=profile.revision).exists():
            raise Refused("这一版还没有试过，请先试填（试读）一次，核对结果后启用")
    elif status != SheetProfile.Status.RETIRED:
        raise IllegalMove("没有这个动作")
    if (
        not SheetProfile.objects.filter(pk=profile.pk, revision=profile.revision)
        .exclude(status=status)
        .update(status=status)
    ):
        raise IllegalMove("这个方案刚刚被别人改过，请刷新后再办")
    profile.refresh_from_db()
    record(
        "exchange.profile_status",
        profile,
        by=by,
        summary=f"套表方案{profile.get_status_display()}：{profile}",
    )


def _template(profile: SheetProfile) -> bytes:
    return storage.read(profile.template.path)


def _placed(profile: SheetProfile) -> list[tuple[str, str, str]]:
    """(place, key, label) of everything that is placed and still known."""
    labels = {column.key: column.label for column in columns_of(profile.source)}
    found = [(place, key, labels[key]) for place, key in profile.places if key in labels]
    if not found:
        raise Refused("这个方案还没有填对应关系，请先填写")
    return found


@transaction.atomic
def fill_return(profile: SheetProfile, record_: Return, *, by: User) -> ProfileRun:
    """The sheet with the figures of one return: as signed, or as they stand while nothing is signed."""
    _usable(profile, SheetProfile.Way.EXPORT, SheetProfile.Shape.CELLS, by)
    if f"{RETURN}{record_.period.definition.key}" != profile.source:
        raise Refused("这份报送不是方案所说的报表")
    placed, sheet = _placed(profile), figures_of(record_)
    values, figures = {}, []
    for position, key, label in placed:
        value = sheet.whole(key).value
        values[position] = value
        figures.append([position, key, label, None if value is None else f"{value:f}"])
    data = sheets.fill_cells(_template(profile), profile.template.name, profile.sheet, values)
    return _run(profile, data, figures, 0, chain_of(record_), f"{record_}", by)


@transaction.atomic
def fill_table(profile: SheetProfile, *, first: dt.date | None, last: dt.date | None, by: User) -> ProfileRun:
    """The sheet with rows of ours, those the person may see."""
    _usable(profile, SheetProfile.Way.EXPORT, SheetProfile.Shape.ROWS, by)
    table, placed = TABLES[profile.source], _placed(profile)
    by_key = {column.key: column for column in table.columns}
    rows = ([by_key[key].value(row) for _, key, _ in placed] for row in table.rows(by, first, last))
    columns = [position for position, _, _ in placed]
    data, count = sheets.fill_rows(
        _template(profile), profile.template.name, profile.sheet, profile.first_row or 2, columns, rows
    )
    return _run(profile, data, [], count, "", table.label, by)


@transaction.atomic
def read_back(
    profile: SheetProfile, upload: UploadedFile, *, record_: Return | None = None, by: User
) -> ProfileRun:
    """Read another system's table. Numbers in cells are kept with the cell they stood in; with an open return named, they
    become its manual figures. Raises PermissionDenied, Refused."""
    _usable(profile, SheetProfile.Way.IMPORT, "", by)
    data, name = upload.read(), upload.name or ""
    placed, figures, count = _placed(profile), [], 0
    if profile.shape == SheetProfile.Shape.CELLS:
        found = sheets.read_cells(data, name, profile.sheet, [position for position, _, _ in placed])
        figures = [
            [position, key, label, None if found[position] is None else f"{found[position]:f}"]
            for position, key, label in placed
        ]
        if record_ is not None:
            read = {key: found[position] for position, key, _ in placed}
            _into_return(record_, read, name, profile, by)
    else:
        rows = sheets.read_rows(
            data, name, profile.sheet, profile.first_row or 2, [position for position, _, _ in placed]
        )
        count = len(rows)
        if not count:
            raise Refused(f"第 {profile.first_row} 行起没有数据，请核对数据首行")
        for number, row in enumerate(rows[:500]):
            at = (profile.first_row or 2) + number
            figures += [
                [f"{position}{at}", key, label, value]
                for (position, key, label), value in zip(placed, row, strict=True)
            ]
    upload.seek(0)
    kept = store_upload(upload, by=by, kind=Attachment.Kind.SHEET)
    subject = chain_of(record_) if record_ is not None else ""
    return _noted(profile, kept, figures, count, subject, name, by)


def _into_return(
    record_: Return, values: Mapping[str, Decimal | None], name: str, profile: SheetProfile, by: User
) -> None:
    """Numbers read from a table as the manual figures of an open return, with where they come from in its words."""
    if f"{RETURN}{record_.period.definition.key}" != profile.source:
        raise Refused("这份报送不是方案所说的报表")
    spec = spec_of(record_)
    manual = {item.key for item in manual_items(spec)}
    draft: dict[str, Any] = record_.draft or {}
    figures = {cell.rpartition("|")[2]: str(value) for cell, value in draft.get("cells", {}).items()}
    taken = {key: value for key, value in values.items() if key in manual and value is not None}
    if not taken:
        raise Refused("表里对应的都是系统自动取数的指标，没有需要人工填的")
    source = f"数据来源：{profile.system or profile.name}《{name[:60]}》"
    words = str(draft.get("words", ""))
    words = words if source in words else f"{words}\n{source}".strip()
    save_draft(
        record_,
        figures | {key: f"{value.normalize():f}" for key, value in taken.items()},
        words,
        draft.get("explanations", {}),
        by=by,
    )


def _usable(profile: SheetProfile, way: str, shape: str, by: User) -> None:
    if not SheetProfile.objects.visible_to(by).filter(pk=profile.pk).exists():
        raise PermissionDenied
    if profile.way != way or (shape and profile.shape != shape):
        raise Refused("这个方案不是这样用的")
    if profile.status == SheetProfile.Status.RETIRED:
        raise Refused("这个方案已停用")
    if profile.status == SheetProfile.Status.DRAFT:
        _require(profile.region_id, by)


def _run(
    profile: SheetProfile, data: bytes, figures: list[list[Any]], rows: int, subject: str, what: str, by: User
) -> ProfileRun:
    name = f"{profile.name}{timezone.localtime():%Y%m%d%H%M}.xlsx"
    kept = store_bytes(data, name, XLSX, Attachment.Kind.SHEET, by=by)
    return _noted(profile, kept, figures, rows, subject, what, by)


def _noted(
    profile: SheetProfile,
    kept: Attachment,
    figures: list[list[Any]],
    rows: int,
    subject: str,
    what: str,
    by: User,
) -> ProfileRun:
    run = ProfileRun.objects.create(
        profile=profile, revision=profile.revision, subject=subject, file=kept, figures=figures, rows=rows,
        is_trial=profile.status == SheetProfile.Status.DRAFT, by=by, at=timezone.now(),
    )  # fmt: skip
    record(
        "exchange.profile_run", run, by=by, summary=f"{profile.get_way_display()}：{profile}（{what[:80]}）"
    )
    return run


def ensure_samples(region: Region, *, by: User) -> list[SheetProfile]:
    """The two shipped samples for a region, once: a sheet of figures and a table of hazards."""
    made = []
    for sample in json.loads((SAMPLES / "samples.json").read_text("utf-8"))["profiles"]:
        if SheetProfile.objects.filter(region=region, name=sample["name"]).exists():
            continue
        data = (SAMPLES / sample["template"]).read_bytes()
        upload = SimpleUploadedFile(sample["template"], data)
        with transaction.atomic():
            profile = create(
                name=sample["name"], system=sample["system"], way=sample["way"], shape=sample["shape"], source=sample["source"],
                template=upload, region=region, by=by, is_sample=True,
            )  # fmt: skip
            place(
                profile, sheet=sample["sheet"], first_row=sample["first_row"], places=sample["places"], by=by
            )
        made.append(profile)
    return made
