"""Reading a table out of xlsx, xls, ods or csv: text cells, own row numbers, nothing executed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, overload

import python_calamine as calamine

from bihuan.core.sheets.guard import MAX_COLUMNS, MAX_ROWS, SheetError, check_file, check_rectangle

Grid = list[list[Any]]

HEADER_SEARCH = 20  # titles, notes and units above the header row
# Excel keeps 15 significant digits: a longer number has lost its last ones before we see it.
LOST_DIGITS = 10**15
ROUNDED_TEXT = re.compile(r"^\d(\.\d+)?[Ee]\+?(1[5-9]|[2-9]\d)$")
LOST_MESSAGE = "数字超过15位，末尾数字已被表格软件丢失，请把该列设为文本格式后重新填写"
GUARDED = re.compile(r"^'(?=[=+\-@＝＋－＠])")


@dataclass(frozen=True)
class Row:
    """One data row. ``number`` is the row number the user sees in the sheet, ``cells`` maps header to text.

    ``problems`` lists what was lost before it reached us: (header, Chinese sentence).
    """

    number: int
    cells: dict[str, str]
    problems: list[tuple[str, str]] = field(default_factory=list)


class Rows(Sequence[Row]):
    """The data rows of a table, kept as columns of text; a Row is made when it is asked for.

    ``numbers`` are the sheet's own row numbers, ``texts`` the cleaned cells by header, ``problems`` what was lost, by
    position: whoever reads a hundred thousand rows takes whole columns.
    """

    def __init__(
        self, numbers: list[int], texts: dict[str, list[str]], problems: dict[int, list[tuple[str, str]]]
    ) -> None:
        self.numbers, self.texts, self.problems = numbers, texts, problems

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        position = range(len(self))[index]
        cells = {header: column[position] for header, column in self.texts.items()}
        return Row(self.numbers[position], cells, self.problems.get(position, []))


@dataclass(frozen=True)
class Table:
    """A sheet with its header row found. ``columns`` maps each header to its column index from 0."""

    headers: list[str]
    rows: Rows
    header_row: int
    columns: dict[str, int]
    sheet: str


def sheet_names(data: bytes, filename: str) -> list[str]:
    """Return the names of the visible sheets, [""] for csv. Raises SheetError."""
    if check_file(data, filename) == "csv":
        return [""]
    with _open(data) as book:
        return _visible_names(book)


def _visible_names(book: calamine.CalamineWorkbook) -> list[str]:
    visible = calamine.SheetVisibleEnum.Visible
    return [meta.name for meta in book.sheets_metadata if meta.visible == visible]


def read_table(
    data: bytes, filename: str, sheet: str | None = None, *, header_row: int | None = None
) -> Table:
    """Return the table in ``sheet`` (the first visible one unless named).

    The header is ``header_row`` (counted from 1) or the first row, among the first twenty, that fills at
    least half as many cells as the widest of them. Formulas count with their stored result and are never
    evaluated. Empty rows are skipped. Raises SheetError: what is wrong and what to do about it.
    """
    grid, name = read_grid(data, filename, sheet)
    header_index = _find_header(grid) if header_row is None else header_row - 1
    if not 0 <= header_index < len(grid):
        raise SheetError(f"表头行号{header_row}超出表格范围（共{len(grid)}行），请重新指定")
    columns = _columns(grid, header_index)
    if not columns:
        raise SheetError(f"第{header_index + 1}行没有列名，请指定正确的表头行")
    rows = _rows(grid[header_index + 1 :], header_index + 2, columns)
    if len(rows) > MAX_ROWS:
        raise SheetError(f"共{len(rows)}行数据，超过{MAX_ROWS}行上限，请拆分后分次导入")
    if not rows:
        raise SheetError("表头以下没有数据，请填写后再上传")
    return Table(list(columns), rows, header_index + 1, columns, name)


def read_grid(data: bytes, filename: str, sheet: str | None = None) -> tuple[Grid, str]:
    """Return every cell from A1 on, as the file has them, and the sheet's name. Raises SheetError."""
    if check_file(data, filename) == "csv":
        return _csv_grid(data), ""
    with _open(data) as book:
        names = _visible_names(book)
        if not names:
            raise SheetError("文件中没有可见的工作表")
        name = names[0] if sheet is None else sheet
        if name not in names:
            raise SheetError(f"文件中没有名为“{name}”的工作表，现有：{'、'.join(names)}")
        try:
            page = book.get_sheet_by_name(name)
            check_rectangle(page.total_height, page.total_width)
            grid = page.to_python(skip_empty_area=False)
        except calamine.CalamineError as error:
            raise SheetError(f"工作表“{name}”无法读取，请另存为新的 xlsx 后重试") from error
    if not any(any(cell != "" for cell in row) for row in grid):
        raise SheetError(f"工作表“{name}”是空的，请确认数据所在的工作表")
    return grid, name


