"""The heading tree: which enumerators of a document are real, and what hangs under them.

Web copies and PDF text often lose the line breaks, so an enumerator may stand anywhere; it is believed when it
continues the sequence of its level, more readily the more clearly the place before it ends something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from bihuan.plans.enumerators import (
    BLANKS,
    CHAPTER,
    CIRCLED,
    DIVISION,
    GROUP,
    HALF,
    ITEM,
    PART,
    SECTION,
    SUBITEM,
    Enumerator,
    find_enumerators,
)
from bihuan.plans.model import Span
from bihuan.plans.sections import ANNOUNCES_SECTION, is_section_line
from bihuan.plans.title_words import PLAN_WORDS, TITLE_SUFFIX

RANK_SECTION, RANK_GROUP, RANK_ITEM, RANK_SUBITEM, RANK_CIRCLED = 1, 2, 3, 4, 5

HEADING_END = re.compile(r"[。：:；;\n]")
ANNEX = re.compile(
    r"(?:(?<=\n)[ \t\u3000]{0,8}附\s?[:：]|(?:(?<=[\n。）)])|\A)[ \t\u3000]{0,8}附\s{0,4}(?:件|表|录)\s{0,2}(?:\d{1,2}|[一二三四五六七八九十]{1,2})?"
    r"(?=\s{0,2}[:：.．、\n]|\s{0,2}[\u4e00-\u9fff]{4}))"
)
# An annex heading on a line of its own ends the plan wherever it stands; 附件：1.清单 2.表 is the list of annexes.
_ANNEX_LINE = re.compile(
    r"(?<=\n)[ \t\u3000]{0,8}附\s{0,4}件\s{0,2}(?:\d{1,2}|[一二三四五六七八九十]{1,2})?\s{0,2}(?:[:：][^。；\n]{0,60})?(?=\n)"
)
# A section title glued to its text ends with one of these words.
TITLE_END = re.compile(
    r"(?:指导思想|(?:总体|主要|工作|整治|行动|目标|重点|排查|检查|实施|活动|治理|基本|时间|进度)?(?:要求|思想|思路|目标|任务|措施|安排|步骤|原则|内容|方式|方法|重点|范围|对象|分工|阶段|时间)"
    r"|组织(?:领导|实施|保障|机构|体系|架构)|领导(?:机构|小组)|费用构成|经费保障|(?:保障|工作|长效)机制|责任追究|监督检查|督导检查|考核评估|考核奖惩|信息报送|有关事项|工作背景|编制依据|工作依据)"
    r"(?![和与及、的])"
)

_STRONG = "。；;！!？?)）】”」\n"


@dataclass
class Node:
    """An enumerated item: `label` is the number as printed without its closing mark, "" where none is printed.

    `level` orders the forms of enumerators by depth (`enumerators`); `rank` is the official rank it falls under.
    """

    level: float
    number: int
    label: str
    marker: Span
    end: int
    parent: Node | None
    line_start: bool
    title: Span
    children: list[Node] = field(default_factory=list)
    form: str = "item"

    @property
    def rank(self) -> int:
        """The rank of GB/T 9704: 1 for sections and all above them, 2 for （一）, 3 for 1. and decimals, and so on."""
        return RANK_SECTION if self.level <= SECTION else max(RANK_GROUP, min(int(self.level), 7))

    @property
    def is_section(self) -> bool:
        """Say whether this is a heading of the first rank or above; 1. at the top of a document is an item."""
        return self.level <= SECTION

    @property
    def start(self) -> int:
        """Offset of the enumerator itself."""
        return self.marker.start

    @property
    def content(self) -> Span:
        """Everything after the enumerator, children included."""
        return Span(self.marker.end, self.end)

    @property
    def own(self) -> Span:
        """The text after the enumerator up to the first child."""
        return Span(self.marker.end, self.children[0].start if self.children else self.end)

    @property
    def path(self) -> str:
        """The number from the section down, joined by "/", as CONVENTION asks."""
        if self.parent and self.form == "stage" and not self.line_start and not self.parent.is_section:
            return self.parent.path
        return f"{self.parent.path}/{self.label}" if self.parent else self.label

    def walk(self):
        """Yield this node and all below it in printed order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def leaves(self):
        """Yield the items without numbered children."""
        return (node for node in self.walk() if not node.children)


@dataclass
class Outline:
    """The top-level nodes, the stretch of text they were found in, and where the plan's own text ends."""

    roots: list[Node]
    body: Span

    def walk(self):
        """Yield every node in printed order."""
        for root in self.roots:
            yield from root.walk()

    def sections(self, text: str) -> list[Node]:
        """Return the top-level headings; a bare list of sentences (1. 2. 3.) has none."""
        if not self.roots:
            return []
        top = min(root.level for root in self.roots)
        roots = [root for root in self.roots if root.level == top]
        if top <= SECTION:
            return roots
        headings = [root for root in roots if _is_heading(text, root)]
        return headings if top >= ITEM and len(headings) * 2 > len(roots) else []


