"""Plans as they are checked, campaigns as they run."""

from .amending import Amendment, AmendmentChange
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
from .subplans import Subplan, SubplanCover, SubplanTask, SubplanTransition

__all__ = [
    "Amendment",
    "AmendmentChange",
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
    "Subplan",
    "SubplanCover",
    "SubplanTask",
    "SubplanTransition",
    "Target",
    "Task",
    "seats",
]
