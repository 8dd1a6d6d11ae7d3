"""Whom a unit writes to: its own upper level first, others above only with a reason and a copy to the level skipped."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.rules.regions import ancestors


def offices_above(organization: Organization) -> list[Organization]:
    """The committee offices over a body, the nearest first: for a department or a locality that of its own place, for an
    office the next one up. Empty at the top of what this installation knows."""
    codes = [organization.region_id, *reversed(ancestors(organization.region_id))]
    if organization.kind == Organization.Kind.OFFICE:
        codes = codes[1:]
    rows = Organization.objects.current(on=timezone.localdate()).filter(
        kind=Organization.Kind.OFFICE, region_id__in=codes
    )
    nearest: dict[str, Organization] = {}
    for each in rows.exclude(pk=organization.pk).order_by("id"):
        nearest.setdefault(each.region_id, each)
    return [nearest[code] for code in codes if code in nearest]


def addressees(organization: Organization) -> list[Organization]:
    """Whom a body may ask or report to: the offices above, nearest first, then the departments of those levels."""
    offices = offices_above(organization)
    codes = [each.region_id for each in offices]
    departments = (
        Organization.objects.current(on=timezone.localdate())
        .filter(kind=Organization.Kind.DEPARTMENT, region_id__in=codes)
        .exclude(pk=organization.pk)
        .order_by("id")
    )
    if organization.kind == Organization.Kind.DEPARTMENT:
        # 同级不是上级: a department has the departments of the levels above its own over it, not its neighbours.
        departments = departments.exclude(region_id=organization.region_id)
    elif organization.kind == Organization.Kind.OFFICE:
        departments = departments.exclude(region_id=organization.region_id)
    return [*offices, *sorted(departments, key=lambda each: codes.index(each.region_id))]


def skipped(organization: Organization, addressee: Organization | None) -> list[Organization]:
    """The offices a paper goes over the head of. For an addressee outside, all that are above here."""
    offices = offices_above(organization)
    if addressee is None:
        return offices
    codes = [each.region_id for each in offices]
    if addressee.region_id not in codes:
        return []
    return offices[: codes.index(addressee.region_id)]


def is_below(body: Organization, organization: Organization) -> bool:
    """Whether a body stands under another: papers upward are not copied there."""
    code, own = body.region_id, organization.region_id
    if code.startswith(own) and code != own:
        return True
    return body.kind == Organization.Kind.ENTERPRISE


def copy_choices(organization: Organization) -> Q:
    """Bodies a paper upward may be copied to: beside or above, not below."""
    codes = [organization.region_id, *ancestors(organization.region_id)]
    kinds = [Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.INSPECTORATE]
    return Q(region_id__in=codes, kind__in=kinds) & ~Q(pk=organization.pk)
