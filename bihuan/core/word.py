"""Word files in the look of GB/T 9704-2012: one home for page, fonts, headings, tables and page numbers.

Page A4, 37/28/35/26 mm of margin; title 2 号 小标宋, body 3 号 仿宋, first level 黑体, second 楷体; page numbers 4 号 宋体
between two dashes, odd pages right, even pages left. Wide tables lie across (landscape) with the margins turned.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from PIL import Image, UnidentifiedImageError

from bihuan.core.sheets.writing import UNPRINTABLE

TITLE_FONT = "方正小标宋简体"
BODY_FONT = "仿宋_GB2312"
HEAD_FONT = "黑体"
SUBHEAD_FONT = "楷体_GB2312"
NUMBER_FONT = "宋体"
# Chinese type sizes in points.
SIZE_2, SIZE_3, SIZE_4, SIZE_5 = 22, 16, 14, 10.5
TEXT_WIDTH = 156  # mm: 210 - 28 - 26
WIDE_TEXT_WIDTH = 225  # mm: 297 - 37 - 35
LINE = 28.95  # points: 22 lines on 225 mm
RED = RGBColor(0xC8, 0x10, 0x2E)
# What the schema puts after borders, and after a frame, among the properties of a paragraph.
_AFTER_BORDERS = (
    "w:shd",
    "w:tabs",
    "w:suppressAutoHyphens",
    "w:snapToGrid",
    "w:spacing",
    "w:ind",
    "w:jc",
    "w:rPr",
)
_AFTER_FRAME = ("w:widowControl", "w:numPr", "w:suppressLineNumbers", "w:pBdr", *_AFTER_BORDERS)
TAB_RIGHT = WD_TAB_ALIGNMENT.RIGHT
GREY = RGBColor(0x51, 0x60, 0x6F)


def new_document(*, size: float = SIZE_3, landscape: bool = False) -> WordDocument:
    """An empty document with the page of the standard; `size` is the body's."""
    document = Document()
    set_page(document.sections[0], landscape=landscape)
    style = document.styles["Normal"]
    style.font.size = Pt(size)
    style.font.name = BODY_FONT
    # Word takes Chinese glyphs from eastAsia alone; font.name sets only the Latin ones.
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY_FONT)
    return document


def set_page(section: Section, *, landscape: bool = False) -> None:
    """A4 with the margins of the standard; lying, the head of the page is its binding side turned."""
    if landscape:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
        section.top_margin, section.right_margin = Mm(28), Mm(37)
        section.bottom_margin, section.left_margin = Mm(26), Mm(35)
    else:
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.left_margin = Mm(37), Mm(28)
        section.bottom_margin, section.right_margin = Mm(35), Mm(26)


def add_run(
    paragraph: Paragraph,
    words: str,
    *,
    font: str = BODY_FONT,
    size: float = SIZE_3,
    bold: bool = False,
    closer: float = 0,
) -> Run:
    """Words in one font, Chinese and Latin alike, each sign set `closer` points to the next; signs no file can hold are
    left out."""
    run = paragraph.add_run(UNPRINTABLE.sub("", words))
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, font
    properties = run._element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for name in ("w:eastAsia", "w:ascii", "w:hAnsi"):
        fonts.set(qn(name), font)
    if closer:
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), str(-round(closer * 20)))
        properties.insert_element_before(spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs")
    return run


def add_paragraph(
    parent: Any,
    words: str = "",
    *,
    indent: bool = False,
    after: float = 0,
    line: float = LINE,
    size: float = SIZE_3,
    font: str = BODY_FONT,
    bold: bool = False,
) -> Paragraph:
    """A paragraph of the body; `indent` is two characters of its size."""
    paragraph: Paragraph = parent.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(after)
    paragraph.paragraph_format.line_spacing = Pt(line)
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)
    if words:
        add_run(paragraph, words, font=font, size=size, bold=bold)
    return paragraph


def add_title(document: WordDocument, words: str) -> Paragraph:
    """The title: 2 号 小标宋, centred."""
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_after = Pt(12)
    title.paragraph_format.line_spacing = Pt(32)
    add_run(title, words, font=TITLE_FONT, size=SIZE_2)
    return title


def add_heading(document: WordDocument, words: str, *, level: int = 1) -> Paragraph:
    """一、 in 黑体, （一） in 楷体; it never stands alone at the foot of a page."""
    font = HEAD_FONT if level == 1 else SUBHEAD_FONT
    heading = add_paragraph(document, words, indent=True, font=font)
    heading.paragraph_format.keep_with_next = True
    heading.style = document.styles[f"Heading {level}"]
    heading.paragraph_format.space_before = Pt(0)
    heading.paragraph_format.space_after = Pt(0)
    for run in heading.runs:
        run.font.color.rgb, run.font.italic = RGBColor(0, 0, 0), False
    return heading


def red_line(paragraph: Paragraph, *, style: str = "single", space: float = 4, width: float = 1.5) -> None:
    """The red rule under a paragraph, `space` points below it."""
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (
        ("val", style), ("sz", round(width * 8)), ("space", round(space)), ("color", "C8102E")
    ):  # fmt: skip
        line.set(qn(f"w:{name}"), str(value))
    borders.append(line)
    # The schema fixes where borders stand among the properties of a paragraph.
    paragraph._p.get_or_add_pPr().insert_element_before(borders, *_AFTER_BORDERS)


def outline_level(paragraph: Paragraph, level: int) -> None:
    """Make a heading known to Word's navigation without changing how it looks."""
    mark = OxmlElement("w:outlineLvl")
    mark.set(qn("w:val"), str(level - 1))
    paragraph._p.get_or_add_pPr().insert_element_before(mark, "w:rPr")


