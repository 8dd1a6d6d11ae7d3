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
# The head of a task table in one line of text: its cells were not told apart.
_TABLE_HEADER = re.compile(
    r"序\s?号|工作任务|整治内容|重点任务|牵头单位|责任单位|配合单位|完成时限|完成时间|备\s?注"
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
    """Pages put together: the text, doubtful stretches of the original, tables, and notices about what was left out."""

    mapped: Mapped
    doubts: list[Span]
    tables: list[Table]
    notices: list[str]


def compose(pages: list[list[Line | Ruled]]) -> Composed:
    """Put printed pages together. A table that goes on at the top of the next page is one table."""
    noise = _running_heads(pages)
    marked = [
        [(line, (number, i) in noise) for i, line in enumerate(page)] for number, page in enumerate(pages)
    ]
    _join_tables(marked)
    writer = Writer()
    kept: list[Line | None] = []
    doubts: list[Span] = []
    tables: list[Table] = []
    for line, dropped in (entry for page in marked for entry in page):
        if isinstance(line, Ruled):
            table, rows = _written(line, writer, first=not kept)
            tables.append(table)
            kept.extend(None for _ in range(rows))
        elif dropped:
            writer.drop(f"\n{line.text}" if kept else f"{line.text}\n", "page")
        else:
            if kept:
                writer.write("\n")
            start = writer.write(line.text).start
            doubts += (Span(start + doubt.start, start + doubt.end) for doubt in line.doubt)
            kept.append(line)
    full, indented = _edges(kept)
    notices = [f"已略去 {len(noise)} 行页眉、页脚和页码。"] if noise else []
    if any(line and len(_TABLE_HEADER.findall(line.text)) >= 3 for line in kept):
        notices.append("文件中有未画线框或无法还原的表格，已按文字逐行读取，请核对任务与责任单位是否对应。")
    return Composed(joined_lines(writer.mapped(), full, indented), doubts, tables, notices)


def _join_tables(pages: list[list[tuple[Line | Ruled, bool]]]) -> None:
    """Join a table at the foot of a page with the one of the same columns at the head of the next page."""
    place: tuple[int, int] | None = None
    for number, page in enumerate(pages):
        printed = [i for i, (_, dropped) in enumerate(page) if not dropped]
        if not printed:
            continue
        head, foot = page[printed[0]][0], page[printed[-1]][0]
        joined = False
        if place and isinstance(head, Ruled):
            table = pages[place[0]][place[1]][0]
            if isinstance(table, Ruled) and _same_columns(table, head):
                pages[place[0]][place[1]] = (_continued(table, head), False)
                del page[printed[0]]
                joined = len(printed) == 1
        if not joined:
            at = next((i for i in range(len(page) - 1, -1, -1) if page[i][0] is foot), None)
            place = (number, at) if isinstance(foot, Ruled) and at is not None else None


def _same_columns(first: Ruled, second: Ruled) -> bool:
    return len(first.columns) == len(second.columns) and all(
        abs(a - b) <= 4 for a, b in zip(first.columns, second.columns, strict=True)
    )


def _continued(first: Ruled, second: Ruled) -> Ruled:
    """Put the rows of a table's second page below those of its first; a row the page break cut in two becomes one."""
    height = max(cell[1] + cell[3] for cell in first.cells)
    header = [cell[0] for cell in first.cells if cell[1] == 0]
    again = [cell[0] for cell in second.cells if cell[1] == 0] == header
    at = 1 if again else 0
    upper = {cell[2]: i for i, cell in enumerate(first.cells) if cell[1] + cell[3] == height}
    lower = [cell for cell in second.cells if cell[1] == at]
    cells = list(first.cells)
    rest = list(second.cells)
    cut = (
        len(lower) > 1
        and not lower[0][0]
        and any(cell[0] for cell in lower)
        and all(cell[2] in upper and cells[upper[cell[2]]][0] for cell in lower if cell[0])
        and any(not cells[upper[c[2]]][0].endswith(("。", "；", "）", ")")) for c in lower if c[0])
    )
    if cut:
        for cell in lower:
            if cell[0]:
                words, row, column, rows, columns = cells[upper[cell[2]]]
                cells[upper[cell[2]]] = (words + cell[0], row, column, rows, columns)
        rest = [cell for cell in rest if cell[1] != at]
    shift = [
        height + row - (1 if cut and row > at else 0)
        for row in range(max((c[1] for c in rest), default=0) + 1)
    ]
    cells += [(words, shift[row], column, rows, columns) for words, row, column, rows, columns in rest]
    return Ruled(cells, first.columns)


def _written(ruled: Ruled, writer: Writer, *, first: bool) -> tuple[Table, int]:
    """Write the rows of a table as lines; return it and how many lines it took."""
    rows: dict[int, list[tuple[str, int, int, int, int]]] = {}
    for cell in ruled.cells:
        rows.setdefault(cell[1], []).append(cell)
    begin = writer.length
    cells: list[Cell] = []
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
            cells.append(Cell(writer.since(start), row, column, height, width))
    return Table(writer.since(begin), cells), len(rows)


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
    if count == 2 and all(pages):
        # Two pages prove a head only where both begin or both end with it.
        for i in (0, -1):
            first, second = pages[0][i], pages[1][i]
            if isinstance(first, Line) and isinstance(second, Line) and first.text == second.text:
                repeated.add(_shape(first.text))
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
