"""Gas users judged by what was measured (燃气用户现场判定): cylinder stock, hoses, distances, ages, alarms.

Each criterion is data: when it applies, what must be so, what follows if it is not. A restaurant's own fault
does not become a major hazard of the gas company by itself; those are in ``hazards.json``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Literal

from bihuan.rules.calendar import add_months
from bihuan.rules.records import Provenance, is_in_force, load, provenance

Verdict = Literal["pass", "fail", "not_applicable", "unknown"]
Measured = bool | Decimal | int | str | dt.date

VERDICT_LABELS: dict[str, str] = {
    "pass": "合格",
    "fail": "不合格",
    "not_applicable": "不涉及",
    "unknown": "待测量",
}
COMPARATORS: dict[str, str] = {"<=": "不超过", ">=": "不小于", "<": "小于", ">": "超过"}
AGE = "age<="  # a day measured: so many months after it the thing must be replaced
UNIT_WORDS: dict[str, str] = {"kg": "公斤", "m": "米", "piece": "只"}


class BadMeasurement(ValueError):
    """A measurement that cannot be. ``str()`` is a Chinese sentence with the remedy."""


@dataclass(frozen=True)
class Measure:
    """Something an inspector measures or sees. ``type``: number (in ``unit``), yes_no, or day (since when)."""

    key: str
    label: str
    type: Literal["number", "yes_no", "day"]
    unit: str
    hint: str


@dataclass(frozen=True)
class Condition:
    """A measure compared with a value; ``age<=`` compares a day's age in months."""

    measure: str
    comparator: str
    value: Decimal | bool


@dataclass(frozen=True)
class GasCriterion(Provenance):
    """One thing that must be so. All of ``applies`` must hold for it to count, then all of ``requires``.

    ``follows``: what the user has to do; ``disposition``: correct_now, correct_by or stop_use (R052).
    """

    code: str
    text: str
    applies: tuple[Condition, ...]
    requires: tuple[Condition, ...]
    follows: str
    disposition: str
    severity: str


@dataclass(frozen=True)
class Judgement:
    """What a criterion says of the measurements; ``missing`` are labels of what is still to be measured."""

    criterion: GasCriterion
    verdict: Verdict
    found: str
    missing: tuple[str, ...]

    @property
    def label(self) -> str:
        """The verdict in Chinese."""
        return VERDICT_LABELS[self.verdict]

    def sentence(self) -> str:
        """Say in one Chinese sentence what was found, what must be so, and what follows."""
        rule = self.criterion
        if self.verdict == "unknown":
            return f"{rule.text}：还要测量{'、'.join(self.missing)}"
        if self.verdict == "not_applicable":
            return f"{rule.text}：不涉及"
        after = ""
        if self.verdict == "fail":
            after = f"，{dispositions()[rule.disposition]}：{rule.follows}"
        doubt = "" if rule.verified else "，待核对原文"
        return f"{rule.text}：{self.found}，{self.label}{after}（依据：{rule.source}，{rule.doc_no}{doubt}）"


@cache
def measures() -> dict[str, Measure]:
    """Return {key: measure} of everything that can be measured, in the order of the form."""
    return {row["key"]: Measure(**row) for row in load("gasusers")["measures"]}


@cache
def dispositions() -> dict[str, str]:
    """Return {key: Chinese label} of what is ordered when a criterion fails."""
    return dict(load("gasusers")["dispositions"])


@cache
def all_gas_criteria() -> tuple[GasCriterion, ...]:
    """Return every version of every criterion."""
    names = ("code", "text", "follows", "disposition", "severity")
    return tuple(
        GasCriterion(
            **{name: row[name] for name in names},
            applies=_conditions(row["applies"]),
            requires=_conditions(row["requires"]),
            **provenance(row),
        )
        for row in load("gasusers")["criteria"]
    )


def gas_criteria(on: dt.date) -> tuple[GasCriterion, ...]:
    """Return the criteria in force on ``on``."""
    return tuple(each for each in all_gas_criteria() if is_in_force(each, on))


@cache
def cylinder_sizes() -> dict[str, tuple[str, Decimal]]:
    """Return {key: (label, rated fill in kg)} of the usual cylinders."""
    return {row["key"]: (row["label"], Decimal(row["fill_kg"])) for row in load("gasusers")["cylinders"]}


