"""What an uploaded table may not be: too big, a bomb, an XML trap, something else in disguise.

Everything here runs before a spreadsheet library sees the file.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Literal

from lxml import etree

Kind = Literal["xlsx", "xls", "ods", "csv"]

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 300 * 1024 * 1024
MAX_PARTS = 3000
MAX_ROWS = 100_000
MAX_COLUMNS = 512
# Readers allocate the whole rectangle up to the furthest cell, however empty.
MAX_CELLS = 6_000_000  # a census of a hundred thousand with sixty columns
CHUNK = 1024 * 1024
MAX_TAG = 1024 * 1024  # from one "<" to the next, a long text between them included

TRAPS = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s>/])([^>]*?)(/?)>")
CELL_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
ROW_PLACE = re.compile(rb"\br\s*=\s*[\"'](\d{1,7})[\"']")
# How spreadsheet programs write them: an address first, plain attributes after it. What does not look like this is
# looked at tag by tag.
PLAIN = rb"(?: [A-Za-z0-9:]{1,32}=\"[^\"'&<>]*\")*"
UNUSUAL = re.compile(rb"<(?:row|c)[\t-\r>/]")
PREFIXED = re.compile(rb":(?:row|c)[\s>/]")
PLAIN_CELL = re.compile(rb"<c r=\"([A-Z]{1,3}[0-9]{1,7})\"" + PLAIN + rb">")
PLAIN_ROW = re.compile(rb"<row r=\"([0-9]{1,7})\"" + PLAIN + rb">")
LETTERS, DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
ODS_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
ODS_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


class SheetError(ValueError):
    """The file cannot be taken as a table. ``str()`` is a Chinese sentence with the remedy."""


def check_file(data: bytes, filename: str) -> Kind:
    """Return what kind of table ``data`` is, judged by content. Raises SheetError if it may not be read."""
    if not data:
        raise SheetError("文件是空的，请重新选择文件")
    if len(data) > MAX_BYTES:
        raise SheetError(f"文件{len(data) / 1048576:.1f}MB，超过20MB上限，请拆分后分次导入")
    if data[:4] == b"PK\x03\x04":
        return _check_zip(data)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        # Encrypted xlsx files come in the same container, with their streams named in UTF-16.
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise SheetError("文件设有打开密码，请去掉密码后重新上传")
        return "xls"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta")):
        raise SheetError("文件其实是网页（或XML）而不是表格，请用 Excel 或 WPS 打开后另存为 xlsx 再上传")
    if data[:5] == b"%PDF-":
        raise SheetError("文件是PDF而不是表格，请上传 xlsx、xls、ods 或 csv 文件")
    if b"\x00" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise SheetError("文件不是可识别的表格，请上传 xlsx、xls、ods 或 csv 文件")
    if not filename.lower().endswith((".csv", ".txt", ".tsv")):
        raise SheetError("文件内容与扩展名不符，请用 Excel 或 WPS 打开后另存为 xlsx 再上传")
    return "csv"


def _check_zip(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise SheetError("文件解压后过大，疑似异常文件，请另存为新的 xlsx 后重试")
            if any(part.flag_bits & 1 for part in parts):
                raise SheetError("文件设有密码，请去掉密码后重新上传")
            if "xl/workbook.xml" in names:
                kind: Kind = "xlsx"
            elif "content.xml" in names:
                kind = "ods"
            elif "xl/workbook.bin" in names:
                raise SheetError("不支持 xlsb 格式，请另存为 xlsx 后上传")
            else:
                raise SheetError("压缩文件中没有表格，请上传 xlsx、xls、ods 或 csv 文件本身")
            for part in parts:
                _check_part(archive, part)
            if kind == "ods":
                with archive.open("content.xml") as content:
                    _check_ods(content)
    except SheetError:
        raise
    except (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, OSError, EOFError, ValueError) as error:
        raise SheetError("文件已损坏或不完整，请用 Excel 或 WPS 打开后另存为 xlsx 再上传") from error
    except (NotImplementedError, RuntimeError) as error:
        raise SheetError("文件的压缩方式不受支持，请另存为新的 xlsx 后重试") from error
    return kind


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse XML that declares entities, and a rectangle of cells that no reader should allocate.

    Every XML part is treated as a possible worksheet: which one is, the file decides. zipfile stops at
    the declared size and then compares the checksum, so a lying header fails here too.
    """
    box, tail = _Box(), b""
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            if not tail and stream.tell() <= CHUNK and not _looks_like_xml(chunk):
                return
            # UTF-16 parts would hide the words; without the zero bytes they read as ASCII.
            text = tail + chunk.replace(b"\x00", b"")
            if TRAPS.search(text):
                raise SheetError("文件含有XML实体声明，可能是恶意文件，已拒绝读取")
            whole = max(0, text.rfind(b"<"))
            box.take(text[:whole])
            tail = text[whole:]
            if len(tail) > MAX_TAG:
                raise SheetError("文件内部结构异常，请另存为新的 xlsx 后重试")
    box.take(tail)
    check_rectangle(box.rows, box.columns)


