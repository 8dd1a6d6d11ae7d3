"""What the head of an enterprise says of the statutory duties, line by line, with evidence and signature (R124)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import ReportStatus
from .rounds import AssessedUnit
from .sheets import SheetItem


class SelfReportQuerySet(models.QuerySet["SelfReport"]):
    def visible_to(self, user: User) -> SelfReportQuerySet:
        """Whoever may open the unit's card: the head, the body that judges, the office and its inspectorate."""
        return self.filter(unit__in=AssessedUnit.objects.visible_to(user))


class SelfReport(models.Model):
    """One head's self-report in one appraisal: owed by a day, signed, sent back for what is missing, or never handed in."""

    unit = models.OneToOneField(AssessedUnit, models.PROTECT, verbose_name="考核对象", related_name="report")
    status = models.CharField("状态", max_length=10, choices=ReportStatus.choices, default=ReportStatus.OWED)
    due_on = models.DateField("自评期限")
    clock = models.JSONField("期限说明", default=dict)
    text = models.CharField("总体情况", max_length=1000, blank=True)
    revision = models.PositiveSmallIntegerField("第几次提交", default=0)
    saved_at = models.DateTimeField("保存时间", null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, verbose_name="签字人", null=True, related_name="+")
    signed_at = models.DateTimeField("签字时间", null=True)

    objects = SelfReportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "履职自评"
        ordering = ["id"]
        indexes = [models.Index(fields=["status", "due_on"], name="assessment_report_due")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="submitted") | Q(signed_by__isnull=False, signed_at__isnull=False),
                name="assessment_report_signed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit}的履职自评"

    def get_absolute_url(self) -> str:
        return row_address("assessment:report", self.unit_id)

    @property
    def signed_on(self) -> dt.date | None:
        """The day it was signed, for its clock; None while it is owed (again)."""
        if self.signed_at is None or self.status != ReportStatus.SUBMITTED:
            return None
        return timezone.localdate(self.signed_at)

    def signed_content(self) -> dict[str, object]:
        return {
            "unit": self.unit_id, "text": self.text, "revision": self.revision, "due_on": self.due_on,
            "signed_by": self.signed_by_id, "signed_at": self.signed_at,
            "lines": [line.signed_content() for line in self.lines.order_by("item__position", "item_id")],
        }  # fmt: skip


class SelfReportLine(models.Model):
    """One item as the head sees it: what was done, and how much of the points that is worth."""

    report = models.ForeignKey(SelfReport, models.CASCADE, verbose_name="履职自评", related_name="lines")
    item = models.ForeignKey(SheetItem, models.PROTECT, verbose_name="考核项目", related_name="+")
    text = models.CharField("自评情况", max_length=500, blank=True)
    claimed = models.DecimalField("自评分", max_digits=6, decimal_places=2, null=True)

    class Meta:
        verbose_name = verbose_name_plural = "自评内容"
        ordering = ["item__position", "item_id"]
        constraints = [models.UniqueConstraint(fields=["report", "item"], name="assessment_report_line_once")]

    def __str__(self) -> str:
        return f"{self.report_id} {self.item_id}"

    def signed_content(self) -> dict[str, object]:
        return {
            "item": self.item_id,
            "text": self.text,
            "claimed": None if self.claimed is None else f"{self.claimed:.2f}",
        }


class SelfReportTransition(Transition):
    """One line per move of a self-report."""

    RECORD, KEPT = "report", ("revision",)

    report = models.ForeignKey(
        SelfReport, models.PROTECT, verbose_name="履职自评", related_name="transitions"
    )
    revision = models.PositiveSmallIntegerField("第几次提交")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "自评流转"
