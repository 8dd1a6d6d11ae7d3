"""Printed pages to one text: running heads and page numbers as noise, lines joined to paragraphs across pages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from bihuan.plans.model import Span
from bihuan.plans.reading.extracted import Cell, Table, Writer
from bihuan.plans.reading.mapped import Mapped
from bihuan.plans.reading.plain import joined_lines

_PAGE_NUMBER = re.compile(
    r"\s*(?:[-—–－·•]\s*){0,2}(?:第\s*)?(?:\d{1,4}|[IVXivx]{1,6}|[一二三四五六七八九十]{1,3}(?=\s*页))(?:\s*页)?[，,]?"
    r"(?:\s*[/／]?\s*(?:共\s*)?\d{1,4}\s*页?)?(?:\s*[-—–－·•]){0,2}\s*"
)


@dataclass(frozen=True)
class Line:
    """A printed line with its left and right edge (points or pixels, alike on all pages).

    `doubt` holds the stretches of the line that were recognized with little confidence.
    """

    text: str
    left: float
    right: float
    doubt: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Ruled:
    """A table drawn with lines on a page: rows of (words, row, column, rows, columns)."""

    cells: list[tuple[str, int, int, int, int]]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Composed:
    """Pages put together: the text, how many lines were running heads, doubtful stretches of the original, tables."""

    mapped: Mapped
    heads: int
    doubts: list[Span]
    tables: list[Table]


def compose(pages: list[list[Line | Ruled]]) -> Composed:
    """Put printed pages together. A table that goes on at the top of the next page is one table."""
    noise = _running_heads(pages)
    writer = Writer()
    kept: list[Line | None] = []
    doubts: list[Span] = []
    tables: list[Table] = []
    opened: _OpenTable | None = None
    for number, page in enumerate(pages):
        for i, line in enumerate(page):
            if isinstance(line, Ruled):
                if opened and not opened.continues(line):
                    tables.append(opened.close(writer))
                    opened = None
                opened = opened or _OpenTable(writer.length, line.columns)
                kept.extend(None for _ in range(opened.write(line, writer, first=not kept)))
                continue
            if (number, i) in noise:
                writer.drop(f"\n{line.text}" if kept else f"{line.text}\n", "page")
                continue
            if opened:
                tables.append(opened.close(writer))
                opened = None
            if kept:
                writer.write("\n")
            start = writer.write(line.text).start
            doubts += (Span(start + doubt.start, start + doubt.end) for doubt in line.doubt)
            kept.append(line)
    if opened:
        tables.append(opened.close(writer))
    full, indented = _edges(kept)
    return Composed(joined_lines(writer.mapped(), full, indented), len(noise), doubts, tables)


class _OpenTable:
    """A table being written, possibly over several pages."""

    def __init__(self, start: int, columns: tuple[int, ...]):
        self._start = start
        self._columns = columns
        self._cells: list[Cell] = []
        self._rows = 0

    def continues(self, ruled: Ruled) -> bool:
        """Say whether a table has the same columns, a few points to and fro."""
        return len(ruled.columns) == len(self._columns) and all(
            abs(a - b) <= 4 for a, b in zip(ruled.columns, self._columns, strict=True)
        )

    def write(self, ruled: Ruled, writer: Writer, *, first: bool) -> int:
        """Write the rows as lines; return how many."""
        rows: dict[int, list[tuple[str, int, int, int, int]]] = {}
        for cell in ruled.cells:
            rows.setdefault(cell[1], []).append(cell)
        for at, row in enumerate(sorted(rows)):
            if not first or at:
                writer.write("\n")
            for i, (words, _, column, height, width) in enumerate(rows[row]):
                if i:
                    writer.swap("\t", " ")
                start = writer.length
                for part in re.split(r"(\n)", words):
                    if part == "\n":
                        writer.swap("\n", " ")
                    else:
                        writer.write(part)
                self._cells.append(Cell(writer.since(start), self._rows + row, column, height, width))
        self._rows += max((cell[1] + cell[3] for cell in ruled.cells), default=0)
        return len(rows)

    def close(self, writer: Writer) -> Table:
        """Return the finished table."""
        return Table(writer.since(self._start), self._cells)


def _edges(lines: list[Line | None]) -> tuple[list[bool], list[bool]]:
    """Say of every line whether it reaches the right edge, and whether it is indented; rows of tables do neither."""
    printed = [line for line in lines if line]
    if len(printed) < 3:
        return [False] * len(lines), [True] * len(lines)
    left = sorted(line.left for line in printed)[len(printed) // 10]
    right = sorted(line.right for line in printed)[int(len(printed) * 0.9)]
    sizes = sorted((line.right - line.left) / max(1, len(line.text)) for line in printed)
    character = max(4.0, sizes[len(sizes) // 2])
    full = [line is not None and line.right >= right - 1.6 * character for line in lines]
    return full, [not line or line.left > left + 0.8 * character for line in lines]


def _running_heads(pages: list[list[Line | Ruled]]) -> set[tuple[int, int]]:
    """Return (page, line) of page numbers, and of first or last lines that stand alike on most pages."""
    edges: Counter[str] = Counter()
    for page in pages:
        for shape in {_shape(line.text) for line in page[:2] + page[-2:] if isinstance(line, Line)}:
            edges[shape] += 1
    count = len(pages)
    repeated = {shape for shape, times in edges.items() if count >= 3 and times >= count * 0.6}
    # Odd and even pages may carry different heads, each on about half of them.
    repeated |= {shape for shape, times in edges.items() if count >= 6 and times >= count * 0.4}
    return {
        (number, i)
        for number, page in enumerate(pages)
        for i, line in enumerate(page)
        if isinstance(line, Line)
        and (i < 2 or i >= len(page) - 2)
        and (_PAGE_NUMBER.fullmatch(line.text) or _shape(line.text) in repeated)
    }


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s+", "", line))
