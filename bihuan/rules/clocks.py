"""Clocks that explain themselves (时限): due dates in natural and working days, pauses, extensions.

Counting (domain rule): the day of the event is not counted; a last day that is not worked rolls forward
to the next working day. A due date is derived here and never typed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from bihuan.rules.calendar import ONE_DAY, Calendar, check_range
from bihuan.rules.records import Provenance, UnknownRule, in_force, load, provenance

Unit = Literal["natural", "working"]
State = Literal["normal", "approaching", "overdue", "done", "paused"]
Pause = tuple[dt.date, dt.date, str]  # first day, last day (both inside the pause), reason

UNIT_LABELS: dict[str, str] = {"natural": "自然日", "working": "工作日"}


class ClockError(ValueError):
    """A clock cannot be computed or extended as asked. ``str()`` is a Chinese sentence."""


@dataclass(frozen=True)
class ClockRule(Provenance):
    """One version of one time limit."""

    key: str
    name: str
    days: int
    unit: Unit
    roll: bool
    event: str


@dataclass(frozen=True)
class Limit(Provenance):
    """One version of one cap: how many days, how often."""

    key: str
    name: str
    value: int
    unit: str


@dataclass(frozen=True)
class Due:
    """A due date and, JSON-able, how it came about; the explanation alone can rebuild it."""

    due_on: dt.date
    explanation: dict[str, Any]

    @classmethod
    def from_explanation(cls, explanation: dict[str, Any]) -> Due:
        """Rebuild a Due from its stored explanation."""
        return cls(dt.date.fromisoformat(explanation["due_on"]), explanation)

    def sentence(self) -> str:
        """Explain the due date in one Chinese sentence."""
        return sentence(self.explanation)


@cache
def clock_rules() -> tuple[ClockRule, ...]:
    """Return every seeded version of every clock."""
    return tuple(
        ClockRule(
            key=row["key"],
            name=row["name"],
            days=row["days"],
            unit=row["unit"],
            roll=row["roll"],
            event=row["event"],
            **provenance(row),
        )
        for row in load("clocks")["clocks"]
    )


@cache
def limits() -> tuple[Limit, ...]:
    """Return every seeded version of every limit."""
    return tuple(
        Limit(key=row["key"], name=row["name"], value=row["value"], unit=row["unit"], **provenance(row))
        for row in load("limits")["limits"]
    )


def rule_for(key: str, on: dt.date, *, local: Iterable[ClockRule] = ()) -> ClockRule:
    """Return the version of clock ``key`` in force on the day of the act.

    A ``local`` rule of that key in force on that day goes before the seeded ones.
    Raises UnknownRule when there is none.
    """
    mine = [rule for rule in local if rule.key == key and rule.effective_from <= on]
    mine = [rule for rule in mine if rule.effective_to is None or on <= rule.effective_to]
    if mine:
        return in_force(mine, on, what=key)
    seeded = [rule for rule in clock_rules() if rule.key == key]
    if not seeded:
        raise UnknownRule(f"规则库中没有名为“{key}”的时限")
    return in_force(seeded, on, what=seeded[0].name)


def limit(key: str, on: dt.date) -> int:
    """Return the value of limit ``key`` in force on ``on``. Raises UnknownRule when there is none."""
    return limit_for(key, on).value


def limit_for(key: str, on: dt.date) -> Limit:
    """Return the limit ``key`` in force on ``on`` with its source. Raises UnknownRule when there is none."""
    versions = [row for row in limits() if row.key == key]
    if not versions:
        raise UnknownRule(f"规则库中没有名为“{key}”的限额")
    return in_force(versions, on, what=versions[0].name)


def due(rule: ClockRule, start: dt.date, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Due:
    """Return when ``rule`` falls due, counted from ``start`` (not itself counted).

    Days inside a pause do not count and the last day never lies in one. A pause needs both its ends:
    while it lasts the due date is unknown and the clock's state is 'paused'.
    Raises ClockError on a pause that ends before it begins, DateOutOfRange on impossible dates.
    """
    check_range(start)
    stopped = _paused_days(pauses)
    day, left = start, rule.days
    while left:
        day = check_range(day + ONE_DAY)
        if day not in stopped and (rule.unit == "natural" or calendar.is_working(day)):
            left -= 1
    reached, skipped = day, []
    while day in stopped or (rule.roll and not calendar.is_working(day)):
        skipped.append({"date": day.isoformat(), "why": _why_skipped(day, calendar, stopped)})
        day += ONE_DAY
    explanation: dict[str, Any] = {
        "rule": rule.key,
        "name": rule.name,
        "start": start.isoformat(),
        "event": rule.event,
        "days": rule.days,
        "unit": rule.unit,
        "roll": rule.roll,
        "reached_on": reached.isoformat(),
        "rolled_over": skipped,
        "due_on": day.isoformat(),
        "pauses": [
            {"from": first.isoformat(), "to": last.isoformat(), "reason": reason}
            for first, last, reason in sorted(pauses, key=lambda pause: pause[:2])
            if last > start and first <= day
        ],
        "extensions": [],
        "source": rule.source,
        "doc_no": rule.doc_no,
        "verified": rule.verified,
        "calendar": _calendar_notes(start, day, calendar),
    }
    return Due(day, explanation)


def extend(
    current: Due,
    *,
    to: dt.date,
    decided_on: dt.date,
    calendar: Calendar,
    reason: str,
    max_days_key: str = "extension.max_days",
) -> Due:
    """Return ``current`` moved to ``to`` (rolled to a working day if the clock rolls), with the reason kept.

    Raises ClockError when ``to`` is not later than the present due date, when it adds more days than the
    limit ``max_days_key`` in force on ``decided_on``, or when the number of extensions is used up.
    Days are counted before rolling, so a holiday at the end never makes a lawful extension unlawful.
    """
    check_range(to)
    check_range(decided_on)
    earlier = current.explanation["extensions"]
    if to <= current.due_on:
        raise ClockError(
            f"延期后的期限应晚于现期限{current.due_on.isoformat()}，所填为{to.isoformat()}，请改填更晚的日期"
        )
    most = limit("extension.max_count", decided_on)
    if len(earlier) >= most:
        raise ClockError(f"已延期{len(earlier)}次，达到{most}次上限，不能再延期，请改走督办或移送")
    longest = limit(max_days_key, decided_on)
    added = (to - current.due_on).days
    if added > longest:
        last = current.due_on + dt.timedelta(days=longest)
        raise ClockError(f"单次延期最长{longest}日，所填为{added}日，最晚可延至{last.isoformat()}")
    day = calendar.next_working(to) if current.explanation["roll"] else to
    step = {
        "from": current.due_on.isoformat(),
        "asked": to.isoformat(),
        "to": day.isoformat(),
        "decided_on": decided_on.isoformat(),
        "reason": reason,
    }
    start = dt.date.fromisoformat(current.explanation["start"])
    return Due(
        day,
        {
            **current.explanation,
            "due_on": day.isoformat(),
            "extensions": [*earlier, step],
            "calendar": _calendar_notes(start, day, calendar),
        },
    )


def last_day_to_ask(due_on: dt.date, on: dt.date) -> dt.date:
    """Return the last day on which an extension may be asked for, by the limit in force on ``on``."""
    return due_on - dt.timedelta(days=limit("extension.apply_before", on))


def state(
    due_on: dt.date | None, today: dt.date, done_on: dt.date | None = None, paused: bool = False
) -> State:
    """Return how a clock stands today. The due day itself is not overdue; no due date is 'normal'.

    'approaching' begins the number of days before due that the limit clock.approaching_days says.
    """
    if done_on is not None:
        return "done"
    if paused:
        return "paused"
    if due_on is None:
        return "normal"
    if today > due_on:
        return "overdue"
    if days_left(due_on, today) <= limit("clock.approaching_days", today):
        return "approaching"
    return "normal"


def days_left(due_on: dt.date, today: dt.date) -> int:
    """Return natural days until ``due_on``: 0 on the day itself, negative once overdue."""
    return (due_on - today).days


def sentence(explanation: dict[str, Any]) -> str:
    """Explain a stored due date in one Chinese sentence (event, length, roll, pauses, extensions, source)."""
    return f"{'，'.join(lines(explanation))}（依据：{basis(explanation)}；日历：{calendars(explanation)}）"


def lines(explanation: dict[str, Any]) -> list[str]:
    """Return the steps of a stored due date in order, as Chinese clauses without final punctuation."""
    steps = [
        f"自{explanation['start']}{explanation['event']}之日起"
        f"{explanation['days']}个{UNIT_LABELS[explanation['unit']]}，起算日不计入"
    ]
    for pause in explanation["pauses"]:
        steps.append(f"{pause['from']}至{pause['to']}因{pause['reason']}暂停计时")
    rolled = explanation["rolled_over"]
    reached = explanation["reached_on"]
    if rolled:
        first_due = (dt.date.fromisoformat(rolled[-1]["date"]) + ONE_DAY).isoformat()
        cause = "遇暂停计时" if rolled[0]["why"] == PAUSED else "遇休息日"
        steps.append(f"届满日{reached}{cause}，顺延至{first_due}")
    else:
        steps.append(f"至{reached}届满")
    for step in explanation["extensions"]:
        steps.append(f"{step['decided_on']}批准延期至{step['to']}")
    return steps


def basis(explanation: dict[str, Any]) -> str:
    """Return where the time limit comes from, saying so when its text is still to be checked."""
    text: str = explanation["source"]
    if explanation["doc_no"] == OWN_RULE:
        return text
    return f"{text}，{explanation['doc_no']}{'' if explanation['verified'] else '，待核对原文'}"


def calendars(explanation: dict[str, Any]) -> str:
    """Return how far the calendars of the years involved can be trusted."""
    return "、".join(
        f"{note['year']}年已公布" if note["status"] == "published" else note["note"]
        for note in explanation["calendar"]
    )


PAUSED = "暂停计时"
OWN_RULE = "自拟"  # the doc_no of a limit no document prescribes


def _paused_days(pauses: Sequence[Pause]) -> set[dt.date]:
    days: set[dt.date] = set()
    for first, last, reason in pauses:
        if last is None:
            raise ClockError(f"因“{reason}”自{first.isoformat()}起的暂停尚未结束，届满日待恢复计时后推算")
        if last < first:
            raise ClockError(f"暂停的结束日{last.isoformat()}早于开始日{first.isoformat()}，请核对")
        check_range(first)
        check_range(last)
        days.update(first + dt.timedelta(days=i) for i in range((last - first).days + 1))
    return days


def _why_skipped(day: dt.date, calendar: Calendar, stopped: set[dt.date]) -> str:
    return PAUSED if day in stopped else calendar.describe(day)


def _calendar_notes(start: dt.date, end: dt.date, calendar: Calendar) -> list[dict[str, Any]]:
    return [
        {"year": year, "status": calendar.status(year), "note": calendar.note(year)}
        for year in range(start.year, end.year + 1)
    ]
