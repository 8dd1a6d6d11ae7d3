"""Exact dated deltas and the cells they are folded into. Knows only ids and codes, never the rows behind them."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

METRICS = (
    "found", "closed", "closed_late", "overdue", "found_major", "closed_major", "overdue_major",
    "inspected", "inspected_clean", "covered",
)  # fmt: skip
DIMENSIONS = ("campaign_id", "task_id", "department_id", "kind", "source")
PLACES = ("city_id", "county_id", "locality_id")

EVER = dt.date(1970, 1, 1)  # the start every `all` cell carries, and how far nothing has been counted yet


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
    """A sum over one combination of dimensions in one day, one month, or altogether; 0 or "" means all members.

    `grain` says which dimensions and which level of regions are kept apart (see `grains`). An `all` cell holds what
    is dated up to the mark (see `Mark`); what is dated after it stands in day cells only.
    """

    class Span(models.TextChoices):
        DAY = "day", "日"
        MONTH = "month", "月"
        ALL = "all", "累计"

    grain = models.PositiveSmallIntegerField("粒度")
    span = models.CharField("跨度", max_length=5, choices=Span.choices)
    start = models.DateField("起始日", help_text="累计单元为固定的一天")
    campaign_id = models.BigIntegerField("行动", default=0)
    task_id = models.BigIntegerField("任务", default=0)
    department_id = models.BigIntegerField("主管部门", default=0)
    kind = models.CharField("对象类型", max_length=40, default="")
    source = models.CharField("来源", max_length=12, default="")
    region = models.CharField("区划", max_length=12)

    class Meta:
        verbose_name = verbose_name_plural = "统计单元"
        constraints = [
            # The order is that of reading: whatever a page fixes comes first, what it compares comes after.
            models.UniqueConstraint(
                fields=["grain", "span", "region", *DIMENSIONS, "start"], name="tally_cell_unique"
            )
        ]
        indexes = [
            # The matrix of a campaign: all its tasks in all localities of a region.
            models.Index(
                fields=["campaign_id", "grain", "span", "region"],
                condition=~Q(task_id=0),
                name="tally_cell_matrix",
            ),
            # What the new day adds to the running totals, and what has grown too old.
            models.Index(fields=["start", "grain"], condition=Q(span="day"), name="tally_cell_day"),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.start}"


class Mark(models.Model):
    """How far the `all` cells reach: one row. Moved on once a day, together with the cells, under the folder's lock."""

    counted_to = models.DateField("累计截至", default=EVER, help_text="这一天及以前的增量已计入累计单元")
    is_stale = models.BooleanField("待重算", default=False, help_text="升级后单元不全，须重算一次")

    class Meta:
        verbose_name = verbose_name_plural = "统计日界"

    def __str__(self) -> str:
        return f"累计截至 {self.counted_to}"
