"""任务分解表: who does what by when, as a sheet to print and hand round."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.sheets import Column, write_rows

from .models import Campaign
from .tasklist import task_rows

COLUMNS = [
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


def breakdown_xlsx(campaign: Campaign, *, by: User) -> tuple[bytes, str]:
    """The breakdown of tasks and its file name. The export is on record and names who took it."""
    now = timezone.localtime()
    rows = task_rows(campaign, by, on=now.date())
    lines = [
        (
            row.task.position,
            row.task.no,
            row.task.heading,
            row.task.text,
            row.task.phase.name if row.task.phase else "",
            row.task.due_on,
            row.task.due_source,
            *("、".join(row.units[role]) for role in ("lead", "responsible", "support", "territorial")),
            f"{row.confirmed}/{row.shares}",
        )
        for row in rows
    ]
    watermark = f"{by.full_name}（{by.main_post or ''}）{now:%Y-%m-%d %H:%M} 导出，共 {len(lines)} 项任务"
    data = write_rows(COLUMNS, lines, title=f"{campaign.short_title}任务分解表", watermark=watermark)
    with transaction.atomic():
        record("campaigns.export_breakdown", campaign, by=by, summary=f"导出任务分解表，{len(lines)} 项任务")
    return data, f"{campaign.short_title}任务分解表{now:%Y%m%d}.xlsx"
