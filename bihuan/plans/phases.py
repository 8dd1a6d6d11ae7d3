"""Phases: items called 阶段 or 步骤, the items of a timetable, and named years (R016, R017)."""

from __future__ import annotations

import re
from datetime import date

from bihuan.plans.claims import Claims
from bihuan.plans.dates import DATE
from bihuan.plans.model import Phase, Span
from bihuan.plans.outline import Node, Outline, heading_of
from bihuan.plans.periods import (
    LABEL,
    Period,
    bracketed_period,
    own_period,
    read_period,
    relative_time,
    stated_length,
)
from bihuan.plans.sections import kind_of

_CALLED = re.compile(
    r"^第\s?[一二三四五六七八\d]\s?(?:个)?(?:阶段|步(?!伐))|^阶段[一二三四五六\d]|(?<!下一)(?<!现)(?<!上一)(?<!各)阶段(?:工作|任务)?$"
    r"|^[\u4e00-\u9fff、]{2,12}阶段(?=[：:，,（(])"
)
_NOT_A_PHASE = re.compile(
    r"要求|措施|保障|组织领导|职责|分工|方式|范围|目标|纪律|阶段性|各阶段|全过程|(?:时间|人员|地点|对象)$"
)
_DATED = re.compile(r"时间|安排|步骤|进度|程序|阶段")
_ANY_YEAR = 2000  # the year is unknown here, and only the shape of a period is asked for
_TIMETABLE = re.compile(r"步骤|阶段|时间安排|进度安排|日程安排|时间进度|工作进度|推进安排")
_NAMED_YEAR = re.compile(
    r"(?P<y>(?:19|20)\d\d)\s{0,2}年?\s{0,2}[（(]?(?:为|是|作为|确定为|开展|[：:])?\s{0,2}[“\"「](?P<name>[\u4e00-\u9fff]{2,12}年)[”\"」]"
    r"|[“\"「](?P<name2>[\u4e00-\u9fff]{2,12}年)[”\"」]?\s{0,2}[（(](?P<y2>(?:19|20)\d\d)\s{0,2}年?[）)]"
)
# 2031年为隐患攻坚年, 2031年，隐患攻坚年，…: without quotes the name must end its clause.
_PLAIN_YEAR = re.compile(
    r"(?P<y>(?:19|20)\d\d)\s{0,2}年\s{0,2}(?:[，,：:]|为|是|作为|确定为|定为)\s{0,2}(?P<name>[\u4e00-\u9fff]{2,8}年)(?=[，,。；;、（(\n])"
)
_BRACKETED = re.compile(r"\s{0,3}[（(][^（）()]{0,50}[）)]\s{0,3}$")
PERIOD_BRACKET = re.compile(
    r"\s{0,3}[（(](?:[自从至]|即日)?[^（）()]{0,12}?(?:\d{1,2}\s?[月日]|(?:19|20)\d\d\s?年|年底)[^（）()]{0,40}[）)]"
)
_LOOSE = re.compile(
    r"(?:^|(?<=[\n。]))[ \u3000]{0,6}(?P<name>第[一二三四五六]阶段[^。；;\n（(]{0,30})(?P<tail>[（(][^（）()\n]{3,40}[）)])"
)
# 一是动员部署阶段（3月）；二是…
_COUNTED_PHASE = re.compile(
    r"(?:[一二三四五六]是|首先是|其次是|最后是|[；;：:。])(?:[一二三四五六]是)?(?P<name>[\u4e00-\u9fff、]{2,12}?阶段)(?=[（(])"
)
# "…为集中整治阶段" after a period gives the phase its name.
_NAMED_PERIOD = re.compile(
    r"(?<=[月日底旬初末前])[，,]?\s?(?:为|是|属于|开展)\s?[“\"]?(?P<name>(?:第[一二三四五六]阶段)?[\u4e00-\u9fff、]{2,14}?阶段)"
)

_OPENING_PERIOD = re.compile(
    r"(?:[自从]|即日起至?)?(?:(?:(?:19|20)\d\d\s?[年./])?\s?\d{1,2}\s?(?:月份?|[./]\d{1,2})?\s?(?:\d{1,2}\s?[日号]|[上中下]旬|[底末初])?\s?(?:起|前)?\s?(?:[-‐‑‒–—―−－─﹣﹘~～〜∼˜]{1,2}|至|到)?\s?){1,2}"
)
# 自查阶段，3月1日至3月15日: the period behind a name that no bracket holds.
_BARE_PERIOD = re.compile(
    r"(?<=[\u4e00-\u9fff]{3})(?:[，,、 \u3000]\s?(?:时间)?(?:为|是)?(?:[自从于]|即日起?至?|截[止至]到?)?|(?<=阶段)(?:[自从于]|即日起?至?|时间)?)\s?(?:(?:19|20)\d\d\s?[年.]|\d{1,2}\s?月|(?:本|今)?年底)[^（）()]*$"
)


