"""Home pages, across all apps: what must I do, by when, and how do we stand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Prefetch

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q, areas_q, scope_of
from bihuan.campaigns.links import ledger_url
from bihuan.campaigns.models import Assignment, Campaign, Phase
from bihuan.campaigns.workflow import AssignmentStatus, PhaseStatus
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Status
from bihuan.registry.models import Enterprise
from bihuan.tally.figures import NOTHING
from bihuan.tally.queries import (
    Figures,
    at_points,
    by_campaign,
    by_department,
    by_region,
    by_task,
    daily,
)

TREND_DAYS = 30


@dataclass(frozen=True)
class Standing:
    """How one region or department stands, with the parameters that open the rows behind each figure."""

    figures: Figures
    week: Figures
    parameters: dict[str, object]

    def stats(self) -> list[dict[str, object]]:
        """The five cards at the head of a home page."""
        figures, week, parameters = self.figures, self.week, self.parameters
        rate = figures.rectification_rate
        return [
            {
                "label": "查出隐患", "figure": f"{figures.found:,}", "unit": "项", "url": ledger_url(**parameters),
                "note": f"近七天 {week.found:,} 项",
            },
            {
                "label": "整改率", "figure": "—" if rate is None else f"{rate:.1f}", "unit": "" if rate is None else "%",
                "url": ledger_url(state="closed", **parameters), "note": f"已销号 {figures.closed:,} 项",
            },
            {
                "label": "未销号", "figure": f"{figures.open:,}", "unit": "项",
                "url": ledger_url(state="open", **parameters), "note": f"近七天销号 {week.closed:,} 项",
            },
            {
                "label": "逾期未改", "figure": f"{figures.overdue:,}", "unit": "项",
                "url": ledger_url(state="overdue", **parameters), "tone": "red" if figures.overdue else "",
                "note": f"逾期后才改 {figures.closed_late:,} 项",
            },
            {
                "label": "重大隐患", "figure": f"{figures.open_major:,}", "unit": "项未销号",
                "url": ledger_url(level="major", state="open", **parameters),
                "tone": "red" if figures.open_major else "", "note": f"累计 {figures.found_major:,} 项",
            },
        ]  # fmt: skip


def standing(*, on: dt.date, region: str, department: int = 0) -> Standing:
    """Figures of a region, or of a department within it, to date and over the last seven days."""
    parameters: dict[str, object] = {"department": department} if department else {"region": region}
    now, before = at_points([on, on - dt.timedelta(days=7)], region=region, department=department)
    return Standing(now, (now - before).with_stock_of(now), parameters)


def trend(*, on: dt.date, region: str, department: int = 0) -> list[tuple[dt.date, Figures]]:
    """The last thirty days, one row a day."""
    return daily(since=on - dt.timedelta(days=TREND_DAYS - 1), until=on, region=region, department=department)


def children_standing(region: Region, *, on: dt.date) -> list[tuple[Region, Figures]]:
    """Each locality under a region (of a province: each city) with its figures, those with most overdue first."""
    is_province = region.kind == Region.Kind.PROVINCE
    kinds = [Region.Kind.CITY] if is_province else [Region.Kind.TOWNSHIP, Region.Kind.ZONE]
    localities = list(Region.objects.filter(code__startswith=region.code, kind__in=kinds))
    figures = by_region([locality.code for locality in localities], on=on)
    rows = [(locality, figures[locality.code]) for locality in localities]
    return sorted(rows, key=lambda row: (-row[1].overdue, -row[1].open, row[0].code))


def department_standing(region: Region, *, on: dt.date) -> list[tuple[Organization, Figures]]:
    """Each line department with its figures in a region, those with most overdue first."""
    figures = by_department(on=on, region=region.code)
    departments = Organization.objects.filter(pk__in=figures).only("short_name")
    return sorted(
        ((item, figures[item.pk]) for item in departments), key=lambda row: (-row[1].overdue, -row[1].open)
    )


def running_campaigns(
    user: User, *, on: dt.date, region: str, department: int = 0
) -> list[dict[str, object]]:
    """Running campaigns in view with how this region or department stands in each."""
    rows: list[dict[str, object]] = []
    known: dict[str, dict[int, Figures]] = {}
    open_phases = Prefetch(
        "phases", Phase.objects.filter(status=PhaseStatus.OPEN).only("campaign", "name", "ends_on")
    )
    for campaign in (
        Campaign.objects.visible_to(user)
        .filter(status=Campaign.Status.RUNNING)
        .only("short_title", "region")
        .prefetch_related(open_phases)
    ):
        scope = region if len(region) >= len(campaign.region_id) else campaign.region_id
        counted = scope[:4] if department else scope
        if counted not in known:
            known[counted] = by_campaign(on=on, region=counted, department=department)
        figures = known[counted].get(campaign.pk, NOTHING)
        phase = next(iter(campaign.phases.all()), None)
        parameters: dict[str, object] = {"campaign": campaign.pk}
        parameters |= {"department": department} if department else {"region": scope}
        rows.append(
            {"campaign": campaign, "figures": figures, "phase": phase, "url": ledger_url(**parameters)}
        )
    return rows


def own_assignments(organization: Organization, *, limit: int = 12) -> list[Assignment]:
    """Shares of tasks an organization still owes, soonest first."""
    return list(
        Assignment.objects.filter(organization=organization, task__campaign__status=Campaign.Status.RUNNING)
        .exclude(status__in=[AssignmentStatus.REPORTED, AssignmentStatus.CONFIRMED, AssignmentStatus.ENDED])
        .select_related("task", "task__campaign")
        .order_by("task__due_on", "task__position")[:limit]
    )


def review_queue(user: User, *, limit: int = 8) -> list[Hazard]:
    """Hazards waiting for this organization's judgement, the longest waiting first."""
    organizations = {post.organization_id for post in user.posts}
    return list(
        Hazard.objects.visible_to(user)
        .filter(
            status__in=[Status.REINSPECTING, Status.REPORTED, Status.ACCEPTING],
            reviewing_organization__in=organizations,
        )
        .select_related("enterprise", "locality")
        .order_by("submitted_on", "id")[:limit]
    )


