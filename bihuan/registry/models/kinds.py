"""Kinds of supervised places and the four colours of risk."""

from __future__ import annotations

from django.db import models

from bihuan.accounts.models import Organization


class RiskColour(models.TextChoices):
    """Four colours of risk (domain: 红重大、橙较大、黄一般、蓝低)."""

    RED = "red", "红"
    ORANGE = "orange", "橙"
    YELLOW = "yellow", "黄"
    BLUE = "blue", "蓝"


class EnterpriseKind(models.Model):
    """What sort of place it is; the words by which plans mention it; the department usually in charge."""

    key = models.SlugField("代码", primary_key=True, max_length=40)
    label = models.CharField("名称", max_length=40)
    sector = models.CharField("领域", max_length=40)
    keywords = models.JSONField("方案用词", default=list)
    default_department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="通常主管部门", null=True, blank=True, related_name="+"
    )
    default_risk = models.CharField(
        "默认风险", max_length=8, choices=RiskColour.choices, default=RiskColour.YELLOW
    )
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "对象类型"
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.label