def _is_heading(text: str, node: Node) -> bool:
    """Say whether a title is short enough to be a heading, and closed by a stop or a line end of its own."""
    start, stop = node.title
    return (
        node.line_start and stop - start <= 24 and text[stop : stop + 1] in ("", "\n", "。", " ", "：", ":")
    )


def _is_short_heading(text: str, start: int, end: int) -> bool:
    """Say whether text[start:end] looks like a heading that lost its line break."""
    return end - start <= 42 and not re.search(r"[。；;]", text[start : max(start, end - 1)])


class _Builder:
    """Walks over the enumerators in order and keeps the open branch of the tree."""

    def __init__(self, text: str, body: Span, enumerators: list[Enumerator]):
        self.text = text
        self.body = body
        self.roots: list[Node] = []
        self.open: list[Node] = []
        self.paths: dict[int, tuple[int, ...]] = {}
        self.last: dict[float, int] = {}
        # Where most enumerators stand inside lines the line breaks are lost, and weaker signs must do.
        main = [c for c in enumerators if c.level <= ITEM]
        self.run_on = sum(c.line_start for c in main) < 0.3 * len(main)
        for enumerator in enumerators:
            placed = self._placed(enumerator)
            if self._believed(placed[0], placed[1]):
                self._add(*placed)

    def _placed(self, c: Enumerator) -> tuple[Enumerator, float]:
        """Return the level at which an enumerator would hang; stages and bullets take theirs from where they stand."""
        if c.form not in ("stage", "bullet", "boxed"):
            return c, c.level
        for node in self.open:
            if node.form == c.form and self._mark(node.marker.start) == self._mark(c.span.start):
                return c, node.level
        tip = self.open[-1] if self.open else None
        if c.form == "stage" and c.line_start:
            # 第一阶段 after the leaves of an earlier list still belongs to the open section or group.
            while tip and tip.level > GROUP and tip.parent:
                tip = tip.parent
        return c, (tip.level + 0.05 if tip else SECTION)

    def _mark(self, at: int) -> str:
        return self.text[at : at + 1]

    def _believed(self, c: Enumerator, level: float) -> bool:
        last = self.last.get(level, 0)
        tip = self.open[-1] if self.open else None
        expected = c.number == last + 1
        same_open = any(node.level == level for node in self.open)
        if level < SECTION:
            return (c.line_start or c.previous in _STRONG) and (c.number <= last + 2 or c.number == 1)
        if c.form == "article":
            return c.number in (last, last + 1, last + 2) if last else c.number <= 2
        if c.form == "headline":
            return True
        if level == SECTION and c.form != "stage":
            return self._section_believed(c, last)
        if c.form in ("bullet", "boxed"):
            # Bullets are items where they divide a heading; below a sentence they are part of it.
            return same_open or bool(tip and _is_short_heading(self.text, tip.marker.end, c.span.start))
        if c.form == "stage":
            return tip is not None or c.line_start
        if c.path:
            # 2.5 at a line start is a number unless it continues item 2.
            parent = self._decimal_parent(c)
            number = self.last.get(level, 0) if parent and self._holds(parent, level) else 0
            return bool(parent and number < c.number <= number + 2)
        if not self.roots and self._begins_midway(c):
            return True
        if c.line_start:
            return c.number <= last + 3 if last else c.number <= 2 or bool(tip)
        after_heading = bool(
            tip and tip.level < level and _is_short_heading(self.text, tip.marker.end, c.span.start)
        )
        if c.number == 1 and not same_open:
            return after_heading or c.previous in _STRONG
        if not expected:
            return False
        if same_open and c.previous in _STRONG:
            return True
        if after_heading:
            return True
        if level in (GROUP, CIRCLED) and same_open:
            return True
        if level in (SUBITEM, HALF) and same_open:
            return self.run_on or c.previous in "，,："
        return self.run_on and level == ITEM

    def _holds(self, parent: Node, level: float) -> bool:
        return any(child.level == level for child in parent.children)

    def _decimal_parent(self, c: Enumerator) -> Node | None:
        """Return the open item whose number begins this decimal: 1 for 1.2, 1.2 for 1.2.3."""
        for node in reversed(self.open):
            components = self.paths.get(id(node)) or (
                (node.number,) if node.level in (ITEM, SECTION, CHAPTER) else ()
            )
            if components == c.path[:-1]:
                return node
        return None

    def _begins_midway(self, c: Enumerator) -> bool:
        """Say whether a page torn out of a longer document begins with this number."""
        if not self.text[self.body.start : c.span.start].strip("[]接上页 \n\u3000"):
            return True
        return c.number > 1 and c.after == c.number + 1 and c.previous in _STRONG and c.level in (GROUP, ITEM)

    def _section_believed(self, c: Enumerator, last: int) -> bool:
        if last and c.number in (last + 1, last + 2, last) and c.line_start:
            return True
        if c.number == last + 1 and not c.line_start:
            return self._section_inline(c)
        if not last and c.number <= 2 and c.line_start:
            return True
        # Pages of a longer document begin with a later number, and pages may be missing.
        announced = ANNOUNCES_SECTION.search(
            re.split(r"[，。；、：\n]", self.text[c.span.end : c.span.end + 14])[0]
        )
        later = c.number > last and (c.line_start or (not last and c.number > 1 and c.previous in _STRONG))
        return bool(later and announced and (last or self.roots or c.line_start))

    def _section_inline(self, c: Enumerator) -> bool:
        ahead = self.text[c.span.end : c.span.end + 18]
        if c.previous in _STRONG:
            return True
        return bool(ANNOUNCES_SECTION.search(re.split(r"[，。；、]", ahead)[0]))

    def _add(self, c: Enumerator, level: float) -> None:
        while self.open and self.open[-1].level >= level:
            self.open.pop()
        parent = self.open[-1] if self.open else None
        node = Node(
            level,
            c.number,
            c.label,
            c.span,
            self.body.end,
            parent,
            c.line_start,
            Span(c.span.end, c.span.end),
            form=c.form,
        )
        if c.path:
            self.paths[id(node)] = c.path
        (parent.children if parent else self.roots).append(node)
        self.open.append(node)
        self.last[level] = c.number
        for finer in list(self.last):
            # Items may be numbered through the groups of one section, articles through all chapters;
            # other finer levels begin anew under every item.
            through = (level == GROUP and finer == ITEM) or (
                c.form in ("chapter", "division") and finer == SECTION
            )
            if finer > level and not through:
                del self.last[finer]


