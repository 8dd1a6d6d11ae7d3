"""Plans as they are checked, campaigns as they run."""

from .campaigns import (
    Assignment,
    AssignmentTransition,
    Body,
    Campaign,
    CheckItem,
    Checklist,
    GateCondition,
    Phase,
    PhaseTransition,
    ReportingRule,
    Target,
    Task,
)
from .checking import PlanFinding, PlanPresence, PlanStep
from .plans import PlanDocument, PlanItem, PlanUnit, seats

__all__ = [
    "Assignment",
    "AssignmentTransition",
    "Body",
    "Campaign",
    "CheckItem",
    "Checklist",
    "GateCondition",
    "Phase",
    "PhaseTransition",
    "PlanDocument",
    "PlanFinding",
    "PlanItem",
    "PlanPresence",
    "PlanStep",
    "PlanUnit",
    "ReportingRule",
    "Target",
    "Task",
    "seats",
]
