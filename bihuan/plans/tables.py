"""Tables that order work: 任务分解表, 责任分工表, timetables, name lists and tables of duties, row by row.

A row is an item like any other: its words, its units by the column they stand in, its deadline, each with its place.
Checklists, score sheets and other forms are left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from bihuan.plans.attribution import (
    Attribution,
    Bracket,
    Clause,
    end_brackets,
    named_units,
    read_bracket,
    resolve,
)
from bihuan.plans.checks import check_items
from bihuan.plans.dates import find_dates
from bihuan.plans.deadlines import deadlines, last_deadline
from bihuan.plans.grid import Box, Grid, grids, words_of
from bihuan.plans.model import Body, Duty, Phase, SourceText, Span, Task
from bihuan.plans.objects import object_hints
from bihuan.plans.outline import Outline, heading_of
from bihuan.plans.periods import read_period
from bihuan.plans.units import looks_like_unit, normalize_unit

_NOTHING = re.compile(r"[\s/／\\\-—－–无]*")
_SAME = re.compile(r"同上|〃|″")
_ENUMERATOR = re.compile(
    r"(?:[（(]\s?(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s?[)）]|\d{1,2}\s?[.．、](?!\d)|[一二三四五六七八九十]{1,3}\s?[、.．]|[①-⑳])\s{0,2}"
)
_SUM = re.compile(r"(?:合|总|小)\s?计")
_ROLE_WORDS = re.compile(r"牵头|配合|负责|参与|协助|指导|会同|(?:单位|部门)\s?[:：]")
_NO_END = re.compile(r"长期|持续|常态|立即|即时|适时|每[年月季周日]")
_POSITION = re.compile(
    r"(?:第一|常务)?副?(?:组长|召集人|总召集人|主任|总指挥|指挥长|会长)|成员(?:单位)?|联络员", re.S
)
_BODY_NAME = re.compile(
    r"[\u4e00-\u9fff（）()“”\-—0-9]{2,60}?(?:领导小组|工作专班|专班|指挥部|协调小组|工作小组|工作组|专家组|推进组|委员会)"
)
_ANNEX = re.compile(r"附\s{0,4}(?:件|表)\s{0,2}(?P<no>\d{0,2}|[一二三四五六七八九十]{1,2})")


@dataclass(frozen=True)
class WorkTable:
    """A table whose rows are elements of the plan; `kind` is tasks, phases, duties or members."""

    kind: str
    grid: Grid


def read_tables(source: SourceText) -> list[WorkTable]:
    """Return the tables of a document that order work."""
    return work_tables(grids(source), source.text)


def work_tables(found_grids: list[Grid], text: str) -> list[WorkTable]:
    """Return those of a document's tables that order work."""
    found = []
    for grid in found_grids:
        kind = _kind(grid, text)
        if kind:
            found.append(WorkTable(kind, grid))
    return found


def _kind(grid: Grid, text: str) -> str:
    roles = grid.roles
    if _position_column(grid, text) is not None:
        return "members"
    charged = {"lead", "responsible", "support"} & roles.keys()
    if "form" in roles and not ("lead" in roles or ("responsible" in roles and "due" in roles)):
        return ""
    content = {"fine", "coarse"} & roles.keys()
    if not content and "checked" in roles and charged and "form" not in roles:
        # A list of what to check is a division of work only where it says who checks.
        roles["fine"] = roles["checked"]
        content = {"fine"}
    if content and not charged and _names_units(grid, text):
        roles["responsible"] = roles["unit_of_duty"]
        charged = {"responsible"}
    if "phase" in roles and "due" in roles:
        return "phases" if _filled(grid, roles["phase"], text) else ""
    if content and (charged or "due" in roles):
        return "tasks" if any(_filled(grid, roles[role], text) for role in content) else ""
    if "duty" in roles and {"unit_of_duty", "responsible", "lead"} & roles.keys():
        return "duties" if _filled(grid, roles["duty"], text) else ""
    return ""


