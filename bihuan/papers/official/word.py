"""Documents in the layout of GB/T 9704-2012 as Word files."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import segno
from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from bihuan.core import word as w
from bihuan.core.charts import Series
from bihuan.core.word_charts import add_chart
from bihuan.core.word_tables import ruled_table

from . import measures as m
from .sheets import LETTER, Sheet, closing_places, column_shares, numeric_columns, title_lines

INDENT = 2 * m.CHARACTER
SMALL = 7.5
# From the edge of the sheet to the line of the page number, whose dashes stand 7 mm under the type area.
FOOTER = m.BOTTOM - m.NUMBER_BELOW - m.SIZE_4 * m.POINT / 2
SCAN = "扫码查看本表各数的明细"
CENTRE, RIGHT, LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT


@dataclass
class _Press:
    """A document being printed; `width` is that of the page it stands on now."""

    document: WordDocument
    sheet: Sheet
    width: float = m.TEXT[0]

    def line(
        self, words: str = "", *, indent: bool = False, font: str = w.BODY_FONT, **looks: Any
    ) -> Paragraph:
        """A paragraph of the body: 3 号, 28.95 points a line."""
        paragraph = w.add_paragraph(self.document, "", line=m.LINE)
        if indent:
            paragraph.paragraph_format.first_line_indent = Pt(INDENT)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        if words:
            w.add_run(paragraph, words, font=font, closer=m.CLOSER, **looks)
        return paragraph

    def small(
        self, words: str, *, size: float = w.SIZE_5, font: str = w.BODY_FONT, side: Any = LEFT
    ) -> Paragraph:
        """Words around a table or chart."""
        paragraph = w.add_paragraph(self.document, words, line=size * 1.5, size=size, font=font)
        paragraph.alignment = side
        return paragraph


def docx_bytes(sheet: Sheet) -> bytes:
    """The document as .docx. A picture that cannot be read is named in its place."""
    document = w.new_document(size=m.SIZE_3)
    press = _Press(document, sheet)
    w.set_grid(document.sections[0])
    document.sections[0].footer_distance = Mm(FOOTER)
    if sheet.style == LETTER:
        _letter_head(press)
    else:
        _head(press)
    _title(press, sheet.title)
    if sheet.recipients:
        press.line("、".join(sheet.recipients) + "：")
    for block in sheet.body:
        _BLOCKS[block["kind"]](press, block)
    _imprint(press)
    w.number_pages(document)
    if sheet.draft:
        w.mark_taken(document, sheet.draft)
    return w.as_bytes(document, title=sheet.title, author=sheet.issuer)


def _head(press: _Press) -> None:
    sheet = press.sheet
    top: int = Mm(m.MARK_TOP)
    if sheet.urgency:
        press.line(sheet.urgency, font=w.HEAD_FONT)
        top -= Pt(m.LINE)
    size = m.mark_size(sheet.mark)
    mark = w.add_paragraph(press.document, "", line=size, size=size)
    mark.alignment = CENTRE
    mark.paragraph_format.space_before = top
    w.add_run(mark, sheet.mark, font=w.TITLE_FONT, size=size).font.color.rgb = w.RED
    number = w.add_paragraph(press.document, "", line=m.SIZE_3 + 2)
    number.paragraph_format.space_before = Pt(2 * m.LINE)
    if sheet.signers:
        stops = number.paragraph_format.tab_stops
        stops.add_tab_stop(Pt(m.CHARACTER))
        stops.add_tab_stop(Mm(m.TEXT[0]) - Pt(m.CHARACTER), w.TAB_RIGHT)
        w.add_run(number, f"\t{sheet.number}\t签发人：")
        w.add_run(number, "　".join(sheet.signers), font=w.SUBHEAD_FONT)
    else:
        number.alignment = CENTRE
        w.add_run(number, sheet.number)
    w.red_line(number, space=m.RED_LINE_BELOW / m.POINT)


def _letter_head(press: _Press) -> None:
    """信函格式 (10.1): the name in the first page's header, double red lines of 170 mm, the number at the right."""
    sheet, section = press.sheet, press.document.sections[0]
    section.different_first_page_header_footer = True
    section.header_distance, section.footer_distance = Mm(m.LETTER_MARK_TOP), Mm(m.LETTER_LINE_BOTTOM)
    size = m.mark_size(sheet.mark)
    mark = section.first_page_header.paragraphs[0]
    outside = Mm((m.TEXT[0] - m.LETTER_LINE) / 2)
    for paragraph in (mark, section.first_page_footer.paragraphs[0]):
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = outside
        paragraph.alignment = CENTRE
    mark.paragraph_format.line_spacing = Pt(size)
    w.add_run(mark, sheet.mark, font=w.TITLE_FONT, size=size).font.color.rgb = w.RED
    w.red_line(mark, style="thickThinSmallGap", space=m.RED_LINE_BELOW / m.POINT, width=3)
    w.red_line(section.first_page_footer.paragraphs[0], style="thinThickSmallGap", space=0, width=3)
    number = press.line(sheet.number)
    number.alignment = RIGHT


