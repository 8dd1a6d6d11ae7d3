"""The table of pages, read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from . import (
    accidents,
    assessment,
    exchange,
    instruments,
    listings,
    lookback,
    office,
    oversight,
    pages,
    projects,
    returns,
    submissions,
)
from .stage import ROLES, Stage
from .visitor import ADMINISTRATORS

PARTS = (
    pages,
    accidents,
    listings,
    lookback,
    oversight,
    instruments,
    returns,
    assessment,
    exchange,
    projects,
    submissions,
    office,
)


def _all(name: str) -> dict[str, Any]:
    """One table of all parts; no name stands in two of them."""
    tables = [getattr(part, name) for part in PARTS]
    joined = {key: value for table in tables for key, value in table.items()}
    assert len(joined) == sum(map(len, tables))
    return joined


ADDRESSES, QUERIES, BODIES, MARKS = map(_all, ("ADDRESSES", "QUERIES", "BODIES", "MARKS"))
LET_IN = frozenset({200, 201, 302, 409, 422})


@dataclass(frozen=True)
class Line:
    """One line of the table of pages."""

    name: str
    variant: str
    methods: tuple[str, ...]
    reach: str
    let_in: frozenset[str]
    unseen: frozenset[str]

    @property
    def key(self) -> str:
        return f"{self.name} {self.variant}".strip()

    @property
    def is_public(self) -> bool:
        return "public" in self.let_in

    def expected(self, role: str, group: str) -> frozenset[int]:
        """The answers that are right for a role inside, near or far."""
        if self.is_public:
            return LET_IN
        if role not in self.let_in:
            refusal = frozenset({404 if role in self.unseen else 403})
            # Somebody who may neither see nor do it may be told either.
            return refusal if group == "inside" else refusal | {403, 404}
        near_and_far = {
            "list": (LET_IN, LET_IN),
            "street": ({404}, {404}),
            "county": (LET_IN, {404}),
            "share": ({403}, {404}),
            "directory": ({403}, {403}),
            "own": ({404}, {404}),
        }[self.reach]
        if group == "inside" or role in ADMINISTRATORS:
            return LET_IN
        return frozenset(near_and_far[0] if group == "near" else near_and_far[1])


def people(words: str) -> frozenset[str]:
    """The roles a cell of the table names."""
    named: list[str] = []
    for word in words.split():
        named += pages.GROUPS.get(word, word).split()
    assert set(named) <= {*ROLES, "public"}, words
    return frozenset(named)


def lines() -> list[Line]:
    read = []
    for text in filter(None, (row.strip() for part in PARTS for row in part.PAGES.splitlines())):
        name, methods, reach, let_in, unseen = (cell.strip() for cell in text.split("|"))
        name, _, variant = name.partition(" ")
        read.append(Line(name, variant, tuple(methods.split()), reach, people(let_in), people(unseen)))
    return read


LINES = lines()


def address(line: Line, stage: Stage) -> str:
    named = ADDRESSES.get(line.key, ADDRESSES.get(line.name, {}))
    arguments = {name: _argument(key, line, stage) for name, key in named.items()}
    query = QUERIES.get(line.name, {})
    url = reverse(line.name, kwargs=arguments)
    return url + ("?" + "&".join(f"{name}={stage.ids[key]}" for name, key in query.items()) if query else "")


def _argument(key: str, line: Line, stage: Stage) -> Any:
    """What stands in the address: a record of the stage, the variant of the line ("=") or a word as it is ("=word")."""
    if key.startswith("="):
        return key[1:] or line.variant
    return stage.ids[key]


def body(line: Line, stage: Stage) -> dict[str, Any]:
    given = BODIES.get(line.key, {})
    return {
        name: value[1:] if value[0] == "=" else stage.ids.get(value, value) for name, value in given.items()
    }
