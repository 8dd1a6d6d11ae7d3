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
from .referrals import Referral, ReferralQuerySet, ReferralTransition

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
    "Referral",
    "ReferralQuerySet",
    "ReferralTransition",
    "StaffCertificate",
    "StaffCertificateQuerySet",
]
