"""What operating the installation leaves behind: who is at work, what was backed up, what was cleared away."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q


class Heartbeat(models.Model):
    """One background worker's sign of life, renewed every few seconds; a stopped worker leaves its last one."""

    worker = models.CharField("后台进程", primary_key=True, max_length=80, help_text="机器/进程号/启动标记")
    started_at = models.DateTimeField("启动时间")
    seen_at = models.DateTimeField("最近活动", db_index=True)
    rounds = models.JSONField("各项定时工作", default=dict, help_text="名称 → 上次时间、用时（秒）、出错信息")

    class Meta:
        verbose_name = verbose_name_plural = "后台心跳"
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return self.worker

    def is_alive(self, now: dt.datetime) -> bool:
        """Whether it was heard of within a minute; rounds may hold it up for seconds, not longer."""
        return now - self.seen_at < dt.timedelta(minutes=1)


class Backup(models.Model):
    """One backup that was taken or tried, and whether anybody has proved since that it can be restored."""

    class Status(models.TextChoices):
        RUNNING = "running", "备份中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"

    name = models.CharField("名称", max_length=40, help_text="目录名，即开始时间（UTC）")
    place = models.CharField("存放目录", max_length=300)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.RUNNING)
    engine = models.CharField("数据库", max_length=12)
    started_at = models.DateTimeField("开始时间", db_index=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    rows = models.BigIntegerField("行数", default=0)
    files = models.BigIntegerField("附件数", default=0)
    size = models.BigIntegerField("字节数", default=0)
    is_encrypted = models.BooleanField("已加密", default=False)
    has_keys = models.BooleanField("含密钥", default=False)
    message = models.CharField("说明", max_length=300, blank=True)
    verified_at = models.DateTimeField("恢复演练时间", null=True)
    verification = models.CharField("演练结果", max_length=300, blank=True)
    is_gone = models.BooleanField("已轮换删除", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "备份"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="running", finished_at=None)
                | (~Q(status="running") & Q(finished_at__isnull=False)),
                name="operations_backup_finished",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RetentionRun(models.Model):
    """One look at what may be cleared: reported first, approved by a person (or by setting), then carried out."""

    class Status(models.TextChoices):
        REPORTED = "reported", "待批准"
        APPROVED = "approved", "已批准"
        APPLIED = "applied", "已执行"
        REPLACED = "replaced", "已被新报告取代"

    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.REPORTED)
    made_at = models.DateTimeField("报告时间")
    lines = models.JSONField("报告", default=list, help_text="每类记录：依据、保存天数、截止日、条数")
    total = models.BigIntegerField("可清理条数", default=0)
    approved_by_id = models.BigIntegerField("批准人编号", null=True)
    approved_by_name = models.CharField("批准人", max_length=60, blank=True)
    approved_at = models.DateTimeField("批准时间", null=True)
    applied_at = models.DateTimeField("执行时间", null=True)
    results = models.JSONField("执行结果", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "保存期限报告"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} {self.get_status_display()}"

    def signed_content(self) -> dict[str, object]:
        """What was reported, who approved it and what was done."""
        return {
            "made_at": self.made_at,
            "lines": self.lines,
            "approved_by": self.approved_by_id,
            "approved_at": self.approved_at,
            "applied_at": self.applied_at,
            "results": self.results,
        }