def _names_units(grid: Grid, text: str) -> bool:
    """Say whether a column headed only 单位 or 部门 names units, not units of measure."""
    column = grid.roles.get("unit_of_duty")
    if column is None:
        return False
    words = [words_of(grid.places.get((row, column)), text) for row in range(grid.first, grid.height)]
    named = [bool(named_units(word, 0, len(word))) for word in words if word]
    return bool(named) and sum(named) * 2 > len(named)


def _filled(grid: Grid, column: int, text: str) -> bool:
    """Say whether a column holds words below its header: an empty form has none."""
    return any(
        len(words_of(grid.places.get((row, column)), text)) >= 4 for row in range(grid.first, grid.height)
    )


def without_tables(text: str, tables: list[WorkTable]) -> str:
    """Return the text with those tables blanked out, every other character at its place."""
    for table in tables:
        start, end = table.grid.span
        blank = re.sub(r"[^\n]", " ", text[start:end])
        text = text[:start] + blank + text[end:]
    return text


def table_tasks(tables: list[WorkTable], text: str, outline: Outline, year: int | None) -> list[Task]:
    """Return a task for every row of the task tables and timetables, in printed order."""
    tasks: list[Task] = []
    for table in tables:
        if table.kind == "tasks":
            tasks += _RowReader(table.grid, text, _prefix(table.grid, text, outline), year).tasks()
        elif table.kind == "phases":
            prefix = _prefix(table.grid, text, outline)
            tasks += [
                _phase_task(phase, prefix, table.grid, text) for phase in _phases(table.grid, text, year)
            ]
    return tasks


def table_phases(tables: list[WorkTable], text: str, year: int | None) -> list[Phase]:
    """Return the phases of timetables."""
    return [phase for t in tables if t.kind == "phases" for phase in _phases(t.grid, text, year)]


def merge_tasks(items: list[Task], rows: list[Task], tables: list[WorkTable]) -> list[Task]:
    """Put the rows among the numbered items.

    A row that repeats an item of the text (a 责任分工表 behind the plan) gives that item its units and deadline where
    the item prints none, and is no second task. An item that only points at its table (详见下表) is no task.
    """
    items = [item for item in items if not _only_points(item, tables)]
    by_heading = {_key(item.heading): i for i, item in enumerate(items)}
    added = []
    for row in rows:
        at = by_heading.get(_key(row.heading)) if len(_key(row.heading)) >= 6 else None
        if at is None:
            added.append(row)
            continue
        item = items[at]
        charged = bool(item.lead or item.support or item.responsible)
        spans = dict(item.field_spans)
        if not charged:
            spans |= {k: v for k, v in row.field_spans.items() if k in ("lead", "support", "responsible")}
            item = replace(
                item, lead=row.lead, support=row.support, responsible=row.responsible, unit_rule=row.unit_rule
            )
        if item.due is None and row.due:
            spans["due"] = row.field_spans["due"]
            item = replace(item, due=row.due)
        items[at] = replace(item, field_spans=spans)
    return sorted([*items, *added], key=lambda task: task.span)


def _key(heading: str) -> str:
    return re.sub(r"[\s，,、。；;：:“”]", "", normalize_unit(heading))


_POINTS = re.compile(r"(?:见|如|按|附)[^。；;]{0,16}表|下表|表\d")


def _only_points(item: Task, tables: list[WorkTable]) -> bool:
    """Say whether an item is only the heading of a table or the sentence that leads to it."""
    holds = any(
        item.span.start < table.grid.span.start <= item.span.end + 60
        for table in tables
        if table.kind != "members"
    )
    words = re.sub(r"\s+", "", item.text)
    return holds and (
        (len(words) <= 60 and bool(_POINTS.search(words))) or ("/" not in item.no and len(words) <= 16)
    )


