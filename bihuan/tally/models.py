"""Exact dated deltas and the cells they are folded into. Knows only ids and codes, never the rows behind them."""

import datetime as dt

from django.db import models
from django.db.models import Q

METRICS = (
    "found", "closed", "closed_late", "overdue", "found_major", "closed_major", "overdue_major",
    "inspected", "inspected_clean", "covered",
)  # fmt: skip


EVER = dt.date(1970, 1, 1)  # the start every `all` cell carries


class Measures(models.Model):
    """The counted things. `overdue` is a stock kept as dated +1/−1, so its prefix sum is exact on any day."""

    found = models.IntegerField("查出", default=0)
    closed = models.IntegerField("整改", default=0)
    closed_late = models.IntegerField("逾期后整改", default=0)
    overdue = models.IntegerField("逾期增减", default=0)
    found_major = models.IntegerField("查出重大", default=0)
    closed_major = models.IntegerField("整改重大", default=0)
    overdue_major = models.IntegerField("重大逾期增减", default=0)
    inspected = models.IntegerField("检查次数", default=0)
    inspected_clean = models.IntegerField("无隐患检查", default=0)
    covered = models.IntegerField("首次覆盖", default=0, help_text="某任务下首次查到的对象")

    class Meta:
        abstract = True


class Delta(Measures):
    """One change, written in the transaction of the act that caused it; folded into cells by the worker."""

    day = models.DateField("计入日期", help_text="可以在将来：期限次日起逾期")
    campaign_id = models.BigIntegerField("行动", default=0)
    task_id = models.BigIntegerField("任务", default=0)
    department_id = models.BigIntegerField("主管部门", default=0)
    city_id = models.CharField("市", max_length=12)
    county_id = models.CharField("县区", max_length=12)
    locality_id = models.CharField("乡镇街道", max_length=12)
    kind = models.CharField("对象类型", max_length=40, default="")
    source = models.CharField("来源", max_length=12, default="")
    subject = models.CharField("来源记录", max_length=80)

    class Meta:
        verbose_name = verbose_name_plural = "统计增量"

    def __str__(self) -> str:
        return f"{self.day} {self.subject}"


class Cell(Measures):
    """A sum over one combination of dimensions in one day, one month, or altogether; 0 means all members.

    `all` cells hold everything ever counted, days to come included: what a page of today needs is that one cell less
    the few days still ahead.
    """

    class Span(models.TextChoices):
        DAY = "day", "日"
        MONTH = "month", "月"
        ALL = "all", "累计"

    span = models.CharField("跨度", max_length=5, choices=Span.choices)
    start = models.DateField("起始日", help_text="累计单元为固定的一天")
    campaign_id = models.BigIntegerField("行动", default=0)
    task_id = models.BigIntegerField("任务", default=0)
    department_id = models.BigIntegerField("主管部门", default=0)
    region = models.CharField("区划", max_length=12)

    class Meta:
        verbose_name = verbose_name_plural = "统计单元"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign_id", "task_id", "department_id", "region", "span", "start"],
                name="tally_cell_unique",
            )
        ]
        indexes = [
            models.Index(
                fields=["campaign_id", "span", "start"], condition=~Q(task_id=0), name="tally_cell_matrix"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.start}"
