"""Tables of a born-digital PDF, rebuilt from the lines drawn around their cells.

A PDF knows no tables, only strokes and characters. Strokes that touch form a grid; where a stroke is missing between
two places, they are one merged cell. Tables without lines are not told from running text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from bihuan.plans.reading.pages import Ruled

_TOUCH = 3.0  # points within which strokes meet
_THIN = 3.0
_SHORT = 6.0
# A page full of drawings is no page of tables; more strokes than this are left alone.
_MOST_STROKES = 6000
_MOST_LINES = 300
_ITEM = re.compile(
    r"(?:[（(]\s?(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s?[)）]|\d{1,2}\s?[.．、](?!\d)|[一二三四五六七八九十]{1,3}、|[①-⑳])"
)


@dataclass(frozen=True)
class Area:
    """A table on a page: its rectangle in points (left, bottom, right, top) and its cells."""

    left: float
    bottom: float
    right: float
    top: float
    ruled: Ruled

    def holds(self, x: float, y: float) -> bool:
        """Say whether a point lies in the rectangle."""
        return self.left - 1 <= x <= self.right + 1 and self.bottom - 1 <= y <= self.top + 1


@dataclass
class _Stroke:
    """A straight stroke: across at height `at`, or upright at `at`, from `low` to `high`."""

    at: float
    low: float
    high: float


def find_tables(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> list[Area]:
    """Return the tables drawn on a page, from top to bottom."""
    across, upright = _strokes(page)
    if len(across) < 2 or len(upright) < 3 or max(len(across), len(upright)) > _MOST_LINES:
        return []
    areas = []
    for rows, columns in _grids(across, upright):
        area = _area(rows, columns, text_page)
        if area:
            areas.append(area)
    return sorted(areas, key=lambda area: -area.top)


def _strokes(page: pypdfium2.PdfPage) -> tuple[list[_Stroke], list[_Stroke]]:
    across: list[_Stroke] = []
    upright: list[_Stroke] = []
    for number, path in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if number > _MOST_STROKES:
            return [], []
        left, bottom, right, top = path.get_bounds()
        wide, high = right - left, top - bottom
        if high <= _THIN and wide >= _SHORT:
            across.append(_Stroke((bottom + top) / 2, left, right))
        elif wide <= _THIN and high >= _SHORT:
            upright.append(_Stroke((left + right) / 2, bottom, top))
        elif 4 <= raw.FPDFPath_CountSegments(path.raw) <= 6 and wide >= _SHORT and high >= _SHORT:
            # A cell drawn as a rectangle.
            across += [_Stroke(bottom, left, right), _Stroke(top, left, right)]
            upright += [_Stroke(left, bottom, top), _Stroke(right, bottom, top)]
    return _joined(across), _joined(upright)


def _joined(strokes: list[_Stroke]) -> list[_Stroke]:
    """Join strokes in one line that touch: borders are often drawn cell by cell."""
    joined: list[_Stroke] = []
    levels: list[list[_Stroke]] = []
    for stroke in sorted(strokes, key=lambda s: s.at):
        if not levels or stroke.at - levels[-1][0].at > _TOUCH:
            levels.append([])
        levels[-1].append(stroke)
    for level in levels:
        at = sum(stroke.at for stroke in level) / len(level)
        for stroke in sorted(level, key=lambda s: s.low):
            last = joined[-1] if joined else None
            if last and last.at == at and stroke.low <= last.high + _TOUCH:
                last.high = max(last.high, stroke.high)
            else:
                joined.append(_Stroke(at, stroke.low, stroke.high))
    return joined


def _grids(across: list[_Stroke], upright: list[_Stroke]) -> list[tuple[list[_Stroke], list[_Stroke]]]:
    """Return the groups of strokes that touch one another."""
    groups: list[tuple[list[_Stroke], list[_Stroke]]] = []
    for column in upright:
        rows = [
            row
            for row in across
            if row.low - _TOUCH <= column.at <= row.high + _TOUCH
            and column.low - _TOUCH <= row.at <= column.high + _TOUCH
        ]
        touched = [group for group in groups if any(row in group[0] for row in rows)]
        merged: tuple[list[_Stroke], list[_Stroke]] = (list(rows), [column])
        for group in touched:
            merged[0].extend(row for row in group[0] if row not in merged[0])
            merged[1].extend(group[1])
            groups.remove(group)
        groups.append(merged)
    return [group for group in groups if len(group[0]) >= 2 and len(group[1]) >= 3]


def _area(rows: list[_Stroke], columns: list[_Stroke], text_page: pypdfium2.PdfTextPage) -> Area | None:
    ys = _levels([row.at for row in rows])[::-1]
    xs = _levels([column.at for column in columns])
    height, width = len(ys) - 1, len(xs) - 1
    # A single row may be the rest of a row the page break cut.
    if width < 2 or height < 1 or (height == 1 and width < 3):
        return None

    def parted_right(row: int, column: int) -> bool:
        middle = (ys[row] + ys[row + 1]) / 2
        return any(abs(s.at - xs[column + 1]) <= _TOUCH and s.low <= middle <= s.high for s in columns)

    def parted_below(row: int, column: int) -> bool:
        middle = (xs[column] + xs[column + 1]) / 2
        return any(abs(s.at - ys[row + 1]) <= _TOUCH and s.low <= middle <= s.high for s in rows)

    taken: set[tuple[int, int]] = set()
    cells = []
    for row in range(height):
        for column in range(width):
            if (row, column) in taken:
                continue
            right = column
            while right + 1 < width and not parted_right(row, right) and (row, right + 1) not in taken:
                right += 1
            below = row
            while below + 1 < height and not parted_below(below, column):
                below += 1
            taken |= {(r, c) for r in range(row, below + 1) for c in range(column, right + 1)}
            words = text_page.get_text_bounded(
                xs[column] + 1, ys[below + 1] + 1, xs[right + 1] - 1, ys[row] - 1
            )
            cells.append((_cell_text(words), row, column, below - row + 1, right - column + 1))
    if sum(bool(cell[0]) for cell in cells) < (4 if height > 1 else 1):
        return None
    places = tuple(round(x) for x in xs)
    return Area(xs[0], ys[-1], xs[-1], ys[0], Ruled(cells, places))


def _levels(values: list[float]) -> list[float]:
    levels: list[float] = []
    for value in sorted(values):
        if not levels or value - levels[-1] > _TOUCH:
            levels.append(value)
    return levels


def _cell_text(words: str) -> str:
    """Join the lines of a cell, except before a number: those are items of their own."""
    text = ""
    for line in re.split(r"[\r\n]+", words.replace("\ufffe", "")):
        line = tightened(line.strip())
        if text and line:
            text += "\n" if _ITEM.match(line) else " " if text[-1].isascii() and line[0].isascii() else ""
        text += line
    return text


def tightened(line: str) -> str:
    """Take out the blanks a typesetter puts between Chinese and digits or letters (2031 年 -> 2031年)."""
    return _LOOSE.sub("", line)


_LOOSE = re.compile(
    r"(?<=[\u4e00-\u9fff，。、；：（）《》“”〔〕]) (?=[0-9A-Za-z])|(?<=[0-9A-Za-z%.]) (?=[\u4e00-\u9fff，。、；：（）《》“”〔〕])"
)
