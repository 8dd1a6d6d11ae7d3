# ruff: noqa: S608 - every name in these statements comes from the model or the catalogue
"""Turning a table into monthly partitions while it is in use, without rewriting a row.

What takes long (a second unique index, proving that no row lies beyond the month) happens beside the running
service; the exchange itself changes the catalogue only: the table becomes the history partition of a new parent that
takes over its name, columns, checks, keys, indexes and number sequence. A unique constraint that lacks the partition
key cannot hold over all partitions in PostgreSQL; it is kept within each (docs/adr/0012-…).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState
from django.db.utils import NotSupportedError
from django.utils import timezone

from .migrations import waiting_as_long_as_it_takes
from .partitions import copy_own_uniques, create_like, keep_ahead


class PartitionByMonth(Operation):
    """Keep a model's table in monthly partitions by one of its date or time columns, on PostgreSQL.

    The model stays as it is, so nothing changes for the migration state, and going back changes nothing either: a
    partitioned table serves the same model. The migration needs `atomic = False`.
    """

    reduces_to_sql = False
    category = OperationCategory.ALTERATION

    def __init__(self, model_name: str, by: str) -> None:
        self.model_name, self.by = model_name, by

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__qualname__, [], {"model_name": self.model_name, "by": self.by}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The model is the same."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            partition_by_month(schema_editor, model._meta.db_table, model._meta.get_field(self.by).column)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """The table stays partitioned."""

    def describe(self) -> str:
        return f"Keep {self.model_name} in monthly partitions by {self.by}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_by_month"


def partition_by_month(schema_editor: BaseDatabaseSchemaEditor, table: str, column: str) -> None:
    """Convert one table with a `bigint` identity `id`; does nothing on SQLite or when it is partitioned already.

    May be run again after an interruption. Raises NotSupportedError when another table refers to this one, and
    OperationalError when the session has a lock_timeout and the moment's exclusive lock cannot be had within it.
    """
    if schema_editor.connection.vendor != "postgresql":
        return
    if schema_editor.connection.in_atomic_block:
        raise NotSupportedError(
            "a table is converted outside of transactions: set atomic = False on the migration"
        )
    conversion = _Conversion(schema_editor, table, column)
    if conversion.value("SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", f'"{table}"') != "p":
        conversion.prepare()
        conversion.exchange()
    keep_ahead(only=table)


class _Conversion:
    def __init__(self, schema_editor: BaseDatabaseSchemaEditor, table: str, column: str) -> None:
        self.editor, self.connection = schema_editor, schema_editor.connection
        self.table, self.column = table, column
        self.history, self.net = f"{table}_p_history", f"{table}_p_default"
        self.key_index, self.proof = f"{table}_p_key", f"{table}_p_proof"

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def value(self, sql: str, *parameters: Any) -> Any:
        found = self.rows(sql, *parameters)
        return found[0][0] if found else None

    def run(self, sql: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def prepare(self) -> None:
        """Beside the running service: the key's index, and the proof that history ends where it shall."""
        if self.rows(
            "SELECT 1 FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass(%s)",
            f'"{self.table}"',
        ):
            raise NotSupportedError(f"{self.table} is referred to by another table and cannot be partitioned")
        self._index_the_key()
        self._prove_the_end()

    def _index_the_key(self) -> None:
        valid = self.value(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", f'"{self.key_index}"'
        )
        if valid:
            return
        with waiting_as_long_as_it_takes(self.editor):
            if valid is False:
                self.run(f'DROP INDEX CONCURRENTLY "{self.key_index}"')
            self.run(
                f'CREATE UNIQUE INDEX CONCURRENTLY "{self.key_index}" ON "{self.table}" (id, "{self.column}")'
            )

    def _prove_the_end(self) -> None:
        proof = self.value(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s",
            f'"{self.table}"',
            self.proof,
        )
        if proof is not None:
            # Of an attempt that did not get further; its end may have come too near.
            self.run(f'ALTER TABLE "{self.table}" DROP CONSTRAINT "{self.proof}"')
        end = self._literal(self._end())
        self.run(
            f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{self.proof}" CHECK ("{self.column}" < {end}) NOT VALID'
        )
        self.run(f'ALTER TABLE "{self.table}" VALIDATE CONSTRAINT "{self.proof}"')

    def _end(self) -> dt.date:
        """Where history ends: with the last month if nothing lies later, else after the newest row's month.

        Within three days of the month's end one month more, so that no row is refused before the exchange.
        """
        newest = self.value(f'SELECT max("{self.column}") FROM "{self.table}"')
        today = timezone.localdate()
        this_month = today.replace(day=1)
        if isinstance(newest, dt.datetime):
            newest = timezone.localdate(newest)
        if newest is None:
            return this_month
        latest = max(newest, today + dt.timedelta(days=3))
        return _next_month(latest.replace(day=1))

    def _literal(self, day: dt.date) -> str:
        kind = self.value(
            "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s",
            f'"{self.table}"',
            self.column,
        )
        if kind == "date":
            return f"'{day.isoformat()}'::date"
        return f"'{timezone.make_aware(dt.datetime.combine(day, dt.time())).isoformat()}'::timestamptz"

    def exchange(self) -> None:
        """One short transaction over the catalogue."""
        end = self.value(
            "SELECT substring(pg_get_constraintdef(oid) from '''([^'']+)''') FROM pg_constraint "
            "WHERE conrelid = to_regclass(%s) AND conname = %s",
            f'"{self.table}"',
            self.proof,
        )
        with transaction.atomic(using=self.connection.alias):
            self.run(f'LOCK TABLE "{self.table}" IN ACCESS EXCLUSIVE MODE')
            start = self._next_number()
            constraints = self._constraints()
            indexes = self._indexes()
            self.run(f'ALTER TABLE "{self.table}" RENAME TO "{self.history}"')
            for name, _ in indexes:
                self.run(f'ALTER INDEX "{name}" RENAME TO "{name[:54]}_history"')
            self.run(f'ALTER TABLE "{self.history}" ALTER id DROP IDENTITY')
            self.run(
                f'CREATE TABLE "{self.table}" (LIKE "{self.history}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
                f'INCLUDING STORAGE INCLUDING COMMENTS) PARTITION BY RANGE ("{self.column}")'
            )
            self.run(f'ALTER TABLE "{self.table}" DROP CONSTRAINT "{self.proof}"')
            self.run(
                f'ALTER TABLE "{self.table}" ALTER id ADD GENERATED BY DEFAULT AS IDENTITY '
                f'(SEQUENCE NAME "{self.table}_id_seq" START WITH {start})'
            )
            self._move_key()
            self._define(constraints, indexes)
            # The proof spares the exchange a look at every row; afterwards the partition's own bound says the same.
            self.run(
                f'ALTER TABLE "{self.table}" ATTACH PARTITION "{self.history}" FOR VALUES FROM (MINVALUE) TO (\'{end}\')'
            )
            self.run(f'ALTER TABLE "{self.history}" DROP CONSTRAINT "{self.proof}"')
            create_like(self.table, self.net)
            copy_own_uniques(self.history, self.net)
            self.run(f'ALTER TABLE "{self.table}" ATTACH PARTITION "{self.net}" DEFAULT')

    def _next_number(self) -> int:
        sequence = self.value("SELECT pg_get_serial_sequence(%s, 'id')", f'"{self.table}"')
        return int(
            self.value(f"SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM {sequence}")
        )

    def _constraints(self) -> list[tuple[str, str, str]]:
        """Foreign keys, and unique constraints that hold the partition key: name, kind, definition."""
        return self.rows(
            "SELECT c.conname, c.contype, pg_get_constraintdef(c.oid) FROM pg_constraint c "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attname = %s "
            "WHERE c.conrelid = to_regclass(%s) AND (c.contype = 'f' OR c.contype = 'u' AND a.attnum = ANY (c.conkey))",
            self.column,
            f'"{self.table}"',
        )

    def _indexes(self) -> list[tuple[str, str]]:
        """Every index but the new key's: name and, if it is to exist on the parent, its definition after USING."""
        return self.rows(
            "SELECT i.relname, CASE WHEN x.indisunique THEN '' "
            "ELSE split_part(pg_get_indexdef(x.indexrelid), ' USING ', 2) END "
            "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
            "WHERE x.indrelid = to_regclass(%s) AND i.relname <> %s",
            f'"{self.table}"',
            self.key_index,
        )

    def _move_key(self) -> None:
        old = self.value(
            "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'p'",
            f'"{self.history}"',
        )
        self.run(f'ALTER TABLE "{self.history}" DROP CONSTRAINT "{old}"')
        self.run(
            f'ALTER TABLE "{self.history}" ADD CONSTRAINT "{self.history}_pkey" PRIMARY KEY USING INDEX "{self.key_index}"'
        )
        self.run(
            f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{self.table}_pkey" PRIMARY KEY (id, "{self.column}")'
        )

    def _define(self, constraints: list[tuple[str, str, str]], indexes: list[tuple[str, str]]) -> None:
        for name, _, definition in constraints:
            self.run(f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{name}" {definition}')
        for name, definition in indexes:
            if definition:
                self.run(f'CREATE INDEX "{name}" ON "{self.table}" USING {definition}')


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)
