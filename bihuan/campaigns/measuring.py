"""The number a check item of a plan demands, typed, so that the form judges it as it judges the library's (R055).

Only what the words say beyond doubt is typed: one bound, of a named quantity, that is a fault by itself. 存放气瓶超过100kg
但未设置专用气瓶间 stays words, because with the room there is no fault.
"""

from __future__ import annotations

import re

from bihuan.checklists.structure import LONGEST_LABEL, Measure
from bihuan.checklists.units import UNITS, why_impossible
from bihuan.plans.criteria import find_criteria
from bihuan.plans.model import Criterion

from .drafts import FORBIDDEN

# What stands behind a bound and narrows the fault, or names those it is said of: 超过30人的企业未配备.
_NARROWED = re.compile(r"[\s，,]*(?:但|却|而|且|并|又|仍|还|未|没|无|不|的[\u4e00-\u9fff])")
# A fault told as a comparison, turned into what must be so.
_DEMANDED = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def measure_in(text: str) -> Measure | None:
    """The one number the words demand; None for none, for several, and where the number alone is no fault."""
    words = text.removeprefix(FORBIDDEN)
    found = find_criteria(words, 0, len(words), in_fault=words != text)
    if len(found) != 1:
        return None
    [one] = found
    comparator = _comparator(one)
    label = one.subject.strip()
    if (
        not comparator
        or not 0 < len(label) <= LONGEST_LABEL
        or one.per
        or one.unit not in UNITS
        or _NARROWED.match(words, one.span.end)
    ):
        return None
    numbers = [one.value, *([one.upper] if one.upper is not None else [])]
    if any(number <= 0 or why_impossible(number, one.unit) for number in numbers):
        return None
    return Measure(label, comparator, one.value, one.unit, one.upper if comparator == "between" else None)


def _comparator(one: Criterion) -> str:
    """How the fulfilled side compares, "" where there is no plain way to say it."""
    if one.comparator == "range":
        return "" if one.is_fault else "between"
    if one.is_fault:
        return _DEMANDED.get(one.comparator, "")
    return one.comparator
