"""What pages ask about promises and self-checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet

from bihuan.accounts.models import User
from bihuan.accounts.scope import areas_q
from bihuan.campaigns.models import Campaign, Checklist, Task
from bihuan.core.http import row_number
from bihuan.inspections.models import Inspection
from bihuan.registry.models import Enterprise
from bihuan.rules.regions import is_within

from .models import FalseClaim, Pledge, PledgeQuerySet
from .workflow import PledgeStatus


def listed(user: User, filters: Mapping[str, str]) -> PledgeQuerySet:
    """Promises a person may see, narrowed by the page's parameters; unreadable ones are ignored."""
    rows = Pledge.objects.visible_to(user)
    if filters.get("status") in PledgeStatus.values:
        rows = rows.filter(status=filters["status"])
    for name in ("department", "enterprise", "campaign", "form"):
        if number := row_number(filters.get(name, "")):
            rows = rows.filter(**{name: number})
    if region := filters.get("region", ""):
        rows = rows.filter(areas_q((region,)))
    if q := filters.get("q", "").strip():
        rows = rows.filter(Q(unit_name__contains=q) | Q(number__contains=q))
    if filters.get("false") == "1":
        rows = rows.filter(pk__in=FalseClaim.objects.values("line__pledge"))
    return rows


@dataclass(frozen=True)
class Walkable:
    """A checklist an enterprise may walk by itself, and when it last did."""

    checklist: Checklist
    task: Task
    last_on: dt.date | None


def walkable(enterprise: Enterprise) -> list[Walkable]:
    """The checklists of running tasks that cover an enterprise: what inspectors will look at, its own first."""
    tasks = [
        task
        for task in Task.objects.live()
        .filter(campaign__status=Campaign.Status.RUNNING, kinds=enterprise.kind_id)
        .select_related("campaign")
        .prefetch_related("checklists")
        .order_by("campaign_id", "position")
        if is_within(enterprise.locality_id, task.campaign.region_id)
        or enterprise.county_id == task.campaign.region_id
        if not task.risks or enterprise.risk in task.risks
    ]
    done = dict(
        Inspection.objects.filter(enterprise=enterprise, kind=Inspection.Kind.SELF_CHECK, task__in=tasks)
        .values_list("task")
        .annotate(Max("inspected_on"))
        .order_by()
    )
    found = []
    for task in tasks:
        newest = max(task.checklists.all(), key=lambda each: each.version, default=None)
        if newest is not None:
            found.append(Walkable(newest, task, done.get(task.pk)))
    return found


def self_checks(user: User, *, campaign: Campaign | None = None, region: str = "") -> QuerySet[Inspection]:
    """Self-checks a person may see, the latest first."""
    rows = Inspection.objects.visible_to(user).filter(kind=Inspection.Kind.SELF_CHECK)
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    if region:
        rows = rows.filter(areas_q((region,)))
    return rows


def self_checked_enterprises(user: User, campaign: Campaign) -> int:
    """How many enterprises have checked themselves under a campaign, as far as the person may see them (R074)."""
    rows = self_checks(user, campaign=campaign)
    return rows.aggregate(count=Count("enterprise", distinct=True))["count"] or 0
