"""Zones drawn on the map (R008), their dated versions, and which enterprises lie in them since when."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.core.addresses import row_address
from bihuan.core.lazyjson import LazyJSONField
from bihuan.registry.models import Enterprise, Premises
from bihuan.rules.coordinates import CRS_LABELS
from bihuan.rules.regions import ancestors, prefix_range


class ZoneKind(models.Model):
    """What a zone is drawn for. `tone` is the colour it has on the map and in badges."""

    class Tone(models.TextChoices):
        RED = "red", "红"
        ORANGE = "orange", "橙"
        YELLOW = "yellow", "黄"
        BLUE = "blue", "蓝"
        GREEN = "green", "绿"
        OUTLINE = "outline", "灰"

    key = models.SlugField("代码", primary_key=True, max_length=40)
    label = models.CharField("名称", max_length=40)
    tone = models.CharField("颜色", max_length=8, choices=Tone.choices, default=Tone.OUTLINE)
    about = models.CharField("说明", max_length=120, blank=True)
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "区域类型"
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.label


class ZoneQuerySet(models.QuerySet["Zone"]):
    def visible_to(self, user: User) -> ZoneQuerySet:
        """Zones of one's own area and those drawn above it, which bind it too; enterprises see the ones they lie in."""
        scope = scope_of(user, Permission.VIEW_REGISTRY)
        codes = set(scope.areas)
        codes |= {
            post.organization.region_id for post in user.posts if post.organization_id in scope.departments
        }
        fits = Q(pk__in=())
        for code in codes:
            low, high = prefix_range(code)
            fits |= Q(region_id__gte=low, region_id__lt=high) | Q(region_id__in=ancestors(code))
        if scope.enterprises:
            inside = ZoneMembership.objects.filter(
                zone=OuterRef("pk"), left_on=None, enterprise__organization__in=scope.enterprises
            )
            fits |= Q(Exists(inside))
        return self.filter(fits)

    def in_force(self, *, on: dt.date) -> ZoneQuerySet:
        """Zones with a version in force on a day."""
        return self.filter(Exists(ZoneVersion.objects.in_force(on=on).filter(zone=OuterRef("pk"))))


class Zone(models.Model):
    """An area with rules of its own: 禁燃区, 重点区域, 供气范围, 配送范围. Where it runs, its versions say."""

    kind = models.ForeignKey(ZoneKind, models.PROTECT, verbose_name="类型", related_name="zones")
    name = models.CharField("名称", max_length=80)
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="所属辖区", related_name="zones",
        help_text="由哪一级划定、在哪个辖区内生效",
    )  # fmt: skip
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="划定单位", related_name="zones",
        help_text="只有它和管辖这个辖区的安委办、乡镇街道能调整",
    )  # fmt: skip
    settled_version = models.ForeignKey(
        "ZoneVersion", models.PROTECT, verbose_name="已按此版清点", null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = ZoneQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "区域"
        ordering = ["kind__position", "region_id", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["kind", "region", "name"], name="zones_zone_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("zones:detail", self.pk)


class ZoneVersionQuerySet(models.QuerySet["ZoneVersion"]):
    def in_force(self, *, on: dt.date) -> ZoneVersionQuerySet:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=on), valid_from__lte=on)

    def around(self, longitude: float, latitude: float) -> ZoneVersionQuerySet:
        """Those whose box holds a place: the few worth a closer look."""
        return self.filter(west__lte=longitude, east__gte=longitude, south__lte=latitude, north__gte=latitude)