def phase_heading(text: str, node: Node) -> tuple[str, Span]:
    """Return the heading of a phase; after a bare 第一阶段： it goes on to what the phase is called."""
    heading, span = heading_of(text, node.content, 60)
    only_period = _OPENING_PERIOD.fullmatch(heading)
    numbered = re.fullmatch(r"第[一二三四五六七八\d]个?(?:阶段|步)|阶段[一二三四五六\d]", heading)
    if (numbered or only_period) and text[span.end : span.end + 1] in ("：", ":"):
        rest, more = heading_of(text, Span(span.end + 1, node.own.end), 50)
        if rest and only_period:
            return rest, more
        if rest and not rest[0].isdigit():
            return text[span.start : more.end], Span(span.start, more.end)
    return heading, span


def name_of(heading: str) -> str:
    """Return a phase's name without its bracketed period."""
    of_year = re.match(r"(?:19|20)\d\d\s?年[，,：:为]?\s?(?=[“\"]?[\u4e00-\u9fff]{2,8}年[”\"]?)", heading)
    heading = heading[of_year.end() :].strip('“”"') if of_year else heading
    opening = _OPENING_PERIOD.match(heading)
    if opening and opening.end() + 2 <= len(heading) and heading[opening.end()] in "，, 、为是":
        heading = heading[opening.end() :].lstrip("，, 、为是")
    period = PERIOD_BRACKET.search(heading)
    name = heading[: period.start()] if period and period.start() >= 2 else heading
    name = _BRACKETED.sub("", name)
    name = re.sub(r"(?<=.)[（(][^（）()]{0,40}$", "", name)
    bare = _BARE_PERIOD.search(name)
    name = name[: bare.start()] if bare else name
    return name.strip(" 。：:，,") or heading


def is_phase(node: Node, text: str) -> bool:
    """Say whether an item is a phase: by its name, or by standing in a timetable with a period or among such."""
    heading, _ = phase_heading(text, node)
    name = name_of(heading)
    if node.form == "stage":
        return True
    if node.children and not node.own.of(text).strip():
        return False
    if _NOT_A_PHASE.search(name):
        return False
    if node.is_section:
        dated = _CALLED.search(name) and kind_of(name) != "phases" and period_of(node, text, None)
        return bool(dated and not any(is_phase(child, text) for child in node.children))
    if _CALLED.search(name) and len(name) <= 24:
        return True
    parent = node.parent
    if parent is None or len(name) > 24:
        return False
    title = text[parent.title.start : parent.title.end]
    timetable = bool(_TIMETABLE.search(title)) and kind_of(title) == "phases" and not is_phase(parent, text)
    if not timetable:
        # 检查方法及时间: its items are phases where they print a period from one day to another.
        period = period_of(node, text, _ANY_YEAR) if parent.is_section and _DATED.search(title) else None
        return bool(period and period.start and period.end and period.start != period.end)
    return parent.is_section or period_of(node, text, None) is not None


def period_of(node: Node, text: str, own_year: int | None) -> Period | None:
    """Return the period of a phase: bracketed in its heading, or the opening words after it."""
    start = node.marker.end
    stop = min(node.own.end, start + 90)
    line = text.find("\n", start, stop)
    bracketed = own_period(text, start, line if line > start else stop, own_year)
    if bracketed:
        return bracketed
    opening = read_period(text, start, stop, own_year)
    if opening and opening.start and opening.end and opening.start != opening.end:
        return opening
    _, heading = phase_heading(text, node)
    opened = re.search(r"[（(]", text[heading.start : heading.end])
    if opened:
        # The bracket around the period was never closed.
        inside = read_period(text, heading.start + opened.end(), heading.end, own_year)
        if inside and inside.span.end == heading.end:
            return inside
    bare = _BARE_PERIOD.search(text[heading.start : heading.end])
    date_at = DATE.search(text, heading.start + bare.start(), heading.end) if bare else None
    if date_at:
        begin = (
            date_at.start() - 4
            if text[date_at.start() - 4 : date_at.start()] == "即日起至"
            else date_at.start()
        )
        return read_period(text, begin, min(node.own.end, heading.end + 40), own_year)
    after = heading.end
    while after < node.own.end and text[after] in "。：:；; \u3000\n":
        after += 1
    label = LABEL.match(text, after, node.own.end)
    if label:
        after = label.end()
    return read_period(text, after, min(node.own.end, after + 60), own_year)


