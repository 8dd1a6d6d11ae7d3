"""Outputs of a draft and of a campaign, one menu 导出: sheets, Word files, JSON, calendar and the one-page chart.

Every file names who took it and when, and every export is on record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record

from ..models import Campaign, PlanDocument
from .calendars import calendar_ics
from .chart import Chart, lay_out
from .content import Content, Unit, of_campaign, of_draft
from .sheets import breakdown_xlsx, duties_xlsx
from .structured import plan_json
from .words import breakdown_docx, duties_docx

__all__ = ["OUTPUTS", "Chart", "Content", "File", "Unit", "chart_of", "content_of", "export"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CALENDAR = "calendar.ics"


@dataclass(frozen=True)
class Output:
    """One kind of file: its name to people, its content type, and what makes it."""

    label: str
    content_type: str
    make: Callable[[Content, str], bytes] | None = None


@dataclass(frozen=True)
class File:
    """A file ready to be sent."""

    data: bytes
    name: str
    content_type: str


OUTPUTS: dict[str, Output] = {
    "breakdown.xlsx": Output("任务分解表", XLSX, breakdown_xlsx),
    "breakdown.docx": Output("任务分解表", DOCX, breakdown_docx),
    "duties.xlsx": Output("责任清单", XLSX, duties_xlsx),
    "duties.docx": Output("责任清单", DOCX, duties_docx),
    "plan.json": Output("结构化方案", "application/json; charset=utf-8", plan_json),
    CALENDAR: Output("期限日历", "text/calendar; charset=utf-8"),
}


def content_of(subject: Campaign | PlanDocument) -> Content:
    """What the outputs of a campaign or a draft are made of."""
    return of_campaign(subject) if isinstance(subject, Campaign) else of_draft(subject)


def export(subject: Campaign | PlanDocument, what: str, *, by: User, unit: str = "") -> File:
    """One output as a file, on record with who took it. `unit` (a unit's key) narrows the calendar to that unit.

    Raises KeyError for an unknown `what` or `unit`.
    """
    output, content, now = OUTPUTS[what], content_of(subject), timezone.localtime()
    chosen = {each.key: each for each in content.units()}[unit] if unit else None
    if output.make:
        data = output.make(content, _watermark(content, by))
    else:
        address = f"{settings.PUBLIC_URL}{subject.get_absolute_url()}"
        data = calendar_ics(content, now=now, unit=chosen, address=address)
    stem, _, kind = what.partition(".")
    _record(subject, stem, f"{output.label}（{kind}）{chosen.short if chosen else ''}", content, by)
    name = f"{content.short_title}{chosen.short if chosen else ''}{output.label}{now:%Y%m%d}.{kind}"
    return File(data, name, output.content_type)


def chart_of(subject: Campaign | PlanDocument, *, paper: str, by: User) -> tuple[Content, Chart, str]:
    """The one-page chart for A3 or A4 with its watermark, on record as every export."""
    content = content_of(subject)
    _record(subject, "chart", "作战图", content, by)
    return content, lay_out(content, paper=paper, on=timezone.localdate()), _watermark(content, by)


def _watermark(content: Content, by: User) -> str:
    now = timezone.localtime()
    return f"{by.full_name}（{by.main_post or ''}）{now:%Y-%m-%d %H:%M} 导出，共 {len(content.jobs)} 项任务"


def _record(subject: Campaign | PlanDocument, act: str, words: str, content: Content, by: User) -> None:
    with transaction.atomic():
        record(f"campaigns.export_{act}", subject, by=by, summary=f"导出{words}，{len(content.jobs)} 项任务")
