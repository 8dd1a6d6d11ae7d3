"""Who conducts which kind of visit, and how the words of earlier versions are read.

Self-checks and visits by townships, departments and those above them are different acts with different consequences;
whether a visit serves a campaign is its task, not its kind (R059, R064-R067).
"""

from __future__ import annotations

from bihuan.accounts.models import Organization

from .models import Inspection

Kind, Body = Inspection.Kind, Organization.Kind

_EVERY_AUTHORITY = (Kind.JOINT, Kind.EXPERT, Kind.UNANNOUNCED, Kind.LOOK_BACK)

# The first one is what a body's visit is when nobody says more.
CONDUCTED_BY: dict[str, tuple[Inspection.Kind, ...]] = {
    Body.LOCALITY: (Kind.TOWNSHIP, *_EVERY_AUTHORITY, Kind.ENFORCEMENT),
    Body.DEPARTMENT: (Kind.DEPARTMENT, *_EVERY_AUTHORITY, Kind.ENFORCEMENT, Kind.UPPER_LEVEL),
    Body.OFFICE: (Kind.UPPER_LEVEL, *_EVERY_AUTHORITY),
    Body.ENTERPRISE: (Kind.SELF_CHECK, Kind.DELIVERY),
}

# An enterprise looks at itself or at its own customers: no visit of an authority, no burden to be counted (R059).
OWN = frozenset({Kind.SELF_CHECK, Kind.DELIVERY})

# What phones and callers of earlier versions still send for a visit that is neither of the special kinds.
EARLIER = frozenset({"routine", "campaign"})


def conducted_by(organization: Organization) -> tuple[Inspection.Kind, ...]:
    """The kinds of visits made in the name of `organization`, the ordinary one first; empty when it makes none."""
    return CONDUCTED_BY.get(organization.kind, ())


def kind_in_force(given: str, organization: Organization) -> str:
    """`given` as a kind of today: the words of earlier versions become the ordinary visit of the organization."""
    kinds = conducted_by(organization)
    return kinds[0].value if given in EARLIER and kinds else given