def _prefix(grid: Grid, text: str, outline: Outline) -> str:
    """Return the path a table's rows continue: of the item it stands under, or of its annex."""
    path = ""
    for node in outline.walk():
        if node.start <= grid.span.start < node.end:
            path = node.path
    if grid.span.start < outline.body.end:
        return f"{path}/" if path else ""
    annexes = list(_ANNEX.finditer(text, max(0, grid.span.start - 160), grid.span.start))
    return f"附件{annexes[-1]['no']}/" if annexes else ""


class _RowReader:
    """Reads the rows of one task table."""

    def __init__(self, grid: Grid, text: str, prefix: str, year: int | None):
        self.grid, self.text, self.prefix, self.year = grid, text, prefix, year
        both = "fine" in grid.roles and "coarse" in grid.roles
        self.content = "fine" if "fine" in grid.roles else "coarse"
        self.coarse = "coarse" if both else ""
        self._units = Attribution()
        self._due: tuple[date, Span] | None = None
        self._printed: dict[int, list[Span]] = {}
        for box in grid.boxes:
            if box.lines:
                self._printed.setdefault(box.row, []).append(box.span)

    def tasks(self) -> list[Task]:
        """Return the tasks of all rows."""
        found: list[Task] = []
        group = ""
        for row in range(self.grid.first, self.grid.height):
            across = self._across(row)
            if across:
                label = _ENUMERATOR.match(words_of(across, self.text))
                group = _label(label.group()) + "/" if label else ""
                continue
            box = self.grid.at(row, self.content)
            if box is None or box.row != row or self._idle(row, box):
                continue
            found += self._row(row, box, group)
        return found

    def _across(self, row: int) -> Box | None:
        """Return the cell of a row that is one cell over the whole table (一、压实责任)."""
        boxes = {
            id(b): b for c in range(self.grid.width) if (b := self.grid.places.get((row, c))) and b.lines
        }
        only = next(iter(boxes.values()), None)
        return only if only and len(boxes) == 1 and only.columns >= self.grid.width - 1 else None

    def _idle(self, row: int, box: Box) -> bool:
        """Say whether a row holds no work: blank, a sum, or the header printed again on a new page."""
        words = words_of(box, self.text)
        first = words_of(self.grid.places.get((row, 0)), self.text)
        if _NOTHING.fullmatch(words) or _SUM.fullmatch(words) or _SUM.fullmatch(first):
            return True
        return words == self.grid.headers[self.grid.roles[self.content]]

    def _row(self, row: int, box: Box, group: str) -> list[Task]:
        number = self.grid.at(row, "no")
        label = _label(words_of(number, self.text)) if number else ""
        group = group or self._merged_group(row)
        self._units = self._read_units(row)
        self._due = self._read_due(row, box)
        coarse = self.grid.at(row, self.coarse) if self.coarse else None
        parts = _parts(box, self.text)
        own = coarse is not None and coarse.row == row and coarse.rows == box.rows
        if len(parts) > 1:
            above = f"{self.prefix}{group}{label}/" if label else f"{self.prefix}{group}"
            return self._whole_row(row, [self._task(f"{above}{path}", span) for path, span in parts])
        printed, span = parts[0]
        no = f"{self.prefix}{group}{label or printed}"
        if own and coarse is not None and coarse.span.end <= span.start:
            span = Span(_behind_label(coarse.span, self.text), span.end)
            return self._whole_row(row, [self._task(no, span, coarse.span)])
        return self._whole_row(row, [self._task(no, span)])

    def _whole_row(self, row: int, tasks: list[Task]) -> list[Task]:
        """Let the tasks of a row claim all of it: its number, its units and its deadline belong to them."""
        spans = self._printed[row]
        start = min(tasks[0].span.start, *(s.start for s in spans))
        end = max(tasks[-1].span.end, *(s.end for s in spans))
        if len(tasks) == 1:
            return [replace(tasks[0], span=Span(start, end))]
        first, *between, last = tasks
        return [
            replace(first, span=Span(start, first.span.end)),
            *between,
            replace(last, span=Span(last.span.start, end)),
        ]

    def _merged_group(self, row: int) -> str:
        """Return the enumerator of the category or the task this row falls under, when it has one of its own."""
        for role in ("group", self.coarse):
            box = self.grid.at(row, role) if role else None
            if box and box.rows > 1:
                label = _ENUMERATOR.match(words_of(box, self.text))
                if label and not self.grid.at(row, "no"):
                    return _label(label.group()) + "/"
        return ""

    def _task(self, no: str, span: Span, title: Span | None = None) -> Task:
        text = self.text
        heading, heading_span = heading_of(
            text, Span(_behind_label(title, text), title.end) if title else span
        )
        units = self._units or next((found for _, found in end_brackets(text, *span)), Attribution())
        due = self._due or last_deadline(deadlines(text, *span, self.year))
        spans = {"heading": [heading_span], **units.spans}
        if due:
            spans["due"] = [due[1]]
        return Task(
            no=no,
            heading=heading,
            text=span.of(text),
            span=span,
            confidence=0.9 if units else 0.8,
            rule="task.table_row",
            lead=list(units.lead),
            support=list(units.support),
            responsible=list(units.responsible),
            due=due[0] if due else None,
            check_items=check_items(text, *span),
            object_hints=object_hints(span.of(text)),
            unit_rule=units.rule,
            field_spans=spans,
        )

    def _read_units(self, row: int) -> Attribution:
        clauses: list[Clause] = []
        for role, meaning in (("lead", "lead"), ("responsible", "share"), ("support", "support")):
            box = self.grid.at(row, role)
            if box is None:
                continue
            words = words_of(box, self.text)
            if _SAME.fullmatch(words.strip()):
                return self._units
            if _ROLE_WORDS.search(words):
                phrased = read_bracket(self.text, Bracket(box.span, box.span))
                if phrased:
                    if len(self.grid.roles.keys() & {"lead", "responsible", "support"}) == 1:
                        return replace(phrased, rule="units.table")
                    clauses += _as_clauses(phrased)
                    continue
            units = [
                unit
                for line in box.lines
                for piece in re.finditer(r"\S+", line.of(self.text))
                for unit in named_units(self.text, line.start + piece.start(), line.start + piece.end())
            ]
            if re.search(r"人|领导|联系", self.grid.headers[self.grid.roles[role]]):
                # The column names persons beside their units.
                units = [unit for unit in units if looks_like_unit(unit[0])]
            clauses.append(Clause(meaning, units))
        return resolve([clause for clause in clauses if clause.units], "units.table")

    def _read_due(self, row: int, content: Box) -> tuple[date, Span] | None:
        box = self.grid.at(row, "due")
        if box is None:
            return None
        if _SAME.fullmatch(words_of(box, self.text).strip()):
            return self._due
        return due_of_cell(self.text, box.span, self.year)