def locality_uncovered(user: User, region: Region, *, on: dt.date) -> list[dict[str, object]]:
    """For each running task with objects here: how many of them nobody has visited yet, most first."""
    rows = []
    assignments = (
        Assignment.objects.filter(
            organization__in={post.organization_id for post in user.posts},
            task__campaign__status=Campaign.Status.RUNNING,
            task__kinds__isnull=False,
            task__ended_on=None,
        )
        .exclude(status=AssignmentStatus.ENDED)
        .select_related("task", "task__campaign")
        .prefetch_related("task__kinds")
        .distinct()
    )
    grid = _supervised(region.code)
    covered = _covered(region.code, {assignment.task.campaign_id for assignment in assignments}, on=on)
    for assignment in assignments:
        task = assignment.task
        kinds = {kind.pk for kind in task.kinds.all()}
        scope = sum(
            count
            for (kind, risk), count in grid.items()
            if kind in kinds and (not task.risks or risk in task.risks)
        )
        done = covered.get(task.pk, 0)
        if scope > done:
            rows.append({"task": task, "scope": scope, "covered": done, "left": scope - done})
    return sorted(rows, key=lambda row: -int(str(row["left"])))[:8]


def _covered(region: str, campaigns: set[int], *, on: dt.date) -> dict[int, int]:
    """Covered objects by task in one locality, over some campaigns."""
    result: dict[int, int] = {}
    for campaign in campaigns:
        for task, figures in by_task(campaign, on=on, region=region).items():
            result[task] = figures.covered
    return result


def _supervised(region: str) -> dict[tuple[str, str], int]:
    rows = (
        Enterprise.objects.supervised()
        .filter(area_q(region))
        .values_list("kind_id", "risk")
        .annotate(Count("pk"))
    )
    return {(kind, risk): count for kind, risk, count in rows.order_by()}


def office_area(user: User) -> Region | None:
    """The area an office or inspectorate answers for: that of its first post that sees one."""
    areas = scope_of(user, Permission.VIEW_HAZARDS).areas
    return Region.objects.filter(pk__in=areas).order_by("code").first()


def unheld_count(user: User, *, on: dt.date) -> int:
    """Duties in one's area that nobody holds."""
    return Duty.objects.unheld(on=on).filter(areas_q(scope_of(user, Permission.ASSIGN_DUTY).areas)).count()
