"""What a file is, by its bytes. The name and the sender's Content-Type are never believed."""

from __future__ import annotations

import io
import re
import threading
import unicodedata
import zipfile
from dataclasses import dataclass

import pypdfium2

from bihuan.core.sheets import SheetError
from bihuan.core.sheets.guard import check_file

from .errors import UploadRefused
from .limits import MAX_PARTS, MAX_PDF_PAGES, MAX_UNPACKED
from .models import Attachment

ACCEPTED = "可上传照片（jpg、png、webp、gif）、文档（pdf、docx、txt、html）和表格（xlsx、xls、ods、csv）"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET_TYPES = {
    "xlsx": XLSX,
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
}
_TRAPS = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PDFIUM = threading.Lock()  # pdfium is not safe for two threads at once
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """What the bytes are: our kind, the media type we will serve, the extension we store under."""

    kind: str
    media_type: str
    extension: str


# The container of the old Office formats.
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def sniff(data: bytes, name: str) -> Finding:
    """Say what `data` is and whether it is sound. Raises UploadRefused for everything we do not take.

    `name` only tells text files apart (csv, html, txt). Images are not decoded here: `images.reencode` does that.
    """
    if not data:
        raise UploadRefused("文件是空的，请重新选择文件")
    if data[:3] == b"\xff\xd8\xff":
        return Finding(Attachment.Kind.IMAGE, "image/jpeg", "jpg")
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return Finding(Attachment.Kind.IMAGE, "image/png", "png")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Finding(Attachment.Kind.IMAGE, "image/webp", "webp")
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        return Finding(Attachment.Kind.IMAGE, "image/gif", "gif")
    if data[:5] == b"%PDF-":
        _check_pdf(data)
        return Finding(Attachment.Kind.DOCUMENT, "application/pdf", "pdf")
    if data[:4] == b"PK\x03\x04":
        return _office(data, name)
    if data[:8] == COMPOUND and name.lower().endswith(".xls"):
        return _sheet(data, name)
    if data[:8] == COMPOUND and name.lower().endswith((".doc", ".wps")):
        return _old_document(data, name)
    return _text(data, name)


def _old_document(data: bytes, name: str) -> Finding:
    """A .doc or .wps: taken as it is, unless it carries macros or is locked. Its streams are named in UTF-16."""
    if any(stream.encode("utf-16-le") in data for stream in ("_VBA_PROJECT", "Macros", "EncryptedPackage")):
        raise UploadRefused("文件含有宏或设有密码，请另存为不含宏、不设密码的 docx 后上传")
    return Finding(Attachment.Kind.DOCUMENT, "application/msword", name.rpartition(".")[2].lower())


def _sheet(data: bytes, name: str) -> Finding:
    try:
        kind = check_file(data, name)
    except SheetError as error:
        raise UploadRefused(str(error)) from error
    return Finding(Attachment.Kind.SHEET, SHEET_TYPES[kind], kind)


def _office(data: bytes, name: str) -> Finding:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {part.filename for part in archive.infolist()}
            if "word/document.xml" not in names:
                return _sheet(data, name)
            _check_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise UploadRefused("文件已损坏或不完整，请用 Word 或 WPS 打开后另存为 docx 再上传") from error
    return Finding(Attachment.Kind.DOCUMENT, DOCX, "docx")


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Unpack every part once, counted: a bomb, a macro, a path out of the archive or an XML entity is refused."""
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UploadRefused("文件解压后过大，疑似异常文件，请另存为新的 docx 后重试")
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise UploadRefused("不是有效的 docx 文件，请用 Word 或 WPS 打开后另存再上传")
    for part in parts:
        if part.flag_bits & 1:
            raise UploadRefused("文件设有密码，请去掉密码后重新上传")
        pieces = part.filename.replace("\\", "/").split("/")
        if ".." in pieces or part.filename.startswith(("/", "\\")):
            raise UploadRefused("文件内部结构异常，可能是恶意文件，已拒绝")
        if pieces[-1].lower() in {"vbaproject.bin", "vbadata.xml"}:
            raise UploadRefused("文件含有宏，请另存为不含宏的 docx 后上传")
        is_xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
        tail = b""
        # zipfile stops at the declared size and compares the checksum, so a lying header fails here.
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                if is_xml:
                    text = tail + chunk.replace(b"\x00", b"")  # UTF-16 would hide the words
                    if _TRAPS.search(text):
                        raise UploadRefused("文件含有 XML 实体声明，可能是恶意文件，已拒绝")
                    tail = text[-16:]


def _check_pdf(data: bytes) -> None:
    damaged = "PDF 已损坏、不完整或设有密码，请重新导出后上传"
    if b"%%EOF" not in data[-2048:]:
        raise UploadRefused(damaged)
    try:
        with _PDFIUM:
            document = pypdfium2.PdfDocument(data)
            try:
                pages = len(document)
            finally:
                document.close()
    except pypdfium2.PdfiumError as error:
        raise UploadRefused(damaged) from error
    if not 1 <= pages <= MAX_PDF_PAGES:
        raise UploadRefused(f"PDF 有 {pages} 页，应在 1 至 {MAX_PDF_PAGES} 页之间，请拆分后上传")


def _text(data: bytes, name: str) -> Finding:
    text = _decoded(data)
    if text is None or any(
        unicodedata.category(sign) == "Cc" and sign not in "\t\n\r\f\x1a" for sign in text[:200_000]
    ):
        raise UploadRefused(f"不支持这种文件。{ACCEPTED}，请另存为其中一种再上传")
    extension = name.rpartition(".")[2].lower()
    if extension in {"csv", "tsv"}:
        return _sheet(data, name)
    if extension in {"htm", "html"}:
        return Finding(Attachment.Kind.DOCUMENT, "text/html", "html")
    if extension in {"txt", "md", "text"}:
        return Finding(Attachment.Kind.DOCUMENT, "text/plain", "txt")
    raise UploadRefused(f"文件内容与扩展名不符，或不支持这种文件。{ACCEPTED}")


def _decoded(data: bytes) -> str | None:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
