"""A plan as JSON for other programs. The shape is described in docs/how-to/plan-outputs.md; `schema` names its version."""

from __future__ import annotations

import json
from typing import Any

from .content import Content, Unit

# Raised when a key changes its meaning or goes; new keys leave it as it is.
SCHEMA = "bihuan.plan/1"


def plan_json(content: Content, watermark: str) -> bytes:
    """The whole content, UTF-8, two spaces of indent."""
    return json.dumps(as_data(content, watermark), ensure_ascii=False, indent=2).encode()


def as_data(content: Content, watermark: str) -> dict[str, Any]:
    """The content as plain values; days are ISO 8601, what is not known is null, lists are never null."""
    return {
        "schema": SCHEMA,
        "taken": watermark,
        "kind": content.label,
        "id": content.uid,
        "version": content.version,
        "title": content.title,
        "doc_no": content.doc_no,
        "office": content.office,
        "starts_on": _iso(content.starts_on),
        "ends_on": _iso(content.ends_on),
        "phases": [
            {"name": span.name, "starts_on": _iso(span.starts_on), "ends_on": _iso(span.ends_on)}
            for span in content.phases
        ],
        "units": [_unit(unit) for unit in content.units()],
        "tasks": [
            {
                "id": job.uid,
                "position": job.position,
                "no": job.no,
                "heading": job.heading,
                "text": job.text,
                "phase": job.phase,
                "due_on": _iso(job.due_on),
                "due_source": job.due_source,
                "shares": [
                    {"unit": unit.key, "role": role.value, "status": job.states.get(unit)}
                    for unit, role in sorted(job.shares.items(), key=lambda pair: pair[0])
                ],
            }
            for job in content.jobs
        ],
        "reports": [
            {
                "id": report.uid,
                "who": report.who,
                "to": report.to,
                "when": report.when,
                "rrule": report.rrule or None,
                "units": sorted(report.units),
            }
            for report in content.reports
        ],
        "targets": content.targets,
    }


def _unit(unit: Unit) -> dict[str, Any]:
    kind = "unidentified" if unit.key.startswith("n") else ("locality" if unit.is_locality else "department")
    return {"id": unit.key, "name": unit.name, "short_name": unit.short, "kind": kind}


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None
