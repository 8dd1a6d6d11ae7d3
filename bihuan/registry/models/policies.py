"""Where figures of risk become words and colours: cut-offs an office sets for its area (R043, R191)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Region, User
from bihuan.core.addresses import row_address
from bihuan.rules.regions import ancestors


class RiskPolicyQuerySet(models.QuerySet["RiskPolicy"]):
    def in_force(self, *, on: dt.date) -> RiskPolicyQuerySet:
        """Begun and not yet ended on that day."""
        return self.filter(Q(to_on=None) | Q(to_on__gte=on), from_on__lte=on)

    def reaching(self, place: str) -> RiskPolicyQuerySet:
        """Those of the place itself and of the areas above it, the nearest and latest first."""
        return self.filter(region__in=[*ancestors(place), place]).order_by("-region_id", "-from_on", "-id")


class RiskPolicy(models.Model):
    """Cut-offs of one method in one area, from when and by which document. Ended and followed by others, never rewritten.

    `content` is the body of a policy record of `rules.assessments` or `rules.enterprisegrades`, without its name and
    provenance.
    """

    class Method(models.TextChoices):
        LEC = "LEC", "LEC法"
        MATRIX = "LS", "风险矩阵法"
        GRADE = "ABCD", "企业分级"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="适用地区", related_name="+")
    method = models.CharField("评价方法", max_length=4, choices=Method.choices)
    label = models.CharField("口径名称", max_length=40)
    content = models.JSONField("分档内容", default=dict)
    source = models.CharField("依据文件", max_length=120)
    doc_no = models.CharField("文号", max_length=60)
    from_on = models.DateField("起用日期")
    to_on = models.DateField("停用日期", null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    objects = RiskPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评价口径"
        ordering = ["method", "-from_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "method"], condition=Q(to_on=None), name="registry_one_open_policy"
            ),
            models.CheckConstraint(
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")), name="registry_policy_dates"
            ),
            models.CheckConstraint(
                condition=~Q(source="") & ~Q(doc_no=""), name="registry_policy_has_source"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return row_address("registry:policy", self.pk)

    @property
    def key(self) -> str:
        """What assessments name it by."""
        return f"local-{self.pk}"
