"""Printed tables laid out as a grid over the text: which cell stands where, and what its column is for.

A header says what a column holds (序号, 工作任务, 牵头单位, 完成时限…). Headers may take two rows, stand under a title row,
or be merged; columns nobody recognizes stay without a role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from bihuan.plans.model import SourceText, Span

# Roles a header gives its column, in the order they are tried.
_ROLES = (
    ("no", r"序\s?号|编号|项次|条目"),
    ("checked", r"^(?:检查|排查)(?:内容|事项)$"),
    ("form", r"检查(?:项目|内容|要点|标准|方法|结果|情况|依据)|排查(?:结果|情况)|评定|得分|分值|评分|扣分|满分|签[字名]|填报|电话|手机"
             r"|企业名称|信用代码|是否|数量|台数|户数|金额|隐患(?:内容|描述|部位|等级)"),
    ("lead", r"牵头(?:责任)?(?:单位|部门)[及和、/／（(]+(?:责任|负责|联系)?(?:人|领导)"),
    ("responsible", r"(?:责任|承办|负责)(?:单位|部门)[及和、/／（(]+(?:责任|负责|联系)?(?:人|领导)"),
    ("person", r"责任人|负责人|(?:责任|分管|牵头|包保|包联|挂点|责任单位)领导|联\s?系\s?人|联络员|领导$"),
    ("unit_of_duty", r"^(?:成员)?(?:单位|部门)(?:名称)?$|^责任主体$"),
    ("support", r"配合|协办|协助|参与|参加|协同|支持"),
    ("lead", r"牵头|主办|主责"),
    ("responsible", r"(?:责任|承办|负责|实施|落实|主管|监管|执行)(?:单位|部门|主体|处室|科室|机构)|责任分工|任务分工|分工$|责任单位"),
    ("due", r"时限|时间|期限|节点|截止|进度安排|进度要求"),
    ("phase", r"^(?:工作|实施|整治)?(?:阶段|步骤)(?:名称)?$"),
    ("group", r"类别|分类|类型|领域|板块|专项|大类|方面|环节"),
    ("duty", r"职责|职能"),
    ("fine", r"措施|举措|具体|细化|明细|(?:工作|整治|主要|重点|任务|治理|行动)内容|(?:主要|重点)?工作要求|任务分解|整改要求"),
    ("coarse", r"任务|事项|要点|重点|项\s?目|内容|行动|^工作$|问题|目标任务"),
    ("goal", r"目标|成效|成果|要求|标准"),
    ("remark", r"备\s?注|说明|姓\s?名|职\s?务"),
)  # fmt: skip
_PATTERNS = tuple((role, re.compile(pattern)) for role, pattern in _ROLES)
# A form's own columns are told from a task table's by several of them, or one where nobody is charged.
MAX_AREA = 400_000
_LONGEST_HEADER = 18


def role_of(header: str) -> str:
    """Return what a column is for by the words of its header, "" when they say nothing."""
    words = re.sub(r"\s", "", header)
    if not words or len(words) > _LONGEST_HEADER or re.search(r"[。；;]", words):
        return ""
    return next((role for role, pattern in _PATTERNS if pattern.search(words)), "")


class Box(NamedTuple):
    """A cell over the text: its lines without blanks at their ends, and the grid places it fills."""

    lines: list[Span]
    row: int
    column: int
    rows: int
    columns: int

    @property
    def span(self) -> Span:
        """From the first to the last word; empty for an empty cell."""
        return Span(self.lines[0].start, self.lines[-1].end) if self.lines else Span(0, 0)


@dataclass
class Grid:
    """A table over the text. `roles` gives the columns their meaning, `first` is the first row below the header."""

    span: Span
    boxes: list[Box]
    height: int
    width: int
    title: Span | None = None
    first: int = 0
    roles: dict[str, int] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    places: dict[tuple[int, int], Box] = field(default_factory=dict)

    def at(self, row: int, role: str) -> Box | None:
        """Return the cell of a row in the column of that role, merged cells included; None when empty."""
        column = self.roles.get(role)
        box = None if column is None else self.places.get((row, column))
        return box if box and box.lines else None


def grids(source: SourceText) -> list[Grid]:
    """Return the tables of a document laid over its text; tables with one column or without a header have no roles."""
    found = []
    for table in source.tables:
        if table.height * table.width > MAX_AREA or table.width < 2:
            continue
        boxes = [
            Box(_lines(source, cell.span), cell.row, cell.column, cell.rows, cell.columns)
            for cell in table.cells
        ]
        printed = [box.span for box in boxes if box.lines]
        if not printed:
            continue
        grid = Grid(
            Span(min(s.start for s in printed), max(s.end for s in printed)), boxes, table.height, table.width
        )
        for box in boxes:
            for row in range(box.row, box.row + box.rows):
                for column in range(box.column, min(box.column + box.columns, grid.width)):
                    grid.places.setdefault((row, column), box)
        _read_header(grid, source.text)
        found.append(grid)
    return found


def _lines(source: SourceText, place: Span) -> list[Span]:
    """Return the lines of a cell as stretches of the text."""
    lines, cursor, text = [], place.start, source.text
    for line in place.of(source.original).split("\n"):
        first, last = source.from_original(Span(cursor, cursor + len(line)))
        cursor += len(line) + 1
        words = text[first:last]
        bare = words.strip()
        if bare:
            start = first + words.index(bare)
            lines.append(Span(start, start + len(bare)))
    return lines


def words_of(box: Box | None, text: str) -> str:
    """Return the words of a cell, its lines joined."""
    return "".join(line.of(text) for line in box.lines) if box else ""


def _read_header(grid: Grid, text: str) -> None:
    """Find the header rows and give the columns their roles."""
    for row in range(min(grid.height, 4)):
        boxes = {id(box): box for column in range(grid.width) if (box := grid.places.get((row, column)))}
        filled = [box for box in boxes.values() if box.lines]
        if len(filled) == 1 and filled[0].columns >= grid.width - 1:
            grid.title = grid.title or filled[0].span
            continue
        named = [box for box in filled if role_of(words_of(box, text))]
        if len(named) < 2 or len(named) * 2 < len(filled):
            return
        grid.first = max(box.row + box.rows for box in filled if box.row == row)
        below = [box for box in grid.boxes if box.row == row + 1 and box.lines]
        if grid.first == row + 1 and below and any(box.columns > 1 for box in filled):
            # The second row of a header names the parts of the merged cell above it and nothing else.
            parts = [b for b in below if not (grid.places.get((row, b.column)) or b).columns > 1]
            if not parts or all(role_of(words_of(b, text)) for b in below):
                grid.first = row + 2
        for column in range(grid.width):
            header = _header_of(grid, text, row, column)
            grid.headers.append(header)
            role = role_of(header) or role_of(words_of(grid.places.get((row, column)), text))
            if role:
                grid.roles.setdefault(role, column)
        return


def _header_of(grid: Grid, text: str, row: int, column: int) -> str:
    """Return the words of the lowest header cell of a column."""
    for at in range(grid.first - 1, row - 1, -1):
        words = words_of(grid.places.get((at, column)), text)
        if words:
            return words
    return ""