def due_of_cell(text: str, span: Span, year: int | None) -> tuple[date, Span] | None:
    """Return the deadline a cell under 完成时限 prints: the end of its period, else its latest date."""
    limit = last_deadline(deadlines(text, *span, year))
    if limit:
        return limit
    if _NO_END.search(span.of(text)):
        return None
    period = read_period(text, *span, year)
    if period and period.start != period.end:
        return (period.end, period.span) if period.end else None
    known = [
        (mention.last, mention.span)
        for mention in find_dates(text, *span, year)
        if mention.last and not text.startswith(("起", "开始", "后"), mention.span.end)
    ]
    return max(known) if known else None


def _as_clauses(found: Attribution) -> list[Clause]:
    return [
        Clause(role, list(zip(units, found.spans.get(name, []), strict=False)))
        for name, role, units in (
            ("lead", "lead", found.lead),
            ("responsible", "share", found.responsible),
            ("support", "support", found.support),
        )
        if units
    ]


def _label(printed: str) -> str:
    words = re.sub(r"\s", "", printed)
    return words if words.startswith(("（", "(")) else re.sub(r"[、.．)）]$", "", words)


def _behind_label(span: Span, text: str) -> int:
    label = _ENUMERATOR.match(text, span.start, span.end)
    return label.end() if label else span.start


