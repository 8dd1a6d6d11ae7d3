"""The checkup (方案体检) of a draft as it stands now: what the office corrected counts, not what was read at first."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from bihuan.plans import Body, Duty, Phase, Plan, Report, Span, Target, Task
from bihuan.plans.compiler import compile_source
from bihuan.plans.lint import Finding, lint

from .drafts import heading_place
from .models import PlanDocument, PlanItem
from .originals import source_of

# A plan that was compiled once is needed again at every edit of it; it never changes.
KEPT = 8


@lru_cache(maxsize=KEPT)
def _compiled(document: int, digest: int) -> Plan:
    row = PlanDocument.objects.only("text", "reading", "notices").get(pk=document)
    return compile_source(source_of(row.text, row.reading, row.notices))


# The class of each kind of element, the list of the plan that holds it, and where an element of it stands.
ELEMENTS: dict[str, tuple[type[Any], str]] = {
    PlanItem.Kind.PHASE: (Phase, "phases"),
    PlanItem.Kind.TASK: (Task, "tasks"),
    PlanItem.Kind.REPORT: (Report, "reports"),
    PlanItem.Kind.TARGET: (Target, "targets"),
    PlanItem.Kind.BODY: (Body, "bodies"),
    PlanItem.Kind.DUTY: (Duty, "duties"),
}


def plan_of(document: PlanDocument, items: Iterable[PlanItem]) -> Plan:
    """The draft as a plan of the library: the head as registered, every live element as corrected."""
    plan = _compiled(document.pk, hash(document.text))
    known = {
        kind: {
            heading_place(each) if kind == PlanItem.Kind.PHASE else each.span: each
            for each in getattr(plan, name)
        }
        for kind, (_, name) in ELEMENTS.items()
    }
    found: dict[str, Any] = {name: [] for _, name in ELEMENTS.values()}
    for item in items:
        if item.kind not in ELEMENTS or item.state == PlanItem.State.REMOVED:
            continue
        kind, name = ELEMENTS[item.kind]
        span = Span(*(item.whole or (0, 0)))
        values = _values(item)
        if same := known[item.kind].get(span):
            found[name].append(dataclasses.replace(same, **values))
            continue
        values |= {"span": span, "confidence": item.confidence, "rule": item.rule}
        if item.kind != PlanItem.Kind.TARGET:
            values["field_spans"] = {
                field: [Span(*place) for place in places]
                for field, places in item.spans.items()
                if field not in {"whole", "check_items"}
            }
        found[name].append(kind(**values))
    return dataclasses.replace(plan, issued_on=document.issued_on, **found)


def _values(item: PlanItem) -> dict[str, Any]:
    """What an element says, under the names of the library."""
    data = item.data
    match item.kind:
        case PlanItem.Kind.PHASE:
            return {"name": data["name"], "start": _day(data["start"]), "end": _day(data["end"])}
        case PlanItem.Kind.TASK:
            named = ("no", "heading", "text", "lead", "support", "responsible", "territorial")
            return {**{name: data[name] for name in named}, "due": _day(data["due"])}
        case PlanItem.Kind.REPORT:
            return {
                "who": data["who"] or None,
                "to": data["to"] or None,
                "when": data["when"],
                "rrule": data["rrule"],
            }
        case PlanItem.Kind.TARGET:
            return {"text": data["text"]}
        case PlanItem.Kind.BODY:
            return {name: data[name] for name in ("name", "head", "deputies", "members")}
        case _:
            return {"unit": data["unit"], "text": data["text"]}


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def examine(document: PlanDocument, items: Iterable[PlanItem], *, on: dt.date) -> list[Finding]:
    """What the checkup finds in the draft as it stands, none twice."""
    found: dict[str, Finding] = {}
    for finding in lint(plan_of(document, items), today=on):
        found.setdefault(finding.key, finding)
    return list(found.values())