def set_grid(section: Section) -> None:
    """Lay the grid of lines over the type area. Characters are set closer one by one (`add_run`): a grid of characters
    narrower than the type itself is read differently by Word, WPS and LibreOffice."""
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(round(LINE * 20)))


def frame_at_foot(
    paragraphs: Sequence[Paragraph], *, width: float, tops: Sequence[float], outer: float, inner: float
) -> None:
    """Hold paragraphs at the foot of the type area, ruled above, between and below (millimetres; 0 draws no rule).

    Each in a frame of its own, the last at the foot, those before it `tops` from the edge of the sheet: LibreOffice
    leaves two paragraphs of one frame where they stand in the text.
    """
    final = len(paragraphs) - 1
    for number, paragraph in enumerate(paragraphs):
        properties = paragraph._p.get_or_add_pPr()
        frame = OxmlElement("w:framePr")
        for name, value in (
            ("w", round(width / 25.4 * 1440)), ("hSpace", 0), ("wrap", "around"),
            ("vAnchor", "margin" if number == final else "page"), ("hAnchor", "margin"), ("xAlign", "center"),
            ("yAlign", "bottom") if number == final else ("y", round(tops[number] / 25.4 * 1440)),
        ):  # fmt: skip
            frame.set(qn(f"w:{name}"), str(value))
        properties.insert_element_before(frame, *_AFTER_FRAME)
        if not outer:
            continue
        borders = OxmlElement("w:pBdr")
        for side, rule in (
            ("top", inner if number else outer),
            ("bottom", outer if number == final else 0.0),
        ):
            if not rule:
                continue
            line = OxmlElement(f"w:{side}")
            for name, value in (
                ("val", "single"), ("sz", round(rule / 25.4 * 72 * 8)), ("space", 2), ("color", "000000")
            ):  # fmt: skip
                line.set(qn(f"w:{name}"), str(value))
            borders.append(line)
        properties.insert_element_before(borders, *_AFTER_BORDERS)


def fill_cell(cell: _Cell, words: str, *, bold: bool = False, size: float = 12, line: float = 20) -> None:
    """Write into an empty cell."""
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing = Pt(line)
    add_run(paragraph, words, size=size, bold=bold)


def set_widths(table: Table, millimetres: Sequence[float]) -> None:
    """Column widths; Word needs them in every row."""
    for row in table.rows:
        for cell, width in zip(row.cells, millimetres, strict=True):
            cell.width = Mm(width)


def add_table(
    document: WordDocument,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    size: float = SIZE_5,
) -> Table:
    """A ruled table whose head repeats on every page and whose rows never break across two."""
    table = document.add_table(rows=1 + len(rows), cols=len(columns))
    table.style = "Table Grid"
    table.autofit = False
    # Word reads the cells, LibreOffice and WPS the grid: both must say the same.
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    # Row and cell look-ups of python-docx walk the whole table each time: the rows are taken once.
    for number, (row, words) in enumerate(zip(table.rows, [columns, *rows], strict=True)):
        for cell, text, width in zip(row.cells, words, widths, strict=True):
            cell.width = Mm(width)
            fill_cell(cell, text, bold=number == 0, size=size, line=size * 1.5)
        whole_row(row)
    repeat_head(table.rows[0])
    return table


def repeat_head(row: _Row) -> None:
    """Print this row at the top of every page the table reaches."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def whole_row(row: _Row) -> None:
    """Keep the row on one page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def number_pages(document: WordDocument) -> None:
    """— 1 — at the foot: 4 号 宋体, odd pages right, even pages left, one character in from the edge."""
    document.settings.odd_and_even_pages_header_footer = True
    for section in document.sections:
        for footer, side in (
            (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
            (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
        ):
            footer.is_linked_to_previous = False
            paragraph = footer.paragraphs[0]
            paragraph.alignment = side
            if side == WD_ALIGN_PARAGRAPH.RIGHT:
                paragraph.paragraph_format.right_indent = Pt(SIZE_4)
            else:
                paragraph.paragraph_format.left_indent = Pt(SIZE_4)
            add_run(paragraph, "— ", font=NUMBER_FONT, size=SIZE_4)
            _page_field(add_run(paragraph, "", font=NUMBER_FONT, size=SIZE_4))
            add_run(paragraph, " —", font=NUMBER_FONT, size=SIZE_4)


def _page_field(run: Run) -> None:
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = words
        run._r.append(mark)


def mark_taken(document: WordDocument, words: str) -> None:
    """Who took the file and when, small and grey at the head of every page."""
    for section in document.sections:
        for header in (section.header, section.even_page_header):
            header.is_linked_to_previous = False
            paragraph = header.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
            add_run(paragraph, words, size=9).font.color.rgb = GREY


def readable_picture(data: bytes) -> io.BytesIO | None:
    """A stored picture as Word and PDF can hold it, PNG or JPEG; anything else the store keeps (WebP) becomes PNG.

    None for what cannot be read any more: it is named in its place, never left out silently.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            if image.format in {"PNG", "JPEG"}:
                return io.BytesIO(data)
            out = io.BytesIO()
            image.convert("RGBA").save(out, "PNG")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return None
    out.seek(0)
    return out


def as_bytes(document: WordDocument, *, title: str, author: str) -> bytes:
    """The file, with its title and author among its properties."""
    document.core_properties.title = UNPRINTABLE.sub("", title)[:250]
    document.core_properties.author = UNPRINTABLE.sub("", author)[:250]
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