def _parts(box: Box, text: str) -> list[tuple[str, Span]]:
    """Return the numbered paragraphs of a cell with their labels; the whole cell when it has fewer than two."""
    starts = [i for i, line in enumerate(box.lines) if _ENUMERATOR.match(text, *line)]
    if len(starts) < 2:
        label = _ENUMERATOR.match(text, *box.span)
        return [(_label(label.group()), Span(label.end(), box.span.end))] if label else [("", box.span)]
    labels = [_ENUMERATOR.match(text, *box.lines[at]) for at in starts]
    ranks = [_rank(label.group()) if label else 0 for label in labels]
    parts = []
    above: list[tuple[int, str]] = []
    for i, (at, label, rank) in enumerate(zip(starts, labels, ranks, strict=True)):
        last = starts[i + 1] - 1 if i + 1 < len(starts) else len(box.lines) - 1
        above = [entry for entry in above if entry[0] < rank]
        printed = _label(label.group()) if label else ""
        if i + 1 < len(starts) and ranks[i + 1] > rank:
            # It has numbered paragraphs of its own: they are the items.
            above.append((rank, printed))
            continue
        path = "/".join([*(name for _, name in above), printed])
        start = label.end() if label else box.lines[at].start
        parts.append((path, Span(start, box.lines[last].end)))
    return parts


def _rank(label: str) -> int:
    """Return the depth of an enumerator by its form (GB/T 9704-2012, 7.3.3)."""
    bracketed = label.startswith(("（", "("))
    if label[0] >= "①" and label[0] <= "⑳":
        return 5
    if re.search(r"\d", label):
        return 4 if bracketed else 3
    return 2 if bracketed else 1


def _phases(grid: Grid, text: str, year: int | None) -> list[Phase]:
    found = []
    for row in range(grid.first, grid.height):
        name, when = grid.at(row, "phase"), grid.at(row, "due")
        if name is None or name.row != row:
            continue
        period = read_period(text, *when.span, year) if when else None
        due = None if period or not when else due_of_cell(text, when.span, year)
        title = name.span
        start = _behind_label(title, text)
        label = _ENUMERATOR.match(text, *title)
        spans = {"name": [Span(start, title.end)]}
        if when:
            spans["period"] = [when.span]
        last = max(b.span.end for c in range(grid.width) if (b := grid.places.get((row, c))) and b.lines)
        number = words_of(grid.at(row, "no"), text) or (label.group() if label else "")
        found.append(
            Phase(
                name=re.sub(r"\s", "", text[start : title.end]),
                start=period.start if period else None,
                end=period.end if period else due[0] if due else None,
                span=Span(title.start, max(last, title.end)),
                confidence=0.85,
                rule="phase.table_row",
                no=_label(number),
                field_spans=spans,
            )
        )
    return found


def _phase_task(phase: Phase, prefix: str, grid: Grid, text: str) -> Task:
    """A row of a timetable is a task as well, due when the phase ends."""
    row = next(box.row for box in grid.boxes if box.lines and box.span.start == phase.span.start)
    units = _RowReader(grid, text, prefix, None)._read_units(row)
    spans = {"heading": phase.field_spans["name"], **units.spans}
    if phase.end:
        spans["due"] = phase.field_spans["period"]
    return Task(
        no=prefix + phase.no,
        heading=phase.name[:30],
        text=phase.span.of(text),
        span=phase.span,
        confidence=0.8,
        rule="task.phase",
        lead=units.lead,
        support=units.support,
        responsible=units.responsible,
        due=phase.end,
        check_items=check_items(text, *phase.span),
        object_hints=object_hints(phase.span.of(text)),
        unit_rule=units.rule,
        field_spans=spans,
    )


