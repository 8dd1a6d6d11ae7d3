"""The writes of one act, gathered while it is decided and sent together: all of them, or none.

An act first reads what it needs, then decides in Python, then sends everything it writes at once. Between reading
and writing somebody else may have been quicker; therefore an act names the rows it relied on (`swap`), and nothing
at all is written unless every one of them is still as it was seen. On PostgreSQL the whole is one prepared
statement (data-modifying CTEs behind a locking SELECT), hence one round trip and, outside a transaction, its own
transaction. SQLite has one writer: there it is a handful of statements inside the immediate transaction.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

from .statements import hot_cursor, is_postgresql

Values = Mapping[str, Any]
Preparer = Callable[[Any], Any]
Shape = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Column:
    """One column as statements name it, its type as PostgreSQL casts to it, and how a value becomes a parameter."""

    name: str
    cast: str
    prepare: Preparer


@dataclass
class _Swap:
    model: type[models.Model]
    seen: dict[str, Any]  # the key among them
    key: str
    values: dict[str, Any]


@dataclass
class _Update:
    model: type[models.Model]
    words: tuple[tuple[str, str], ...]
    where: dict[str, Any]
    values: dict[str, Any]


class Writes:
    """What one act changes and adds. Columns are named by attribute (`enterprise_id`), as on the model."""

    def __init__(self) -> None:
        self._swaps: list[_Swap] = []
        self._updates: list[_Update] = []
        self._inserts: dict[tuple[type[models.Model], tuple[str, ...], bool], list[Values]] = {}

    def swap(self, model: type[models.Model], key: Any, *, seen: Values, values: Values) -> None:
        """Change one row that must still carry the values `seen`; else nothing of the act is written."""
        pk = model._meta.pk.attname
        self._swaps.append(_Swap(model, {pk: key, **seen}, pk, dict(values)))

    def update(self, model: type[models.Model], *, where: Values, values: Values) -> None:
        """Change every row whose columns equal `where`, be there any or none.

        A condition that is one of a field's choices becomes a word of the statement: a prepared plan has to hold for
        every value of a parameter, so that only a word lets it use an index over the rows of one status.
        """
        words = tuple((name, str(value)) for name, value in where.items() if _is_word(value))
        bound = {name: value for name, value in where.items() if not _is_word(value)}
        self._updates.append(_Update(model, words, bound, dict(values)))

    def insert(self, model: type[models.Model], row: Values, *, unless_known: bool = False) -> None:
        """Add one row; `unless_known` passes silently over one that a unique constraint already knows."""
        self._inserts.setdefault((model, tuple(row), unless_known), []).append(row)

    def send(self) -> bool:
        """Write everything, or nothing when a swapped row is no longer as seen; says which. Constraint errors rise."""
        if not (self._swaps or self._updates or self._inserts):
            return True
        if is_postgresql():
            return self._send_as_one()
        if not transaction.get_connection().in_atomic_block:
            raise RuntimeError("on this database the writes of an act need its transaction")
        return self._send_one_by_one()

    # --- PostgreSQL ------------------------------------------------------------------------------------

    def _send_as_one(self) -> bool:
        values: list[Any] = []
        shape: list[tuple[Any, ...]] = []
        for swap in self._swaps:
            values.extend(swap.seen.values())
        for swap in self._swaps:
            values.extend(swap.values.values())
            values.append(swap.seen[swap.key])
            shape.append(("swap", swap.model, _nulls(swap.seen), swap.key, tuple(swap.values)))
        for update in self._updates:
            values.extend(update.values.values())
            values.extend(update.where.values())
            shape.append(("update", update.model, update.words, _nulls(update.where), tuple(update.values)))
        for (model, names, unless_known), found in self._inserts.items():
            for row in found:
                values.extend(row.values())
            shape.append(("insert", model, names, unless_known, len(found)))
        sql, prepare = _statement(tuple(shape))
        with hot_cursor() as cursor:
            cursor.execute(
                sql,
                [None if value is None else make(value) for make, value in zip(prepare, values, strict=True)],
            )
            return bool(cursor.fetchone()[0])

    # --- SQLite ----------------------------------------------------------------------------------------

    def _send_one_by_one(self) -> bool:
        with connection.cursor() as cursor:
            for swap in self._swaps:
                values: list[Any] = []
                _take(values, swap.model, swap.seen)
                cursor.execute(
                    f"SELECT 1 FROM {_table(swap.model)} WHERE {_where(swap.model, swap.seen)}",  # noqa: S608
                    values,
                )
                if cursor.fetchone() is None:
                    return False
            for swap in self._swaps:
                self._change(cursor, swap.model, (), {swap.key: swap.seen[swap.key]}, swap.values)
            for update in self._updates:
                self._change(cursor, update.model, update.words, update.where, update.values)
            for (model, names, unless_known), found in self._inserts.items():
                columns = [columns_of(model)[name] for name in names]
                sql = (
                    f"INSERT {'OR IGNORE ' if unless_known else ''}INTO {_table(model)} "  # noqa: S608
                    f"({', '.join(column.name for column in columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
                )
                for row in found:
                    cursor.execute(
                        sql,
                        [
                            None if value is None else column.prepare(value)
                            for column, value in zip(columns, row.values(), strict=True)
                        ],
                    )
        return True

    @staticmethod
    def _change(
        cursor: Any,
        model: type[models.Model],
        words: tuple[tuple[str, str], ...],
        where: Values,
        values: Values,
    ) -> None:
        given: list[Any] = []
        _take(given, model, values)
        _take(given, model, where)
        sets = ", ".join(f"{columns_of(model)[name].name} = %s" for name in values)
        conditions = " AND ".join(filter(None, [*_fixed(model, words), _where(model, where)]))
        cursor.execute(f"UPDATE {_table(model)} SET {sets} WHERE {conditions}", given)  # noqa: S608


def row_of(instance: models.Model) -> dict[str, Any]:
    """A model instance as a row for `Writes.insert`, without the key if it has none yet."""
    row = {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}
    pk = instance._meta.pk.attname
    if row[pk] is None:
        del row[pk]
    return row


def _take(values: list[Any], model: type[models.Model], given: Values) -> None:
    """Append the parameters of columns, in the order given."""
    columns = columns_of(model)
    for name, value in given.items():
        values.append(None if value is None else columns[name].prepare(value))


def _is_word(value: Any) -> bool:
    return isinstance(value, models.TextChoices) and value.isidentifier()


def _fixed(model: type[models.Model], words: Iterable[tuple[str, str]], alias: str = "") -> list[str]:
    """Conditions that are part of the statement's text."""
    columns, prefix = columns_of(model), f"{alias}." if alias else ""
    return [f"{prefix}{columns[name].name} = '{word}'" for name, word in words]


