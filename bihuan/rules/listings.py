"""Listed supervision (挂牌督办) as data: local clocks, approval chains, parts of a plan, letters, consequences (R088-R096).

A rule set (口径) is what one place has laid down; what it does not say it takes from the set it inherits. Everything
carries its source and whether that was verified. The functions below count; they know no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from . import clocks
from .calendar import ONE_DAY, Calendar, add_months, check_range
from .records import Provenance, UnknownRule, in_force, is_in_force, load, provenance

DEFAULT = "national"
KINDS = ("hazard", "accident", "locality")
LEVELS = ("county", "city", "province")
PURPOSES = ("list", "extend", "delist")
# Who signs a step of a chain. The government signs on paper: its signature is recorded with the scan.
SIGNERS = {
    "reporter_officer": "呈报单位经办人",
    "reporter_leader": "呈报单位负责人",
    "department_leader": "主管部门负责人",
    "office_officer": "安委办经办人",
    "office_leader": "安委办负责人",
    "government": "政府领导（登记纸质签批）",
}
MOST_STEPS = 6


@dataclass(frozen=True)
class TermKind:
    """What one term limits; `shape` is clock (counted from an event), before (back from the deadline) or limit."""

    key: str
    name: str
    event: str
    shape: str


@dataclass(frozen=True)
class Term(Provenance):
    """One term as a rule set has it: days of a clock, or the value of a limit."""

    key: str
    name: str
    event: str
    shape: str
    number: int
    unit: str
    roll: bool

    @property
    def words(self) -> str:
        """The term as a page shows it: 10 个自然日, 每 3 个月."""
        if self.key == "progress_months":
            return f"每 {self.number} 个月至少一次"
        return f"{self.number} 个{clocks.UNIT_LABELS[self.unit]}"

    @property
    def is_own(self) -> bool:
        """Whether the system itself sets it, for want of a source."""
        return self.doc_no == clocks.OWN_RULE

    @property
    def basis(self) -> str:
        """Where it comes from, as a page says it; what the system itself sets is called so."""
        if self.is_own:
            return "系统默认，可由本地口径替换"
        checked = self.verified or "待核对" in self.source
        number = "" if self.doc_no == "待核" else f"，{self.doc_no}"
        return f"{self.source}{number}{'' if checked else '，待核对原文'}"

    def rule(self) -> clocks.ClockRule:
        """The same as a clock the house counts with."""
        return clocks.ClockRule(
            key=f"listing.{self.key}", name=self.name, days=self.number, unit=self.unit,  # type: ignore[arg-type]
            roll=self.roll, event=self.event, source=self.source, doc_no=self.doc_no,
            effective_from=self.effective_from, effective_to=self.effective_to, verified=self.verified,
        )  # fmt: skip


@dataclass(frozen=True)
class RuleSet(Provenance):
    """The clocks of one place, and which of its own demands apply (`flags`)."""

    key: str
    label: str
    note: str
    inherits: str
    flags: frozenset[str]


@dataclass(frozen=True)
class Step:
    """One step of a chain: what it is called and who signs it."""

    label: str
    who: str


@dataclass(frozen=True)
class Part(Provenance):
    """One part a rectification plan must have, or one of the five assurances (五落实)."""

    key: str
    label: str


@dataclass(frozen=True)
class Consequence(Provenance):
    """What follows an event, mildest first."""

    event: str
    label: str
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Threshold(Provenance):
    """From which figure on a locality is proposed for listing (R096)."""

    key: str
    label: str
    value: int
    unit: str


@dataclass(frozen=True)
class Progress:
    """How the reports stand on a day: the period running, when its report is due, and the periods nobody reported."""

    period: int
    due_on: dt.date
    missed: tuple[int, ...]


@cache
def term_kinds() -> tuple[TermKind, ...]:
    return tuple(TermKind(**row) for row in load("listings")["terms"])


def rule_sets(on: dt.date) -> list[RuleSet]:
    """The rule sets a place may choose from on that day."""
    return [each for each in _sets() if is_in_force(each, on)]


def rule_set(key: str, on: dt.date) -> RuleSet:
    """Raises UnknownRule when there is none of that name in force."""
    return in_force([each for each in _sets() if each.key == key], on, what=f"挂牌督办口径 {key}")


def term(set_key: str, key: str, on: dt.date, *, kind: str = "hazard") -> Term:
    """The term `key` under a rule set, its own or inherited; what a kind of subject has of its own goes before.

    Raises UnknownRule when neither the set nor what it inherits says anything for that day.
    """
    own = [each for each in _kind_terms().get(kind, ()) if each.key == key and is_in_force(each, on)]
    if own:
        return max(own, key=lambda each: each.effective_from)
    chosen = set_key
    while chosen:
        versions = [each for each in _terms().get(chosen, ()) if each.key == key and is_in_force(each, on)]
        if versions:
            return max(versions, key=lambda each: each.effective_from)
        chosen = next((each.inherits for each in _sets() if each.key == chosen), "")
    raise UnknownRule(f"挂牌督办口径“{set_key}”没有“{key}”的时限")


def terms_of(set_key: str, on: dt.date) -> list[Term]:
    """Every term of a rule set in the order a listing meets them."""
    return [term(set_key, each.key, on) for each in term_kinds()]


def due(set_key: str, key: str, start: dt.date, calendar: Calendar, *, kind: str = "hazard") -> clocks.Due:
    """When a step of a listing falls due, counted from `start`; explains itself."""
    return clocks.due(term(set_key, key, start, kind=kind).rule(), start, calendar)


def last_day_to_ask(due_on: dt.date, rule: Term, calendar: Calendar) -> dt.date:
    """The last day on which more time may be asked for: `rule.number` days lie after it, the due day included.

    For 15 working days there are 15 of them from the day after the answer to the due day.
    """
    day, left = check_range(due_on) + ONE_DAY, rule.number
    while left:
        day = check_range(day - ONE_DAY)
        if rule.unit == "natural" or calendar.is_working(day):
            left -= 1
    return check_range(day - ONE_DAY)


def latest_deadline(set_key: str, listed_on: dt.date, *, kind: str = "hazard") -> dt.date:
    """The last day a listing may run to, extensions included (青岛：不超过一年)."""
    return check_range(listed_on + dt.timedelta(days=term(set_key, "max_term", listed_on, kind=kind).number))


def progress(anchor: dt.date, months: int, reported: Iterable[dt.date], on: dt.date) -> Progress:
    """How progress reports stand on `on`: one at least in every period of `months` months after `anchor`.

    Period n runs from the day after anchor + (n-1)·months to anchor + n·months. A report counts for the period it
    was made in; a period that is over without one stays missed. Due is the end of the period after the last one that
    was reported: whoever is late stays late until the next report.
    """
    if months < 1:
        raise ValueError("a period has one month at least")

    def end(number: int) -> dt.date:
        return add_months(anchor, number * months)

    def period_of(day: dt.date) -> int:
        number = 1
        while day > end(number):
            number += 1
        return number

    made = sorted(period_of(day) for day in reported if day <= on)
    running = period_of(on)
    missed = tuple(number for number in range(1, running) if number not in made)
    last = made[-1] if made else 0
    period = last + 1
    return Progress(period, end(period), missed)


def chain(level: str, kind: str, purpose: str, on: dt.date) -> tuple[Step, ...]:
    """Who signs in which order, for a level, a kind of subject and a purpose; the shipped one. Raises UnknownRule."""
    rows = [
        _Chain(tuple(Step(**each) for each in row["steps"]), **provenance(row))
        for row in load("listings")["chains"]
        if (row["level"], row["kind"], row["purpose"]) == (level, kind, purpose)
    ]
    return in_force(rows, on, what=f"{level} {kind} {purpose} 审签程序").steps


def problems_of_chain(steps: Sequence[Step]) -> list[str]:
    """What is wrong with a chain an office writes, as Chinese sentences; empty when it may be used."""
    found = []
    if not steps:
        found.append("至少要有一步审签")
    if len(steps) > MOST_STEPS:
        found.append(f"最多 {MOST_STEPS} 步")
    for number, each in enumerate(steps, start=1):
        if not each.label.strip():
            found.append(f"第 {number} 步没有名称")
        if each.who not in SIGNERS:
            found.append(f"第 {number} 步没有选由谁签")
    keys = [each.who for each in steps]
    if len(set(keys)) != len(keys):
        found.append("同一类签批人只出现一次")
    if keys and keys[-1] not in ("office_leader", "government"):
        found.append("最后一步应由安委办负责人或者政府领导签批")
    return found


def plan_parts(kind: str, on: dt.date) -> tuple[Part, ...]:
    """What a rectification plan must say (16号令15条的六项), none of which may be missing."""
    return tuple(_part(row) for row in load("listings")["parts"][kind] if _holds(row, on))


def assurances(on: dt.date) -> tuple[Part, ...]:
    """The five assurances (五落实)."""
    return tuple(_part(row) for row in load("listings")["assurances"] if _holds(row, on))


def letter_tiers(kind: str) -> list[dict[str, str]]:
    """The tiers of 责任书 from the government down: {giver, receiver, label} (R090)."""
    tiers: list[dict[str, str]] = load("listings")["letters"][kind]
    return [dict(each) for each in tiers]


def consequences(event: str, on: dt.date) -> Consequence | None:
    """What follows an event, or None where nothing is laid down."""
    for row in load("listings")["consequences"]:
        if row["event"] == event and _holds(row, on):
            return Consequence(row["event"], row["label"], tuple(row["acts"]), **provenance(row))
    return None


def thresholds(on: dt.date, kind: str = "locality") -> dict[str, Threshold]:
    """From which figures on a locality is slow, an inquiry stands still, by key (R095, R096)."""
    return {
        row["key"]: Threshold(row["key"], row["label"], row["value"], row["unit"], **provenance(row))
        for row in load("listings")["candidates"]
        if row["kind"] == kind and _holds(row, on)
    }


def level_of_accident(grade: str, on: dt.date) -> str:
    """Which level lists the investigation of an accident of that grade (R095); the city where nothing is said."""
    for row in load("listings")["accident_levels"]:
        if row["grade"] == grade and _holds(row, on):
            return str(row["level"])
    return "city"


@dataclass(frozen=True)
class _Chain(Provenance):
    steps: tuple[Step, ...]


def _holds(row: dict[str, Any], on: dt.date) -> bool:
    record = Provenance(**provenance(row))
    return is_in_force(record, on)


def _part(row: dict[str, Any]) -> Part:
    return Part(row["key"], row["label"], **provenance(row))


@cache
def _sets() -> tuple[RuleSet, ...]:
    return tuple(
        RuleSet(
            row["key"], row["label"], row["note"], row["inherits"],
            frozenset(name for name, holds in row["flags"].items() if holds), **provenance(row),
        )
        for row in load("listings")["sets"]
    )  # fmt: skip


def _term(row: dict[str, Any]) -> Term:
    known = next(each for each in term_kinds() if each.key == row["key"])
    return Term(
        known.key, known.name, known.event, known.shape, int(row["days"] if "days" in row else row["value"]), row.get("unit", "natural"),
        row.get("roll", False) and known.shape == "clock", **provenance(row),
    )  # fmt: skip


@cache
def _terms() -> dict[str, tuple[Term, ...]]:
    return {row["key"]: tuple(_term(each) for each in row["terms"]) for row in load("listings")["sets"]}


@cache
def _kind_terms() -> dict[str, tuple[Term, ...]]:
    found: dict[str, list[Term]] = {}
    for row in load("listings")["kind_terms"]:
        found.setdefault(row["kind"], []).append(_term(row))
    return {kind: tuple(rows) for kind, rows in found.items()}
