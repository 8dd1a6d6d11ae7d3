"""What follows when a place stops, moves or closes, and how often a major-hazard unit is evaluated anew.

Months of going back are no national rule; the shipped ones are our own and marked so (R046). Evaluation every three
years and filing within fifteen days: 原总局令第40号.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bihuan.rules.calendar import add_months
from bihuan.rules.records import Provenance, in_force, load, provenance

LEAST_NOTICE = dt.timedelta(days=7)  # nobody is sent again the day after


@dataclass(frozen=True)
class RecheckRule(Provenance):
    """After how many months somebody goes back, and whether work may begin again only after acceptance.

    `then_every`: months from one going back to the next once those of `months` are done, None for no more. After a
    place was found working again somebody goes every `again_months` until `calm` times in a row it was not.
    """

    status: str
    months: tuple[int, ...]
    acceptance: bool
    then_every: int | None
    again_months: int
    calm: int


@dataclass(frozen=True)
class ReevaluationRule(Provenance):
    """How long an evaluation of a major-hazard unit holds, and within how many days it is filed."""

    months: int
    filing_days: int


@cache
def recheck_rules() -> tuple[RecheckRule, ...]:
    """Return every version for every status."""
    return tuple(_recheck_rule(row) for row in load("lifecycle")["rechecks"])


def _recheck_rule(row: dict[str, Any]) -> RecheckRule:
    return RecheckRule(
        row["status"], tuple(row["months"]), row["acceptance"], row["then_every"], row["again_months"], row["calm"],
        **provenance(row),
    )  # fmt: skip


@cache
def _reevaluations() -> tuple[ReevaluationRule, ...]:
    return tuple(
        ReevaluationRule(row["months"], row["filing_days"], **provenance(row))
        for row in load("lifecycle")["reevaluation"]
    )


def recheck_rule(status: str, on: dt.date) -> RecheckRule | None:
    """Return what follows on the status on ``on``; None for a status nothing follows on (在产)."""
    rules = [rule for rule in recheck_rules() if rule.status == status]
    return in_force(rules, on, what="停产关闭复核") if rules else None


def recheck_days(status: str, since: dt.date) -> list[tuple[int, dt.date, dict[str, Any]]]:
    """Return (month, last day, explanation) of each going back after the status began; empty if there is none."""
    rule = recheck_rule(status, since)
    return [] if rule is None else [_going_back(rule, since, month) for month in rule.months]


def _going_back(rule: RecheckRule, since: dt.date, month: int) -> tuple[int, dt.date, dict[str, Any]]:
    day = add_months(since, month)
    return month, day, _clock(since, f"满{month}个月", day, rule.source, rule.doc_no)


def next_recheck(
    status: str, since: dt.date, found: Sequence[bool], on: dt.date
) -> tuple[int, dt.date, dict[str, Any]] | None:
    """Return the going back that follows beyond those laid down when the status began; None when none does.

    `found` says of each going back so far, in order, whether the place was working again; `on` is the day of the
    last. After a find somebody goes monthly until it was quiet often enough; else the long rhythm goes on.
    """
    rule = recheck_rule(status, since)
    if rule is None:
        return None
    quiet = list(reversed(found)).index(True) if True in found else None
    if quiet is not None and quiet < rule.calm:
        return _first_after(rule, since, rule.again_months, on)
    if rule.then_every is not None and on >= add_months(since, rule.months[-1]):
        return _first_after(rule, since, rule.then_every, on)
    return None


def _first_after(
    rule: RecheckRule, since: dt.date, every: int, on: dt.date
) -> tuple[int, dt.date, dict[str, Any]]:
    """The first multiple of `every` months since the status began that leaves a week's time."""
    month = every
    while add_months(since, month) < on + LEAST_NOTICE:
        month += every
    return _going_back(rule, since, month)


def reevaluation_rule(on: dt.date) -> ReevaluationRule:
    """Return the rule in force on ``on``. Raises UnknownRule before there was one."""
    return in_force(_reevaluations(), on, what="重大危险源评估")


def reevaluate_by(evaluated_on: dt.date) -> tuple[dt.date, dict[str, Any]]:
    """Return the last day of the next evaluation and the explanation of it."""
    rule = reevaluation_rule(evaluated_on)
    day = add_months(evaluated_on, rule.months)
    return day, _clock(evaluated_on, f"每{rule.months}个月", day, rule.source, rule.doc_no)


def file_by(evaluated_on: dt.date) -> dt.date:
    """Return the last day of filing an evaluation (备案)."""
    return evaluated_on + dt.timedelta(days=reevaluation_rule(evaluated_on).filing_days)


def _clock(start: dt.date, term: str, due_on: dt.date, source: str, doc_no: str) -> dict[str, Any]:
    return {
        "summary": f"自{start.isoformat()}起{term}，至{due_on.isoformat()}",
        "source": f"{source}，{doc_no}",
    }
