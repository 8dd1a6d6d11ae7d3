"""What a draft element may hold and how two become one or one becomes two. Plain values in, plain values out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bihuan.plans import Phase, Plan, Span
from bihuan.plans.model import Criterion, DispositionStep
from bihuan.registry.models import EnterpriseKind

from .models import PlanItem, Target

Data = dict[str, Any]
Spans = dict[str, Any]

ROLES = ("lead", "responsible", "support", "territorial")
CONFIDENT = 0.9
KICK_OFF = re.compile(r"(?:动员|宣传|部署|发动|启动|准备)")

_SENTENCE = re.compile(r"[^。；;！!？?]*[。；;！!？?]+[）)”\s]*|[^。；;！!？?]+")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")

BLANK: dict[str, Data] = {
    PlanItem.Kind.SECTION: {"title": ""},
    PlanItem.Kind.PHASE: {"name": "", "start": None, "end": None},
    PlanItem.Kind.TASK: {
        "no": "",
        "heading": "",
        "text": "",
        "lead": [],
        "support": [],
        "responsible": [],
        "territorial": [],
        "due": None,
        "phase": None,
        "kinds": [],
        "check_items": [],
    },
    PlanItem.Kind.REPORT: {"who": "", "to": "", "when": "", "rrule": ""},
    PlanItem.Kind.TARGET: {"text": "", "metric": Target.Metric.MANUAL.value, "threshold": None},
    PlanItem.Kind.BODY: {"name": "", "head": [], "deputies": [], "members": []},
    PlanItem.Kind.DUTY: {"unit": "", "text": ""},
}

# A plan names the fault; an inspector answers 合格 or 不合格 to what must not be.
FORBIDDEN = "不得有："


def from_passage(kind: str, passage: str) -> Data:
    """What an element of a kind takes from a passage of the source."""
    match kind:
        case PlanItem.Kind.SECTION:
            return {"title": passage[:100]}
        case PlanItem.Kind.TASK:
            return {"text": passage, "heading": heading_of(passage)}
        case PlanItem.Kind.REPORT:
            return {"when": passage[:120]}
        case PlanItem.Kind.TARGET:
            return propose_target(passage[:200])
        case PlanItem.Kind.DUTY:
            return {"text": passage}
        case _:
            return {"name": heading_of(passage)}


def words_of(item: PlanItem) -> str:
    """The passage an element stands for: its place in the source, or what it says."""
    if item.whole:
        return item.document.text[slice(*item.whole)].strip()
    return str(item.data.get("text") or item.data.get("when") or item.label)


def in_section(section: PlanItem, items: Iterable[PlanItem]) -> list[PlanItem]:
    """The elements under one chapter heading: those after it, up to the next heading."""
    rows = [item for item in items if item.state != PlanItem.State.REMOVED or item.pk == section.pk]
    rows.sort(key=lambda item: (item.position, item.pk))
    found: list[PlanItem] = []
    is_inside = False
    for item in rows:
        if item.kind == PlanItem.Kind.SECTION:
            is_inside = item.pk == section.pk
        elif is_inside:
            found.append(item)
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its closing marks; joined they are the text again."""
    return _SENTENCE.findall(text)


def heading_of(text: str) -> str:
    """A heading for a text without one: up to the first stop, at most 30 characters."""
    first = re.split(r"[。：；\n]", text.strip(), maxsplit=1)[0]
    return re.sub(r"^[（(]?[\d一二三四五六七八九十]+[）).、．]\s*", "", first)[:30]


def propose_kinds(text: str, kinds: Iterable[EnterpriseKind]) -> list[str]:
    """Keys of the kinds a text mentions, in the order of the kinds.

    A word inside a longer word of another kind does not count: 管道燃气经营企业 is not also 燃气经营企业.
    """
    found: list[tuple[int, int, str]] = []
    for kind in kinds:
        for word in kind.keywords:
            found += [(m.start(), m.end(), kind.key) for m in re.finditer(re.escape(word), text)]
    kept = {
        key
        for start, end, key in found
        if not any(s <= start and end <= e and (e - s) > (end - start) for s, e, _ in found)
    }
    return [kind.key for kind in kinds if kind.key in kept]


def propose_target(text: str) -> Data:
    """A target with the metric its words promise: coverage or rectification in percent, otherwise by hand.

    A promise about major hazards alone, or about the coverage of publicity, cannot be held against our numbers.
    """
    percent = _PERCENT.search(text)
    metric = Target.Metric.MANUAL
    if percent and "重大" not in text:
        if "检查覆盖" in text or text.startswith("覆盖率"):
            metric = Target.Metric.COVERAGE
        elif "整改率" in text:
            metric = Target.Metric.RECTIFICATION
    return {"text": text, "metric": metric.value, "threshold": float(percent[1]) if percent else None}


