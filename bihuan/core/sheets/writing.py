"""Writing exports: no cell can become a formula, every file says who took it, when and by what filter."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter

from bihuan.core.sheets.guard import SheetError

MAX_EXPORT_ROWS = 1_000_000  # a sheet ends at 1,048,576
MAX_TEXT = 32_000  # a cell holds 32,767 characters
MAX_FOOTER = 200  # Excel refuses a footer above 255 characters
CUT = "…（过长已截断）"
# Signs that begin a formula in some spreadsheet, also after a tab or a line break.
FORMULA_SIGNS = tuple("=+-@\t\r\n＝＋－＠")
# Excel accepts no control signs but tab and line breaks, no lone surrogates, no non-characters.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Column:
    """A column of an export: heading and width in characters."""

    label: str
    width: float = 16


def write_rows(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, title: str, watermark: str
) -> bytes:
    """Return an xlsx file of ``rows``; see write_rows_to."""
    out = io.BytesIO()
    write_rows_to(out, columns, rows, title=title, watermark=watermark)
    return out.getvalue()


def write_rows_to(
    file: BinaryIO, columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, title: str, watermark: str
) -> int:
    """Write an xlsx of ``rows`` to ``file`` in constant memory and return how many rows it holds.

    First line: title and ``watermark`` (who, when, which filter), second line: headings, both frozen; the
    watermark also stands in the printed footer. Numbers stay numbers, dates dates; everything else is
    written as text, so ``=+-@`` is never a formula. Raises SheetError beyond a million rows.
    """
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    page = book.add_worksheet(sheet_title(title))
    bold = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1, "text_wrap": True})
    faint = book.add_format({"font_color": "#51606F"})
    date = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
    page.write_string(0, 0, printable(f"{title}　{watermark}"), faint)
    for index, column in enumerate(columns):
        page.set_column(index, index, column.width)
        page.write_string(1, index, printable(column.label), bold)
    page.freeze_panes(2, 0)
    page.repeat_rows(0, 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.set_footer(f"&L{_footer(watermark)}&R第&P页，共&N页")
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > MAX_EXPORT_ROWS:
            book.close()
            raise SheetError(f"导出超过{MAX_EXPORT_ROWS}行，请缩小筛选范围后分次导出")
        for index, value in enumerate(row):
            if value is None or value == "":
                continue
            if _is_number(value):
                page.write_number(count + 1, index, value)
            elif isinstance(value, dt.datetime):
                page.write_datetime(count + 1, index, _naive(value), moment)
            elif isinstance(value, dt.date):
                page.write_datetime(count + 1, index, value, date)
            else:
                page.write_string(count + 1, index, as_text(value))
    if count and columns:
        page.autofilter(1, 0, count + 1, len(columns) - 1)
    book.close()
    return count


def write_csv(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, title: str, watermark: str
) -> Iterator[str]:
    """Yield a CSV line by line, with a byte order mark for Excel; text that could be a formula gets an apostrophe."""
    yield "\ufeff" + _csv_line([f"{title}　{watermark}"])
    yield _csv_line([column.label for column in columns])
    for row in rows:
        yield _csv_line(row)


def guard_formula(text: str) -> str:
    """Return ``text`` with a leading apostrophe if a spreadsheet might take it for a formula."""
    return f"'{text}" if text.lstrip(" \u3000").startswith(FORMULA_SIGNS) else text


def printable(text: str) -> str:
    """Return ``text`` as a cell can hold it: no control signs, at most 32,000 characters, said if cut."""
    text = UNPRINTABLE.sub("", text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - len(CUT)] + CUT


def as_text(value: Any) -> str:
    """Return any cell value as text: 是/否, ISO dates, otherwise its own words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return _naive(value).isoformat(sep=" ", timespec="minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    return printable(str(value))


def sheet_title(title: str) -> str:
    """Return ``title`` as a sheet name Excel accepts: at most 31 characters, without reserved signs."""
    name = re.sub(r"[\[\]:*?/\\]", " ", UNPRINTABLE.sub("", title)).strip(" '")[:31].strip(" '")
    return name if name and name.casefold() != "history" else "数据"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and math.isfinite(value)


def _csv_line(row: Sequence[Any]) -> str:
    out = io.StringIO()
    cells = [value if _is_number(value) else guard_formula(as_text(value)) for value in row]
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _footer(watermark: str) -> str:
    text = " ".join(printable(watermark).split())
    # An ampersand begins a code in a footer; doubled it prints itself.
    return text[: MAX_FOOTER // 2].replace("&", "&&")


def _naive(moment: dt.datetime) -> dt.datetime:
    """Excel has no time zones: show Beijing time."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(dt.timezone(dt.timedelta(hours=8))).replace(tzinfo=None)
