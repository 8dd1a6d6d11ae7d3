"""Stopped, moved, closed and back: dated periods, re-checks against 死灰复燃, acceptance before resuming (R046)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import User
from bihuan.core.addresses import row_address
from bihuan.registry.workflow import EnterpriseStatus

from .enterprises import Enterprise


class StatusPeriod(models.Model):
    """A stretch in which an enterprise was in one status, with why and by which document; evidence hangs on it."""

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="status_periods"
    )
    status = models.CharField("状态", max_length=10, choices=EnterpriseStatus.choices)
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    expected_until = models.DateField("预计复产日期", null=True, blank=True)
    document = models.CharField("依据文件", max_length=120, blank=True)
    moved_to = models.CharField(
        "迁往何处",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="搬迁的：新址，或接收的园区",
    )
    reason = models.CharField("理由", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "状态经历"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(to_on=None), name="registry_one_current_period"
            ),
            models.CheckConstraint(
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")), name="registry_period_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_status_display()}"


class RecheckQuerySet(models.QuerySet["Recheck"]):
    def open(self) -> RecheckQuerySet:
        return self.filter(status=Recheck.Status.OPEN)

    def due(self, *, on: dt.date) -> RecheckQuerySet:
        return self.open().filter(due_on__lte=on)


class Recheck(models.Model):
    """Going back to a stopped or closed place to see that it stays so (防止死灰复燃)."""

    class Status(models.TextChoices):
        OPEN = "open", "待复核"
        DONE = "done", "已复核"
        CANCELLED = "cancelled", "已取消"

    class Finding(models.TextChoices):
        STILL = "still", "仍停产关闭"
        REMOVED = "removed", "设备已拆除"
        REVIVED = "revived", "擅自恢复生产"

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="rechecks")
    period = models.ForeignKey(StatusPeriod, models.PROTECT, verbose_name="状态经历", related_name="rechecks")
    months = models.PositiveSmallIntegerField("第几个月")
    due_on = models.DateField("期限")
    status = models.CharField("复核状态", max_length=10, choices=Status.choices, default=Status.OPEN)
    finding = models.CharField("复核结果", max_length=10, choices=Finding.choices, blank=True)
    note = models.CharField("情况", max_length=300, blank=True)
    visit_url = models.CharField("检查记录", max_length=200, blank=True)
    done_on = models.DateField("复核日期", null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="复核人", null=True, related_name="+")

    objects = RecheckQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "停产关闭复核"
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["period", "months"], name="registry_recheck_once"),
            models.CheckConstraint(
                condition=~Q(status="done") | (Q(done_on__isnull=False) & ~Q(finding="")),
                name="registry_recheck_done_has_finding",
            ),
        ]
        indexes = [
            models.Index(
                fields=["enterprise", "due_on"], condition=Q(status="open"), name="registry_rechecks_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} 第{self.months}个月复核"

    def get_absolute_url(self) -> str:
        return row_address("registry:recheck", self.pk)


class Resumption(models.Model):
    """The look taken before a stopped place may work again (复产验收)."""

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="resumptions"
    )
    period = models.ForeignKey(
        StatusPeriod, models.PROTECT, verbose_name="状态经历", related_name="resumptions"
    )
    team = models.CharField("验收组成员", max_length=300)
    passed = models.BooleanField("合格")
    opinion = models.CharField("验收意见", max_length=500)
    checked_on = models.DateField("验收日期")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "复产验收"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.checked_on} {'合格' if self.passed else '不合格'}"

    def signed_content(self) -> dict[str, object]:
        return {
            "enterprise": self.enterprise_id, "team": self.team, "passed": self.passed, "opinion": self.opinion,
            "on": self.checked_on, "by": self.by_id, "at": self.at,
        }  # fmt: skip
