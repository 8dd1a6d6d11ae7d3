"""Tables for tests: a grid of words built into a Word file or a web page, merged cells included."""

from __future__ import annotations

import html
import io

# A cell is a string, or (words, rows, columns) where it is merged; cells covered by a merged one are left out.
Cells = list[list[str | tuple[str, int, int]]]


def as_word(before: list[str], table: Cells, after: list[str]) -> bytes:
    """Return a Word file with paragraphs, one table, and paragraphs; lines of a cell become its paragraphs."""
    from docx import Document

    document = Document()
    for line in before:
        document.add_paragraph(line)
    places, width = _places(table)
    grid = document.add_table(len(table), width, style="Table Grid")
    for (row, column), (words, rows, columns) in places.items():
        cell = grid.cell(row, column)
        if rows > 1 or columns > 1:
            cell = cell.merge(grid.cell(row + rows - 1, column + columns - 1))
        lines = words.split("\n")
        cell.paragraphs[0].text = lines[0]
        for line in lines[1:]:
            cell.add_paragraph(line)
    for line in after:
        document.add_paragraph(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def as_page(before: list[str], table: Cells, after: list[str]) -> bytes:
    """Return the same as a web page."""
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td rowspan="{r}" colspan="{c}">'
            + "<br>".join(html.escape(x) for x in words.split("\n"))
            + "</td>"
            for words, r, c in (cell if isinstance(cell, tuple) else (cell, 1, 1) for cell in row)
        )
        + "</tr>\n"
        for row in table
    )
    lines = ["".join(f"<p>{html.escape(line)}</p>\n" for line in part) for part in (before, after)]
    return f"<html><head><meta charset='utf-8'></head><body>\n{lines[0]}<table>\n{rows}</table>\n{lines[1]}</body></html>".encode()


def _places(table: Cells) -> tuple[dict[tuple[int, int], tuple[str, int, int]], int]:
    taken: set[tuple[int, int]] = set()
    places, width = {}, 0
    for row, cells in enumerate(table):
        column = 0
        for cell in cells:
            words, rows, columns = cell if isinstance(cell, tuple) else (cell, 1, 1)
            while (row, column) in taken:
                column += 1
            taken |= {(r, c) for r in range(row, row + rows) for c in range(column, column + columns)}
            places[row, column] = (words, rows, columns)
            column += columns
            width = max(width, column)
    return places, width
