"""What pages ask about promises and self-checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, Model, Q, QuerySet
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.scope import areas_q
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Campaign, Checklist, Phase, Task
from bihuan.campaigns.workflow import PhaseStatus
from bihuan.core.http import row_number
from bihuan.hazards.models import Rectification
from bihuan.inspections.asking import asked
from bihuan.inspections.models import Inspection
from bihuan.registry.models import Enterprise
from bihuan.rules.regions import is_within
from bihuan.zones.models import ZoneMembership

from .models import (
    FalseClaim,
    Pledge,
    PledgeLine,
    PledgeQuerySet,
    Referral,
    ReferralQuerySet,
    StaffCertificate,
    StaffCertificateQuerySet,
)
from .workflow import PledgeStatus, ReferralStatus


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
    if filters.get("standing") == "1":
        rows = rows.standing()
    if filters.get("ending") == "1":
        rows = rows.running_out(on=timezone.localdate())
    if filters.get("false") == "1":
        rows = rows.filter(pk__in=FalseClaim.objects.values("line__pledge"))
    return rows


def pledges_with_false_claims(pledges: Iterable[Pledge]) -> dict[int, int]:
    """{promise: how many of its lines were found false}, for those of a page that have any."""
    rows = FalseClaim.objects.filter(line__pledge__in=list(pledges)).order_by().values_list("line__pledge")
    return dict(rows.annotate(Count("pk")))


def handed_in(lines: Iterable[PledgeLine]) -> dict[int, Rectification]:
    """{hazard: its latest rectification} for the hazards the lines of a promise speak of."""
    rows = Rectification.objects.filter(hazard__in=[each.hazard_id for each in lines if each.hazard_id])
    return {each.hazard_id: each for each in rows.order_by("pk")}


def promised_enterprises(user: User, campaign: Campaign) -> int:
    """How many enterprises have a standing promise for a campaign, as far as the person may see them (R017, R074)."""
    rows = Pledge.objects.visible_to(user).standing().filter(campaign=campaign)
    return rows.aggregate(count=Count("enterprise", distinct=True))["count"] or 0


def referrals(user: User, filters: Mapping[str, str]) -> ReferralQuerySet:
    """Cases a person may see, narrowed by state, side (got or sent by one's own bodies) and enterprise."""
    rows = Referral.objects.visible_to(user)
    bodies = [post.organization_id for post in user.posts]
    if filters.get("side") == "in":
        rows = rows.filter(recipient__in=bodies)
    elif filters.get("side") == "out":
        rows = rows.filter(sender__in=bodies)
    if filters.get("status") in ReferralStatus.values:
        rows = rows.filter(status=filters["status"])
    elif filters.get("status") == "open":
        rows = rows.unsettled()
    if pk := row_number(filters.get("enterprise", "")):
        rows = rows.filter(enterprise=pk)
    return rows


def referral_of(subject: Model) -> Referral | None:
    """The newest case handed over about a record."""
    return Referral.objects.filter(subject=chain_of(subject)).order_by("-pk").first()


def referrals_of(subjects: Iterable[Model]) -> dict[str, Referral]:
    """{chain: its newest case} for the records of a page."""
    chains = [chain_of(each) for each in subjects]
    rows = Referral.objects.filter(subject__in=chains).select_related("recipient", "paper")
    return {each.subject: each for each in rows.order_by("pk")}


def certificates(
    user: User, *, enterprise: Enterprise | None = None, state: str = "held", on: dt.date
) -> StaffCertificateQuerySet:
    """Certificates of people a person may see, of one enterprise if given, in one state; an unknown state finds none."""
    rows = StaffCertificate.objects.visible_to(user)
    if enterprise is not None:
        rows = rows.filter(enterprise=enterprise)
    match state:
        case "past":
            return rows.past(on=on)
        case "ending":
            return rows.ending(on=on)
        case "held":
            return rows.held()
        case "retired":
            return rows.filter(is_active=False)
    return rows.none()


@dataclass(frozen=True)
class Walkable:
    """A checklist an enterprise may walk by itself: how many items concern it, when it last did, and until when the
    plan gives it (the end of the phase of self-checks, R017), if it says."""

    checklist: Checklist
    task: Task
    last_on: dt.date | None
    count: int
    due_on: dt.date | None


def tasks_covering(enterprise: Enterprise) -> list[Task]:
    """The live tasks of running campaigns that cover an enterprise, as `Task.covered_enterprises` counts them."""
    zones = set(
        ZoneMembership.objects.filter(enterprise=enterprise, left_on=None).values_list("zone", flat=True)
    )
    return [
        task
        for task in Task.objects.live()
        .filter(campaign__status=Campaign.Status.RUNNING, kinds=enterprise.kind_id)
        .select_related("campaign")
        .prefetch_related("checklists")
        .order_by("campaign_id", "position")
        if is_within(enterprise.locality_id, task.campaign.region_id)
        or enterprise.county_id == task.campaign.region_id
        if not task.risks or enterprise.risk in task.risks
        if task.zone_id is None or task.zone_id in zones
    ]


def campaigns_covering(enterprise: Enterprise) -> list[Campaign]:
    """The running campaigns an enterprise may promise for, the newest first."""
    found = {task.campaign_id: task.campaign for task in tasks_covering(enterprise)}
    return sorted(found.values(), key=lambda each: -each.pk)


def walkable(enterprise: Enterprise) -> list[Walkable]:
    """The checklists of running tasks that cover an enterprise: what inspectors will look at, its own first."""
    tasks = tasks_covering(enterprise)
    until = _self_checks_until(tasks)
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
            count = len(asked(list(newest.items.all()), enterprise))
            found.append(Walkable(newest, task, done.get(task.pk), count, until.get(task.campaign_id)))
    return found


def _self_checks_until(tasks: Iterable[Task]) -> dict[int, dt.date]:
    """{campaign: the last day of the phase in which enterprises check themselves}, of those that have one open."""
    phases = Phase.objects.filter(
        campaign__in={task.campaign_id for task in tasks}, name__contains="自查", ends_on__isnull=False
    ).exclude(status=PhaseStatus.CLOSED)
    return {phase.campaign_id: phase.ends_on for phase in phases.order_by("-position") if phase.ends_on}


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
