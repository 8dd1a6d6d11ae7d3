"""What several agencies owe one place: planned visits, duties that mean going there, objects of tasks (综合查一次, R059)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.scope import areas_q
from bihuan.campaigns.models import Assignment, Campaign, Task
from bihuan.campaigns.workflow import AssignmentStatus
from bihuan.duties.models import Duty
from bihuan.inspections.kinds import conducted_by
from bihuan.inspections.models import Coverage, Inspection
from bihuan.registry.models import Enterprise
from bihuan.rules.regions import is_within

from .models import PlannedVisit

# What cannot be settled without going there. A planned visit's own duty is the visit itself.
ON_SITE = (
    Duty.Kind.HAZARD_CONFIRM,
    Duty.Kind.HAZARD_REVIEW,
    Duty.Kind.MAJOR_ACCEPTANCE,
    Duty.Kind.MAJOR_EVALUATION,
    Duty.Kind.PLEDGE_VERIFY,
    Duty.Kind.BATCH_ACCEPT,
)
MOST_DUTIES, MOST_TASKS, MOST_VISITS = 3000, 60, 3000
MOST_WITH_TASKS = 500  # of the places where something is due, those whose tasks are looked up: the soonest
# Of those with a share in a task one goes: the locality before whoever is responsible, the lead last.
_GOES = (Assignment.Role.TERRITORIAL, Assignment.Role.RESPONSIBLE, Assignment.Role.LEAD)


@dataclass(frozen=True)
class Owed:
    """One reason for one body to go to one enterprise; `visit` when it is a visit already planned, `task` the number of
    the task whose list is to be walked there."""

    enterprise: int
    organization: Organization
    words: str
    due_on: dt.date | None
    url: str
    visit: PlannedVisit | None = None
    task: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain data, as a joint visit keeps what it was proposed for."""
        return {
            "words": self.words,
            "due_on": self.due_on.isoformat() if self.due_on else "",
            "url": self.url,
            "task": self.task,
        }


def owed_at(user: User, until: dt.date, enterprise: Enterprise | None = None) -> dict[int, list[Owed]]:
    """What is due until a day at each enterprise this person sees, or at one of them, the soonest first.

    What a body has already agreed to do on a joint visit is left out, and so is a visit that comes unannounced (四不两直):
    it is nobody else's affair. Objects of tasks are added where something
    else is due: a task alone, shared out by its plan, is no second visit.
    """
    found: dict[int, list[Owed]] = defaultdict(list)
    for owed in (*_visits(user, until, enterprise), *_duties(user, until, enterprise)):
        found[owed.enterprise].append(owed)
    soonest = sorted(found, key=lambda pk: min(each.due_on or dt.date.max for each in found[pk]))
    for owed in _tasks(user, until, soonest[:MOST_WITH_TASKS]):
        found[owed.enterprise].append(owed)
    settled = set(
        PlannedVisit.objects.filter(
            enterprise__in=found, status=PlannedVisit.Status.PLANNED, joint__isnull=False
        ).values_list("enterprise", "organization")
    )
    left = {
        pk: sorted(
            (each for each in rows if (pk, each.organization.pk) not in settled),
            key=lambda each: each.due_on or dt.date.max,
        )
        for pk, rows in found.items()
    }
    return {pk: rows for pk, rows in left.items() if rows}


def bodies(rows: Iterable[Owed]) -> dict[Organization, list[Owed]]:
    """What is owed, by the body that owes it, in the order of the first thing due."""
    found: dict[Organization, list[Owed]] = {}
    for owed in rows:
        found.setdefault(owed.organization, []).append(owed)
    return found


def _visits(user: User, until: dt.date, enterprise: Enterprise | None) -> Iterator[Owed]:
    rows = PlannedVisit.objects.visible_to(user).filter(
        status=PlannedVisit.Status.PLANNED, joint=None, window_from__lte=until
    )
    rows = rows.exclude(kind=Inspection.Kind.UNANNOUNCED)
    if enterprise is not None:
        rows = rows.filter(enterprise=enterprise)
    for visit in rows.select_related("organization").order_by("window_to", "id")[:MOST_VISITS]:
        yield Owed(
            visit.enterprise_id,
            visit.organization,
            f"{visit.get_kind_display()}（{visit.get_source_display()}）",
            visit.window_to,
            reverse("planning:visit", args=[visit.pk]),
            visit,
        )


