"""Index changes that leave a running installation running.

A plain `CREATE INDEX` locks its table against every write until it is done: minutes on ten million rows. These
operations build and drop indexes CONCURRENTLY on PostgreSQL, partition by partition where the table has partitions,
and do the plain thing on SQLite. They may be run again after an interruption: a half-built index is dropped first,
a finished one is left alone. The migration that uses them says `atomic = False` (docs/how-to/postgresql.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex, RemoveIndex, RunPython
from django.db.migrations.operations.base import OperationCategory
from django.db.migrations.state import ProjectState
from django.db.utils import NotSupportedError


class Structure(RunPython):
    """A RunPython that builds what no model describes (a trigger, a setting of a table, the one row a table lives by);
    a new database needs it too, unlike one that converts rows."""


class AddIndexOnline(AddIndex):
    """AddIndex without a lock on writers. Arguments as `AddIndex`."""

    category = OperationCategory.ADDITION

    def describe(self) -> str:
        return f"Build the index {self.index.name} on {self.model_name} while the table stays in use"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            build_index(schema_editor, model, self.index)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            drop_index(schema_editor, model, self.index)


class RemoveIndexOnline(RemoveIndex):
    """RemoveIndex without a lock on writers. Arguments as `RemoveIndex`."""

    category = OperationCategory.REMOVAL

    def describe(self) -> str:
        return f"Drop the index {self.name} of {self.model_name} while the table stays in use"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            drop_index(schema_editor, model, index)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            build_index(schema_editor, model, index)


def build_index(
    schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model], index: models.Index
) -> None:
    """Build one index without stopping writers; does nothing when a valid index of that name is there.

    Raises NotSupportedError inside a transaction on PostgreSQL (the migration lacks `atomic = False`).
    """
    connection = schema_editor.connection
    table, name = model._meta.db_table, index.name
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            known = connection.introspection.get_constraints(cursor, table)
        if name not in known:
            schema_editor.add_index(model, index)
        return
    _refuse_in_transaction(schema_editor)
    with waiting_as_long_as_it_takes(schema_editor):
        partitions = _leaves_of(schema_editor, table)
        if partitions is None:
            _build_one(schema_editor, str(index.create_sql(model, schema_editor, concurrently=True)), name)
            return
        if _validity(schema_editor, name) is None:
            # On the parent alone: no rows, so no time; it turns valid when the last partition's index is attached.
            whole = str(index.create_sql(model, schema_editor))
            schema_editor.execute(
                _on_table(schema_editor, whole, table, f"ONLY {_quoted(schema_editor, table)}"), None
            )
        for partition in partitions:
            part = f"{partition}_{name}"[-63:].lstrip("_")
            if _is_attached(schema_editor, partition, name):
                continue
            local = index.clone()
            local.name = part
            whole = str(local.create_sql(model, schema_editor, concurrently=True))
            _build_one(
                schema_editor, _on_table(schema_editor, whole, table, _quoted(schema_editor, partition)), part
            )
            quoted = _quoted(schema_editor, name)
            schema_editor.execute(
                f"ALTER INDEX {quoted} ATTACH PARTITION {_quoted(schema_editor, part)}", None
            )


def drop_index(
    schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model], index: models.Index
) -> None:
    """Drop one index without stopping writers; an index that is gone already is no error.

    The index of a partitioned table cannot be dropped concurrently; dropping it takes a moment's lock instead.
    """
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.remove_index(model, index)
        return
    _refuse_in_transaction(schema_editor)
    how = "" if _leaves_of(schema_editor, model._meta.db_table) is not None else "CONCURRENTLY "
    schema_editor.execute(f"DROP INDEX {how}IF EXISTS {_quoted(schema_editor, index.name)}", None)


def _build_one(schema_editor: BaseDatabaseSchemaEditor, sql: str, name: str) -> None:
    valid = _validity(schema_editor, name)
    if valid:
        return
    if valid is False:
        # Left behind by an attempt that was interrupted; the planner ignores it, but every write maintains it.
        schema_editor.execute(f"DROP INDEX CONCURRENTLY {_quoted(schema_editor, name)}", None)
    schema_editor.execute(sql, None)


def _on_table(schema_editor: BaseDatabaseSchemaEditor, sql: str, table: str, target: str) -> str:
    before, found, after = sql.partition(f" ON {_quoted(schema_editor, table)} ")
    if not found:
        raise NotSupportedError(f"cannot aim this index statement at another table: {sql}")
    return f"{before} ON {target} {after}"


def _quoted(schema_editor: BaseDatabaseSchemaEditor, name: str) -> str:
    return schema_editor.connection.ops.quote_name(name)


def _refuse_in_transaction(schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.in_atomic_block:
        raise NotSupportedError(
            "an index is built online outside of transactions: set atomic = False on the migration"
        )


@contextmanager
def waiting_as_long_as_it_takes(schema_editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
    """A concurrent build waits for older transactions without holding anybody up, so no lock_timeout for it."""
    before = _value(schema_editor, "SHOW lock_timeout")
    schema_editor.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        schema_editor.execute("SELECT set_config('lock_timeout', %s, false)", [before])


def _value(schema_editor: BaseDatabaseSchemaEditor, sql: str, *parameters: Any) -> Any:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return row[0] if row else None


def _validity(schema_editor: BaseDatabaseSchemaEditor, name: str) -> bool | None:
    """Whether an index of this name is valid; None when there is none."""
    return _value(schema_editor, "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", name)


def _is_attached(schema_editor: BaseDatabaseSchemaEditor, partition: str, name: str) -> bool:
    return bool(
        _value(
            schema_editor,
            "SELECT EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid "
            "WHERE i.inhparent = to_regclass(%s) AND x.indrelid = to_regclass(%s))",
            name,
            partition,
        )
    )


def _leaves_of(schema_editor: BaseDatabaseSchemaEditor, table: str) -> list[str] | None:
    """The partitions of a table, None for a table without partitioning."""
    if _value(schema_editor, "SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", table) != "p":
        return None
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text FROM pg_partition_tree(to_regclass(%s)) WHERE isleaf ORDER BY 1",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]
