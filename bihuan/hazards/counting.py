"""The same figures once more, from the ledger lines alone: `deltas.changes` as SQL over whole ranges of hazards.

Each line names the state it leads to (status, level, deadline) and the day from which it counts; the state before is
that of the line before. A hazard imported from an old ledger in a later state ran from the day it was found.
"""

from __future__ import annotations

from bihuan.tally.models import DIMENSIONS, METRICS, PLACES
from bihuan.tally.sources import COLUMNS, Source

from .models import Hazard, HazardTransition
from .workflow import RUNNING, Level, Move, Status

_HAZARD_COLUMNS = {
    "campaign_id": "COALESCE(h.campaign_id, 0)",
    "task_id": "COALESCE(h.task_id, 0)",
    "department_id": "COALESCE(h.department_id, 0)",
    "kind": "h.kind_id",
    "source": "h.source",
    **{place: f"h.{place}" for place in PLACES},
}
_KEPT = ", ".join(_HAZARD_COLUMNS)


def _quoted(values: frozenset[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


_RUNNING = _quoted(frozenset(RUNNING))


def changes(first: int, last: int, vendor: str) -> str:
    """SELECT of what the hazards `first` to `last` by id changed in the figures, summed by day and dimensions."""
    dimensions = ", ".join(f"{sql} AS {name}" for name, sql in _HAZARD_COLUMNS.items())
    lines, hazards = HazardTransition._meta.db_table, Hazard._meta.db_table
    # Closed to closed (a supervision lifted) changes nothing, and its day is not the day of closing.
    real = (
        f"SELECT t.hazard_id AS hazard, t.id AS line, 1 AS part, t.to_status AS status, t.level AS level, t.due_on AS due_on, "  # noqa: S608
        f"t.counted_on AS day, {dimensions} FROM {lines} t JOIN {hazards} h ON h.id = t.hazard_id "
        f"WHERE t.hazard_id BETWEEN {int(first)} AND {int(last)} "
        f"AND NOT (t.from_status = '{Status.CLOSED}' AND t.to_status = '{Status.CLOSED}')"
    )
    imported = (
        f"SELECT t.hazard_id, t.id, 0, '{Status.RECTIFYING}', t.level, t.due_on, h.found_on, {', '.join(_HAZARD_COLUMNS.values())} "  # noqa: S608
        f"FROM {lines} t JOIN {hazards} h ON h.id = t.hazard_id WHERE t.hazard_id BETWEEN {int(first)} AND {int(last)} "
        f"AND t.move = '{Move.IMPORT}' AND t.to_status NOT IN ({_RUNNING})"
    )
    before = ", ".join(
        f"LAG({name}) OVER life AS was_{name}" for name in ("status", "level", "due_on", "day")
    )
    lives = (
        f"SELECT status, level, due_on, day, {_KEPT}, {before} FROM (SELECT * FROM ({real} UNION ALL {imported}) AS lines) AS lines "  # noqa: S608
        "WINDOW life AS (PARTITION BY hazard ORDER BY line, part)"
    )
    branches = " UNION ALL ".join([_standing(), _overdue("", 1, vendor), _overdue("was_", -1, vendor)])
    sums = ", ".join(f"SUM({name}) AS {name}" for name in METRICS)
    left = " OR ".join(f"SUM({name}) <> 0" for name in METRICS)
    groups = ", ".join(("day", *DIMENSIONS, *PLACES))
    return (
        f"WITH lives AS ({lives}), branches AS ({branches}) "  # noqa: S608
        f"SELECT {groups}, {sums} FROM branches GROUP BY {groups} HAVING {left}"
    )


def _standing() -> str:
    """What a hazard is counted as, apart from overdue: after the line less before it, on the day of the line."""
    now, was = _conditions(""), _conditions("was_")
    counts = dict.fromkeys(METRICS, "0") | {
        name: f"CASE WHEN {now[name]} THEN 1 ELSE 0 END - CASE WHEN {was[name]} THEN 1 ELSE 0 END"
        for name in now
    }
    return f"SELECT {_columns('day', counts)} FROM lives"  # noqa: S608


def _conditions(prefix: str) -> dict[str, str]:
    """When a state counts; no state at all (before the first line) makes every condition unknown, hence not true."""
    status, due_on = f"{prefix}status", f"{prefix}due_on"
    found, closed = f"{status} <> '{Status.DISMISSED}'", f"{status} = '{Status.CLOSED}'"
    major = f"{prefix}level = '{Level.MAJOR}'"
    return {
        "found": found,
        "closed": closed,
        "closed_late": f"{closed} AND {due_on} IS NOT NULL AND {prefix}day > {due_on}",
        "found_major": f"{found} AND {major}",
        "closed_major": f"{closed} AND {major}",
    }


def _overdue(prefix: str, amount: int, vendor: str) -> str:
    """The promise of becoming overdue that a running state makes, or takes back when it ends."""
    status, level, due_on = f"{prefix}status", f"{prefix}level", f"{prefix}due_on"
    if vendor == "postgresql":
        day = f"GREATEST({due_on} + 1, day)"
    else:
        day = f"max(date({due_on}, '+1 day'), day)"
    counts = dict.fromkeys(METRICS, "0")
    counts["overdue"] = str(amount)
    counts["overdue_major"] = f"CASE WHEN {level} = '{Level.MAJOR}' THEN {amount} ELSE 0 END"
    return (
        f"SELECT {_columns(day, counts)} FROM lives WHERE {status} IN ({_RUNNING}) AND {due_on} IS NOT NULL"  # noqa: S608
    )


def _columns(day: str, counts: dict[str, str]) -> str:
    values = {"day": day, **counts}
    return ", ".join(f"{values.get(name, name)} AS {name}" for name in COLUMNS)


SOURCE = Source("隐患台账", Hazard._meta.db_table, changes)
