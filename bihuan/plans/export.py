"""A plan as JSON: the fields of the labelling convention first, then spans, confidence and the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bihuan.plans.printed import as_printed

if TYPE_CHECKING:
    from bihuan.plans.model import Criterion, DispositionStep, Field, Fine, Form, Plan, Span, Zone


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


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _criterion(criterion: Criterion) -> dict[str, Any]:
    return {
        "subject": criterion.subject,
        "comparator": criterion.comparator,
        "value": _number(criterion.value),
        "upper": _number(criterion.upper),
        "unit": criterion.unit,
        "printed_unit": criterion.printed_unit,
        "per": criterion.per,
        "is_fault": criterion.is_fault,
        "text": criterion.text,
        **_evidence(criterion),
    }


def _fine(fine: Fine | None) -> dict[str, Any] | None:
    if fine is None:
        return None
    return {
        "low": _number(fine.low),
        "high": _number(fine.high),
        "text": fine.text,
        "span": _span(fine.span),
    }


def _step(step: DispositionStep) -> dict[str, Any]:
    return {
        "word": step.word,
        "code": step.code,
        "severity": step.severity,
        "condition": step.condition,
        "is_optional": step.is_optional,
        "fine": _fine(step.fine),
        "text": step.text,
        "span": _span(step.span),
    }


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "name": zone.name,
        "alias": zone.alias,
        "boundary": zone.boundary,
        "parts": [_zone(part) for part in zone.parts],
        "exclusions": zone.exclusions,
        **_evidence(zone),
    }


def form_to_json(form: Form) -> dict[str, Any]:
    """Return a form definition as JSON values: title, fields with their choices, tables, declarations."""
    return {
        "title": form.title,
        "fields": [
            {
                "label": f.label,
                "kind": f.kind,
                "group": f.group,
                "hint": f.hint,
                "is_personal": f.is_personal,
                "choices": [
                    {"code": c.code, "text": c.text, "family": c.family, "span": _span(c.span)}
                    for c in f.choices
                ],
                "span": _span(f.span),
            }
            for f in form.fields
        ],
        "tables": [
            {"title": t.title, "columns": t.columns, "rows": t.rows, "span": _span(t.span)}
            for t in form.tables
        ],
        "declarations": form.declarations,
        **_evidence(form),
    }


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON values.

    `title` to `bodies` follow the labelling convention exactly (`sections` and `targets` are lists of strings,
    a duty's `text` its first 20 characters); what the convention does not know stands in extra keys.
    """
    values = {
        "title": plan.title.value if plan.title else None,
        "issuer": plan.issuer.value if plan.issuer else None,
        "doc_no": plan.doc_no.value if plan.doc_no else None,
        "issued_on": _day(plan.issued_on),
        "sections": [section.title for section in plan.sections],
        "phases": [
            {
                "name": p.name,
                "start": _day(p.start),
                "end": _day(p.end),
                "no": p.no,
                "length": {"text": p.length.text, "days": p.length.days} if p.length else None,
                "relative": p.relative,
                **_evidence(p),
            }
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
                        "criteria": [_criterion(each) for each in c.criteria],
                        "ladder": [_step(each) for each in c.ladder],
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
            {
                "name": b.name,
                "head": b.head,
                "deputies": b.deputies,
                "members": b.members,
                "role": b.role,
                **_evidence(b),
            }
            for b in plan.bodies
        ],
        "announced": [{"name": a.name, **_evidence(a)} for a in plan.announced],
        "head": {
            "title": _head(plan.title),
            "issuer": _head(plan.issuer),
            "doc_no": _head(plan.doc_no),
            "issued_on": {"value": _day(plan.issued_on), "span": _span(plan.issued_on_span)},
        },
        "section_details": [
            {"no": s.no, "title": s.title, "kind": s.kind, **_evidence(s)} for s in plan.sections
        ],
        "target_details": [
            {"text": t.text, "number": t.number, "unit": t.unit, "comparator": t.comparator, **_evidence(t)}
            for t in plan.targets
        ],
        "criteria": [_criterion(each) for each in plan.criteria],
        "zones": [_zone(each) for each in plan.zones],
        "objects": [
            {
                "text": o.text,
                "includes": o.includes,
                "exclusions": o.exclusions,
                "kinds": o.kinds,
                "zone": o.zone,
                **_evidence(o),
            }
            for o in plan.objects
        ],
        **{
            name: [
                {
                    "title": c.title,
                    "doc_no": c.doc_no,
                    "issuer": c.issuer,
                    "relation": c.relation,
                    "published": c.published,
                    "short": c.short,
                    **_evidence(c),
                }
                for c in plan.citations
                if c.kind == kind
            ]
            for name, kind in (("parents", "parent"), ("basis", "basis"), ("references", "reference"))
        },
        "fallbacks": [
            {"kind": f.kind, "subject": f.subject, "units": f.units, "text": f.text, **_evidence(f)}
            for f in plan.fallbacks
        ],
        "batches": [
            {
                "name": b.name,
                "number": b.number,
                "steps": [
                    {
                        "no": s.no,
                        "text": s.text,
                        "start": _day(s.start),
                        "due": _day(s.due),
                        "span": _span(s.span),
                    }
                    for s in b.steps
                ],
                **_evidence(b),
            }
            for b in plan.batches
        ],
        "forms": [form_to_json(f) for f in plan.forms],
        "unclassified": [_span(s) for s in plan.unclassified],
        "parts": [
            {"kind": p.kind, "title": p.title, "span": _span(p.span), "place": _span(p.place)}
            for p in plan.parts
        ],
        "flags": [{"kind": f.kind, "span": _span(f.span), "message": f.message} for f in plan.source.flags],
        "source": {"kind": plan.source.kind, "notices": plan.source.notices, "length": len(plan.source.text)},
    }
    return as_printed(plan, values)
