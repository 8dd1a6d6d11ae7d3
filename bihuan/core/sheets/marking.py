"""A copy of the user's own sheet with the faulty cells tinted and each row's problems in a last column."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from zipfile import BadZipFile

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from bihuan.core.sheets.guard import SheetError, check_file
from bihuan.core.sheets.reading import Table, clean_text, read_grid, read_table
from bihuan.core.sheets.writing import printable

Errors = Mapping[int, Sequence[tuple[str, str]]]

STYLED_ROWS = 5_000
ISSUE_COLUMN = "导入问题"
TINT = "FFF8D7DA"
AUTHOR = "闭环导入"


def mark_rows(
    data: bytes, filename: str, errors: Errors, *, sheet: str | None = None, header_row: int | None = None
) -> bytes:
    """Return an xlsx copy of ``data`` in which every row of ``errors`` says what is wrong with it.

    ``errors`` maps the sheet's own row number to (column header, message); an empty header concerns the
    whole row. An xlsx keeps its formats; xls, ods and csv become a new xlsx with the same cells in the same
    rows, and so does an xlsx of more than 5,000 rows, whose formats would cost minutes and gigabytes to keep.
    Marks of an earlier import are taken away first. Raises SheetError if the file cannot be read.
    """
    table = read_table(data, filename, sheet, header_row=header_row)
    if len(table.rows) <= STYLED_ROWS and check_file(data, filename) == "xlsx":
        return _mark_workbook(data, table, errors)
    grid, name = read_grid(data, filename, sheet)
    return _new_workbook(grid, name, table, errors)


def _message(problems: Sequence[tuple[str, str]]) -> str:
    return "；".join(f"{label}：{text}" if label else text for label, text in problems)


def _issue_index(table: Table) -> int:
    return table.columns.get(ISSUE_COLUMN, max(table.columns.values()) + 1)


def _mark_workbook(data: bytes, table: Table, errors: Errors) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parts openpyxl does not keep, such as slicers
            book = openpyxl.load_workbook(io.BytesIO(data))
    except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError) as error:
        raise SheetError("原文件格式特殊，无法生成标注副本，请另存为新的 xlsx 后重试") from error
    page = book[table.sheet]
    if not isinstance(page, Worksheet):
        raise SheetError(f"“{table.sheet}”不是工作表，无法标注")
    book.active = book.index(page)
    tint = PatternFill("solid", start_color=TINT, end_color=TINT)
    issue = _issue_index(table) + 1
    _remove_marks(page, table, issue)
    heading = page.cell(table.header_row, issue)
    heading.value = ISSUE_COLUMN
    heading.fill = tint
    page.column_dimensions[heading.column_letter].width = 60
    for number, problems in errors.items():
        cell = page.cell(number, issue)
        cell.value = printable(_message(problems))
        cell.data_type = "s"  # a message that quotes "=…" stays text
        cell.fill = tint
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        for label, text in problems:
            if label in table.columns:
                faulty = page.cell(number, table.columns[label] + 1)
                faulty.fill = tint
                if type(faulty).__name__ != "MergedCell":
                    faulty.comment = Comment(printable(text), AUTHOR)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _remove_marks(page: Worksheet, table: Table, issue: int) -> None:
    plain = PatternFill()
    for row in page.iter_rows(min_row=table.header_row, max_row=page.max_row, max_col=issue):
        for cell in row:
            if cell.comment is not None and cell.comment.author == AUTHOR:
                cell.comment = None
            if cell.has_style and cell.fill.fill_type == "solid" and cell.fill.start_color.rgb == TINT:
                cell.fill = plain
    if ISSUE_COLUMN in table.columns:
        for number in range(table.header_row + 1, page.max_row + 1):
            page.cell(number, issue).value = None


def _new_workbook(grid: list[list[object]], name: str, table: Table, errors: Errors) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    page = book.add_worksheet(name[:31] or "导入数据")
    tint = book.add_format({"bg_color": "#F8D7DA", "text_wrap": True, "valign": "top"})
    issue = _issue_index(table)
    page.set_column(issue, issue, 60)
    for index, row in enumerate(grid):
        problems = errors.get(index + 1, ())
        faulty = {table.columns[label] for label, _ in problems if label in table.columns}
        for column, value in enumerate(row):
            text = printable(clean_text(value))
            if column in faulty:
                page.write_string(index, column, text, tint)
            elif text and column != issue:
                page.write_string(index, column, text)
        if index + 1 == table.header_row:
            page.write_string(index, issue, ISSUE_COLUMN, tint)
        elif problems:
            page.write_string(index, issue, printable(_message(problems)), tint)
    book.close()
    return out.getvalue()
