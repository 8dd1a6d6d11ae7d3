"""Who answers for a place, a post, a name: the lookups every other app builds on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from bihuan.core.statements import is_postgresql, rows
from bihuan.plans import normalize_unit
from bihuan.rules.regions import ancestors, prefix_range

from .models import Holding, Organization, OrganizationAlias, OrganizationQuerySet, Post, Region, User
from .roles import Role

LEADER_ROLES = (Role.OFFICE_LEADER, Role.DEPARTMENT_LEADER, Role.LOCALITY_LEADER)
SERVICE_USERNAME = "system"


def office_of(region_code: str, *, on: dt.date | None = None) -> Organization | None:
    """The committee office that answers for a place: its own, or the nearest one above; None if there is none."""
    codes = [region_code, *reversed(ancestors(region_code))]
    offices = (
        Organization.objects.current(on=on or timezone.localdate())
        .filter(kind=Organization.Kind.OFFICE, region_id__in=codes)
        .order_by("id")
    )
    return min(offices, key=lambda office: codes.index(office.region_id), default=None)


def default_post(organization: Organization) -> Post | None:
    """The post that work sent to the organization reaches first; None when none is named (shown in red)."""
    return organization.posts.filter(is_default=True, is_active=True).first()


def holders_of(post: Post, on: dt.date | None = None) -> list[User]:
    """Active people holding or standing in for the post on that day, holders before stand-ins."""
    return holders_by_post([post.pk], on).get(post.pk, [])


def holders_by_post(post_ids: Iterable[int], on: dt.date | None = None) -> dict[int, list[User]]:
    """The same for many posts in one query; posts without a holder are absent from the result."""
    found: dict[int, list[User]] = {}
    for holding in _holdings_on(on or timezone.localdate()).filter(post_id__in=list(post_ids)):
        people = found.setdefault(holding.post_id, [])
        if holding.user not in people:
            people.append(holding.user)
    return found


def leaders_of(organization: Organization, on: dt.date | None = None) -> list[User]:
    """People holding a leading post of the organization on that day."""
    holdings = _holdings_on(on or timezone.localdate()).filter(
        post__organization=organization, post__role__in=LEADER_ROLES
    )
    return list(dict.fromkeys(holding.user for holding in holdings))


def _holdings_on(day: dt.date):
    return (
        Holding.objects.filter(
            Q(to_on=None) | Q(to_on__gte=day), from_on__lte=day, post__is_active=True, user__is_active=True
        )
        .select_related("user")
        .order_by("kind", "id")
    )


@dataclass(frozen=True)
class Chair:
    """One post in use of an organization, and the people a message to it reaches on the day it was read."""

    post_id: int
    organization_id: int
    role: str
    is_default: bool
    people: tuple[int, ...]


def chairs_sql(organizations: str) -> str:
    """An expression whose text is every post in use of `organizations` (SQL of a list of ids) with its holders.

    Takes the day twice as values. For `chairs_of`; an act reads it along with its own row.
    """
    posts, holdings, users = (model._meta.db_table for model in (Post, Holding, User))
    if is_postgresql():
        answer, day = (
            "json_agg(json_build_array(p.id, p.organization_id, p.role, p.is_default, u.id) ORDER BY p.id, k.kind, k.id)::text",
            "%s::date",
        )
    else:
        answer, day = (
            "json_group_array(json_array(p.id, p.organization_id, p.role, p.is_default, u.id))",
            "%s",
        )
    return (
        f"SELECT {answer} FROM {posts} p "  # noqa: S608
        f"LEFT JOIN {holdings} k ON k.post_id = p.id AND k.from_on <= {day} AND (k.to_on IS NULL OR k.to_on >= {day}) "
        f"LEFT JOIN {users} u ON u.id = k.user_id AND u.is_active AND NOT u.is_service "
        f"WHERE p.is_active AND p.organization_id IN ({organizations})"
    )


def chairs_of(text: str | None) -> list[Chair]:
    """The chairs a text of `chairs_sql` stands for, by post."""
    posts: dict[int, tuple[int, str, bool]] = {}
    people: dict[int, list[int]] = {}
    for post, organization, role, is_default, person in json.loads(text or "[]") or []:
        posts[post] = (organization, role, bool(is_default))
        held = people.setdefault(post, [])
        if person is not None and person not in held:
            held.append(person)
    return [
        Chair(post, organization, role, is_default, tuple(people[post]))
        for post, (organization, role, is_default) in sorted(posts.items())
    ]


def chairs_in(organizations: Iterable[int], on: dt.date) -> list[Chair]:
    """The chairs of these organizations, in one query."""
    wanted = list(organizations)
    if not wanted:
        return []
    marks = ", ".join(["%s::bigint" if is_postgresql() else "%s"] * len(wanted))
    day = on.isoformat()
    found = rows(chairs_sql(marks), [day, day, *(str(each) for each in wanted)])
    return chairs_of(found[0][0])


def resolve_unit(name: str, region_code: str, on: dt.date | None = None) -> Organization | None:
    """The body a document means by `name` when it was written for `region_code`, on that day (R270).

    Looks for current bodies in the region, below it and above it by alias, full or short name; 市住建局 also finds
    云溪市住建局. Former names still resolve when no current name fits. The body nearest to the region wins;
    None when nothing fits or two bodies fit equally well, because a guess would give the duty to the wrong one.
    """
    key = normalize_unit(name)
    if not key:
        return None
    day = on or timezone.localdate()
    low, high = prefix_range(region_code)
    above = ancestors(region_code)
    near = Q(region_id__gte=low, region_id__lt=high) | Q(region_id__in=above)
    bodies = Organization.objects.current(on=day).filter(near).exclude(kind=Organization.Kind.SYSTEM)

    aliases = OrganizationAlias.objects.filter(key=key, organization__in=bodies).select_related(
        "organization"
    )
    valid = [
        alias.organization
        for alias in aliases
        if (alias.valid_from is None or alias.valid_from <= day)
        and (alias.valid_to is None or alias.valid_to >= day)
    ]
    names = {name.strip(), key, *_full_names(key, region_code)}
    named = list(bodies.filter(Q(name__in=names) | Q(short_name__in=names)))
    former = [alias.organization for alias in aliases]
    for candidates in (valid + named, former):
        if candidates:
            return _nearest(candidates, region_code)
    return None


def _full_names(key: str, region_code: str) -> set[str]:
    """市住建局 in a document of 云溪市 is 云溪市住建局: put the region's own name before its level word."""
    regions = Region.objects.filter(code__in=[region_code, *ancestors(region_code)])
    return {
        region.name[:-1] + key for region in regions if region.name and key.startswith(region.name[-1])
    } | {region.name + key for region in regions}


