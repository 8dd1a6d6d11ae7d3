"""What follows when a place stops, moves or closes, and how often a major-hazard unit is evaluated anew.

Months of going back are no national rule; the shipped ones are our own and marked so (R046). Evaluation every three
years and filing within fifteen days: 原总局令第40号.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from bihuan.rules.calendar import add_months
from bihuan.rules.records import in_force, load, provenance


@dataclass(frozen=True)
class RecheckRule:
    """After how many months somebody goes back, and whether work may begin again only after acceptance."""

    status: str
    months: tuple[int, ...]
    acceptance: bool
    source: str
    doc_no: str
    effective_from: dt.date
    effective_to: dt.date | None
    verified: bool


@dataclass(frozen=True)
class ReevaluationRule:
    """How long an evaluation of a major-hazard unit holds, and within how many days it is filed."""

    months: int
    filing_days: int
    source: str
    doc_no: str
    effective_from: dt.date
    effective_to: dt.date | None
    verified: bool


@cache
def recheck_rules() -> tuple[RecheckRule, ...]:
    """Return every version for every status."""
    return tuple(
        RecheckRule(row["status"], tuple(row["months"]), row["acceptance"], **provenance(row))
        for row in load("lifecycle")["rechecks"]
    )


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
    if rule is None:
        return []
    return [
        (
            month,
            day := add_months(since, month),
            _clock(since, f"满{month}个月", day, rule.source, rule.doc_no),
        )
        for month in rule.months
    ]


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
