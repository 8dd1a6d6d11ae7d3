"""What part of the world a person may see, and how a query says so. Every `visible_to` is built from this."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from .models import Organization, Region, User
from .roles import ROLES

NOTHING = Q(pk__in=())
# Not Q(): joined by “or” with another condition, an empty one would vanish and leave only the other.
EVERYTHING = ~NOTHING


@dataclass(frozen=True)
class Scope:
    """`areas`: region codes seen whole. `departments`: line departments whose objects are seen within `department_areas`.
    `enterprises`: organizations of the enterprises someone works for. `user_id`: what they took part in themselves."""

    user_id: int
    areas: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    enterprises: tuple[int, ...] = ()
    participant: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.areas or self.departments or self.enterprises or self.participant)


def scope_of(user: User, permission: str) -> Scope:
    """The scope of those posts of `user` that carry `permission`; inactive people see nothing.

    Offices, localities and inspectorates see their region's subtree, departments what is assigned to them,
    enterprises themselves, experts what they took part in (design invariant 3).
    """
    areas: list[str] = []
    departments: list[int] = []
    enterprises: list[int] = []
    participant = False
    if user.is_authenticated and user.is_active:
        for post in user.posts:
            if permission not in ROLES[post.role].permissions:
                continue
            organization = post.organization
            match organization.kind:
                case Organization.Kind.OFFICE | Organization.Kind.LOCALITY | Organization.Kind.INSPECTORATE:
                    areas.append(organization.region_id)
                case Organization.Kind.DEPARTMENT:
                    departments.append(organization.pk)
                case Organization.Kind.ENTERPRISE:
                    enterprises.append(organization.pk)
                case Organization.Kind.EXPERTS:
                    participant = True
    return Scope(user.pk or 0, tuple(areas), tuple(departments), tuple(enterprises), participant)


def area_q(code: str, prefix: str = "") -> Q:
    """Rows under a region, through the ancestor columns `city_id`, `county_id`, `locality_id` (by code length).

    `prefix` leads to the row that carries them, e.g. `"hazard__"`. A province (2 digits) is the whole installation.
    A development zone has a six-digit code of its own and is its own county as well as its own locality.
    """
    match len(code):
        case 2:
            return EVERYTHING
        case 4:
            return Q(**{f"{prefix}city_id": code})
        case 6:
            return Q(**{f"{prefix}county_id": code})
        case _:
            return Q(**{f"{prefix}locality_id": code})


def areas_q(codes: tuple[str, ...], prefix: str = "") -> Q:
    """Rows under any of `codes`; none for an empty tuple."""
    return reduce(or_, (area_q(code, prefix) for code in codes), NOTHING)


@dataclass(frozen=True)
class Place:
    """Where something lies, as the ancestor columns of a row."""

    city_id: str
    county_id: str | None
    locality_id: str | None


def place_of(region: Region) -> Place:
    """The ancestor columns of a region itself; a development zone is its own county and locality."""
    code = region.code
    locality = code if region.is_locality else None
    return Place(code[:4], code[:6] if len(code) >= 6 else None, locality)
