"""Parts and wholes: 其中…, 分别为…, …合计…, and what is left over.

“其中” does not promise that the parts are all: a sum that differs is only asserted when something else says that they
are: another measure of the same parts adds up, a last part is called 其他, they stand in a colon list, or they are a
little more than the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from bihuan.figures.model import Relation
from bihuan.figures.quantities import Interval, Quantity, Sentence

_AMONG = re.compile(r"其中(?:包括|有)?\s?[:：,，]?")
_LIST = re.compile(r"(?:分别(?:为|是|有)|包括|即|如下)?\s?[:：]|分别(?:为|是|有)\s?")
_TOTAL = re.compile(r"(?:合计|共计|总计|总共)(?:为|有|达)?$")
_REMAINDER = re.compile(r"其余|其他|其它|余下|剩余|另外的")
_LEFT_OVER = re.compile(
    r"还有|尚有|还剩|剩余|其余|余下|未(?:整改|完成|办结|验收|销号|关闭)|正在(?:整改|办理|推进)|仍有"
)
_DONE = re.compile(r"已|完成|办结|销号|整改(?:到位|完毕)")
_WHOLE_MARK = re.compile(r"同时|此外|另外|与此同时|截至|截止")


def shown(value: Decimal) -> str:
    """A number as people write it: no exponent, no trailing zeros."""
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def span_of(quantity: Quantity) -> tuple[int, int]:
    """The place of a printed number."""
    return quantity.start, quantity.end


def usable(quantity: Quantity) -> bool:
    """Say whether a number can be part of a sum."""
    return not quantity.is_rough and not quantity.is_percent and "同比" not in quantity.label


def _sum(parts: list[Quantity]) -> Interval:
    total = Interval(Decimal(0), Decimal(0))
    for part in parts:
        total += part.interval
    return total


def _holds(whole: Quantity, parts: list[Quantity]) -> bool:
    return whole.interval.meets(_sum(parts))


def _relation(whole: Quantity, parts: list[Quantity]) -> Relation:
    total = sum((part.value for part in parts), Decimal(0))
    sign = "＋".join(shown(part.value) for part in parts)
    holds = _holds(whole, parts)
    said = (
        f"与所列总数 {whole.text} 一致"
        if holds
        else f"文中总数写 {whole.text}，相差 {shown(abs(total - whole.value))}"
    )
    return Relation(
        "sum",
        f"{sign}＝{shown(total)}{whole.unit}，{said}。",
        (span_of(whole), *(span_of(part) for part in parts)),
        shown(whole.value),
        shown(total),
        "" if holds else shown(total - whole.value),
    )


def _segments(sentence: Sentence, start: int, depth: int) -> list[list[Quantity]]:
    """Cut what follows `start` into parallel parts: at semicolons when there are any, else one part a number."""
    following = [q for q in sentence.quantities if q.start >= start and q.depth >= depth]
    if depth:
        shut = next(
            (i for i in range(start - sentence.start, len(sentence.text)) if sentence.text[i] in "）)"), None
        )
        if shut is not None:
            following = [q for q in following if q.start < sentence.start + shut]
    parts: list[list[Quantity]] = []
    cursor = start
    for quantity in following:
        if quantity.depth != depth:
            continue
        between = sentence.text[cursor - sentence.start : quantity.start - sentence.start]
        if not parts or re.search("[;；]", between):
            parts.append([])
        parts[-1].append(quantity)
        cursor = quantity.end
    return parts


def _measures(
    parts: list[list[Quantity]], wholes: list[Quantity]
) -> Iterator[tuple[Quantity, list[Quantity]]]:
    """Pair every whole with the numbers of the parallel parts that measure the same thing."""
    for whole in wholes:
        column: list[Quantity] = []
        for part in parts:
            same = [q for q in part if usable(q) and q.unit == whole.unit and q.depth == part[0].depth]
            if len(same) > 1 or sum(w.unit == whole.unit for w in wholes) > 1:
                same = [q for q in same if q.label[-2:] == whole.label[-2:]]
            if len(same) != 1:
                break
            column += same
        else:
            if len(column) >= 2:
                yield whole, column


def _leading(parts: list[Quantity], whole: Quantity) -> list[Quantity] | None:
    """The first two or more parts that together make the whole, when the rest of the sentence goes on to other things."""
    for count in range(len(parts), 1, -1):
        if _holds(whole, parts[:count]) and whole.value > 2:
            return parts[:count]
    return None


def among(before: list[Sentence], sentence: Sentence) -> Iterator[tuple[Relation, bool]]:
    """Check what follows each 其中 of a sentence against the number before it. Yields relation and whether it holds."""
    for match in _AMONG.finditer(sentence.text):
        at = sentence.start + match.end()
        here = sentence.text[: match.start()]
        depth = max(0, len(re.findall("[（(]", here)) - len(re.findall("[）)]", here)))
        earlier = [q for q in sentence.quantities if q.end <= at and usable(q) and q.depth < max(depth, 1)]
        opens = not re.search(r"[\u4e00-\u9fff]", here)
        if opens:
            earlier = [q for s in before for q in s.quantities if usable(q) and q.depth == 0]
        if not earlier:
            continue
        parts = _segments(sentence, at, depth)
        found = list(_parallel(parts, earlier)) if len(parts) >= 2 else []
        if parts and not found:
            found = list(_single(parts[0], earlier, opens))
        yield from found


def _parallel(parts: list[list[Quantity]], earlier: list[Quantity]) -> Iterator[tuple[Relation, bool]]:
    columns = list(_measures(parts, _nearest_run(earlier)))
    held = [_holds(whole, column) for whole, column in columns]
    for (whole, column), holds in zip(columns, held, strict=True):
        if holds:
            yield _relation(whole, column), True
        elif len(column) >= 3 and (any(held) or _just_over(whole, column) or _ends_with_rest(column)):
            yield _relation(whole, column), False


def _nearest_run(earlier: list[Quantity]) -> list[Quantity]:
    """The numbers that can be the wholes: of each unit and measure the last one printed."""
    last: dict[tuple[str, str], Quantity] = {}
    for quantity in earlier:
        last[(quantity.unit, quantity.label[-2:])] = quantity
    return list(last.values())


def _just_over(whole: Quantity, parts: list[Quantity]) -> bool:
    """Say whether the parts are a little more than the whole; a little less may be a part not worth printing."""
    total = sum((p.value for p in parts), Decimal(0))
    return whole.value >= 100 and 0 < (total - whole.value) * 100 <= whole.value


def _ends_with_rest(parts: list[Quantity]) -> bool:
    return bool(_REMAINDER.match(parts[-1].label))


def _single(
    following: list[Quantity], earlier: list[Quantity], opens: bool
) -> Iterator[tuple[Relation, bool]]:
    whole = next(
        (q for q in reversed(earlier) if any(usable(f) and f.unit == q.unit for f in following)), None
    )
    if whole is None:
        return
    parts = [q for q in following if usable(q) and q.unit == whole.unit]
    if len(parts) >= 2 and (found := _leading(parts, whole)):
        yield _relation(whole, found), True
        return
    same = [q for q in earlier if q.unit == whole.unit]
    whole_list = len(parts) == len(following) >= 2
    if whole_list and (_ends_with_rest(parts) or (len(parts) >= 3 and _just_over(whole, parts))):
        yield _relation(whole, parts), False
    elif len(same) == 1 and not opens and parts[0].interval.low > whole.interval.high:
        yield (
            Relation(
                "part",
                f"“其中”的 {parts[0].text} 大于总数 {whole.text}。",
                (span_of(parts[0]), span_of(whole)),
                shown(parts[0].value),
                shown(whole.value),
                shown(whole.value - parts[0].value),
            ),
            False,
        )


def listed(sentence: Sentence) -> Iterator[tuple[Relation, bool]]:
    """Check a total with its list: 共25起：甲县12起、乙县8起、丙县5起; 甲县12起、乙县8起，合计20起."""
    for at, quantity in enumerate(sentence.quantities):
        if not usable(quantity) or quantity.depth:
            continue
        parts = _list_before(sentence, at) if _TOTAL.search(quantity.label) else _list_after(sentence, at)
        if len(parts) >= 2:
            yield _relation(quantity, parts), _holds(quantity, parts)


def _list_before(sentence: Sentence, at: int) -> list[Quantity]:
    """The numbers directly before a 合计, all of its unit; none when they reach back over another total."""
    total = sentence.quantities[at]
    parts: list[Quantity] = []
    for earlier in reversed(sentence.quantities[:at]):
        if earlier.unit != total.unit or not usable(earlier) or earlier.depth:
            break
        parts.insert(0, earlier)
    if any(_TOTAL.search(part.label) or "其中" in part.label for part in parts):
        return []
    return parts


def _list_after(sentence: Sentence, at: int) -> list[Quantity]:
    """The numbers of a colon list after a total; none unless everything that follows belongs to the list."""
    total = sentence.quantities[at]
    colon = _LIST.match(sentence.text, total.end - sentence.start + len(total.after))
    if not colon or "其中" in sentence.text[colon.end() :]:
        return []
    parts = [q for q in sentence.quantities[at + 1 :] if q.start >= sentence.start + colon.end()]
    if any(part.unit != total.unit or not usable(part) or part.depth for part in parts):
        return []
    if parts and _WHOLE_MARK.search(sentence.text[colon.end() : parts[-1].start - sentence.start]):
        return []
    return parts


def rest(sentence: Sentence, following: Sentence | None) -> Iterator[tuple[Relation, bool]]:
    """Check found minus done against what is said to be left, in the same sentence or the next one."""
    counts = [q for q in sentence.quantities if usable(q)]
    for found, done in pairwise(counts):
        if found.unit != done.unit or done.value >= found.value or not _DONE.search(done.label):
            continue
        expected = found.value - done.value
        left = next((q for q in counts if q.start > done.start and q.unit == found.unit), None)
        if left and _LEFT_OVER.search(left.label) and left is counts[counts.index(done) + 1]:
            yield _difference(found, done, left), left.value == expected
        elif following and following.paragraph == sentence.paragraph:
            for later in following.quantities:
                words = {found.label[i : i + 2] for i in range(len(found.label) - 1)}
                words |= {found.after[i : i + 2] for i in range(len(found.after) - 1)}
                about = later.label + later.after
                shared = any(about[i : i + 2] in words for i in range(len(about) - 1))
                if usable(later) and later.unit == found.unit and later.value == expected > 2 and shared:
                    yield _difference(found, done, later), True


def _difference(found: Quantity, done: Quantity, left: Quantity) -> Relation:
    expected = found.value - done.value
    holds = left.value == expected
    said = "与文中一致" if holds else f"文中写 {left.text}，相差 {shown(abs(left.value - expected))}"
    return Relation(
        "rest",
        f"{shown(found.value)}－{shown(done.value)}＝{shown(expected)}{found.unit}，{said}。",
        (span_of(left), span_of(found), span_of(done)),
        shown(left.value),
        shown(expected),
        "" if holds else shown(expected - left.value),
    )
