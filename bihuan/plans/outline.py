"""The heading tree: which enumerators of a document are real, and what hangs under them.

Official documents number in a fixed order of ranks (GB/T 9704-2012, 7.3.3): 一、 （一） 1. （1）, then ①. Web copies and
PDF text often lose the line breaks, so an enumerator may stand anywhere; it is believed when it continues the
sequence of its rank, more readily the more clearly the place before it ends something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from bihuan.plans.model import Span
from bihuan.plans.numerals import CIRCLED, chinese_number

RANK_SECTION, RANK_GROUP, RANK_ITEM, RANK_SUBITEM, RANK_CIRCLED = 1, 2, 3, 4, 5

MARKER = re.compile(
    r"(?P<r1>(?<![第十百一二三四五六七八九“‘])[一二三四五六七八九十]{1,3}\s?[、.．](?!\d))"
    r"|(?P<r2>[(（]\s?[一二三四五六七八九十]{1,3}\s?[)）][、.．]?)"
    r"|(?P<r4>[(（]\s?\d{1,2}\s?[)）][、.．]?)"
    r"|(?P<r3>(?<![\d.．A-Za-z第图表至\-—－–/×+±])\d{1,2}\s?[.．、](?![\d.．]))"
    r"|(?P<p4>(?<![\d.．A-Za-z第（(])\d{1,2}[)）](?=[\u4e00-\u9fff]))"
    r"|(?P<d4>(?:(?<=\n)|\A)\d{1,2}[.．]\d{1,2}[.．]?(?=[ \u3000\u4e00-\u9fff]))"
    r"|(?P<s2>(?:(?<=[\n。])|\A)(?=[ \u3000]{0,4}第[一二三四五六][阶步][段]?(?:[：:，,、（(\s]|[\u4e00-\u9fff])))"
    r"|(?P<r5>[①-⑳])"
)
_DECIMAL = re.compile(r"(?P<major>\d{1,2})[.．](?P<minor>\d{1,2})")
HEADING_END = re.compile(r"[。：:；;\n]")
ANNEX = re.compile(
    r"(?:(?<=[\n。）)])|\A)[ \t\u3000]{0,8}附\s{0,4}(?:件|表|录)\s{0,2}(?:\d{1,2}|[一二三四五六七八九十]{1,2})?"
    r"(?=\s{0,2}[:：.．、\n]|\s{0,2}[\u4e00-\u9fff]{4})"
)
_SECTION_WORDS = re.compile(
    r"目标|要求|任务|措施|安排|步骤|保障|组织|领导|范围|对象|内容|思想|思路|原则|分工|职责|构成|方式|重点|机制|实施|费用|监督|考核|附则"
)
# A section title glued to its text ends with one of these words.
TITLE_END = re.compile(
    r"(?:指导思想|(?:总体|主要|工作|整治|行动|目标)?(?:要求|思想|思路|目标|任务|措施|安排|步骤|原则|内容|方式|重点|范围|对象|分工)"
    r"|组织领导|组织实施|组织保障|费用构成|经费保障|保障机制|工作机制|责任追究|监督检查|督导检查|考核评估|信息报送)"
    r"(?![和与及、的])"
)
_STRONG = "。；;！!？?)）】”」\n"
_SPACES = " \t\u3000\xa0#*>"


@dataclass
class Node:
    """An enumerated item: `label` is the number as printed without its closing mark."""

    rank: int
    number: int
    label: str
    marker: Span
    end: int
    parent: Node | None
    line_start: bool
    title: Span
    children: list[Node] = field(default_factory=list)

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


@dataclass(frozen=True)
class _Candidate:
    rank: int
    number: int
    label: str
    span: Span
    line_start: bool
    previous: str


@lru_cache(maxsize=4096)
def _number(rank: int, printed: str) -> int | None:
    if not printed:
        return 1
    inner = re.sub(r"[\s()（）、.．]", "", printed)
    if decimal := _DECIMAL.match(printed):
        return int(decimal["minor"])
    if rank in (RANK_SECTION, RANK_GROUP):
        return chinese_number(inner)
    if rank == RANK_CIRCLED:
        return CIRCLED.get(inner)
    return int(inner) if inner.isdigit() else None


@lru_cache(maxsize=4096)
def _label(rank: int, printed: str) -> str:
    printed = printed.strip()
    if _DECIMAL.match(printed):
        return printed.rstrip(".．")
    if rank in (RANK_GROUP, RANK_SUBITEM):
        return re.sub(r"\s|[、.．]$", "", printed)
    return re.sub(r"[\s、.．)）]", "", printed)


def _candidates(text: str, span: Span) -> list[_Candidate]:
    found = []
    for match in MARKER.finditer(text, span.start, span.end):
        rank = int((match.lastgroup or "r0")[1])
        number = _number(rank, match.group())
        if match.lastgroup == "s2":
            number = chinese_number(text[text.index("第", match.start()) + 1])
        if not number or number > 60:
            continue
        before = match.start() - 1
        while before >= span.start and text[before] in _SPACES:
            before -= 1
        line_start = before < span.start or text[before] == "\n"
        previous = "\n" if line_start else text[before]
        if text.startswith(("项", "款", "》", "条", "目"), match.end()) and not line_start:
            continue
        found.append(
            _Candidate(
                rank,
                number,
                _label(rank, match.group()),
                Span(match.start(), match.end()),
                line_start,
                previous,
            )
        )
    return found


def _is_short_heading(text: str, start: int, end: int) -> bool:
    """Say whether text[start:end] looks like a heading that lost its line break."""
    return end - start <= 42 and not re.search(r"[。；;]", text[start : max(start, end - 1)])


class _Builder:
    """Walks over the candidates in order and keeps the open branch of the tree."""

    def __init__(self, text: str, body: Span, candidates: list[_Candidate]):
        self.text = text
        self.body = body
        self.roots: list[Node] = []
        self.open: list[Node] = []
        self.last: dict[int, int] = {}
        # Where most enumerators stand inside lines the line breaks are lost, and weaker signs must do.
        main = [c for c in candidates if c.rank <= RANK_ITEM]
        self.run_on = sum(c.line_start for c in main) < 0.3 * len(main)
        for candidate in candidates:
            if self._believed(candidate):
                self._add(candidate)

    def _believed(self, c: _Candidate) -> bool:
        last = self.last.get(c.rank, 0)
        tip = self.open[-1] if self.open else None
        expected = c.number == last + 1
        same_open = any(node.rank == c.rank for node in self.open)
        if c.rank == RANK_SECTION:
            if c.line_start:
                return c.number in (last, last + 1, last + 2) if last else c.number <= 2
            return expected and self._section_inline(c)
        decimal = _DECIMAL.match(c.label)
        if decimal:
            # 2.5 at a line start is a number unless it continues item 2.
            item = next((node for node in self.open if node.rank == RANK_ITEM), None)
            return bool(item and item.number == int(decimal["major"]) and expected)
        if c.line_start:
            return c.number <= last + 3 if last else c.number <= 2 or bool(tip)
        after_heading = bool(
            tip and tip.rank < c.rank and _is_short_heading(self.text, tip.marker.end, c.span.start)
        )
        if c.number == 1 and not same_open:
            return after_heading or c.previous in _STRONG
        if not expected:
            return False
        if same_open and c.previous in _STRONG:
            return True
        if after_heading:
            return True
        if c.rank in (RANK_GROUP, RANK_CIRCLED) and same_open:
            return True
        if c.rank == RANK_SUBITEM and same_open:
            return self.run_on or c.previous in "，,："
        return self.run_on and (c.rank == RANK_ITEM)

    def _section_inline(self, c: _Candidate) -> bool:
        ahead = self.text[c.span.end : c.span.end + 18]
        if c.previous in _STRONG:
            return True
        return bool(_SECTION_WORDS.search(re.split(r"[，。；、]", ahead)[0]))

    def _add(self, c: _Candidate) -> None:
        while self.open and self.open[-1].rank >= c.rank:
            self.open.pop()
        parent = self.open[-1] if self.open else None
        node = Node(
            c.rank,
            c.number,
            c.label,
            c.span,
            self.body.end,
            parent,
            c.line_start,
            Span(c.span.end, c.span.end),
        )
        (parent.children if parent else self.roots).append(node)
        self.open.append(node)
        self.last[c.rank] = c.number
        for rank in list(self.last):
            # Items may be numbered through the groups of one section; finer ranks begin anew under every item.
            if rank > c.rank and not (c.rank == RANK_GROUP and rank == RANK_ITEM):
                del self.last[rank]


def _segments(candidates: list[_Candidate]) -> list[list[_Candidate]]:
    """Cut the candidates where the sections begin again at 一: an annex, or the plan after its notice."""
    segments: list[list[_Candidate]] = [[]]
    highest = 0
    for c in candidates:
        if c.rank == RANK_SECTION and (c.line_start or c.previous in _STRONG):
            if c.number == 1 and highest >= 2:
                segments.append([])
                highest = 1
            elif c.number == highest + 1:
                highest = c.number
        segments[-1].append(c)
    return segments


_PLAN_TITLE = re.compile(r"(?:方案|计划|要点|办法|意见|规划)(?:[（(][^（）()\n]{1,16}[)）])?\s*$")


def _main_segment(text: str, segments: list[list[_Candidate]], end: int) -> tuple[int, int]:
    """Return start and end of the segment that is the plan.

    The first one, unless a later, longer one stands under a title of its own that names a plan.
    """
    if len(segments) == 1:
        return 0, end
    starts = [0] + [s[0].span.start for s in segments[1:]]
    stops = [*starts[1:], end]
    best = 0
    for i in range(1, len(segments)):
        head = text[max(starts[i] - 1500, 0) : starts[i]]
        titled = any(_PLAN_TITLE.search(line) and len(line.strip()) <= 60 for line in head.split("\n")[-14:])
        if titled and stops[i] - starts[i] > stops[best] - starts[best]:
            best = i
    start = 0 if best == 0 else starts[best]
    return start, stops[best]


def build_outline(text: str, end: int | None = None) -> Outline:
    """Find the heading tree of a plan; annexes, forms and whatever follows them are left out."""
    limit = len(text) if end is None else end
    candidates = _candidates(text, Span(0, limit))
    start, stop = _main_segment(text, _segments(candidates), limit)
    inside = [c for c in candidates if start <= c.span.start < stop]
    roots = _Builder(text, Span(start, stop), inside).roots
    annex = ANNEX.search(text, roots[-1].start, stop) if roots else None
    if annex:
        stop = annex.start()
        roots = _Builder(text, Span(start, stop), [c for c in inside if c.span.start < stop]).roots
    outline = Outline(roots, Span(start, stop))
    close(outline, text)
    return outline


def close(outline: Outline, text: str) -> None:
    """Set where every node ends and where its title ends."""
    nodes = list(outline.walk())
    for node in nodes:
        node.end = outline.body.end
    for node, following in pairwise(nodes):
        branch: Node | None = node
        while branch and branch.rank >= following.rank and branch is not following.parent:
            branch.end = following.start
            branch = branch.parent
    for node in nodes:
        node.title = _title_span(text, node)


def _title_span(text: str, node: Node) -> Span:
    start, stop = node.own
    while start < stop and text[start] in " \t\u3000\xa0":
        start += 1
    match = HEADING_END.search(text, start, stop)
    if match:
        stop = match.start()
    if node.rank == RANK_SECTION:
        stop = _section_title_end(text, start, stop, node.line_start)
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return Span(start, stop)


def _section_title_end(text: str, start: int, stop: int, line_start: bool) -> int:
    """Shorten a section title that runs into its text because the line break between them is gone."""
    space = re.search(
        r"(?<=[\u4e00-\u9fff])[ \u3000](?=[\u4e00-\u9fff])", text[start : min(stop, start + 40)]
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
