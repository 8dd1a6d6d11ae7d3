"""Items that print no number: paragraphs set apart by a label, by the name of a phase, or by a period of time.

Web pages often lose the numbers of a list while its paragraphs stay ("安全出口：…", "自查阶段（3月）：…").
"""

from __future__ import annotations

import re

from bihuan.plans.model import Span
from bihuan.plans.outline import Node, Outline
from bihuan.plans.periods import read_period
from bihuan.plans.sections import kind_of

_LABELLED = re.compile(r"[\u4e00-\u9fffA-Za-z、“”\"（）()及与和或]{2,20}[：:](?=[^\n]{6})")
_HEADED = re.compile(
    r"(?:加强|强化|严格|落实|压实|健全|完善|建立|深化|开展|推进|突出|注重|抓好|加大|广泛|精心|认真|提高|明确|规范|全面|深入|紧盯|聚焦|做好)[\u4e00-\u9fff“”、]{2,14}。(?=[^\n]{8})"
)
_PHASE_LINE = re.compile(r"[\u4e00-\u9fff、]{2,18}(?:阶段|步骤)\s{0,2}(?=[（(：:。，\n]|$)")
# Labels of facts about the plan: who composes a body, who answers, when and where.
_FACT = re.compile(
    r"(?:副?\s{0,3}组\s{0,3}长|成\s{0,3}员|主\s{0,3}任|副\s{0,3}主\s{0,3}任|召\s{0,3}集\s{0,3}人|总\s{0,3}指\s{0,3}挥|副总指挥|组成人员|联\s{0,3}系\s{0,3}(?:人|电话|方式|单位|地址)|电\s{0,3}话|邮\s{0,3}箱|传\s{0,3}真|地\s{0,3}[址点]"
    r"|[\u4e00-\u9fff]{0,4}(?:时间|地点|人员|对象|范围|方式|时限|期限)|[\u4e00-\u9fff]{0,6}(?:单位|部门|责任人|领导|科室)|附\s{0,3}[件表注]|注|备注|说明|[\u4e00-\u9fff]{0,8}(?:如下|包括|为|有))[：:]$"
)


def divide(outline: Outline, text: str) -> None:
    """Hang unnumbered paragraphs under the leaf headings they divide; each gets an empty number."""
    for node in list(outline.walk()):
        if not node.children and node.level <= 2:
            starts = _starts(node, text)
            for i, start in enumerate(starts):
                end = starts[i + 1] if i + 1 < len(starts) else node.end
                child = Node(
                    node.level + 0.05,
                    i + 1,
                    "",
                    Span(start, start),
                    end,
                    node,
                    True,
                    Span(start, start),
                    form="paragraph",
                )
                colon = re.compile(r"[。：:；;\n]").search(text, start, end)
                child.title = Span(start, colon.start() if colon else end)
                node.children.append(child)


def _starts(node: Node, text: str) -> list[int]:
    """Return where the unnumbered items of a leaf begin: every paragraph must have the same shape."""
    lines = _paragraphs(text, node.title.end, node.end)
    timetable = kind_of(text[node.title.start : node.title.end]) == "phases"
    found: list[int] = []
    for shape in (_is_phase, _is_period, _is_labelled, _is_headed):
        if shape is _is_period and not timetable:
            continue
        if shape is _is_headed and not all(_is_headed(text, start, stop) for start, stop in lines):
            continue
        found = [start for start, stop in lines if shape(text, start, stop)]
        if len(found) >= 2 and (shape is not _is_labelled or len(found) * 2 > len(lines)):
            return found
    return []


def _is_phase(text: str, start: int, stop: int) -> bool:
    return bool(_PHASE_LINE.match(text, start, stop))


def _is_period(text: str, start: int, stop: int) -> bool:
    period = read_period(text, start, stop, 2000)
    return bool(period and period.span.end < stop and text[period.span.end] in "，,：:为。 、")


def _is_labelled(text: str, start: int, stop: int) -> bool:
    label = _LABELLED.match(text, start, stop)
    return bool(label and not _FACT.fullmatch(label.group()))


def _is_headed(text: str, start: int, stop: int) -> bool:
    """加强组织领导。各单位要… : a short first sentence that names the paragraph."""
    return bool(_HEADED.match(text, start, stop))


def _paragraphs(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the paragraphs after the line of the heading."""
    found = []
    cursor = text.find("\n", start, end)
    while 0 <= cursor < end:
        stop = text.find("\n", cursor + 1, end)
        stop = end if stop < 0 else stop
        first = cursor + 1
        while first < stop and text[first].isspace():
            first += 1
        if first < stop:
            found.append((first, stop))
        if stop == end:
            break
        cursor = stop
    return found
