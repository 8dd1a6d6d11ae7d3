"""Score sheets: taken from a shipped one, edited, adopted by the leader, followed by a further version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.rules import scoring
from bihuan.rules.records import UnknownRule

from ..measures import measure_of
from ..models import Sheet, SheetItem, SheetTransition
from ..models.sheets import terms_of
from ..standing import adopts, office_run_by, runs
from ..workflow import SHEET_RULES, How, ItemKind, SheetMove, SheetStatus

ITEM_FIELDS = (
    "key", "position", "section", "kind", "name", "standard", "duty", "measure", "rule_given", "how", "points_key",
    "points_general", "least", "threshold",
)  # fmt: skip


@transaction.atomic
def start_sheet(key: str, *, by: User, title: str = "") -> Sheet:
    """A draft of one's own from a shipped sheet. Raises PermissionDenied, Refused for an unknown one or a taken title."""
    body = office_run_by(by)
    if body is None:
        raise PermissionDenied
    try:
        shipped = scoring.shipped_sheet(key, timezone.localdate())
    except UnknownRule as error:
        raise Refused("请从示范细则里选择一份作底稿") from error
    given = shipped.content
    sheet = _create(
        body, title.strip() or shipped.title, by,
        audience=shipped.audience, has_tiers=bool(given["has_tiers"]), judges=given["judges"],
        tolerance=Decimal(str(given["tolerance"])), terms_given=given["terms"], origin=shipped.source[:120],
        unverified=not shipped.verified,
    )  # fmt: skip
    SheetItem.objects.bulk_create(
        SheetItem(
            sheet=sheet, key=row["key"], position=position, section=row["section"], kind=row["kind"], name=row["name"],
            standard=row["standard"], duty=row.get("duty", ""), measure=row["measure"], rule_given=row["rule"], how=row["how"],
            points_key=Decimal(str(row["points"]["key"])), points_general=Decimal(str(row["points"]["general"])),
            least=row["least"], threshold=Decimal(str(row["threshold"])),
        )
        for position, row in enumerate(given["items"], start=1)
    )  # fmt: skip
    record("assessment.sheet", sheet, by=by, summary=f"起草{sheet}")
    return sheet


@transaction.atomic
def revise_sheet(sheet: Sheet, *, by: User) -> Sheet:
    """A further version as a draft; the one in force stays so until the new one is adopted."""
    if not runs(by, sheet.organization_id):
        raise PermissionDenied
    if sheet.status == SheetStatus.DRAFT:
        raise IllegalMove(f"{sheet}还是草稿，请直接修改")
    last = Sheet.objects.filter(organization=sheet.organization, title=sheet.title).aggregate(
        last=Max("version")
    )["last"]
    draft = _create(
        sheet.organization, sheet.title, by, version=last + 1, audience=sheet.audience, has_tiers=sheet.has_tiers,
        judges=sheet.judges, tolerance=sheet.tolerance, terms_given=sheet.terms_given, origin=str(sheet)[:120],
        previous=sheet, document="",
    )  # fmt: skip
    SheetItem.objects.bulk_create(
        SheetItem(sheet=draft, **{name: getattr(item, name) for name in ITEM_FIELDS})
        for item in sheet.items.all()
    )
    record("assessment.sheet", draft, by=by, summary=f"起草{draft}")
    return draft


def _create(body: Organization, title: str, by: User, **fields: Any) -> Sheet:
    place = place_of(body.region)
    now = timezone.now()
    sheet = Sheet(
        organization=body, city_id=place.city_id, county_id=place.county_id, locality_id=place.locality_id, title=title,
        effective_from=timezone.localdate(now), made_by=by, made_at=now, **fields,
    )  # fmt: skip
    try:
        with transaction.atomic():
            sheet.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"已有同名的细则“{title}”，请换一个名称，或在它上面修订") from error
    return sheet


def _draft(sheet: Sheet, by: User) -> None:
    if not runs(by, sheet.organization_id):
        raise PermissionDenied
    # Held until the transaction ends: whoever adopts it waits, and what was adopted is not written over.
    fresh = Sheet.objects.select_for_update().values_list("status", flat=True).get(pk=sheet.pk)
    if fresh != SheetStatus.DRAFT:
        raise IllegalMove(f"{sheet}已审定，不能再改；请修订出新的一版")


@transaction.atomic
def edit_sheet(
    sheet: Sheet,
    *,
    by: User,
    terms: Mapping[str, Any],
    weights: Mapping[int, tuple[Decimal, Decimal]],
    **fields: Any,
) -> Sheet:
    """Change a draft: title, document, dates, number of assessors, terms, and the points of its items at once.

    Raises PermissionDenied, IllegalMove for an adopted sheet, Refused for terms that cannot grade.
    """
    _draft(sheet, by)
    try:
        scoring.check_terms(terms_of(dict(terms)))
    except scoring.ScoringError as error:
        raise Refused(str(error)) from error
    for name, value in fields.items():
        setattr(sheet, name, value)
    sheet.terms_given = dict(terms)
    sheet.__dict__.pop("terms", None)
    try:
        with transaction.atomic():
            sheet.save()
    except IntegrityError as error:
        raise Refused(f"已有同名同版的细则“{sheet.title}”，请换一个名称") from error
    items = {item.pk: item for item in sheet.items.all()}
    for pk, (key_points, general_points) in weights.items():
        if pk not in items:
            raise Refused("有的项目已被删除，请刷新后再改")
        items[pk].points_key, items[pk].points_general = key_points, general_points
    SheetItem.objects.bulk_update(items.values(), ["points_key", "points_general"])
    record("assessment.edit_sheet", sheet, by=by, summary=f"修改{sheet}")
    return sheet


