"""What pages ask about batches: how far they are, and what has been paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from bihuan.accounts.models import User
from bihuan.accounts.scope import area_q, areas_q
from bihuan.campaigns.models import Campaign
from bihuan.core.http import row_number
from bihuan.registry.models import Enterprise, EnterpriseQuerySet
from bihuan.zones.models import Zone, ZoneMembership

from .models import Batch, BatchObject, BatchObjectQuerySet, Subsidy, SubsidyFund, SubsidyQuerySet
from .workflow import GRANTED, RUNNING, ObjectStatus, Purpose, SubsidyStatus

STATES = {
    "running": "整改中",
    "overdue": "逾期未完成",
    "unsupervised": "督查时段内未督查",
    **dict(ObjectStatus.choices),
}


@dataclass(frozen=True)
class Standing:
    """How a batch stands, over what the person may see."""

    total: int = 0
    listed: int = 0
    running: int = 0
    applied: int = 0
    accepted: int = 0
    transferred: int = 0
    overdue: int = 0


def _figures(on: dt.date) -> dict[str, Count]:
    return {
        "total": Count("pk"),
        "listed": Count("pk", filter=Q(status=ObjectStatus.LISTED)),
        "running": Count("pk", filter=Q(status__in=RUNNING)),
        "applied": Count("pk", filter=Q(status=ObjectStatus.APPLIED)),
        "accepted": Count("pk", filter=Q(status=ObjectStatus.ACCEPTED)),
        "transferred": Count("pk", filter=Q(status=ObjectStatus.TRANSFERRED)),
        "overdue": Count("pk", filter=Q(status__in=RUNNING, due_on__lt=on)),
    }


def standing_of(members: BatchObjectQuerySet, *, on: dt.date) -> Standing:
    """The figures of a set of objects, in one query."""
    return Standing(**members.exclude(status=ObjectStatus.REMOVED).aggregate(**_figures(on)))


def standings_of(batches: list[Batch], user: User, *, on: dt.date) -> list[tuple[Batch, Standing]]:
    """Every batch with the figures of its objects as far as the person sees them, in one query for all."""
    rows = BatchObject.objects.visible_to(user).filter(batch__in=batches).exclude(status=ObjectStatus.REMOVED)
    figures = _figures(on)
    grouped: Iterable[Mapping[str, Any]] = rows.order_by().values("batch").annotate(**figures)
    found = {row["batch"]: Standing(**{name: row[name] for name in figures}) for row in grouped}
    return [(batch, found.get(batch.pk, Standing())) for batch in batches]


def members_of(batch: Batch, user: User, *, state: str = "", on: dt.date) -> BatchObjectQuerySet:
    """The objects of a batch a person may see, those in one state if given."""
    rows = BatchObject.objects.visible_to(user).filter(batch=batch)
    if state == "overdue":
        return rows.overdue(on=on)
    if state == "running":
        return rows.filter(status__in=RUNNING)
    if state == "unsupervised":
        return rows.unsupervised()
    if state in ObjectStatus.values:
        return rows.filter(status=state)
    return rows.exclude(status=ObjectStatus.REMOVED)


def subsidies(user: User, filters: Mapping[str, str]) -> SubsidyQuerySet:
    """Subsidies a person may see, narrowed by campaign, batch and status."""
    rows = Subsidy.objects.visible_to(user)
    if pk := row_number(filters.get("campaign", "")):
        rows = rows.filter(member__campaign=pk)
    if pk := row_number(filters.get("batch", "")):
        rows = rows.filter(member__batch=pk)
    if filters.get("status") in SubsidyStatus.values:
        rows = rows.filter(status=filters["status"])
    return rows


def to_add(batch: Batch, user: User, chosen: Mapping[str, str]) -> EnterpriseQuerySet:
    """Enterprises that may still be put into a batch: supervised, in the campaign's region, in none of its batches.

    Narrowed by kind, name, locality, and the zone they lie in today (R008: 禁燃区).
    """
    rows = Enterprise.objects.visible_to(user).supervised().filter(area_q(batch.campaign.region_id))
    taken = BatchObject.objects.filter(campaign=batch.campaign).exclude(status=ObjectStatus.REMOVED)
    rows = rows.exclude(pk__in=taken.values("enterprise"))
    if chosen.get("kind"):
        rows = rows.filter(kind=chosen["kind"])
    if chosen.get("q"):
        rows = rows.filter(name__contains=chosen["q"])
    if chosen.get("region"):
        rows = rows.filter(areas_q((chosen["region"],)))
    if zone := row_number(chosen.get("zone", "")):
        seen = Zone.objects.visible_to(user).filter(pk=zone)
        rows = rows.filter(
            Exists(ZoneMembership.objects.filter(zone__in=seen, left_on=None, enterprise=OuterRef("pk")))
        )
    return rows


@dataclass(frozen=True)
class Money:
    """How the money of one purpose stands: set aside, granted (of it paid), and what is left of it."""

    purpose: str
    label: str
    documents: list[SubsidyFund]
    amount: Decimal
    granted: Decimal
    paid: Decimal

    @property
    def left(self) -> Decimal:
        return self.amount - self.granted


def money_of(campaign: Campaign) -> list[Money]:
    """The purposes of a campaign that have money set aside or granted, in their order (R238)."""
    funds: dict[str, list[SubsidyFund]] = {}
    for fund in SubsidyFund.objects.filter(campaign=campaign):
        funds.setdefault(fund.purpose, []).append(fund)
    rows: QuerySet[Subsidy] = Subsidy.objects.filter(standard__campaign=campaign, status__in=GRANTED)
    zero = Decimal(0)
    spent = {
        row["standard__purpose"]: (row["yuan"] or zero, row["paid"] or zero)
        for row in rows.order_by()
        .values("standard__purpose")
        .annotate(yuan=Sum("amount"), paid=Sum("amount", filter=Q(status=SubsidyStatus.PAID)))
    }
    return [
        Money(
            purpose.value, purpose.label, funds.get(purpose.value, []),
            sum((fund.amount for fund in funds.get(purpose.value, [])), zero),
            *spent.get(purpose.value, (zero, zero)),
        )
        for purpose in Purpose
        if purpose.value in funds or purpose.value in spent
    ]  # fmt: skip


def sums(rows: SubsidyQuerySet) -> list[tuple[str, str, int, Decimal]]:
    """(status, label, how many, yuan) for every status, zeros included."""
    found = {
        row["status"]: row
        for row in rows.order_by().values("status").annotate(count=Count("pk"), yuan=Sum("amount"))
    }
    return [
        (
            value,
            label,
            found[value]["count"] if value in found else 0,
            found[value]["yuan"] if value in found else Decimal(0),
        )
        for value, label in SubsidyStatus.choices
    ]
