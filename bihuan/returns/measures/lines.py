# ruff: noqa: S608 - every name in these statements comes from the models; values are given apart
"""The ledger as of a day and a moment, counted in one statement: each hazard's state is that of its last line by both limits.

Beside the cube, which knows what counts on a day but not when that was entered. Used where no cells are kept, and to count
a signed return again as of its moment. A hazard taken over from an old ledger in a later state ran from the day it was
found until that state's day (as in `hazards.counting`).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connections, router

from bihuan.hazards.models import Hazard, HazardTransition
from bihuan.hazards.workflow import RUNNING, Level, Move, Status
from bihuan.tally.figures import Figures
from bihuan.tally.reading import ONE_DAY

from .base import Scope

_HAZARDS, _LINES = Hazard._meta.db_table, HazardTransition._meta.db_table
_RUNNING = ", ".join(f"'{status}'" for status in sorted(RUNNING))
_METRICS = ("found", "closed", "closed_late", "overdue", "found_major", "closed_major", "overdue_major")
_DAYS = 6  # found, overdue (twice), and the same of major ones
_PLACE = {4: "city_id", 6: "county_id"}


def figures_as_of(
    scope: Scope,
    since: dt.date | None,
    until: dt.date,
    moment: dt.datetime,
    *,
    column: str = "",
    kinds: tuple[str, ...] = (),
    sources: tuple[str, ...] = (),
) -> dict[str, Figures]:
    """Figures by the members of `column` (all together under "" without), of what had been entered by `moment`.

    Flows from `since`, if given; stocks of overdue are those of `until`. Members without hazards are absent.
    """
    connection = connections[router.db_for_read(Hazard)]
    at = connection.ops.adapt_datetimefield_value(moment)
    points = [until] if since is None else [until, since - ONE_DAY]
    joins, values, sums = [], list[Any](), []
    for number, day in enumerate(points):
        on = connection.ops.adapt_datefield_value(day)
        joins.append(_last_line(f"p{number}", connection.vendor))
        values += [on, at, at]
        sums += _sums(f"p{number}", f"i{number}", connection.vendor)
    where = ["h.found_on <= %s"]
    given: list[Any] = [connection.ops.adapt_datefield_value(until)]
    if len(scope.region) > 2:
        where.append(f"h.{_PLACE.get(len(scope.region), 'locality_id')} = %s")
        given.append(scope.region)
    for name, value in (("department_id", scope.department), ("campaign_id", scope.campaign)):
        if value is not None:
            where.append(f"h.{name} = %s")
            given.append(value)
    for name, chosen in (("kind_id", kinds), ("source", sources)):
        if chosen:
            where.append(f"h.{name} IN ({', '.join(['%s'] * len(chosen))})")
            given += chosen
    # What the sums ask of the days comes first in the text.
    days = [connection.ops.adapt_datefield_value(day) for day in points for _ in range(_DAYS)]
    member = f"h.{column}" if column else "''"
    statement = (
        f"SELECT {member} AS member, {', '.join(sums)} FROM {_HAZARDS} h {' '.join(joins)} WHERE {' AND '.join(where)} "
        f"GROUP BY {member if column else '1'}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*days, *values, *given])
        rows = cursor.fetchall()
    found = {}
    for key, *numbers in rows:
        end = _figures(numbers[: len(_METRICS)])
        if since is not None:
            end = (end - _figures(numbers[len(_METRICS) :])).with_stock_of(end)
        found["" if key is None else str(key)] = end
    return found


def _figures(numbers: list[Any]) -> Figures:
    return Figures(**{name: int(value or 0) for name, value in zip(_METRICS, numbers, strict=True)})


def _last_line(name: str, vendor: str) -> str:
    """Join the line that gives the state at a point (values: day, moment), and the imported state before it (moment)."""
    limits = (
        f"t.hazard_id = h.id AND t.counted_on <= %s AND t.at <= %s "
        f"AND NOT (t.from_status = '{Status.CLOSED}' AND t.to_status = '{Status.CLOSED}')"
    )
    if vendor == "postgresql":
        last = (
            f"LEFT JOIN LATERAL (SELECT t.id, t.to_status, t.level, t.due_on, t.counted_on FROM {_LINES} t WHERE {limits} "
            f"ORDER BY t.id DESC LIMIT 1) {name} ON TRUE"
        )
    else:
        last = f"LEFT JOIN {_LINES} {name} ON {name}.id = (SELECT MAX(t.id) FROM {_LINES} t WHERE {limits})"
    imported = name.replace("p", "i")
    return (
        f"{last} LEFT JOIN {_LINES} {imported} ON {name}.id IS NULL AND {imported}.hazard_id = h.id "
        f"AND {imported}.move = '{Move.IMPORT}' AND {imported}.to_status NOT IN ({_RUNNING}) AND {imported}.at <= %s"
    )


def _sums(name: str, imported: str, vendor: str) -> list[str]:
    """What counts at a point, metric by metric; the day of the point is given `_DAYS` times."""
    day = "%s::date" if vendor == "postgresql" else "%s"
    was_found = f"{name}.to_status <> '{Status.DISMISSED}'"
    ran = f"({imported}.id IS NOT NULL AND h.found_on <= {day})"
    ran_late = f"({imported}.id IS NOT NULL AND {imported}.due_on < {day})"
    closed = f"{name}.to_status = '{Status.CLOSED}'"
    late = f"({name}.to_status IN ({_RUNNING}) AND {name}.due_on < {day})"
    major, major_import = f"{name}.level = '{Level.MAJOR}'", f"{imported}.level = '{Level.MAJOR}'"
    level = f"(CASE WHEN {name}.id IS NULL THEN {major_import} ELSE {major} END)"
    found = f"({was_found} OR {ran})"
    overdue = f"({late} OR {ran_late})"

    def count(condition: str) -> str:
        return f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)"

    return [
        count(found), count(closed), count(f"{closed} AND {name}.due_on IS NOT NULL AND {name}.counted_on > {name}.due_on"),
        count(overdue), count(f"{found} AND {level}"), count(f"{closed} AND {major}"), count(f"{overdue} AND {level}"),
    ]  # fmt: skip
