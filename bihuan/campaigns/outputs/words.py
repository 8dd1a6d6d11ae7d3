"""任务分解表 and 责任清单 as Word files in the look of GB/T 9704-2012."""

from __future__ import annotations

from docx.document import Document as WordDocument

from bihuan.core.word import (
    WIDE_TEXT_WIDTH,
    add_heading,
    add_paragraph,
    add_table,
    add_title,
    as_bytes,
    mark_taken,
    new_document,
    number_pages,
)

from .content import Content, together

NUMERALS = "一二三四五六七八九"
BREAKDOWN = (
    ("序号", 11),
    ("任务", 38),
    ("工作内容", 76),
    ("牵头单位", 28),
    ("责任和配合单位", 34),
    ("完成期限", 26),
)
DUTIES = (("序号", 12), ("职责", 14), ("任务", 36), ("工作要求", 62), ("完成期限", 32))
REPORTS = (("报送内容和时间", 92), ("报给谁", 64))
MOST = 6  # names in one cell; beyond it the first and how many


def chinese_number(number: int) -> str:
    """1 to 99 as headings count them: 一, 十二, 三十."""
    tens, ones = divmod(number, 10)
    if not tens:
        return NUMERALS[ones - 1]
    head = "十" if tens == 1 else f"{NUMERALS[tens - 1]}十"
    return head + (NUMERALS[ones - 1] if ones else "")


def _finish(document: WordDocument, content: Content, title: str, watermark: str) -> bytes:
    number_pages(document)
    mark_taken(document, watermark)
    return as_bytes(document, title=title, author=content.office or content.title)


def breakdown_docx(content: Content, watermark: str) -> bytes:
    """The breakdown as one wide table, lying, the head repeated on every page."""
    title = f"{content.short_title}任务分解表"
    document = new_document(landscape=True)
    add_title(document, title)
    rows = []
    for job in content.jobs:
        others = [
            f"{label}：{names}"
            for role, label in (("responsible", "责任"), ("support", "配合"), ("territorial", "属地"))
            if (names := job.names(role, most=MOST))
        ]
        due = f"{job.due_on}\n{job.due_source}" if job.due_on else "未定"
        rows.append(
            (
                str(job.position),
                f"{job.heading}\n{job.no}".strip(),
                job.text,
                job.names("lead", most=MOST) or "—",
                "\n".join(others) or "—",
                due,
            )
        )
    columns = [label for label, _ in BREAKDOWN]
    widths = [width * WIDE_TEXT_WIDTH / sum(width for _, width in BREAKDOWN) for _, width in BREAKDOWN]
    add_table(document, columns, rows, widths)
    return _finish(document, content, title, watermark)


def duties_docx(content: Content, watermark: str) -> bytes:
    """Unit by unit: its tasks with role and deadline, and what it must report. Units charged alike stand together."""
    title = f"{content.short_title}责任清单"
    document = new_document()
    add_title(document, title)
    for number, (units, jobs, reports) in enumerate(content.alike(), start=1):
        add_heading(document, f"{chinese_number(min(number, 99))}、{together(units)}")
        if len(units) > 3:
            add_paragraph(
                document, f"包括：{'、'.join(unit.short for unit in units)}。", indent=True, size=12, line=20
            )
        add_heading(document, f"（一）承担任务 {len(jobs)} 项", level=2)
        rows = [
            (
                str(at),
                str(job.shares[units[0]].label),
                f"{job.heading}\n{job.no}".strip(),
                job.text,
                f"{job.due_on}\n{job.due_source}" if job.due_on else "未定",
            )
            for at, job in enumerate(jobs, start=1)
        ]
        add_table(document, [label for label, _ in DUTIES], rows, [width for _, width in DUTIES])
        if reports:
            add_heading(document, f"（二）报送要求 {len(reports)} 项", level=2)
            lines = [(report.when, report.to or "未写明") for report in reports]
            add_table(document, [label for label, _ in REPORTS], lines, [width for _, width in REPORTS])
        add_paragraph(document)
    return _finish(document, content, title, watermark)
