"""Appeals (申辩) against a published result, and the visible line by which a score changes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import AppealStatus
from .rounds import AssessedUnit
from .sheets import SheetItem


class AppealQuerySet(models.QuerySet["Appeal"]):
    def visible_to(self, user: User) -> AppealQuerySet:
        """Whoever may open the unit's card."""
        return self.filter(unit__in=AssessedUnit.objects.visible_to(user))


class Appeal(models.Model):
    """One appeal of one unit against one item (or a veto): why, with what evidence, decided with reasons by a day."""

    unit = models.ForeignKey(AssessedUnit, models.PROTECT, verbose_name="考核对象", related_name="appeals")
    item = models.ForeignKey(SheetItem, models.PROTECT, verbose_name="考核项目", related_name="appeals")
    status = models.CharField(
        "状态", max_length=10, choices=AppealStatus.choices, default=AppealStatus.PENDING
    )
    text = models.CharField("申辩理由", max_length=1000)
    asked = models.DecimalField("请求改为", max_digits=6, decimal_places=2, help_text="分")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="申辩人", related_name="+")
    at = models.DateTimeField("申辩时间")
    due_on = models.DateField("答复期限")
    clock = models.JSONField("期限说明", default=dict)
    answer = models.CharField("答复", max_length=1000, blank=True)
    granted = models.DecimalField("改为", max_digits=6, decimal_places=2, null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="答复人", null=True, related_name="+")
    decided_on = models.DateField("答复日期", null=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "考核申辩"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "item"], condition=~Q(status="withdrawn"), name="assessment_appeal_once"
            ),
            models.CheckConstraint(
                condition=Q(status="pending", decided_on=None)
                | (~Q(status="pending") & Q(decided_on__isnull=False)),
                name="assessment_appeal_decided_iff_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(status="upheld") | Q(granted__isnull=False), name="assessment_upheld_grants"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit}对“{self.item}”的申辩"

    def get_absolute_url(self) -> str:
        return row_address("assessment:appeal", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "unit": self.unit_id, "item": self.item_id, "status": self.status, "text": self.text,
            "asked": f"{self.asked:.2f}", "by": self.by_id, "at": self.at, "due_on": self.due_on,
            "answer": self.answer, "granted": None if self.granted is None else f"{self.granted:.2f}",
            "decided_by": self.decided_by_id, "decided_on": self.decided_on,
        }  # fmt: skip


class AppealTransition(Transition):
    """One line per move of an appeal."""

    RECORD = "appeal"

    appeal = models.ForeignKey(Appeal, models.PROTECT, verbose_name="考核申辩", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "申辩流转"


class ScoreChange(models.Model):
    """A score that changed after it was frozen: from what to what, why, by whom. The frozen score stays as it was."""

    unit = models.ForeignKey(AssessedUnit, models.PROTECT, verbose_name="考核对象", related_name="changes")
    item = models.ForeignKey(SheetItem, models.PROTECT, verbose_name="考核项目", related_name="changes")
    appeal = models.OneToOneField(
        Appeal, models.PROTECT, verbose_name="考核申辩", null=True, related_name="change"
    )
    old = models.DecimalField("原得分", max_digits=7, decimal_places=2)
    new = models.DecimalField("现得分", max_digits=7, decimal_places=2)
    reason = models.CharField("理由", max_length=1000)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="变更人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "得分变更"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.old}→{self.new}"

    def signed_content(self) -> dict[str, object]:
        return {
            "unit": self.unit_id, "item": self.item_id, "appeal": self.appeal_id, "old": f"{self.old:.2f}",
            "new": f"{self.new:.2f}", "reason": self.reason, "by": self.by_id, "at": self.at,
        }  # fmt: skip
