"""What a change in percent implies about the former period, number by number and part by part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from bihuan.figures.model import Relation
from bihuan.figures.quantities import Interval, Quantity, Sentence
from bihuan.figures.sums import shown, span_of, usable

_WAY = re.compile(r"(?P<way>下降|减少|降低|上升|增长|增加|提高|升高|回落)(?:了|幅度?为)?$")
_CHAINED = re.compile(r"^[和与及、,，]?$")
_UNCHANGED = re.compile(r"(?:与(?:上年|去年)?同期|同比)(?:基本)?持平")
_DOWN = ("下降", "减少", "降低", "回落")
_SAME_PERIOD = re.compile(r"同比|同期|上年|去年")
_AMONG = re.compile(r"\s*其中(?:包括)?\s?[:：,，]?")
# Beyond this a former count fits any percentage with one decimal.
_SMALL = 1000


@dataclass(frozen=True)
class Compared:
    """A count with its change against the same period of the year before; +10 is ten percent more."""

    now: Quantity
    percent: Quantity | None
    sign: int

    @property
    def former(self) -> Interval:
        """What the former count can have been, with one unit of the last printed digit to spare."""
        if self.percent is None:
            return self.now.interval
        rate = self.percent.value / 100
        slack = self.percent.step / 100
        low, high = 1 + self.sign * rate - slack, 1 + self.sign * rate + slack
        if low <= 0:
            return Interval(Decimal(0), Decimal("Infinity"))
        return Interval(self.now.interval.low / high, self.now.interval.high / low)


def pair_changes(quantities: list[Quantity], text: str, offset: int) -> list[Compared]:
    """Match counts with the percentages that say how they changed, in printed order.

    Only when there are as many of the one as of the other; 持平 speaks for all counts of the stretch.
    """
    counts = [q for q in quantities if usable(q)]
    percents = [q for q in quantities if q.is_percent and not q.is_rough]
    if counts and not percents and _UNCHANGED.search(text):
        return [Compared(q, None, 0) for q in counts]
    if not counts or len(counts) != len(percents) or not _SAME_PERIOD.search(text):
        return []
    found: list[Compared] = []
    sign, previous = 0, None
    for count, percent in zip(counts, percents, strict=True):
        if match := _WAY.search(percent.label):
            sign = -1 if match["way"] in _DOWN else 1
        elif not (previous and sign and _CHAINED.match(text[previous.end - offset : percent.start - offset])):
            return []
        found.append(Compared(count, percent, sign))
        previous = percent
    return found


def _stretches(sentence: Sentence) -> Iterator[tuple[list[Quantity], str, int]]:
    """The parts of a sentence between semicolons, each with its numbers outside brackets."""
    for match in re.finditer(r"[^;；]+[;；]?", sentence.text):
        start = sentence.start + match.start()
        inside = [
            q for q in sentence.quantities if start <= q.start < start + len(match.group()) and q.depth == 0
        ]
        yield inside, match.group(), start


def bases(sentence: Sentence) -> Iterator[tuple[Relation, bool]]:
    """Check that some whole number of the former period gives the stated change: 3起 cannot be 30% fewer than before."""
    for quantities, text, offset in _stretches(sentence):
        for pair in pair_changes(quantities, text, offset):
            if pair.percent is None or not pair.now.is_exact or not 0 < pair.now.value <= _SMALL:
                continue
            bounds = pair.former
            if not bounds.high.is_finite():
                continue
            first = bounds.low.to_integral_value(ROUND_CEILING)
            last = bounds.high.to_integral_value(ROUND_FLOOR)
            way = "下降" if pair.sign < 0 else "上升"
            if first > last:
                low = bounds.low.to_integral_value(ROUND_FLOOR)
                yield (
                    Relation(
                        "base",
                        f"{pair.now.text}、{way} {pair.percent.text}，上年同期应在 {low} 与 {low + 1} 之间，"
                        "没有这样的整数，其中一个数有误。",
                        (span_of(pair.percent), span_of(pair.now)),
                        shown(pair.percent.value),
                        f"{low}～{low + 1}",
                    ),
                    False,
                )
            elif first == last:
                yield (
                    Relation(
                        "base",
                        f"{pair.now.text}、{way} {pair.percent.text}，上年同期为 {first}{pair.now.unit}，可以成立。",
                        (span_of(pair.percent), span_of(pair.now)),
                        shown(pair.percent.value),
                        shown(first),
                    ),
                    True,
                )


def parts_changed(before: list[Sentence], sentence: Sentence) -> Iterator[tuple[Relation, bool]]:
    """Check the former numbers of 其中-parts, computed from their changes, against that of the whole.

    Parts cannot have been more than the whole was; whether they are all is not assumed.
    """
    opening = _AMONG.match(sentence.text)
    if not opening or not before:
        return
    wholes = [
        pair
        for s in before
        for pair in pair_changes([q for q in s.quantities if q.depth == 0], s.text, s.start)
    ]
    parts = [pair_changes(*stretch) for stretch in _stretches(sentence)]
    if len(parts) < 2 or not all(parts):
        return
    for whole in wholes:
        column = [
            [p for p in part if p.now.unit == whole.now.unit and p.now.label[-2:] == whole.now.label[-2:]]
            or [p for p in part if p.now.unit == whole.now.unit][: 1 if len(part) <= 2 else 0]
            for part in parts
        ]
        same_unit = sum(w.now.unit == whole.now.unit for w in wholes) > 1
        if same_unit:
            column = [[p for p in cell if p.now.label[-2:] == whole.now.label[-2:]] for cell in column]
        if not all(len(cell) == 1 for cell in column):
            continue
        cells = [cell[0] for cell in column]
        total = Interval(Decimal(0), Decimal(0))
        for cell in cells:
            total += cell.former
        former = whole.former
        spans = (span_of(whole.percent or whole.now), *(span_of(cell.percent or cell.now) for cell in cells))
        stated = f"{former.low:.0f}～{former.high:.0f}"
        computed = f"{total.low:.0f}～{total.high:.0f}"
        if total.low > former.high:
            yield (
                Relation(
                    "parts_change",
                    f"按各分项的增减幅推算，上年同期合计不少于 {total.low:.0f}{whole.now.unit}；"
                    f"按总数 {whole.now.text} 的增减幅推算，上年同期不多于 {former.high:.0f}{whole.now.unit}。"
                    "分项之和大于总体，至少一个增减幅有误。",
                    spans,
                    stated,
                    computed,
                ),
                False,
            )
        elif total.meets(former) and all(c.now.is_exact for c in cells):
            yield (
                Relation(
                    "parts_change",
                    f"各分项与总数 {whole.now.text} 的增减幅推算出的上年同期数相符"
                    f"（约 {former.low:.0f}～{former.high:.0f}{whole.now.unit}）。",
                    spans,
                    stated,
                    computed,
                ),
                True,
            )