@transaction.atomic
def save_item(sheet: Sheet, item: SheetItem | None, *, by: User, **fields: Any) -> SheetItem:
    """Add an item to a draft or change one. Raises PermissionDenied, IllegalMove, Refused for what cannot score."""
    _draft(sheet, by)
    row = item or SheetItem(sheet=sheet, position=_next_position(sheet), key=_free_key(sheet))
    for name, value in fields.items():
        setattr(row, name, value)
    check_item(row, sheet)
    row.save()
    record(
        "assessment.edit_sheet", sheet, by=by, summary=f"{sheet}：{'修改' if item else '增加'}“{row.name}”"
    )
    return row


def _next_position(sheet: Sheet) -> int:
    return (sheet.items.aggregate(last=Max("position"))["last"] or 0) + 1


def _free_key(sheet: Sheet) -> str:
    taken = set(sheet.items.values_list("key", flat=True))
    number = len(taken) + 1
    while f"own-{number}" in taken:
        number += 1
    return f"own-{number}"


def check_item(item: SheetItem, sheet: Sheet) -> None:
    """Refuse an item that could never score: no rule, a measure for others, no way of looking."""
    if item.is_computed:
        measure = measure_of(item.measure)
        if sheet.audience not in measure.audiences:
            raise Refused(f"“{measure.label}”不能用于{sheet.get_audience_display()}的考核，请改选指标")
        item.how = [How.LEDGER]
    elif not [each for each in item.how if each in {How.ARCHIVE, How.WORK, How.SCENE}]:
        raise Refused(f"“{item.name}”是人工评定的，请至少选择一种考核方式：查档案、考工作、看现场")
    if item.kind == ItemKind.VETO:
        item.rule_given = {}
        return
    if item.kind == ItemKind.BASIC and not item.is_computed:
        item.rule_given = {}  # the assessors give a part of the points themselves
        return
    try:
        scoring.rule_of(item.rule_given, item.kind)
    except scoring.ScoringError as error:
        raise Refused(f"“{item.name}”：{error}") from error


@transaction.atomic
def remove_item(item: SheetItem, *, by: User) -> None:
    """Take an item out of a draft."""
    sheet = item.sheet
    _draft(sheet, by)
    record("assessment.edit_sheet", sheet, by=by, summary=f"{sheet}：删除“{item.name}”")
    item.delete()


def problems_of(sheet: Sheet, items: Sequence[SheetItem] | None = None) -> list[str]:
    """Everything that stands in the way of adopting a sheet, as sentences."""
    rows = list(sheet.items.all()) if items is None else list(items)
    found = []
    try:
        scoring.check_terms(sheet.terms)
    except scoring.ScoringError as error:
        found.append(str(error))
    for tier in sheet.tiers:
        label = "重点监管职责" if tier == "key" else "一般监管职责"
        try:
            scoring.check_weights([item.as_item(tier) for item in rows], sheet.terms.full)
        except scoring.ScoringError as error:
            found.append(f"{label}：{error}" if sheet.has_tiers else str(error))
    for item in rows:
        try:
            check_item(item, sheet)
        except Refused as error:
            found.append(str(error))
    return found


@transaction.atomic
def publish_sheet(
    sheet: Sheet, *, by: User, document: str, effective_from: dt.date | None = None
) -> SheetTransition:
    """The leader adopts a draft by a document; the version before it retires. From then on nothing in it changes.

    Raises PermissionDenied, Refused with everything that is wrong, IllegalMove.
    """
    if not adopts(by, sheet.organization_id):
        raise PermissionDenied
    if not document.strip():
        raise Refused("请填写依据文件：细则按哪份文件执行")
    Sheet.objects.select_for_update().get(pk=sheet.pk)  # nobody edits it between the look and the adoption
    found = problems_of(sheet)
    if found:
        raise Refused("；".join(found))
    now = timezone.now()
    line = step(
        sheet, SheetMove.PUBLISH, SHEET_RULES[SheetMove.PUBLISH], SheetTransition, by=by,
        changed={
            "document": document.strip()[:200], "adopted_by": by, "adopted_at": now,
            "effective_from": effective_from or sheet.effective_from,
        },
    )  # fmt: skip
    earlier = Sheet.objects.filter(
        organization=sheet.organization, title=sheet.title, status=SheetStatus.PUBLISHED
    ).exclude(pk=sheet.pk)
    for old in earlier:
        seen = old.status
        old.status = SheetStatus.RETIRED
        old.effective_to = sheet.effective_from - dt.timedelta(days=1)
        old.save(update_fields=["status", "effective_to"])
        write_line(
            old, SheetMove.RETIRE, SheetTransition, seen=seen, by=by, reason=f"{sheet}审定，本版停用", act="assessment.retire_sheet"
        )  # fmt: skip
    return line


@transaction.atomic
def retire_sheet(sheet: Sheet, *, by: User, reason: str) -> SheetTransition:
    """Take a sheet out of use; assessments under way keep it."""
    if not adopts(by, sheet.organization_id):
        raise PermissionDenied
    return step(
        sheet, SheetMove.RETIRE, SHEET_RULES[SheetMove.RETIRE], SheetTransition, by=by, reason=reason,
        changed={"effective_to": timezone.localdate()}, act="assessment.retire_sheet",
    )  # fmt: skip
