"""What a result shows of a text: the stretch where the words stand, and which parts of it are the words."""

from __future__ import annotations

from typing import NamedTuple

from .grams import Terms, fold_with_map

ELLIPSIS = "…"


class Piece(NamedTuple):
    """A stretch of text, and whether it is one of the words looked for."""

    text: str
    is_hit: bool


def marked(text: str, terms: Terms) -> list[Piece]:
    """The whole text in pieces, in its own characters: 軟管 is marked for 软管."""
    return _pieces(text, _hits(text, terms))


def excerpt(text: str, terms: Terms, *, width: int = 90) -> list[Piece]:
    """At most about `width` characters around the first word found, marked; nothing where no word stands."""
    hits = _hits(text, terms)
    if not hits:
        return []
    first, last = hits[0]
    start = 0 if len(text) <= width else max(0, min(first - width // 3, len(text) - width))
    end = max(min(len(text), start + width), last)
    within = [(max(a, start) - start, min(b, end) - start) for a, b in hits if a < end and b > start]
    pieces = _pieces(text[start:end], within)
    if start:
        pieces.insert(0, Piece(ELLIPSIS, False))
    if end < len(text):
        pieces.append(Piece(ELLIPSIS, False))
    return pieces


def _hits(text: str, terms: Terms) -> list[tuple[int, int]]:
    """Where the words stand, as ranges of the text in order, without overlap."""
    folded, places = fold_with_map(text)
    ranges = []
    for word in terms.words:
        at = folded.find(word)
        while at >= 0:
            ranges.append((places[at], places[at + len(word) - 1] + 1))
            at = folded.find(word, at + 1)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _pieces(text: str, hits: list[tuple[int, int]]) -> list[Piece]:
    pieces, at = [], 0
    for start, end in hits:
        if start > at:
            pieces.append(Piece(text[at:start], False))
        pieces.append(Piece(text[start:end], True))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:], False))
    return pieces
