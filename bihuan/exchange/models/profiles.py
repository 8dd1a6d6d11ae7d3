"""Sheets of upper levels as data: which figure or column of ours belongs into which cell of theirs (U9)."""

from __future__ import annotations

from django.db import models

from bihuan.accounts.models import Region, User
from bihuan.attachments.models import Attachment
from bihuan.core.addresses import row_address

from .instances import seats


class SheetProfileQuerySet(models.QuerySet["SheetProfile"]):
    def visible_to(self, user: User) -> SheetProfileQuerySet:
        """Profiles are kept by an office and used by everybody above and below it in the same installation."""
        query = models.Q(pk__in=())
        for code in seats(user):
            query |= models.Q(region__code__startswith=code)
            query |= models.Q(region__in=[code[:length] for length in (2, 4, 6, 9) if length <= len(code)])
        return self.filter(query)


class SheetProfile(models.Model):
    """One sheet of another system and how it is filled from ours, or read back (套表方案)."""

    class Way(models.TextChoices):
        EXPORT = "export", "填出"
        IMPORT = "import", "读入"

    class Shape(models.TextChoices):
        CELLS = "cells", "逐格"
        ROWS = "rows", "逐行"

    class Status(models.TextChoices):
        DRAFT = "draft", "试填中"
        ACTIVE = "active", "启用"
        RETIRED = "retired", "停用"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="所属区划", related_name="+")
    name = models.CharField("名称", max_length=80)
    system = models.CharField("对方系统或表格", max_length=120, blank=True)
    way = models.CharField("用途", max_length=6, choices=Way.choices)
    shape = models.CharField("填法", max_length=5, choices=Shape.choices)
    source = models.CharField("数据来源", max_length=60)
    template = models.ForeignKey(Attachment, models.PROTECT, verbose_name="对方的空表", related_name="+")
    sheet = models.CharField("工作表", max_length=60)
    first_row = models.PositiveIntegerField("数据首行", null=True, blank=True)
    places = models.JSONField("对应关系", default=list, help_text="[[单元格或列, 指标或字段], …]")
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.DRAFT)
    is_sample = models.BooleanField("样例", default=False)
    revision = models.PositiveIntegerField("版本", default=1)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    at = models.DateTimeField("编制时间")

    objects = SheetProfileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "套表方案"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("exchange:profile", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "name": self.name, "way": self.way, "shape": self.shape, "source": self.source,
            "template": self.template_id, "sheet": self.sheet, "first_row": self.first_row, "places": self.places,
            "status": self.status, "revision": self.revision,
        }  # fmt: skip


class ProfileRunQuerySet(models.QuerySet["ProfileRun"]):
    def visible_to(self, user: User) -> ProfileRunQuerySet:
        return self.filter(profile__in=SheetProfile.objects.visible_to(user))


class ProfileRun(models.Model):
    """One time a sheet was filled or read, and the figures that went through (套表记录)."""

    profile = models.ForeignKey(SheetProfile, models.PROTECT, verbose_name="套表方案", related_name="runs")
    revision = models.PositiveIntegerField("方案版本")
    subject = models.CharField("所涉记录", max_length=80, blank=True, db_index=True)
    file = models.ForeignKey(Attachment, models.PROTECT, verbose_name="文件", related_name="+")
    figures = models.JSONField("数字", default=list, help_text="[[位置, 指标, 名称, 值], …]")
    rows = models.PositiveIntegerField("行数", default=0)
    is_trial = models.BooleanField("试填", default=False)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    at = models.DateTimeField("时间")

    objects = ProfileRunQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "套表记录"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.profile} {self.at:%Y-%m-%d}"

    def signed_content(self) -> dict[str, object]:
        return {
            "profile": self.profile_id, "revision": self.revision, "subject": self.subject, "file": self.file_id,
            "figures": self.figures, "rows": self.rows,
        }  # fmt: skip
