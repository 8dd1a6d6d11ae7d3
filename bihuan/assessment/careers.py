"""What became of the bodies a leader led, year by year (干部政绩, R125): results, vetoes, listed matters, talks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from bihuan.accounts.models import Holding, Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import Role
from bihuan.instruments.models import InstrumentRecipient
from bihuan.instruments.types import labels
from bihuan.instruments.workflow import RecipientStatus
from bihuan.listings.models import Listing

from .models import AssessedUnit
from .standing import posts_with
from .workflow import Decision, Status

LEADING = (Role.DEPARTMENT_LEADER, Role.LOCALITY_LEADER, Role.OFFICE_LEADER)
STERN = ("talk", "account", "warning", "circular_criticism")


@dataclass
class Year:
    """One year of one post: who was led, what was said of it, what was taken against it."""

    year: int
    organization: Organization
    post: str
    since: dt.date
    until: dt.date
    results: list[AssessedUnit] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    papers: list[InstrumentRecipient] = field(default_factory=list)

    @property
    def decided(self) -> list[Any]:
        """What the leader above decided on these results."""
        return [
            row
            for unit in self.results
            for row in unit.recommendations.all()
            if row.status == Decision.ACCEPTED
        ]

    @property
    def vetoes(self) -> int:
        return sum(1 for unit in self.results if unit.vetoed)


def overseers_areas(user: User) -> tuple[str, ...]:
    """The areas whose leaders' records a person may read: of the office that assesses and of its inspectorate."""
    kinds = {Organization.Kind.OFFICE, Organization.Kind.INSPECTORATE}
    return tuple(
        post.organization.region_id
        for post in posts_with(user, Permission.VIEW_ASSESSMENT)
        if post.organization.kind in kinds
    )


def holdings_for(user: User) -> QuerySet[Holding]:
    """The leading posts whose records a person may read: those of the area, and one's own."""
    areas = overseers_areas(user)
    seen = Q(user=user.pk)
    for area in areas:
        seen |= Q(post__organization__region__code__startswith=area)
    return (
        Holding.objects.filter(seen, post__role__in=LEADING)
        .exclude(user__is_service=True)
        .select_related("user", "post__organization__region")
    )


def years_of(leader: User, holdings: Iterable[Holding], *, today: dt.date) -> list[Year]:
    """Every year of every post, the latest first. Three queries however many years there are."""
    years = []
    for held in holdings:
        last = min(held.to_on or today, today)
        for year in range(held.from_on.year, last.year + 1):
            since = max(held.from_on, dt.date(year, 1, 1))
            until = min(last, dt.date(year, 12, 31))
            if since <= until:
                years.append(Year(year, held.post.organization, held.post.title, since, until))
    if not years:
        return []
    bodies = {each.organization.pk: each.organization for each in years}
    regions = {body.region_id for body in bodies.values() if body.kind == Organization.Kind.LOCALITY}
    units = list(
        AssessedUnit.objects.filter(organization__in=bodies, person=None, assessment__status=Status.FINAL)
        .select_related("assessment", "organization", "paper")
        .prefetch_related("recommendations")
        .order_by("pk")
    )
    listed = list(
        Listing.objects.filter(
            Q(department__in=bodies) | Q(owner__in=bodies) | Q(locality__in=regions), listed_on__isnull=False
        ).order_by("listed_on", "pk")
    )
    stern = list(
        InstrumentRecipient.objects.filter(
            organization__in=bodies, instrument__kind__in=STERN, instrument__issued_on__isnull=False
        )
        .exclude(status__in=[RecipientStatus.PENDING, RecipientStatus.RELEASED])
        .select_related("instrument")
        .order_by("instrument__issued_on", "pk")
    )
    names = labels()
    for row in stern:
        row.kind_words = names.get(row.instrument.kind, "")  # type: ignore[attr-defined]
    for each in years:
        body = each.organization
        each.results = [
            unit
            for unit in units
            if unit.organization_id == body.pk
            and unit.assessment.year == each.year
            and unit.assessment.period_from <= each.until
            and unit.assessment.period_to >= each.since
        ]
        each.listings = [
            row
            for row in listed
            if row.listed_on is not None
            and each.since <= row.listed_on <= each.until
            and (
                body.pk in {row.department_id, row.owner_id}
                or (body.kind == Organization.Kind.LOCALITY and row.locality_id == body.region_id)
            )
        ]
        each.papers = [
            row
            for row in stern
            if row.organization_id == body.pk
            and row.instrument.issued_on is not None
            and each.since <= row.instrument.issued_on <= each.until
        ]
    return sorted(years, key=lambda each: (each.year, each.since), reverse=True)
