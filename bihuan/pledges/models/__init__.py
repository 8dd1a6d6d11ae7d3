"""What enterprises say for themselves: promises, and the certificates of their people."""

from .certificates import SOON, StaffCertificate, StaffCertificateQuerySet
from .promises import (
    FalseClaim,
    FalseClaimQuerySet,
    Pledge,
    PledgeForm,
    PledgeFormQuerySet,
    PledgeLine,
    PledgePerson,
    PledgeQuerySet,
    PledgeTransition,
)

__all__ = [
    "SOON",
    "FalseClaim",
    "FalseClaimQuerySet",
    "Pledge",
    "PledgeForm",
    "PledgeFormQuerySet",
    "PledgeLine",
    "PledgePerson",
    "PledgeQuerySet",
    "PledgeTransition",
    "StaffCertificate",
    "StaffCertificateQuerySet",
]
