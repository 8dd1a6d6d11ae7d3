"""Sub-plans (子方案): what each obliged organization files, and how it answers every task of the parent (R002-R005)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.attachments.models import Attachment

from ..workflow import SubplanStatus
from .campaigns import Campaign, Task
from .plans import PlanDocument


class SubplanQuerySet(models.QuerySet["Subplan"]):
    def visible_to(self, user: User) -> SubplanQuerySet:
        """One's own organization's, and those of the bodies in the area one answers for."""
        query = Q(organization__in=[post.organization_id for post in user.posts])
        for code in scope_of(user, Permission.VIEW_CAMPAIGNS).areas:
            query |= Q(organization__region__code__startswith=code)
        return self.filter(query, campaign__in=Campaign.objects.visible_to(user))

    def standing(self) -> SubplanQuerySet:
        """Those still asked for."""
        return self.exclude(status=SubplanStatus.CANCELLED)


class Subplan(models.Model):
    """One organization's plan under a campaign: owed by a day, filed, returned or accepted."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="上级专项整治", related_name="subplans"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="报送单位", related_name="subplans"
    )
    due_on = models.DateField("报送期限")
    due_source = models.CharField("期限来源", max_length=200, help_text="方案原话，或要求人的说明")
    status = models.CharField(
        "状态", max_length=10, choices=SubplanStatus.choices, default=SubplanStatus.OWED
    )
    title = models.CharField("标题", max_length=200, blank=True)
    doc_no = models.CharField("文号", max_length=60, blank=True)
    responsible = models.CharField("责任人", max_length=60, blank=True)
    file = models.ForeignKey(Attachment, models.PROTECT, verbose_name="原件", null=True, related_name="+")
    document = models.OneToOneField(
        PlanDocument, models.PROTECT, verbose_name="本级方案", null=True, related_name="subplan"
    )
    revision = models.PositiveIntegerField("改动序号", default=0)
    required_by = models.ForeignKey(User, models.PROTECT, verbose_name="要求人", related_name="+")
    required_at = models.DateTimeField("要求时间")
    filed_by = models.ForeignKey(User, models.PROTECT, verbose_name="报送人", null=True, related_name="+")
    filed_at = models.DateTimeField("报送时间", null=True)

    objects = SubplanQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "子方案"
        ordering = ["organization__kind", "organization__region_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "organization"],
                condition=~Q(status="cancelled"),
                name="campaigns_one_subplan",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["filed", "accepted"]) | Q(filed_at__isnull=False),
                name="campaigns_filed_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name}子方案"

    def get_absolute_url(self) -> str:
        return reverse("campaigns:subplan", args=[self.pk])

    @property
    def is_editable(self) -> bool:
        """Whether the organization may still work on it."""
        return self.status in {SubplanStatus.OWED, SubplanStatus.RETURNED}

    def days_late(self, on: dt.date) -> int:
        """By how many days it was, or is by now, filed after its day; 0 when in time."""
        at = timezone.localdate(self.filed_at) if self.filed_at and not self.is_editable else on
        return max(0, (at - self.due_on).days)

    def signed_content(self) -> dict[str, object]:
        return {
            "campaign": self.campaign_id,
            "organization": self.organization_id,
            "due_on": self.due_on,
            "required_by": self.required_by_id,
            "required_at": self.required_at,
        }


class SubplanTask(models.Model):
    """One task of a sub-plan, as the organization wrote it."""

    subplan = models.ForeignKey(Subplan, models.CASCADE, verbose_name="子方案", related_name="tasks")
    position = models.PositiveIntegerField("次序")
    no = models.CharField("编号", max_length=40, blank=True)
    heading = models.CharField("任务", max_length=60)
    text = models.TextField("内容")
    owner = models.CharField("责任人", max_length=120, blank=True)
    due_on = models.DateField("完成期限", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "子方案任务"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.no} {self.heading}".strip()


class SubplanCover(models.Model):
    """How a sub-plan answers one task of its parent: by a task of its own, or by why it does not apply."""

    subplan = models.ForeignKey(Subplan, models.CASCADE, verbose_name="子方案", related_name="covers")
    parent_task = models.ForeignKey(Task, models.PROTECT, verbose_name="上级任务", related_name="covers")
    own = models.ForeignKey(
        SubplanTask, models.CASCADE, verbose_name="对应任务", null=True, related_name="covers"
    )
    reason = models.CharField("不适用的理由", max_length=300, blank=True)
    why = models.CharField("对应理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "任务对应"
        ordering = ["parent_task__position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subplan", "parent_task"], name="campaigns_cover_unique"),
            models.CheckConstraint(
                condition=(Q(own__isnull=False) & Q(reason="")) | (Q(own=None) & ~Q(reason="")),
                name="campaigns_cover_one_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subplan} {self.parent_task}"


class SubplanTransition(models.Model):
    """One line per move of a sub-plan, with its coverage as it stood."""

    subplan = models.ForeignKey(Subplan, models.PROTECT, verbose_name="子方案", related_name="transitions")
    move = models.CharField("动作", max_length=10)
    from_status = models.CharField("原状态", max_length=10)
    to_status = models.CharField("新状态", max_length=10)
    reason = models.CharField("说明", max_length=300, blank=True)
    content = models.JSONField(
        "当时内容", default=dict, help_text="{'title', 'doc_no', 'responsible', 'file', 'tasks', 'answers'}"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "子方案流转"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.subplan} {self.move}"

    def signed_content(self) -> dict[str, object]:
        return {
            "subplan": self.subplan_id,
            "move": self.move,
            "to": self.to_status,
            "reason": self.reason,
            "content": self.content,
            "by": self.by_id,
            "at": self.at,
        }
