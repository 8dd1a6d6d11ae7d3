"""What one act changes in the figures: a pure function of the state before, the state after and the day.

A hazard's history is a sequence of states, each lasting from its day to the day of the next. Every counted thing
is a function of the state, so an act emits the difference. Overdue needs no nightly job: a running clock is
overdue from the day after its deadline, which is a day that can be named in advance; when the clock stops or its
deadline moves, what is left of that promise is taken back. Prefix sums of the deltas therefore give the exact
count on any day, past or to come (the due day itself is not overdue).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bihuan.audit.actions import chain_of
from bihuan.tally.models import METRICS, Delta

from .workflow import RUNNING, Level, Status

if TYPE_CHECKING:
    from .models import Hazard

ONE_DAY = dt.timedelta(days=1)
Changes = dict[dt.date, dict[str, int]]


@dataclass(frozen=True)
class State:
    """The part of a hazard that figures depend on."""

    status: str
    level: str
    due_on: dt.date | None
    closed_on: dt.date | None


def changes(before: State | None, after: State, on: dt.date) -> Changes:
    """{day: {metric: amount}} for one act; days and metrics that do not change are left out.

    `on` is the day from which `after` holds: for a new hazard (`before` None) the day it was found, for every
    other act the day of the act, never earlier than that of the act before it.
    """
    found: Changes = defaultdict(lambda: defaultdict(int))
    for state, sign in ((before, -1), (after, +1)):
        if state is None:
            continue
        for metric, amount in _standing(state).items():
            found[on][metric] += sign * amount
        if state.status in RUNNING and state.due_on is not None:
            day = max(state.due_on + ONE_DAY, on)
            for metric in _overdue_metrics(state):
                found[day][metric] += sign
    exact = {
        day: {metric: amount for metric, amount in metrics.items() if amount}
        for day, metrics in sorted(found.items())
    }
    return {day: metrics for day, metrics in exact.items() if metrics}


def state_of(hazard: Hazard) -> State:
    """The part of a hazard that figures depend on."""
    return State(hazard.status, hazard.level, hazard.due_on, hazard.closed_on)


def delta_columns(hazard: Hazard, before: State | None, after: State, on: dt.date) -> list[dict[str, Any]]:
    """The deltas of one change of state, with the dimensions of the hazard, column by column; see `changes`."""
    return [
        {
            "day": day,
            "campaign_id": hazard.campaign_id or 0,
            "task_id": hazard.task_id or 0,
            "department_id": hazard.department_id or 0,
            "kind": hazard.kind_id,
            "source": hazard.source,
            "city_id": hazard.city_id,
            "county_id": hazard.county_id,
            "locality_id": hazard.locality_id,
            "subject": chain_of(hazard),
            **_NOTHING,
            **metrics,
        }
        for day, metrics in changes(before, after, on).items()
    ]


_NOTHING = dict.fromkeys(METRICS, 0)


def delta_rows(hazard: Hazard, before: State | None, after: State, on: dt.date) -> list[Delta]:
    """The same as rows of the table, for those who write many at once."""
    return [Delta(**columns) for columns in delta_columns(hazard, before, after, on)]


def _standing(state: State) -> dict[str, int]:
    """What a hazard in this state adds to the counts, apart from overdue."""
    is_found = state.status != Status.DISMISSED
    is_closed = state.status == Status.CLOSED
    is_major = state.level == Level.MAJOR
    is_late = (
        is_closed
        and state.closed_on is not None
        and state.due_on is not None
        and state.closed_on > state.due_on
    )
    return {
        "found": int(is_found),
        "closed": int(is_closed),
        "closed_late": int(is_late),
        "found_major": int(is_found and is_major),
        "closed_major": int(is_closed and is_major),
    }


def _overdue_metrics(state: State) -> tuple[str, ...]:
    return ("overdue", "overdue_major") if state.level == Level.MAJOR else ("overdue",)
