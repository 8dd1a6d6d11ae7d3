"""Who may inspect what, what has been visited, and what a visit led to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Assignment, Campaign, Checklist, Task
from bihuan.core.http import row_number
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard, Reinspection
from bihuan.hazards.workflow import OPEN
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise, EnterpriseQuerySet
from bihuan.registry.plates import live_plate
from bihuan.rules.regions import is_within
from bihuan.search.finding import narrowed
from bihuan.search.grams import terms_of
from bihuan.search.models import Kind

from .kinds import OWN
from .models import Coverage, Inspection

# Kinds of enterprises that bring gas to whoever uses it (随瓶安检, 入户安检).
SUPPLIERS = ("gas_pipeline", "lpg_station", "lpg_filling", "delivery_station")


def conductible(user: User) -> QuerySet[Enterprise]:
    """Enterprises this person may inspect: within reach of the posts that allow inspections, and still supervised."""
    scope = scope_of(user, Permission.CONDUCT_INSPECTION)
    return Enterprise.objects.supervised().filter(areas_q(scope.areas) | Q(department__in=scope.departments))


def official_visits(rows: QuerySet[Inspection]) -> QuerySet[Inspection]:
    """Visits of authorities; what an enterprise checks itself or at its users is none."""
    return rows.exclude(kind__in=OWN)


def unvisited(objects: EnterpriseQuerySet, since: dt.date | None = None) -> EnterpriseQuerySet:
    """Of these places those no authority has been to since a day, or ever: blind spots of supervision (监管盲区, R099)."""
    visits = official_visits(Inspection.objects.filter(enterprise=OuterRef("pk")))
    if since is not None:
        visits = visits.filter(inspected_on__gte=since)
    return objects.filter(~Exists(visits))


def inspecting_organization(user: User, enterprise: Enterprise) -> Organization | None:
    """In whose name `user` inspects `enterprise`: the first post that allows it and reaches there, or None."""
    if not user.is_active:
        return None
    for post in user.posts:
        organization, allowed = post.organization, ROLES[post.role].permissions
        if Permission.SIGN_PLEDGE in allowed and enterprise.organization_id == organization.pk:
            return organization  # its own self-check (企业自查); `checks` lets it be nothing else
        if Permission.CONDUCT_INSPECTION not in allowed:
            continue
        if organization.kind == Organization.Kind.DEPARTMENT:
            if enterprise.department_id == organization.pk:
                return organization
        elif organization.kind in {Organization.Kind.OFFICE, Organization.Kind.LOCALITY} and any(
            is_within(code, organization.region_id)
            for code in (enterprise.locality_id, enterprise.county_id, enterprise.city_id)
        ):
            return organization
    return None


def supplier_of(user: User) -> Enterprise | None:
    """The gas company this person works for, which looks at its users' installations (R208), or None."""
    if not user.is_active:
        return None
    bodies = [
        post.organization_id for post in user.posts if Permission.SIGN_PLEDGE in ROLES[post.role].permissions
    ]
    sells = Q(kind__in=SUPPLIERS) | Q(premises__kind__in=SUPPLIERS, premises__is_active=True)
    rows = Enterprise.objects.supervised().filter(sells, organization__in=bodies)
    return rows.select_related("organization").order_by("pk").first()


def delivering_organization(user: User, enterprise: Enterprise, code: str) -> Organization | None:
    """In whose name `user` checks a user of gas: their company, at the door whose plate they have read, or None."""
    supplier, plate = supplier_of(user), live_plate(code)
    if supplier is None or plate is None or supplier.pk == enterprise.pk:
        return None
    return supplier.organization if plate.enterprise_id == enterprise.pk else None


def deliveries(user: User, supplier: Enterprise | None) -> QuerySet[Inspection]:
    """To a gas company the checks its people made, to anybody else those made at their place that they may see."""
    if supplier is not None:
        return Inspection.objects.delivered_by(user)
    return Inspection.objects.visible_to(user).filter(kind=Inspection.Kind.DELIVERY)


def may_issue_for(user: User, inspection: Inspection) -> bool:
    """Papers of a case are issued by the organization whose case it is."""
    return any(
        post.organization_id == inspection.organization_id
        and Permission.ISSUE_PAPER in ROLES[post.role].permissions
        for post in user.posts
    )


def open_task(user: User, pk: int | str) -> Task | None:
    """A task of a running campaign this person may see, or None."""
    return (
        Task.objects.select_related("campaign")
        .filter(
            pk=pk, campaign__in=Campaign.objects.visible_to(user), campaign__status=Campaign.Status.RUNNING
        )
        .first()
    )


def current_checklist(task: Task) -> Checklist | None:
    """The latest version of a task's checklist."""
    return task.checklists.order_by("-version").first()


