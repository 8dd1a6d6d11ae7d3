"""Visits as the registry asks for them: the plate at the door, and going back to a stopped place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Max
from django.urls import reverse
from django.utils.http import urlencode

from bihuan.accounts.models import User
from bihuan.campaigns.queries.campaigns import tasks_for
from bihuan.registry.models import Enterprise, Plate
from bihuan.registry.visiting import Visit

from . import queries
from .kinds import OWN
from .models import Inspection

TASKS_OFFERED = 8


class InspectionVisits:
    """Official visits; what an enterprise checks itself or at its users is none."""

    def last_days(self, pks: Iterable[int]) -> dict[int, dt.date]:
        rows = Inspection.objects.filter(enterprise__in=list(pks)).exclude(kind__in=OWN)
        found = rows.order_by().values_list("enterprise").annotate(day=Max("inspected_on"))
        return dict(found.values_list("enterprise", "day"))

    def since(self, enterprise: Enterprise, day: dt.date, user: User) -> list[Visit]:
        rows = Inspection.objects.visible_to(user).filter(enterprise=enterprise, inspected_on__gte=day)
        rows = rows.exclude(kind__in=OWN).select_related("organization")
        return [
            Visit(
                each.inspected_on,
                each.get_absolute_url(),
                f"{each.inspected_on} {each.organization.short_name}{each.get_kind_display()}",
            )
            for each in rows[:10]
        ]

    def starts(self, enterprise: Enterprise, user: User) -> list[tuple[str, str]]:
        if queries.inspecting_organization(user, enterprise) is None:
            return []
        if not queries.conductible(user).filter(pk=enterprise.pk).exists():
            return []
        walk = reverse("inspections:walk")
        covering = [
            task
            for task in tasks_for(user)[:50]
            if task.covered_enterprises().filter(pk=enterprise.pk).exists()
        ][:TASKS_OFFERED]
        found = [
            (str(task), f"{walk}?{urlencode({'task': task.pk, 'enterprise': enterprise.pk})}")
            for task in covering
        ]
        return [*found, ("不归入任务的检查", f"{walk}?{urlencode({'enterprise': enterprise.pk})}")]

    def starts_by_plate(self, plate: Plate, user: User) -> list[tuple[str, str]]:
        if queries.delivering_organization(user, plate.enterprise, plate.token) is None:
            return []
        return [("随瓶安检", reverse("inspections:delivery", args=[plate.token]))]


VISITS = InspectionVisits()
