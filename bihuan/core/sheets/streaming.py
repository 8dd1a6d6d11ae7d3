"""Exports of any length: written row by row in constant memory, resumable from any mark, no cell ever a formula.

An xlsx is a zip of XML parts. Its rows go straight into the deflated part of their sheet; a mark ends a block of the
deflate stream, so that a file cut off there can be written on. A sheet that is full is followed by another.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from xml.sax.saxutils import escape, quoteattr

from .writing import MAX_TEXT, Column, _csv_line, _footer, _is_number, _naive, as_text, printable, sheet_title

SHEET_ROWS = 1_048_576 - 2  # below the title and the headings
SHEET_BYTES = 3_500_000_000  # unpacked; a part of 4 GiB would need another zip format
REMEMBERED = 20_000  # texts whose XML is kept per file
EPOCH = dt.date(1899, 12, 30)
MARKUP = re.compile(r"[&<>]").search
ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
MEDIA_TYPES = {"xlsx": XLSX, "csv": CSV}
PLAIN, HEADING, DATE, MOMENT, FAINT = range(5)
Mark = dict[str, Any]
Row = Sequence[Any]


class RowFile(Protocol):
    """A file that takes rows. `mark` says from where to go on if it is opened again; nothing after it is kept."""

    def write(self, rows: Iterable[Row]) -> None: ...
    def mark(self) -> Mark: ...
    def close(self) -> None: ...


def open_rows(
    path: Path, form: str, columns: Sequence[Column], *, title: str, watermark: str, mark: Mark | None = None
) -> RowFile:
    """A new file of that form (xlsx, csv) at `path`, or the one begun there, cut off at `mark`."""
    kind: type[WorkbookFile] | type[CsvFile] = WorkbookFile if form == "xlsx" else CsvFile
    return kind(path, columns, title=title, watermark=watermark, mark=mark)


class CsvFile:
    """Rows as CSV with a byte order mark; text that could be a formula gets an apostrophe."""

    def __init__(
        self, path: Path, columns: Sequence[Column], *, title: str, watermark: str, mark: Mark | None = None
    ) -> None:
        self._file = _opened(path, mark["offset"] if mark else 0)
        if not mark:
            self._file.write(("\ufeff" + _csv_line([f"{title}　{watermark}"])).encode())
            self._file.write(_csv_line([column.label for column in columns]).encode())

    def write(self, rows: Iterable[Row]) -> None:
        self._file.write("".join(map(_csv_line, rows)).encode())

    def mark(self) -> Mark:
        _sync(self._file)
        return {"offset": self._file.tell()}

    def close(self) -> None:
        _sync(self._file)
        self._file.close()


class WorkbookFile:
    """Rows as an xlsx with title, frozen headings, filter and printed watermark on every sheet."""

    def __init__(
        self, path: Path, columns: Sequence[Column], *, title: str, watermark: str, mark: Mark | None = None
    ) -> None:
        self._columns, self._title, self._watermark = columns, title, watermark
        self._letters = [_letters(index) for index in range(len(columns))]
        self._texts: dict[str, str] = {}
        self._days: dict[dt.date, str] = {}
        self._parts: list[list[Any]] = [list(part) for part in mark["parts"]] if mark else []
        self._file = _opened(path, mark["offset"] if mark else 0)
        self._packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        if mark:
            self._begun, self._crc, self._raw, self._rows = mark["sheet"]
        else:
            self._begin_sheet()

    def write(self, rows: Iterable[Row]) -> None:
        lines: list[str] = []
        for row in rows:
            if self._rows == SHEET_ROWS or self._raw > SHEET_BYTES:
                self._pack("".join(lines))
                lines = []
                self._end_sheet()
                self._begin_sheet()
            self._rows += 1
            lines.append(self._line(self._rows + 2, row))
        self._pack("".join(lines))

    def mark(self) -> Mark:
        self._file.write(self._packer.flush(zlib.Z_FULL_FLUSH))
        _sync(self._file)
        sheet = [self._begun, self._crc, self._raw, self._rows]
        return {"offset": self._file.tell(), "parts": self._parts, "sheet": sheet}

    def close(self) -> None:
        self._end_sheet()
        sheets = len(self._parts)
        for name, text in _book_parts(sheets, sheet_title(self._title)):
            self._begin_part(name)
            self._pack(text)
            self._end_part()
        _write_directory(self._file, self._parts)
        _sync(self._file)
        self._file.close()

    # --- sheets ----------------------------------------------------------------------------------------

    def _begin_sheet(self) -> None:
        self._begin_part(f"xl/worksheets/sheet{len(self._parts) + 1}.xml")
        self._rows = 0
        widths = "".join(
            f'<col min="{index}" max="{index}" width="{column.width}" customWidth="1"/>'
            for index, column in enumerate(self._columns, start=1)
        )
        heading = "".join(
            _text_cell(f"{letters}2", column.label, HEADING)
            for letters, column in zip(self._letters, self._columns, strict=True)
        )
        title = _text_cell("A1", f"{self._title}　{self._watermark}", FAINT)
        self._pack(
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="2" topLeftCell="A3" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f'<cols>{widths}</cols><sheetData><row r="1">{title}</row><row r="2">{heading}</row>'
        )

    def _end_sheet(self) -> None:
        reach = f'<autoFilter ref="A2:{self._letters[-1]}{self._rows + 2}"/>' if self._rows else ""
        footer = escape(f"&L{_footer(self._watermark)}&R第&P页，共&N页")
        self._pack(
            f'</sheetData>{reach}<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
            f"<headerFooter><oddFooter>{footer}</oddFooter></headerFooter></worksheet>"
        )
        self._end_part()

    def _line(self, number: int, row: Row) -> str:
        cells = []
        for letters, value in zip(self._letters, row, strict=True):
            if value is None or value == "":
                continue
            if type(value) is str:
                text = self._texts.get(value)
                if text is None:
                    text = self._remember(value)
                cells.append(f'<c r="{letters}{number}" t="inlineStr"><is><t{text}</t></is></c>')
            elif type(value) is int or type(value) is Decimal or _is_number(value):
                cells.append(f'<c r="{letters}{number}"><v>{value}</v></c>')
            elif type(value) is dt.date:
                serial = self._days.get(value)
                if serial is None:
                    serial = self._days[value] = str((value - EPOCH).days)
                cells.append(f'<c r="{letters}{number}" s="{DATE}"><v>{serial}</v></c>')
            elif isinstance(value, dt.datetime):
                moment = _naive(value)
                seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
                days = (moment.date() - EPOCH).days + seconds / 86400
                cells.append(f'<c r="{letters}{number}" s="{MOMENT}"><v>{days:.9f}</v></c>')
            else:
                text = _text(as_text(value))
                cells.append(f'<c r="{letters}{number}" t="inlineStr"><is><t{text}</t></is></c>')
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _remember(self, value: str) -> str:
        if len(self._texts) >= REMEMBERED:
            self._texts.clear()
        text = self._texts[value] = _text(value)
        return text

    # --- parts of the zip ------------------------------------------------------------------------------

    def _begin_part(self, name: str) -> None:
        self._begun = [name, self._file.tell()]
        self._crc = self._raw = 0
        self._packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        self._file.write(_local_header(name, 0, 0, 0))

    def _pack(self, text: str) -> None:
        data = text.encode()
        self._crc = zlib.crc32(data, self._crc)
        self._raw += len(data)
        self._file.write(self._packer.compress(data))

    def _end_part(self) -> None:
        self._file.write(self._packer.flush())
        end = self._file.tell()
        name, offset = self._begun
        header = _local_header(name, self._crc, 0, self._raw)
        packed = end - offset - len(header)
        self._file.seek(offset)
        self._file.write(_local_header(name, self._crc, packed, self._raw))
        self._file.seek(end)
        self._parts.append([name, offset, self._crc, packed, self._raw])


def _opened(path: Path, size: int) -> Any:
    """The file cut off at `size`, ready to be written on. Raises ValueError when less than that is there."""
    file = path.open("r+b" if size else "w+b")
    if size:
        if file.seek(0, os.SEEK_END) < size:
            file.close()
            raise ValueError("the file is shorter than its mark")
        file.truncate(size)
        file.seek(size)
    return file


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _letters(index: int) -> str:
    """A, …, Z, AA, …: the name of a column counted from 0."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def _text(value: str) -> str:
    """What follows `<t` in a cell: the end of the tag and the text."""
    text = value if value.isprintable() and len(value) <= MAX_TEXT else printable(value)
    if "_x" in text:
        text = ESCAPE_LIKE.sub("_x005F_", text)
    if MARKUP(text):
        text = escape(text)
    keeps = text[:1].isspace() or text[-1:].isspace() or "\n" in text
    return f' xml:space="preserve">{text}' if keeps else f">{text}"


