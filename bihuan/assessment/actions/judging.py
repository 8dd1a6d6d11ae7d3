"""Judging: named assessors give a part of the points on evidence; where two differ too much the office settles it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import chain_of, record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.rules import scoring
from bihuan.rules.scoring import COUNT, HIGHEST

from ..computing import Given, judged_in, outcome_of
from ..models import AssessedUnit, Assessment, Assessor, Judgement, SelfReport, SheetItem
from ..standing import may_judge, runs, sits
from ..workflow import ItemKind, Status
from .reporting import awaits
from .rounds import duty_kind

HUNDRED = Decimal(100)


def share_of(item: SheetItem, unit: AssessedUnit, points: Decimal) -> Decimal:
    """Points given as a part of what the item weighs in the unit's tier, in percent. Raises Refused out of bounds."""
    if item.kind != ItemKind.BASIC:
        if not Decimal(0) <= points <= HUNDRED:
            raise Refused(f"“{item.name}”应在 0 到 100 之间")
        return points
    full = item.full(unit.tier)
    if full <= 0:
        raise Refused(f"“{item.name}”不考核这一层级")
    if not Decimal(0) <= points <= full:
        raise Refused(f"“{item.name}”满分 {scoring.plain(full)} 分，得分应在 0 到 {scoring.plain(full)} 之间")
    return (points * HUNDRED / full).quantize(Decimal("0.0001"))


@transaction.atomic
def judge(
    seat: Assessor,
    unit: AssessedUnit,
    item: SheetItem,
    *,
    points: Decimal,
    how: str,
    text: str,
    level: str = "",
    evidence: Iterable[object] = (),
    by: User,
) -> Judgement:
    """Give one item of one unit its points, on what was seen. A second word from the same seat corrects the first.

    `points` of a veto item: 1 met, 0 not; `level` of a plus item by levels. Raises PermissionDenied for anybody who does
    not sit there or for the own unit, IllegalMove when scores are frozen, Refused, also while a self-report may still
    be handed in.
    """
    if not sits(by, seat) or not may_judge(seat, unit, item):
        raise PermissionDenied
    if unit.assessment_id != seat.assessment_id or item.sheet_id != unit.assessment.sheet_id:
        raise Refused("考核对象或项目不属于这次考核")
    if seat.is_third and not _is_apart(unit, item):
        raise Refused(f"“{item.name}”两人评分没有分歧，不需要第三人评定")
    report = SelfReport.objects.filter(unit=unit).first()
    if report is not None and awaits(report):
        raise Refused(f"企业主要负责人还没有提交自评，期限是 {report.due_on}；期满仍未提交的，可以直接评")
    row = _write(unit, item, points, how, text, level, evidence, by=by, seat=seat)
    _follow(seat, unit, by=by)
    return row


@transaction.atomic
def settle(
    unit: AssessedUnit,
    item: SheetItem,
    *,
    points: Decimal,
    how: str,
    text: str,
    level: str = "",
    evidence: Iterable[object] = (),
    by: User,
) -> Judgement:
    """The office's word where assessors differ, and on plus, minus and veto items; it goes before theirs.

    Raises PermissionDenied, IllegalMove when scores are frozen, Refused for a basic item nobody disagrees on.
    """
    if not runs(by, unit.assessment.organization_id) or item.is_computed:
        raise PermissionDenied
    if item.sheet_id != unit.assessment.sheet_id:
        raise Refused("这个项目不属于这次考核")
    if item.kind == ItemKind.BASIC and not _is_apart(unit, item) and not _is_settled(unit, item):
        raise Refused(f"“{item.name}”评分人之间没有超过限度的分歧，不能由考核办核定")
    row = _write(unit, item, points, how, text, level, evidence, by=by, seat=None)
    _follow(None, unit, by=by)
    return row


def _given(unit: AssessedUnit, item: SheetItem) -> Given | None:
    return judged_in(unit.assessment, [unit]).get((unit.pk, item.pk))


def _is_apart(unit: AssessedUnit, item: SheetItem) -> bool:
    given = _given(unit, item)
    if given is None:
        return False
    shares = list(given.shares.values())[:2]
    sheet = unit.assessment.sheet
    return scoring.settle(shares, needed=sheet.judges, tolerance=sheet.tolerance).state == scoring.APART


def _is_settled(unit: AssessedUnit, item: SheetItem) -> bool:
    given = _given(unit, item)
    return given is not None and given.decided is not None