def working_phase(names: Sequence[str]) -> int | None:
    """The index of the first phase that does the work: 动员部署 only calls it out, its last day is no deadline for it."""
    working = (index for index, name in enumerate(names) if not KICK_OFF.match(name))
    return next(working, 0 if names else None)


def elements_of(plan: Plan, kinds: Sequence[EnterpriseKind]) -> list[PlanItem]:
    """Every element of a compiled plan as an unsaved item, in the order of the text.

    `data["phase"]` of a task holds the index of its phase among the phases returned (or None): the caller, who alone
    knows the ids, replaces it. Tasks outside every phase are proposed for the first one in which work is done.
    """
    text = plan.source.text
    found: list[tuple[int, PlanItem]] = []

    def add(kind: str, data: Data, element: Any, span: Span, *, state: str = PlanItem.State.PROPOSED) -> None:
        spans: Spans = {"whole": list(span)}
        for name, places in getattr(element, "field_spans", {}).items():
            spans[name] = [list(place) for place in places]
        if kind == PlanItem.Kind.TASK:
            spans["check_items"] = [list(check.span) for check in element.check_items]
        item = PlanItem(
            kind=kind,
            data=BLANK[kind] | data,
            spans=spans,
            rule=element.rule[:40],
            confidence=element.confidence,
            state=state,
        )
        found.append((element.span.start, item))

    for section in plan.sections:
        line = text.find("\n", section.span.start)
        head = Span(section.span.start, min(section.span.end, line if line >= 0 else len(text)))
        title = f"{section.no}、{section.title}" if section.no else section.title
        # A chapter heading asks nothing of anybody, so there is nothing to confirm.
        add(PlanItem.Kind.SECTION, {"title": title}, section, head, state=PlanItem.State.CONFIRMED)
    phases = sorted(plan.phases, key=lambda phase: phase.span)
    for phase in phases:
        data: Data = {"name": phase.name, "start": _iso(phase.start), "end": _iso(phase.end)}
        add(PlanItem.Kind.PHASE, data, phase, heading_place(phase))
    usual = working_phase([phase.name for phase in phases])
    for task in plan.tasks:
        hints = "，".join([task.heading, task.text, *task.object_hints])
        inside = [index for index, phase in enumerate(phases) if phase.span.covers(task.span)]
        data = {
            "no": task.no,
            "heading": task.heading[:60],
            "text": task.text,
            "lead": task.lead,
            "support": task.support,
            "responsible": task.responsible,
            "territorial": task.territorial,
            "due": _iso(task.due),
            "phase": inside[0] if inside else usual,
            "kinds": propose_kinds(hints, kinds),
            "check_items": [
                {
                    "text": f"{FORBIDDEN}{check.text}"[:300],
                    "criterion": check.criterion[:200],
                    "dispositions": check.dispositions,
                    "basis": "",
                    "criteria": [_criterion(each) for each in check.criteria],
                    "ladder": [_rung(step) for step in check.ladder],
                }
                for check in task.check_items
            ],
        }
        add(PlanItem.Kind.TASK, data, task, task.span)
    for report in plan.reports:
        data = {
            "who": report.who or "",
            "to": report.to or "",
            "when": report.when,
            "rrule": report.rrule,
        }
        add(PlanItem.Kind.REPORT, data, report, report.span)
    for target in plan.targets:
        add(PlanItem.Kind.TARGET, propose_target(target.text), target, target.span)
    for body in plan.bodies:
        data = {"name": body.name, "head": body.head, "deputies": body.deputies, "members": body.members}
        add(PlanItem.Kind.BODY, data, body, body.span)
    for duty in plan.duties:
        add(PlanItem.Kind.DUTY, {"unit": duty.unit, "text": duty.text}, duty, duty.span)
    order = list(PlanItem.Kind.values)
    found.sort(key=lambda pair: (pair[0], order.index(pair[1].kind)))
    return [item for _, item in found]


# How a bound is written for people.
COMPARATORS = {"<": "＜", "<=": "≤", ">": "＞", ">=": "≥", "=": "＝"}


def _criterion(criterion: Criterion) -> str:
    """A numeric bound in a few signs: 软管长度 ＞ 2米."""
    low, unit = f"{criterion.value.normalize():f}", criterion.printed_unit
    if criterion.comparator == "range":
        bound = (
            f"{low}—{criterion.upper.normalize():f}{unit}" if criterion.upper is not None else f"{low}{unit}"
        )
    else:
        bound = f"{COMPARATORS.get(criterion.comparator, criterion.comparator)} {low}{unit}"
    return f"{criterion.subject} {bound}".strip()