def _text_cell(place: str, value: str, style: int) -> str:
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t{_text(value)}</t></is></c>'


def _stamp() -> tuple[int, int]:
    return 0, (2026 - 1980) << 9 | 1 << 5 | 1  # the same for every file: the day stands in the watermark


def _local_header(name: str, crc: int, packed: int, raw: int) -> bytes:
    encoded = name.encode()
    time, day = _stamp()
    return (
        struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, time, day, crc, packed, raw, len(encoded), 0)
        + encoded
    )


def _write_directory(file: Any, parts: Sequence[Sequence[Any]]) -> None:
    begin = file.tell()
    time, day = _stamp()
    for name, offset, crc, packed, raw in parts:
        encoded = name.encode()
        file.write(
            struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, time, day, crc, packed, raw, len(encoded), 0, 0, 0, 0, 0,
                offset,
            )
        )  # fmt: skip
        file.write(encoded)
    size = file.tell() - begin
    file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(parts), len(parts), size, begin, 0))


def _book_parts(sheets: int, title: str) -> list[tuple[str, str]]:
    """The parts that make sheets a workbook: types, relations, styles, names."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    schema = "http://schemas.openxmlformats.org"
    kinds = f"{schema}/officeDocument/2006/relationships"
    numbers = range(1, sheets + 1)
    names = [title if sheets == 1 else f"{title[:25]} {number}" for number in numbers]
    of = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{of}.worksheet+xml"/>'
        for number in numbers
    )
    tabs = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    titles = "".join(
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{index}">{escape(_quoted(name))}!$1:$2</definedName>'
        for index, name in enumerate(names)
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{kinds}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return [
        (
            "[Content_Types].xml",
            f'{head}<Types xmlns="{schema}/package/2006/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
            f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{of}.sheet.main+xml"/>{types}'
            f'<Override PartName="/xl/styles.xml" ContentType="{of}.styles+xml"/></Types>',
        ),
        (
            "_rels/.rels",
            f'{head}<Relationships xmlns="{schema}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        ),
        (
            "xl/workbook.xml",
            f'{head}<workbook xmlns="{schema}/spreadsheetml/2006/main" xmlns:r="{kinds}"><sheets>{tabs}</sheets>'
            f"<definedNames>{titles}</definedNames></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            f'{head}<Relationships xmlns="{schema}/package/2006/relationships">{links}<Relationship '
            f'Id="rId{sheets + 1}" Type="{kinds}/styles" Target="styles.xml"/></Relationships>',
        ),
        (
            "xl/styles.xml",
            f'{head}<styleSheet xmlns="{schema}/spreadsheetml/2006/main">{STYLES}</styleSheet>',
        ),
    ]


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


STYLES = (
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="3"><font><sz val="11"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font>'
    '<font><sz val="11"/><color rgb="FF51606F"/><name val="宋体"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFEEF1F5"/></patternFill></fill></fills>'
    '<borders count="2"><border/><border><left/><right/><top/><bottom style="thin"/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="2" borderId="1" applyFont="1" applyFill="1" applyBorder="1" '
    'applyAlignment="1"><alignment wrapText="1"/></xf>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" applyNumberFormat="1" applyAlignment="1">'
    '<alignment horizontal="left"/></xf>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" applyNumberFormat="1" applyAlignment="1">'
    '<alignment horizontal="left"/></xf>'
    '<xf numFmtId="0" fontId="2" fillId="0" borderId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
)
