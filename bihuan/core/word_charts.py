"""Charts as Word draws them itself (DrawingML): sharp at any size, legible in black and white, their numbers inside.

The numbers lie in the file as a small workbook, so that "edit data" works in Word and WPS.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from bihuan.core.charts import Series
from bihuan.core.sheets.writing import UNPRINTABLE

CHART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
INKS = ("1F4E79", "8FAADC", "7F7F7F", "C55A11", "BFBFBF", "404040")
DASHES = ("solid", "dash", "sysDot", "dashDot", "lgDash", "sysDash")
BARS, COLUMNS, LINES = "bars", "columns", "lines"


def add_chart(
    document: WordDocument,
    form: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    title: str,
    width: float = 150,
    height: float = 75,
) -> Paragraph:
    """Draw a chart in a paragraph of its own; `form` is bars, columns or lines. Raises ValueError for another form."""
    if form not in {BARS, COLUMNS, LINES}:
        raise ValueError(f"a chart cannot be drawn as {form!r}")
    package = document.part.package
    number = sum(part.partname.startswith("/word/charts/") for part in package.iter_parts()) + 1
    words = _words(form, labels, series)
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), CHART, words.encode(), package)
    book = Part(PackURI(f"/word/embeddings/chart{number}.xlsx"), WORKBOOK, _workbook(labels, series), package)
    part.relate_to(book, RT.PACKAGE)
    paragraph: Paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    paragraph.add_run()._r.append(
        _drawing(document.part.relate_to(part, RT.CHART), number, title, Mm(width), Mm(height))
    )
    return paragraph


def _drawing(relation: str, number: int, title: str, width: int, height: int) -> Any:
    name = quoteattr(UNPRINTABLE.sub("", title))
    return parse_xml(
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f'<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
        f'<wp:docPr id="{1000 + number}" name={quoteattr(f"chart {number}")} descr={name}/><wp:cNvGraphicFramePr/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        f"r:id={quoteattr(relation)}/></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )


def _workbook(labels: Sequence[str], series: Sequence[Series]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    for row, label in enumerate(labels, start=1):
        sheet.write_string(row, 0, _plain(label))
    for column, line in enumerate(series, start=1):
        sheet.write_string(0, column, _plain(line.name))
        for row, value in enumerate(line.values, start=1):
            if value is not None:
                sheet.write_number(row, column, value)
    book.close()
    return out.getvalue()


def _words(form: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    drawn = "".join(_series(form, number, labels, line) for number, line in enumerate(series))
    if form == LINES:
        plot = f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{drawn}<c:marker val="1"/>'
        plot += '<c:axId val="1"/><c:axId val="2"/></c:lineChart>'
    else:
        lying = "bar" if form == BARS else "col"
        plot = f'<c:barChart><c:barDir val="{lying}"/><c:grouping val="clustered"/><c:varyColors val="0"/>{drawn}'
        plot += '<c:gapWidth val="60"/><c:axId val="1"/><c:axId val="2"/></c:barChart>'
    # Lying bars count from the top, as the table beside them.
    order = "maxMin" if form == BARS else "minMax"
    names, amounts, hidden = ("l", "t", 1) if form == BARS else ("b", "l", 0)
    legend = '<c:legend><c:legendPos val="t"/><c:overlay val="0"/></c:legend>' if len(series) > 1 else ""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<c:roundedCorners val="0"/><c:chart><c:autoTitleDeleted val="1"/>'
        f"<c:plotArea><c:layout/>{plot}"
        f'<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="{order}"/></c:scaling><c:delete val="0"/>'
        f'<c:axPos val="{names}"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        '<c:crossAx val="2"/><c:noMultiLvlLbl val="1"/></c:catAx>'
        f'<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/></c:scaling><c:delete val="{hidden}"/>'
        f'<c:axPos val="{amounts}"/><c:majorGridlines><c:spPr><a:ln w="3175"><a:solidFill><a:srgbClr val="D9D9D9"/>'
        f'</a:solidFill></a:ln></c:spPr></c:majorGridlines><c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/><c:crossAx val="1"/>'
        f'</c:valAx></c:plotArea>{legend}<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
        "<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>"
        '<c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="900"><a:latin typeface="宋体"/><a:ea typeface="宋体"/>'
        '</a:defRPr></a:pPr><a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
        '<c:externalData r:id="rId1"><c:autoUpdate val="0"/></c:externalData></c:chartSpace>'
    )


def _series(form: str, number: int, labels: Sequence[str], line: Series) -> str:
    column, last = chr(ord("B") + number), len(labels) + 1
    ink = INKS[number % len(INKS)]
    fill = f'<a:solidFill><a:srgbClr val="{ink}"/></a:solidFill>'
    if form == LINES:
        looks = f'<c:spPr><a:ln w="22225">{fill}<a:prstDash val="{DASHES[number % len(DASHES)]}"/></a:ln></c:spPr>'
        looks += f'<c:marker><c:symbol val="circle"/><c:size val="4"/><c:spPr>{fill}</c:spPr></c:marker>'
    else:
        looks = f'<c:spPr>{fill}<a:ln w="6350"><a:solidFill><a:srgbClr val="404040"/></a:solidFill></a:ln></c:spPr>'
        looks += '<c:invertIfNegative val="0"/>'
    shown = '<c:dLbls><c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/><c:showSerName val="0"/>'
    shown += '<c:showPercent val="0"/><c:showBubbleSize val="0"/></c:dLbls>'
    names = "".join(
        f'<c:pt idx="{place}"><c:v>{_said(label)}</c:v></c:pt>' for place, label in enumerate(labels)
    )
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{value}</c:v></c:pt>'
        for place, value in enumerate(line.values)
        if value is not None
    )
    smooth = '<c:smooth val="0"/>' if form == LINES else ""
    return (
        f'<c:ser><c:idx val="{number}"/><c:order val="{number}"/><c:tx><c:strRef><c:f>Sheet1!${column}$1</c:f>'
        f'<c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>{_said(line.name)}</c:v></c:pt></c:strCache></c:strRef></c:tx>'
        f"{looks}{shown if form != LINES or len(labels) <= 12 else ''}"
        f'<c:cat><c:strRef><c:f>Sheet1!$A$2:$A${last}</c:f><c:strCache><c:ptCount val="{len(labels)}"/>{names}</c:strCache>'
        f"</c:strRef></c:cat><c:val><c:numRef><c:f>Sheet1!${column}$2:${column}${last}</c:f><c:numCache>"
        f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(labels)}"/>{points}</c:numCache></c:numRef></c:val>'
        f"{smooth}</c:ser>"
    )


def _plain(words: str) -> str:
    return UNPRINTABLE.sub("", words)


def _said(words: str) -> str:
    return escape(_plain(words))
