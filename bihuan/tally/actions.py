"""Writing deltas and folding them into cells. A delta shares the transaction of the act it counts (scale: outbox + fold)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils import timezone

from .grains import GRAINS
from .models import EVER, METRICS, Cell, Delta, Mark
from .statements import ANY_LEFT, KEY, SUMS, add_to_cells, day, oldest_day, parts

FOLD_BATCH = 20_000
# Shortly after midnight a page may still be reading the day that has just ended.
SETTLING = dt.timedelta(minutes=10)
_LOCK = 7_283_001  # PostgreSQL advisory lock of whoever changes cells
_CHANGES = (
    "day",
    "campaign_id",
    "task_id",
    "department_id",
    "kind",
    "source",
    "city_id",
    "county_id",
    "locality_id",
)


def record(*deltas: Delta) -> None:
    """Write deltas in the caller's transaction; figures include them from the moment it commits."""
    Delta.objects.bulk_create(deltas)


@contextmanager
def changing_cells(*, wait: bool = True) -> Iterator[bool]:
    """A transaction in which nobody else changes cells; False (only without `wait`) when somebody else is at it.

    SQLite has one writer at a time anyway. On PostgreSQL the lock is taken before anything is read, so that what is
    read next is what the one before has left.
    """
    with transaction.atomic():
        if connection.vendor != "postgresql":
            yield True
            return
        with connection.cursor() as cursor:
            if wait:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                mine = True
            else:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
                mine = bool(cursor.fetchone()[0])
        yield mine


def counted_to() -> dt.date:
    """The day up to which `all` cells hold everything; to be read while changing cells."""
    return Mark.objects.values_list("counted_to", flat=True).first() or EVER


def fold(limit: int = FOLD_BATCH) -> int:
    """Move up to `limit` deltas into cells; returns how many. Safe to run twice at once: one of the two does nothing.

    Set-wise in the database: on PostgreSQL what is taken is exactly what is deleted, whatever order commits came in.
    """
    if not Delta.objects.exists():
        return 0
    with changing_cells(wait=False) as mine:
        if not mine:
            return 0
        reached = counted_to()
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                return _fold_taken(cursor, reached, limit)
            return _fold_first(cursor, reached, limit)


def _fold_taken(cursor, reached: dt.date, limit: int) -> int:
    table = Delta._meta.db_table
    columns = ", ".join((*_CHANGES, *METRICS))
    rows = " UNION ALL ".join(parts("taken", reached, "postgresql"))
    cursor.execute(
        f"WITH taken AS MATERIALIZED (DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT {int(limit)}) "  # noqa: S608
        f"RETURNING {columns}), added AS ({add_to_cells(rows)}) SELECT count(*) FROM taken"
    )
    return int(cursor.fetchone()[0])


def _fold_first(cursor, reached: dt.date, limit: int) -> int:
    table = Delta._meta.db_table
    cursor.execute(f"SELECT max(id), count(*) FROM (SELECT id FROM {table} ORDER BY id LIMIT {int(limit)})")  # noqa: S608
    last, count = cursor.fetchone()
    if not count:
        return 0
    taken = f"(SELECT * FROM {table} WHERE id <= {int(last)})"  # noqa: S608
    cursor.execute(add_to_cells(" UNION ALL ".join(parts(taken, reached, "sqlite"))))
    cursor.execute(f"DELETE FROM {table} WHERE id <= {int(last)}")  # noqa: S608
    return int(count)


def fold_all() -> int:
    """Fold what is pending; returns how many deltas were folded. Moves the mark on when a day has ended.

    What comes in meanwhile waits for the next round: a folder that chases every single act would never rest.
    """
    roll()
    total = 0
    while True:
        folded = fold()
        total += folded
        if folded < FOLD_BATCH:
            return total


def roll(now: dt.datetime | None = None) -> int:
    """Let the running totals reach today: add the days since the mark, drop day cells grown too old and empty ones.

    Returns how many days the mark moved. Pages are exact before, during and after: they read the mark with the cells.
    """
    today = timezone.localdate((now or timezone.now()) - SETTLING)
    if counted_to() >= today:
        return 0
    with changing_cells(wait=False) as mine:
        reached = counted_to()
        if not mine or reached >= today:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(add_to_cells(_totals_of_days(reached, today)))
            for statement in _too_old(reached, today):
                cursor.execute(statement)
        Mark.objects.update_or_create(pk=1, defaults={"counted_to": today})
    return (today - reached).days


def _totals_of_days(after: dt.date, until: dt.date) -> str:
    """What the day cells in (after, until] add to the `all` cells."""
    ever = f"{day(EVER)}::date" if connection.vendor == "postgresql" else day(EVER)
    columns = ", ".join(
        {"span": "'all' AS span", "start": f"{ever} AS start"}.get(name, name) for name in KEY
    )
    groups = ", ".join(name for name in KEY if name not in ("span", "start"))
    return (
        f"SELECT {columns}, {SUMS} FROM {Cell._meta.db_table} WHERE span = 'day' AND start > {day(after)} "  # noqa: S608
        f"AND start <= {day(until)} GROUP BY {groups} HAVING {ANY_LEFT}"
    )


def _too_old(after: dt.date, until: dt.date) -> Iterator[str]:
    """What the new mark makes superfluous: past days of narrow grains, and cells of ended days that came to nothing."""
    table = Cell._meta.db_table
    by_limit: dict[dt.date, list[str]] = {}
    for grain in GRAINS:
        if (oldest := oldest_day(grain, until)) is not None:
            by_limit.setdefault(oldest, []).append(str(grain.number))
    for oldest, numbers in by_limit.items():
        yield f"DELETE FROM {table} WHERE span = 'day' AND start <= {day(oldest)} AND grain IN ({', '.join(numbers)})"  # noqa: S608
    nothing = " AND ".join(f"{metric} = 0" for metric in METRICS)
    yield (
        f"DELETE FROM {table} WHERE span = 'day' AND start > {day(after)} AND start <= {day(until)} AND {nothing}"  # noqa: S608
    )
