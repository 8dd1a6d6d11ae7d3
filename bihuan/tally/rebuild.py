"""Counting every figure again from ledger and visits, and comparing: `verify` names what differs, `rebuild` puts it right.

Both read one snapshot of the database: the rows, the cells and the pending deltas as they were at one moment. What
differs then is an error that stays the same however much is written and folded afterwards, because all changes are
additions. `rebuild` therefore adds the differences, grain by grain, while everybody goes on working.

The work is done by the database, in temporary tables of this connection; Python holds no rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from bihuan.core.snapshot import one_moment

from .actions import changing_cells, counted_to, roll
from .grains import GRAINS
from .models import DIMENSIONS, EVER, METRICS, PLACES, Cell, Delta, Mark
from .sources import COLUMNS, registered
from .statements import ANY_LEFT, KEY, SUMS, add_to_cells, day, oldest_day, parts

CHUNK = 250_000  # keys of a source read at once
APPLY = 50_000  # cells corrected in one transaction
SHOWN = 50  # differing cells named one by one
_CHANGES, _EXPECTED, _DIFFERENCES = "tally_changes", "tally_expected", "tally_differences"
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Difference:
    """One cell that does not say what the rows say, by metric: (expected, kept)."""

    grain: int
    span: str
    region: str
    start: dt.date
    dimensions: dict[str, Any]
    metrics: dict[str, tuple[int, int]]


@dataclass
class Report:
    """What a check found. `count` cells differ; the first of them are in `differences`."""

    cells: int = 0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.count == 0


def verify(progress: Progress | None = None) -> Report:
    """Count everything again and compare with the cells and what is pending. Changes nothing."""
    report = Report()
    with _tables():
        _compare(progress or _silent)
        report.cells = _number(f"SELECT count(*) FROM {_EXPECTED}")  # noqa: S608
        report.count = _number(f"SELECT count(*) FROM {_DIFFERENCES}")  # noqa: S608
        report.differences = _named() if report.count else []
    return report


def rebuild(progress: Progress | None = None) -> int:
    """Put right whatever differs from the rows; returns how many cells did. Online, repeatable, safe to interrupt.

    Call it outside any transaction, so that each batch of corrections is one of its own.
    """
    told = progress or _silent
    # Without a mark every day would first be written as a day cell.
    roll()
    with _tables():
        mark = _compare(told)
        total = _number(f"SELECT count(*) FROM {_DIFFERENCES}")  # noqa: S608
        done = 0
        for where, cells in _batches():
            _correct(where, mark)
            done += cells
            told("写入统计单元", done / total)
    with changing_cells():
        reached = counted_to()
        nothing = " AND ".join(f"{metric} = 0" for metric in METRICS)
        _execute(f"DELETE FROM {Cell._meta.db_table} WHERE {nothing}")  # noqa: S608
        Mark.objects.update_or_create(pk=1, defaults={"is_stale": False, "counted_to": reached})
    if total > APPLY:
        _execute(f"ANALYZE {Cell._meta.db_table}")
    return total


def rebuild_if_stale() -> bool:
    """After an upgrade that changed what is kept: count again once. Returns whether it was needed."""
    if not Mark.objects.filter(is_stale=True).exists():
        return False
    rebuild()
    return True


def _silent(stage: str, share: float) -> None:
    pass


# --- one snapshot ------------------------------------------------------------------------------------


@contextmanager
def _tables() -> Iterator[None]:
    """The temporary tables, gone afterwards whatever happens. SQLite keeps them beside the database, not in it."""
    integers = ", ".join(f"{metric} integer" for metric in METRICS)
    texts = {"kind", "source", "span", "region", *PLACES}
    dates = {"day", "start"}

    def columns(names: tuple[str, ...]) -> str:
        types = ("date" if name in dates else "text" if name in texts else "bigint" for name in names)
        return ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))

    shapes = {
        _CHANGES: columns(("day", *DIMENSIONS, *PLACES)),
        _EXPECTED: columns(KEY),
        _DIFFERENCES: columns(KEY),
    }
    for name in shapes:
        _execute(f"DROP TABLE IF EXISTS {name}")
    for name, shape in shapes.items():
        _execute(f"CREATE TEMPORARY TABLE {name} ({shape}, {integers})")
    try:
        yield
    finally:
        if connection.is_usable():
            for name in shapes:
                _execute(f"DROP TABLE IF EXISTS {name}")


def _compare(progress: Progress) -> dt.date:
    """Fill the tables of expected and of differing cells; returns the mark they belong to."""
    vendor = connection.vendor
    with one_moment():
        if vendor == "postgresql" and connection.in_atomic_block:
            # Large sorts and hashes, in this transaction only.
            _execute("SET LOCAL work_mem = '256MB'")
        mark = counted_to()
        _read_sources(progress)
        if vendor == "postgresql":
            _execute(f"ANALYZE {_CHANGES}")
        for number, grain in enumerate(GRAINS):
            progress("汇总各粒度", number / len(GRAINS))
            for rows in parts(_CHANGES, mark, vendor, [grain]):
                columns = ", ".join((*KEY, *METRICS))
                _execute(f"INSERT INTO {_EXPECTED} ({columns}) {rows}")
        progress("与现有单元比较", 0)
        _find_differences(mark)
        progress("与现有单元比较", 1)
    return mark


def _read_sources(progress: Progress) -> None:
    columns = ", ".join(COLUMNS)
    for source in registered():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT min({source.key}), max({source.key}) FROM {source.table}")  # noqa: S608
            first, last = cursor.fetchone()
        if first is None:
            continue
        for start in range(first, last + 1, CHUNK):
            progress(f"读取{source.label}", (start - first) / (last - first + 1))
            changes = source.changes(start, min(start + CHUNK - 1, last), connection.vendor)
            _execute(f"INSERT INTO {_CHANGES} ({columns}) SELECT {columns} FROM ({changes}) AS counted")  # noqa: S608


def _find_differences(mark: dt.date) -> None:
    """Expected less kept, cell by cell; what is pending counts as kept, and days a grain need not keep do not count."""
    columns, key = ", ".join((*KEY, *METRICS)), ", ".join(KEY)
    minus = ", ".join(f"-{metric} AS {metric}" for metric in METRICS)
    too_old = [
        f"(grain = {grain.number} AND start <= {day(oldest)})"
        for grain in GRAINS
        if (oldest := oldest_day(grain, mark)) is not None
    ]
    kept = f"SELECT {key}, {minus} FROM {Cell._meta.db_table} WHERE NOT (span = 'day' AND ({' OR '.join(too_old)}))"  # noqa: S608
    pending = " UNION ALL ".join(parts(Delta._meta.db_table, mark, connection.vendor))
    _execute(
        f"INSERT INTO {_DIFFERENCES} ({columns}) SELECT {key}, {SUMS} FROM (SELECT {columns} FROM {_EXPECTED} "  # noqa: S608
        f"UNION ALL {kept} UNION ALL SELECT {key}, {minus} FROM ({pending}) AS pending) AS both_sides "
        f"GROUP BY {key} HAVING {ANY_LEFT}"
    )


# --- what differs ------------------------------------------------------------------------------------


def _named() -> list[Difference]:
    same = " AND ".join(f"e.{name} = d.{name}" for name in KEY)
    expected = ", ".join(f"COALESCE(e.{metric}, 0)" for metric in METRICS)
    wrong = ", ".join(f"d.{metric}" for metric in METRICS)
    key = ", ".join(f"d.{name}" for name in KEY)
    # The running totals first: they are what pages show.
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, {expected}, {wrong} FROM (SELECT * FROM {_DIFFERENCES} ORDER BY span, grain, region, start "  # noqa: S608
            f"LIMIT {SHOWN}) AS d LEFT JOIN {_EXPECTED} e ON {same} ORDER BY d.span, d.grain, d.region, d.start"
        )
        rows = cursor.fetchall()
    found = []
    for row in rows:
        values = dict(zip(KEY, row, strict=False))
        start = values["start"]
        counts = zip(METRICS, row[len(KEY) :], row[len(KEY) + len(METRICS) :], strict=False)
        found.append(
            Difference(
                grain=int(values["grain"]),
                span=values["span"],
                region=values["region"],
                start=dt.date.fromisoformat(start) if isinstance(start, str) else start,
                dimensions={name: values[name] for name in DIMENSIONS if values[name]},
                metrics={name: (int(right), int(right - off)) for name, right, off in counts if off},
            )
        )
    return found


# --- putting right -----------------------------------------------------------------------------------


def _batches() -> list[tuple[str, int]]:
    """Conditions that part the differences into batches, never parting one region of one grain, with their sizes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT grain, region, count(*) FROM {_DIFFERENCES} GROUP BY grain, region ORDER BY grain, region"  # noqa: S608
        )
        groups = cursor.fetchall()
    batches: list[tuple[str, int]] = []
    pending: list[str] = []
    size = 0
    for number, (grain, region, count) in enumerate(groups):
        pending.append(region)
        size += count
        is_last = number + 1 == len(groups) or groups[number + 1][0] != grain
        if is_last or size >= APPLY:
            codes = ", ".join(f"'{_code(code)}'" for code in pending)
            batches.append((f"grain = {int(grain)} AND region IN ({codes})", size))
            pending, size = [], 0
    return batches


