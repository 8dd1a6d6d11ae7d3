"""The SQL of the cube: how changes become rows of cells. One text for folding, counting again and checking.

Everything put into the texts comes from the models, the table of grains, or dates; values from outside are never part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from .grains import GRAINS, Grain
from .models import DIMENSIONS, EVER, METRICS, Cell

KEY = ("grain", "span", "region", *DIMENSIONS, "start")
_EMPTY = {"campaign_id": "0", "task_id": "0", "department_id": "0", "kind": "''", "source": "''"}
_REGION = {
    "province": "substr(city_id, 1, 2)",
    "city": "city_id",
    "county": "county_id",
    "locality": "locality_id",
}
SUMS = ", ".join(f"SUM({metric}) AS {metric}" for metric in METRICS)
ANY_LEFT = " OR ".join(f"SUM({metric}) <> 0" for metric in METRICS)


def day(value: dt.date) -> str:
    """A date as both databases understand it."""
    return f"'{value.isoformat()}'"


def month_of(column: str, vendor: str) -> str:
    """SQL for the first day of the month of a date."""
    if vendor == "postgresql":
        return f"date_trunc('month', {column})::date"
    return f"date({column}, 'start of month')"


def region_of(level: str) -> str:
    """SQL for the region of that level a change belongs to."""
    return _REGION[level]


def oldest_day(grain: Grain, counted_to: dt.date) -> dt.date | None:
    """Day cells of this grain are kept after this day; None: all of them."""
    if grain.keeping.days is None:
        return None
    return max(EVER, counted_to) - dt.timedelta(days=grain.keeping.days)


def parts(relation: str, counted_to: dt.date, vendor: str, grains: Iterable[Grain] = GRAINS) -> Iterator[str]:
    """SELECTs whose rows, taken together, are what the changes in `relation` add to the cells (columns KEY, METRICS)."""
    for grain in grains:
        wanted = [f"{name} <> {_EMPTY[name]}" for name in grain.dimensions]
        yield _part(relation, grain, Cell.Span.ALL, day(EVER), [*wanted, f"day <= {day(counted_to)}"], vendor)
        oldest = oldest_day(grain, counted_to)
        kept = wanted if oldest is None else [*wanted, f"day > {day(oldest)}"]
        yield _part(relation, grain, Cell.Span.DAY, "day", kept, vendor)
        if grain.keeping.months:
            yield _part(relation, grain, Cell.Span.MONTH, month_of("day", vendor), wanted, vendor)


def _part(relation: str, grain: Grain, span: str, start: str, where: list[str], vendor: str) -> str:
    region = _REGION[grain.level]
    columns = [name if name in grain.dimensions else f"{_EMPTY[name]} AS {name}" for name in DIMENSIONS]
    groups = [region, *grain.dimensions, *([] if start == day(EVER) else [start])]
    typed = f"{start}::date" if vendor == "postgresql" and start == day(EVER) else start
    conditions = f"WHERE {' AND '.join(where)} " if where else ""
    return (
        f"SELECT {grain.number} AS grain, '{span}' AS span, {region} AS region, {', '.join(columns)}, "  # noqa: S608
        f"{typed} AS start, {SUMS} FROM {relation} {conditions}GROUP BY {', '.join(groups)} HAVING {ANY_LEFT}"
    )


def add_to_cells(rows: str) -> str:
    """INSERT what a SELECT of cell rows adds. Sorted by key, so that two who add at once lock cells in the same order."""
    table = Cell._meta.db_table
    columns = ", ".join((*KEY, *METRICS))
    additions = ", ".join(f"{metric} = {table}.{metric} + excluded.{metric}" for metric in METRICS)
    return (
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM ({rows}) AS added WHERE TRUE "  # noqa: S608
        f"ORDER BY {', '.join(KEY)} ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {additions}"
    )
