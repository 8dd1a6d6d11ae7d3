"""Many rows into one table: COPY on PostgreSQL, one prepared statement on SQLite, ids taken beforehand.

For imports, where a model instance and an object for each value would cost more than the row itself. Values are given
as on the model; columns that are not named get the field's default. Nothing is checked here but by the database.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

from django.db import connections, models, router, transaction

from .fields import SealedCharField

BLOCK = 2000  # rows formatted and sent at a time
NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]").search
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
Format = Callable[[Any], Any]


def reserve(model: type[models.Model], count: int) -> Sequence[int]:
    """Take `count` ids that no other row will get. Inside the transaction that inserts the rows."""
    connection = connections[router.db_for_write(model)]
    if not connection.in_atomic_block:
        raise RuntimeError("ids are reserved inside the transaction that uses them")
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), column, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # The transaction is immediate: nobody else can add a row before it ends.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return range(last + 1, last + 1 + count)


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows`, each with its values in the order of `columns` (attribute names); returns how many.

    One transaction whatever happens. Raises IntegrityError like any insert.
    """
    connection = connections[router.db_for_write(model)]
    is_copy = connection.vendor == "postgresql"
    fields = {field.attname: field for field in model._meta.concrete_fields}
    formats = [(_copied if is_copy else _bound)(fields[name], connection) for name in columns]
    others = [field for name, field in fields.items() if name not in columns and not field.primary_key]
    constants = [(_copied if is_copy else _bound)(field, connection)(field.get_default()) for field in others]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in (*(fields[name] for name in columns), *others))
    table = quote(model._meta.db_table)
    count = 0
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if is_copy:
            # COPY goes past Django's own cursor, and with it past the translation of its errors.
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
            ):
                for block in _blocks(rows, formats, constants):
                    texts = ["\t".join(line) for line in block]
                    count += len(texts)
                    texts.append("")
                    copy.write("\n".join(texts))
        else:
            marks = ", ".join(["%s"] * (len(columns) + len(others)))
            for block in _blocks(rows, formats, constants):
                lines = list(block)
                count += len(lines)
                cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", lines)  # noqa: S608
    return count


def _blocks(
    rows: Iterable[Sequence[Any]], formats: Sequence[Format], constants: Sequence[Any]
) -> Iterable[Iterable[tuple[Any, ...]]]:
    """The rows formatted column by column, a block at a time."""
    block: list[Sequence[Any]] = []
    for row in rows:
        block.append(row)
        if len(block) == BLOCK:
            yield _formatted(block, formats, constants)
            block = []
    if block:
        yield _formatted(block, formats, constants)


def _formatted(
    block: list[Sequence[Any]], formats: Sequence[Format], constants: Sequence[Any]
) -> Iterable[tuple[Any, ...]]:
    columns = [
        values if form is _as_it_is else list(map(form, values))
        for form, values in zip(formats, zip(*block, strict=True), strict=True)
    ]
    return zip(*columns, *(repeat(value, len(block)) for value in constants), strict=True)


def _as_it_is(value: Any) -> Any:
    return value


def _copied(field: models.Field, connection: Any) -> Format:
    """How a value of the field stands in COPY's text format."""
    kind = _kind_of(field)
    if kind is _Kind.SEALED:
        return lambda value: NULL if value is None else field.get_prep_value(value)
    if kind is _Kind.JSON:
        return lambda value: (
            NULL if value is None else _escaped(json.dumps(value, ensure_ascii=False, default=str))
        )
    if kind is _Kind.TEXT:
        return lambda value: NULL if value is None else _escaped(value)
    if kind in (_Kind.DATE, _Kind.MOMENT):
        return lambda value: NULL if value is None else value.isoformat()
    return lambda value: NULL if value is None else str(value)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED) if _SPECIAL(text) else str.__str__(text)


def _bound(field: models.Field, connection: Any) -> Format:
    """How a value of the field becomes a parameter of SQLite, as the field itself would store it."""
    kind = _kind_of(field)
    if kind is _Kind.SEALED:
        return field.get_prep_value
    if kind is _Kind.JSON:
        return lambda value: None if value is None else json.dumps(value, default=str)
    if kind is _Kind.DATE:
        return lambda value: None if value is None else value.isoformat()
    if kind is _Kind.MOMENT:
        known: dict[dt.datetime, str] = {}

        def moment(value: dt.datetime | None) -> str | None:
            if value is None:
                return None
            if value not in known:
                known[value] = connection.ops.adapt_datetimefield_value(value)
            return known[value]

        return moment
    if kind is _Kind.OTHER:
        return lambda value: field.get_db_prep_save(value, connection)
    return _as_it_is


class _Kind:
    SEALED, JSON, TEXT, DATE, MOMENT, NUMBER, OTHER = range(7)


def _kind_of(field: models.Field) -> int:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, SealedCharField):
        return _Kind.SEALED
    for kind, types in (
        (_Kind.JSON, models.JSONField),
        (_Kind.TEXT, (models.CharField, models.TextField)),
        (_Kind.MOMENT, models.DateTimeField),
        (_Kind.DATE, models.DateField),
        (_Kind.NUMBER, (models.IntegerField, models.BooleanField, models.FloatField)),
    ):
        if isinstance(target, types):
            return kind
    return _Kind.OTHER