class ZoneVersion(models.Model):
    """How a zone runs from one day to another, by which document. Never rewritten: a change is another version."""

    class Source(models.TextChoices):
        DRAWN = "drawn", "在图上画出"
        FILE = "file", "由文件导入"

    zone = models.ForeignKey(Zone, models.PROTECT, verbose_name="区域", related_name="versions")
    number = models.PositiveSmallIntegerField("版次")
    valid_from = models.DateField("生效日期")
    valid_to = models.DateField("失效日期", null=True, blank=True)
    geometry = LazyJSONField("范围", help_text="GeoJSON，CGCS2000经纬度")
    west = models.FloatField("最西")
    south = models.FloatField("最南")
    east = models.FloatField("最东")
    north = models.FloatField("最北")
    boundary_words = models.TextField(
        "四至文字", blank=True, help_text="文件里的原话：东起…，南至…，西至…，北至…"
    )
    document = models.CharField("依据文件", max_length=120, blank=True, help_text="标题和文号")
    reason = models.CharField("说明", max_length=300, blank=True)
    source = models.CharField("来源", max_length=8, choices=Source.choices, default=Source.DRAWN)
    source_name = models.CharField("来源文件", max_length=120, blank=True)
    source_crs = models.CharField(
        "换算自", max_length=10, choices=[(crs.value, label) for crs, label in CRS_LABELS.items()]
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="划定人", related_name="+")
    at = models.DateTimeField("划定时间")
    ended_reason = models.CharField("失效说明", max_length=300, blank=True)

    objects = ZoneVersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "区域版本"
        ordering = ["zone_id", "-number"]
        indexes = [models.Index(fields=["west", "east", "south", "north"], name="zones_version_box")]
        constraints = [
            models.UniqueConstraint(fields=["zone", "number"], name="zones_version_number"),
            models.UniqueConstraint(
                fields=["zone"], condition=Q(valid_to=None), name="zones_one_open_version"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="zones_version_dates"
            ),
            models.CheckConstraint(
                condition=Q(west__lt=F("east"), south__lt=F("north")), name="zones_version_box_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zone} 第{self.number}版"

    def signed_content(self) -> dict[str, object]:
        """What the record keeps of a version."""
        return {
            "zone": self.zone_id, "number": self.number, "valid_from": self.valid_from, "geometry": self.geometry,
            "boundary_words": self.boundary_words, "document": self.document, "source_crs": self.source_crs,
        }  # fmt: skip


class ZoneMembership(models.Model):
    """A stretch of time an enterprise, or one of its premises, lies in a zone. A line that ended stays."""

    class Cause(models.TextChoices):
        ZONE = "zone", "区域划定、调整或失效"
        PLACE = "place", "坐标登记或改动"

    zone = models.ForeignKey(Zone, models.PROTECT, verbose_name="区域", related_name="memberships")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="zone_memberships"
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, verbose_name="场所", null=True, blank=True, related_name="zone_memberships",
        help_text="空为企业登记的位置",
    )  # fmt: skip
    entered_on = models.DateField("进入日期")
    entered_by = models.CharField("进入原因", max_length=8, choices=Cause.choices)
    left_on = models.DateField("离开日期", null=True, blank=True)
    left_by = models.CharField("离开原因", max_length=8, choices=Cause.choices, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "区域内的企业"
        ordering = ["-entered_on", "-id"]
        indexes = [
            models.Index(fields=["zone", "left_on", "-id"], name="zones_member_of_zone"),
            models.Index(fields=["enterprise", "left_on"], name="zones_member_of_enterprise"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "enterprise"],
                condition=Q(left_on=None, premises=None),
                name="zones_member_open",
            ),
            models.UniqueConstraint(
                fields=["zone", "premises"],
                condition=Q(left_on=None, premises__isnull=False),
                name="zones_member_premises_open",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None, left_by="") | (Q(left_on__gte=F("entered_on")) & ~Q(left_by="")),
                name="zones_member_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.premises or self.enterprise} 在 {self.zone}"


class Outline(models.Model):
    """How a region runs on the schematic base map, in CGCS2000. Not a boundary in law."""

    class Source(models.TextChoices):
        GIVEN = "given", "导入的轮廓"
        HULL = "hull", "按对象位置推出的示意范围"

    region = models.OneToOneField(
        Region, models.PROTECT, verbose_name="辖区", primary_key=True, related_name="map_outline"
    )
    geometry = LazyJSONField("轮廓", help_text="GeoJSON，CGCS2000经纬度")
    source = models.CharField("来源", max_length=8, choices=Source.choices, default=Source.GIVEN)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "底图轮廓"
        ordering = ["region_id"]

    def __str__(self) -> str:
        return f"{self.region}轮廓"


class Misplacement(models.Model):
    """A place whose coordinates lie outside the outline of the township it is registered in. Goes when put right."""

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, verbose_name="企业", related_name="misplacements"
    )
    premises = models.ForeignKey(
        Premises, models.CASCADE, verbose_name="场所", null=True, blank=True, related_name="misplacements"
    )
    lies_in = models.ForeignKey(
        Region, models.CASCADE, verbose_name="坐标所在辖区", null=True, blank=True, related_name="+"
    )
    found_on = models.DateField("发现日期")

    class Meta:
        verbose_name = verbose_name_plural = "坐标存疑"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(premises=None), name="zones_misplaced_enterprise"
            ),
            models.UniqueConstraint(fields=["premises"], name="zones_misplaced_premises"),
        ]

    def __str__(self) -> str:
        return f"{self.premises or self.enterprise} 坐标存疑"
