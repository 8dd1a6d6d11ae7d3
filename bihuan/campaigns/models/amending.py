"""A revised plan laid beside the running campaign: what would change, what was decided about it, who applied it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from bihuan.accounts.models import User

from ..workflow import AmendmentStatus
from .campaigns import Campaign, Phase, Task
from .plans import PlanDocument, PlanItem, seats


class AmendmentQuerySet(models.QuerySet["Amendment"]):
    def visible_to(self, user: User) -> AmendmentQuerySet:
        """The versions of a plan are seen by everybody who sees the campaign."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user))

    def run_by(self, user: User, permission: str) -> AmendmentQuerySet:
        """Those of campaigns whose office the person works in with this permission."""
        return self.filter(campaign__region__in=seats(user, permission))


class Amendment(models.Model):
    """A revision of the plan of a running campaign (方案修订). Applied whole or not at all; `number` 2 is the first."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="专项整治", related_name="amendments")
    document = models.OneToOneField(
        PlanDocument, models.PROTECT, verbose_name="修订后的方案", related_name="amendment"
    )
    previous = models.ForeignKey(
        PlanDocument, models.PROTECT, verbose_name="修订前的方案", null=True, related_name="+"
    )
    number = models.PositiveSmallIntegerField("版次", null=True)
    status = models.CharField(
        "状态", max_length=10, choices=AmendmentStatus.choices, default=AmendmentStatus.REVIEWING
    )
    compared = models.PositiveIntegerField("比对于", default=0, help_text="比对时修订稿的改动序号")
    hand = models.JSONField(
        "人工对应", default=dict, help_text="{'together': [[任务, 要素], …], 'apart': [[任务, 要素], …]}"
    )
    reason = models.CharField("修订说明", max_length=300, blank=True)
    summary = models.JSONField(
        "应用结果", default=dict, help_text="{'changed': 改动数, 'added', 'removed', …}"
    )
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="导入人", related_name="+")
    created_at = models.DateTimeField("导入时间")
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", null=True, related_name="+")
    decided_at = models.DateTimeField("办理时间", null=True)

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "方案修订"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(status="reviewing"), name="campaigns_one_open_amendment"
            ),
            models.UniqueConstraint(fields=["campaign", "number"], name="campaigns_amendment_number"),
            models.CheckConstraint(
                condition=(Q(status="applied") & Q(number__isnull=False) & Q(previous__isnull=False))
                | (~Q(status="applied") & Q(number=None)),
                name="campaigns_amendment_numbered_iff_applied",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} 第 {self.number} 版" if self.number else f"{self.campaign} 修订稿"

    def get_absolute_url(self) -> str:
        return reverse("campaigns:amendment", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status == AmendmentStatus.REVIEWING

    def signed_content(self) -> dict[str, object]:
        return {
            "campaign": self.campaign_id,
            "document": self.document_id,
            "previous": self.previous_id,
            "number": self.number,
            "status": self.status,
            "reason": self.reason,
            "summary": self.summary,
            "decided_by": self.decided_by_id,
            "decided_at": self.decided_at,
        }


class AmendmentChange(models.Model):
    """One line of the comparison: a task, phase or list before and after, why the two were paired, what was decided.

    `fields`: [{"name", "label", "before", "after", "parts": [["same" | "gone" | "new", text]]}], parts for texts.
    """

    class Subject(models.TextChoices):
        PHASE = "phase", "阶段"
        TASK = "task", "任务"
        REPORT = "report", "报送要求"
        TARGET = "target", "目标"
        BODY = "body", "组织机构"

    class Kind(models.TextChoices):
        UNCHANGED = "unchanged", "没有变化"
        CHANGED = "changed", "有改动"
        ADDED = "added", "新增"
        REMOVED = "removed", "取消"

    class Decision(models.TextChoices):
        PENDING = "pending", "未定"
        ACCEPTED = "accepted", "照办"
        DECLINED = "declined", "不采用"

    amendment = models.ForeignKey(Amendment, models.CASCADE, verbose_name="方案修订", related_name="changes")
    key = models.CharField("标识", max_length=60)
    position = models.PositiveIntegerField("次序")
    subject = models.CharField("对象", max_length=10, choices=Subject.choices)
    kind = models.CharField("变化", max_length=10, choices=Kind.choices)
    task = models.ForeignKey(Task, models.PROTECT, verbose_name="现有任务", null=True, related_name="+")
    phase = models.ForeignKey(Phase, models.PROTECT, verbose_name="现有阶段", null=True, related_name="+")
    row = models.PositiveBigIntegerField("现有记录", null=True, help_text="报送要求、目标、组织机构的主键")
    item = models.ForeignKey(
        PlanItem, models.SET_NULL, verbose_name="修订稿要素", null=True, related_name="+"
    )
    title = models.CharField("名称", max_length=120)
    fields = models.JSONField("各项变化", default=list)
    why = models.CharField("对应理由", max_length=200, blank=True)
    is_by_hand = models.BooleanField("人工对应", default=False)
    decision = models.CharField("决定", max_length=10, choices=Decision.choices, default=Decision.PENDING)
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="决定人", null=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "修订比对"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["amendment", "key"], name="campaigns_change_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()}“{self.title}”{self.get_kind_display()}"

    @property
    def asks(self) -> bool:
        """Whether somebody must still decide about it."""
        return self.kind != self.Kind.UNCHANGED and self.decision == self.Decision.PENDING
