"""Many rows into one table: COPY on PostgreSQL, one prepared statement on SQLite, ids taken beforehand.

For imports, where a model instance and an object for each value would cost more than the row itself. Values are given
as on the model; columns that are not named get the field's default. Nothing is checked here but by the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice, repeat
from typing import Any

from django.db import connections, models, router, transaction

from .fields import SealedCharField, seal_all

BLOCK = 1000  # rows formatted and sent at a time: PostgreSQL stores one block while the next is formatted
NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]").search
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode
Values = Sequence[Any]
Format = Callable[[Values], Values]  # a column of values into the column that is sent


class Encoded(str):
    """The text of a JSON value, for a column whose caller has it at hand."""

    __slots__ = ()


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


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    same: Mapping[str, Any] | None = None,
) -> int:
    """Insert `rows`, each with its values in the order of `columns` (attribute names); returns how many.

    `same` is one value for all rows. Rows that are made as they are asked for are made while PostgreSQL stores those
    before them. One transaction whatever happens. Raises IntegrityError like any insert.
    """
    waiting = iter(rows)
    blocks = iter(lambda: list(islice(waiting, BLOCK)), [])
    return _send(
        model, columns, ((len(block), list(zip(*block, strict=True))) for block in blocks), same or {}
    )


def insert_columns(
    model: type[models.Model], columns: Mapping[str, Values], same: Mapping[str, Any] | None = None
) -> int:
    """The same for values that are at hand column by column, all of one length."""
    count = len(next(iter(columns.values())))
    blocks = (
        (min(BLOCK, count - start), [values[start : start + BLOCK] for values in columns.values()])
        for start in range(0, count, BLOCK)
    )
    return _send(model, list(columns), blocks, same or {})


def _send(
    model: type[models.Model],
    columns: Sequence[str],
    blocks: Iterable[tuple[int, Sequence[Values]]],
    same: Mapping[str, Any],
) -> int:
    connection = connections[router.db_for_write(model)]
    is_copy = connection.vendor == "postgresql"
    formed = _copied if is_copy else _bound
    fields = {field.attname: field for field in model._meta.concrete_fields}
    formats = [formed(fields[name], connection) for name in columns]
    others = [field for name, field in fields.items() if name not in columns and not field.primary_key]
    constants = [
        formed(field, connection)([same[field.attname] if field.attname in same else field.get_default()])[0]
        for field in others
    ]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in (*(fields[name] for name in columns), *others))
    table = quote(model._meta.db_table)

    def lines(size: int, block: Sequence[Values]) -> Iterable[tuple[Any, ...]]:
        sent = (form(values) for form, values in zip(formats, block, strict=True))
        return zip(*sent, *(repeat(value, size) for value in constants), strict=True)

    count = 0
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if is_copy:
            # COPY goes past Django's own cursor, and with it past the translation of its errors.
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
            ):
                for size, block in blocks:
                    copy.write("\n".join((*map("\t".join, lines(size, block)), "")))
                    count += size
        else:
            marks = ", ".join(["%s"] * (len(columns) + len(others)))
            for size, block in blocks:
                cursor.executemany(
                    f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
                    list(lines(size, block)),
                )
                count += size
    return count


def _as_they_are(values: Values) -> Values:
    return values


def _distinct(form: Callable[[Any], Any]) -> Format:
    """Every different value is formed once for a block."""

    def column(values: Values) -> Values:
        known = {value: None if value is None else form(value) for value in set(values)}
        return list(map(known.__getitem__, values))

    return column


def _copied(field: models.Field, connection: Any) -> Format:
    """How values of the field stand in COPY's text format."""
    kind = _kind_of(field)
    if kind is _Kind.SEALED:
        return lambda values: [NULL if value is None else value for value in seal_all(values)]
    if kind is _Kind.JSON:
        return lambda values: _copied_texts(list(map(_encoded, values)))
    if kind is _Kind.TEXT:
        return _copied_texts
    if kind in (_Kind.DATE, _Kind.MOMENT):
        dated = _distinct(lambda value: value.isoformat())
        return lambda values: [NULL if text is None else text for text in dated(values)]
    return lambda values: [NULL if value is None else str(value) for value in values]


def _copied_texts(values: Values) -> Values:
    try:
        is_plain = not _SPECIAL("".join(values))
    except TypeError:  # some are None
        return [NULL if value is None else _escaped(value) for value in values]
    return values if is_plain else list(map(_escaped, values))


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED) if _SPECIAL(text) else str.__str__(text)


def _encoded(value: Any) -> str | None:
    return value if value is None or type(value) is Encoded else _ENCODE(value)


def _bound(field: models.Field, connection: Any) -> Format:
    """How values of the field become parameters of SQLite, as the field itself would store them."""
    kind = _kind_of(field)
    if kind is _Kind.SEALED:
        return seal_all
    if kind is _Kind.JSON:
        return lambda values: list(map(_encoded, values))
    if kind is _Kind.DATE:
        return _distinct(lambda value: value.isoformat())
    if kind is _Kind.MOMENT:
        return _distinct(connection.ops.adapt_datetimefield_value)
    if kind is _Kind.OTHER:
        return lambda values: [field.get_db_prep_save(value, connection) for value in values]
    return _as_they_are


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
