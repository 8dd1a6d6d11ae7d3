"""Definitions of returns (报表定义) in the hands of an office: shipped, its own, or compiled from a plan; with versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import NOTHING, scope_of
from bihuan.campaigns.models import Campaign, ReportingRule
from bihuan.core.addresses import row_address
from bihuan.rules.regions import ancestors


class DefinitionQuerySet(models.QuerySet["Definition"]):
    def visible_to(self, user: User) -> DefinitionQuerySet:
        """Those of one's own body, of bodies under one's area, and of the offices above that one reports to."""
        scope = scope_of(user, Permission.VIEW_RETURNS)
        query = NOTHING
        for code in scope.areas:
            query |= Q(region__code__startswith=code) | Q(region__in=ancestors(code))
        if scope.departments:
            codes = set(
                Organization.objects.filter(pk__in=scope.departments).values_list("region", flat=True)
            )
            above = {each for code in codes for each in (code, *ancestors(code))}
            query |= Q(organization__in=scope.departments) | Q(region__in=above)
        return self.filter(query)


class Definition(models.Model):
    """A return an office asks for. What it says stands in its versions; a period keeps the version it was opened with."""

    class Origin(models.TextChoices):
        SHIPPED = "shipped", "系统自带"
        OWN = "own", "自行编制"
        PLAN = "plan", "由方案报送要求生成"

    class State(models.TextChoices):
        DRAFT = "draft", "编制中"
        IN_FORCE = "in_force", "在用"
        STOPPED = "stopped", "已停用"

    key = models.CharField("报表代码", max_length=60)
    name = models.CharField("报表名称", max_length=80)
    origin = models.CharField("由来", max_length=10, choices=Origin.choices)
    state = models.CharField("使用状态", max_length=10, choices=State.choices, default=State.DRAFT)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="收报单位", related_name="return_definitions"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="报送范围", related_name="+")
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        verbose_name="专项整治",
        null=True,
        blank=True,
        related_name="return_definitions",
    )
    reporting_rule = models.ForeignKey(
        ReportingRule, models.SET_NULL, verbose_name="报送要求", null=True, blank=True, related_name="+"
    )
    bodies = models.ManyToManyField(
        Organization,
        verbose_name="指定报送单位",
        blank=True,
        related_name="+",
        help_text="不指定就是范围内这一类的全部单位",
    )
    starts_on = models.DateField("启用日期", help_text="从这一天所在的周期起开报")
    ends_on = models.DateField("停用日期", null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="建立人", related_name="+")
    created_at = models.DateTimeField("建立时间")

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报表定义"
        ordering = ["organization_id", "key", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "key"], condition=Q(campaign=None), name="returns_definition_key"
            ),
            models.UniqueConstraint(
                fields=["organization", "key", "campaign"],
                condition=Q(campaign__isnull=False),
                name="returns_definition_campaign_key",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                name="returns_definition_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("returns:definition", self.pk)

    def in_force(self, span_last: dt.date) -> bool:
        """Whether a period that ends on `span_last` is to be reported."""
        return (
            self.state == self.State.IN_FORCE
            and self.starts_on <= span_last
            and (self.ends_on is None or span_last <= self.ends_on)
        )


class DefinitionVersion(models.Model):
    """What the definition said from one publication to the next. Never changed once published."""

    definition = models.ForeignKey(
        Definition, models.PROTECT, verbose_name="报表定义", related_name="versions"
    )
    number = models.PositiveSmallIntegerField("版次")
    content = models.JSONField("内容")
    note = models.CharField("修订说明", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="发布人", related_name="+")
    at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = verbose_name_plural = "报表版本"
        ordering = ["definition_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["definition", "number"], name="returns_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.definition} 第 {self.number} 版"

    def signed_content(self) -> dict[str, Any]:
        return {
            "definition": self.definition_id, "number": self.number, "content": self.content, "note": self.note,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip
