"""One statistic in a process of its own: what DuckDB takes and may do wrong stays outside the web service.

Reads one JSON object on standard input (files, events, asked, campaigns, sql, spill, memory), writes one on standard
output: {"rows": [...], "peak_mb": …}. Imports no Django, so it starts in a fraction of a second.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bihuan.archive.engine import MEMORY_MB, database
from bihuan.archive.layout import EVENT_COLUMNS, quoted

if TYPE_CHECKING:
    import duckdb


def prepare(
    duck: duckdb.DuckDBPyConnection, files: Sequence[str], *, events: str, asked: str, campaigns: str
) -> None:
    """Create the three relations a statistic counts on; without files `events` is empty."""
    names = ", ".join(f"'{quoted(name)}'" for name in files)
    empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in EVENT_COLUMNS.items())
    archived = (
        f"SELECT * FROM read_parquet([{names}], hive_partitioning = false)"  # noqa: S608 - listed files
        if files
        else f"SELECT {empty} WHERE false"
    )
    for name, text in (
        ("archived", archived),
        ("events", events),
        ("asked", asked),
        ("campaigns", campaigns),
    ):
        duck.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {text}")


def peak_mb() -> int:
    """The most memory this process ever had in RAM. Not getrusage: that remembers whoever started us."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> int:
    request: dict[str, Any] = json.load(sys.stdin)
    with database(Path(request["spill"]), request.get("memory", MEMORY_MB)) as duck:
        prepare(
            duck,
            request["files"],
            events=request["events"],
            asked=request["asked"],
            campaigns=request["campaigns"],
        )
        rows = duck.execute(request["sql"]).fetchall()
    json.dump({"rows": rows, "peak_mb": peak_mb()}, sys.stdout, ensure_ascii=False, default=str)
    return 0


if __name__ == "__main__":
    sys.exit(main())