def _nearest(candidates: list[Organization], region_code: str) -> Organization | None:
    def distance(body: Organization) -> tuple[bool, int]:
        return body.region_id != region_code, abs(len(body.region_id) - len(region_code))

    distinct = {body.pk: body for body in candidates}
    ranked = sorted(distinct.values(), key=distance)
    if len(ranked) > 1 and distance(ranked[0]) == distance(ranked[1]):
        return None
    return ranked[0]


def organizations_under(
    region_code: str, *, kinds: Iterable[str] | None = None, on: dt.date | None = None
) -> OrganizationQuerySet:
    """Current bodies in the region and everything below it, by region code; narrowed to `kinds` if given."""
    low, high = prefix_range(region_code)
    bodies = Organization.objects.current(on=on or timezone.localdate()).filter(
        region_id__gte=low, region_id__lt=high
    )
    return bodies.filter(kind__in=list(kinds)) if kinds is not None else bodies


def localities_under(region_code: str, *, on: dt.date | None = None) -> list[Organization]:
    """Townships, streets and zones that a duty "各乡镇（街道）" below the region falls to, by region code."""
    return list(
        organizations_under(region_code, kinds=[Organization.Kind.LOCALITY], on=on)
        .select_related("region")
        .order_by("region_id", "id")
    )


def service_user() -> User:
    """The named account scheduled jobs act as; made on first use. It has no password and cannot log in."""
    user, created = User.objects.get_or_create(
        username=SERVICE_USERNAME, defaults={"full_name": "系统定时任务", "is_service": True}
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


MOST_REGIONS = 100


def regions_to_choose(areas: Iterable[str], chosen: str = "") -> list[Region]:
    """What a filter by region offers whoever sees `areas`: everything below, or, where that is more than fits a list,
    the next level below what is chosen and the way back up. At most two queries."""
    codes = set(areas)
    within = Q(pk__in=())
    for code in codes:
        within |= Q(code__startswith=code)
    below = Region.objects.filter(within).only("code", "name", "short_name").order_by("code")
    found = list(below[: MOST_REGIONS + 1])
    if len(found) <= MOST_REGIONS:
        return found
    way = {*codes, *((*ancestors(chosen), chosen) if chosen else ())}
    return list(below.filter(Q(code__in=way) | Q(parent__in=way)))
