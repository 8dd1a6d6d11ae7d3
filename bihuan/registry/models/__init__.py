"""Whom we supervise: enterprises, their premises, contacts and permits (R039, R049)."""

from .enterprises import Contact, Enterprise, EnterpriseChange, EnterpriseQuerySet, Premises
from .kinds import EnterpriseKind, RiskColour
from .permits import Permit, PermitQuerySet

__all__ = [
    "Contact",
    "Enterprise",
    "EnterpriseChange",
    "EnterpriseKind",
    "EnterpriseQuerySet",
    "Permit",
    "PermitQuerySet",
    "Premises",
    "RiskColour",
]