def _looks_like_xml(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"<"


class _Box:
    """The furthest row and column any filled cell of a part claims."""

    def __init__(self) -> None:
        self.rows = self.columns = 0

    def take(self, text: bytes) -> None:
        cells, rows = PLAIN_CELL.findall(text), PLAIN_ROW.findall(text)
        openings = text.count(b"<c ") + text.count(b"<row ")
        if len(cells) + len(rows) != openings or UNUSUAL.search(text) or _has_prefixes(text):
            self._take_one_by_one(text)
            return
        if cells:
            places = b",".join(cells)
            rows += set(places.translate(None, LETTERS).split(b","))
            letters = set(places.translate(None, DIGITS).split(b","))
            self.columns = max(self.columns, max(map(_column_number, letters)))
        if rows:
            self.rows = max(self.rows, max(map(int, rows)))

    def _take_one_by_one(self, text: bytes) -> None:
        for match in TAG.finditer(text):
            name, attributes, closed = match.groups()
            if b"&" in attributes or attributes.count(b'"') % 2 or attributes.count(b"'") % 2:
                # No spreadsheet program writes addresses this way; it would hide them from us.
                raise SheetError("文件内部结构异常，请另存为新的 xlsx 后重试")
            if closed:
                continue  # formatted but empty
            if name == b"row":
                if place := ROW_PLACE.search(attributes):
                    self.rows = max(self.rows, int(place[1]))
            elif place := CELL_PLACE.search(attributes):
                self.rows = max(self.rows, int(place[2]))
                self.columns = max(self.columns, _column_number(place[1]))


def _has_prefixes(text: bytes) -> bool:
    # The plain look comes first: it costs a fraction of the other, and hardly any sheet needs that.
    return (b":c" in text or b":row" in text) and PREFIXED.search(text) is not None


def check_rectangle(rows: int, columns: int) -> None:
    """Refuse a used area wider than 512 columns or of more than six million cells."""
    if columns > MAX_COLUMNS:
        raise SheetError(f"表格使用到第{columns}列，超过{MAX_COLUMNS}列上限，请删除右侧多余的列")
    if rows * columns > MAX_CELLS:
        raise SheetError(
            f"表格使用到第{rows}行第{columns}列，范围过大，请删除数据下方和右侧多余的行列后重新保存"
        )


def _check_ods(content: object) -> None:
    """Refuse repeated cells that would unfold beyond the limits (repetition of empty ones is normal)."""
    rows = empty_rows = 0
    walker = etree.iterparse(
        content,  # type: ignore[arg-type]
        tag=(f"{ODS_TABLE}table-row", f"{ODS_TABLE}table"),
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
    )
    for _, element in walker:
        if element.tag.endswith("}table"):
            rows = empty_rows = 0
            continue
        width, used = 0, 0
        for cell in element:
            width += _repeat(cell.get(f"{ODS_TABLE}number-columns-repeated"))
            if len(cell) or cell.get(f"{ODS_OFFICE}value-type"):
                used = width
        repeat = _repeat(element.get(f"{ODS_TABLE}number-rows-repeated"))
        if used:
            rows += empty_rows + repeat
            empty_rows = 0
            check_rectangle(rows, used)
        else:
            empty_rows += repeat
        element.clear()


def _repeat(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 1


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
