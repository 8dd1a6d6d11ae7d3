"""Where a person may draw zones: one rule for the form, the file and every other act."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import scope_of
from bihuan.rules.regions import is_within, prefix_range

from .models import Zone


def drawing_areas(user: User) -> tuple[str, ...]:
    """Region codes a person may draw zones for: one's own area; for a department, the one it works in."""
    scope = scope_of(user, Permission.EDIT_REGISTRY)
    homes = Organization.objects.filter(pk__in=scope.departments).values_list("region_id", flat=True)
    return (*scope.areas, *homes)


def may_draw_anywhere(user: User) -> bool:
    """Whether the person draws zones at all."""
    return bool(drawing_areas(user))


def may_change(user: User, zone: Zone) -> bool:
    """Whether a zone is this person's to change: it lies in their area, or their department drew it."""
    scope = scope_of(user, Permission.EDIT_REGISTRY)
    return (
        any(is_within(zone.region_id, area) for area in scope.areas)
        or zone.organization_id in scope.departments
    )


def drawing_organization(user: User, region_code: str) -> int | None:
    """The organization in whose name a person draws a zone of this region; None when it is not theirs to draw."""
    for post in user.posts:
        if Permission.EDIT_REGISTRY in ROLES[post.role].permissions and is_within(
            region_code, post.organization.region_id
        ):
            return post.organization_id
    return None


def regions_to_draw_for(user: User) -> QuerySet[Region]:
    """The regions a zone may be registered under."""
    near = Q(pk__in=())
    for code in drawing_areas(user):
        low, high = prefix_range(code)
        near |= Q(pk__gte=low, pk__lt=high)
    return Region.objects.filter(near)