def clean_text(value: Any) -> str:
    """Return a cell as text: 1234.0 is 1234, dates ISO, booleans 是/否, stray blanks and control signs gone."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _tidy(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value))
        # 15 digits are what Excel shows; more would expose binary noise (0.1 + 0.2).
        text = f"{value:.15g}"
        return f"{value:.20f}".rstrip("0") if "e" in text else text
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="seconds" if value.second else "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.isoformat(timespec="seconds" if value.second else "minutes")
    return str(value)


def _tidy(text: str) -> str:
    if text.isprintable() and "_x000D_" not in text:
        text = text.strip()
        return GUARDED.sub("", text) if text.startswith("'") else text
    text = text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u3000", " ").replace("\xa0", " ")
    kept = (sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs"})
    return GUARDED.sub("", "".join(kept).strip())


def _open(data: bytes) -> calamine.CalamineWorkbook:
    try:
        return calamine.load_workbook(io.BytesIO(data))
    except calamine.PasswordError as error:
        raise SheetError("文件设有打开密码，请去掉密码后重新上传") from error
    except calamine.CalamineError as error:
        raise SheetError("文件已损坏或不是表格，请用 Excel 或 WPS 打开后另存为 xlsx 再上传") from error


def _csv_grid(data: bytes) -> Grid:
    text = _decode(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)
    grid: Grid = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(row) > MAX_COLUMNS:
                raise SheetError(f"第{len(grid) + 1}行有{len(row)}列，超过{MAX_COLUMNS}列上限，请检查分隔符")
            grid.append(row)
            if len(grid) > MAX_ROWS + HEADER_SEARCH:
                raise SheetError(f"数据超过{MAX_ROWS}行上限，请拆分后分次导入")
    except csv.Error as error:
        raise SheetError(
            f"第{len(grid) + 1}行无法识别（可能缺少引号），请用 Excel 或 WPS 打开后另存"
        ) from error
    if not any(any(cell.strip() for cell in row) for row in grid):
        raise SheetError("文件中没有数据")
    return grid


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]  # what WPS and Excel write on Chinese systems
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError("文件的文字编码无法识别，请另存为 xlsx 或 UTF-8 编码的 csv 后上传")


def _filled(row: list[Any]) -> int:
    return sum(1 for cell in row if clean_text(cell))


def _find_header(grid: Grid) -> int:
    filled = [_filled(row) for row in grid[:HEADER_SEARCH]]
    enough = max(filled, default=0) / 2
    for index, count in enumerate(filled):
        # A title above the table fills one cell; a one-column table has no wider row to compare with.
        if count and count >= enough and (count > 1 or enough <= 0.5):
            return index
    raise SheetError(f"前{HEADER_SEARCH}行没有找到表头，请把列名放在表格前部")


def _columns(grid: Grid, header_index: int) -> dict[str, int]:
    """Return {header: index}; a repeated name carries its column number, an unnamed column with data too."""
    columns: dict[str, int] = {}
    headers = grid[header_index]
    below = grid[header_index + 1 :]
    for index in range(max(len(headers), max((len(row) for row in below), default=0))):
        name = " ".join(clean_text(headers[index]).split()) if index < len(headers) else ""
        if not name:
            if not any(index < len(row) and clean_text(row[index]) for row in below):
                continue
            name = f"第{index + 1}列"
        if name in columns:
            name = f"{name}（第{index + 1}列）"
        columns[name] = index
    return columns


def _rows(below: Grid, first_number: int, columns: dict[str, int]) -> Rows:
    """The rows that say anything, column by column: what stands a thousand times in a column is cleaned once."""
    across = list(zip_longest(*below, fillvalue="")) if below else []
    texts: dict[str, list[str]] = {}
    lost: dict[int, list[tuple[str, str]]] = {}
    for header, index in columns.items():
        texts[header], faulty = _clean_column(across[index] if index < len(across) else ("",) * len(below))
        for position in faulty:
            lost.setdefault(position, []).append((header, LOST_MESSAGE))
    filled = [position for position, cells in enumerate(zip(*texts.values(), strict=True)) if any(cells)]
    if len(filled) == len(below):
        return Rows(list(range(first_number, first_number + len(below))), texts, lost)
    return Rows(
        [first_number + position for position in filled],
        {header: [column[position] for position in filled] for header, column in texts.items()},
        {new: lost[old] for new, old in enumerate(filled) if old in lost},
    )


def _clean_column(values: Sequence[Any]) -> tuple[list[str], list[int]]:
    """The cells as text, and the positions of those that had lost digits; every different cell is looked at once."""
    if bool in set(map(type, values)):
        # True and 1.0 are the same key and different texts.
        texts = list(map(clean_text, values))
        return texts, [position for position, value in enumerate(values) if _lost_digits(value)]
    different = set(values)
    known = dict(zip(different, map(clean_text, different), strict=True))
    faulty = set(filter(_lost_digits, different))
    return list(map(known.__getitem__, values)), [
        position for position, value in enumerate(values if faulty else ()) if value in faulty
    ]


def _lost_digits(value: Any) -> bool:
    if isinstance(value, str):
        return ROUNDED_TEXT.match(value.strip()) is not None
    return isinstance(value, float | int) and abs(value) >= LOST_DIGITS
