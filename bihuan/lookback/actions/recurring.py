"""Finding in the ledger what came back by itself: same place, same item, within the months the rules name (R085)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.db.models import Max

from bihuan.hazards.models import Hazard, HazardTransition
from bihuan.hazards.workflow import Status
from bihuan.rules.accidents import months_before
from bihuan.rules.clocks import limit

from ..models import Recurrence, RecurrenceMark

CHUNK = 2000


def find_recurrences(now: dt.datetime, *, most: int = 50) -> int:
    """Look through the hazards recorded since the last time; returns how many were found to repeat an earlier one.

    The worker calls it; run again it finds nothing new. At most `most` chunks at once, so that a ledger imported
    whole is looked through in several runs.
    """
    found = 0
    for _ in range(most):
        seen, new = _chunk(now)
        found += new
        if seen < CHUNK:
            break
    return found


@transaction.atomic
def _chunk(now: dt.datetime) -> tuple[int, int]:
    mark, _ = RecurrenceMark.objects.get_or_create(pk=1)
    rows = list(
        Hazard.objects.filter(pk__gt=mark.last)
        .exclude(status=Status.DISMISSED)
        .order_by("pk")
        .only(
            "pk", "enterprise_id", "premises_id", "check_item_id", "location", "description", "found_on",
            "department_id", "city_id", "county_id", "locality_id",
        )[:CHUNK]
    )  # fmt: skip
    if not rows:
        return 0, 0
    earlier: dict[int, list[Hazard]] = defaultdict(list)
    closed = Hazard.objects.filter(
        enterprise__in={row.enterprise_id for row in rows}, closed_on__isnull=False
    ).only("pk", "enterprise_id", "premises_id", "check_item_id", "location", "description", "closed_on")
    for each in closed:
        earlier[each.enterprise_id].append(each)
    new: list[Recurrence] = []
    for row in rows:
        months = limit("lookback.recurrence", row.found_on)
        since = months_before(row.found_on, months)
        near = [
            (each.closed_on, each.pk, each)
            for each in earlier[row.enterprise_id]
            if each.pk < row.pk
            and each.closed_on
            and since <= each.closed_on <= row.found_on
            and _same(each, row)
        ]
        if near:
            closed_on, _, last = max(near, key=lambda each: each[:2])
            new.append(
                Recurrence(
                    hazard=row, earlier=last, found_on=row.found_on, days=(row.found_on - closed_on).days,
                    months=months, by_item=_by_item(last, row), department_id=row.department_id, city_id=row.city_id,
                    county_id=row.county_id, locality_id=row.locality_id, noted_at=now,
                )
            )  # fmt: skip
    closers = _closers([each.earlier_id for each in new])
    for found in new:
        found.closed_by_id = closers.get(found.earlier_id)
    Recurrence.objects.bulk_create(new, ignore_conflicts=True)
    RecurrenceMark.objects.filter(pk=mark.pk).update(last=rows[-1].pk)
    return len(rows), len(new)


def _closers(hazards: list[int]) -> dict[int, int]:
    """Who closed each of them last."""
    lines = HazardTransition.objects.filter(hazard__in=hazards, to_status=Status.CLOSED)
    last = lines.order_by().values("hazard").annotate(last=Max("pk")).values("last")
    return dict(HazardTransition.objects.filter(pk__in=last).values_list("hazard_id", "by_id"))


def _by_item(one: Hazard, other: Hazard) -> bool:
    return one.check_item_id is not None and one.check_item_id == other.check_item_id


def _same(one: Hazard, other: Hazard) -> bool:
    """The same place, and the same check item; without items the same words at the same spot."""
    if one.premises_id != other.premises_id:
        return False
    if _by_item(one, other):
        return True
    return (
        one.check_item_id is None
        and other.check_item_id is None
        and one.location.strip() == other.location.strip()
        and one.description.strip() == other.description.strip()
    )
