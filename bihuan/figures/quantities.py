"""Numbers with their units, as narrative reports print them, and the clauses and sentences they stand in.

A number is read with the exactness it was printed with: 1.4万 stands for anything that rounds to it, 600多家 for nothing
that could be checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Interval(NamedTuple):
    """All values a printed number may stand for, both ends included."""

    low: Decimal
    high: Decimal

    def __add__(self, other: Interval) -> Interval:  # type: ignore[override]
        return Interval(self.low + other.low, self.high + other.high)

    def meets(self, other: Interval) -> bool:
        """Say whether some value could be both."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True)
class Quantity:
    """One printed number. `value` is in units (1.4万个 is 14000 个), for a percentage in percent.

    `label` is what stands between the clause's beginning and the number, `after` what follows up to the clause's end;
    `depth` counts the brackets the number stands in; `step` is the worth of its last printed digit.
    """

    value: Decimal
    unit: str
    text: str
    start: int
    end: int
    label: str
    after: str
    depth: int
    step: Decimal
    is_rough: bool

    @property
    def is_percent(self) -> bool:
        return self.unit == "%"

    @property
    def is_exact(self) -> bool:
        """A count printed to its last unit."""
        return self.step == 1 and not self.is_percent

    @property
    def interval(self) -> Interval:
        """The values that round to this number; an exact count stands for itself alone."""
        if self.is_exact:
            return Interval(self.value, self.value)
        return Interval(self.value - self.step / 2, self.value + self.step / 2)

    @property
    def tolerant(self) -> Interval:
        """As `interval`, and the values that are cut off rather than rounded to this number."""
        if self.is_exact:
            return Interval(self.value, self.value)
        return Interval(self.value - self.step / 2, self.value + self.step)


_UNITS = (
    "个百分点|人次|户次|家次|车次|平方米|立方米|万元|亿元|公里|千米|人|名|起|家|个|处|份|条|项|件|次|台|辆|艘|座|栋|幢|户"
    "|所|间|吨|米|亩|元|块|只|套|支|场|张|篇|瓶|枚|具|部|批|宗|例|口|盏|组|%|％"
)
_NUMBER = re.compile(
    r"(?P<rough>(?:大约|约|近|超过|超|逾|不足|不到|将近|至少|不少于|不低于)\s?)?"
    r"(?<![\d.．A-Za-z第〔\[“‘/\-—－–~～×])"
    r"(?P<number>\d{1,3}(?:[,，]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)\s?"
    r"(?P<scale>万|亿|千)?(?P<many>多|余|几)?\s?"
    rf"(?P<unit>{_UNITS})(?!(?<=个)(?:月|工作日|小时|季度|年度|方面))(?P<above>(?:及|或)?(?:\d+(?:{_UNITS}))?(?:以上|左右|上下|以内|以下|多))?"
)
_SCALES = {"": 1, "千": 1000, "万": 10_000, "亿": 100_000_000}
_MONEY = {
    "万元": ("元", 10_000),
    "亿元": ("元", 100_000_000),
    "％": ("%", 1),
    "千米": ("公里", 1),
    "名": ("人", 1),
}
_CLAUSE = re.compile(r"[,，、;；:：。！？!?\n（）()]")
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]?")
_OPEN, _SHUT = "（(", "）)"


def find_quantities(text: str) -> list[Quantity]:
    """Return every number with a unit, in printed order; dates, numbers of documents and ordinals are none."""
    found = []
    depth, cursor = 0, 0
    for match in _NUMBER.finditer(text):
        for c in text[cursor : match.start()]:
            depth += (c in _OPEN) - (c in _SHUT and depth > 0)
            if c == "\n":
                depth = 0
        cursor = match.start()
        printed = re.sub("[,，]", "", match["number"])
        unit, factor = _MONEY.get(match["unit"], (match["unit"], 1))
        factor *= _SCALES[match["scale"] or ""]
        decimals = len(printed.partition(".")[2])
        left = max(
            (m.end() for m in _CLAUSE.finditer(text, max(0, match.start() - 80), match.start())), default=-1
        )
        stop = _CLAUSE.search(text, match.end())
        label = text[(left if left >= 0 else max(0, match.start() - 80)) : match.start("number")]
        found.append(
            Quantity(
                Decimal(printed) * factor,
                unit,
                match.group().strip(),
                match.start("number"),
                match.end("unit"),
                label.strip(),
                text[match.end() : stop.start() if stop else len(text)].strip(),
                depth,
                Decimal(factor).scaleb(-decimals),
                bool(match["rough"] or match["many"] or match["above"]),
            )
        )
    return found


class Sentence(NamedTuple):
    """A stretch up to a full stop, with its numbers; `paragraph` counts the lines before it."""

    start: int
    end: int
    text: str
    quantities: list[Quantity]
    paragraph: int


def sentences(text: str) -> list[Sentence]:
    """Cut a text into sentences with their quantities; a line end always ends a sentence."""
    quantities = find_quantities(text)
    found: list[Sentence] = []
    paragraph, cursor = 0, 0
    for match in _SENTENCE.finditer(text):
        if not match.group():
            continue
        inside = []
        while cursor < len(quantities) and quantities[cursor].start < match.end():
            inside.append(quantities[cursor])
            cursor += 1
        if match.group().strip():
            found.append(Sentence(match.start(), match.end(), match.group(), inside, paragraph))
        paragraph += match.group().endswith("\n")
    return found
