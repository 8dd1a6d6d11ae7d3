"""作战图: who owes what when, on one page to print and pin up. Units down, phases across, every task in its cell.

The drawing is measured in millimetres of the printable area. The type is the largest with which everything fits, so a
short plan is easy to read from afar and a long one still ends on its one page. Roles differ by the shape of the number,
not by colour: it says the same from a black-and-white printer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ..models import Assignment
from .content import Content, Job, Span, Unit, together

Role = Assignment.Role
# Printable millimetres of a lying sheet with margins of 10 mm, a little less than all so that no printer adds a page.
PAPERS = {"a3": (399.0, 275.0), "a4": (276.0, 188.0)}
LARGEST, SMALLEST, STEP = 4.2, 1.0, 0.1  # type size in millimetres
LINE = 1.55  # of the type size
MOST_SIGNS = 14  # of a heading
POINT = 0.3528  # millimetres


@dataclass(frozen=True)
class Mark:
    """One task in one cell: its number, and for those who lead or answer for it its name and day."""

    number: str
    role: Role
    words: str = ""
    day: str = ""

    def width(self, size: float) -> float:
        """Millimetres it takes at a type size, the gap after it included."""
        return (_signs(self.number) + 0.7 + (0.3 + _signs(self.words) if self.words else 0)
                + (0.3 + _signs(self.day) if self.day else 0) + 0.7) * size  # fmt: skip


@dataclass
class Row:
    """One unit, or several charged alike; a cell for each column."""

    label: str
    cells: list[list[Mark]] = field(default_factory=list)


@dataclass(frozen=True)
class Chart:
    """The finished drawing. `size` is the type in points."""

    paper: str
    svg: SafeString
    size: float
    rows: int
    tasks: int


def _signs(text: str) -> float:
    """How many type sizes wide a text is: Chinese signs one, others a little more than half."""
    return sum(0.56 if sign.isascii() else 1.0 for sign in text)


def lay_out(content: Content, *, paper: str, on: dt.date) -> Chart:
    """The chart of a plan on A3 or A4 (`a3`, `a4`; anything else is A3). `on` decides what is overdue."""
    paper = paper if paper in PAPERS else "a3"
    width, height = PAPERS[paper]
    columns, rows = _columns(content), _rows(content, on)
    size = LARGEST
    while True:
        sheet = _Sheet(columns, rows, width, height, size)
        if sheet.fits or size <= SMALLEST:
            break
        size = round(size - STEP, 2)
    return Chart(paper, sheet.draw(content), round(size / POINT, 1), len(rows), len(content.jobs))


def _columns(content: Content) -> list[Span]:
    columns = list(content.phases)
    if any(job.phase is None for job in content.jobs) or not columns:
        columns.append(Span("未分阶段", None, None))
    return columns


def _rows(content: Content, on: dt.date) -> list[Row]:
    rows = [_row(content, units, jobs, on) for units, jobs, _ in content.alike()]
    nobody = [job for job in content.jobs if not job.shares]
    if nobody:
        rows.append(_row(content, [], nobody, on))
    return rows


def _row(content: Content, units: list[Unit], jobs: Iterable[Job], on: dt.date) -> Row:
    columns = _columns(content)
    cells: list[list[tuple[int, str, int, Mark]]] = [[] for _ in columns]
    roles = list(Role)
    for job in jobs:
        at = len(columns) - 1 if job.phase is None else job.phase
        role = job.shares[units[0]] if units else Role.RESPONSIBLE
        is_named = role in {Role.LEAD, Role.RESPONSIBLE}
        mark = Mark(
            str(job.position),
            role,
            _short(job, on) if is_named else "",
            _day(job, columns[at]) if is_named else "",
        )
        cells[at].append((roles.index(role), str(job.due_on or "9"), job.position, mark))
    label = together(units) if units else "没有明确单位"
    return Row(label, [[mark for *_, mark in sorted(cell, key=lambda each: each[:3])] for cell in cells])


def _short(job: Job, on: dt.date) -> str:
    owed, _, total = job.done.partition("/")
    is_done = bool(total) and owed == total != "0"
    heading = job.heading if len(job.heading) <= MOST_SIGNS else f"{job.heading[: MOST_SIGNS - 1]}…"
    if is_done:
        return f"{heading}✓"
    return f"{heading}▲" if job.done and job.due_on and job.due_on < on else heading


def _day(job: Job, column: Span) -> str:
    """The deadline, unless it is the last day of the phase that stands over the column."""
    if job.due_on is None or job.due_on == column.ends_on:
        return ""
    is_near = column.ends_on is None or job.due_on.year == column.ends_on.year
    return f"{job.due_on:%m-%d}" if is_near else f"{job.due_on:%y-%m-%d}"


class _Sheet:
    """The drawing at one type size: column widths, row heights, and whether it all fits."""

    def __init__(
        self, columns: Sequence[Span], rows: Sequence[Row], width: float, height: float, size: float
    ) -> None:
        self.columns, self.rows = columns, rows
        self.width, self.height, self.size = width, height, size
        self.title = max(size * 1.9, 5.0)
        self.head = size * LINE * 2 + size * 0.6
        self.foot = size * LINE * 2
        self.label_width = min(max([_signs(row.label) for row in rows] or [4]) + 1.2, 11) * size
        self.widths = self._widths()
        self.lines = [self._wrap(row) for row in rows]
        self.heights = [
            max([len(cell) for cell in cells] + [len(self._label(row))]) * size * LINE + size * 0.7
            for row, cells in zip(rows, self.lines, strict=True)
        ]
        self.used = self.title + self.head + sum(self.heights) + self.foot
        is_wide_enough = all(
            mark.width(size) <= width - size * 0.7
            for row in rows
            for cell, width in zip(row.cells, self.widths, strict=True)
            for mark in cell
        )
        self.fits = self.used <= height and is_wide_enough
        if self.fits:
            # What is left of the sheet is air between the rows: people write on it.
            spare = min((height - self.used) / max(len(rows), 1), size * 2.5)
            self.heights = [each + spare for each in self.heights]

    def _widths(self) -> list[float]:
        """Columns share the sheet by how much stands in them, none narrower than its longest mark where that can be."""
        free = self.width - self.label_width
        loads = [
            sum(mark.width(self.size) for row in self.rows for mark in row.cells[at])
            for at in range(len(self.columns))
        ]
        least = [
            max(
                [mark.width(self.size) for row in self.rows for mark in row.cells[at]]
                + [_signs(column.name) * self.size * 0.9, _signs(column.words) * self.size]
            )
            + self.size
            for at, column in enumerate(self.columns)
        ]
        if sum(least) >= free:
            return [free * each / sum(least) for each in least]
        rest, total = free - sum(least), sum(loads) or 1
        return [low + rest * load / total for low, load in zip(least, loads, strict=True)]

    def _wrap(self, row: Row) -> list[list[list[Mark]]]:
        found = []
        for marks, width in zip(row.cells, self.widths, strict=True):
            lines: list[list[Mark]] = []
            left = 0.0
            for mark in marks:
                taken = mark.width(self.size)
                if not lines or taken > left:
                    lines.append([])
                    left = width - self.size * 0.8
                lines[-1].append(mark)
                left -= taken
            found.append(lines)
        return found

    def _label(self, row: Row) -> list[str]:
        """The name of a row in lines of its column."""
        room = self.label_width / self.size - 1
        lines, line = [], ""
        for sign in row.label:
            if _signs(line + sign) > room:
                lines.append(line)
                line = ""
            line += sign
        return [*lines, line]

    # --- drawing ---

    def draw(self, content: Content) -> SafeString:
        """The whole drawing; what does not fit even at the smallest type is scaled down, never cut."""
        self.parts: list[SafeString] = []
        size, y = self.size, 0.0
        self._text(0, self.title * 0.72, f"{content.short_title}作战图", self.title * 0.62, "battle-title")
        facts = "　".join(
            filter(None, [content.doc_no, f"{len(content.jobs)} 项任务", f"{len(content.units())} 个单位"])
        )
        self._text(self.width, self.title * 0.72, facts, size, "battle-facts", anchor="end")
        y = self.title
        self._head(y)
        y += self.head
        for row, cells, height in zip(self.rows, self.lines, self.heights, strict=True):
            self._row(row, cells, y, height)
            y += height
        self._frame(self.title, y)
        self._legend(y + size * 0.4)
        tall = max(self.height, self.used)
        return format_html(
            '<svg class="battle" viewBox="0 0 {} {}" role="img" aria-label="{}作战图：{} 项任务，{} 行单位">{}</svg>',
            self.width, round(tall, 1), content.short_title, len(content.jobs), len(self.rows),
            mark_safe("".join(self.parts)),  # noqa: S308 - every part went through format_html
        )  # fmt: skip

    def _text(
        self, x: float, y: float, words: str, size: float, kind: str = "", *, anchor: str = "start"
    ) -> None:
        self.parts.append(
            format_html(
                '<text x="{}" y="{}" font-size="{}" text-anchor="{}" class="{}">{}</text>',
                round(x, 2),
                round(y, 2),
                round(size, 2),
                anchor,
                kind,
                words,
            )
        )

    def _line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "battle-rule") -> None:
        self.parts.append(
            format_html(
                '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>',
                *(round(each, 2) for each in (x1, y1, x2, y2)),
                kind,
            )
        )

    def _edges(self) -> list[float]:
        edges = [0.0, self.label_width]
        for width in self.widths:
            edges.append(edges[-1] + width)
        return edges

    def _head(self, y: float) -> None:
        size, edges = self.size, self._edges()
        self.parts.append(
            format_html(
                '<rect x="0" y="{}" width="{}" height="{}" class="battle-head"/>',
                round(y, 2),
                self.width,
                round(self.head, 2),
            )
        )
        self._text(size * 0.5, y + size * 1.9, "单位", size, "battle-strong")
        for column, left, width in zip(self.columns, edges[1:], self.widths, strict=False):
            self._text(
                left + size * 0.5,
                y + size * 1.3,
                column.name,
                self._fitting(column.name, width),
                "battle-strong",
            )
            if column.starts_on or column.ends_on:
                self._text(
                    left + size * 0.5, y + size * 2.8, column.words, self._fitting(column.words, width) * 0.95
                )

    def _fitting(self, words: str, width: float) -> float:
        """The type size with which words stay inside a width, at most the drawing's own."""
        return min(self.size, (width - self.size) / max(_signs(words), 1))

    def _row(self, row: Row, cells: list[list[list[Mark]]], y: float, height: float) -> None:
        size, edges = self.size, self._edges()
        self._line(0, y, self.width, y)
        for number, words in enumerate(self._label(row)):
            self._text(size * 0.5, y + size * (1.25 + number * LINE), words, size, "battle-strong")
        for lines, left in zip(cells, edges[1:], strict=False):
            for number, line in enumerate(lines):
                x, middle = left + size * 0.5, y + size * (1.25 + number * LINE)
                for mark in line:
                    self._mark(mark, x, middle)
                    x += mark.width(size)

    def _mark(self, mark: Mark, x: float, y: float) -> None:
        """The number in the shape of its role, the words after it; `y` is the foot of the letters."""
        size = self.size
        box = (_signs(mark.number) + 0.7) * size
        self.parts.append(
            format_html(
                '<rect x="{}" y="{}" width="{}" height="{}" rx="{}" class="battle-box is-{}"/>',
                round(x, 2),
                round(y - size * 0.98, 2),
                round(box, 2),
                round(size * 1.26, 2),
                round(size * (0.6 if mark.role == Role.TERRITORIAL else 0.06), 2),
                mark.role.value,
            )
        )
        self._text(
            x + box / 2, y, mark.number, size * 0.95, f"battle-number is-{mark.role.value}", anchor="middle"
        )
        x += box + size * 0.3
        if mark.words:
            self._text(x, y, mark.words, size)
            x += (_signs(mark.words) + 0.3) * size
        if mark.day:
            self._text(x, y, mark.day, size, "battle-strong")

    def _frame(self, top: float, bottom: float) -> None:
        for x in self._edges():
            self._line(min(x, self.width), top, min(x, self.width), bottom)
        for y in (top, top + self.head, bottom):
            self._line(0, y, self.width, y, "battle-rule is-strong")

    def _legend(self, y: float) -> None:
        size, x = self.size, 0.0
        middle = y + size * 1.2
        for role in Role:
            sample = Mark("8", role, role.label)
            self._mark(sample, x, middle)
            x += sample.width(size) + size * 0.6
        words = "数字是任务序号，配合、属地只写序号；粗体是完成日期，不写的到本阶段最后一天；✓ 已全部确认，▲ 过期未全部确认。"
        self._text(x + size, middle, words, min(size, (self.width - x - size) / _signs(words)))
