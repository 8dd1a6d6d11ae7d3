"""Listings and everything they stand on."""

from .approvals import Approval, ApprovalLine, ChainPolicy, ClockPolicy
from .evidence import (
    Application,
    EffectReport,
    Examination,
    ExaminationMember,
    ExtensionRequest,
    FiledPlan,
    LeaderVisit,
    ProgressReport,
    PublicNotice,
)
from .letters import LetterTransition, ResponsibilityLetter
from .listing import Listing, ListingQuerySet, ListingTransition

__all__ = [
    "Application",
    "Approval",
    "ApprovalLine",
    "ChainPolicy",
    "ClockPolicy",
    "EffectReport",
    "Examination",
    "ExaminationMember",
    "ExtensionRequest",
    "FiledPlan",
    "LeaderVisit",
    "LetterTransition",
    "Listing",
    "ListingQuerySet",
    "ListingTransition",
    "ProgressReport",
    "PublicNotice",
    "ResponsibilityLetter",
]
