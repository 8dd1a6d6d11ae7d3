"""The best of what was found: each kind of record by itself, what carries the words in its heading first.

Only the newest candidates are weighed: a word that stands in a million rows has no best one among them, and the list
behind it is one click away.
"""

from __future__ import annotations

from dataclasses import dataclass

from bihuan.accounts.models import User

from .excerpts import Piece, excerpt, marked
from .finding import find
from .grams import Terms, fold, terms_of
from .models import Kind
from .sources import Card, Source, sources

WEIGHED = 60
SHOWN = 8


@dataclass(frozen=True)
class Hit:
    """One record: its heading and the stretch that matched, in pieces."""

    title: list[Piece]
    body: list[Piece]
    hint: str
    url: str


@dataclass(frozen=True)
class Group:
    """The hits of one kind, best first, and the list of everything that holds the words."""

    kind: Kind
    hits: list[Hit]
    url: str

    @property
    def label(self) -> str:
        return str(self.kind.label)

    @property
    def is_full(self) -> bool:
        """Whether there may be more than is shown."""
        return len(self.hits) >= SHOWN


def ranked(user: User, query: str, *, place: str = "") -> list[Group]:
    """What holds the words of `query` and may be seen by `user`, by kind; kinds without a hit are left out."""
    terms = terms_of(query)
    groups = []
    for source in sources():
        hits = _hits(source, user, terms, place) if terms else []
        if hits:
            groups.append(Group(source.kind, hits, source.url(query)))
    return groups


def hit(card: Card, terms: Terms) -> Hit:
    """One record as a result."""
    return Hit(marked(card.title, terms), excerpt(card.body, terms), card.hint, card.url)


def _hits(source: Source, user: User, terms: Terms, place: str) -> list[Hit]:
    page = find(
        source.branches(user),
        source.kind,
        terms,
        order=source.order,
        size=WEIGHED,
        place=place,
        shape=lambda rows: rows.select_related(*source.related),
    )
    cards = [source.show(row) for row in page.items]
    # Sorting is stable: among equals the newest stay first.
    cards.sort(key=lambda card: -_weight(card.title, terms))
    return [hit(card, terms) for card in cards[:SHOWN]]


def _weight(title: str, terms: Terms) -> int:
    """How much a heading says about the words: all of them, side by side, at its beginning."""
    folded = fold(title)
    held = sum(word in folded for word in terms.words)
    whole = " ".join(terms.words)
    return 4 * held + 2 * (whole in folded) + folded.startswith(terms.words[0])
