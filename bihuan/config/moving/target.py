# ruff: noqa: S608 - every name in these statements comes from the catalogue or from our own models
"""The PostgreSQL side of a move: is it empty, what slows the loading down and comes back after, sequences, marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from .values import NOTHING, Fingerprint, Kind, kind_of

MARKER = "bihuan_moving"
FETCH = 5000


class Target:
    """A PostgreSQL database that is being filled."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.connection = psycopg.connect(**parameters, autocommit=True)
        self.connection.execute("SET TimeZone = 'UTC'; SET maintenance_work_mem = '256MB'")

    def close(self) -> None:
        self.connection.close()

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, parameters or None).fetchall()

    # --- empty or not

    def tables(self) -> list[str]:
        """Every table of the schema, the partitions of a table aside."""
        found = self.rows(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition "
            "AND relnamespace = current_schema()::regnamespace ORDER BY 1"
        )
        return [name for (name,) in found]

    def is_unfinished_move(self) -> bool:
        return MARKER in self.tables()

    def mark_as_unfinished(self) -> None:
        self.connection.execute(f"CREATE TABLE {MARKER} (began timestamptz NOT NULL DEFAULT now())")

    def mark_as_finished(self) -> None:
        self.connection.execute(f"DROP TABLE {MARKER}")

    def clear_away(self) -> None:
        """Remove what an unfinished move left; the marker goes last, so that a second interruption is noticed too."""
        for name in self.tables():
            if name != MARKER:
                self.connection.execute(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        self.connection.execute(f"DROP TABLE {MARKER}")

    # --- loading

    def columns(self, table: str) -> dict[str, str]:
        """Column names and their types."""
        found = self.rows(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            f'"{table}"',
        )
        return dict(found)

    @contextmanager
    def without_brakes(self, tables: Sequence[str]) -> Iterator[None]:
        """Inside, no foreign keys and no secondary indexes; on leaving well they are built again and checked."""
        quoted = [f'"{table}"' for table in tables]
        keys = self.rows(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY (%s::regclass[]) ORDER BY 1, 2",
            quoted,
        )
        indexes = self.rows(
            "SELECT x.indexrelid::regclass::text, pg_get_indexdef(x.indexrelid) FROM pg_index x "
            "WHERE x.indrelid = ANY (%s::regclass[]) AND NOT x.indisprimary "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid) ORDER BY 1",
            quoted,
        )
        for table, name, _ in keys:
            self.connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            self.connection.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            self.connection.execute(definition.replace(" ON ONLY ", " ON ", 1))
        for table, name, definition in keys:
            self.connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")

    def empty(self, tables: Sequence[str]) -> None:
        """Remove what the migrations themselves put in: the rows of the source bring their own."""
        names = ", ".join(f'"{table}"' for table in tables)
        self.connection.execute(f"TRUNCATE {names}")

    def set_number(self, table: str, column: str, last: int) -> None:
        """Let the next number of a table follow `last`."""
        sequence = self.rows("SELECT pg_get_serial_sequence(%s, %s)", f'"{table}"', column)[0][0]
        if sequence and last:
            self.connection.execute("SELECT setval(%s::regclass, %s)", [sequence, last])

    def fingerprint(self, table: str, columns: Sequence[str], kinds: Sequence[Kind]) -> Fingerprint:
        """Read a table back and mark every row."""
        found = Fingerprint()
        marks = [kind.mark_target for kind in kinds]
        names = ", ".join(f'"{column}"' for column in columns)
        with (
            self.connection.transaction(),
            self.connection.cursor(name="bihuan_reading", binary=True) as cursor,
        ):
            cursor.itersize = FETCH
            for row in cursor.execute(f'SELECT {names} FROM "{table}"'):
                found.add(
                    NOTHING if value is None else mark(value) for mark, value in zip(marks, row, strict=True)
                )
        return found

    def kinds(self, table: str, columns: Sequence[str]) -> list[Kind]:
        types = self.columns(table)
        return [kind_of(types[column]) for column in columns]