def _segments(enumerators: list[Enumerator]) -> list[list[Enumerator]]:
    """Cut the enumerators where the top level begins again at its first number: an annex, or the plan after its notice.

    Parts and chapters hold sections that begin again in each of them, so only the most senior level in use cuts.
    """

    def firm(c: Enumerator) -> bool:
        return c.level <= SECTION and (c.line_start or c.previous in _STRONG)

    top = _senior([c for c in enumerators if firm(c)])
    segments: list[list[Enumerator]] = [[]]
    highest = 0
    before = 0
    for c in enumerators:
        if firm(c) and c.level > top:
            before = max(before, c.number) if c.number == before + 1 else before
        if firm(c) and c.level == top:
            if c.number == 1 and (highest >= 2 or (not highest and before >= 2)):
                segments.append([])
                highest = 1
            elif c.number == highest + 1:
                highest = c.number
        segments[-1].append(c)
    return segments


def _senior(firm: list[Enumerator]) -> float:
    """Return the most senior level that counts from 1 to 2 at least."""
    for level in (PART, CHAPTER, DIVISION):
        numbers = [c.number for c in firm if c.level == level and c.line_start]
        if 1 in numbers and 2 in numbers:
            return level
    return SECTION


_PLAN_TITLE = re.compile(rf"(?:{PLAN_WORDS}){TITLE_SUFFIX}\s*$")


def _main_segment(text: str, segments: list[list[Enumerator]], end: int) -> tuple[int, int]:
    """Return start and end of the segment that is the plan.

    The first one, unless a later one stands under a title of its own that names a plan, and is longer or the one issued.
    """
    if len(segments) == 1:
        return 0, end
    starts = [0] + [s[0].span.start for s in segments[1:]]
    stops = [*starts[1:], end]
    best = 0
    for i in range(1, len(segments)):
        head = text[max(starts[i] - 1500, 0) : starts[i]]
        titles = [line.strip() for line in head.split("\n")[-14:] if _PLAN_TITLE.search(line)]
        titles = [title for title in titles if 4 <= len(title) <= 60 and not title.startswith("附")]
        # The notice names the plan it issues (印发《…》); that one needs not be the longer.
        issued = any(text.find(title, 0, segments[0][0].span.start) >= 0 for title in titles)
        if titles and (stops[i] - starts[i] > stops[best] - starts[best] or (issued and not best)):
            best = i
    start = 0 if best == 0 else starts[best]
    return start, stops[best]