def _duties(user: User, until: dt.date, enterprise: Enterprise | None) -> Iterator[Owed]:
    """Open duties of authorities that mean going there, in the regions of the person's own bodies."""
    regions = tuple({post.organization.region_id for post in user.posts})
    rows = Duty.objects.open().filter(areas_q(regions), kind__in=ON_SITE, due_on__lte=until)
    rows = rows.exclude(organization__kind__in=[Organization.Kind.ENTERPRISE, Organization.Kind.EXPERTS])
    if enterprise is not None and enterprise.locality_id:
        rows = rows.filter(locality=enterprise.locality_id)
    duties = list(rows.select_related("organization").order_by("due_on", "id")[:MOST_DUTIES])
    about = enterprises_of(duty.subject for duty in duties)
    wanted = Enterprise.objects.visible_to(user).filter(pk__in=set(about.values()))
    if enterprise is not None:
        wanted = wanted.filter(pk=enterprise.pk)
    names = dict(wanted.values_list("pk", "name"))
    for duty in duties:
        pk = about.get(duty.subject)
        if pk in names:
            # Whose page it is stands above already.
            words = duty.title.replace(names[pk], "").strip("： ").replace("： ", "：")
            yield Owed(pk, duty.organization, words, duty.due_on, duty.url)


def _tasks(user: User, until: dt.date, pks: Collection[int]) -> Iterator[Owed]:
    """Objects of running tasks that nobody has visited yet, for the one body of each task that goes there."""
    places = {
        row.pk: row
        for row in Enterprise.objects.visible_to(user).filter(pk__in=list(pks)).select_related("department")
    }
    if not places:
        return
    running = Campaign.objects.visible_to(user).filter(status=Campaign.Status.RUNNING)
    rows = Task.objects.live().filter(
        campaign__in=running, due_on__lte=until, due_on__gte=timezone.localdate()
    )
    tasks = list(rows.select_related("campaign").order_by("due_on", "pk")[:MOST_TASKS])
    visited: dict[int, set[int]] = defaultdict(set)
    seen = Coverage.objects.filter(task__in=tasks, enterprise__in=list(places))
    for task_id, pk in seen.values_list("task", "enterprise"):
        visited[task_id].add(pk)
    shared: dict[int, list[Assignment]] = defaultdict(list)
    shares = Assignment.objects.filter(task__in=tasks, role__in=_GOES).select_related("organization")
    for share in shares.exclude(status__in=[AssignmentStatus.CONFIRMED, AssignmentStatus.ENDED]):
        shared[share.task_id].append(share)
    for task in tasks:
        who = sorted(shared[task.pk], key=lambda share: _GOES.index(Assignment.Role(share.role)))
        if not who:
            continue
        covered = task.covered_enterprises().filter(pk__in=list(places)).values_list("pk", flat=True)
        left = set(covered) - visited[task.pk]
        for pk in sorted(left):
            body = next((each.organization for each in who if goes_to(each.organization, places[pk])), None)
            if body is not None:
                yield Owed(pk, body, f"任务：{task}", task.due_on, task.get_absolute_url(), task=task.pk)


def goes_to(body: Organization, place: Enterprise) -> bool:
    """Whether visits to a place are this body's: a locality's within its area, a department's along its line."""
    if not conducted_by(body):
        return False
    if body.kind == Organization.Kind.DEPARTMENT:
        return place.department_id == body.pk
    return any(
        code and is_within(code, body.region_id)
        for code in (place.locality_id, place.county_id, place.city_id)
    )


def enterprises_of(subjects: Iterable[str]) -> dict[str, int]:
    """The enterprise behind each subject ("hazards.hazard:42"), one query for each kind of record that names one."""
    keys: dict[str, set[int]] = defaultdict(set)
    for subject in subjects:
        label, _, key = subject.rpartition(":")
        if key.isascii() and key.isdecimal():
            keys[label].add(int(key))
    found: dict[str, int] = {}
    for label, wanted in keys.items():
        try:
            model = apps.get_model(label)
            names_one = model is Enterprise or model._meta.get_field("enterprise").related_model is Enterprise
        except (LookupError, ValueError, FieldDoesNotExist):
            continue
        if model is Enterprise:
            found |= {f"{label}:{key}": key for key in wanted}
        elif names_one:
            rows = model._base_manager.filter(pk__in=wanted).values_list("pk", "enterprise")
            found |= {f"{label}:{key}": enterprise for key, enterprise in rows if enterprise is not None}
    return found
