"""Denominators of coverage: how many supervised objects each task has in each locality, for all tasks at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, QuerySet

from bihuan.accounts.scope import area_q
from bihuan.registry.models import Enterprise
from bihuan.registry.workflow import SUPERVISED
from bihuan.zones.models import ZoneMembership

from ..models import Campaign, Task

WHOLE = 2  # digits of a province's code: the whole installation (`accounts.scope.area_q`)


@dataclass(frozen=True)
class Scope:
    """`cells`: objects by (task, locality); `tasks`: by task; `objects`: different objects any task covers;
    `visits`: object-task pairs, what the covered counts of the tally add up to."""

    cells: dict[tuple[int, str], int] = field(default_factory=dict)
    tasks: dict[int, int] = field(default_factory=dict)
    localities: dict[str, int] = field(default_factory=dict)
    objects: int = 0

    @property
    def visits(self) -> int:
        return sum(self.tasks.values())


def scope(campaign: Campaign, *, region: str = "", department: int = 0) -> Scope:
    """The objects in scope of every task of a campaign, in `region` (default: the campaign's) and under `department`.

    Three queries whatever the number of tasks: the tasks, their kinds, the objects grouped by kind, risk and place; a
    fourth for tasks limited to zones.
    """
    live = list(Task.objects.live().filter(campaign=campaign).order_by().values_list("pk", "risks", "zone"))
    risks = {pk: wanted for pk, wanted, zone in live if zone is None}
    limited = {pk: (wanted, zone) for pk, wanted, zone in live if zone is not None}
    kinds: dict[int, set[str]] = defaultdict(set)
    links = Task.kinds.through.objects.filter(task__campaign=campaign)
    for task_id, kind_id in links.values_list("task_id", "enterprisekind_id"):
        kinds[task_id].add(kind_id)
    objects = Enterprise.objects.supervised().filter(area_q(region or campaign.region_id))
    if department:
        objects = objects.filter(department=department)
    groups = list(
        objects.order_by().values_list("kind_id", "risk", "locality_id").annotate(number=Count("pk"))
    )
    cells: dict[tuple[int, str], int] = defaultdict(int)
    tasks: dict[int, int] = dict.fromkeys((pk for pk, _, _ in live), 0)
    localities: dict[str, int] = defaultdict(int)
    distinct = 0
    covered: set[tuple[str, str]] = set()  # what tasks without a zone cover whole
    for kind, risk, locality, number in groups:
        covering = [
            task_id
            for task_id, wanted in risks.items()
            if kind in kinds[task_id] and (not wanted or risk in wanted)
        ]
        if covering:
            distinct += number
            covered.add((kind, risk))
            localities[locality] += number * len(covering)
        for task_id in covering:
            cells[task_id, locality] += number
            tasks[task_id] += number
    only_here: set[int] = set()
    for zone, pk, kind, risk, locality in _in_zones(objects, {zone for _, zone in limited.values()}):
        for task_id, (wanted, of) in limited.items():
            if of == zone and kind in kinds[task_id] and (not wanted or risk in wanted):
                cells[task_id, locality] += 1
                tasks[task_id] += 1
                localities[locality] += 1
                if (kind, risk) not in covered:
                    only_here.add(pk)
    distinct += len(only_here)
    return Scope(dict(cells), tasks, dict(localities), distinct)


def covered_by(tasks: Iterable[Task], objects: QuerySet[Enterprise]) -> dict[int, list[int]]:
    """The tasks that cover each of `objects`, as `Task.covered_enterprises` counts them, in the order given.

    Two queries whatever the number of tasks, a third for tasks limited to zones; campaigns are fetched with the tasks.
    """
    wanted = list(tasks)
    kinds: dict[int, set[str]] = defaultdict(set)
    links = Task.kinds.through.objects.filter(task__in=wanted)
    for task_id, kind in links.values_list("task_id", "enterprisekind_id"):
        kinds[task_id].add(kind)
    zones = {task.zone_id for task in wanted if task.zone_id is not None}
    inside: set[tuple[int, int]] = set()
    if zones:
        stays = ZoneMembership.objects.filter(
            zone__in=zones, left_on=None, enterprise__in=objects.values("pk")
        )
        inside.update(stays.order_by().values_list("zone_id", "enterprise_id"))
    found: dict[int, list[int]] = {}
    rows = objects.filter(status__in=SUPERVISED).order_by()
    for pk, kind, risk, *places in rows.values_list(
        "pk", "kind_id", "risk", "city_id", "county_id", "locality_id"
    ):
        covering = [
            task.pk
            for task in wanted
            if kind in kinds[task.pk]
            if not task.risks or risk in task.risks
            if len(task.campaign.region_id) == WHOLE or task.campaign.region_id in places
            if task.zone_id is None or (task.zone_id, pk) in inside
        ]
        if covering:
            found[pk] = covering
    return found


def _in_zones(objects: QuerySet[Enterprise], zones: set[int]) -> Iterable[tuple[int, int, str, str, str]]:
    """(zone, enterprise, kind, risk, locality) of the objects that lie in these zones today, each once per zone."""
    if not zones:
        return []
    stays = ZoneMembership.objects.filter(zone__in=zones, left_on=None, enterprise__in=objects.values("pk"))
    fields = (
        "zone_id",
        "enterprise_id",
        "enterprise__kind_id",
        "enterprise__risk",
        "enterprise__locality_id",
    )
    return stays.order_by().values_list(*fields).distinct()


def rate(covered: int, denominator: int) -> float | None:
    """Percent covered, None without objects. An object that closed after it was visited must not push it over 100."""
    return min(100.0, 100 * covered / denominator) if denominator else None


# Which enterprises were visited under a task is known upstairs, where inspections live; they answer here.
FirstVisits = Callable[[int, Iterable[int]], dict[int, date]]
_first_visits: list[FirstVisits] = []


def register_first_visits(answer: FirstVisits) -> None:
    """Tell campaigns whom to ask: `answer(task_id, enterprise_ids)` → day of the first visit by enterprise."""
    _first_visits[:] = [answer]


def first_visits(task_id: int, enterprise_ids: Iterable[int]) -> dict[int, date]:
    """The day each enterprise was first visited under the task; absent when it was not."""
    return _first_visits[0](task_id, enterprise_ids) if _first_visits else {}
