"""Plan documents compiled into structure: phases, tasks, duties, reports, targets, bodies. Pure Python, no Django.

`compile_plan(data, filename)` is the one door; everything found carries its place in the text, a confidence and the
id of the rule that found it, for a person to confirm.
"""

from __future__ import annotations

from bihuan.plans.compiler import compile_source
from bihuan.plans.documents import compile_documents, compile_main
from bihuan.plans.model import (
    Batch,
    BatchStep,
    Body,
    CheckItem,
    Citation,
    Criterion,
    DispositionStep,
    Duty,
    Fallback,
    Field,
    Fine,
    Form,
    FormChoice,
    FormField,
    FormTable,
    ObjectScope,
    Part,
    Phase,
    Plan,
    Report,
    Section,
    SourceText,
    Span,
    Target,
    Task,
    Zone,
)
from bihuan.plans.reading import Follower, PlanReadError, read_document, takes_long
from bihuan.plans.rules import RULES
from bihuan.plans.units import is_collective, normalize_unit

__all__ = [
    "RULES",
    "Batch",
    "BatchStep",
    "Body",
    "CheckItem",
    "Citation",
    "Criterion",
    "DispositionStep",
    "Duty",
    "Fallback",
    "Field",
    "Fine",
    "Follower",
    "Form",
    "FormChoice",
    "FormField",
    "FormTable",
    "ObjectScope",
    "Part",
    "Phase",
    "Plan",
    "PlanReadError",
    "Report",
    "Section",
    "SourceText",
    "Span",
    "Target",
    "Task",
    "Zone",
    "compile_all",
    "compile_documents",
    "compile_main",
    "compile_plan",
    "compile_text",
    "is_collective",
    "normalize_unit",
    "read_document",
    "takes_long",
]


def compile_text(text: str) -> Plan:
    """Compile text that is already plain; spans refer to exactly this text. Never raises."""
    return compile_source(SourceText(text, "text"))


def compile_plan(data: bytes, filename: str = "") -> Plan:
    """Read a document and compile it. Raises PlanReadError when it cannot be read.

    Of a file that holds several documents the main one is compiled; `Plan.parts` lists what else there is.
    """
    return compile_main(read_document(data, filename))


def compile_all(data: bytes, filename: str = "") -> list[Plan]:
    """Compile every plan and notice of a file (a notice and the plan it issues are one). Raises PlanReadError."""
    return compile_documents(read_document(data, filename))
