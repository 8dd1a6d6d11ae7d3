"""Which objects an item asks by what is known of them (`fuel = 瓶装液化石油气；cylinder_stock > 100`). Values only.

Every part must hold. What the record does not say excludes nothing: an item is left out only where it surely does not
apply, never because a column is empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_PART = re.compile(r"(?P<name>[a-z][a-z0-9_]{0,39}) ?(?P<sign>>=|<=|!=|=|>|<) ?(?P<value>[^；=<>!]+)")
YES_NO = {"是": True, "否": False}


class NotACondition(ValueError):
    """The words are no condition. ``str()`` is a Chinese sentence."""


@dataclass(frozen=True)
class Part:
    """One comparison: an attribute of the object, a sign, a value as written."""

    name: str
    sign: str
    value: str

    def holds(self, attributes: Mapping[str, Any]) -> bool:
        """Whether an object fulfils it; what is not known is taken to."""
        known = attributes.get(self.name)
        if known is None or known == "" or known == []:
            return True
        if self.sign in ("=", "!="):
            return self._is_equal(known) == (self.sign == "=")
        number, bound = _number(known), _number(self.value)
        if number is None or bound is None:
            return True
        return {
            ">": number > bound,
            ">=": number >= bound,
            "<": number < bound,
            "<=": number <= bound,
        }[self.sign]

    def _is_equal(self, known: Any) -> bool:
        """A list holds any of its words; several words of the condition are parted by 、."""
        wanted = self.value.split("、")
        if isinstance(known, bool):
            return known in [YES_NO.get(each) for each in wanted]
        if isinstance(known, list):
            return bool(set(wanted) & {str(each) for each in known})
        number = _number(known)
        if not isinstance(known, str) and number is not None:
            return number in [_number(each) for each in wanted]
        return str(known) in wanted


def parse(words: str) -> tuple[Part, ...]:
    """Return the parts of a condition; none for "". Raises NotACondition naming the part that cannot be read."""
    found = []
    for text in filter(None, words.split("；")):
        match = _PART.fullmatch(text.strip())
        if match is None:
            raise NotACondition(
                f"适用条件“{text.strip()}”看不懂，请写成“属性名 比较符 值”，如 cylinder_stock > 100 或 fuel = 电，"
                "几个条件用；隔开"
            )
        part = Part(match["name"], match["sign"], match["value"].strip())
        if part.sign not in ("=", "!=") and _number(part.value) is None:
            raise NotACondition(f"适用条件“{text.strip()}”比较大小，值须是数")
        found.append(part)
    return tuple(found)


def applies(words: str, attributes: Mapping[str, Any]) -> bool:
    """Whether an item with this condition asks an object with these attributes. What cannot be read excludes nothing."""
    try:
        parts = parse(words)
    except NotACondition:
        return True
    return all(part.holds(attributes) for part in parts)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