def _title(press: _Press, words: str, *, before: float = 2 * m.LINE) -> None:
    title = w.add_paragraph(press.document, "", line=32, after=m.LINE)
    for number, line in enumerate(title_lines(words)):
        if number:
            title.add_run().add_break()
        w.add_run(title, line, font=w.TITLE_FONT, size=m.SIZE_2)
    title.alignment = CENTRE
    title.paragraph_format.space_before = Pt(before)
    title.paragraph_format.keep_with_next = True


def _heading(press: _Press, block: dict[str, Any]) -> None:
    level = block.get("level", 1)
    font = {1: w.HEAD_FONT, 2: w.SUBHEAD_FONT}.get(level, w.BODY_FONT)
    heading = press.line(block["text"], indent=True, font=font)
    heading.paragraph_format.keep_with_next = True
    w.outline_level(heading, level)


def _text(press: _Press, block: dict[str, Any]) -> None:
    for part in block["text"].split("\n"):
        press.line(part, indent=True)


def _items(press: _Press, block: dict[str, Any]) -> None:
    for number, item in enumerate(block["items"], start=1):
        press.line(f"{number}.{item['text']}", indent=True)
        for note in item["notes"]:
            press.line(note, indent=True, size=m.SIZE_4)


def _facts(press: _Press, block: dict[str, Any]) -> None:
    rows = [[str(cell) for cell in row] for row in block["rows"]]
    _ruled(press, [], rows, [press.width * 0.24, press.width * 0.76])


def _ruled(press: _Press, heads: Any, rows: Any, widths: list[float], **looks: Any) -> None:
    ruled_table(press.document, heads, rows, widths, font=w.BODY_FONT, head_font=w.HEAD_FONT, **looks)


def _table(press: _Press, block: dict[str, Any]) -> None:
    if block.get("title"):
        press.small(
            block["title"], size=12, font=w.HEAD_FONT, side=CENTRE
        ).paragraph_format.keep_with_next = True
    if block.get("unit"):
        press.small(f"单位：{block['unit']}", side=RIGHT).paragraph_format.keep_with_next = True
    heads = [[(words, across, down) for words, across, down in row] for row in block.get("heads", [])]
    heads = heads or [[(words, 1, 1) for words in block["columns"]]]
    widths = [share * press.width for share in column_shares(block)]
    dense = len(block["columns"]) > 8
    _ruled(
        press,
        heads,
        block["rows"],
        widths,
        numeric=numeric_columns(block),
        size=9 if dense else w.SIZE_5,
        line=13 if dense else 15,
    )
    if block.get("address"):
        _note_and_code(press, block.get("note", ""), block["address"])
    elif block.get("note"):
        press.small(block["note"])
    press.small("", size=6)


def _chart(press: _Press, block: dict[str, Any]) -> None:
    series = [Series(line["name"], line["values"]) for line in block["series"]]
    rows = len(block["labels"]) * len(series)
    height = max(55.0, 14.0 + 7.0 * rows) if block["form"] == "bars" else 70.0
    add_chart(
        press.document,
        block["form"],
        block["labels"],
        series,
        title=block["title"],
        width=min(press.width - 6, 170),
        height=min(height, 190),
    )
    unit = f"（单位：{block['unit']}）" if block.get("unit") else ""
    press.small(block["title"] + unit, font=w.HEAD_FONT, side=CENTRE)


def _code(press: _Press, address: str, caption: str) -> None:
    paragraph = press.document.add_paragraph()
    paragraph.alignment = RIGHT
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    paragraph.add_run().add_picture(_qr(address), width=Mm(18))
    press.small(caption, size=SMALL, side=RIGHT)


def _note_and_code(press: _Press, note: str, address: str) -> None:
    """The note of a table at the left, the code that opens its rows at the right."""
    press.small("", size=1).paragraph_format.keep_with_next = True  # two tables that touch are read as one
    table = press.document.add_table(rows=1, cols=2)
    table.autofit = False
    w.set_widths(table, [press.width - 40, 40])
    w.fill_cell(table.cell(0, 0), note, size=w.SIZE_5, line=15)
    side = table.cell(0, 1).paragraphs[0]
    side.alignment = RIGHT
    side.add_run().add_picture(_qr(address), width=Mm(15))
    words = table.cell(0, 1).add_paragraph()
    words.alignment = RIGHT
    w.add_run(words, SCAN, size=SMALL)


def _qr_block(press: _Press, block: dict[str, Any]) -> None:
    _code(press, block["address"], block["caption"])


def _qr(address: str) -> io.BytesIO:
    out = io.BytesIO()
    segno.make_qr(address, error="m").save(out, kind="png", scale=6, border=2)
    out.seek(0)
    return out


def _picture(press: _Press, paragraph: Paragraph, pk: str, width: float) -> None:
    data = press.sheet.pictures(pk)
    readable = w.readable_picture(data) if data is not None else None
    if readable is None:
        w.add_run(paragraph, "（图片无法读取，请在系统中查看）", size=w.SIZE_5)
    else:
        paragraph.add_run().add_picture(readable, width=Mm(width))


