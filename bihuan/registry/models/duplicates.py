"""Two records that may be one place, and what became of a record that was one (R050)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission

from .enterprises import Enterprise


class DuplicateQuerySet(models.QuerySet["DuplicatePair"]):
    def open(self) -> DuplicateQuerySet:
        return self.filter(status=DuplicatePair.Status.OPEN)

    def visible_to(self, user: User) -> DuplicateQuerySet:
        """Pairs of which the person may see both records."""
        seen = Enterprise.objects.within_scope_of(user, Permission.VIEW_REGISTRY).values("pk")
        return self.filter(first__in=seen, second__in=seen)


class DuplicatePair(models.Model):
    """Two records found alike, with why. `first` is the older number; both stay numbers when one record goes."""

    class Status(models.TextChoices):
        OPEN = "open", "待比对"
        MERGED = "merged", "已合并"
        DIFFERENT = "different", "不是同一家"

    first = models.BigIntegerField("记录一")
    second = models.BigIntegerField("记录二")
    score = models.PositiveSmallIntegerField("相似度", help_text="百分比")
    reasons = models.JSONField("依据", default=list)
    status = models.CharField("比对状态", max_length=10, choices=Status.choices, default=Status.OPEN)
    found_at = models.DateTimeField("发现时间")
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="比对人", null=True, related_name="+")
    decided_at = models.DateTimeField("比对时间", null=True)
    reason = models.CharField("比对说明", max_length=300, blank=True)

    objects = DuplicateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "疑似重复"
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="registry_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="registry_pair_ordered"),
            models.CheckConstraint(
                condition=Q(status="open", decided_at=None)
                | (~Q(status="open") & Q(decided_at__isnull=False)),
                name="registry_pair_decided_iff_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["-score", "id"], condition=Q(status="open"), name="registry_pairs_open"),
            models.Index(fields=["second"], name="registry_pair_second"),
        ]

    def __str__(self) -> str:
        return f"{self.first}、{self.second}"


class Merger(models.Model):
    """A record that was found to be another one: whole as it stood, where it went, what moved along.

    Its old number leads to the record that remains.
    """

    old_id = models.BigIntegerField("原编号", unique=True)
    old_name = models.CharField("原名称", max_length=120)
    old_code = models.CharField("原信用代码", max_length=18, blank=True, db_index=True)
    record = models.JSONField("原记录", default=dict)
    into = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="并入", related_name="mergers")
    moved = models.JSONField("随迁记录", default=dict, help_text="模型标签: 主键列表")
    reason = models.CharField("理由", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "记录合并"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.old_name} 并入 {self.into}"