def _code(region: str) -> str:
    """A region code goes into SQL as it stands, so it must be one."""
    if not region.isalnum():
        raise ValueError(f"统计中的区划代码“{region}”不是数字，请先更正登记")
    return region


def _correct(where: str, mark: dt.date) -> None:
    """Add one batch of differences. If the mark has moved on meanwhile, the days it passed belong to the totals too."""
    columns = ", ".join((*KEY, *METRICS))
    rows = f"SELECT {columns} FROM {_DIFFERENCES} WHERE {where}"  # noqa: S608
    with changing_cells():
        reached = counted_to()
        if reached > mark:
            ever = f"{day(EVER)}::date" if connection.vendor == "postgresql" else day(EVER)
            passed = ", ".join(
                {"span": "'all' AS span", "start": f"{ever} AS start"}.get(name, name) for name in KEY
            )
            groups = ", ".join(name for name in KEY if name not in ("span", "start"))
            rows = (
                f"SELECT {', '.join(KEY)}, {SUMS} FROM ({rows} UNION ALL SELECT {passed}, {SUMS} FROM {_DIFFERENCES} "  # noqa: S608
                f"WHERE {where} AND span = 'day' AND start > {day(mark)} AND start <= {day(reached)} GROUP BY {groups}) AS moved "
                f"GROUP BY {', '.join(KEY)}"
            )
        _execute(add_to_cells(rows))


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _number(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])
