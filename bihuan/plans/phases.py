"""Phases: items called 阶段 or 步骤, the items of a timetable, and named years (R016, R017)."""

from __future__ import annotations

import re
from datetime import date

from bihuan.plans.dates import Period, own_period, read_period
from bihuan.plans.model import Phase, Span
from bihuan.plans.outline import Node, Outline, heading_of
from bihuan.plans.sections import kind_of

_CALLED = re.compile(r"(?<!下一)(?<!现)(?<!上一)阶段|第[一二三四五六]步(?!伐)")
_NOT_A_PHASE = re.compile(r"要求|措施|保障|组织领导|职责|分工|方式|范围|目标|纪律|阶段性|各阶段|全过程")
_TIMETABLE = re.compile(r"步骤|阶段|时间安排|进度安排|日程安排|时间进度|工作进度|推进安排")
_NAMED_YEAR = re.compile(
    r"(?P<y>(?:19|20)\d\d)\s{0,2}年?\s{0,2}[（(]?(?:为|是|作为|确定为|开展|[：:])?\s{0,2}[“\"「](?P<name>[\u4e00-\u9fff]{2,12}年)[”\"」]"
    r"|[“\"「](?P<name2>[\u4e00-\u9fff]{2,12}年)[”\"」]?\s{0,2}[（(](?P<y2>(?:19|20)\d\d)\s{0,2}年?[）)]"
)
_BRACKETED = re.compile(r"\s{0,3}[（(][^（）()]{0,50}[）)]\s{0,3}$")
PERIOD_BRACKET = re.compile(
    r"\s{0,3}[（(](?:[自从至]|即日)?[^（）()]{0,12}?(?:\d{1,2}\s?[月日]|(?:19|20)\d\d\s?年|年底)[^（）()]{0,40}[）)]"
)
_LOOSE = re.compile(
    r"(?:^|(?<=[\n。]))[ \u3000]{0,6}(?P<name>第[一二三四五六]阶段[^。；;\n（(]{0,30})(?P<tail>[（(][^（）()\n]{3,40}[）)])"
)


def phase_heading(text: str, node: Node) -> tuple[str, Span]:
    """Return the heading of a phase; after a bare 第一阶段： it goes on to what the phase is called."""
    heading, span = heading_of(text, node.content, 60)
    if re.fullmatch(r"第[一二三四五六](?:阶段|步)", heading) and text[span.end : span.end + 1] in ("：", ":"):
        rest, more = heading_of(text, Span(span.end + 1, node.own.end), 50)
        if rest and not rest[0].isdigit():
            return text[span.start : more.end], Span(span.start, more.end)
    return heading, span


def name_of(heading: str) -> str:
    """Return a phase's name without its bracketed period."""
    period = PERIOD_BRACKET.search(heading)
    name = heading[: period.start()] if period and period.start() >= 2 else heading
    name = _BRACKETED.sub("", name)
    name = re.sub(r"[（(][^（）()]{0,40}$", "", name)
    return name.strip(" 。：:，,") or heading


def is_phase(node: Node, text: str) -> bool:
    """Say whether an item is a phase: by its name, or by standing in a timetable with a period or among such."""
    heading, _ = phase_heading(text, node)
    name = name_of(heading)
    if node.is_section or _NOT_A_PHASE.search(name):
        return False
    if _CALLED.search(name) and len(name) <= 24:
        return True
    parent = node.parent
    if parent is None or len(name) > 24:
        return False
    title = text[parent.title.start : parent.title.end]
    timetable = bool(_TIMETABLE.search(title)) and kind_of(title) == "phases" and not is_phase(parent, text)
    if not timetable:
        return False
    return parent.is_section or period_of(node, text, None) is not None


def period_of(node: Node, text: str, own_year: int | None) -> Period | None:
    """Return the period of a phase: bracketed in its heading, or the opening words after it."""
    start = node.marker.end
    stop = min(node.own.end, start + 90)
    line = text.find("\n", start, stop)
    bracketed = own_period(text, start, line if line > 0 else stop, own_year)
    if bracketed:
        return bracketed
    _, heading = phase_heading(text, node)
    after = heading.end
    while after < node.own.end and text[after] in "。：:；; \u3000\n":
        after += 1
    label = re.compile(r"(?:时间|起止时间|时间安排|时限)\s{0,2}[：:]\s{0,2}").match(text, after, node.own.end)
    if label:
        after = label.end()
    return read_period(text, after, min(node.own.end, after + 60), own_year)


def find_phases(outline: Outline, text: str, own_year: int | None) -> dict[int, Phase]:
    """Return the phases of the outline, keyed by the offset of their item."""
    found: dict[int, Phase] = {}
    for node in outline.walk():
        if not is_phase(node, text):
            continue
        heading, heading_span = phase_heading(text, node)
        period = period_of(node, text, own_year)
        called = bool(_CALLED.search(heading))
        found[node.start] = Phase(
            name=name_of(heading),
            start=period.start if period else None,
            end=period.end if period else None,
            span=Span(node.start, node.end),
            confidence=0.95 if called and period else 0.8 if called or period else 0.6,
            rule="phase.named" if called else "phase.timetable",
            no=node.path,
            field_spans={"name": [heading_span]} | ({"period": [period.span]} if period else {}),
        )
    return found


def find_named_years(text: str, start: int, end: int) -> list[Phase]:
    """Return years given a name (2031年为“排查攻坚年”), each a phase of a whole year."""
    found, seen = [], set()
    for match in _NAMED_YEAR.finditer(text, start, end):
        name, year = match["name"] or match["name2"], int(match["y"] or match["y2"])
        if name in seen or name.endswith(("周年", "青年", "少年", "今年", "当年")):
            continue
        seen.add(name)
        found.append(
            Phase(
                name,
                date(year, 1, 1),
                date(year, 12, 31),
                Span(match.start(), match.end()),
                0.9,
                "phase.named_year",
            )
        )
    return found


def find_loose_phases(
    text: str, start: int, end: int, own_year: int | None, claimed: list[Span]
) -> list[Phase]:
    """Return phases that open a sentence without an enumerator: 第一阶段：部署（2031年3月）."""
    found = []
    for match in _LOOSE.finditer(text, start, end):
        span = Span(match.start("name"), match.end())
        if any(c.covers(span) for c in claimed):
            continue
        period = read_period(text, match.start("tail") + 1, match.end("tail"), own_year)
        if period:
            found.append(
                Phase(match["name"].strip("：: "), period.start, period.end, span, 0.7, "phase.loose")
            )
    return found