def _where(model: type[models.Model], where: Values) -> str:
    columns = columns_of(model)
    return " AND ".join(f"{columns[name].name} IS %s" for name in where)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _nulls(columns: Values) -> tuple[tuple[str, bool], ...]:
    """Conditions by name, and whether they ask for null: that is another statement."""
    return tuple((name, value is None) for name, value in columns.items())


@lru_cache(maxsize=512)
def _statement(shape: Shape) -> tuple[str, list[Preparer]]:
    """The one statement for acts of this shape, and how each value becomes a parameter, in the order they are gathered."""
    prepare: list[Preparer] = []

    def mark(column: Column) -> str:
        prepare.append(column.prepare)
        return f"${len(prepare)}::{column.cast}"

    def condition(model: type[models.Model], where: Iterable[tuple[str, bool]], alias: str) -> str:
        columns = columns_of(model)
        parts = []
        for name, is_null in where:
            column = columns[name]
            bound = mark(column)
            parts.append(
                f"{alias}.{column.name} IS NOT DISTINCT FROM {bound}"
                if is_null
                else f"{alias}.{column.name} = {bound}"
            )
        return " AND ".join(parts)

    def assignment(model: type[models.Model], names: Iterable[str]) -> str:
        columns = columns_of(model)
        return ", ".join(f"{columns[name].name} = {mark(columns[name])}" for name in names)

    swaps = [part for part in shape if part[0] == "swap"]
    parts = []
    if swaps:
        tables = ", ".join(f"{_table(part[1])} s{index}" for index, part in enumerate(swaps))
        aliases = ", ".join(f"s{index}" for index in range(len(swaps)))
        conditions = " AND ".join(
            condition(part[1], part[2], f"s{index}") for index, part in enumerate(swaps)
        )
        parts.append(
            f"held AS MATERIALIZED (SELECT 1 FROM {tables} WHERE {conditions} FOR UPDATE OF {aliases})"  # noqa: S608
        )
    held_from = " FROM held" if swaps else ""
    for index, part in enumerate(shape):
        match part:
            case ("swap", model, _, key, names):
                sets = assignment(model, names)
                where = condition(model, [(key, False)], "t")
                parts.append(f"w{index} AS (UPDATE {_table(model)} t SET {sets}{held_from} WHERE {where})")  # noqa: S608
            case ("update", model, words, where, names):
                sets = assignment(model, names)
                conditions = " AND ".join(
                    filter(None, [*_fixed(model, words, "t"), condition(model, where, "t")])
                )
                change = f"UPDATE {_table(model)} t SET {sets}{held_from} WHERE {conditions}"  # noqa: S608
                parts.append(f"w{index} AS ({change})")
            case ("insert", model, names, unless_known, rows):
                columns = [columns_of(model)[name] for name in names]
                lines = ", ".join(f"({', '.join(mark(column) for column in columns)})" for _ in range(rows))
                into = f"INSERT INTO {_table(model)} ({', '.join(column.name for column in columns)})"
                source = f"SELECT v.* FROM held, (VALUES {lines}) v" if swaps else f"VALUES {lines}"  # noqa: S608
                conflict = " ON CONFLICT DO NOTHING" if unless_known else ""
                parts.append(f"w{index} AS ({into} {source}{conflict})")
    answer = "SELECT count(*) FROM held" if swaps else "SELECT 1"
    return f"WITH {', '.join(parts)} {answer}", prepare


