"""Licences of enterprises with issuer and validity."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from .enterprises import Enterprise


class IssuingLevel(models.TextChoices):
    """Which level issued a permit."""

    NATION = "nation", "国家级"
    PROVINCE = "province", "省级"
    CITY = "city", "市级"
    COUNTY = "county", "县级"


class PermitQuerySet(models.QuerySet["Permit"]):
    def held(self) -> PermitQuerySet:
        """Those that count: not replaced by a renewed one."""
        return self.filter(replaced_by=None)

    def expired(self, *, on: dt.date) -> PermitQuerySet:
        return self.held().filter(valid_to__lt=on)

    def expiring(self, *, on: dt.date, days: int = 90) -> PermitQuerySet:
        return self.held().filter(valid_to__gte=on, valid_to__lte=on + dt.timedelta(days=days))


class Permit(models.Model):
    """A licence an enterprise holds, with its issuer and validity."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, verbose_name="企业", related_name="permits")
    kind = models.CharField("许可种类", max_length=60)
    number = models.CharField("证号", max_length=80)
    issuer = models.CharField("发证机关", max_length=120, blank=True)
    valid_from = models.DateField("有效期起", null=True, blank=True)
    valid_to = models.DateField("有效期止", null=True, blank=True)
    issuing_level = models.CharField("发证级别", max_length=10, choices=IssuingLevel.choices, blank=True)
    applied_on = models.DateField("申请续期日期", null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, verbose_name="换发的新证", null=True, blank=True, related_name="replaces",
        db_index=False,
    )  # fmt: skip

    objects = PermitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "许可证"
        ordering = ["valid_to", "id"]
        indexes = [
            models.Index(fields=["valid_to"], condition=Q(replaced_by=None), name="registry_permit_end"),
            models.Index(
                fields=["replaced_by"], condition=Q(replaced_by__isnull=False), name="registry_permit_new"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "kind", "number"], name="registry_permit_unique"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="registry_permit_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
