"""The office's own work: plans of the month, matters asked, commitments, conduct, ledgers."""

from .asked import AskedMatter, AskedTransition
from .commitments import CommitmentLine, OfficerCommitment, OfficerCommitmentTransition
from .conduct import ConductMatter, ConductNote, ConductTransition
from .ledgers import LedgerKeeper
from .plans import (
    PlanningUnit,
    WorkAmendment,
    WorkAmendmentTransition,
    WorkItem,
    WorkItemTransition,
    WorkPlan,
    WorkPlanTransition,
)
from .reviews import SelfAnalysis, SelfAnalysisTransition, WorkCircular, WorkCircularTransition, WorkMeasure

__all__ = [
    "AskedMatter",
    "AskedTransition",
    "CommitmentLine",
    "ConductMatter",
    "ConductNote",
    "ConductTransition",
    "LedgerKeeper",
    "OfficerCommitment",
    "OfficerCommitmentTransition",
    "PlanningUnit",
    "SelfAnalysis",
    "SelfAnalysisTransition",
    "WorkAmendment",
    "WorkAmendmentTransition",
    "WorkCircular",
    "WorkCircularTransition",
    "WorkItem",
    "WorkItemTransition",
    "WorkMeasure",
    "WorkPlan",
    "WorkPlanTransition",
]
