"""Writing deltas and folding them into cells. A delta shares the transaction of the act it counts (scale: outbox + fold)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from .models import EVER, METRICS, Cell, Delta

FOLD_BATCH = 20_000
_DIMENSIONS = ("campaign_id", "task_id", "department_id", "region", "span", "start")
Key = tuple[int, int, int, str, str, dt.date]


def record(*deltas: Delta) -> None:
    """Write deltas in the caller's transaction; figures include them from the moment it commits."""
    Delta.objects.bulk_create(deltas)


def grains(delta: Delta) -> list[tuple[int, int, int, str]]:
    """The (campaign, task, department, region) combinations one delta counts towards; 0 means all members.

    Only combinations some page reads are kept, so that the number of cells is bounded by the grid and not by rows.
    """
    regions = dict.fromkeys((delta.city_id, delta.county_id, delta.locality_id))
    combinations = [(0, 0, 0, region) for region in regions]
    if delta.department_id:
        combinations += [(0, 0, delta.department_id, region) for region in regions]
    if delta.campaign_id:
        combinations += [(delta.campaign_id, 0, 0, region) for region in regions]
        if delta.department_id:
            combinations.append((delta.campaign_id, 0, delta.department_id, delta.city_id))
        if delta.task_id:
            combinations += [
                (delta.campaign_id, delta.task_id, 0, region) for region in (delta.city_id, delta.locality_id)
            ]
    return combinations


def fold(limit: int = FOLD_BATCH) -> int:
    """Move up to `limit` deltas into day and month cells; returns how many. Safe to run twice at once."""
    with transaction.atomic():
        pending = Delta.objects.order_by("pk")
        if connection.features.has_select_for_update_skip_locked:
            pending = pending.select_for_update(skip_locked=True)
        batch = list(pending[:limit])
        if not batch:
            return 0
        add_to_cells(batch)
        ids = [delta.pk for delta in batch]
        for first in range(0, len(ids), 500):
            Delta.objects.filter(pk__in=ids[first : first + 500]).delete()
    return len(batch)


def fold_all() -> int:
    """Fold until nothing is pending; returns how many deltas were folded."""
    total = 0
    while folded := fold():
        total += folded
    return total


class CellSums:
    """What many deltas add to each cell, gathered in memory; `store` adds it to the table at once."""

    def __init__(self) -> None:
        self._sums: dict[Key, list[int]] = defaultdict(lambda: [0] * len(METRICS))

    def add(self, delta: Delta) -> None:
        """Count one delta towards every cell it belongs to."""
        changed = [
            (index, value) for index, metric in enumerate(METRICS) if (value := getattr(delta, metric))
        ]
        month = delta.day.replace(day=1)
        spans = (
            (Cell.Span.DAY.value, delta.day),
            (Cell.Span.MONTH.value, month),
            (Cell.Span.ALL.value, EVER),
        )
        for campaign, task, department, region in grains(delta):
            for span, start in spans:
                cell = self._sums[(campaign, task, department, region, span, start)]
                for index, value in changed:
                    cell[index] += value

    def store(self) -> None:
        """Add the sums to the cells in the caller's transaction."""
        columns = [*_DIMENSIONS, *METRICS]
        table = Cell._meta.db_table
        additions = ", ".join(f"{metric} = {table}.{metric} + excluded.{metric}" for metric in METRICS)
        # Sorted keys: two folders at once lock cells in the same order. Identifiers come from the model, values are bound.
        statement = (
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) "  # noqa: S608
            f"ON CONFLICT ({', '.join(_DIMENSIONS)}) DO UPDATE SET {additions}"
        )
        rows: list[list[Any]] = [[*key, *values] for key, values in sorted(self._sums.items())]
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def add_to_cells(deltas: Iterable[Delta]) -> None:
    """Add deltas to their cells in the caller's transaction."""
    sums = CellSums()
    for delta in deltas:
        sums.add(delta)
    sums.store()