def _write(
    unit: AssessedUnit,
    item: SheetItem,
    points: Decimal,
    how: str,
    text: str,
    level: str,
    evidence: Iterable[object],
    *,
    by: User,
    seat: Assessor | None,
) -> Judgement:
    assessment = unit.assessment
    # Held until the transaction ends: no word is given on what was frozen a moment ago.
    rows = Assessment.objects.select_for_update(no_key=True)
    if rows.values_list("status", flat=True).get(pk=assessment.pk) != Status.RUNNING:
        raise IllegalMove(f"{assessment}不在考核中，不能评分")
    if how not in item.how:
        raise Refused(f"“{item.name}”的考核方式是：{'、'.join(item.ways)}，请从中选择")
    if not text.strip():
        raise Refused(f"请写明“{item.name}”的评分依据：查了什么、看到什么")
    rule = item.rule_given or {}
    if rule.get("kind") == HIGHEST:
        if level and level not in {name for name, _ in rule["levels"]}:
            raise Refused(f"“{item.name}”没有“{level}”这一级")
        points = HUNDRED if level else Decimal(0)
    elif item.kind == ItemKind.VETO:
        points = HUNDRED if points > 0 else Decimal(0)
    elif rule.get("kind") == COUNT and points != points.to_integral_value():
        raise Refused(f"“{item.name}”按件计，请填写整数")
    share = share_of(item, unit, points)
    settles = seat is None
    last = (
        Judgement.objects.filter(unit=unit, item=item, seat=seat, settles=settles)
        .order_by("-revision")
        .values_list("revision", flat=True)
        .first()
    )
    row = Judgement(
        unit=unit, item=item, share=share, level=level, how=how, text=text.strip()[:500], seat=seat, settles=settles,
        revision=(last or 0) + 1, by=by, at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这一项刚刚评过，请刷新查看") from error
    attach(row, [str(each) for each in evidence], "evidence", by=by)
    word = "核定" if settles else "评分"
    record("assessment.judge", row, by=by, summary=f"{word}：{unit}“{item.name}”{scoring.plain(share)}%")
    return row


def _follow(seat: Assessor | None, unit: AssessedUnit, *, by: User) -> None:
    """Close the seat's duty when nothing is left, and keep the office's duty on this unit in step with differences."""
    assessment = unit.assessment
    judged = judged_in(assessment, [unit])
    items = list(assessment.sheet.items.filter(measure="", kind=ItemKind.BASIC))
    # The whole is looked through only when nothing of this unit is left to the seat.
    if (
        seat is not None
        and not _owed_of(seat, unit, items, judged)
        and not owed_by(seat, items, judged_in(assessment))
    ):
        finish_duty(seat, duty_kind(seat), by=by)
    apart = [
        item.name
        for item in items
        if outcome_of(assessment.sheet, item, judged.get((unit.pk, item.pk))).state == scoring.APART
    ]
    subject_open = Duty.objects.open().filter(subject=chain_of(unit), kind=Duty.Kind.ASSESSMENT_ITEM)
    if not apart:
        finish_duty(unit, Duty.Kind.ASSESSMENT_ITEM, by=by)
    elif not subject_open.exists():
        open_duty(
            kind=Duty.Kind.ASSESSMENT_ITEM, subject=unit, title=f"评分分歧待核定：{unit}“{apart[0]}”",
            url=f"/assessment/units/{unit.pk}/judging/", organization=assessment.organization,
            place=place_of(assessment.organization.region), clock_rule="assessment.settle", by=by,
        )  # fmt: skip


def owed_by(
    seat: Assessor, items: Sequence[SheetItem], judged: dict[tuple[int, int], Given]
) -> list[tuple[AssessedUnit, SheetItem]]:
    """What a seat still has to judge: everything of its sections; for a third, what two differ on."""
    units = seat.assessment.units.select_related("organization").order_by("pk")
    if seat.user_id is None:
        units = units.filter(reviewer=seat.organization_id)
    return [(unit, item) for unit in units for item in _owed_of(seat, unit, items, judged)]


def _owed_of(
    seat: Assessor, unit: AssessedUnit, items: Sequence[SheetItem], judged: dict[tuple[int, int], Given]
) -> list[SheetItem]:
    """The items of one unit a seat still has to judge."""
    sheet = seat.assessment.sheet
    found = []
    for item in items:
        if not may_judge(seat, unit, item) or item.full(unit.tier) <= 0:
            continue
        given = judged.get((unit.pk, item.pk), Given())
        if seat.pk in given.shares:
            continue
        if seat.is_third:
            if outcome_of(sheet, item, given).state == scoring.APART:
                found.append(item)
        elif len(given.shares) < sheet.judges and given.decided is None:
            found.append(item)
    return found