def objects_to_visit(
    user: User, task: Task | None, *, seen: bool | None = None, q: str = "", risk: str = "", region: str = ""
) -> QuerySet[Enterprise]:
    """Enterprises to choose from. With a task: its objects; `seen` False the ones nobody has visited under it yet."""
    rows = conductible(user).select_related("kind", "locality")
    if task is not None:
        rows = rows.filter(pk__in=task.covered_enterprises().values("pk"))
        if seen is not None:
            visited = Exists(Coverage.objects.filter(task=task, enterprise=OuterRef("pk")))
            rows = rows.filter(visited if seen else ~visited)
    if q:
        place = region if len(region) > 2 else ""
        rows = narrowed(rows, Kind.ENTERPRISE, terms_of(q), place=place)
    if risk:
        rows = rows.filter(risk=risk)
    if region:
        rows = rows.filter(areas_q((region,)))
    return rows


@dataclass(frozen=True)
class LastVisit:
    """How the last visit went, in short."""

    inspection: Inspection
    open_hazards: int


def last_visits(enterprises: Iterable[Enterprise]) -> dict[int, LastVisit]:
    """The latest inspection and the open hazards of each enterprise, in three queries however many there are."""
    ids = [enterprise.pk for enterprise in enterprises]
    latest = (
        Inspection.objects.filter(enterprise__in=ids).values("enterprise").annotate(on=Max("inspected_on"))
    )
    days = {row["enterprise"]: row["on"] for row in latest}
    wanted = Q(pk__in=())
    for enterprise, on in days.items():
        wanted |= Q(enterprise=enterprise, inspected_on=on)
    rows = (
        {row.enterprise_id: row for row in Inspection.objects.filter(wanted).order_by("id")} if days else {}
    )
    counted = (
        Hazard.objects.filter(enterprise__in=ids, status__in=OPEN)
        .values("enterprise")
        .annotate(count=Count("pk"))
    )
    still_open = {row["enterprise"]: row["count"] for row in counted.order_by()}
    return {pk: LastVisit(row, still_open.get(pk, 0)) for pk, row in rows.items()}


def papers_of(inspection: Inspection) -> QuerySet[Paper]:
    """The papers of this visit's case."""
    return Paper.objects.filter(subject=chain_of(inspection)).select_related("receipt")


def reinspections_without_opinion(inspection: Inspection, papers: Iterable[Paper]) -> list[Reinspection]:
    """Reinspections of this visit's hazards that no opinion has put on paper yet."""
    covered = {
        pk
        for paper in papers
        if paper.kind == Paper.Kind.REINSPECTION_OPINION
        for pk in paper.content.get("covered", [])
    }
    rows = (
        Reinspection.objects.filter(hazard__answer__inspection=inspection, hazard__fixed_on_spot=False)
        .select_related("hazard", "rectification", "by")
        .order_by("id")
    )
    return [row for row in rows if row.pk not in covered]


def listed(user: User, filters: Mapping[str, str]) -> QuerySet[Inspection]:
    """Inspections `user` may see, narrowed by the parameters every figure links with; unreadable ones are ignored."""
    rows = Inspection.objects.visible_to(user)
    for name in ("campaign", "task", "department", "enterprise"):
        if (text := filters.get(name, "")).isdecimal():
            rows = rows.filter(**{name: row_number(text)})
    if region := filters.get("region", ""):
        rows = rows.filter(areas_q((region,)))
    if filters.get("clean") in {"0", "1"}:
        rows = rows.filter(is_clean=filters["clean"] == "1")
    if filters.get("kind") in Inspection.Kind.values:
        rows = rows.filter(kind=filters["kind"])
    if since := _day(filters.get("from", "")):
        rows = rows.filter(inspected_on__gte=since)
    if until := _day(filters.get("to", "")):
        rows = rows.filter(inspected_on__lte=until)
    return rows


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def first_visits(task_id: int, enterprise_ids: Iterable[int]) -> dict[int, dt.date]:
    """The day each enterprise was first visited under a task; asked by campaigns for its coverage lists."""
    rows = Coverage.objects.filter(task=task_id, enterprise__in=list(enterprise_ids))
    return dict(rows.values_list("enterprise", "on"))


def task_of_duty(user: User, pk: str) -> Task | None:
    """The task behind a duty in the inbox, or None when the duty is about something else."""
    duty = Duty.objects.visible_to(user).filter(pk=row_number(pk)).first()
    label, _, subject = duty.subject.partition(":") if duty else ("", "", "")
    if label == "campaigns.assignment":
        share = Assignment.objects.filter(pk=subject).first()
        return open_task(user, share.task_id) if share else None
    return open_task(user, subject) if label == "campaigns.task" else None
