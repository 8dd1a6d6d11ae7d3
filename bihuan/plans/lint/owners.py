"""Tasks: who leads, who is charged at all, by when."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding, Severity
from bihuan.plans.model import Span, Task
from bihuan.plans.units import is_collective

_SUBJECT = re.compile(
    r"(?:^|[。；;，,：:\n]|\d日前[，,]?|底前[，,]?)\s{0,2}(?:由)?(?:我局|我委|我县|本局|公司|各(?!类|项|种|环|个)[\u4e00-\u9fff、（）()]{1,20}|[\u4e00-\u9fff、（）()]{0,24}"
    r"(?:矿区|局|委|办|厅|部门|单位|政府|企业|公司|大队|支队|专班|领导小组|办公室|专业人员|管委会|乡镇|街道|商|安监部|技术支持组|项目组|所|站|村|社区|中心|支队))"
    r"(?:主要负责人|要|应当?|须|将|负责|统一|按|依据|按照|组织|对(?!照)|于|会同|在|每|牵头|组建|保障|开展|完成|制定|做好|加强|落实|建立|推进|督促|指导|配合)"
)
_ORDERED = re.compile(
    r"列(?:在)?第一(?:位)?的?(?:单位)?(?:为|是)牵头|排(?:名|在)第一(?:位)?的?(?:单位)?(?:为|是)牵头|排序第一"
)
_TIMED = re.compile(
    r"每(?:年|季|月|周|半年|日)|长期|常态|24小时|持续(?:推进|开展|实施)|全年|即日|\d{1,2}\s?月|(?:19|20)\d\d年|年底|阶段"
)


def _place(task: Task) -> Span:
    """Return the words by which a task is shown: its heading."""
    length = min(len(task.heading), task.span.end - task.span.start)
    return Span(task.span.start, task.span.start + max(length, 1))


def heading_place(draft: Draft, task: Task) -> Span:
    """Return enumerator and heading of a task."""
    for item in draft.items:
        if item.heading.marker.start == task.span.start:
            return Span(item.heading.marker.start, max(item.heading.title_span.end, item.heading.marker.end))
    return _place(task)


def _by_section(
    draft: Draft, tasks: list[Task], wanted: Callable[[Task], bool]
) -> Iterator[tuple[list[Task], list[Task]]]:
    """Yield, per section, the tasks that meet a condition and all tasks of that section."""
    groups: dict[int, list[Task]] = defaultdict(list)
    for task in tasks:
        section = draft.section_of(task.span.start)
        groups[section.span.start if section else 0].append(task)
    for group in groups.values():
        hit = [task for task in group if wanted(task)]
        if hit:
            yield hit, group


def _numbers(tasks: list[Task]) -> str:
    names = [task.no for task in tasks[:6]]
    return "、".join(names) + (f"等 {len(tasks)} 项" if len(tasks) > 6 else "")


def _shared(task: Task) -> list[str]:
    return [*task.responsible, *task.support]


def check_lead(draft: Draft) -> Iterator[Finding]:
    """Report tasks several units share without a lead, and tasks that charge only 各部门; 各乡镇 says clearly enough who.

    More than three in one section are one finding with their count.
    """

    if _ORDERED.search(draft.text):
        return

    def collective(task: Task) -> bool:
        return (
            not task.lead
            and bool(_shared(task))
            and all(is_collective(u) in ("departments", "members") for u in _shared(task))
        )

    def leaderless(task: Task) -> bool:
        named = [u for u in task.responsible if not is_collective(u)]
        return not task.lead and len(named) >= 2 and "负责" not in _attribution(draft, task).of(draft.text)

    for code, wanted in (("task.only_collective", collective), ("task.no_lead", leaderless)):
        for hit, group in _by_section(draft, draft.plan.tasks, wanted):
            if len(hit) > 3:
                yield _lead_finding(draft, code, hit, len(group))
            else:
                for task in hit:
                    yield _lead_finding(draft, code, [task], len(group))


def _attribution(draft: Draft, task: Task) -> Span:
    """Return where a task names those who share it; 负责 between two names gives each a charge of its own."""
    places = [s for role in ("responsible", "support") for s in task.field_spans.get(role, [])]
    if not places:
        return heading_place(draft, task)
    return Span(places[0].start, max(place.end for place in places))


def _lead_finding(draft: Draft, code: str, tasks: list[Task], total: int) -> Finding:
    task = tasks[0]
    span = _attribution(draft, task)
    units = "、".join(_shared(task))
    if code == "task.only_collective":
        message = f"{task.no} 只写由“{units}”负责，没有点名。"
        proposal = f"改为“（××局牵头，{units}按职责分工负责）”。"
    else:
        message = f"{task.no} 由{units}共同负责，没有牵头单位。"
        first, *rest = task.responsible
        proposal = f"改为“（{first}牵头，{'、'.join(rest)}按职责分工负责）”，牵头单位以实际为准。"
    if len(tasks) > 1:
        message = f"本部分 {total} 项任务中有 {len(tasks)} 项{'只写各部门负责' if code == 'task.only_collective' else '由多家共同负责、没有牵头单位'}：{_numbers(tasks)}。"
        proposal = f"逐项写明牵头单位，如 {task.no} {proposal}"
    return draft.finding(code, "warning", span, message, proposal)


def check_two_leads(draft: Draft) -> Iterator[Finding]:
    """Advise where several units lead one task, unless the plan says that the first named one is the main one."""
    if _ORDERED.search(draft.text):
        return
    for task in draft.plan.tasks:
        places = task.field_spans.get("lead", [])
        if len(task.lead) < 2 or not places:
            continue
        span = Span(places[0].start, places[-1].end)
        if "牵头" not in draft.text[span.start : span.end + 6]:
            continue
        first, *rest = task.lead
        yield draft.finding(
            "task.two_leads",
            "advice",
            span,
            f"{task.no} 由{'、'.join(task.lead)}同时牵头，没有分清主次。",
            f"改为“{first}牵头，{'、'.join(rest)}配合”；或在方案中写明“列第一位的为牵头单位”。",
        )


def _unowned(draft: Draft, task: Task) -> bool:
    if task.lead or task.support or task.responsible or task.territorial:
        return False
    heading = heading_place(draft, task)
    return not _SUBJECT.search(draft.text, heading.start, task.span.end)


def check_unit(draft: Draft) -> Iterator[Finding]:
    """Report tasks that charge nobody: neither an attribution nor a subject (各单位要…), and no division of labour.

    One finding per section; a plan in which no task at all has a unit gets one finding.
    """
    tasks = draft.work_tasks()
    if not tasks:
        return
    if len(draft.plan.duties) >= 3 and not any(t.lead or t.responsible for t in tasks):
        return  # the division of labour stands in a section of its own
    without = [task for task in tasks if _unowned(draft, task)]
    owned = any(t.lead or t.support or t.responsible for t in tasks)
    if not owned:
        if len(without) >= 2:
            yield draft.finding(
                "task.no_unit",
                "warning",
                heading_place(draft, without[0]),
                f"全部 {len(tasks)} 项任务都没有在句末写明责任单位，其中 {len(without)} 项连由谁来做也看不出：{_numbers(without)}。",
                "每项任务末尾写明责任单位，如“（××局牵头，××局、××局按职责分工负责）”。",
            )
        return
    for hit, group in _by_section(draft, tasks, lambda task: _unowned(draft, task)):
        task = hit[0]
        yield draft.finding(
            "task.no_unit",
            "warning",
            heading_place(draft, task),
            f"{task.no}“{task.heading}”没有责任单位。"
            if len(hit) == 1
            else f"本部分 {len(group)} 项任务中有 {len(hit)} 项没有责任单位：{_numbers(hit)}。",
            "在句末补写“（××局牵头，××局按职责分工负责）”。",
        )


def check_deadline(draft: Draft) -> Iterator[Finding]:
    """Report tasks without a deadline, one finding per section.

    A warning where neither phases nor another section give dates, or where most tasks of the section do have one;
    else advice. Standing and recurring work needs none.
    """
    tasks = [task for task in draft.work_tasks() if task.due or not _standing(draft, task)]
    dated_phases = any(phase.start or phase.end for phase in draft.plan.phases)
    for hit, group in _by_section(draft, tasks, lambda task: task.due is None):
        few = len(hit) * 2 < len(group)
        elsewhere = sum(t.due is not None and t not in group for t in draft.plan.tasks) >= 2
        severity: Severity = "warning" if few or not (dated_phases or elsewhere) else "advice"
        task = hit[0]
        scale = (
            f"{task.no}“{task.heading}”没有完成时限。"
            if len(hit) == 1
            else f"本部分 {len(group)} 项任务都没有完成时限。"
            if len(hit) == len(group)
            else f"本部分 {len(group)} 项任务中有 {len(hit)} 项没有完成时限：{_numbers(hit)}。"
        )
        span = heading_place(draft, task)
        if len(hit) > 3:
            section = draft.section_of(task.span.start)
            item = next(
                (i for i in draft.items if section and i.heading.span.start == section.span.start), None
            )
            span = Span(item.heading.marker.start, item.heading.title_span.end) if item else span
        yield draft.finding(
            "task.no_deadline",
            severity,
            span,
            scale,
            "在任务末尾补写“（完成时限：×年×月×日前）”；长期工作写明“长期坚持”或“每季度一次”。",
        )


def _standing(draft: Draft, task: Task) -> bool:
    return bool(_TIMED.search(draft.plain, task.span.start, task.span.end))


CHECKS = (check_lead, check_two_leads, check_unit, check_deadline)
