"""Questions other apps ask the registry."""

from __future__ import annotations

from typing import Protocol

from django.db.models import Count

from bihuan.accounts.models import User
from bihuan.accounts.scope import area_q

from .models import Enterprise, EnterpriseQuerySet


class Covering(Protocol):
    """Anything that covers objects, such as a campaign's task."""

    def covered_enterprises(self) -> EnterpriseQuerySet: ...


def enterprises_for_task(task: Covering, user: User) -> EnterpriseQuerySet:
    """The objects a task covers, as far as the person may see them."""
    return task.covered_enterprises().visible_to(user)


def supervised_grid(region_code: str) -> list[tuple[str, str, str, int]]:
    """(kind key, locality code, risk, count) of supervised objects under a region, in one grouped query."""
    return list(
        Enterprise.objects.supervised()
        .filter(area_q(region_code))
        .order_by("kind_id", "locality_id", "risk")
        .values_list("kind_id", "locality_id", "risk")
        .annotate(count=Count("pk"))
    )
