"""Frozen scores: what each unit had for each item at a moment, and the very rows that cost it points."""

from __future__ import annotations

from django.db import models

from bihuan.accounts.models import User
from bihuan.core.lazyjson import LazyJSONField

from ..workflow import SnapshotKind
from .rounds import AssessedUnit, Assessment
from .sheets import SheetItem


class Snapshot(models.Model):
    """All scores of one assessment at one moment. Never updated: later changes of the ledger do not reach it."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, verbose_name="考核", related_name="snapshots")
    kind = models.CharField("性质", max_length=8, choices=SnapshotKind.choices)
    until = models.DateField("计到", help_text="这一天以前（含）的记录")
    round = models.PositiveSmallIntegerField("第几次", default=1)
    taken_at = models.DateTimeField("定格时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="定格人", related_name="+")
    digest = models.CharField("内容摘要", max_length=80)

    class Meta:
        verbose_name = verbose_name_plural = "计分快照"
        ordering = ["-taken_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "kind", "until", "round"], name="assessment_snapshot_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.assessment} {self.until} {self.get_kind_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "assessment": self.assessment_id, "kind": self.kind, "until": self.until, "round": self.round,
            "at": self.taken_at, "by": self.by_id, "digest": self.digest,
        }  # fmt: skip


class UnitScore(models.Model):
    """One unit's total in a snapshot."""

    snapshot = models.ForeignKey(Snapshot, models.PROTECT, verbose_name="快照", related_name="scores")
    unit = models.ForeignKey(AssessedUnit, models.PROTECT, verbose_name="考核对象", related_name="scores")
    base = models.DecimalField("应得分", max_digits=7, decimal_places=2)
    got = models.DecimalField("实得分", max_digits=7, decimal_places=2)
    basic = models.DecimalField("基本分", max_digits=7, decimal_places=2)
    plus = models.DecimalField("加分", max_digits=7, decimal_places=2)
    minus = models.DecimalField("减分", max_digits=7, decimal_places=2)
    score = models.DecimalField("总分", max_digits=7, decimal_places=2)
    grade = models.CharField("等次", max_length=20)
    rank = models.PositiveSmallIntegerField("名次", null=True)
    vetoed = models.BooleanField("一票否决", default=False)
    words = models.CharField("怎么算的", max_length=600)

    class Meta:
        verbose_name = verbose_name_plural = "单位得分"
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "unit"], name="assessment_unit_score_once")
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.score}"


class ItemScore(models.Model):
    """One unit's score for one item in a snapshot, with what was measured."""

    unit_score = models.ForeignKey(UnitScore, models.PROTECT, verbose_name="单位得分", related_name="items")
    item = models.ForeignKey(SheetItem, models.PROTECT, verbose_name="考核项目", related_name="scores")
    full = models.DecimalField("分值", max_digits=6, decimal_places=2)
    got = models.DecimalField("得分", max_digits=7, decimal_places=2)
    applies = models.BooleanField("计入", default=True)
    value = models.DecimalField("测得", max_digits=14, decimal_places=4, null=True)
    counted = models.PositiveIntegerField("计算件数", default=0)
    against = models.PositiveIntegerField("失分件数", default=0)
    share = models.DecimalField("评定得分率", max_digits=7, decimal_places=4, null=True)
    level = models.CharField("级别", max_length=40, blank=True)
    words = models.CharField("怎么算的", max_length=400)

    class Meta:
        verbose_name = verbose_name_plural = "项目得分"
        ordering = ["item__position", "item_id"]
        constraints = [
            models.UniqueConstraint(fields=["unit_score", "item"], name="assessment_item_score_once")
        ]

    def __str__(self) -> str:
        return f"{self.unit_score_id} {self.item_id} {self.got}"


class ScoreRows(models.Model):
    """The rows behind a figure as they were then: those that cost points, [[key, what was wrong with it], …], and the
    keys of all it was counted over (`assessment.keysets`). Read only when opened."""

    score = models.OneToOneField(
        ItemScore, models.PROTECT, verbose_name="项目得分", primary_key=True, related_name="behind"
    )
    rows = LazyJSONField("失分的记录", default=list)
    whole = models.TextField("计入基数的记录", blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "定格记录"

    def __str__(self) -> str:
        return str(self.score_id)
