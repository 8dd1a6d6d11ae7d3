"""What a reader hands on: the text as the file holds it, what was taken out of it, and the tables it printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from bihuan.plans.model import Span
from bihuan.plans.reading.mapped import Edit, Mapped


class Cell(NamedTuple):
    """A cell of a table: where its words stand in the original, and the grid places it fills.

    A cell merged over several rows or columns stands once, with its full reach.
    """

    span: Span
    row: int
    column: int
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True)
class Table:
    """A printed table; `span` and the spans of the cells are offsets in the original, cells in printed order."""

    span: Span
    cells: list[Cell]

    @property
    def height(self) -> int:
        """Number of rows."""
        return max((cell.row + cell.rows for cell in self.cells), default=0)

    @property
    def width(self) -> int:
        """Number of columns of the grid."""
        return max((cell.column + cell.columns for cell in self.cells), default=0)


@dataclass(frozen=True)
class Extracted:
    """The result of one reader: `mapped.text` is what goes on to normalization, `mapped.original` what the file holds.

    `doubts`: stretches of the original that were recognized from a picture with little confidence.
    """

    mapped: Mapped
    notices: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    doubts: list[Span] = field(default_factory=list)


class Writer:
    """Writes the original from left to right and notes on the way what the text leaves out or prints otherwise."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._edits: list[Edit] = []
        self.length = 0

    def write(self, text: str) -> Span:
        """Append text that stays as it is; return its place in the original."""
        start = self.length
        if text:
            self._pieces.append(text)
            self.length += len(text)
        return Span(start, self.length)

    def drop(self, text: str, kind: str) -> Span:
        """Append text that the original shows and the plan's text does not; `kind` is one of DROPPED_KINDS."""
        return self.swap(text, "", kind)

    def swap(self, text: str, new: str, kind: str = "blank") -> Span:
        """Append text that is printed as `new` from here on (a line break inside a cell becomes a blank)."""
        span = self.write(text)
        if text:
            self._edits.append(Edit(span.start, span.end, new, kind))
        return span

    def since(self, start: int) -> Span:
        """Return the stretch written since a place, without blanks at its ends."""
        if self.length == start:
            return Span(start, start)
        text = (
            self._pieces[-1]
            if len(self._pieces[-1]) == self.length - start
            else "".join(self._pieces_since(start))
        )
        left = len(text) - len(text.lstrip())
        return Span(start + left, start + left + len(text.strip()))

    def _pieces_since(self, start: int) -> list[str]:
        found: list[str] = []
        at = self.length
        for piece in reversed(self._pieces):
            if at <= start:
                break
            found.append(piece)
            at -= len(piece)
        found.reverse()
        return found

    def mapped(self) -> Mapped:
        """Return the whole text with its edits."""
        whole = Mapped.of("".join(self._pieces))
        return whole.edited(self._edits) if self._edits else whole
