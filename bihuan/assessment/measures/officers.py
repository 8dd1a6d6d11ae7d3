"""Measures over what single officers did (R126): how much, how well planned, what came of it, how the files look."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import CharField, Exists, OuterRef, Q, Sum, Value
from django.db.models.functions import Cast, Concat

from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Move as HazardMove
from bihuan.hazards.workflow import Status as HazardStatus
from bihuan.inspections.models import Inspection, InspectionMember
from bihuan.lookback.models import LookbackCheck
from bihuan.lookback.workflow import CheckStatus
from bihuan.papers.models import Paper
from bihuan.planning.models import PlannedVisit

from ..models import CaseFile
from ..workflow import Audience
from .base import PIECES, RATE, Measure, Paths, Reading, Row, Unit, Window, day, pieces, rate, register
from .hazards import HAZARD, LATE, ON_TIME, due_in, late_note
from .works import INSPECTION, doubtful

OFFICERS = frozenset({Audience.OFFICERS})
_MEMBER = Paths.body("", "user_id")
_FOUND_BY = Paths.body("", "answer__inspection__members__user_id")
_VISIT = ("inspection__inspected_on", "inspection__enterprise__name")


def _taken_part(window: Window):
    return InspectionMember.objects.exclude(inspection__kind=Inspection.Kind.SELF_CHECK).filter(
        inspection__inspected_on__gte=window.since, inspection__inspected_on__lte=window.until
    )


def _visits(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    return pieces(
        _taken_part(window), units, paths=_MEMBER, key="inspection_id", names=_VISIT,
        note=lambda on, name: f"{day(on)} {name}",
    )  # fmt: skip


def _finding(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    return rate(
        _taken_part(window), units, good=Q(inspection__hazard_count__gt=0), paths=_MEMBER, key="inspection_id",
        names=_VISIT, note=lambda on, name: f"{day(on)} {name}：没有查出隐患",
    )  # fmt: skip


def _per_visit(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    users = {unit.user: unit.key for unit in units if unit.user is not None}
    sums = dict(
        _taken_part(window)
        .filter(user__in=list(users))
        .order_by()
        .values_list("user")
        .annotate(n=Sum("inspection__hazard_count"))
    )
    found = _finding(units, window)
    told: dict[int, Reading] = {}
    for user, key in users.items():
        have = found.get(key)
        if have is not None and have.counted:
            average = Decimal(sums.get(user) or 0) / have.counted
            told[key] = Reading(average, have.counted, have.rows, whole=have.whole)
    return told


def _planned(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = PlannedVisit.objects.exclude(status=PlannedVisit.Status.CANCELLED).filter(
        window_to__gte=window.since, window_to__lt=window.lapsed
    )
    return rate(
        rows, units, good=Q(status=PlannedVisit.Status.DONE), paths=Paths.body("", "inspectors"),
        names=("enterprise__name", "window_to"), note=lambda name, end: f"{name}：应在 {day(end)} 前检查，没有检查",
    )  # fmt: skip


def _closed_on_time(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    return rate(due_in(window), units, good=ON_TIME, paths=_FOUND_BY, names=LATE, note=late_note)


def _rebound(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = LookbackCheck.objects.filter(
        checked_on__gte=window.since, checked_on__lte=window.until,
        status__in=[CheckStatus.HELD, CheckStatus.REBOUNDED],
    )  # fmt: skip
    return rate(
        rows, units, good=Q(status=CheckStatus.HELD), paths=Paths.body("", "closed_by_id"), key="hazard_id",
        names=("checked_on", "found"), note=lambda on, found: f"{day(on)} 回头看抽查已反弹：{found[:60]}",
        bad_share=True,
    )  # fmt: skip


def _papers(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    ordered = Exists(
        Paper.objects.filter(
            kind=Paper.Kind.RECTIFICATION_ORDER,
            subject=Concat(
                Value("inspections.inspection:"), Cast(OuterRef("inspection_id"), CharField()), output_field=CharField()
            ),
        )
    )  # fmt: skip
    open_ones = Exists(
        Hazard.objects.filter(answer__inspection=OuterRef("inspection_id"), fixed_on_spot=False)
    )
    rows = _taken_part(window).filter(open_ones).annotate(ordered=ordered)
    return rate(
        rows, units, good=Q(ordered=True), paths=_MEMBER, key="inspection_id", names=_VISIT,
        note=lambda on, name: f"{day(on)} {name}：查出隐患没有当场改完，没有制发责令整改文书",
    )  # fmt: skip


def _dismissed(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = Hazard.objects.filter(
        status=HazardStatus.DISMISSED, found_on__gte=window.since, found_on__lte=window.until
    ).exclude(transitions__move=HazardMove.MERGE)  # registered twice is not found wrongly
    return pieces(
        rows, units, paths=_FOUND_BY, names=("found_on", "description"),
        note=lambda on, text: f"{day(on)} 登记，认定不属实：{text[:60]}",
    )  # fmt: skip


def _files(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    """The mean of the case files reviewed of each officer in the very assessment; none reviewed: nothing to measure."""
    shares: dict[int, list[tuple[int, Decimal]]] = {}
    for unit, inspection, share in (
        CaseFile.objects.filter(unit__in=[each.key for each in units], share__isnull=False)
        .order_by("position")
        .values_list("unit_id", "inspection_id", "share")
    ):
        assert share is not None
        shares.setdefault(unit, []).append((inspection, share))
    found = {}
    for key, its in shares.items():
        behind: list[Row] = [(pk, f"评查得 {share:.1f} 分") for pk, share in its if share < 100]
        mean = sum((share for _, share in its), Decimal(0)) / len(its)
        found[key] = Reading(mean, len(its), tuple(behind), whole=tuple(pk for pk, _ in its))
    return found


def _register(
    key: str, label: str, unit: str, model: str, words: str, read: object, smaller: bool = False
) -> None:
    register(Measure(f"officer.{key}", label, unit, OFFICERS, model, words, read, smaller))  # type: ignore[arg-type]


_register("visits", "检查家次", PIECES, INSPECTION, "期内参加并记名的检查（企业自查不算）", _visits)
_register("planned", "计划检查完成率", RATE, "planning.plannedvisit", "抽中、排定由本人检查的，时段已过且已经检查的比例", _planned)  # fmt: skip
_register("finding", "检查检出率", RATE, INSPECTION, "参加的检查中，查出隐患的比例", _finding)
_register("per_visit", "每家次查出隐患", "条", INSPECTION, "参加的检查平均每家次查出的隐患条数", _per_visit)
_register("closed_on_time", "查出隐患按期整改率", RATE, HAZARD, "本人参加的检查查出、期内到期的隐患，在期限内整改的比例", _closed_on_time)  # fmt: skip
_register("rebound", "回头看反弹率", RATE, HAZARD, "本人销号的隐患，回头看抽查有结论的，已反弹的比例", _rebound, True)  # fmt: skip
_register("papers", "文书齐全率", RATE, INSPECTION, "查出隐患、没有当场改完的检查，制发了责令整改文书的比例", _papers)  # fmt: skip
_register("files", "案卷评查得分率", RATE, INSPECTION, "抽取的案卷按评查表评定的平均得分率；还没有评查的不计", _files)  # fmt: skip
_register("doubtful", "佐证提示属实", PIECES, INSPECTION, "本人记录的检查，佐证提示被认定属实的件数", doubtful, True)  # fmt: skip
_register("dismissed", "登记的隐患被认定不属实", PIECES, HAZARD, "本人参加的检查登记、核实后认定不属实的隐患", _dismissed, True)  # fmt: skip