def _rung(step: DispositionStep) -> str:
    """One rung of a ladder with the condition under which it is reached: 逾期未改正的，停业整顿."""
    words = step.word + (f"（{step.fine.text}）" if step.fine and step.fine.text not in step.word else "")
    return f"{step.condition}：{words}" if step.condition else words


def heading_place(phase: Phase) -> Span:
    """A phase stands at its heading; what follows it in the text belongs to its tasks."""
    return (phase.field_spans.get("name") or [phase.span])[0]


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None


def unit_names(data: Data) -> list[str]:
    """Every unit name a task prints, in the order of the roles, none twice."""
    return list(dict.fromkeys(name for role in ROLES for name in data.get(role, [])))


def merge_data(kind: str, first: Data, second: Data) -> Data:
    """Two neighbours as one: lists united, texts joined, of two deadlines the later, otherwise the first's word."""
    merged: Data = dict(first)
    for name, value in second.items():
        mine = merged.get(name)
        if isinstance(mine, list) and isinstance(value, list):
            merged[name] = mine + [entry for entry in value if entry not in mine]
        elif name == "text" and mine and value:
            merged[name] = f"{mine}\n{value}"
        elif name in {"due", "end"} and mine and value:
            merged[name] = max(mine, value)
        elif name == "start" and mine and value:
            merged[name] = min(mine, value)
        elif not mine:
            merged[name] = value
    if kind == PlanItem.Kind.TASK:
        # One organization has one share of one task: the strongest of its roles.
        taken: set[str] = set()
        for role in ROLES:
            merged[role] = [name for name in merged[role] if name not in taken]
            taken.update(merged[role])
    return merged


def merge_spans(first: Spans, second: Spans) -> Spans:
    """The evidence of both; the whole runs from the beginning of the earlier to the end of the later."""
    merged: Spans = {name: list(places) for name, places in first.items()}
    for name, places in second.items():
        if name == "whole":
            whole = merged.get("whole") or places
            merged["whole"] = [min(whole[0], places[0]), max(whole[1], places[1])]
        else:
            merged[name] = merged.get(name, []) + [
                place for place in places if place not in merged.get(name, [])
            ]
    return merged


def split_data(data: Data, at: int) -> tuple[Data, Data]:
    """A task cut before its sentence number `at` (1 is the second). Units, phase and deadline stay with both parts,
    because the bracket at the end speaks for the whole; check items go with the part that prints them.

    Raises ValueError when there is no such sentence.
    """
    parts = sentences(data["text"])
    if not 0 < at < len(parts):
        raise ValueError(f"没有第 {at + 1} 句")
    head, tail = "".join(parts[:at]), "".join(parts[at:]).lstrip()
    later = [
        check
        for check in data["check_items"]
        if (printed := check["text"].removeprefix(FORBIDDEN)[:20]) in tail and printed not in head
    ]
    first = data | {
        "text": head,
        "check_items": [check for check in data["check_items"] if check not in later],
    }
    second = data | {"text": tail, "heading": heading_of(tail), "check_items": later}
    return first, second


def split_spans(spans: Spans, cut: int | None) -> tuple[Spans, Spans]:
    """The evidence of both parts. `cut` is the offset in the source where the second begins; None when the text was
    edited so far that it cannot be found there: then both keep the whole."""
    whole = spans.get("whole")
    if not whole or cut is None or not whole[0] < cut < whole[1]:
        return dict(spans), dict(spans)
    first, second = dict(spans), dict(spans)
    first["whole"], second["whole"] = [whole[0], cut], [cut, whole[1]]
    checks = spans.get("check_items", [])
    first["check_items"] = [place for place in checks if place[0] < cut]
    second["check_items"] = [place for place in checks if place[0] >= cut]
    second.pop("heading", None)
    return first, second


def problem_of(kind: str, data: Data) -> str:
    """What keeps an element from being confirmed, in words; "" when nothing does."""
    needed = {
        PlanItem.Kind.PHASE: ("name", "阶段没有名称"),
        PlanItem.Kind.TASK: ("heading", "任务没有名称"),
        PlanItem.Kind.REPORT: ("when", "报送没有时间要求"),
        PlanItem.Kind.TARGET: ("text", "目标没有内容"),
        PlanItem.Kind.BODY: ("name", "组织机构没有名称"),
        PlanItem.Kind.DUTY: ("unit", "部门职责没有单位"),
    }
    name, words = needed.get(PlanItem.Kind(kind), ("title", "章节没有标题"))
    if not str(data.get(name) or "").strip():
        return words
    if kind == PlanItem.Kind.PHASE and data.get("start") and data.get("end") and data["end"] < data["start"]:
        return "阶段的结束日期早于开始日期"
    return ""
