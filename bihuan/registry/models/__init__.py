"""Whom we supervise and what is known of them: places, risks, who answers, their life, lists (R039, R049)."""

from .duplicates import DuplicatePair, Merger
from .enterprises import Contact, Enterprise, EnterpriseChange, EnterpriseQuerySet, Premises
from .equipment import Equipment, EquipmentQuerySet
from .kinds import EnterpriseKind, RiskColour
from .lifecycle import Recheck, Resumption, StatusPeriod
from .lists import SharedList
from .ownernotes import OwnerNote, OwnerNoteQuerySet
from .permits import IssuingLevel, Permit, PermitQuerySet
from .plates import Plate
from .policies import RiskPolicy, RiskPolicyQuerySet
from .responsibilities import Responsibility
from .risks import (
    Chemical,
    Diagnosis,
    EnterpriseGrading,
    Guardian,
    MajorUnit,
    PastAccident,
    RiskAssessment,
    RiskPoint,
    RiskProfile,
)
from .schemas import KindSchema, KindSchemaQuerySet

__all__ = [
    "Chemical",
    "Contact",
    "Diagnosis",
    "DuplicatePair",
    "Enterprise",
    "EnterpriseChange",
    "EnterpriseGrading",
    "EnterpriseKind",
    "EnterpriseQuerySet",
    "Equipment",
    "EquipmentQuerySet",
    "Guardian",
    "IssuingLevel",
    "KindSchema",
    "KindSchemaQuerySet",
    "MajorUnit",
    "Merger",
    "OwnerNote",
    "OwnerNoteQuerySet",
    "PastAccident",
    "Permit",
    "PermitQuerySet",
    "Plate",
    "Premises",
    "Recheck",
    "Responsibility",
    "Resumption",
    "RiskAssessment",
    "RiskColour",
    "RiskPoint",
    "RiskPolicy",
    "RiskPolicyQuerySet",
    "RiskProfile",
    "SharedList",
    "StatusPeriod",
]
