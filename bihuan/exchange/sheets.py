"""Filling another system's workbook and reading it back: their formats, widths and formulas stay, our values go in (U9)."""

from __future__ import annotations

import copy
import datetime as dt
import io
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from bihuan.core.errors import Refused
from bihuan.core.sheets.guard import SheetError, check_file
from bihuan.core.sheets.writing import printable

CELL = re.compile(r"^([A-Z]{1,2})([1-9][0-9]{0,4})$")
COLUMN = re.compile(r"^[A-Z]{1,2}$")
MOST_ROWS = 5000
MOST_STYLED = 200  # columns that look like the first row; formatting often reaches to the edge of the sheet
MOST_PLACES = 12  # after the point
PREVIEW_ROWS, PREVIEW_COLUMNS = 30, 14


def opened(data: bytes, name: str, *, values: bool = False) -> Workbook:
    """A workbook that passed the checks of hostile files. Raises Refused with the remedy."""
    try:
        if check_file(data, name) != "xlsx":
            raise Refused("套表只支持 xlsx，请用 Excel 或 WPS 另存为 xlsx 后上传")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parts openpyxl does not keep, such as slicers
            return openpyxl.load_workbook(io.BytesIO(data), data_only=values)
    except SheetError as error:
        raise Refused(str(error)) from error
    except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError) as error:
        raise Refused("文件格式特殊，请另存为新的 xlsx 后上传") from error


def sheet_names(data: bytes, name: str) -> list[str]:
    """The worksheets of a workbook."""
    return [page.title for page in opened(data, name).worksheets]


def page_of(book: Workbook, sheet: str) -> Worksheet:
    """A worksheet by its name. Raises Refused."""
    if sheet not in book.sheetnames or not isinstance(book[sheet], Worksheet):
        raise Refused(f"文件里没有工作表“{sheet[:40]}”，请重新选择")
    page: Worksheet = book[sheet]
    return page


def checked_place(text: str, *, by_row: bool) -> str:
    """A cell (C5) or a column (C) as it is kept. Raises Refused naming what was typed."""
    place = text.strip().upper()
    if by_row and COLUMN.match(place):
        return place
    if not by_row and CELL.match(place):
        return place
    raise Refused(f"“{text[:20]}”应填列号，例：C" if by_row else f"“{text[:20]}”应填单元格，例：C5")


def check_target(page: Worksheet, place: str, *, row: int | None = None) -> None:
    """A place may be written: no formula, not the hidden part of a merged cell. Raises Refused."""
    cell = page[place] if row is None else page[f"{place}{row}"]
    if type(cell).__name__ == "MergedCell":
        raise Refused(f"{cell.coordinate} 在合并单元格里，请填合并区左上角的格子")
    if cell.data_type == "f":
        raise Refused(f"{cell.coordinate} 是对方的公式，不能覆盖，请换一个格子")


def fill_cells(data: bytes, name: str, sheet: str, values: Mapping[str, Any]) -> bytes:
    """The workbook with these values in these cells; everything else as it was."""
    book = opened(data, name)
    page = page_of(book, sheet)
    for place, value in values.items():
        check_target(page, place)
        _write(page[place], value)
    return _saved(book)


def fill_rows(
    data: bytes, name: str, sheet: str, first_row: int, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> tuple[bytes, int]:
    """The workbook with rows from `first_row` on, formatted as that row is. Returns it and how many rows went in."""
    book = opened(data, name)
    page = page_of(book, sheet)
    for column in columns:
        check_target(page, column, row=first_row)
    width = max(min(page.max_column, MOST_STYLED), *[column_index_from_string(column) for column in columns])
    styles = [copy.copy(page.cell(first_row, index)._style) for index in range(1, width + 1)]
    height, count = page.row_dimensions[first_row].height, 0
    for number, values in enumerate(rows):
        if number == MOST_ROWS:
            raise Refused(f"超过 {MOST_ROWS} 行，请缩小范围分次填")
        at = first_row + number
        if number:
            page.row_dimensions[at].height = height
            for index, style in enumerate(styles, start=1):
                cell = page.cell(at, index)
                if type(cell).__name__ != "MergedCell":
                    cell._style = copy.copy(style)
        for column, value in zip(columns, values, strict=True):
            check_target(page, column, row=at)
            _write(page[f"{column}{at}"], value)
        count += 1
    return _saved(book), count


def read_cells(data: bytes, name: str, sheet: str, places: Iterable[str]) -> dict[str, Decimal | None]:
    """The numbers in these cells; formulas by their last value. Raises Refused naming a cell that holds no number."""
    page = page_of(opened(data, name, values=True), sheet)
    return {place: _number(page[place].value, place) for place in places}


def read_rows(data: bytes, name: str, sheet: str, first_row: int, columns: Sequence[str]) -> list[list[str]]:
    """The rows of a table as text, until the first wholly empty one."""
    page = page_of(opened(data, name, values=True), sheet)
    found: list[list[str]] = []
    for at in range(first_row, min(page.max_row, first_row + MOST_ROWS) + 1):
        row = [_text(page[f"{column}{at}"].value) for column in columns]
        if not any(row):
            break
        found.append(row)
    return found


def preview(data: bytes, name: str, sheet: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The upper left of a sheet with letters and numbers, to choose places by."""
    page = page_of(opened(data, name), sheet)
    width = min(max(page.max_column, 1), PREVIEW_COLUMNS)
    letters = [get_column_letter(index) for index in range(1, width + 1)]
    rows = [
        (at, [_text(page.cell(at, index).value)[:24] for index in range(1, width + 1)])
        for at in range(1, min(page.max_row, PREVIEW_ROWS) + 1)
    ]
    return letters, rows


def _write(cell: Any, value: Any) -> None:
    if value is None or value == "":
        cell.value = None
    elif isinstance(value, bool | int | float | dt.date):
        cell.value = value
    elif isinstance(value, Decimal):
        cell.value = int(value) if value == value.to_integral_value() else float(value)
    else:
        cell.value = printable(str(value))
        cell.data_type = "s"  # what begins with "=" stays text


def _number(value: Any, place: str) -> Decimal | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool | dt.date | dt.datetime):
        raise Refused(f"{place} 里不是数，请核对对应关系")
    try:
        number = Decimal(str(value).strip().replace(",", "").replace("，", ""))
    except InvalidOperation as error:
        raise Refused(f"{place} 里是“{str(value)[:20]}”，不是数，请核对对应关系") from error
    if not number.is_finite() or abs(number) >= Decimal(10) ** 14:
        raise Refused(f"{place} 里的数太大，请核对")
    # 1E-999999999 is a short word and a gigabyte when written out; 0.30000000000000004 is 0.3.
    if int(number.as_tuple().exponent) < -MOST_PLACES:
        number = round(number, MOST_PLACES)
    return number


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return printable(str(value)).strip()


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
