"""Pages of a list that hold some words, whether the words are rare or stand in every second row.

Neither way is always fast. Walking the list and reading each row finds a frequent word at once and a rare one never;
the index finds a rare word at once and a frequent one with a million others that must be sorted. So a page is first
looked for in a window of the list, and where that does not fill it, by the index, the newest candidates first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any, TypeVar

from django.db import models
from django.db.models import BigIntegerField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from bihuan.core.paging import MAX_SIZE, KeysetPage, Position, position_of

from .grams import Terms
from .models import Among, Entry, Kind

M = TypeVar("M", bound=models.Model)
Rows = TypeVar("Rows", bound=QuerySet[Any])

# Rows walked before the index is asked, and at most when the first of them promise a full page.
FIRST_WINDOW = 1500
LAST_WINDOW = 20_000
# Candidates taken from the index at a time.
CHUNKS = (1000, 5000, 20_000)


def find(
    branches: Sequence[QuerySet[M]],
    kind: Kind,
    terms: Terms,
    *,
    order: Sequence[str],
    cursor: str | None = None,
    size: int = 50,
    place: str = "",
    shape: Callable[[QuerySet[M]], QuerySet[M]] = lambda rows: rows,
) -> KeysetPage[M]:
    """A page of the rows in any of `branches` (see core.paging.paginate_any) whose text holds every word.

    `order` is that of the entries: a day and the key, both descending, or the key alone. `place` is a region code all
    rows are known to lie under; `shape` says what the page itself is read with. Raises BadCursor.
    """
    if not 1 <= size <= MAX_SIZE:
        raise ValueError(f"每页条数应在1至{MAX_SIZE}之间，现为{size}")
    model = branches[0].model
    position = position_of(model, order, cursor)
    if not terms:
        return position.page([], size)
    keys = _walked(branches, kind, terms, position, size)
    if keys is None:
        keys = _looked_up(branches, kind, terms, position, size, place)
    rows = position.of(shape(model._default_manager.filter(pk__in=keys[: size + 1])))
    return position.page(list(rows), size)


def narrowed(rows: Rows, kind: Kind, terms: Terms, *, place: str = "") -> Rows:
    """All rows whose text holds every word, for reading to the end, as exports do."""
    if not terms:
        return rows.none()
    entries = Entry.objects.matching(kind, terms, place=place)
    return rows.filter(
        pk__in=entries.values_list(F("id") - Value(kind.base, output_field=BigIntegerField()), flat=True)
    )


def _first(branches: Sequence[QuerySet[M]], position: Position[M], count: int) -> list[int]:
    """The keys of the first rows in any branch, in reading direction."""
    if len(branches) == 1:
        return list(position.of(branches[0]).values_list("pk", flat=True)[:count])
    names = [name.lstrip("-") for name in position.order]
    found: set[tuple[Any, ...]] = set()
    for branch in branches:
        found.update(position.of(branch).values_list(*names)[:count])
    # Every part of the order is descending, so the rows sort as they read.
    return [row[-1] for row in sorted(found, reverse=not position.backward)[:count]]


def _walked(
    branches: Sequence[QuerySet[M]], kind: Kind, terms: Terms, position: Position[M], size: int
) -> list[int] | None:
    """The keys of a page found by reading the list, or None when the list ahead is long and the word rare in it."""
    window, base = FIRST_WINDOW, kind.base
    while True:
        ahead = _first(branches, position, window)
        held = set(
            Entry.objects.filter(Q(Among("id", [pk + base for pk in ahead])))
            .holding(terms)
            .values_list("id", flat=True)
        )
        hits = [pk for pk in ahead if pk + base in held]
        if len(hits) > size or len(ahead) < window:
            return hits
        promised = int(1.5 * window * (size + 1) / len(hits)) if hits else LAST_WINDOW + 1
        if window > FIRST_WINDOW or promised > LAST_WINDOW:
            return None
        window = max(promised, window * 2)


def _looked_up(
    branches: Sequence[QuerySet[M]],
    kind: Kind,
    terms: Terms,
    position: Position[M],
    size: int,
    place: str,
) -> list[int]:
    """The keys of a page found through the index."""
    entries = Entry.objects.matching(kind, terms, place=place)
    # An expression, so that no database is tempted to walk all entries by key instead of asking the index.
    by_key = Coalesce(F("id"), 0)
    way = ("on", by_key) if position.backward else (F("on").desc(), by_key.desc())
    found: list[int] = []
    base = kind.base
    after = _bound(kind, position)
    for chunk in chain(CHUNKS, repeat(CHUNKS[-1])):
        ahead = list(entries.filter(after).order_by(*way).values_list("on", "id")[:chunk])
        keys = [key - base for _, key in ahead]
        fitting: set[int] = set()
        for branch in branches:
            fitting.update(branch.filter(Q(Among("pk", keys))).order_by().values_list("pk", flat=True))
        found += [key for key in keys if key in fitting]
        if len(found) > size or len(ahead) < chunk:
            break
        after = _beyond(*ahead[-1], backward=position.backward)
    return found


def _bound(kind: Kind, position: Position[Any]) -> Q:
    if position.bounds is None:
        return Q()
    *days, pk = position.bounds
    return _beyond(days[0] if days else None, kind.key(pk), backward=position.backward)


def _beyond(on: Any, key: int, *, backward: bool) -> Q:
    side = "gt" if backward else "lt"
    if on is None:
        return Q(**{f"id__{side}": key})
    return Q(**{f"on__{side}e": on}) & (Q(**{f"on__{side}": on}) | Q(**{f"id__{side}": key}))
