"""The two demo plans as .docx files, in the plain look of an official document (GB/T 9704-2012)."""

from __future__ import annotations

import calendar
import datetime as dt
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


WRITTEN_IN = (2026, 11)  # the month in which the two texts are current as they stand
_DATE = re.compile(r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})日|(?P<end>底))?")


def gas_text(today: dt.date | None = None) -> str:
    """Return the gas plan (云安委〔2026〕7号) as plain text, one paragraph per line; see `dated` for `today`."""
    return dated((DATA / "plan_gas.txt").read_text(encoding="utf-8"), today)


def chemicals_text(today: dt.date | None = None) -> str:
    """Return the chemicals plan (云安委〔2026〕9号) as plain text, one paragraph per line; see `dated`."""
    return dated((DATA / "plan_chemicals.txt").read_text(encoding="utf-8"), today)


def gas_docx(today: dt.date | None = None) -> bytes:
    """Return the gas plan as a .docx file; the same bytes every time for a month."""
    return document(gas_text(today))


def chemicals_docx(today: dt.date | None = None) -> bytes:
    """Return the chemicals plan as a .docx file; the same bytes every time for a month."""
    return document(chemicals_text(today))


def dated(text: str, today: dt.date | None) -> str:
    """Move every date of a plan by as many months as lie between the month it was written for and `today`.

    The plan is then as far advanced as it was meant to be, whenever the demo is loaded. A last day of a month stays
    a last day; a year left out in the text stays left out unless the move makes it ambiguous.
    """
    months = 0 if today is None else (today.year - WRITTEN_IN[0]) * 12 + today.month - WRITTEN_IN[1]
    if months == 0:
        return text
    issued = re.search(r"\n(\d{4})年(\d{1,2})月\d{1,2}日", text)
    years = (int(issued[2]) - 1 + months) // 12 if issued else 0
    context: list[int] = [WRITTEN_IN[0], WRITTEN_IN[0] + years]  # year in force as written, as printed

    def moved(found: re.Match[str]) -> str:
        if not (found["year"] or found["day"] or found["end"]):
            return found[0]
        if found["year"]:
            context[0] = int(found["year"])
        index = context[0] * 12 + int(found["month"]) - 1 + months
        year, month = index // 12, index % 12 + 1
        head = f"{year}年" if found["year"] or year != context[1] else ""
        context[1] = year
        if not found["day"]:
            return f"{head}{month}月{found['end'] or ''}"
        last_then = calendar.monthrange(context[0], int(found["month"]))[1]
        last_now = calendar.monthrange(year, month)[1]
        day = last_now if int(found["day"]) == last_then else min(int(found["day"]), last_now)
        return f"{head}{month}月{day}日"

    text = _DATE.sub(moved, text)
    for pattern in (r"〔{}〕", r"{}年第"):
        text = text.replace(pattern.format(WRITTEN_IN[0]), pattern.format(WRITTEN_IN[0] + years))
    return text


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
