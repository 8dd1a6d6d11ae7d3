"""DuckDB, kept small: a bounded share of memory, two threads, its spill files beside the archive. No Django."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

MEMORY_MB = 256
THREADS = 2


@contextmanager
def database(spill: Path, memory_mb: int = MEMORY_MB) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty in-memory database that may use `memory_mb` and spills to `spill`; it loads nothing from elsewhere."""
    import duckdb

    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": THREADS,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
    )
    try:
        connection.execute("SET TimeZone = 'UTC'" if _has_zones(connection) else "SELECT 1")
        yield connection
    finally:
        connection.close()


def _has_zones(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM duckdb_settings() WHERE lower(name) = 'timezone'"
    ).fetchone()
    return bool(found and found[0])
