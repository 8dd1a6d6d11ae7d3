"""Enumerators: twice the same, one left out, two ways of writing at one level."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from bihuan.plans.lint.draft import Draft, Item
from bihuan.plans.lint.finding import Finding
from bihuan.plans.model import Span
from bihuan.plans.numerals import chinese_number

_DECIMAL = re.compile(r"(?P<above>(?:\d{1,2}[.．])+)\d{1,2}")
_ANNOUNCED = re.compile(
    r"(?:以下|下列|如下)\s?(?P<n>\d{1,2}|[一二两三四五六七八九十]{1,3})\s?(?:个|项|条|大|类)(?:方面|重点|任务|行动|工程|措施|工作|内容|问题|事项|环节|领域)?"
)
_CHINESE = "零一二三四五六七八九十"


def numeral(number: int) -> str:
    """Return a number below 100 in Chinese numerals: 12 -> 十二."""
    if number <= 10:
        return _CHINESE[number]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else _CHINESE[tens]) + "十" + (_CHINESE[ones] if ones else "")


def marker(draft: Draft, item: Item) -> str:
    """Return the enumerator as printed, blanks gone."""
    return re.sub(r"\s", "", item.heading.marker.of(draft.text))


def like(printed: str, number: int) -> str:
    """Write another number in the way of a printed enumerator: （二） and 3 -> （三）."""
    decimal = _DECIMAL.match(printed)
    if decimal:
        return f"{decimal['above']}{number}{printed[decimal.end() :]}"
    if re.search(r"\d", printed):
        return re.sub(r"\d+", str(number), printed)
    if re.search(r"[①-⑳]", printed):
        return chr(0x2460 + number - 1)
    return re.sub(r"[一二三四五六七八九十]+", numeral(number), printed)


def _families(draft: Draft) -> Iterator[list[Item]]:
    """Yield the items that share a parent, a rank and, for decimals, the numbers before the last; in printed order."""
    groups: dict[tuple[int, int, str], list[Item]] = defaultdict(list)
    for item in draft.items:
        decimal = _DECIMAL.match(marker(draft, item))
        above = decimal["above"] if decimal else ""
        groups[id(item.parent), item.heading.rank, above].append(item)
    yield from groups.values()


def check_sequence(draft: Draft) -> Iterator[Finding]:
    """Report numbers that come twice or are left out among siblings (GB/T 9704-2012, 7.3.3).

    Numbers may run on from one group, or one section, to the next: then each family begins where the last item of its
    rank ended. Below an unnumbered subheading they may begin again at 1.
    """
    for family in _families(draft):
        first = family[0]
        begins = first.heading.number
        if begins > 1 and first.parent is not None and begins != _last_before(draft, first) + 1:
            before = Span(first.parent.heading.marker.end, first.heading.marker.start)
            yield from _missing(draft, before, first, 1)
        seen = {begins}
        previous, offset = first, 0
        for index, item in enumerate(family[1:], 1):
            number = item.heading.number
            if number == 1 and previous.heading.number > 1 and _below_subheading(draft, item):
                seen, offset = {1}, index
                begins = 1
            elif number in seen:
                yield _duplicate(draft, item, family, previous)
            elif number > previous.heading.number + 1 and number != begins + index - offset:
                between = Span(previous.heading.marker.end, item.heading.marker.start)
                yield from _missing(draft, between, item, previous.heading.number + 1)
            seen.add(number)
            previous = item


def _last_before(draft: Draft, item: Item) -> int:
    """Return the number of the last item of the same rank before this one, 0 if there is none."""
    earlier = (
        other.heading.number
        for other in reversed(draft.items[: draft.items.index(item)])
        if other.heading.rank == item.heading.rank
    )
    return next(earlier, 0)


def _below_subheading(draft: Draft, item: Item) -> bool:
    """Say whether a short line without a number stands right above an item (企业经营环节：)."""
    above = draft.text[: item.heading.marker.start].rstrip(" \t\u3000").removesuffix("\n")
    line = above[above.rfind("\n") + 1 :].strip()
    return 0 < len(line) <= 24 and not re.search(r"[。；;]$", line)


def check_counts(draft: Draft) -> Iterator[Finding]:
    """Report an announced number of items (以下五项) that differs from those listed below it."""
    for item in draft.items:
        if not item.children:
            continue
        for match in _ANNOUNCED.finditer(draft.plain, *item.own):
            stated = int(match["n"]) if match["n"].isdigit() else chinese_number(match["n"])
            children = [c for c in item.children if c.heading.rank == item.children[0].heading.rank]
            if stated and stated > 1 and stated != len(children):
                right = str(len(children)) if match["n"].isdigit() else numeral(len(children))
                yield draft.finding(
                    "number.count",
                    "error",
                    Span(*match.span()),
                    f"写明“{match.group()}”，下面列出的是 {len(children)} 项。",
                    f"改为“{match.group().replace(match['n'], right)}”，或补齐所列各项。",
                )


def _duplicate(draft: Draft, item: Item, family: list[Item], previous: Item) -> Finding:
    printed = marker(draft, item)
    rest = family[family.index(item) + 1 :]
    number = previous.heading.number + 1
    shifts = bool(rest) and rest[0].heading.number <= number
    later = f"，其后各项依次顺延到“{like(printed, number + len(rest))}”" if shifts else ""
    return draft.finding(
        "number.duplicate",
        "error",
        Span(item.heading.marker.start, item.heading.title_span.end),
        f"序号“{printed}”重复：“{draft.quote(item.heading.title_span)}”与前面的项目同号。",
        f"改为“{like(printed, number)}{draft.quote(item.heading.title_span, 40)}”{later}。",
    )


def _missing(draft: Draft, between: Span, item: Item, number: int) -> Iterator[Finding]:
    """Report the numbers left out before an item, unless one of them is printed in between, just not as an item."""
    printed = marker(draft, item)
    wanted = [like(printed, n) for n in range(number, item.heading.number)]
    for expected in wanted:
        bare = re.escape(expected.strip("、.．")).replace("（", "[（(]").replace("）", "[）)]")
        if re.search(rf"(?<!\d){bare}\s?[、.．)）]?", between.of(draft.text)) and not expected[:1].isdigit():
            return
        if expected[:1].isdigit() and re.search(rf"(?<!\d){bare}\s?[、.．]", between.of(draft.text)):
            return
    names = "、".join(f"“{n}”" for n in wanted[:5])
    if item.heading.number > 1 and number == 1:
        message = f"从“{printed}”开始编号，前面缺少{names}。"
        proposal = (
            f"给前面的首项补上序号{names}；如果本来就没有，把“{printed}”起的各项改为从“{wanted[0]}”开始。"
        )
    else:
        message = f"“{printed}”之前缺少{names}。"
        proposal = f"补上漏掉的{names}；如果没有漏项，把“{printed}”改为“{wanted[0]}”，其后顺延。"
    yield draft.finding(
        "number.missing",
        "warning",
        Span(item.heading.marker.start, item.heading.title_span.end),
        message,
        proposal,
    )


def check_style(draft: Draft) -> Iterator[Finding]:
    """Report enumerators written differently from the others of their level: 四. among 一、 二、 三、."""
    groups: dict[int, list[tuple[str, Item]]] = defaultdict(list)
    for item in draft.items:
        printed = marker(draft, item)
        if _DECIMAL.match(printed) or "第" in printed or re.search(r"[①-⑳]", printed) or not printed:
            continue
        groups[item.heading.rank].append((re.sub(r"[一二三四五六七八九十\d]+", "N", printed), item))
    for members in groups.values():
        styles = Counter(style for style, _ in members)
        if len(styles) < 2:
            continue
        usual = styles.most_common(1)[0][0]
        odd = [item for style, item in members if style != usual]
        item = odd[0]
        right = re.sub(r"N", _number_words(marker(draft, item)), usual)
        more = f"，全文同样的有 {len(odd)} 处" if len(odd) > 1 else ""
        yield draft.finding(
            "number.style",
            "advice",
            Span(item.heading.marker.start, item.heading.title_span.end),
            f"序号“{marker(draft, item)}”与同级其他序号写法不一（多数写作“{right}”）{more}。",
            f"改为“{right}{draft.quote(item.heading.title_span, 40)}”。",
        )


def _number_words(printed: str) -> str:
    match = re.search(r"[一二三四五六七八九十\d]+", printed)
    return match.group() if match else ""


CHECKS = (check_sequence, check_counts, check_style)
