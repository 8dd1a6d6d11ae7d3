"""The two demo plans as .docx files, in the plain look of an official document (GB/T 9704-2012)."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

DATA = Path(__file__).parent / "data"
BODY, TITLE, HEADING, SUBHEADING = "仿宋", "方正小标宋简体", "黑体", "楷体"
ZIP_MOMENT = (2026, 7, 24, 9, 0, 0)  # one fixed stamp, so that the same text gives the same bytes


def gas_text() -> str:
    """Return the gas plan (云安委〔2026〕7号) as plain text, one paragraph per line."""
    return (DATA / "plan_gas.txt").read_text(encoding="utf-8")


def chemicals_text() -> str:
    """Return the chemicals plan (云安委〔2026〕9号) as plain text, one paragraph per line."""
    return (DATA / "plan_chemicals.txt").read_text(encoding="utf-8")


def gas_docx() -> bytes:
    """Return the gas plan as a .docx file; the same bytes every time."""
    return document(gas_text())


def chemicals_docx() -> bytes:
    """Return the chemicals plan as a .docx file; the same bytes every time."""
    return document(chemicals_text())


def _write(paragraph: Any, text: str, font: str, size: float, *, colour: RGBColor | None = None) -> None:
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.name = "Times New Roman"
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)  # python-docx has no setter for the Chinese font
    if colour is not None:
        run.font.color.rgb = colour


def _paragraph(doc: Any, line: str, seen_notice: bool) -> None:
    """Add one line in the style its own form calls for: letterhead, number, title, heading or body."""
    paragraph = doc.add_paragraph()
    layout = paragraph.paragraph_format
    layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    layout.line_spacing = Pt(28.95)  # 22 lines on 225 mm
    layout.space_after = Pt(0)
    centred = WD_ALIGN_PARAGRAPH.CENTER
    if line.endswith("委员会文件"):
        paragraph.alignment = centred
        layout.line_spacing_rule = WD_LINE_SPACING.SINGLE
        _write(paragraph, line, TITLE, 26, colour=RGBColor(0xC0, 0x00, 0x00))
    elif re.fullmatch(r"云安委〔\d{4}〕\d+号", line):
        paragraph.alignment = centred
        layout.space_after = Pt(24)
        _write(paragraph, line, BODY, 16)
    elif line.startswith("云溪市") and line.endswith(("的通知", "方案")):
        paragraph.alignment = centred
        layout.space_before = layout.space_after = Pt(18)
        layout.page_break_before = seen_notice
        _write(paragraph, line, TITLE, 22)
    elif line.endswith("：") and line.startswith("各县"):
        _write(paragraph, line, BODY, 16)
    elif line == "云溪市安全生产委员会" or re.fullmatch(r"\d{4}年\d{1,2}月\d{1,2}日", line):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        layout.right_indent = Pt(64)
        _write(paragraph, line, BODY, 16)
    else:
        layout.first_line_indent = Pt(32)
        heading = re.match(r"[一二三四五六七八九十]+、", line)
        subheading = re.match(r"（[一二三四五六七八九十]+）[^。]*(。|$)", line)
        if heading:
            _write(paragraph, line, HEADING, 16)
        elif subheading:
            _write(paragraph, subheading.group(), SUBHEADING, 16)
            _write(paragraph, line[subheading.end() :], BODY, 16)
        else:
            _write(paragraph, line, BODY, 16)


def document(text: str) -> bytes:
    """Return ``text``, one paragraph per line, as a .docx file in official layout."""
    doc = Document()
    section = doc.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    titles = 0
    for line in filter(None, (line.strip() for line in text.splitlines())):
        is_title = line.startswith("云溪市") and line.endswith(("的通知", "方案"))
        _paragraph(doc, line, seen_notice=is_title and titles > 0)
        titles += is_title
    raw = io.BytesIO()
    doc.save(raw)
    return _fixed_stamps(raw.getvalue())


def _fixed_stamps(archive: bytes) -> bytes:
    """Return the same zip with every entry stamped alike, since writing stamps the current time."""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            stamped = zipfile.ZipInfo(entry.filename, ZIP_MOMENT)
            stamped.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(stamped, source.read(entry))
    return output.getvalue()