def table_duties(tables: list[WorkTable], text: str) -> list[Duty]:
    """Return a duty for every row of a table of duties (部门 | 职责)."""
    found = []
    for table in tables:
        grid = table.grid
        if table.kind != "duties":
            continue
        unit_role = next(r for r in ("unit_of_duty", "responsible", "lead") if r in grid.roles)
        for row in range(grid.first, grid.height):
            unit, duty = grid.at(row, unit_role), grid.at(row, "duty")
            if not unit or not duty or duty.row != row or _NOTHING.fullmatch(words_of(duty, text)):
                continue
            for name, place in named_units(text, *unit.span):
                spans = {"unit": [place], "text": [duty.span]}
                span = Span(min(unit.span.start, duty.span.start), max(unit.span.end, duty.span.end))
                found.append(Duty(name, duty.span.of(text), span, 0.85, "duty.table_row", spans))
    return found


def _position_column(grid: Grid, text: str) -> int | None:
    """Return the column that says 组长, 副组长, 成员 in nearly every row, or None."""
    for column in range(min(grid.width, 6)):
        words = [
            "".join(words_of(box, text).split())
            for row in range(grid.height)
            if (box := grid.places.get((row, column))) and box.lines and box.columns == 1
        ]
        held = sum(bool(_POSITION.fullmatch(word)) for word in words)
        if held >= 2 and held >= len(words) - 2:
            return column
    return None


def table_bodies(tables: list[WorkTable], text: str) -> list[Body]:
    """Return the bodies whose composition is printed as a table, when their name stands above it."""
    found = []
    for table in tables:
        if table.kind == "members":
            body = _body(table.grid, text)
            if body:
                found.append(body)
    return found


def _body(grid: Grid, text: str) -> Body | None:
    column = _position_column(grid, text)
    start = grid.title.end if grid.title else grid.span.start
    names = list(_BODY_NAME.finditer(text, max(0, start - 90), start))
    if column is None or not names:
        return None
    name = names[-1]
    held: dict[str, list[tuple[str, Span]]] = {"head": [], "deputies": [], "members": []}
    for row in range(grid.height):
        box = grid.places.get((row, column))
        word = re.sub(r"\s", "", words_of(box, text))
        if not box or not _POSITION.fullmatch(word):
            continue
        role = "members" if word.startswith(("成员", "联络员")) else "deputies" if "副" in word else "head"
        held[role] += _people(grid, text, row, column)
    if not any(held.values()):
        return None
    return Body(
        name=name.group(),
        head=[person for person, _ in held["head"]],
        deputies=[person for person, _ in held["deputies"]],
        members=[person for person, _ in held["members"]],
        span=Span(name.start(), grid.span.end),
        confidence=0.85,
        rule="body.table",
        field_spans={
            "name": [Span(*name.span())],
            **{role: [s for _, s in people] for role, people in held.items()},
        },
    )


def _people(grid: Grid, text: str, row: int, column: int) -> list[tuple[str, Span]]:
    """Return who holds a position in a row: name and post side by side are one person, a list is several."""
    boxes = [
        box
        for c in range(grid.width)
        if c != column
        and (box := grid.places.get((row, c)))
        and box.row == row
        and box.lines
        and box.column == c
        and not re.fullmatch(r"[\d.、]{1,4}", words_of(box, text))
        and not re.search(r"电话|手机|备注|序号", grid.headers[c] if c < len(grid.headers) else "")
    ]
    if not boxes:
        return []
    if len(boxes) == 1:
        return [person for line in boxes[0].lines for person in named_people(text, line)]
    first, last = boxes[0].span.start, boxes[-1].span.end
    return [(re.sub(r"\s+", " ", text[first:last]), Span(first, last))]


def named_people(text: str, line: Span) -> list[tuple[str, Span]]:
    """Split a line that lists several persons or units at 、 and ；."""
    found = []
    for match in re.finditer(r"[^、；;，,]+", line.of(text)):
        words = match.group().strip()
        if words:
            start = line.start + match.start() + match.group().index(words)
            found.append((words, Span(start, start + len(words))))
    return found
