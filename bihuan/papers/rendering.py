"""A paper as a Word file. The printable page is the template papers/print.html over the same blocks.

Layout in the spirit of GB/T 9704-2012: A4, margins 37/28/35/26 mm, 小标宋 title, 仿宋 body, red line under the number.
"""

from __future__ import annotations

import io
from typing import Any

import segno
from django.conf import settings
from django.urls import reverse
from docx import Document
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from PIL import Image, UnidentifiedImageError

from bihuan.attachments import storage
from bihuan.attachments.models import Attachment

from .documents import attachment_ids
from .models import Paper

TITLE_FONT = "方正小标宋简体"
BODY_FONT = "仿宋_GB2312"
HEAD_FONT = "黑体"
RED = RGBColor(0xC8, 0x10, 0x2E)
TEXT_WIDTH = 156  # mm: 210 - 28 - 26
PHOTOS_PER_ROW = 2


def verify_address(paper: Paper) -> str:
    """The absolute address printed as QR code: whoever holds the paper can check it there."""
    return f"{settings.PUBLIC_URL}{reverse('papers:verify', args=[paper.code])}"


def docx_bytes(paper: Paper) -> bytes:
    """Return the paper as .docx. A picture that cannot be read any more is named in its place, never left out silently."""
    pictures = {
        str(each.pk): each for each in Attachment.objects.filter(pk__in=attachment_ids(paper.content))
    }
    document = Document()
    _page(document)
    _head(document, paper)
    for block in paper.content["blocks"]:
        _BLOCKS[block["kind"]](document, block, pictures)
    _foot(document, paper)
    document.core_properties.title = str(paper)
    document.core_properties.author = paper.organization.name
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _page(document: WordDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin = Mm(37), Mm(28)
    section.bottom_margin, section.right_margin = Mm(35), Mm(26)
    style = document.styles["Normal"]
    style.font.size = Pt(14)
    style.font.name = BODY_FONT
    # Word takes Chinese glyphs from eastAsia alone; font.name sets only the Latin ones.
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY_FONT)


def _run(
    paragraph: Paragraph, words: str, *, font: str = BODY_FONT, size: float = 14, bold: bool = False
) -> Run:
    run = paragraph.add_run(words)
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, font
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:eastAsia", "w:ascii", "w:hAnsi"):
        fonts.set(qn(name), font)
    return run


def _paragraph(
    parent: Any, words: str = "", *, indent: bool = False, after: float = 0, **looks: Any
) -> Paragraph:
    paragraph: Paragraph = parent.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(after)
    paragraph.paragraph_format.line_spacing = Pt(26)
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(28)
    if words:
        _run(paragraph, words, **looks)
    return paragraph


def _head(document: WordDocument, paper: Paper) -> None:
    issuer = _paragraph(document, after=4)
    issuer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    issuer.paragraph_format.line_spacing = Pt(34)
    _run(issuer, paper.organization.name, font=TITLE_FONT, size=24).font.color.rgb = RED
    number = _paragraph(document, paper.number, after=2)
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _red_line(number)
    title = _paragraph(document, after=10)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before = Pt(14)
    title.paragraph_format.line_spacing = Pt(32)
    _run(title, paper.content["title"], font=TITLE_FONT, size=22)


def _red_line(paragraph: Paragraph) -> None:
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "12"), ("space", "4"), ("color", "C8102E")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def _foot(document: WordDocument, paper: Paper) -> None:
    code = io.BytesIO()
    segno.make_qr(verify_address(paper), error="m").save(code, kind="png", scale=6, border=2)
    table = document.add_table(rows=1, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    _widths(table, [30, TEXT_WIDTH - 30])
    code.seek(0)
    table.cell(0, 0).paragraphs[0].add_run().add_picture(code, width=Mm(26))
    note = table.cell(0, 1).paragraphs[0]
    _run(note, f"扫码核验本文书真伪。文号：{paper.number}；核验码：{paper.code}", size=10.5)


def _cell(cell: _Cell, words: str, *, bold: bool = False, size: float = 12) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing = Pt(20)
    _run(paragraph, words, size=size, bold=bold)


def _widths(table: Table, millimetres: list[float]) -> None:
    for row in table.rows:
        for cell, width in zip(row.cells, millimetres, strict=True):
            cell.width = Mm(width)


def _facts(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    table = document.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    table.autofit = False
    for label, value in block["rows"]:
        cells = table.add_row().cells
        _cell(cells[0], label, bold=True)
        _cell(cells[1], value)
    _widths(table, [38, TEXT_WIDTH - 38])
    _paragraph(document)


def _heading(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    _paragraph(document, block["text"], indent=True, font=HEAD_FONT).paragraph_format.keep_with_next = True


def _text(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    _paragraph(document, block["text"], indent=not block["text"].endswith("："))


def _items(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    for no, item in enumerate(block["items"], start=1):
        _paragraph(document, f"{no}．{item['text']}", indent=True)
        for note in item["notes"]:
            _paragraph(document, note, indent=True, size=12)


def _table(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    table = document.add_table(rows=0, cols=len(block["columns"]))
    table.style = "Table Grid"
    for row in [block["columns"], *block["rows"]]:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            _cell(cell, words, bold=row is block["columns"])
    _paragraph(document)


def _photos(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    _paragraph(document, block["title"], indent=True, font=HEAD_FONT).paragraph_format.keep_with_next = True
    shots = block["photos"]
    table = document.add_table(rows=0, cols=PHOTOS_PER_ROW)
    width = TEXT_WIDTH / PHOTOS_PER_ROW
    for start in range(0, len(shots), PHOTOS_PER_ROW):
        cells = table.add_row().cells
        for cell, shot in zip(cells, shots[start : start + PHOTOS_PER_ROW], strict=False):
            _picture(cell.paragraphs[0], pictures.get(shot["id"]), Mm(width - 4))
            _run(cell.add_paragraph(), shot["caption"], size=10.5)
    _widths(table, [width] * PHOTOS_PER_ROW)


def _signatures(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    for line in block["lines"]:
        paragraph = _paragraph(document, f"{line['role']}（签名）：")
        if line["image"]:
            _picture(paragraph, pictures.get(line["image"]), Mm(34))
        words = " ".join(
            filter(None, [line["name"], line["title"], line["method"], line["remark"], line["at"]])
        )
        _run(paragraph, f" {words}", size=12)


def _closing(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    for words in (f"{block['organization']}（印章）", block["date"]):
        paragraph = _paragraph(document, words)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Pt(28)
    _paragraph(document)


def _picture(paragraph: Paragraph, attachment: Attachment | None, width: Any) -> None:
    if attachment is not None:
        try:
            data = _as_word_reads(storage.read(attachment.path))
            paragraph.add_run().add_picture(data, width=width)
            return
        except (OSError, ValueError, UnidentifiedImageError):
            pass  # the words below say so in its place
    _run(paragraph, "（图片无法读取，请在系统中查看）", size=10.5)


def _as_word_reads(data: bytes) -> io.BytesIO:
    """Word files hold PNG and JPEG; anything else the store keeps (WebP) is turned into PNG."""
    with Image.open(io.BytesIO(data)) as image:
        if image.format in {"PNG", "JPEG"}:
            return io.BytesIO(data)
        out = io.BytesIO()
        image.convert("RGBA").save(out, "PNG")
    out.seek(0)
    return out


_BLOCKS = {
    "facts": _facts,
    "heading": _heading,
    "text": _text,
    "items": _items,
    "table": _table,
    "photos": _photos,
    "signatures": _signatures,
    "closing": _closing,
}
