"""Tasks: the finest items that order work, with their units, deadline, check items and inherited units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bihuan.plans.attribution import (
    Attribution,
    completed,
    end_brackets,
    heading_units,
    labelled_lines,
    territorial_units,
)
from bihuan.plans.checks import check_items, object_hints
from bihuan.plans.deadlines import deadlines, last_deadline
from bihuan.plans.duties import charges, headed_by_units, is_torn
from bihuan.plans.genre import orders_work
from bihuan.plans.model import Phase, Span, Task
from bihuan.plans.outline import Node, Outline, heading_of
from bihuan.plans.periods import own_period
from bihuan.plans.phases import PERIOD_BRACKET
from bihuan.plans.phrases import phrase_units
from bihuan.plans.rosters import ONE_LINE
from bihuan.plans.sections import is_frame_chapter, kind_of

_SCOPE_TEXT = re.compile(
    r"^[^。；\n]{0,30}(?:范围|对象|重点企业|重点单位|区域)[^。；\n]{0,16}(?:为|是|包括|如下)"
)
# The composition of a body (组长：… 成员：…) orders nothing; `bodies` reads it.
_ROLE_LINES = re.compile(
    r"(?:^|(?<=[\n\s，,；;。:：)）]))(?:副\s{0,3}组\s{0,3}长|组\s{0,3}长|成\s{0,3}员|召集人|总指挥|副总指挥|(?:副\s{0,3})?主\s{0,3}任)\s?[:：]"
)
_DIRECTIVE = re.compile(
    r"^[^，。；:：\n]{2,70}?(?:部门|单位|局|厅|委|政府|乡镇|街道|企业)(?:等部门)?(?:要|应当?|须|负责)"
)
_GROUP_LABEL = re.compile(r"^[^，。；\n]{2,20}[:：]$")


@dataclass(frozen=True)
class _Item:
    """A stretch of text that is one task: a leaf, a part of a leaf with its own bracket, or an unnumbered paragraph."""

    no: str
    span: Span
    node: Node
    rule: str
    confidence: float
    attribution: Attribution | None = None


# A section title that only frames what follows (工作内容, 领导小组): its text orders work where it is divided into items.
_FRAME_TITLE = re.compile(
    r"要求|保障|组织领导|组织实施|组织机构|工作机制|监督|考核|附则|其他事项|联系方式|领导小组|工作小组|工作专班|组成人员"
    r"|(?:内容|任务|措施|重点|方式|方法|机制|机构|领导|安排|形式|事项|标准|人员|项目|名单|情况|情形|主题|口号|对象|地点|依据|纪律|程序|流程|成员|分工|职责)$"
)
# 四、加强组织领导。各单位要…: the title orders, and its text goes on in the same line.
_ORDERING_TITLE = re.compile(
    r"(?:切实|进一步|全面|扎实)?(?:加强|强化|落实|压实|健全|完善|严格|做好|抓好|严肃|明确|建立|加大|推进|开展)"
)
# 检查时间：3月3日至4日, 整治品种。儿童食品、民俗食品: such items tell facts and order nothing.
_FACT = re.compile(
    r"(?:(?:检查|整治|排查|行动|活动|培训|工作|会议|督查|督导|实施|治理|参加|演练|抽查|覆盖|重点)?(?:时间|地点|人员|对象|范围|区域|品种|主题|名称|依据|期限)"
    r"|联系人|联系电话|联系方式)\s?[:：。]"
)


# 整治重点：（一）城乡结合部的自建房；（二）三层以上的民宿。 Items that only name what the campaign looks at.
_FOCUS = re.compile(r"(?:整治|排查|检查|治理|监管|防范|攻坚)(?:的)?重点(?:对象|部位|区域|场所|单位|企业)?")
_OBJECT_ONLY = re.compile(
    r"[^。；;：:\n]{2,60}(?:场所|企业|单位|建筑物?|房屋|自建房|住宅|厂房|仓库|民宿|区域|地段|路段|部位|水域|车辆|船舶|场站|工地|园区|市场|商场|学校|医院|矿山|库房|作坊|商铺|门店)[。；;]?"
)
_ORDER_WORD = re.compile(
    r"排查|整治|检查|治理|打击|查处|加强|落实|督促|是否|清理|严|未|违|隐患|问题|行为|推进|完成|建立|对|要"
)


def _names_objects(node: Node, text: str) -> bool:
    """Say whether an item below 整治重点 is nothing but the name of what is looked at."""
    parent = node.parent
    if not parent or not _FOCUS.fullmatch(text[parent.title.start : parent.title.end]):
        return False
    own = text[node.title.start : node.own.end].strip()
    return bool(_OBJECT_ONLY.fullmatch(own)) and not _ORDER_WORD.search(own)


_ONLY_DUTIES = re.compile(r"[^任务领导组织措施]{0,8}职责[^任务领导组织措施]{0,6}")


def _excluded(node: Node, text: str) -> bool:
    """Say whether an item orders nothing because of a heading at or above it.

    总体要求 with numbered children is judged by the children; 目标 and scope headings silence all below them.
    """
    if node.is_section and not node.children:
        # Text under a frame heading (工作要求, 时间安排) orders work only where it is numbered.
        title = text[node.title.start : node.title.end]
        if kind_of(title) == "phases" or (len(title) <= 16 and _FRAME_TITLE.search(title)):
            return not (_ORDERING_TITLE.match(title) and text.startswith("。", node.title.end))
    if not node.is_section and _FACT.match(text, node.title.start, node.own.end):
        return True
    if is_torn(node, text) or _names_objects(node, text):
        return True
    branch: Node | None = node
    below = node
    while branch:
        title = text[branch.title.start : branch.title.end]
        kind = kind_of(title)
        if is_frame_chapter(title):
            return True
        if kind in ("goals", "scope", "cost") or (kind == "situation" and branch.is_section):
            return True
        if kind == "introduction" and (branch is node or not branch.is_section):
            return True
        if kind == "duties" and (branch.is_section or branch is not node):
            pure = branch.is_section and _ONLY_DUTIES.fullmatch(title)
            return bool(branch is node or pure or headed_by_units(below, text) or charges(node, text))
        below, branch = branch, branch.parent
    return False


def find_items(outline: Outline, text: str) -> Iterator[_Item]:
    """Yield the stretches that are tasks, in printed order."""
    for root in outline.roots:
        for node in root.walk():
            if node.children:
                yield from _unnumbered_first(node, text)
            elif not _excluded(node, text) or _charged(node, text):
                yield from _leaf_items(node, text)


def _charged(node: Node, text: str) -> bool:
    """Say whether a numbered item prints who is responsible: then it is work, even below 工作目标."""
    if node.is_section or not node.label:
        return False
    return bool(end_brackets(text, *node.content) or labelled_lines(text, *node.content))


def _unnumbered_first(node: Node, text: str) -> Iterator[_Item]:
    """Yield the item whose number is missing: the paragraph before a first child that is numbered 2."""
    first = node.children[0]
    if first.number != 2 or not first.line_start or _excluded(node, text):
        return
    lines = [line for line in _lines(text, node.title.end, first.start) if line.end - line.start > 12]
    if lines and text[lines[-1].end - 1] not in "：:" and not _excluded(first, text):
        yield _Item(f"{node.path}/", lines[-1], node, "task.unnumbered_first", 0.6)


def _lines(text: str, start: int, end: int) -> list[Span]:
    found, cursor = [], start
    while cursor < end:
        stop = text.find("\n", cursor, end)
        stop = end if stop < 0 else stop
        left, right = cursor, stop
        while left < right and text[left] in " \t\u3000\xa0。：:":
            left += 1
        while right > left and text[right - 1].isspace():
            right -= 1
        if right > left:
            found.append(Span(left, right))
        cursor = stop + 1
    return found


def _leaf_items(node: Node, text: str) -> Iterator[_Item]:
    start, stop = _trim(text, node.content)
    if stop - start < 4 or _SCOPE_TEXT.match(
        text[start : min(stop, start + 80)].partition("。")[2] or text[start:stop][:60]
    ):
        return
    if len(_ROLE_LINES.findall(text, start, stop)) >= 2 or ONE_LINE.match(text, start, stop):
        return
    found = end_brackets(text, start, stop)
    if not found:
        printed = node.form not in ("paragraph", "bullet", "boxed", "headline")
        yield _Item(
            node.path,
            Span(start, stop),
            node,
            "task.leaf" if printed else "task.paragraph",
            0.9 if printed else 0.75,
        )
        return
    cursor = start
    for i, (bracket, attribution) in enumerate(found):
        end = bracket.outer.end
        while end < stop and text[end] in "。；;":
            end += 1
        rule = "task.leaf" if len(found) == 1 else "task.bracket_part"
        yield _Item(node.path, Span(cursor, end), node, rule, 0.95 if i == 0 else 0.8, attribution)
        cursor = end
        while cursor < stop and text[cursor].isspace():
            cursor += 1
    for line in _lines(text, cursor, stop):
        if _DIRECTIVE.match(text[line.start : line.end]) and node.parent:
            yield _Item(f"{node.parent.path}/", line, node, "task.after_bracket", 0.7)


def _trim(text: str, span: Span) -> Span:
    start, stop = span
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    lines = text.rfind("\n", start, stop)
    while lines > start and _GROUP_LABEL.match(text[lines + 1 : stop].strip()):
        # "企业经营环节：" on a line of its own introduces the next item.
        stop = lines
        lines = text.rfind("\n", start, stop)
    return Span(start, stop)


def find_tasks(outline: Outline, text: str, own_year: int | None, phases: dict[int, Phase]) -> list[Task]:
    """Return the tasks of a plan in printed order."""
    if not orders_work(outline, text):
        return []
    tasks: list[Task] = []
    territorial: list[str] = []
    territorial_section: Node | None = None
    for item in find_items(outline, text):
        root = item.node
        while root.parent:
            root = root.parent
        if territorial_section is not root:
            territorial, territorial_section = [], root
        blanket = territorial_units(text, item.span.start, item.span.end)
        tasks.append(_task(item, text, own_year, phases, list(territorial), blanket))
        territorial += [unit for unit, _ in blanket if unit not in territorial]
    return tasks


def _group_attribution(node: Node, text: str) -> Attribution | None:
    branch = node.parent
    while branch:
        # A heading speaks for its group; the bracket behind a paragraph speaks for that paragraph alone.
        is_heading = not text[branch.title.end : branch.own.end].strip("。：: \t\n\u3000")
        found = heading_units(text, branch.title) if is_heading else None
        if found:
            return found
        branch = branch.parent
    return None


def _task(
    item: _Item,
    text: str,
    own_year: int | None,
    phases: dict[int, Phase],
    territorial: list[str],
    blanket: list[tuple[str, Span]],
) -> Task:
    start, stop = item.span
    phase = phases.get(item.node.start) if not item.node.children else None
    heading, heading_span = heading_of(text, item.span)
    if phase and text.startswith(phase.name, start):
        # 2031年3月：动员部署 keeps its printed heading; a bracketed period behind a name is dropped.
        heading = phase.name[:30]
    elif (period := PERIOD_BRACKET.search(heading_of(text, item.span, 60)[0])) and period.start() >= 6:
        heading = heading[: period.start()]
    own = item.attribution or labelled_lines(text, start, stop)
    units = completed(own, _group_attribution(item.node, text))
    units = units or phrase_units(text, start, stop) or Attribution()
    _add_blanket(units, blanket)
    due, due_span = _due(text, item.span, own_year, phase)
    spans = {"heading": [heading_span], **units.spans}
    if due_span:
        spans["due"] = [due_span]
    return Task(
        no=item.no,
        heading=heading,
        text=text[start:stop],
        span=Span(item.node.start if item.rule == "task.leaf" else start, stop),
        confidence=item.confidence if units or item.confidence < 0.9 else 0.85,
        rule="task.phase" if phase else item.rule,
        lead=units.lead,
        support=units.support,
        responsible=units.responsible,
        due=due,
        territorial=[u for u in territorial if u not in units.lead + units.support + units.responsible],
        check_items=check_items(text, start, stop),
        object_hints=object_hints(text[start:stop]),
        unit_rule=units.rule,
        field_spans=spans,
    )


def _add_blanket(units: Attribution, blanket: list[tuple[str, Span]]) -> None:
    """Charge the units of a blanket sentence on the item that prints it (CONVENTION C7)."""
    role = "support" if units.lead else "responsible"
    for unit, span in blanket:
        if unit not in units.lead + units.support + units.responsible:
            getattr(units, role).append(unit)
            units.spans.setdefault(role, []).append(span)


def _due(text: str, span: Span, own_year: int | None, phase: Phase | None) -> tuple[date | None, Span | None]:
    """Return the latest explicit deadline, else the end of the item's own period (CONVENTION C3)."""
    if phase:
        where = phase.field_spans.get("period")
        return phase.end, where[0] if where and phase.end else None
    latest = last_deadline(deadlines(text, span.start, span.end, own_year))
    if latest:
        return latest
    period = own_period(text, span.start, span.end, own_year)
    if period and period.end:
        return period.end, period.span
    return None, None
