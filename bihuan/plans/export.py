"""A plan as JSON: the fields of the labelling convention first, then spans, confidence and the rest."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bihuan.plans.model import Field, Plan, Span


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _span(span: Span | None) -> list[int] | None:
    return [span.start, span.end] if span else None


def _fields(spans: dict[str, list[Span]]) -> dict[str, list[list[int]]]:
    return {name: [[s.start, s.end] for s in places] for name, places in spans.items()}


def _evidence(element: Any) -> dict[str, Any]:
    found = {"span": _span(element.span), "confidence": element.confidence, "rule": element.rule}
    if getattr(element, "field_spans", None):
        found["field_spans"] = _fields(element.field_spans)
    return found


def _head(field: Field | None) -> dict[str, Any] | None:
    return {"value": field.value, **_evidence(field)} if field else None


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON values.

    `title` to `bodies` follow the labelling convention exactly (`sections` and `targets` are lists of strings,
    a duty's `text` its first 20 characters); what the convention does not know stands in extra keys.
    """
    return {
        "title": plan.title.value if plan.title else None,
        "issuer": plan.issuer.value if plan.issuer else None,
        "doc_no": plan.doc_no.value if plan.doc_no else None,
        "issued_on": _day(plan.issued_on),
        "sections": [section.title for section in plan.sections],
        "phases": [
            {"name": p.name, "start": _day(p.start), "end": _day(p.end), "no": p.no, **_evidence(p)}
            for p in plan.phases
        ],
        "tasks": [
            {
                "no": t.no,
                "heading": t.heading,
                "lead": t.lead,
                "support": t.support,
                "responsible": t.responsible,
                "due": _day(t.due),
                "territorial": t.territorial,
                "check_items": [
                    {
                        "text": c.text,
                        "criterion": c.criterion,
                        "dispositions": c.dispositions,
                        "span": _span(c.span),
                    }
                    for c in t.check_items
                ],
                "object_hints": t.object_hints,
                "unit_rule": t.unit_rule,
                "text": t.text,
                **_evidence(t),
            }
            for t in plan.tasks
        ],
        "duties": [
            {"unit": d.unit, "text": d.text[:20], "full_text": d.text, **_evidence(d)} for d in plan.duties
        ],
        "reports": [
            {"who": r.who, "to": r.to, "when": r.when, "rrule": r.rrule, **_evidence(r)} for r in plan.reports
        ],
        "targets": [t.text for t in plan.targets],
        "bodies": [
            {"name": b.name, "head": b.head, "deputies": b.deputies, "members": b.members, **_evidence(b)}
            for b in plan.bodies
        ],
        "head": {
            "title": _head(plan.title),
            "issuer": _head(plan.issuer),
            "doc_no": _head(plan.doc_no),
            "issued_on": {"value": _day(plan.issued_on), "span": _span(plan.issued_on_span)},
        },
        "section_details": [
            {"no": s.no, "title": s.title, "kind": s.kind, **_evidence(s)} for s in plan.sections
        ],
        "target_details": [{"text": t.text, **_evidence(t)} for t in plan.targets],
        "unclassified": [_span(s) for s in plan.unclassified],
        "source": {"kind": plan.source.kind, "notices": plan.source.notices, "length": len(plan.source.text)},
    }
