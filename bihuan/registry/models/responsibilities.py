"""Who answers for an object by name: the leader in charge, the watcher, whoever a special period asks (R041, R046, R047)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Post, Region, User

from .enterprises import Enterprise


class ResponsibilityQuerySet(models.QuerySet["Responsibility"]):
    def in_force(self, *, on: dt.date) -> ResponsibilityQuerySet:
        """Begun and not yet ended on that day."""
        return self.filter(Q(to_on=None) | Q(to_on__gte=on), from_on__lte=on)


class Responsibility(models.Model):
    """A post made to answer for an enterprise, or a leader's post for a whole locality or county (包干, 专盯).

    Where no department is in charge by law, a post of the locality may be, on trial (属地试点监管, R036).

    What it is given for is dated: a new holder begins where the one before ends. People change in the post itself.
    """

    class Kind(models.TextChoices):
        LEADER = "leader", "包干领导"
        WATCHER = "watcher", "专盯人员"
        SPECIAL = "special", "特殊时期责任人"
        PILOT = "pilot", "属地试点监管"

    kind = models.CharField("责任", max_length=8, choices=Kind.choices)
    enterprise = models.ForeignKey(
        Enterprise,
        models.PROTECT,
        verbose_name="企业",
        null=True,
        blank=True,
        related_name="responsibilities",
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="包干片区", null=True, blank=True, related_name="+"
    )
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="责任岗位", related_name="responsibilities")
    occasion = models.CharField("特殊时期", max_length=60, blank=True, help_text="如节假日、汛期、重大活动")
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    objects = ResponsibilityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "包干专盯"
        ordering = ["-from_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(enterprise=None, region__isnull=False) | Q(enterprise__isnull=False, region=None),
                name="registry_responsible_for_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")), name="registry_responsibility_dates"
            ),
            models.CheckConstraint(
                condition=~Q(kind="special") | (Q(to_on__isnull=False) & ~Q(occasion="")),
                name="registry_special_period_ends",
            ),
            models.UniqueConstraint(
                fields=["enterprise", "kind"],
                condition=Q(to_on=None, enterprise__isnull=False),
                name="registry_one_responsible_post",
            ),
            models.UniqueConstraint(
                fields=["region", "kind"],
                condition=Q(to_on=None, region__isnull=False),
                name="registry_one_leader_of_region",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.post}"

    @property
    def organization(self) -> Organization:
        """Where the post belongs."""
        return self.post.organization
