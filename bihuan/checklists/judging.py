"""Judging what was measured against what is demanded, with the sentence that goes into the record."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from bihuan.checklists.structure import Measure
from bihuan.checklists.units import UNITS, convert, label, quantity, symbol_of, why_impossible

_PRINTED = re.compile(
    r"(?P<number>[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?)\s*(?P<unit>.*)", re.DOTALL
)
# Signs that an item asks for more than its number.
_MORE = re.compile(r"[，,、；;且并或和及]")
MOST_DIGITS = 18
SHOWN_DECIMALS = 6  # a third of an hour has no last digit; what is compared is not rounded


class ImpossibleReading(ValueError):
    """No instrument shows this: a sign, a unit, a number that cannot be. ``str()`` is a Chinese sentence."""


@dataclass(frozen=True)
class Reading:
    """A measured value: number and unit symbol (of `units.UNITS`)."""

    number: Decimal
    unit: str

    def __str__(self) -> str:
        return quantity(self.number, self.unit)


@dataclass(frozen=True)
class Judgement:
    """Whether a reading fulfils a measure, and the sentence that says so."""

    passed: bool
    explanation: str


def read(text: str) -> Reading:
    """Return the reading somebody typed: "2.3 m", "230厘米", "1,200 kg". Raises ImpossibleReading."""
    printed = unicodedata.normalize("NFKC", text).strip()
    match = _PRINTED.fullmatch(printed)
    if not match:
        raise ImpossibleReading(f"“{text.strip()}”看不出数值，请按“数字加单位”填写，如 2.3 m")
    if not match["unit"]:
        raise ImpossibleReading(f"“{text.strip()}”没有写单位，请写明单位，如 2.3 m")
    unit = symbol_of(match["unit"])
    if not unit:
        raise ImpossibleReading(f"单位“{match['unit']}”不认识，请用米（m）、千克（kg）这样的单位")
    return _possible(Reading(Decimal(match["number"].replace(",", "")), unit))


def judge(measure: Measure, reading: Reading) -> Judgement:
    """Return whether ``reading`` fulfils ``measure``, and why: 实测 2.3 m，标准 不大于 2 m，不合格.

    A reading in another unit of the same quantity is converted exactly. Raises ImpossibleReading when there can be no
    such value, when its unit is missing, or when it measures something else.
    """
    _possible(reading)
    number = convert(reading.number, reading.unit, measure.unit)
    if number is None:
        raise ImpossibleReading(
            f"实测值的单位是“{label(reading.unit)}”，标准的单位是“{label(measure.unit)}”，不能比较，请重新测量或换算"
        )
    passed = _fulfils(measure, number)
    shown = str(reading)
    if reading.unit != measure.unit:
        shown += f"（即 {quantity(round(number, SHOWN_DECIMALS), measure.unit)}）"
    return Judgement(passed, f"实测 {shown}，标准 {measure.demand}，{'合格' if passed else '不合格'}")


def decides(text: str) -> bool:
    """Whether the number alone settles an item: 软管不大于 2 m does, 净高不小于 2.2 m，有报警器 asks for more.

    In doubt it does not: whoever looks then says 合格 by hand, while a number that fails always settles it.
    """
    return _MORE.search(text) is None


def _possible(reading: Reading) -> Reading:
    if not reading.unit:
        raise ImpossibleReading(f"实测值 {reading.number} 没有单位，请写明单位")
    if reading.unit not in UNITS:
        raise ImpossibleReading(f"单位“{reading.unit}”不认识，请用单位表里的单位")
    if reading.number.is_finite() and _is_overlong(reading.number):
        raise ImpossibleReading(f"实测值的数字超过{MOST_DIGITS}位，请核对后重新填写")
    if why := why_impossible(reading.number, reading.unit):
        shown = str(reading) if reading.number.is_finite() else str(reading.number)
        raise ImpossibleReading(f"实测值 {shown} {why}，请核对后重新填写")
    return reading


def _is_overlong(number: Decimal) -> bool:
    exponent = int(number.as_tuple().exponent)
    return len(number.as_tuple().digits) + max(exponent, 0) > MOST_DIGITS or exponent < -MOST_DIGITS


def _fulfils(measure: Measure, number: Decimal) -> bool:
    match measure.comparator:
        case "<=":
            return number <= measure.number
        case ">=":
            return number >= measure.number
        case "<":
            return number < measure.number
        case ">":
            return number > measure.number
        case "=":
            return number == measure.number
        case "between" if measure.upper is not None:
            return measure.number <= number <= measure.upper
    raise ValueError(f"数值标准的比较符“{measure.comparator}”不认识")
