"""What is asked of each kind of object: versions of its attributes as JSON Schema (draft 2020-12)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User

from .kinds import EnterpriseKind


class KindSchemaQuerySet(models.QuerySet["KindSchema"]):
    def published(self) -> KindSchemaQuerySet:
        return self.filter(status=KindSchema.Status.PUBLISHED)

    def in_force(self) -> KindSchemaQuerySet:
        """The latest published version of each kind."""
        later = KindSchema.objects.published().filter(
            kind=models.OuterRef("kind"), version__gt=models.OuterRef("version")
        )
        return self.published().filter(~models.Exists(later))


class KindSchema(models.Model):
    """One version of the attributes of a kind. A draft is edited; a published version is never changed.

    `schema` is an object schema whose properties are strings (free, of a list, dates), integers, numbers, booleans
    and lists of choices; see `registry.attributes` for the subset and its own words `x-unit`, `x-group`, `x-order`.
    `revision` counts the savings of a draft: publishing and saving name the one they saw.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"

    kind = models.ForeignKey(EnterpriseKind, models.PROTECT, verbose_name="类型", related_name="schemas")
    version = models.PositiveSmallIntegerField("版本号")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    schema = models.JSONField("属性定义", default=dict)
    note = models.CharField("修订说明", max_length=200, blank=True)
    revision = models.PositiveIntegerField("修改次数", default=0)
    edited_by = models.ForeignKey(
        User, models.PROTECT, verbose_name="编辑人", null=True, related_name="+", db_index=False
    )
    edited_at = models.DateTimeField("编辑时间", auto_now=True)
    published_at = models.DateTimeField("发布时间", null=True)

    objects = KindSchemaQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "属性表"
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="registry_schema_version"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(status="draft"), name="registry_schema_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", published_at=None)
                | Q(status="published", published_at__isnull=False),
                name="registry_schema_published_is_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}属性表第{self.version}版"
