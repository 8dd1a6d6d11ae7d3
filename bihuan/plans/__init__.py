"""Plan documents compiled into structure: phases, tasks, duties, reports, targets, bodies. Pure Python, no Django.

`compile_plan(data, filename)` is the one door; everything found carries its place in the text, a confidence and the
id of the rule that found it, for a person to confirm.
"""

from __future__ import annotations

from bihuan.plans.compiler import compile_source
from bihuan.plans.model import (
    Body,
    CheckItem,
    Duty,
    Field,
    Phase,
    Plan,
    Report,
    Section,
    SourceText,
    Span,
    Target,
    Task,
)
from bihuan.plans.reading import PlanReadError, read_document
from bihuan.plans.rules import RULES
from bihuan.plans.units import is_collective, normalize_unit

__all__ = [
    "RULES",
    "Body",
    "CheckItem",
    "Duty",
    "Field",
    "Phase",
    "Plan",
    "PlanReadError",
    "Report",
    "Section",
    "SourceText",
    "Span",
    "Target",
    "Task",
    "compile_plan",
    "compile_text",
    "is_collective",
    "normalize_unit",
    "read_document",
]


def compile_text(text: str) -> Plan:
    """Compile text that is already plain; spans refer to exactly this text. Never raises."""
    return compile_source(SourceText(text, "text"))


def compile_plan(data: bytes, filename: str = "") -> Plan:
    """Read a document and compile it. Raises PlanReadError when it cannot be read."""
    return compile_source(read_document(data, filename))
