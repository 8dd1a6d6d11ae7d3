"""Licences of enterprises with issuer and validity."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from .enterprises import Enterprise


class PermitQuerySet(models.QuerySet["Permit"]):
    def expired(self, *, on: dt.date) -> PermitQuerySet:
        return self.filter(valid_to__lt=on)

    def expiring(self, *, on: dt.date, days: int = 90) -> PermitQuerySet:
        return self.filter(valid_to__gte=on, valid_to__lte=on + dt.timedelta(days=days))


class Permit(models.Model):
    """A licence an enterprise holds, with its issuer and validity."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, verbose_name="企业", related_name="permits")
    kind = models.CharField("许可种类", max_length=60)
    number = models.CharField("证号", max_length=80)
    issuer = models.CharField("发证机关", max_length=120, blank=True)
    valid_from = models.DateField("有效期起", null=True, blank=True)
    valid_to = models.DateField("有效期止", null=True, blank=True)

    objects = PermitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "许可证"
        ordering = ["valid_to", "id"]
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "kind", "number"], name="registry_permit_unique"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="registry_permit_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
