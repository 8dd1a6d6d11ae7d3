"""Measures over the hazard ledger. States are read from dates, so that a score of last month's end can be told today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.db.models import Exists, F, OuterRef, Q

from bihuan.hazards.models import Hazard, HazardQuerySet, HazardTransition, Reinspection
from bihuan.hazards.workflow import RUNNING, Level, Move, Status

from .base import (
    PIECES,
    PLACES_AND_FIRMS,
    RATE,
    Measure,
    Paths,
    Reading,
    Unit,
    Window,
    day,
    pieces,
    rate,
    register,
)

HAZARD = "hazards.hazard"
_PLACES = Paths()


def _counted() -> HazardQuerySet:
    return Hazard.objects.exclude(status=Status.DISMISSED)


def due_in(window: Window) -> HazardQuerySet:
    """What fell due in the window, and what was put right on the spot when it was found."""
    return _counted().filter(
        Q(due_on__gte=window.since, due_on__lt=window.lapsed)
        | Q(due_on=None, fixed_on_spot=True, found_on__gte=window.since, found_on__lte=window.until)
    )


ON_TIME = (
    Q(submitted_on__lte=F("due_on")) | Q(closed_on__lte=F("due_on")) | Q(fixed_on_spot=True, due_on=None)
)


def late_note(due_on: dt.date | None, submitted_on: dt.date | None, closed_on: dt.date | None) -> str:
    done = submitted_on or closed_on
    return f"期限 {day(due_on)}，{f'{day(done)} 才提交' if done else '至今没有提交'}"


LATE = ("due_on", "submitted_on", "closed_on")


def _on_time(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    return rate(due_in(window), units, good=ON_TIME, paths=_PLACES, names=LATE, note=late_note)


def _major(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = due_in(window).filter(level=Level.MAJOR)
    return rate(rows, units, good=ON_TIME, paths=_PLACES, names=LATE, note=late_note)


def _closing(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = _counted().filter(found_on__gte=window.since, found_on__lte=window.until)

    def note(found_on: dt.date, due_on: dt.date | None) -> str:
        return f"{day(found_on)} 发现，期限 {day(due_on)}，到 {window.until} 没有销号"

    good = Q(closed_on__lte=window.until)
    return rate(rows, units, good=good, paths=_PLACES, names=("found_on", "due_on"), note=note)


def _overdue(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = (
        _counted()
        .filter(due_on__lt=window.lapsed, found_on__lte=window.until)
        .filter(Q(closed_on=None) | Q(closed_on__gt=window.until))
        .filter(Q(submitted_on=None) | Q(submitted_on__gt=window.until) | Q(status__in=RUNNING))
    )

    def note(due_on: dt.date) -> str:
        return f"期限 {due_on}，到 {window.until} 逾期 {(window.until - due_on).days} 天"

    return pieces(rows, units, paths=_PLACES, names=("due_on",), note=note)


def _rebound(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    reopened = Exists(
        HazardTransition.objects.filter(
            hazard=OuterRef("pk"),
            move=Move.REOPEN,
            at__date__gte=window.since,
            at__date__lte=window.until,
        )
    )
    rows = (
        _counted()
        .annotate(reopened=reopened)
        .filter(Q(reopened=True) | Q(closed_on__gte=window.since, closed_on__lte=window.until))
    )

    def note(round_: int) -> str:
        return f"销号后重开，现为第 {round_} 轮"

    good = Q(reopened=False)
    return rate(rows, units, good=good, paths=_PLACES, names=("round",), note=note, bad_share=True)


def _returned(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = Reinspection.objects.filter(at__date__gte=window.since, at__date__lte=window.until)
    paths = Paths(
        "hazard__locality_id", "hazard__department_id", "hazard__enterprise__organization_id", "", "hazard__county_id"
    )  # fmt: skip

    def note(at: dt.datetime, text: str) -> str:
        return f"{day(at)} 复查退回：{text[:40]}"

    return rate(
        rows, units, good=Q(passed=True), paths=paths, names=("at", "text"), note=note, key="hazard_id", bad_share=True
    )  # fmt: skip


def _add(
    key: str,
    label: str,
    unit: str,
    words: str,
    read: Callable[[Sequence[Unit], Window], dict[int, Reading]],
    *,
    smaller: bool = False,
) -> None:
    register(Measure(key, label, unit, PLACES_AND_FIRMS, HAZARD, words, read, smaller))


_add("hazard.on_time", "隐患按期整改率", RATE, "期内到期的隐患中，在期限内提交复查或销号的比例；当场整改的算按期", _on_time)  # fmt: skip
_add("hazard.closing", "隐患销号率", RATE, "期内查出的隐患中，到计分日已经销号的比例", _closing)
_add(
    "hazard.major_on_time",
    "重大隐患按期整改率",
    RATE,
    "期内到期的重大隐患中，在期限内提交验收或销号的比例",
    _major,
)
_add(
    "hazard.overdue", "逾期未整改隐患", PIECES, "到计分日超过期限仍没有提交复查的隐患", _overdue, smaller=True
)
_add(
    "hazard.rebound", "改后反弹率", RATE, "期内销号或重开的隐患中，销号后又重开的比例", _rebound, smaller=True
)
_add("hazard.returned", "复查退回率", RATE, "期内复查中退回整改的比例", _returned, smaller=True)
