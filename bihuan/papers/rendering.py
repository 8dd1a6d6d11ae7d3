"""A paper as a Word file. The printable page is the template papers/print.html over the same blocks.

Layout in the spirit of GB/T 9704-2012: A4, margins 37/28/35/26 mm, 小标宋 title, 仿宋 body, red line under the number.
"""

from __future__ import annotations

import io
from typing import Any

import segno
from django.conf import settings
from django.urls import reverse
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from bihuan.attachments import storage
from bihuan.attachments.models import Attachment
from bihuan.core.charts import Series
from bihuan.core.word import (
    BODY_FONT,
    HEAD_FONT,
    RED,
    SIZE_4,
    TEXT_WIDTH,
    TITLE_FONT,
    add_paragraph,
    add_run,
    as_bytes,
    fill_cell,
    new_document,
    readable_picture,
    red_line,
    set_widths,
)
from bihuan.core.word_charts import add_chart

from .documents import attachment_ids
from .models import Paper

BODY_SIZE = SIZE_4  # papers handed over at a door are set smaller than those sent by post
BODY_LINE = 26
PHOTOS_PER_ROW = 2


def run_of(
    paragraph: Paragraph, words: str, *, font: str = BODY_FONT, size: float = BODY_SIZE, bold: bool = False
) -> Run:
    """Words of a paper, in its size unless another is given."""
    return add_run(paragraph, words, font=font, size=size, bold=bold)


def paragraph_of(
    parent: Any, words: str = "", *, indent: bool = False, after: float = 0, **looks: Any
) -> Paragraph:
    """A paragraph of a paper, in its size and line unless others are given."""
    paragraph = add_paragraph(parent, "", indent=indent, after=after, line=BODY_LINE, size=BODY_SIZE)
    if words:
        run_of(paragraph, words, **looks)
    return paragraph


def verify_address(paper: Paper) -> str:
    """The absolute address printed as QR code: whoever holds the paper can check it there."""
    return f"{settings.PUBLIC_URL}{reverse('papers:verify', args=[paper.code])}"


def docx_bytes(paper: Paper) -> bytes:
    """Return the paper as .docx. A picture that cannot be read any more is named in its place, never left out silently."""
    pictures = {
        str(each.pk): each for each in Attachment.objects.filter(pk__in=attachment_ids(paper.content))
    }
    document = new_document(size=BODY_SIZE)
    _head(document, paper)
    for block in paper.content["blocks"]:
        _BLOCKS[block["kind"]](document, block, pictures)
    _foot(document, paper)
    return as_bytes(document, title=str(paper), author=paper.organization.name)


def _head(document: WordDocument, paper: Paper) -> None:
    issuer = paragraph_of(document, after=4)
    issuer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    issuer.paragraph_format.line_spacing = Pt(34)
    run_of(issuer, paper.organization.name, font=TITLE_FONT, size=24).font.color.rgb = RED
    number = paragraph_of(document, paper.number, after=2)
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    red_line(number)
    title = paragraph_of(document, after=10)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before = Pt(14)
    title.paragraph_format.line_spacing = Pt(32)
    run_of(title, paper.content["title"], font=TITLE_FONT, size=22)


def _foot(document: WordDocument, paper: Paper) -> None:
    code = io.BytesIO()
    segno.make_qr(verify_address(paper), error="m").save(code, kind="png", scale=6, border=2)
    table = document.add_table(rows=1, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    set_widths(table, [30, TEXT_WIDTH - 30])
    code.seek(0)
    table.cell(0, 0).paragraphs[0].add_run().add_picture(code, width=Mm(26))
    note = table.cell(0, 1).paragraphs[0]
    run_of(note, f"扫码核验本文书真伪。文号：{paper.number}；核验码：{paper.code}", size=10.5)


def _facts(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    table = document.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    table.autofit = False
    for label, value in block["rows"]:
        cells = table.add_row().cells
        fill_cell(cells[0], label, bold=True)
        fill_cell(cells[1], value)
    set_widths(table, [38, TEXT_WIDTH - 38])
    paragraph_of(document)


def _heading(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, block["text"], indent=True, font=HEAD_FONT).paragraph_format.keep_with_next = True


def _text(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, block["text"], indent=not block["text"].endswith("："))


def _items(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    for no, item in enumerate(block["items"], start=1):
        paragraph_of(document, f"{no}．{item['text']}", indent=True)
        for note in item["notes"]:
            paragraph_of(document, note, indent=True, size=12)


def _table(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    table = document.add_table(rows=0, cols=len(block["columns"]))
    table.style = "Table Grid"
    for row in [block["columns"], *block["rows"]]:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            fill_cell(cell, words, bold=row is block["columns"])
    paragraph_of(document)


def _photos(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, block["title"], indent=True, font=HEAD_FONT).paragraph_format.keep_with_next = True
    shots = block["photos"]
    table = document.add_table(rows=0, cols=PHOTOS_PER_ROW)
    width = TEXT_WIDTH / PHOTOS_PER_ROW
    for start in range(0, len(shots), PHOTOS_PER_ROW):
        cells = table.add_row().cells
        for cell, shot in zip(cells, shots[start : start + PHOTOS_PER_ROW], strict=False):
            _picture(cell.paragraphs[0], pictures.get(shot["id"]), Mm(width - 4))
            run_of(cell.add_paragraph(), shot["caption"], size=10.5)
    set_widths(table, [width] * PHOTOS_PER_ROW)


def _signatures(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    for line in block["lines"]:
        paragraph = paragraph_of(document, f"{line['role']}（签名）：")
        if line["image"]:
            _picture(paragraph, pictures.get(line["image"]), Mm(34))
        words = " ".join(
            filter(None, [line["name"], line["title"], line["method"], line["remark"], line["at"]])
        )
        run_of(paragraph, f" {words}", size=12)


def _recipients(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, "、".join(block["names"]) + "：")


def _enclosures(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, "附件：" + "；".join(block["names"]), indent=True)


def _annotation(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, f"（{block['text']}）", indent=True)


def _appendix(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, f"{block['label']}　{block['title']}", font=HEAD_FONT)


def _qr(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    paragraph_of(document, f"{block['caption']}：{block['address']}", indent=True)


def _chart(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    series = [Series(line["name"], line["values"]) for line in block["series"]]
    add_chart(document, block["form"], block["labels"], series, title=block["title"])
    paragraph_of(document, block["title"]).alignment = WD_ALIGN_PARAGRAPH.CENTER


def _imprint(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    if block["cc"]:
        paragraph_of(document, f"抄送：{'、'.join(block['cc'])}。")


def _closing(document: WordDocument, block: dict[str, Any], pictures: dict[str, Attachment]) -> None:
    for words in (f"{block['organization']}（印章）", block["date"]):
        paragraph = paragraph_of(document, words)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Pt(28)
    paragraph_of(document)


def _picture(paragraph: Paragraph, attachment: Attachment | None, width: Any) -> None:
    try:
        data = readable_picture(storage.read(attachment.path)) if attachment is not None else None
    except (OSError, ValueError):
        data = None
    if data is not None:
        paragraph.add_run().add_picture(data, width=width)
    else:
        run_of(paragraph, "（图片无法读取，请在系统中查看）", size=10.5)


_BLOCKS = {
    "facts": _facts,
    "heading": _heading,
    "text": _text,
    "items": _items,
    "table": _table,
    "photos": _photos,
    "signatures": _signatures,
    "closing": _closing,
    "recipients": _recipients,
    "enclosures": _enclosures,
    "annotation": _annotation,
    "appendix": _appendix,
    "qr": _qr,
    "chart": _chart,
    "imprint": _imprint,
}