def find_phases(outline: Outline, text: str, own_year: int | None) -> dict[int, Phase]:
    """Return the phases of the outline, keyed by the offset of their item.

    Phases of one timetable follow each other: a phase that prints no year takes the year of the one before it, the
    next year where it would otherwise end before that one begins (November to December, January to March).
    """
    found: dict[int, Phase] = {}
    before: dict[int, Period] = {}
    nodes = [node for node in outline.walk() if is_phase(node, text)]
    for node in nodes:
        heading, heading_span = phase_heading(text, node)
        group = id(node.parent)
        period = _in_sequence(node, text, own_year, before.get(group))
        if period and (period.start or period.end):
            before[group] = period
        called = bool(_CALLED.search(name_of(heading))) or node.form == "stage"
        opening = (
            node.marker.end,
            min(node.own.end, max(heading_span.end + 60, period.span.end if period else 0)),
        )
        found[node.start] = Phase(
            name=name_of(heading),
            start=period.start if period else None,
            end=period.end if period else None,
            span=Span(node.start, node.end),
            confidence=0.95 if called and period else 0.8 if called or period else 0.6,
            rule="phase.named" if called else "phase.timetable",
            no=node.path,
            field_spans={"name": [heading_span]} | ({"period": [period.span]} if period else {}),
            length=stated_length(text, *opening),
            relative=relative_time(text, *opening),
        )
    return found


def _in_sequence(node: Node, text: str, own_year: int | None, before: Period | None) -> Period | None:
    """Read the period of a phase; without a printed year it continues the period before it."""
    period = period_of(node, text, own_year)
    if not period or period.year_printed or not before:
        return period
    latest = before.end or before.start
    if own_year is None and latest:
        own_year = (before.start or latest).year
        period = period_of(node, text, own_year)
    if period and period.end and before.start and period.end < before.start and own_year:
        return period_of(node, text, own_year + 1)
    return period


def find_named_years(text: str, start: int, end: int) -> list[Phase]:
    """Return years given a name (2031年为“排查攻坚年”), each a phase of a whole year."""
    found, seen = [], set()
    matches = [*_NAMED_YEAR.finditer(text, start, end), *_PLAIN_YEAR.finditer(text, start, end)]
    for match in sorted(matches, key=lambda match: match.start()):
        group = match.groupdict()
        name, year = group["name"] or group["name2"], int(group["y"] or group["y2"])
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
    """Return phases inside sentences: 第一阶段：部署（2031年3月）, and 2031年3月至5月为集中整治阶段."""
    found = []
    claims = Claims(Span(start, end), claimed)
    for match in _LOOSE.finditer(text, start, end):
        span = Span(match.start("name"), match.end())
        if not claims.leave_at(span.start):
            continue
        period = read_period(text, match.start("tail") + 1, match.end("tail"), own_year)
        if period:
            found.append(
                Phase(match["name"].strip("：: "), period.start, period.end, span, 0.7, "phase.loose")
            )
    for match in _COUNTED_PHASE.finditer(text, start, end):
        span = Span(*match.span("name"))
        period = bracketed_period(text, match.end("name"), min(end, match.end() + 60), own_year)
        if period and period.span.start == match.end("name") and claims.leave_at(span.start):
            whole = Span(span.start, period.span.end)
            found.append(Phase(match["name"], period.start, period.end, whole, 0.7, "phase.loose"))
    for match in _NAMED_PERIOD.finditer(text, start, end):
        span = Span(*match.span("name"))
        if not claims.leave_at(span.start):
            continue
        begin = max(start, match.start() - 40)
        sentence = max(text.rfind(c, begin, match.start()) + 1 for c in "。；;，,：:\n")
        period = read_period(text, max(begin, sentence), match.start() + 1, own_year)
        if period and period.span.end == match.start():
            whole = Span(period.span.start, span.end)
            found.append(Phase(match["name"], period.start, period.end, whole, 0.7, "phase.loose"))
    return found
