"""Leaders' districts (R031): who leads which locality, enterprise or zone since when, and each of their visits."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bihuan.accounts.models import Holding, Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.core.addresses import row_address
from bihuan.registry.models import Enterprise
from bihuan.zones.models import Zone


class DistrictQuerySet(models.QuerySet["District"]):
    def visible_to(self, user: User) -> DistrictQuerySet:
        """The area; the departments of the enterprises; whoever leads it, and their body."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        own = [
            post.organization_id
            for post in user.posts
            if user.is_active and post.organization_id in scope.departments
        ]
        led = DistrictLead.objects.filter(
            Q(post__in=user.posts if user.is_active else []) | Q(post__organization__in=own),
            district=OuterRef("pk"),
        )
        if scope.is_empty:
            return self.none()
        return self.filter(
            areas_q(scope.areas) | Q(enterprise__department__in=scope.departments) | Q(Exists(led))
        )

    def unled(self, *, on: dt.date) -> DistrictQuerySet:
        """Nobody is named, or the post that leads is empty (invariant 8)."""
        held = Holding.objects.filter(
            Q(to_on=None) | Q(to_on__gte=on), from_on__lte=on, user__is_active=True, post=OuterRef("post")
        )
        led = DistrictLead.objects.in_force(on=on).filter(
            Exists(held), district=OuterRef("pk"), post__is_active=True
        )
        return self.filter(~Exists(led), is_active=True)


class District(models.Model):
    """A locality, an enterprise or a zone that a leader answers for and visits in a rhythm (包干片区)."""

    class Rhythm(models.TextChoices):
        WEEK = "week", "每周"
        MONTH = "month", "每月"
        QUARTER = "quarter", "每季度"
        HALF = "half", "每半年"

    name = models.CharField("名称", max_length=80)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="管理单位", related_name="districts"
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="属地", null=True, blank=True, related_name="districts"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", null=True, blank=True, related_name="districts"
    )
    zone = models.ForeignKey(
        Zone, models.PROTECT, verbose_name="区域", null=True, blank=True, related_name="districts"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    rhythm = models.CharField("走访频次", max_length=8, choices=Rhythm.choices, default=Rhythm.MONTH)
    basis = models.CharField("依据", max_length=200, blank=True)
    is_active = models.BooleanField("在用", default=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    created_at = models.DateTimeField("登记时间")

    objects = DistrictQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "包干片区"
        ordering = ["city_id", "county_id", "locality_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(region__isnull=False, enterprise=None, zone=None)
                | Q(region=None, enterprise__isnull=False, zone=None)
                | Q(region=None, enterprise=None, zone__isnull=False),
                name="oversight_district_is_one_thing",
            ),
            models.UniqueConstraint(
                fields=["organization", "region"],
                condition=Q(is_active=True, region__isnull=False),
                name="oversight_district_region_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "enterprise"],
                condition=Q(is_active=True, enterprise__isnull=False),
                name="oversight_district_enterprise_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "zone"],
                condition=Q(is_active=True, zone__isnull=False),
                name="oversight_district_zone_once",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "id"], name="oversight_district_city"),
            models.Index(fields=["county", "id"], name="oversight_district_county"),
            models.Index(fields=["locality", "id"], name="oversight_district_locality"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("oversight:district", self.pk)

    @property
    def sort(self) -> str:
        """What kind of thing it is, in a word."""
        return "属地" if self.region_id else "企业" if self.enterprise_id else "区域"

    def signed_content(self) -> dict[str, object]:
        return {
            "name": self.name, "organization": self.organization_id, "region": self.region_id,
            "enterprise": self.enterprise_id, "zone": self.zone_id, "rhythm": self.rhythm, "basis": self.basis,
            "active": self.is_active,
        }  # fmt: skip


class LeadQuerySet(models.QuerySet["DistrictLead"]):
    def in_force(self, *, on: dt.date) -> LeadQuerySet:
        """Begun and not yet ended on that day."""
        return self.filter(Q(to_on=None) | Q(to_on__gte=on), from_on__lte=on)


class DistrictLead(models.Model):
    """The post that leads a district, from when to when (包干安排). A change ends one row and begins another."""

    district = models.ForeignKey(District, models.PROTECT, verbose_name="包干片区", related_name="leads")
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="包干岗位", related_name="districts")
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    document = models.CharField("依据文件", max_length=200, blank=True)
    reason = models.CharField("调整理由", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("登记时间")

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "包干安排"
        ordering = ["-from_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")), name="oversight_lead_in_order"
            ),
            models.UniqueConstraint(fields=["district"], condition=Q(to_on=None), name="oversight_one_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.district} {self.post}"

    def signed_content(self) -> dict[str, object]:
        return {
            "district": self.district_id, "post": self.post_id, "from": self.from_on, "to": self.to_on,
            "document": self.document, "reason": self.reason,
        }  # fmt: skip


class DistrictVisitQuerySet(models.QuerySet["DistrictVisit"]):
    def visible_to(self, user: User) -> DistrictVisitQuerySet:
        """Seen by whoever sees the district."""
        return self.filter(district__in=District.objects.visible_to(user))


class DistrictVisit(models.Model):
    """A leader was there: where exactly, what was seen, what was decided, what follows (包干走访). Never changed."""

    client_id = models.UUIDField("设备编号", default=uuid.uuid4, unique=True)
    district = models.ForeignKey(District, models.PROTECT, verbose_name="包干片区", related_name="visits")
    lead = models.ForeignKey(DistrictLead, models.PROTECT, verbose_name="包干安排", related_name="visits")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="走访企业", null=True, related_name="district_visits"
    )
    visited_on = models.DateField("走访日期")
    place = models.CharField("地点", max_length=200)
    longitude = models.FloatField("经度", null=True)
    latitude = models.FloatField("纬度", null=True)
    companions = models.CharField("陪同人员", max_length=200, blank=True)
    seen = models.TextField("看到的情况", max_length=1000)
    decided = models.TextField("现场议定", max_length=1000, blank=True)
    follow_up = models.TextField("后续要求", max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="走访领导", related_name="+")
    at = models.DateTimeField("登记时间")

    objects = DistrictVisitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "包干走访"
        ordering = ["-visited_on", "-id"]
        indexes = [models.Index(fields=["district", "-visited_on"], name="oversight_visits_of_district")]

    def __str__(self) -> str:
        return f"{self.district} {self.visited_on} 走访"

    def get_absolute_url(self) -> str:
        return row_address("oversight:district_visit", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "client": str(self.client_id), "district": self.district_id, "lead": self.lead_id,
            "enterprise": self.enterprise_id, "on": self.visited_on, "place": self.place,
            "at_place": [
                None if each is None else f"{each:.6f}" for each in (self.longitude, self.latitude)
            ],
            "companions": self.companions, "seen": self.seen, "decided": self.decided,
            "follow_up": self.follow_up, "by": self.by_id, "at": self.at,
        }  # fmt: skip
