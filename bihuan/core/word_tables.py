"""Ruled tables for Word, written as one piece of XML: thousands of cells in a fraction of a second.

Heads may have several tiers with cells across columns and rows; they repeat on every page, no row breaks across two.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.table import Table

from bihuan.core.sheets.writing import UNPRINTABLE

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TWIPS = 1440 / 25.4  # of a millimetre
HeadCell = tuple[str, int, int]  # words, columns, rows
LEFT, CENTRE, RIGHT = "left", "center", "right"


def ruled_table(
    document: WordDocument,
    heads: Sequence[Sequence[HeadCell]],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    numeric: Sequence[bool] = (),
    size: float = 10.5,
    line: float = 15,
    font: str,
    head_font: str,
) -> Table:
    """Add a table; `widths` are millimetres, columns that are `numeric` stand at the right. Raises ValueError when the
    head does not fill its columns."""
    grid = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in widths)
    sides = [RIGHT if place < len(numeric) and numeric[place] else LEFT for place in range(len(widths))]
    tops = "".join(
        f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(cells)}</w:tr>"
        for cells in _tiers(heads, widths, _looks(head_font, size), line)
    )
    looks = _looks(font, size)
    openings = [
        f'<w:tc><w:tcPr><w:tcW w:w="{_twips(width)}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        for width in widths
    ]
    body = "".join(
        "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
        + "".join(
            f"{opening}{_paragraphs(words, side, looks, line)}</w:tc>"
            for opening, words, side in zip(openings, row, sides, strict=True)
        )
        + "</w:tr>"
        for row in rows
    )
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    element = parse_xml(
        f'<w:tbl xmlns:w="{W}"><w:tblPr><w:tblW w:w="{_twips(sum(widths))}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{tops}{body}</w:tbl>"
    )
    document.element.body._insert_tbl(element)
    return Table(element, document._body)


def _tiers(
    heads: Sequence[Sequence[HeadCell]], widths: Sequence[float], looks: str, line: float
) -> list[list[str]]:
    """The cells of each tier: a cell over several rows is begun once and continued empty below."""
    taken: list[dict[int, int]] = [
        {} for _ in heads
    ]  # tier -> column -> columns of a cell continued from above
    tiers: list[list[str]] = []
    for tier, cells in enumerate(heads):
        found: list[str] = []
        column, waiting = 0, list(cells)
        while column < len(widths):
            if column in taken[tier]:
                across = taken[tier][column]
                found.append(
                    _head_cell("", widths[column : column + across], across, "<w:vMerge/>", looks, line)
                )
            elif waiting:
                words, across, down = waiting.pop(0)
                for below in range(tier + 1, min(tier + down, len(heads))):
                    taken[below][column] = across
                merged = '<w:vMerge w:val="restart"/>' if down > 1 else ""
                found.append(_head_cell(words, widths[column : column + across], across, merged, looks, line))
            else:
                raise ValueError("the head of the table does not fill its columns")
            column += across
        if waiting or column != len(widths):
            raise ValueError("the head of the table is wider than its columns")
        tiers.append(found)
    return tiers


def _head_cell(words: str, widths: Sequence[float], across: int, merged: str, looks: str, line: float) -> str:
    span = f'<w:gridSpan w:val="{across}"/>' if across > 1 else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{_twips(sum(widths))}" w:type="dxa"/>{span}{merged}<w:vAlign w:val="center"/></w:tcPr>'
        f"{_paragraphs(words, CENTRE, looks, line)}</w:tc>"
    )


def _looks(font: str, size: float) -> str:
    name = escape(font, {'"': "&quot;"})
    return f'<w:rPr><w:rFonts w:ascii="{name}" w:hAnsi="{name}" w:eastAsia="{name}"/><w:sz w:val="{round(size * 2)}"/></w:rPr>'


def _paragraphs(words: str, side: str, looks: str, line: float) -> str:
    shape = (
        '<w:pPr><w:snapToGrid w:val="0"/>'
        f'<w:spacing w:before="0" w:after="0" w:line="{round(line * 20)}" w:lineRule="exact"/><w:jc w:val="{side}"/></w:pPr>'
    )
    return "".join(
        f'<w:p>{shape}<w:r>{looks}<w:t xml:space="preserve">{escape(UNPRINTABLE.sub("", part))}</w:t></w:r></w:p>'
        for part in str(words).split("\n")
    )


def _twips(millimetres: float) -> int:
    return round(millimetres * TWIPS)