# --- values ----------------------------------------------------------------------------------------------


def columns_of(model: type[models.Model]) -> dict[str, Column]:
    """{attribute: column} of a model on the present database."""
    return _columns(is_postgresql(), model)


@cache
def _columns(for_postgresql: bool, model: type[models.Model]) -> dict[str, Column]:
    quote = connection.ops.quote_name
    return {
        field.attname: Column(
            quote(field.column or ""),
            # Without the length: a cast to varchar(80) would cut what is too long instead of refusing it.
            re.sub(r"\(.*\)", "", field.db_type(connection) or "text"),
            _preparer(for_postgresql, field),
        )
        for field in model._meta.concrete_fields
    }


def _preparer(for_postgresql: bool, field: models.Field[Any, Any]) -> Preparer:
    target: Any = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    if isinstance(target, models.JSONField):
        return _json
    prepare = target.get_db_prep_save
    if not for_postgresql:
        return lambda value: prepare(value, connection)
    if isinstance(target, models.CharField | models.TextField) and _is_plain(target):
        return str.__str__
    if _is_plain(target):
        return _text
    return lambda value: _text(prepare(value, connection))  # a field that seals what it stores


def _is_plain(field: models.Field[Any, Any]) -> bool:
    """Whether the column stores just the value; a field of our own may seal it first."""
    return type(field).__module__.startswith("django.db.models")


def _json(value: Any) -> str:
    return json.dumps(value)


def _text(value: Any) -> str:
    """A value as PostgreSQL reads it from text; every parameter has the same type, so a shape is prepared once."""
    form = _FORMS.get(type(value))
    if form is None:  # an enumeration, mostly
        form = next((form for kind, form in _FORMS.items() if isinstance(value, kind)), None)
    if form is None:
        raise TypeError(f"{type(value).__name__} has no parameter form")
    return form(value)


_FORMS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "t" if value else "f",
    int: int.__repr__,
    str: str.__str__,
    dt.datetime: dt.datetime.isoformat,
    dt.date: dt.date.isoformat,
    Decimal: str,
    float: repr,
    UUID: str,
}
