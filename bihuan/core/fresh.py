"""A new database gets today's tables at once; walking through every migration is for installations that exist.

Django renders some three hundred models again at each of several hundred steps, minutes on an old PC, for tables
without a row. Here the state at the end of all migrations is rendered once and its tables are created; of the migrations
only those that build what no model describes are run (`Structure`, `PartitionByMonth`). A test compares the result with
a database that went step by step, on both databases.
"""

from __future__ import annotations

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models import Model

from .conversion import PartitionByMonth
from .migrations import Structure


def create_if_new(alias: str) -> bool:
    """Create everything in a database no migration has been recorded in; whether it was one.

    The tables come in one transaction, the record last: an interrupted attempt is taken up again. A database with some
    of our tables only is left to Django, which says what is wrong with it.
    """
    connection = connections[alias]
    if MigrationRecorder(connection).applied_migrations():
        return False
    loader = MigrationLoader(connection)
    state = loader.project_state()
    models = [model for model in state.apps.get_models() if _is_ours(model, connection)]
    wanted = {model._meta.db_table for model in models}
    found = wanted & set(connection.introspection.table_names())
    if found not in (set(), wanted):
        return False
    steps = _in_order(loader)
    if not found:
        _create(connection, models, steps, state)
    _convert(connection, steps, state)
    _record(connection, loader)
    return True


def _is_ours(model: type[Model], connection: BaseDatabaseWrapper) -> bool:
    return model._meta.can_migrate(connection) and not model._meta.swapped


def _in_order(loader: MigrationLoader) -> list[Migration]:
    """Every migration once, each after those it depends on."""
    seen: dict[tuple[str, str], None] = {}
    for leaf in loader.graph.leaf_nodes():
        seen |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    return [loader.graph.nodes[key] for key in seen]


def _create(
    connection: BaseDatabaseWrapper, models: list[type[Model]], steps: list[Migration], state: ProjectState
) -> None:
    with connection.schema_editor(atomic=True) as editor:
        for model in models:
            editor.create_model(model)
        for migration in steps:
            for operation in migration.operations:
                if isinstance(operation, Structure):
                    operation.database_forwards(migration.app_label, editor, state, state)


def _convert(connection: BaseDatabaseWrapper, steps: list[Migration], state: ProjectState) -> None:
    """What PostgreSQL does outside of transactions; finished conversions are left alone."""
    for migration in steps:
        for operation in migration.operations:
            if isinstance(operation, PartitionByMonth):
                with connection.schema_editor(atomic=False) as editor:
                    operation.database_forwards(migration.app_label, editor, state, state)


def _record(connection: BaseDatabaseWrapper, loader: MigrationLoader) -> None:
    """Every migration counts as applied, those that a squashed one replaces too."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    recorder.migration_qs.bulk_create(
        recorder.Migration(app=app, name=name) for app, name in sorted(loader.disk_migrations)
    )
