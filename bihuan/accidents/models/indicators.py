"""What the figures are measured against: control numbers handed down, and base quantities of relative indicators."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of


def regions_q(user: User) -> Q:
    """Rows of the regions one sees, and of the regions above them: a township reads the city's number too."""
    areas = scope_of(user, Permission.VIEW_ACCIDENTS)
    query = Q(pk__in=())
    for code in areas.areas:
        above = [code[:length] for length in (2, 4, 6) if length < len(code)]
        query |= Q(region__code__startswith=code) | Q(region__in=above)
    return query


class ControlNumberQuerySet(models.QuerySet["ControlNumber"]):
    def visible_to(self, user: User) -> ControlNumberQuerySet:
        return self.filter(regions_q(user))


class ControlNumber(models.Model):
    """The most a region may have in a year, handed down by a document (控制数, R179); optional."""

    class Item(models.TextChoices):
        DEATHS = "deaths", "死亡人数"
        ACCIDENTS = "accidents", "事故起数"
        LARGER = "larger", "较大以上事故起数"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划", related_name="+")
    year = models.PositiveSmallIntegerField("年份")
    item = models.CharField("项目", max_length=10, choices=Item.choices)
    group = models.CharField("范围", max_length=12, blank=True, help_text="空为各类事故")
    value = models.PositiveIntegerField("控制数")
    document = models.CharField("下达文件", max_length=200)
    set_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    set_at = models.DateTimeField("登记时间")

    objects = ControlNumberQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "控制数"
        ordering = ["-year", "region_id", "item", "group"]
        constraints = [
            models.UniqueConstraint(fields=["region", "year", "item", "group"], name="accidents_control_once")
        ]

    def __str__(self) -> str:
        return f"{self.region}{self.year}年{self.get_item_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "region": self.region_id, "year": self.year, "item": self.item, "group": self.group,
            "value": self.value, "document": self.document, "by": self.set_by_id, "at": self.set_at,
        }  # fmt: skip


class BaseQuantityQuerySet(models.QuerySet["BaseQuantity"]):
    def visible_to(self, user: User) -> BaseQuantityQuerySet:
        return self.filter(regions_q(user))


class BaseQuantity(models.Model):
    """What a relative indicator divides by in a year: GDP, workers, vehicles, coal (相对指标基数)."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划", related_name="+")
    year = models.PositiveSmallIntegerField("年份")
    indicator = models.CharField("指标", max_length=12)
    value = models.DecimalField("数值", max_digits=16, decimal_places=2)
    document = models.CharField("来源", max_length=200)
    set_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    set_at = models.DateTimeField("登记时间")

    objects = BaseQuantityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "相对指标基数"
        ordering = ["-year", "region_id", "indicator"]
        constraints = [
            models.UniqueConstraint(fields=["region", "year", "indicator"], name="accidents_base_once")
        ]

    def __str__(self) -> str:
        return f"{self.region}{self.year}年{self.indicator}"

    def signed_content(self) -> dict[str, object]:
        return {
            "region": self.region_id, "year": self.year, "indicator": self.indicator,
            "value": f"{self.value:.2f}", "document": self.document, "by": self.set_by_id, "at": self.set_at,
        }  # fmt: skip


class PublishedFigureQuerySet(models.QuerySet["PublishedFigure"]):
    def visible_to(self, user: User) -> PublishedFigureQuerySet:
        return self.filter(regions_q(user))


class PublishedFigure(models.Model):
    """What a higher level published of its whole area for a period (上级公布数): what a region's share is a share of (R180)."""

    class Above(models.TextChoices):
        PROVINCE = "province", "全省"
        CITY = "city", "全市"
        STATE = "state", "全国"

    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="区划", related_name="+", help_text="算谁占上级的比重"
    )
    above = models.CharField("哪一级", max_length=10, choices=Above.choices, default=Above.PROVINCE)
    first = models.DateField("起")
    last = models.DateField("止")
    group = models.CharField("范围", max_length=12, blank=True, help_text="空为各类事故")
    accidents = models.PositiveIntegerField("起数")
    deaths = models.PositiveIntegerField("死亡人数")
    document = models.CharField("来源", max_length=200)
    set_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    set_at = models.DateTimeField("登记时间")

    objects = PublishedFigureQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "上级公布数"
        ordering = ["-last", "region_id", "group"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "above", "first", "last", "group"], name="accidents_published_once"
            ),
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="accidents_published_days"),
        ]

    def __str__(self) -> str:
        return f"{self.get_above_display()}{self.first}至{self.last}公布数"

    def signed_content(self) -> dict[str, object]:
        return {
            "region": self.region_id, "above": self.above, "first": self.first, "last": self.last, "group": self.group,
            "accidents": self.accidents, "deaths": self.deaths, "document": self.document, "by": self.set_by_id,
            "at": self.set_at,
        }  # fmt: skip
