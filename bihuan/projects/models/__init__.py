"""Projects, their money, special funds, how far they are, acceptance and handover; support, care and services."""

from .acceptance import (
    GasCheck,
    GasCheckTransition,
    Handover,
    HandoverTransition,
    ProjectAcceptance,
    ProjectAcceptanceMember,
)
from .care import CareHousehold, CareTransition
from .funds import FundAccount, FundCommitment, FundLine, FundPurpose
from .money import ProjectMoney, ProjectSource
from .progress import Milestone, MilestoneTransition, ProjectReport, ReportTransition
from .projects import Project, ProjectHazard, ProjectObject, ProjectQuerySet, ProjectTransition
from .services import ServiceRequest, ServiceTransition
from .support import SupportRequest, SupportTransition

__all__ = [
    "CareHousehold",
    "CareTransition",
    "FundAccount",
    "FundCommitment",
    "FundLine",
    "FundPurpose",
    "GasCheck",
    "GasCheckTransition",
    "Handover",
    "HandoverTransition",
    "Milestone",
    "MilestoneTransition",
    "Project",
    "ProjectAcceptance",
    "ProjectAcceptanceMember",
    "ProjectHazard",
    "ProjectMoney",
    "ProjectObject",
    "ProjectQuerySet",
    "ProjectReport",
    "ProjectSource",
    "ProjectTransition",
    "ReportTransition",
    "ServiceRequest",
    "ServiceTransition",
    "SupportRequest",
    "SupportTransition",
]