def _photos(press: _Press, block: dict[str, Any]) -> None:
    _heading(press, {"text": block["title"]})
    for photo in block["photos"]:
        paragraph = press.document.add_paragraph()
        paragraph.alignment = CENTRE
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        paragraph.paragraph_format.keep_with_next = True
        _picture(press, paragraph, photo["id"], 100)
        press.small(photo["caption"], font=w.HEAD_FONT, side=CENTRE)


def _signatures(press: _Press, block: dict[str, Any]) -> None:
    for line in block["lines"]:
        paragraph = w.add_paragraph(press.document, f"{line['role']}（签名）：", line=m.LINE)
        if line["image"]:
            paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
            _picture(press, paragraph, line["image"], 34)
        words = " ".join(filter(None, (line[name] for name in ("name", "title", "method", "remark", "at"))))
        w.add_run(paragraph, f" {words}")


def _enclosures(press: _Press, block: dict[str, Any]) -> None:
    press.line().paragraph_format.keep_with_next = True
    many = len(block["names"]) > 1
    for number, name in enumerate(block["names"], start=1):
        before = "附件：" if number == 1 else "　　　"
        paragraph = press.line(f"{before}{f'{number}.' if many else ''}{name}")
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.left_indent = Pt(INDENT)


def _closing(press: _Press, block: dict[str, Any]) -> None:
    """Name and date at the right: the date ends four characters from the edge, the name is centred over it (7.3.5.1)."""
    for _ in range(2):
        press.line().paragraph_format.keep_with_next = True
    name, day = block["organization"], block["date"]
    for words, right in zip((name, day), closing_places(name, day), strict=True):
        paragraph = press.line(words)
        paragraph.alignment = RIGHT
        paragraph.paragraph_format.right_indent = Pt(right * m.CHARACTER)
        paragraph.paragraph_format.keep_with_next = words is name


def _annotation(press: _Press, block: dict[str, Any]) -> None:
    press.line(f"（{block['text']}）", indent=True)


def _appendix(press: _Press, block: dict[str, Any]) -> None:
    _new_section(press, lying=bool(block.get("landscape")))
    press.line(block["label"], font=w.HEAD_FONT)
    _title(press, block["title"], before=m.LINE)


def _new_section(press: _Press, *, lying: bool) -> None:
    section = press.document.add_section(WD_SECTION.NEW_PAGE)
    section.different_first_page_header_footer = False
    w.set_page(section, landscape=lying)
    w.set_grid(section)
    section.footer_distance = Mm(FOOTER)
    press.width = m.TEXT[1] if lying else m.TEXT[0]


def _imprint(press: _Press) -> None:
    """版记 held at the foot of the last page, the outer rules 0.35 mm, those between 0.25 (7.4)."""
    sheet, imprint = press.sheet, press.sheet.imprint
    if press.width > m.TEXT[0]:  # after a lying table: an upright page of its own
        _new_section(press, lying=False)
    if sheet.verify:
        code = press.document.add_paragraph()
        code.alignment = RIGHT
        code.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        w.add_run(code, f"扫码核验  核验码 {sheet.code} ", size=SMALL)
        code.add_run().add_picture(_qr(sheet.verify), width=Mm(17))
    rows = []
    if imprint["cc"]:
        rows.append(f"抄送：{'、'.join(imprint['cc'])}。")
    if sheet.style != LETTER:
        rows.append(f"{imprint['printer']}\t{imprint['date']}印发")
    framed = []
    for words in rows:
        paragraph = w.add_paragraph(press.document, words, line=22, size=m.SIZE_4)
        form = paragraph.paragraph_format
        form.right_indent = Pt(m.SIZE_4)
        if "\t" in words:
            form.left_indent = Pt(m.SIZE_4)
            form.tab_stops.add_tab_stop(Mm(press.width) - Pt(m.SIZE_4), w.TAB_RIGHT)
        else:
            form.left_indent, form.first_line_indent = Pt(4 * m.SIZE_4), Pt(-3 * m.SIZE_4)
        framed.append(paragraph)
    outer = 0.0 if sheet.style == LETTER else m.OUTER_RULE
    room = (m.TEXT[0] / m.POINT - 5 * m.SIZE_4) / m.SIZE_4  # characters of a line after 抄送：
    heights = [(1 if "\t" in words else max(1, -(-(len(words) - 3) // int(room)))) * 22 + 9 for words in rows]
    tops = [m.PAGE[1] - m.BOTTOM - sum(heights[place:]) * m.POINT for place in range(len(rows))]
    w.frame_at_foot(framed, width=press.width, tops=tops, outer=outer, inner=m.INNER_RULE)
    if framed:
        press.document.add_paragraph().paragraph_format.line_spacing = Pt(1)


_BLOCKS: dict[str, Callable[[_Press, dict[str, Any]], None]] = {
    "heading": _heading,
    "text": _text,
    "items": _items,
    "facts": _facts,
    "table": _table,
    "chart": _chart,
    "qr": _qr_block,
    "photos": _photos,
    "signatures": _signatures,
    "enclosures": _enclosures,
    "closing": _closing,
    "annotation": _annotation,
    "appendix": _appendix,
}
