"""What people leave behind while they check a draft: answers to the checkup, steps to take back, where they are."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User

from .plans import PlanDocument, PlanItem


class PlanFinding(models.Model):
    """What the checkup (方案体检) objects to at one place of a draft, and what the office answered.

    `key` names the finding over every new checkup of the draft; one that is found no more is GONE, not deleted.
    """

    class Severity(models.TextChoices):
        ERROR = "error", "错误"
        WARNING = "warning", "提醒"
        ADVICE = "advice", "建议"

    class State(models.TextChoices):
        OPEN = "open", "未答复"
        ACCEPTED = "accepted", "采纳"
        WAIVED = "waived", "不采纳"
        GONE = "gone", "已消除"

    document = models.ForeignKey(PlanDocument, models.CASCADE, verbose_name="方案", related_name="findings")
    key = models.CharField("识别键", max_length=160)
    code = models.CharField("规则", max_length=60)
    severity = models.CharField("轻重", max_length=10, choices=Severity.choices)
    start = models.PositiveIntegerField("原文起")
    end = models.PositiveIntegerField("原文止")
    message = models.TextField("问题")
    why = models.TextField("理由", blank=True)
    proposal = models.TextField("建议改为", blank=True)
    state = models.CharField("答复", max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField("不采纳的理由", max_length=300, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="答复人", null=True, related_name="+")
    decided_at = models.DateTimeField("答复时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    touched = models.PositiveIntegerField("改动于", default=0, help_text="方案的改动序号")

    class Meta:
        verbose_name = verbose_name_plural = "体检意见"
        ordering = ["start", "id"]
        constraints = [
            models.UniqueConstraint(fields=["document", "key"], name="campaigns_finding_unique"),
            models.CheckConstraint(
                condition=~Q(state="waived") | ~Q(reason=""), name="campaigns_waived_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class PlanStep(models.Model):
    """One step of one person at a draft, with what stood before, so that it can be taken back whole.

    `changes`: [{"row": "item" | "unit" | "finding", "id", "version" after the step, "before": {field: value}}]; a row
    the step created carries "created" instead of "before".
    """

    document = models.ForeignKey(PlanDocument, models.CASCADE, verbose_name="方案", related_name="steps")
    revision = models.PositiveIntegerField("改动序号")
    act = models.CharField("动作", max_length=30)
    summary = models.CharField("摘要", max_length=300)
    changes = models.JSONField("改动前", default=list)
    is_reshaping = models.BooleanField("增减或移动了要素", default=False)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="校核人", related_name="+")
    at = models.DateTimeField("时间")
    undone_at = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "校核步骤"
        ordering = ["id"]
        indexes = [models.Index(fields=["document", "revision"], name="campaigns_step_revision")]

    def __str__(self) -> str:
        return self.summary


class PlanPresence(models.Model):
    """Who has a draft open, and at which element; a row older than a few polls means the person left."""

    document = models.ForeignKey(PlanDocument, models.CASCADE, verbose_name="方案", related_name="presences")
    user = models.ForeignKey(User, models.CASCADE, verbose_name="校核人", related_name="+")
    item = models.ForeignKey(PlanItem, models.SET_NULL, verbose_name="正在核对", null=True, related_name="+")
    seen_at = models.DateTimeField("最近在场")

    class Meta:
        verbose_name = verbose_name_plural = "校核在场"
        constraints = [models.UniqueConstraint(fields=["document", "user"], name="campaigns_presence_unique")]

    def __str__(self) -> str:
        return f"{self.user} {self.document}"
