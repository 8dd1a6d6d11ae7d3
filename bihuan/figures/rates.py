"""Rates, shares and changes against a former period: a stated percentage beside the numbers it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from bihuan.figures.model import Relation
from bihuan.figures.quantities import Interval, Quantity, Sentence
from bihuan.figures.sums import shown, span_of, usable

_RATE = re.compile(r"(?P<stem>[\u4e00-\u9fff]{1,8}?)率(?:已|为|达到|达|是|约|均为|均达到?)?$")
_SHARE = re.compile(
    r"占(?:到|了)?(?P<of>[\u4e00-\u9fff“”、（）\d.]{0,24}?)(?:的比例为|比例为|的|比)?(?:为|达到|达)?$"
)
_BARE_SHARE = re.compile(r"占(?:到|了|比)?(?:为|达)?$")
_INLINE = re.compile(r"占[^，,；;。%]*\d[^，,；;。%]*的(?:比例为)?$")
_WHOLE_WORDS = re.compile(r"总数|总人数|总量|总|数|的|全部|全市|全县|全区")
_CHANGE = re.compile(r"(?P<way>下降|减少|降低|上升|增长|增加|提高|升高|回落)(?:了|幅度?为|约)?$")
_DOWN = ("下降", "减少", "降低", "回落", "少")
_COMPARED = re.compile(r"同比|环比|同期相比|上年|去年|增长|下降|上升|减少|增加|提高|降低")
_FORMER = re.compile(
    r"(?:上年|去年|上年度|同期|上月|上季度|上周|前年)(?:同期|同月)?(?:的|为|是|有)?$|^由$|由(?:去年|上年)(?:同期)?的?$"
)
_DELTA = re.compile(
    r"(?:同比|环比|比(?:上年|去年|上月|上季度)(?:同期)?)?(?P<way>增加|减少|下降|上升|增长|多|少)(?:了)?$"
)
_VERBS = re.compile(r"已|完成|整改|落实|合格|关闭|办结|销号|达标|通过|建成|签订|检测|检查|覆盖|培训|结案")


def _ratio(part: Quantity, whole: Quantity, percent: Quantity) -> tuple[bool, Decimal]:
    """Say whether part/whole may be printed as that percentage (rounded or cut off), and the ratio in percent."""
    value = part.value * 100 / whole.value
    if part.is_exact and whole.is_exact:
        return percent.tolerant.low <= value < percent.tolerant.high or value == percent.value, value
    low = part.interval.low * 100 / whole.interval.high
    high = part.interval.high * 100 / max(whole.interval.low, Decimal("0.0001"))
    return Interval(low, high).meets(percent.tolerant), value


def _rounded(value: Decimal, like: Quantity) -> str:
    """The computed percentage with as many decimals as the stated one, and two more where that hides a difference."""
    return shown(value.quantize(like.step, rounding=ROUND_HALF_UP))


def _relation(
    kind: str, part: Quantity, whole: Quantity, percent: Quantity, *, holds: bool, value: Decimal
) -> Relation:
    computed = _rounded(value, percent)
    said = "与文中一致" if holds else f"文中写 {percent.text}"
    return Relation(
        kind,
        f"{shown(part.value)}÷{shown(whole.value)}＝{computed}%，{said}。",
        (span_of(percent), span_of(part), span_of(whole)),
        shown(percent.value),
        computed,
        "" if holds else shown(Decimal(computed) - percent.value),
    )


def rates(sentence: Sentence, earlier: list[Quantity]) -> Iterator[tuple[Relation, bool]]:
    """Check …率p% against the two numbers before it, the later of which counts what was reached.

    `earlier` are the numbers of the paragraph before this sentence; they can confirm, never contradict.
    """
    for at, percent in enumerate(sentence.quantities):
        match = _RATE.search(percent.label) if percent.is_percent and not percent.is_rough else None
        if not match or _COMPARED.search(percent.label):
            continue
        before = [q for q in sentence.quantities[:at] if usable(q)]
        if not before:
            continue
        part = before[-1]
        wholes = [q for q in before[:-1] if q.unit == part.unit and q.value >= part.value > 0]
        elsewhere = [q for q in earlier if usable(q) and q.unit == part.unit and q.value >= part.value > 0]
        for whole in reversed([*elsewhere, *wholes]):
            holds, value = _ratio(part, whole, percent)
            # 53% is hit by chance too easily to be confirmed by a number of another sentence.
            if holds and (whole in wholes or percent.step < 1):
                yield _relation("rate", part, whole, percent, holds=True, value=value), True
                break
        else:
            adjacent = len(before) >= 2 and wholes and wholes[-1] is before[-2]
            named = match["stem"][-2:] in part.label and _VERBS.search(part.label)
            if adjacent and named and not any(q.is_percent for q in _between(sentence, before[-2], percent)):
                holds, value = _ratio(part, wholes[-1], percent)
                yield _relation("rate", part, wholes[-1], percent, holds=False, value=value), False


def _between(sentence: Sentence, first: Quantity, last: Quantity) -> list[Quantity]:
    return [q for q in sentence.quantities if first.end <= q.start < last.start]


def shares(sentence: Sentence, earlier: list[Quantity]) -> Iterator[tuple[Relation, bool]]:
    """Check 占…的p% against the number before it and a whole of the same unit earlier in the paragraph.

    A share that fits no whole is only doubted when the text names its whole, prints it within the clause, or when the
    other shares of the sentence show which whole is meant.
    """
    meant: Quantity | None = None
    unfit: list[tuple[Quantity, Quantity]] = []
    for at, percent in enumerate(sentence.quantities):
        match = _SHARE.search(percent.label) if percent.is_percent and not percent.is_rough else None
        before = [q for q in sentence.quantities[:at] if usable(q)]
        if not match or not before:
            continue
        inline = (
            before[-1]
            if _INLINE.search(percent.label) and before[-1].end > percent.start - len(percent.label)
            else None
        )
        if inline:
            before.pop()
        part = before[-1] if before else None
        if part is None or any(q.is_percent for q in _between(sentence, part, percent)):
            continue
        if inline:
            if inline.unit == part.unit and inline.value >= part.value:
                holds, value = _ratio(part, inline, percent)
                yield _relation("share", part, inline, percent, holds=holds, value=value), holds
            continue
        wholes = [
            q
            for q in (*earlier, *before[:-1])
            if usable(q) and q.unit == part.unit and q.value > part.value > 0
        ]
        subject = _WHOLE_WORDS.sub("", match["of"])
        named = [q for q in wholes if subject and _about(subject, q)]
        for whole in reversed(named or wholes):
            holds, value = _ratio(part, whole, percent)
            # A percentage without decimals is hit by chance too easily to be confirmed by any whole.
            if holds and (named or percent.step < 1 or whole is wholes[-1] or whole is meant):
                yield _relation("share", part, whole, percent, holds=True, value=value), True
                meant = meant or whole
                break
        else:
            if len(named) == 1 and subject in named[0].label + named[0].after:
                holds, value = _ratio(part, named[0], percent)
                yield _relation("share", part, named[0], percent, holds=False, value=value), False
            elif not match["of"]:
                unfit.append((part, percent))
    for part, percent in unfit:
        if meant and meant.unit == part.unit and meant.value > part.value:
            holds, value = _ratio(part, meant, percent)
            yield _relation("share", part, meant, percent, holds=holds, value=value), holds


def shares_together(sentence: Sentence) -> Iterator[tuple[Relation, bool]]:
    """Check that three or more shares of one sentence make 100 %, asserted only when the last is called 其他."""
    found = [
        q for q in sentence.quantities if q.is_percent and not q.is_rough and _BARE_SHARE.search(q.label)
    ]
    if len(found) < 3 or any(_COMPARED.search(q.label) for q in found):
        return
    total = sum((q.value for q in found), Decimal(0))
    slack = sum((q.step for q in found), Decimal(0)) / 2
    holds = abs(total - 100) <= slack
    head = sentence.text[: found[-1].start - sentence.start]
    closes = re.search(r"(?:其他|其它|其余|余下)[^；;。]{0,30}$", head)
    if holds or closes:
        said = "合计 100%（四舍五入范围内）" if holds else f"合计 {shown(total)}%，不是 100%"
        yield (
            Relation(
                "shares",
                f"{'＋'.join(shown(q.value) for q in found)}，{said}。",
                tuple(span_of(q) for q in found),
                "100",
                shown(total),
                "" if holds else shown(total - 100),
            ),
            holds,
        )


def _about(subject: str, quantity: Quantity) -> bool:
    words = quantity.label + quantity.after
    return any(subject[i : i + 2] in words for i in range(len(subject) - 1))


def changes(sentence: Sentence) -> Iterator[tuple[Relation, bool]]:
    """Check a change in percent or in number against the present and the former number of the same sentence."""
    counts = [q for q in sentence.quantities if usable(q) and not _DELTA.search(q.label)]
    former = [q for q in counts if _FORMER.search(q.label)]
    for then in former:
        present = [q for q in counts if q is not then and q.unit == then.unit and q not in former]
        if len(present) != 1 or then.value == 0:
            continue
        now = present[0]
        after = [q for q in sentence.quantities if q.start > min(then.start, now.start)]
        for quantity in after:
            if quantity.is_percent and (match := _CHANGE.search(quantity.label)) and not quantity.is_rough:
                value = (now.value - then.value) * 100 / then.value
                yield _change(now, then, quantity, match["way"] in _DOWN, value)
            elif (
                quantity.unit == now.unit
                and (match := _DELTA.search(quantity.label))
                and not quantity.is_rough
            ):
                yield _delta(now, then, quantity, match["way"] in _DOWN)
    if not former:
        yield from _by_delta(sentence, counts)


def _by_delta(sentence: Sentence, counts: list[Quantity]) -> Iterator[tuple[Relation, bool]]:
    """72起，同比增加12起、上升20%: the former number follows from the other two."""
    for first, second in zip(sentence.quantities, sentence.quantities[1:], strict=False):
        match, way = _DELTA.search(first.label), _CHANGE.search(second.label) if second.is_percent else None
        now = next((q for q in reversed(counts) if q.end <= first.start), None)
        if not (match and way and now and now.unit == first.unit and not first.is_percent):
            continue
        if first.is_rough or second.is_rough or not (now.is_exact and first.is_exact):
            continue
        down = match["way"] in _DOWN
        then = now.value + first.value if down else now.value - first.value
        if then <= 0:
            continue
        value = first.value * 100 / then
        holds = second.tolerant.low <= value < second.tolerant.high and (way["way"] in _DOWN) == down
        computed = _rounded(value, second)
        said = "与文中一致" if holds else f"文中写{way['way']} {second.text}"
        yield (
            Relation(
                "change",
                f"现为 {now.text}，{match['way']} {first.text}，上期为 {shown(then)}，"
                f"变动幅度为 {computed}%，{said}。",
                (span_of(second), span_of(now), span_of(first)),
                shown(second.value),
                computed,
                "" if holds else shown(Decimal(computed) - second.value),
            ),
            holds,
        )


def _change(
    now: Quantity, then: Quantity, percent: Quantity, down: bool, value: Decimal
) -> tuple[Relation, bool]:
    size = abs(value)
    direction = value == 0 or (value < 0) == down
    if now.is_exact and then.is_exact:
        holds = direction and percent.tolerant.low <= size < percent.tolerant.high
    else:
        low = (now.interval.low / then.interval.high - 1) * 100
        high = (now.interval.high / then.interval.low - 1) * 100
        signed = Interval(-percent.tolerant.high, -percent.tolerant.low) if down else percent.tolerant
        holds = Interval(low, high).meets(signed)
    computed = _rounded(size, percent)
    way = "下降" if value < 0 else "上升"
    said = "与文中一致" if holds else f"文中写{'下降' if down else '上升'} {percent.text}"
    relation = Relation(
        "change",
        f"由 {then.text} 到 {now.text}，{way} {computed}%，{said}。",
        (span_of(percent), span_of(now), span_of(then)),
        shown(percent.value),
        computed,
        "" if holds else shown(Decimal(computed) - percent.value),
    )
    return relation, holds


def _delta(now: Quantity, then: Quantity, delta: Quantity, down: bool) -> tuple[Relation, bool]:
    value = then.value - now.value if down else now.value - then.value
    slack = (now.step + then.step + delta.step) / 2 if not (now.is_exact and then.is_exact) else Decimal(0)
    holds = abs(value - delta.value) <= slack
    said = "与文中一致" if holds else f"文中写{'减少' if down else '增加'} {delta.text}"
    relation = Relation(
        "change",
        f"由 {then.text} 到 {now.text}，{'减少' if value >= 0 and down else '增加'} {shown(abs(value))}{now.unit}，{said}。",
        (span_of(delta), span_of(now), span_of(then)),
        shown(delta.value),
        shown(value),
        "" if holds else shown(value - delta.value),
    )
    return relation, holds
