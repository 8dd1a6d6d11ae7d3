"""Hot statements, sent as they are: prepared on the server on PostgreSQL, cached by the driver on SQLite.

The ORM builds its SQL anew for every call, which costs more than a look-up by key. The few statements every act
runs are therefore written once, with `%s` for values and `{expression}` only for identifiers taken from models.
They still pass through Django's cursor: wrappers, query logs and error classes are those of any other query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models.base import ModelState

Row = tuple[Any, ...]
Load = Callable[[Sequence[Any]], dict[str, Any]]
M = TypeVar("M", bound=models.Model)


@cache
def is_postgresql() -> bool:
    """Which of the two databases this process works on; it does not change while the process runs."""
    return connection.vendor == "postgresql"


def whole_act(*, several: bool = False) -> AbstractContextManager[None]:
    """What keeps an act whole that reads once and writes once with `Writes`.

    On PostgreSQL the one statement is its own transaction, so that nothing is opened around it unless `several`
    statements write. SQLite opens its immediate transaction: its own writes are many statements.
    Inside a transaction that already runs nothing is opened: `Writes` writes everything or nothing.
    """
    if transaction.get_connection().in_atomic_block or (is_postgresql() and not several):
        return nullcontext()
    return transaction.atomic()


def rows(sql: str, values: Sequence[Any]) -> list[Row]:
    """Run one statement that answers with rows. Values of PostgreSQL travel as text and are cast in the SQL."""
    with hot_cursor() as cursor:
        if is_postgresql():
            cursor.execute(_numbered(sql), values)
        else:
            cursor.execute(sql, values)
        found: list[Row] = cursor.fetchall()
    return found


def hot_cursor() -> Any:
    """A cursor of the open connection; on PostgreSQL one whose statements (with `$1`) stay prepared, if any may."""
    if not is_postgresql():
        return connection.cursor()
    from .prepared import PreparedCursor, PreparedDebugWrapper

    database: Any = connections[DEFAULT_DB_ALIAS]  # once: every look through the proxy costs
    database.ensure_connection()
    cursor = PreparedCursor(database.connection)
    return PreparedDebugWrapper(cursor, database) if database.queries_logged else database.make_cursor(cursor)


@cache
def _numbered(sql: str) -> str:
    """`%s` as `$1`, `$2` …; a literal per cent sign is doubled as usual."""
    count = iter(range(1, sql.count("%s") + 1))
    return re.sub(r"%s|%%", lambda m: f"${next(count)}" if m.group() == "%s" else "%", sql)


@cache
def _loader(for_postgresql: bool, model: type[models.Model], alias: str) -> tuple[str, Load, int]:
    fields = list(model._meta.concrete_fields)
    quote = connection.ops.quote_name
    sql = ", ".join(f"{alias}.{quote(field.column or '')}" for field in fields)
    names = [field.attname for field in fields]
    converters: list[tuple[int, Callable[..., Any], Any]] = []
    for index, field in enumerate(fields):
        column = field.get_col(alias)
        found = connection.ops.get_db_converters(column) + column.get_db_converters(connection)
        converters.extend((index, converter, column) for converter in found)

    def load(row: Sequence[Any]) -> dict[str, Any]:
        values = list(row)
        for index, converter, column in converters:
            values[index] = converter(values[index], column, connection)
        return dict(zip(names, values, strict=True))

    return sql, load, len(fields)


def columns_of(model: type[models.Model], alias: str) -> tuple[str, Load, int]:
    """(SQL of all columns of `model` under `alias`, loader of such a row into {attribute: value}, how many)."""
    return _loader(is_postgresql(), model, alias)


def instance_of(model: type[M], values: Mapping[str, Any]) -> M:
    """A row of the database of which these columns are known; any other is read when somebody asks for it.

    What `from_db` makes, but without looking at every column of the model and without signals.
    """
    found = model.__new__(model)
    state: Any = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    found.__dict__.update(values, _state=state)
    return found


def next_id(model: type[models.Model]) -> str:
    """SQL of an expression that is the next id of `model`.

    SQLite knows no sequences: the expression is the last id given plus one, right as long as the transaction that
    reads it (the only writer) also inserts the row.
    """
    table = model._meta.db_table
    key = model._meta.pk.column
    if is_postgresql():
        return f"nextval('{_sequence(table, key)}')"
    return f"(SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = '{table}')"  # noqa: S608


@cache
def _sequence(table: str, key: str) -> str:
    """The sequence behind a key, looked up once: the catalogue is slower than the number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key])
        found: str = cursor.fetchone()[0]
    return found
