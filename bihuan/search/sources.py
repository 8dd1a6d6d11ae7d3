"""What can be found: each app says how its records are read, written as words and shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Model, QuerySet

from bihuan.accounts.models import User

from .models import Kind


class Text(NamedTuple):
    """One record as the index keeps it. `places` are region codes; `on` is None for lists sorted by key alone."""

    pk: int
    on: dt.date | None
    places: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """One record as a result shows it: a heading, the rest of what may have matched, and where it leads."""

    title: str
    url: str
    hint: str
    body: str


@dataclass(frozen=True)
class Source:
    """One kind of record.

    `read` says what of some records is searchable; `order` is the order of their list; `branches` are what a
    person may see, in parts that each follow one index; `show` reads a row with its `related` joined; `url` lists everything that holds some words. `repeats`
    names the foreign keys to records of other kinds whose words these entries repeat: an enterprise's name is part of
    what its hazards are found by.
    """

    kind: Kind
    model: type[Model]
    order: tuple[str, ...]
    read: Callable[[QuerySet[Any]], Iterable[Text]]
    branches: Callable[[User], Sequence[QuerySet[Any]]]
    related: tuple[str, ...]
    show: Callable[[Any], Card]
    url: Callable[[str], str]
    repeats: tuple[tuple[Kind, str], ...] = ()

    def texts(self, pks: Sequence[int]) -> list[Text]:
        """The records with these keys as the index should keep them."""
        return list(self.read(self.model._base_manager.filter(pk__in=pks).order_by()))


_SOURCES: dict[Kind, Source] = {}


def register(source: Source) -> None:
    """Called once by each app when it is ready."""
    _SOURCES[source.kind] = source


def source_of(kind: Kind) -> Source:
    """The source of a kind."""
    return _SOURCES[kind]


def sources() -> list[Source]:
    """Every registered source, in the order results are shown."""
    return [_SOURCES[kind] for kind in Kind if kind in _SOURCES]
