# ruff: noqa: S608 - every name in these statements comes from the database's own catalogue
"""Tables kept in monthly partitions on PostgreSQL: months ahead, strays, and months that leave.

Which tables these are stands in the catalogue (the migrations convert them, `bihuan.core.conversion`). Each has a
history partition without a lower end, one partition per month of Beijing time, and a DEFAULT partition as a net for
rows nobody prepared a month for. On SQLite there are none and every function answers with nothing.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import OperationalError
from django.utils import timezone

log = structlog.get_logger("bihuan.partitions")
MONTHS_AHEAD = 3
LOCK_TIMEOUT = "2s"
ATTEMPTS = 6
_MONTH = re.compile(r"_p(\d{4})_(\d{2})$")
_UPPER = re.compile(r"TO \('([^']+)'\)")


@dataclass(frozen=True)
class PartitionedTable:
    """How one table stands: its months, until when rows have a place of their own, rows caught by the net."""

    table: str
    name: str
    months: list[str]
    covered_until: dt.date
    strays: int
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Table:
    name: str
    column: str
    is_date: bool

    @property
    def column_sql(self) -> str:
        return f'"{self.column}"'

    def bound(self, day: dt.date) -> str:
        """The partition bound at the start of a day, Beijing time."""
        return day.isoformat() if self.is_date else timezone.make_aware(_midnight(day)).isoformat()


def partitions_status(now: dt.datetime | None = None) -> list[PartitionedTable]:
    """Every partitioned table, with what is wrong in Chinese words (for doctor)."""
    today = timezone.localdate(now)
    found = []
    for table in _tables():
        until, strays = _covered_until(table, today), _count_strays(table.name)
        problems = []
        if until <= _months_later(today, 1):
            problems.append(f"{_title(table.name)}的月分区只备到 {until} 之前，请确认后台作业正在运行")
        if strays:
            problems.append(f"{_title(table.name)}有 {strays} 行落在默认分区，后台作业会在下一轮移入各月")
        found.append(
            PartitionedTable(table.name, _title(table.name), months_of(table.name), until, strays, problems)
        )
    return found


def keep_ahead(now: dt.datetime | None = None, *, only: str = "") -> list[str]:
    """Make sure this month and the next three have partitions, and the months of rows the net caught.

    Of every partitioned table, or of `only` one.

    Returns the names of those made. Rows dated further ahead (a wrong clock) stay in the net and are reported.
    """
    first = timezone.localdate(now).replace(day=1)
    last = _months_later(first, MONTHS_AHEAD)
    made = []
    for table in _tables():
        if only and table.name != only:
            continue
        begun = _history_ends(table) or first
        have = set(months_of(table.name))
        wanted = {_months_later(first, ahead) for ahead in range(MONTHS_AHEAD + 1)} | _stray_months(table)
        for month in sorted(each for each in wanted if begun <= each <= last and f"{each:%Y-%m}" not in have):
            name = f"{table.name}_p{month:%Y_%m}"
            _retrying(partial(_add_month, table, month, name))
            (log.debug if only else log.info)("partition_made", table=table.name, partition=name)
            made.append(name)
    return made


def months_of(table: str) -> list[str]:
    """The months a table has partitions of, oldest first, as 2026-03."""
    return sorted(
        f"{found[1]}-{found[2]}" for name, _ in _partitions(table) if (found := _MONTH.search(name))
    )


def detach_month(table: str, month: str) -> str:
    """Take a month (2026-03) out of a table; returns the name of the table that now holds its rows, "" if none does.

    Whoever calls this has asked the archive first (`archive.retention.objections`). Raises OperationalError when the
    lock cannot be had because of somebody's long transaction.
    """
    if month not in months_of(table):
        return ""
    name = f"{table}_p{month.replace('-', '_')}"
    _retrying(lambda: _execute(f'ALTER TABLE "{table}" DETACH PARTITION "{name}"'))
    log.info("partition_detached", table=table, partition=name)
    return name


def drop_month(table: str, month: str) -> bool:
    """Delete a month (2026-03) with all its rows at once; False when the table has no such partition."""
    name = detach_month(table, month)
    if name:
        _execute(f'DROP TABLE "{name}"')
    return bool(name)


# --- the catalogue -----------------------------------------------------------------------------------


def _tables() -> list[_Table]:
    if connection.vendor != "postgresql":
        return []
    rows = _rows(
        "SELECT c.relname, a.attname, a.atttypid = 'date'::regtype FROM pg_partitioned_table p "
        "JOIN pg_class c ON c.oid = p.partrelid AND NOT c.relispartition "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] "
        "WHERE p.partstrat = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY 1"
    )
    return [_Table(*row) for row in rows]


def _partitions(table: str) -> list[tuple[str, str]]:
    """Name and bound of each partition."""
    if connection.vendor != "postgresql":
        return []
    return _rows(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i "
        "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(%s)",
        f'"{table}"',
    )


def _covered_until(table: _Table, today: dt.date) -> dt.date:
    """The first day from this month on that has no partition of its own."""
    month = today.replace(day=1)
    history, have = _history_ends(table), set(months_of(table.name))
    while f"{month:%Y-%m}" in have or (history and month < history):
        month = _months_later(month, 1)
    return month


def _history_ends(table: _Table) -> dt.date | None:
    """The first day after the history partition; None when it is gone."""
    for _, bound in _partitions(table.name):
        if "MINVALUE" in bound and (found := _UPPER.search(bound)):
            end = found[1]
            return (
                dt.date.fromisoformat(end)
                if table.is_date
                else timezone.localdate(dt.datetime.fromisoformat(end))
            )
    return None


def _default_of(table: str) -> str:
    return next((name for name, bound in _partitions(table) if bound == "DEFAULT"), "")


def _count_strays(table: str) -> int:
    net = _default_of(table)
    return _rows(f'SELECT count(*) FROM "{net}"')[0][0] if net else 0


def _stray_months(table: _Table) -> set[dt.date]:
    """The first days of the months whose rows the net caught."""
    net = _default_of(table.name)
    if not net:
        return set()
    local = table.column_sql if table.is_date else f"{table.column_sql} AT TIME ZONE '{settings.TIME_ZONE}'"
    rows = _rows(f"SELECT DISTINCT date_trunc('month', {local})::date FROM \"{net}\"")
    return {month for (month,) in rows}


def _title(table: str) -> str:
    return next((str(m._meta.verbose_name) for m in apps.get_models() if m._meta.db_table == table), table)


# --- changing it -------------------------------------------------------------------------------------


def _add_month(table: _Table, month: dt.date, name: str) -> None:
    """One more partition; rows of the month that the net caught meanwhile move into it."""
    start, end = table.bound(month), table.bound(_months_later(month, 1))
    with transaction.atomic():
        _execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        create_like(table.name, name)
        if default := _default_of(table.name):
            _execute(f'LOCK TABLE "{default}" IN ACCESS EXCLUSIVE MODE')
            _execute(
                f'WITH moved AS (DELETE FROM "{default}" WHERE "{table.column}" >= %s AND "{table.column}" < %s '
                f'RETURNING *) INSERT INTO "{name}" SELECT * FROM moved',
                start,
                end,
            )
            copy_own_uniques(default, name)
        _execute(
            f"ALTER TABLE \"{table.name}\" ATTACH PARTITION \"{name}\" FOR VALUES FROM ('{start}') TO ('{end}')"
        )


def create_like(table: str, name: str) -> None:
    """An empty table of the same columns and checks, to become a partition (indexes and keys come with attaching)."""
    _execute(
        f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)'
    )


def copy_own_uniques(source: str, target: str) -> None:
    """Give a new partition the unique indexes a partition keeps by itself, because they lack the partition key."""
    rows = _rows(
        "SELECT pg_get_indexdef(x.indexrelid) FROM pg_index x WHERE x.indrelid = to_regclass(%s) AND x.indisunique "
        "AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = x.indexrelid) "
        "AND NOT x.indisprimary ORDER BY 1",
        f'"{source}"',
    )
    for number, (definition,) in enumerate(rows, 1):
        _execute(
            f'CREATE UNIQUE INDEX "{target}_own{number}" ON "{target}" USING {definition.split(" USING ", 1)[1]}'
        )


def _retrying(act: Callable[[], object]) -> None:
    """Ask for a short lock again and again rather than make everybody queue behind a long wait for it."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                _execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                act()
        except OperationalError as error:
            if attempt == ATTEMPTS or getattr(error.__cause__, "sqlstate", "") != "55P03":
                raise
            log.info("partition_lock_busy", attempt=attempt)
            time.sleep(0.2 * attempt)
        else:
            return


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _execute(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time())


def _months_later(day: dt.date, months: int) -> dt.date:
    """The first day of the month so many months after a day's month."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)