def stock_kg(counts: Mapping[str, int]) -> Decimal:
    """Return the stock in kg of so many cylinders of each size: {"ysp118": 2} is 100. Raises BadMeasurement."""
    sizes, total = cylinder_sizes(), Decimal(0)
    for key, count in counts.items():
        if key not in sizes:
            raise BadMeasurement(f"没有“{key}”这种气瓶规格，可用：{'、'.join(sizes)}")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise BadMeasurement(f"{sizes[key][0]}的数量应为0以上的整数，所填为“{count}”")
        total += sizes[key][1] * count
    return total


def judge(measured: Mapping[str, Measured], on: dt.date) -> tuple[Judgement, ...]:
    """Judge a set of measurements by every criterion in force on ``on``, the day of the inspection.

    ``measured``: {key of a measure: number, yes/no or day}. What is not measured leaves its criteria 待测量;
    nothing is assumed. Raises BadMeasurement on an unknown key or a value of the wrong sort.
    """
    values = {key: _typed(key, value, on) for key, value in measured.items()}
    return tuple(_judge(each, values, on) for each in gas_criteria(on))


def failures(judgements: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """Return the judgements that failed, in document order."""
    return tuple(each for each in judgements if each.verdict == "fail")


def _judge(criterion: GasCriterion, values: Mapping[str, Decimal | bool | dt.date], on: dt.date) -> Judgement:
    known = measures()
    for condition in criterion.applies:
        if condition.measure in values and not _holds(condition, values[condition.measure], on):
            return Judgement(criterion, "not_applicable", "", ())
    conditions = (*criterion.applies, *criterion.requires)
    missing = dict.fromkeys(known[c.measure].label for c in conditions if c.measure not in values)
    if missing:
        return Judgement(criterion, "unknown", "", tuple(missing))
    found = "，".join(_said(condition, values[condition.measure], on) for condition in criterion.requires)
    holds = all(_holds(condition, values[condition.measure], on) for condition in criterion.requires)
    return Judgement(criterion, "pass" if holds else "fail", found, ())


def _holds(condition: Condition, value: Decimal | bool | dt.date, on: dt.date) -> bool:
    bound = condition.value
    if isinstance(value, dt.date):
        return on <= add_months(value, int(bound))
    match condition.comparator:
        case "=":
            return value == bound
        case "<=":
            return value <= bound
        case ">=":
            return value >= bound
        case "<":
            return value < bound
        case ">":
            return value > bound
    raise ValueError(f"unknown comparator {condition.comparator!r} in gasusers.json")


def _said(condition: Condition, value: Decimal | bool | dt.date, on: dt.date) -> str:
    """Return what was found, beside the bound where there is a number."""
    measure = measures()[condition.measure]
    if isinstance(value, bool):
        return f"{measure.label}为{'是' if value else '否'}"
    if isinstance(value, dt.date):
        last = add_months(value, int(condition.value))
        state = "应在此前更换" if on <= last else f"已超期{(on - last).days}天"
        return f"{measure.label}{value.isoformat()}，满{int(condition.value) // 12}年为{last.isoformat()}，{state}"
    unit = UNIT_WORDS[measure.unit]
    bound = f"{COMPARATORS[condition.comparator]}{condition.value:f}{unit}"
    return f"{measure.label}{value:f}{unit}，应{bound}"


def _typed(key: str, value: Measured, on: dt.date) -> Decimal | bool | dt.date:
    measure = measures().get(key)
    if measure is None:
        raise BadMeasurement(f"没有名为“{key}”的测量项，请从表中选择")
    if measure.type == "yes_no":
        if not isinstance(value, bool):
            raise BadMeasurement(f"“{measure.label}”应填是或否，所填为“{value}”")
        return value
    if measure.type == "day":
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            raise BadMeasurement(f"“{measure.label}”应填日期，所填为“{value}”")
        if value > on:
            raise BadMeasurement(f"“{measure.label}”{value.isoformat()}晚于检查日{on.isoformat()}，请核对")
        return value
    if isinstance(value, bool | dt.date):
        raise BadMeasurement(f"“{measure.label}”应填数字（{UNIT_WORDS[measure.unit]}），所填为“{value}”")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise BadMeasurement(
            f"“{measure.label}”应填数字（{UNIT_WORDS[measure.unit]}），所填为“{value}”"
        ) from error
    if not number.is_finite() or number < 0:
        raise BadMeasurement(f"“{measure.label}”应为0以上的数，所填为“{value}”")
    return number


def _conditions(rows: list[dict[str, str | bool]]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            measure=str(row["measure"]),
            comparator=str(row["comparator"]),
            value=row["value"] if isinstance(row["value"], bool) else Decimal(row["value"]),
        )
        for row in rows
    )
