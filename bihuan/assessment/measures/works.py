"""Measures over inspections, plans, signals, certificates, duties and letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q

from bihuan.duties.models import Duty
from bihuan.inspections.models import Inspection, Signal
from bihuan.planning.models import PlannedVisit
from bihuan.pledges.models import StaffCertificate
from bihuan.registry.models import Enterprise

from ..models import Letter
from ..workflow import LetterStatus
from .base import (
    BODIES,
    PIECES,
    PLACES_AND_FIRMS,
    RATE,
    Measure,
    Paths,
    Reading,
    Row,
    Unit,
    Window,
    day,
    pieces,
    rate,
    register,
)

_BODY = Paths.body()


def _planned(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = PlannedVisit.objects.exclude(status=PlannedVisit.Status.CANCELLED).filter(
        window_to__gte=window.since, window_to__lt=window.lapsed
    )
    return rate(
        rows, units, good=Q(status=PlannedVisit.Status.DONE), paths=_BODY, names=("enterprise__name", "window_to"),
        note=lambda name, end: f"{name}：应在 {day(end)} 前检查，没有检查",
    )  # fmt: skip


def _coverage(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    visited = Exists(
        Inspection.objects.filter(
            enterprise=OuterRef("pk"), inspected_on__gte=window.since, inspected_on__lte=window.until
        ).exclude(kind=Inspection.Kind.SELF_CHECK)
    )
    rows = Enterprise.objects.supervised().annotate(visited=visited)
    paths = Paths(enterprise="organization_id")
    return rate(
        rows, units, good=Q(visited=True), paths=paths, names=("name",),
        note=lambda name: f"{name}：期内没有检查记录",
    )  # fmt: skip


def doubtful(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = Signal.objects.filter(
        notes__kind="upheld",
        inspection__inspected_on__gte=window.since,
        inspection__inspected_on__lte=window.until,
    )
    return pieces(
        rows, units, paths=Paths.body("inspection__organization_id", "inspection__recorded_by_id"),
        names=("inspection__inspected_on", "words"), key="inspection_id",
        note=lambda on, words: f"{day(on)} 的检查：{words[:60]}",
    )  # fmt: skip


def _certificates(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = StaffCertificate.objects.filter(is_active=True)
    paths = Paths(
        "enterprise__locality_id", "enterprise__department_id", "enterprise__organization_id", "", "enterprise__county_id"
    )  # fmt: skip
    return rate(
        rows, units, good=Q(valid_to=None) | Q(valid_to__gte=window.until), paths=paths,
        names=("enterprise__name", "valid_to"), key="enterprise_id",
        note=lambda name, end: f"{name}：一份证件 {day(end)} 到期",
    )  # fmt: skip


def _on_time_duties(*kinds: str, words: str, key: str, label: str) -> None:
    """A measure: duties of these kinds owed by the unit itself, done by their day."""

    def read(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
        rows = Duty.objects.exclude(status=Duty.Status.CANCELLED).filter(
            kind__in=kinds, due_on__gte=window.since, due_on__lt=window.lapsed
        )

        def note(title: str, due_on: dt.date, closed_at: dt.datetime | None) -> str:
            done = f"{day(closed_at)} 才办结" if closed_at else "没有办结"
            return f"{title}：期限 {due_on}，{done}"

        good = Q(closed_at__date__lte=F("due_on"))
        return rate(rows, units, good=good, paths=_BODY, names=("title", "due_on", "closed_at"), note=note)

    register(Measure(key, label, RATE, BODIES, "duties.duty", words, read))


def _letters(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    """Both as the side below and as the side above; a letter not yet due is not counted before it is signed."""
    whose = {unit.organization: unit.key for unit in units if unit.user is None}
    bad: dict[int, list[Row]] = {}
    every: dict[int, list[int]] = {}
    rows = (
        Letter.objects.filter(year=window.year)
        .exclude(status=LetterStatus.WITHDRAWN)
        .filter(Q(lower__in=whose) | Q(upper__in=whose))
        .filter(Q(status=LetterStatus.SIGNED) | Q(due_on__lt=window.lapsed))
        .order_by("pk")
        .values_list("pk", "lower_id", "upper_id", "form__title", "due_on", "upper_signed_on")
    )
    for pk, lower, upper, title, due_on, signed_on in rows:
        for unit in {whose[side] for side in (lower, upper) if side in whose}:
            every.setdefault(unit, []).append(pk)
            if signed_on is None or signed_on > window.until:
                bad.setdefault(unit, []).append((pk, f"{title}：应在 {due_on} 前签订，没有签齐"))
    return {
        unit: Reading(
            Decimal(len(its) - len(bad.get(unit, ()))) * 100 / len(its),
            len(its),
            tuple(bad.get(unit, ())),
            whole=tuple(its),
        )
        for unit, its in every.items()
    }


INSPECTION = "inspections.inspection"
register(Measure("visit.planned", "检查计划完成率", RATE, BODIES, "planning.plannedvisit", "计划检查中，时段已过且已经检查的比例", _planned))  # fmt: skip
register(Measure("visit.coverage", "检查覆盖率", RATE, PLACES_AND_FIRMS, "registry.enterprise", "监管对象中，期内至少检查过一次的比例（企业自查不算）", _coverage))  # fmt: skip
register(Measure("visit.doubtful", "佐证提示属实", PIECES, BODIES, INSPECTION, "检查记录的佐证提示被认定属实的件数", doubtful, True))  # fmt: skip
register(Measure("training.certificates", "人员证件在期率", RATE, PLACES_AND_FIRMS, "registry.enterprise", "登记在用的人员证件中，到计分日在有效期内的比例", _certificates))  # fmt: skip
_on_time_duties(Duty.Kind.TASK, key="duty.task", label="整治任务按期办结率", words="方案分解到本单位的任务中，按期办结的比例")  # fmt: skip
_on_time_duties(
    Duty.Kind.HAZARD_CONFIRM, Duty.Kind.HAZARD_REVIEW, Duty.Kind.MAJOR_ACCEPTANCE, Duty.Kind.MAJOR_PLAN_REVIEW,
    key="duty.review", label="核实、复查按期率", words="应由本单位核实、复查、验收的隐患中，按期办结的比例",
)  # fmt: skip
_on_time_duties(Duty.Kind.PAPER, key="duty.paper", label="文书按期回复率", words="应由本单位回复的文书中，按期办结的比例")  # fmt: skip
_on_time_duties(
    Duty.Kind.INSTRUMENT_RECEIPT, Duty.Kind.INSTRUMENT_REPLY, Duty.Kind.COMMITMENT,
    key="instrument.on_time", label="督办文书按期回复率", words="提醒函、督办单、警示函等应签收、应回复、应兑现的，按期办结的比例",
)  # fmt: skip
_on_time_duties(
    Duty.Kind.LISTING_PLAN, Duty.Kind.LISTING_PROGRESS, Duty.Kind.LISTING_RECTIFY,
    key="listing.on_time", label="挂牌督办按期率", words="挂牌隐患的治理方案、进展报告和整改中，按期办结的比例",
)  # fmt: skip
_on_time_duties(Duty.Kind.DISTRICT_VISIT, key="district.visits", label="包干走访按期率", words="领导包干走访中，按期完成的比例")  # fmt: skip
_on_time_duties(Duty.Kind.RESOLUTION, key="meeting.resolutions", label="议定事项按期办结率", words="会议议定、由本单位承办的事项中，按期办结的比例")  # fmt: skip
register(Measure("letter.signed", "责任书签订率", RATE, PLACES_AND_FIRMS, "assessment.letter", "本年度应签的责任书、承诺书（对上和对下）中，双方签齐的比例", _letters))  # fmt: skip
