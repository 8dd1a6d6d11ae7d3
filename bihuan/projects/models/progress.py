"""How far a project is: milestones with a day each, a report every month."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, User
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import MilestoneStatus, ReportStatus
from .projects import Project


class Milestone(models.Model):
    """One milestone with the day it is to be reached by (节点)."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="milestones")
    name = models.CharField("节点", max_length=80)
    due_on = models.DateField("期限")
    clock = models.JSONField("期限说明", default=dict)
    status = models.CharField(
        "状态", max_length=8, choices=MilestoneStatus.choices, default=MilestoneStatus.OPEN
    )
    done_on = models.DateField("完成日期", null=True)
    note = models.CharField("完成情况", max_length=300, blank=True)
    set_by = models.ForeignKey(User, models.PROTECT, verbose_name="设定人", related_name="+")
    set_at = models.DateTimeField("设定时间")

    class Meta:
        verbose_name = verbose_name_plural = "项目节点"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="done", done_on__isnull=False) | (~Q(status="done") & Q(done_on=None)),
                name="projects_milestone_done_stamped",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("projects:detail", self.project_id)

    def is_late(self, *, on: dt.date) -> bool:
        """Not reached in time: still open after its day, or reached after it."""
        if self.status == MilestoneStatus.DONE:
            return bool(self.done_on and self.done_on > self.due_on)
        return self.status == MilestoneStatus.OPEN and self.due_on < on

    def signed_content(self) -> dict[str, object]:
        return {
            "project": self.project_id, "name": self.name, "due_on": self.due_on, "status": self.status,
            "done_on": self.done_on, "note": self.note,
        }  # fmt: skip


class MilestoneTransition(Transition):
    """One line per move of a milestone. Never rewritten."""

    RECORD = "milestone"
    KEPT: ClassVar[tuple[str, ...]] = ("due_on",)

    milestone = models.ForeignKey(
        Milestone, models.PROTECT, verbose_name="项目节点", related_name="transitions"
    )
    due_on = models.DateField("期限")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "节点流转"


class ReportQuerySet(models.QuerySet["ProjectReport"]):
    def late(self, *, on: dt.date) -> ReportQuerySet:
        """Not reported in time: still owed after the day, or filed after it."""
        return self.filter(
            Q(status=ReportStatus.DUE, due_on__lt=on) | Q(status=ReportStatus.FILED, filed_on__gt=F("due_on"))
        )


class ProjectReport(models.Model):
    """The report of one month: how far in percent and kilometres, what hinders, with photos (月度进度)."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="reports")
    month = models.DateField("月份", help_text="当月第一天")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="填报单位", related_name="project_reports"
    )
    due_on = models.DateField("报送期限")
    clock = models.JSONField("期限说明", default=dict)
    status = models.CharField("状态", max_length=8, choices=ReportStatus.choices, default=ReportStatus.DUE)
    percent = models.PositiveSmallIntegerField("形象进度（%）", null=True)
    kilometres = models.DecimalField("累计改造（公里）", max_digits=9, decimal_places=3, null=True)
    text = models.CharField("本月进展", max_length=1000, blank=True)
    problems = models.CharField("困难和需要协调的事", max_length=500, blank=True)
    filed_by = models.ForeignKey(User, models.PROTECT, verbose_name="填报人", null=True, related_name="+")
    filed_on = models.DateField("填报日期", null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "项目月报"
        ordering = ["-month", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "month"], name="projects_report_once"),
            models.CheckConstraint(
                condition=Q(status="filed", filed_on__isnull=False, percent__isnull=False, percent__lte=100)
                | Q(status="due", filed_on=None, percent=None),
                name="projects_report_filed_stamped",
            ),
        ]
        indexes = [models.Index(fields=["status", "due_on"], name="projects_report_due")]

    def __str__(self) -> str:
        return f"{self.project} {self.month:%Y 年 %-m 月}进度"

    def get_absolute_url(self) -> str:
        return row_address("projects:report", self.pk)

    def is_late(self, *, on: dt.date) -> bool:
        return (self.filed_on or on) > self.due_on

    def signed_content(self) -> dict[str, object]:
        return {
            "project": self.project_id, "month": self.month, "percent": self.percent,
            "kilometres": None if self.kilometres is None else f"{self.kilometres:.3f}", "text": self.text,
            "problems": self.problems, "by": self.filed_by_id, "on": self.filed_on,
        }  # fmt: skip


class ReportTransition(Transition):
    """One line per move of a monthly report. Never rewritten."""

    RECORD = "report"

    report = models.ForeignKey(
        ProjectReport, models.PROTECT, verbose_name="项目月报", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "月报流转"
