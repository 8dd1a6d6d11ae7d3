"""What visits amount to, as SQL: each one visit, clean or not, and the first one to an object under a task."""

from __future__ import annotations

from bihuan.tally.models import METRICS
from bihuan.tally.sources import COLUMNS, Source

from .kinds import OWN
from .models import Coverage, Inspection


def changes(first: int, last: int, vendor: str) -> str:
    """SELECT of what the visits `first` to `last` by id changed in the figures; the same text on both databases.

    What an enterprise looked at itself is no visit of an authority and counts apart (R014, R074).
    """
    values = dict.fromkeys(METRICS, "0") | {
        "day": "i.inspected_on",
        "campaign_id": "COALESCE(i.campaign_id, 0)",
        "task_id": "COALESCE(i.task_id, 0)",
        "department_id": "COALESCE(i.department_id, 0)",
        "kind": "''",
        "source": "''",
        "inspected": "1",
        "inspected_clean": "CASE WHEN i.is_clean THEN 1 ELSE 0 END",
        "covered": f"CASE WHEN EXISTS (SELECT 1 FROM {Coverage._meta.db_table} c WHERE c.first_inspection_id = i.id) THEN 1 ELSE 0 END",  # noqa: S608
    }
    own = ", ".join(f"'{kind}'" for kind in sorted(OWN))
    columns = ", ".join(f"{values.get(name, f'i.{name}')} AS {name}" for name in COLUMNS)
    return (
        f"SELECT {columns} FROM {Inspection._meta.db_table} i "  # noqa: S608
        f"WHERE i.kind NOT IN ({own}) AND i.id BETWEEN {int(first)} AND {int(last)}"
    )


SOURCE = Source("现场检查", Inspection._meta.db_table, changes)
