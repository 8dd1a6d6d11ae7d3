"""How much is asked of each body in a month, and how much of it the ledger already knew (U9: 一次采集、多方使用)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from bihuan.accounts.models import Organization, User

from .actions.opening import spec_of_version
from .models import DefinitionVersion, Return
from .workflow import Status


@dataclass
class Asked:
    """What one body was asked for: returns, items in them, items the machine filled, what is left to write."""

    body: Organization
    returns: int = 0
    items: int = 0
    known: int = 0

    @property
    def written(self) -> int:
        return self.items - self.known

    def add(self, times: int, items: int, known: int) -> None:
        self.returns += times
        self.items += times * items
        self.known += times * known


def asked_in(user: User, first: dt.date, last: dt.date) -> list[Asked]:
    """Bodies one may see with what periods ending in the month asked of them, most to write first; three queries.

    Words a definition requires count as one item to write; returns that were waived count for nothing.
    """
    rows = (
        Return.objects.visible_to(user)
        .filter(period__last__range=(first, last)).exclude(status=Status.WAIVED)
        .order_by().values_list("organization", "period__version").annotate(times=Count("pk"))
    )  # fmt: skip
    counted = list(rows)
    sizes: dict[int, tuple[int, int]] = {}
    for version in DefinitionVersion.objects.filter(pk__in={row[1] for row in counted}):
        spec = spec_of_version(version)
        known = sum(not item.is_manual for item in spec.items)
        sizes[version.pk] = (len(spec.items) + spec.words_required, known)
    bodies = Organization.objects.in_bulk({row[0] for row in counted})
    found = {pk: Asked(body) for pk, body in bodies.items()}
    for body, version_pk, times in counted:
        found[body].add(times, *sizes[version_pk])
    return sorted(found.values(), key=lambda each: (-each.written, -each.items, each.body.pk))


def whole(rows: Iterable[Asked]) -> dict[str, int]:
    """The sums over all bodies."""
    rows = list(rows)
    return {
        "returns": sum(each.returns for each in rows),
        "items": sum(each.items for each in rows),
        "known": sum(each.known for each in rows),
        "written": sum(each.written for each in rows),
    }
