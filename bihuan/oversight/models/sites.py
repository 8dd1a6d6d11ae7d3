"""What a team looks at on a visit: the locality's own duties, and the sites drawn or added."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.registry.models import Enterprise

from .rounds import OversightVisit


class DutyAnswer(models.Model):
    """One point of the locality's own duties as the team found it; the question is kept as it was asked (职责检查)."""

    class Answer(models.TextChoices):
        YES = "yes", "落实"
        PARTLY = "partly", "部分落实"
        NO = "no", "未落实"
        NA = "na", "不涉及"

    visit = models.ForeignKey(OversightVisit, models.CASCADE, verbose_name="督导点次", related_name="answers")
    position = models.PositiveSmallIntegerField("次序")
    code = models.CharField("编号", max_length=30)
    section = models.CharField("方式", max_length=20)
    question = models.CharField("检查内容", max_length=200)
    basis = models.CharField("依据", max_length=200, blank=True)
    answer = models.CharField("结论", max_length=8, choices=Answer.choices, blank=True)
    note = models.CharField("情况", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "职责检查"
        ordering = ["visit_id", "position"]
        constraints = [models.UniqueConstraint(fields=["visit", "code"], name="oversight_answer_once")]

    def __str__(self) -> str:
        return self.question


class SitePick(models.Model):
    """A site the team goes to: drawn, or added with a reason (抽查点位)."""

    class Origin(models.TextChoices):
        DRAWN = "drawn", "抽中"
        ADDED = "added", "指定"

    class Result(models.TextChoices):
        CLEAN = "clean", "未发现问题"
        FOUND = "found", "发现问题"
        SHUT = "shut", "停业未查"

    visit = models.ForeignKey(OversightVisit, models.CASCADE, verbose_name="督导点次", related_name="picks")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="oversight_picks"
    )
    origin = models.CharField("来源", max_length=6, choices=Origin.choices)
    position = models.PositiveSmallIntegerField("次序")
    reason = models.CharField("指定理由", max_length=200, blank=True)
    result = models.CharField("结果", max_length=6, choices=Result.choices, blank=True)
    note = models.CharField("情况", max_length=300, blank=True)
    seen_by = models.ForeignKey(User, models.PROTECT, verbose_name="查看人", null=True, related_name="+")
    seen_at = models.DateTimeField("查看时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "抽查点位"
        ordering = ["visit_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "enterprise"], name="oversight_site_once"),
            models.CheckConstraint(
                condition=~Q(origin="added") | ~Q(reason=""), name="oversight_added_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return str(self.enterprise)
