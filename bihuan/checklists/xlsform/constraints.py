"""XPath constraints of numeric questions read as bounds: `. <= 2`, `. >= 0 and . <= 100`, `0 < .`.

A small grammar: comparisons of `.` with a number, joined by and, or, brackets; an alternative about another question
(`${item} = 'fail'`) bounds nothing. What goes beyond it is not guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:\d{1,15}(?:\.\d{1,9})?|\.\d{1,9}))(?![\d.])|(?P<self>\.)(?!\d)|(?P<sign><=|>=|!=|<|>|=)|(?P<open>\()|(?P<close>\))"
    r"|(?P<word>and|or)\b|(?P<ref>\$\{[^{}]{1,200}\})|(?P<text>'[^']{0,200}'|\"[^\"]{0,200}\"))"
)
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}
MAX_LENGTH = 500


@dataclass(frozen=True)
class Bounds:
    """What a constraint demands of the value: comparator of `structure.COMPARATORS`, number, upper end of a range."""

    comparator: str
    number: Decimal
    upper: Decimal | None = None


class NotUnderstood(ValueError):
    """The constraint is no plain bound. ``str()`` is a Chinese clause."""


Limit = tuple[str, Decimal]


def bounds_of(constraint: str, *, may_be_negative: bool = False) -> Bounds:
    """Return the one bound or range a constraint demands. Raises NotUnderstood.

    `. >= 0` beside another bound only keeps out the impossible, unless the quantity ``may_be_negative``.
    """
    if len(constraint) > MAX_LENGTH:
        raise NotUnderstood("约束过长")
    limits = _Parser(_tokens(constraint)).read()
    if not limits:
        raise NotUnderstood("约束与数值无关")
    for idle in (">=", ">") if not may_be_negative else ():
        others = [limit for limit in limits if limit != (idle, 0)]
        limits = others or limits
    if len(limits) == 1:
        return Bounds(*limits[0])
    if len(limits) == 2:
        lower = next((number for sign, number in limits if sign == ">="), None)
        upper = next((number for sign, number in limits if sign == "<="), None)
        if lower is not None and upper is not None and lower < upper:
            return Bounds("between", lower, upper)
    raise NotUnderstood("约束不是一个上限、一个下限或者含两端的区间")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position, text = [], 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise NotUnderstood(f"约束里的“{text[position : position + 20].strip()}”无法识别")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return found


class _Parser:
    """Limits joined by and add up; of the branches of an or at most one may say anything about the value."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def read(self) -> list[Limit]:
        limits = self._either()
        if self.at < len(self.tokens):
            raise NotUnderstood("约束的写法不完整")
        return limits

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise NotUnderstood("约束的写法不完整")
        self.at += 1
        return self.tokens[self.at - 1]

    def _is_next(self, text: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] == ("word", text)

    def _either(self) -> list[Limit]:
        branches = [self._both()]
        while self._is_next("or"):
            self.at += 1
            branches.append(self._both())
        speaking = [limits for limits in branches if limits]
        if len(speaking) > 1:
            raise NotUnderstood("约束允许几个不同的范围")
        return speaking[0] if speaking else []

    def _both(self) -> list[Limit]:
        limits = self._one()
        while self._is_next("and"):
            self.at += 1
            limits = limits + self._one()
        return limits

    def _one(self) -> list[Limit]:
        kind, text = self._next()
        if kind == "open":
            self.depth += 1
            if self.depth > 20:
                raise NotUnderstood("约束的括号太多层")
            limits = self._either()
            if self._next()[0] != "close":
                raise NotUnderstood("约束的括号不配对")
            self.depth -= 1
            return limits
        sign = self._next()
        other, value = self._next()
        if sign[0] != "sign":
            raise NotUnderstood("约束的写法不完整")
        if (kind, other) == ("self", "number") and sign[1] in _FLIPPED:
            return [(sign[1], Decimal(value))]
        if (kind, other) == ("number", "self") and sign[1] in _FLIPPED:
            return [(_FLIPPED[sign[1]], Decimal(text))]
        if kind == "ref" and other in ("text", "number"):
            return []
        raise NotUnderstood("约束比较的不是数值和一个固定的数")
