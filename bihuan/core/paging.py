"""Keyset paging: constant work per page however deep, no count(*), stable while rows are added.

Order is by any fields, each ascending or descending ("-found_at"), the last one unique (usually "-id").
A page needs an index over exactly these columns.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.utils.crypto import constant_time_compare, salted_hmac

M = TypeVar("M", bound=models.Model)

MAX_CURSOR = 1000
MAX_SIZE = 500


class BadCursor(ValueError):
    """The cursor was altered, is too old or belongs to another list: answer 400. ``str()`` is Chinese."""


@dataclass(frozen=True)
class KeysetPage(Generic[M]):
    """One page. ``next_cursor`` and ``previous_cursor`` are None at the ends."""

    items: list[M]
    next_cursor: str | None
    previous_cursor: str | None
    size: int

    @property
    def has_other_pages(self) -> bool:
        """Whether there is anything before or after."""
        return bool(self.next_cursor or self.previous_cursor)


def paginate(
    queryset: QuerySet[M],
    *,
    order: Sequence[str] = ("-found_at", "-id"),
    cursor: str | None = None,
    size: int = 50,
) -> KeysetPage[M]:
    """Return the page of ``queryset`` that ``cursor`` points at, the first without one.

    Always one query. None values sort last in either direction, on both databases; going backward as
    well as forward. Raises BadCursor; ValueError for a size outside 1-500 or an order without unique end.
    """
    if not 1 <= size <= MAX_SIZE:
        raise ValueError(f"每页条数应在1至{MAX_SIZE}之间，现为{size}")
    position = position_of(queryset.model, order, cursor)
    return position.page(list(position.of(queryset)[: size + 1]), size)


@dataclass(frozen=True)
class Position(Generic[M]):
    """Where in a list a page begins and in which direction it is read; `bounds` are None at the beginning."""

    model: type[M]
    order: tuple[str, ...]
    backward: bool
    bounds: tuple[Any, ...] | None

    def of(self, queryset: QuerySet[M]) -> QuerySet[M]:
        """The rows from here on, in reading direction."""
        fields = [_field(self.model, name) for name in self.order]
        if self.bounds is not None:
            queryset = queryset.filter(_beyond(self.order, fields, self.bounds, backward=self.backward))
        return queryset.order_by(*_ordering(self.order, fields, backward=self.backward))

    def page(self, found: list[M], size: int) -> KeysetPage[M]:
        """The page made of the first `size` rows found here; one more of them says that there is another page."""
        more, items = len(found) > size, found[:size]
        if self.backward:
            items.reverse()
        if not items:
            # Every row past the cursor has gone since: offer the way back to the beginning, not a dead end.
            return KeysetPage([], None, None, size)
        is_more_after = more if not self.backward else True
        is_more_before = more if self.backward else self.bounds is not None
        return KeysetPage(
            items,
            _encode("next", self.order, items[-1]) if is_more_after else None,
            _encode("previous", self.order, items[0]) if is_more_before else None,
            size,
        )


def position_of(model: type[M], order: Sequence[str], cursor: str | None) -> Position[M]:
    """What a cursor says. Raises BadCursor; ValueError for an order without a unique end."""
    fields = [_field(model, name) for name in order]
    if not fields[-1].unique:
        raise ValueError("keyset order must end in a unique field")
    backward, bounds = _decode(cursor, order, fields) if cursor else (False, None)
    return Position(model, tuple(order), backward, None if bounds is None else tuple(bounds))


def paginate_any(
    branches: Sequence[QuerySet[M]],
    *,
    order: Sequence[str] = ("-found_at", "-id"),
    cursor: str | None = None,
    size: int = 50,
    shape: Callable[[QuerySet[M]], QuerySet[M]] = lambda rows: rows,
) -> KeysetPage[M]:
    """A page of the rows that are in any of the branches.

    An OR over several indexes is read by no database in order; each branch alone is, so the page is the first rows
    of the first rows of each: one query for each branch that reads keys alone, and one for the page by its keys.
    `shape` says what the page itself is read with (joins, columns left out): kept out of the first, where a join
    tempts a planner to collect everything before sorting it. Raises as `paginate`.
    """
    position = position_of(branches[0].model, order, cursor)
    keys = {
        key for branch in branches for key in position.of(branch).values_list("pk", flat=True)[: size + 1]
    }
    rows = position.of(shape(branches[0].model._default_manager.filter(pk__in=keys)))
    return position.page(list(rows[: size + 1]), size)


def cursor_after(order: Sequence[str], item: models.Model) -> str:
    """The cursor of the page that begins after `item`."""
    return _encode("next", order, item)


def amount(rows: QuerySet[Any], unit: str, *, limit: int = 1000) -> str:
    """How many rows there are, in words, without ever counting a large table: 38 家, 1,000 家以上."""
    count = rows.order_by()[: limit + 1].count()
    return f"{count:,} {unit}" if count <= limit else f"{limit:,} {unit}以上"


def _field(model: type[models.Model], name: str) -> models.Field:
    try:
        field = model._meta.get_field(name.lstrip("-"))
    except FieldDoesNotExist as error:
        raise ValueError(f"{model.__name__} has no field {name!r} to order by") from error
    if not isinstance(field, models.Field):
        raise ValueError(f"{name!r} is not a column of {model.__name__}")
    return field


def _ordering(order: Sequence[str], fields: Sequence[models.Field], *, backward: bool) -> list[Any]:
    clauses = []
    for name, field in zip(order, fields, strict=True):
        descending = name.startswith("-") != backward
        expression = models.F(name.lstrip("-"))
        if not field.null:
            # No NULLS LAST on columns that have none: it would keep PostgreSQL from using a plain index.
            clauses.append(expression.desc() if descending else expression.asc())
        elif descending:
            clauses.append(
                expression.desc(nulls_first=True) if backward else expression.desc(nulls_last=True)
            )
        else:
            clauses.append(expression.asc(nulls_first=True) if backward else expression.asc(nulls_last=True))
    return clauses


def _beyond(
    order: Sequence[str], fields: Sequence[models.Field], bounds: Sequence[Any], *, backward: bool
) -> Q:
    """Return the condition "strictly after ``bounds`` in reading direction".

    (a, b, c) after (x, y, z) is a>x or (a=x and (b>y or (b=y and c>z))). Where all parts go one way and none may be
    empty, rows are compared as such: an index is then entered at the very row. Else the outer a>=x keeps it an index
    range on databases that do not see through the or.
    """
    ways = {_comparison(name, backward) for name in order}
    if len(order) > 1 and len(ways) == 1 and not any(field.null for field in fields):
        return Q(Beyond(fields, bounds, ways.pop()))
    *leading, (last, _, unique) = zip(order, fields, bounds, strict=True)
    condition = Q(**{f"{last.lstrip('-')}__{_comparison(last, backward)}": unique})
    for name, field, bound in reversed(leading):
        column = name.lstrip("-")
        if bound is None:
            is_null = Q(**{f"{column}__isnull": True})
            condition = ~is_null | (is_null & condition) if backward else is_null & condition
            continue
        further = _comparison(name, backward)
        condition = Q(**{f"{column}__{further}": bound}) | (Q(**{column: bound}) & condition)
        if field.null and not backward:
            condition |= Q(**{f"{column}__isnull": True})
        else:
            condition &= Q(**{f"{column}__{further}e": bound})
    return condition


class Beyond(Func):
    """Row comparison: (a, b) < (x, y) or (a, b) > (x, y), as `comparison` (lt, gt) says."""

    output_field = BooleanField()  # type: ignore[assignment]

    def __init__(self, fields: Sequence[models.Field], bounds: Sequence[Any], comparison: str) -> None:
        columns = [F(field.name) for field in fields]
        values = [Value(bound, output_field=field) for field, bound in zip(fields, bounds, strict=True)]
        super().__init__(*columns, *values)
        self.sign = {"lt": "<", "gt": ">"}[comparison]

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:  # type: ignore[override]
        compiled = [compiler.compile(each) for each in self.source_expressions]
        half = len(compiled) // 2
        columns, values = (", ".join(sql for sql, _ in part) for part in (compiled[:half], compiled[half:]))
        return f"(({columns}) {self.sign} ({values}))", tuple(each for _, given in compiled for each in given)


def _comparison(name: str, backward: bool) -> str:
    return "lt" if name.startswith("-") != backward else "gt"


def _encode(direction: str, order: Sequence[str], item: models.Model) -> str:
    values = [_to_json(getattr(item, name.lstrip("-"))) for name in order]
    body = json.dumps([direction[0], list(order), values], separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_mac(body) + body).decode("ascii").rstrip("=")


def _decode(
    cursor: str, order: Sequence[str], fields: Sequence[models.Field]
) -> tuple[bool, list[Any] | None]:
    if len(cursor) > MAX_CURSOR:
        raise BadCursor("翻页位置无效，请回到第一页重新浏览")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not constant_time_compare(mac, _mac(body)):
            raise BadCursor("翻页位置无效，请回到第一页重新浏览")
        direction, signed_order, values = json.loads(body)
        if signed_order != list(order):
            raise BadCursor("排序方式已变化，请回到第一页重新浏览")
        bounds = [
            None if value is None else field.to_python(value)
            for field, value in zip(fields, values, strict=True)
        ]
    except BadCursor:
        raise
    except (binascii.Error, ValueError, TypeError, ValidationError) as error:
        raise BadCursor("翻页位置无效，请回到第一页重新浏览") from error
    return direction == "p", bounds


MAC_BYTES = 9


def _mac(body: bytes) -> bytes:
    """A short seal: a cursor must not become a way to compare against arbitrary values."""
    return salted_hmac("bihuan.core.paging", body, algorithm="sha256").digest()[:MAC_BYTES]


def _to_json(value: Any) -> Any:
    if value is None or isinstance(value, int | str):
        return value
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return str(value)