def build_outline(text: str, end: int | None = None) -> Outline:
    """Find the heading tree of a plan; annexes, forms and whatever follows them are left out."""
    limit = len(text) if end is None else end
    enumerators = find_enumerators(text, 0, limit)
    enumerators = with_headlines(text, enumerators, limit)
    start, stop = _main_segment(text, _segments(enumerators), limit)
    inside = [c for c in enumerators if start <= c.span.start < stop]
    roots = _Builder(text, Span(start, stop), inside).roots
    annex = _annex_start(text, roots, stop)
    if annex is not None:
        stop = annex
        roots = _Builder(text, Span(start, stop), [c for c in inside if c.span.start < stop]).roots
    outline = Outline(roots, Span(start, stop))
    close(outline, text)
    return outline


def _annex_start(text: str, roots: list[Node], stop: int) -> int | None:
    if not roots:
        return None
    line = _ANNEX_LINE.search(text, roots[min(1, len(roots) - 1)].start, stop)
    loose = ANNEX.search(text, roots[-1].start, stop)
    starts = [match.start() for match in (line, loose) if match]
    return min(starts) if starts else None


def with_headlines(text: str, enumerators: list[Enumerator], limit: int) -> list[Enumerator]:
    """Add the section headings that print no number: all of them where the document numbers no sections, and the one
    whose number is lost between 一 and 三.
    """
    numbered = [c for c in enumerators if c.level <= SECTION and c.line_start]
    if not numbered:
        if any(c.level <= SECTION and c.previous in _STRONG for c in enumerators):
            return enumerators
        found = list(_headlines(text, 0, limit))
        return sorted([*enumerators, *found], key=_offset) if len(found) >= 2 else enumerators
    lost: list[Enumerator] = []
    for one, other in pairwise([c for c in numbered if c.form == "section"]):
        if other.number == one.number + 2:
            line_end = text.find("\n", one.span.end, other.span.start)
            found = list(_headlines(text, line_end, other.span.start)) if line_end > 0 else []
            lost += found if len(found) == 1 else []
    return sorted([*enumerators, *lost], key=_offset) if lost else enumerators


def _offset(enumerator: Enumerator) -> Span:
    return enumerator.span


def _headlines(text: str, start: int, end: int):
    """Yield the lines of text[start:end] that are section headings by their words alone."""
    cursor = start
    while cursor < end:
        stop = text.find("\n", cursor, end)
        stop = end if stop < 0 else stop
        first = cursor
        while first < stop and text[first] in BLANKS + "#*":
            first += 1
        if 2 <= stop - first <= 20 and is_section_line(text[first:stop].strip()):
            number = 1
            yield Enumerator("headline", SECTION, number, "", Span(first, first), True, "\n")
        cursor = stop + 1


def close(outline: Outline, text: str) -> None:
    """Set where every node ends and where its title ends."""
    nodes = list(outline.walk())
    for node in nodes:
        node.end = outline.body.end
    for node, following in pairwise(nodes):
        branch: Node | None = node
        while branch and branch.level >= following.level and branch is not following.parent:
            branch.end = following.start
            branch = branch.parent
    for node in nodes:
        node.title = _title_span(text, node)


def _title_span(text: str, node: Node) -> Span:
    start, stop = node.own
    while start < stop and text[start] in BLANKS:
        start += 1
    if node.form != "paragraph" and text.startswith("\n", start):
        # The number stands on a line of its own; its heading is the next one.
        while start < stop and text[start].isspace():
            start += 1
    if node.form == "boxed" and text.startswith("【", start):
        closing = text.find("】", start, stop)
        if closing > 0:
            return Span(start + 1, closing)
    match = HEADING_END.search(text, start, stop)
    if match:
        stop = match.start()
    if node.level <= SECTION:
        stop = _section_title_end(text, start, stop, node.line_start)
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return Span(start, stop)


def _section_title_end(text: str, start: int, stop: int, line_start: bool) -> int:
    """Shorten a section title that runs into its text because the line break between them is gone."""
    space = re.search(
        r"(?<=[\u4e00-\u9fff])[ \u3000](?=[\u4e00-\u9fff\d（(])", text[start : min(stop, start + 40)]
    )
    if space and space.start() >= 3 and stop - start > 30:
        return start + space.start()
    if stop - start <= (24 if line_start else 8):
        return stop
    glued = TITLE_END.search(text, start, min(stop, start + 26))
    return glued.end() if glued else stop


def heading_of(text: str, span: Span, limit: int = 30) -> tuple[str, Span]:
    """Return the heading at the beginning of `span`: up to 。：； or the line end, at most `limit` characters."""
    start, stop = span
    while start < stop and text[start].isspace():
        start += 1
    match = HEADING_END.search(text, start, stop)
    stop = min(match.start() if match else stop, start + limit)
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return text[start:stop], Span(start, stop)
