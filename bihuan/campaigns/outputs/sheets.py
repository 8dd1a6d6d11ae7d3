"""任务分解表 and 责任清单 as Excel sheets, to sort and to hand round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bihuan.core.sheets import Column, write_rows

from ..models import Assignment
from ..workflow import AssignmentStatus
from .content import Content

BREAKDOWN = [
    Column("序号", 6),
    Column("编号", 14),
    Column("任务", 22),
    Column("内容", 60),
    Column("阶段", 16),
    Column("完成期限", 12),
    Column("期限来源", 18),
    Column("牵头单位", 20),
    Column("责任单位", 24),
    Column("配合单位", 28),
    Column("属地单位", 28),
    Column("分工完成", 12),
]
DUTIES = [
    Column("单位", 18),
    Column("类别", 8),
    Column("职责", 8),
    Column("编号", 14),
    Column("事项", 24),
    Column("要求", 60),
    Column("阶段", 16),
    Column("期限", 12),
    Column("期限来源或时间要求", 24),
    Column("同办单位", 30),
    Column("进展", 10),
]


def breakdown_xlsx(content: Content, watermark: str) -> bytes:
    """One row a task."""
    rows = [
        (
            job.position,
            job.no,
            job.heading,
            job.text,
            phase.name if (phase := content.phase_of(job)) else "",
            job.due_on,
            job.due_source,
            *(job.names(role) for role in ("lead", "responsible", "support", "territorial")),
            job.done,
        )
        for job in content.jobs
    ]
    return write_rows(BREAKDOWN, rows, title=f"{content.short_title}任务分解表", watermark=watermark)


def duties_xlsx(content: Content, watermark: str) -> bytes:
    """One row for each share of each unit, and one for each thing a unit must report."""
    return write_rows(DUTIES, _duties(content), title=f"{content.short_title}责任清单", watermark=watermark)


def _duties(content: Content) -> Iterator[tuple[Any, ...]]:
    for unit in content.units():
        for job in content.of_unit(unit):
            phase = content.phase_of(job)
            others = "、".join(
                f"{role.label}{job.names(role, most=3)}"
                for role in Assignment.Role
                if role != job.shares[unit] and job.of(role)
            )
            state = job.states.get(unit)
            yield (
                unit.short, "任务", job.shares[unit].label, job.no, job.heading, job.text, phase.name if phase else "",
                job.due_on, job.due_source, others, AssignmentStatus(state).label if state else "",
            )  # fmt: skip
        for report in content.reports_of(unit):
            to = f"报{report.to}" if report.to else "报送"
            yield unit.short, "报送", "", "", to, report.when, "", None, report.when, "", ""
