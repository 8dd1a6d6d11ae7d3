"""Closed hazards of the noodle shop, and a round over them at every stage."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_closed
from bihuan.inspections.tests.factories import photo
from bihuan.lookback import actions
from bihuan.lookback.models import LookbackCheck, LookbackRound


def closed(world: World, count: int = 4, **fields: Any) -> list[Hazard]:
    return [make_closed(world, description=f"隐患之{number}", **fields) for number in range(count)]


def announced(world: World, *, by: Any = None, **changes: Any) -> LookbackRound:
    today = timezone.localdate()
    given: dict[str, Any] = {
        "title": "第四季度回头看", "region": world.regions.city, "closed_from": today - dt.timedelta(days=30),
        "closed_to": today, "stratify": "kind", "confidence": 95, "margin": Decimal(5), "expected": Decimal(50),
        "minimum": 2, "method": "proportional",
    }  # fmt: skip
    return actions.announce_round(by=by or world.people.office, **(given | changes))


def drawn(world: World, count: int = 4, **changes: Any) -> LookbackRound:
    closed(world, count)
    held = announced(world, **changes)
    actions.draw_round(held, by=changes.get("by") or world.people.office)
    return LookbackRound.objects.get(pk=held.pk)


def first_check(held: LookbackRound) -> LookbackCheck:
    return held.checks.select_related("round", "hazard__enterprise", "organization").order_by("position")[0]


def picture(world: World, by: Any = None) -> str:
    return photo(by or world.people.office)
