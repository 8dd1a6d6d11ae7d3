"""Work that takes longer than a page may: what it is, how far it came, what it left behind."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse

from bihuan.accounts.models import User

from .estimate import in_words


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> JobQuerySet:
        """A job belongs to whoever asked for it: what it reads and writes is of that person's area."""
        return self.filter(owner=user)

    def unfinished(self) -> JobQuerySet:
        return self.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])


class Job(models.Model):
    """One piece of long work of one person. It may be stopped and gone on with, and survives a worker's death."""

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        STOPPED = "stopped", "已停止"
        FAILED = "failed", "未完成"

    STALLED_SECONDS = 20

    id = models.UUIDField("编号", primary_key=True, default=uuid.uuid4)
    kind = models.CharField("种类", max_length=40)
    title = models.CharField("名称", max_length=200)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name="发起人", related_name="jobs")
    url = models.CharField("所属页面", max_length=200, blank=True, help_text="空时为任务自己的页面")
    parameters = models.JSONField("参数", default=dict)
    checkpoint = models.JSONField("断点", default=dict, help_text="中断后从这里继续")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    stage = models.CharField("环节", max_length=40, blank=True)
    unit = models.CharField("计量单位", max_length=8, default="行")
    done = models.PositiveBigIntegerField("已处理", default=0)
    total = models.PositiveBigIntegerField("总量", default=0, help_text="0 为尚不知道")
    rate = models.FloatField("每秒处理", null=True)
    remaining = models.FloatField("剩余秒数", null=True, help_text="按进展时间时的估计；空为正在估算")
    cancel_wanted = models.BooleanField("要求停止", default=False)
    runner = models.CharField("执行者", max_length=36, blank=True, help_text="接手者换新值，原执行者随即退出")
    task = models.CharField("队列编号", max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField("执行次数", default=0)
    message = models.CharField("说明", max_length=300, blank=True)
    result_name = models.CharField("结果文件", max_length=200, blank=True)
    result_type = models.CharField("结果类型", max_length=100, blank=True)
    result_size = models.PositiveBigIntegerField("结果字节数", default=0)
    created_at = models.DateTimeField("提交时间")
    started_at = models.DateTimeField("开始时间", null=True)
    moved_at = models.DateTimeField("进展时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    expires_at = models.DateTimeField("结果保留至", null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="jobs_owner_recent"),
            models.Index(fields=["-created_at", "-id"], name="jobs_recent"),
            models.Index(
                fields=["moved_at"], condition=Q(state__in=["waiting", "running"]), name="jobs_unfinished"
            ),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="jobs_expiring"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return self.url or reverse("jobs:detail", args=[self.pk])

    @property
    def is_unfinished(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def may_resume(self) -> bool:
        return self.state in (self.State.STOPPED, self.State.FAILED)

    @property
    def percent(self) -> int | None:
        """How much is done, in whole per cent rounded down; None while the whole is unknown."""
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def problems(self) -> list[dict[str, str]]:
        """What could not be done, record by record: its name, its address ("" when it is not to be seen), why."""
        return [
            dict(zip(("name", "url", "words"), each, strict=True))
            for each in self.checkpoint.get("problems", [])
        ]

    def outlook(self, now: dt.datetime) -> str:
        """What can honestly be said about the end: waiting, being estimated, so long still, not known, or stalled."""
        if self.state == self.State.WAITING:
            return "排队等候，前面的任务完成后自动开始"
        if self.cancel_wanted:
            return "正在停止，完成手头这一批后停下"
        silent = (now - self.moved_at).total_seconds() if self.moved_at else 0.0
        if silent > self.STALLED_SECONDS:
            return f"已 {int(silent)} 秒没有进展；如因服务重启中断，会自动接着做"
        if not self.total and (self.stage or self.done):
            return "总数要到做完才知道，暂不能估算剩余时间"
        if self.remaining is None:
            return "剩余时间正在估算"
        return f"还需{in_words(self.remaining - silent)}"
