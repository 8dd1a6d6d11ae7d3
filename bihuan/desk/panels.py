"""What the higher apps add to an enterprise's page and to the list of enterprises: tasks that cover it, visits, hazards."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.campaigns.links import inspections_url, ledger_url
from bihuan.campaigns.models import Campaign, Task
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.inspections.models import Coverage, Inspection
from bihuan.inspections.queries import unvisited
from bihuan.registry import filters, panels
from bihuan.registry.models import Enterprise, EnterpriseQuerySet
from bihuan.registry.panels import Panel, PanelRow
from bihuan.rules.accidents import months_before

LINES = 6
UNVISITED = {"year": "一年内未检查", "ever": "从未检查"}


def covering_tasks(enterprise: Enterprise, user: User) -> Panel | None:
    """Which tasks of running campaigns cover this object, and whether it has been visited under each."""
    tasks = [
        task
        for task in Task.objects.live()
        .filter(
            campaign__in=Campaign.objects.visible_to(user),
            campaign__status=Campaign.Status.RUNNING,
            kinds=enterprise.kind_id,
        )
        .select_related("campaign")
        if enterprise.city_id.startswith(task.campaign.region_id)
        or task.campaign.region_id in (enterprise.county_id, enterprise.locality_id)
        if not task.risks or enterprise.risk in task.risks
    ]
    if not Campaign.objects.visible_to(user).exists():
        return None
    visited = dict(
        Coverage.objects.filter(enterprise=enterprise, task__in=tasks).values_list("task_id", "on")
    )
    rows = [
        PanelRow(
            label=f"{task.no} {task.heading}",
            value=f"{visited[task.pk]:%Y-%m-%d} 已查" if task.pk in visited else "还没查",
            url=task.get_absolute_url(),
            tone="green" if task.pk in visited else "orange",
            note=task.campaign.short_title,
        )
        for task in tasks
    ]
    return Panel("覆盖它的整治任务", rows, empty="没有进行中的任务把它列入检查对象。")


def recent_visits(enterprise: Enterprise, user: User) -> Panel | None:
    """The last visits, newest first."""
    visits = (
        Inspection.objects.visible_to(user)
        .filter(enterprise=enterprise)
        .select_related("organization")[:LINES]
    )
    rows = [
        PanelRow(
            label=f"{visit.inspected_on} {visit.organization.short_name}",
            value="未发现隐患" if visit.is_clean else f"发现 {visit.hazard_count} 项",
            url=visit.get_absolute_url(),
            tone="green" if visit.is_clean else "orange",
        )
        for visit in visits
    ]
    return Panel(
        "最近检查",
        rows,
        empty="还没有检查记录。",
        url=inspections_url(enterprise=enterprise.pk),
        url_label="全部检查",
    )


def open_hazards(enterprise: Enterprise, user: User) -> Panel | None:
    """Hazards not yet closed, the most urgent first."""
    today = timezone.localdate()
    hazards = (
        Hazard.objects.visible_to(user).filter(enterprise=enterprise).open().order_by("due_on", "id")[:LINES]
    )
    rows = [
        PanelRow(
            label=hazard.description,
            value=hazard.get_status_display(),
            url=hazard.get_absolute_url(),
            tone="red" if hazard.is_overdue(on=today) else "blue",
            note=f"期限 {hazard.due_on}" if hazard.due_on else "",
        )
        for hazard in hazards
    ]
    return Panel(
        "未销号隐患",
        rows,
        empty="没有未销号的隐患。",
        url=ledger_url(enterprise=enterprise.pk),
        url_label="全部隐患",
    )


def _task(value: str, user: User) -> Task | None:
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        return None
    return Task.objects.filter(campaign__in=Campaign.objects.visible_to(user), pk=value).first()


def _by_task(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    task = _task(value, user)
    return objects.filter(pk__in=task.covered_enterprises().values("pk")) if task else None


def _task_words(value: str, user: User) -> str:
    return str(_task(value, user) or "无此项")


def _by_absence(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in UNVISITED:
        return None
    since = months_before(timezone.localdate(), 12) if value == "year" else None
    return unvisited(objects.supervised(), since)


HAZARD_STATES = {"open": "有未销号隐患", "overdue": "有逾期未改隐患", "major": "有未销号重大隐患"}


def _by_hazards(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in HAZARD_STATES:
        return None
    hazards = Hazard.objects.visible_to(user).filter(enterprise=OuterRef("pk")).open()
    if value == "overdue":
        hazards = hazards.overdue(on=timezone.localdate())
    elif value == "major":
        hazards = hazards.filter(level=Level.MAJOR)
    return objects.filter(Exists(hazards))


def register() -> None:
    """Called once when the applications are ready."""
    panels.register("campaigns.tasks", covering_tasks, position=10)
    panels.register("hazards.open", open_hazards, position=20)
    panels.register("inspections.recent", recent_visits, position=30)
    filters.register(filters.ExtraFilter("task", "整治任务", _by_task, _task_words))
    filters.register(
        filters.ExtraFilter(
            "hazards",
            "隐患情况",
            _by_hazards,
            lambda value, user: HAZARD_STATES.get(value, "无此项"),
            lambda user: list(HAZARD_STATES.items()),
        )
    )
    filters.register(
        filters.ExtraFilter(
            "unvisited",
            "检查情况",
            _by_absence,
            lambda value, user: UNVISITED.get(value, "无此项"),
            lambda user: list(UNVISITED.items()),
        )
    )
