"""Deadlines of a hazard: derived from the rule, set by the inspector within its limits, or moved by an extension."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from bihuan.core.errors import Refused
from bihuan.duties.clock import calendar, due
from bihuan.rules.clocks import OWN_RULE, ClockError, Due, extend, last_day_to_ask, limit

from .models import Hazard
from .workflow import Level

CLOCKS = {Level.GENERAL: "hazard.rectify.general", Level.MAJOR: "hazard.rectify.major"}
LONGEST_EXTENSION = {Level.GENERAL: "extension.max_days", Level.MAJOR: "extension.max_days.major"}


def deadline(
    level: str,
    start: dt.date,
    chosen: dt.date | None = None,
    *,
    by_whom: str = "检查人员",
    due_by: Callable[[str, dt.date], Due] = due,
) -> Due:
    """The deadline of a round that starts on `start`: the rule's own, or the day `chosen` within its limits.

    Earlier is always allowed, later only as far as one extension could go (major: at most the total limit).
    Raises Refused naming the latest day.
    """
    derived = due_by(CLOCKS[Level(level)], start)
    if chosen is None or chosen == derived.due_on:
        return derived
    if chosen < start:
        raise Refused(f"整改期限{chosen.isoformat()}早于起算日{start.isoformat()}，请改填起算日或以后的日期")
    latest = latest_deadline(level, start, derived.due_on)
    if chosen > latest:
        raise Refused(
            f"整改期限最晚可定为{latest.isoformat()}，所填为{chosen.isoformat()}，请改早，确有需要时走延期"
        )
    return fixed(derived, chosen, f"{by_whom}在限期内确定，规则期限为{derived.due_on.isoformat()}")


def latest_deadline(level: str, start: dt.date, derived: dt.date) -> dt.date:
    """The last day an inspector may set for a round that starts on `start`."""
    if level == Level.MAJOR:
        return start + dt.timedelta(days=limit("major.rectify.max_days", start))
    return derived + dt.timedelta(days=limit(LONGEST_EXTENSION[Level.GENERAL], start))


def fixed(derived: Due, day: dt.date, why: str) -> Due:
    """A deadline somebody fixed, explained in the same terms as a derived one so that every page can show it."""
    start = dt.date.fromisoformat(derived.explanation["start"])
    years = calendar()
    explanation: dict[str, Any] = {
        **derived.explanation,
        "days": (day - start).days,
        "unit": "natural",
        "roll": False,
        "reached_on": day.isoformat(),
        "rolled_over": [],
        "due_on": day.isoformat(),
        "source": why,
        "doc_no": OWN_RULE,
        "calendar": [
            {"year": year, "status": years.status(year), "note": years.note(year)}
            for year in range(start.year, day.year + 1)
        ],
    }
    return Due(day, explanation)


def extended(hazard: Hazard, to: dt.date, *, on: dt.date, reason: str) -> Due:
    """The hazard's deadline moved to `to`. Raises Refused with the limit that stands in the way (R080)."""
    if hazard.due_on is None:
        raise Refused("该隐患尚未确定整改期限，无从延期")
    try:
        moved = extend(
            Due(hazard.due_on, hazard.clock),
            to=to,
            decided_on=on,
            calendar=calendar(),
            reason=reason,
            max_days_key=LONGEST_EXTENSION[Level(hazard.level)],
        )
    except ClockError as error:
        raise Refused(str(error)) from error
    if hazard.level == Level.MAJOR:
        start = dt.date.fromisoformat(hazard.clock["start"])
        latest = start + dt.timedelta(days=limit("major.rectify.max_days", on))
        if to > latest:
            raise Refused(f"重大隐患整改总期限（含延期）最晚至{latest.isoformat()}，所填为{to.isoformat()}")
    return moved


def check_in_time(hazard: Hazard, *, on: dt.date) -> None:
    """Raise Refused when it is too late to ask for more time."""
    if hazard.due_on is None:
        raise Refused("该隐患尚未确定整改期限，无从延期")
    last = last_day_to_ask(hazard.due_on, on)
    if on > last:
        raise Refused(
            f"延期须在期限届满前{(hazard.due_on - last).days}日（{last.isoformat()}前）提出，现已超过；"
            "请抓紧整改，或请复查单位研究处置"
        )
