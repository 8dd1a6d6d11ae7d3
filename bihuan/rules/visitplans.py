"""Who is visited when, with the staff there is (D13, R047, R063), and how often a place may be visited (R059).

The plan is plain arithmetic over whole numbers: teams × days × visits a day is what can be done in a month; visits are
placed by urgency, then risk; what does not fit is said, not hidden.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bihuan.rules.records import Provenance, in_force, load, provenance

RISKS = ("red", "orange", "yellow", "blue")


@dataclass(frozen=True)
class Weights(Provenance):
    """How many lots an object has in a draw: by risk colour times by grade."""

    risk: dict[str, int]
    grade: dict[str, int]

    def of(self, risk: str, grade: str = "") -> int:
        """The weight of one object; one without a grade counts as `none`."""
        return self.risk[risk] * self.grade.get(grade or "none", self.grade["none"])


@dataclass(frozen=True)
class Cap(Provenance):
    """At most so many visits of a kind to one enterprise in a calendar year."""

    kind: str
    per_year: int


@cache
def _weights() -> tuple[Weights, ...]:
    return tuple(
        Weights(row["risk"], row["grade"], **provenance(row)) for row in load("visitplans")["weights"]
    )


@cache
def caps() -> tuple[Cap, ...]:
    """Return every version of every cap."""
    return tuple(Cap(row["kind"], row["per_year"], **provenance(row)) for row in load("visitplans")["caps"])


def weights(on: dt.date) -> Weights:
    """Return the lots in force on ``on``. Raises UnknownRule when there are none."""
    return in_force(_weights(), on, what="双随机权重")


def cap(kind: str, on: dt.date) -> Cap | None:
    """Return the upper limit for a kind of visit; None when there is none."""
    versions = [each for each in caps() if each.kind == kind]
    if not versions:
        return None
    found = in_force(versions, on, what=f"{kind}次数上限")
    return found if found.per_year else None


@dataclass(frozen=True)
class Need:
    """One visit an object needs: by which month (1-12) at the latest; ``overdue`` ones were due before the year."""

    object: int
    risk: str
    month: int
    overdue: bool = False


@dataclass(frozen=True)
class Capacity:
    """The staff: inspectors who go ``team`` at a time, days each gives in a month, visits a team makes a day."""

    inspectors: int
    team: int
    days: int
    visits_a_day: int

    @property
    def a_month(self) -> int:
        """Visits that can be made in a month."""
        return self.inspectors // self.team * self.days * self.visits_a_day


@dataclass(frozen=True)
class YearPlan:
    """``placed``: (object, month) in order; ``late``: how many of them after their month; ``left``: unplaced needs."""

    placed: tuple[tuple[int, int], ...]
    late: int
    left: tuple[Need, ...]
    capacity: int


def needs_of_year(object_: int, risk: str, year: int, first_due: dt.date, step_months: int) -> list[Need]:
    """The visits of one object in a year: the first by ``first_due``, then one every ``step_months``."""
    found = []
    number = first_due.year * 12 + first_due.month - 1
    begin, end = year * 12, year * 12 + 12
    if number < begin:
        found.append(Need(object_, risk, 1, overdue=True))
        number = begin + step_months
    while number < end:
        found.append(Need(object_, risk, number - begin + 1))
        number += step_months
    return found


def plan_year(needs: Iterable[Need], capacity: Capacity, *, first_month: int = 1) -> YearPlan:
    """Place the visits of a year, month by month, the most urgent first.

    Within a month: what is overdue or due now before what is due later, the higher risk before the lower, the object
    least visited before the others. An object has at most one visit a month. Nothing is placed before ``first_month``.
    """
    waiting = list(needs)
    placed: list[tuple[int, int]] = []
    visited: dict[int, int] = {}
    late = 0
    for month in range(first_month, 13):
        if not waiting:
            break
        room = capacity.a_month
        waiting.sort(
            key=lambda need: (
                need.month > month,
                RISKS.index(need.risk),
                visited.get(need.object, 0),
                need.month,
                need.object,
            )
        )
        taken: set[int] = set()
        rest = []
        for need in waiting:
            # A visit far ahead of its time is no better than the one it is to replace: at most two months early.
            if room and need.object not in taken and need.month <= month + 2:
                placed.append((need.object, month))
                late += need.month < max(month, first_month) or need.overdue
                visited[need.object] = visited.get(need.object, 0) + 1
                taken.add(need.object)
                room -= 1
            else:
                rest.append(need)
        waiting = rest
    return YearPlan(tuple(placed), late, tuple(waiting), capacity.a_month * (13 - first_month))


def coverage(needs: Sequence[Need], plan: YearPlan) -> list[dict[str, Any]]:
    """By risk, highest first: objects, objects reached at least once, visits needed, visits placed."""
    risk_of = {need.object: need.risk for need in needs}
    rows = []
    for risk in RISKS:
        objects = {pk for pk, each in risk_of.items() if each == risk}
        if not objects:
            continue
        placed = [pk for pk, _ in plan.placed if pk in objects]
        rows.append(
            {
                "risk": risk,
                "objects": len(objects),
                "reached": len(set(placed)),
                "needed": sum(need.risk == risk for need in needs),
                "placed": len(placed),
            }
        )
    return rows


def inspectors_needed(needs: int, capacity: Capacity) -> int:
    """How many inspectors the needed visits of a year would take, going and working as now."""
    a_team = capacity.days * capacity.visits_a_day * 12
    return -(-needs // a_team) * capacity.team if a_team else 0
