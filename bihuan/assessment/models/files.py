"""Case files drawn and looked through (案卷评查): the quality of what an officer signed, not only how much (R126)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.core.addresses import row_address
from bihuan.inspections.models import Inspection

from .rounds import AssessedUnit, Assessment


class FileDraw(models.Model):
    """The one draw of an assessment: what it drew from, the seed, the form it is looked through by. Anybody can recompute
    it (`docs/how-to/draws.md`)."""

    assessment = models.OneToOneField(
        Assessment, models.PROTECT, verbose_name="考核", related_name="file_draw"
    )
    per_person = models.PositiveSmallIntegerField("每人抽几件")
    population = models.PositiveIntegerField("共有案卷")
    inputs = models.JSONField("抽取材料", default=dict)
    inputs_digest = models.CharField("材料摘要", max_length=64)
    commitment = models.CharField("承诺值", max_length=64)
    seed = models.CharField("种子", max_length=64)
    form = models.JSONField("评查标准", default=dict, help_text="抽取当日的评查表，照抄留存")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="抽取人", related_name="+")
    at = models.DateTimeField("抽取时间")

    class Meta:
        verbose_name = verbose_name_plural = "案卷抽取"

    def __str__(self) -> str:
        return f"{self.assessment}案卷抽取"

    def get_absolute_url(self) -> str:
        return row_address("assessment:files", self.assessment_id)

    def signed_content(self) -> dict[str, object]:
        return {
            "assessment": self.assessment_id, "per_person": self.per_person, "population": self.population,
            "digest": self.inputs_digest, "commitment": self.commitment, "seed": self.seed, "form": self.form,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip


class CaseFileQuerySet(models.QuerySet["CaseFile"]):
    def visible_to(self, user: User) -> CaseFileQuerySet:
        """Whoever may open the officer's card; those named to judge find theirs through their seat."""
        return self.filter(unit__in=AssessedUnit.objects.visible_to(user))


class CaseFile(models.Model):
    """One inspection drawn of one officer, with the share of the points its last review gave; None while nobody looked."""

    draw = models.ForeignKey(FileDraw, models.PROTECT, verbose_name="案卷抽取", related_name="files")
    unit = models.ForeignKey(AssessedUnit, models.PROTECT, verbose_name="考核对象", related_name="files")
    inspection = models.ForeignKey(Inspection, models.PROTECT, verbose_name="检查", related_name="+")
    position = models.PositiveIntegerField("抽取次序")
    share = models.DecimalField("得分率", max_digits=7, decimal_places=4, null=True)

    objects = CaseFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评查案卷"
        ordering = ["draw_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "inspection"], name="assessment_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}案卷第 {self.position} 件"

    def get_absolute_url(self) -> str:
        return row_address("assessment:file", self.pk)


class FileReview(models.Model):
    """What one reviewer found in a case file, line by line. A correction is a further revision; the last one counts."""

    file = models.ForeignKey(CaseFile, models.PROTECT, verbose_name="评查案卷", related_name="reviews")
    revision = models.PositiveSmallIntegerField("第几次", default=1)
    lines = models.JSONField("评查内容", default=list, help_text="[[代号, 得分, 说明], …]")
    share = models.DecimalField("得分率", max_digits=7, decimal_places=4)
    text = models.CharField("评查意见", max_length=500)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="评查人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "案卷评查"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["file", "revision"], name="assessment_file_reviewed_once"),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=100), name="assessment_file_share_is_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.share}"

    def signed_content(self) -> dict[str, object]:
        return {
            "file": self.file_id, "revision": self.revision, "lines": self.lines, "share": f"{self.share:.4f}",
            "text": self.text, "by": self.by_id, "at": self.at,
        }  # fmt: skip
