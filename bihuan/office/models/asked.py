"""Who came and asked: whoever is asked first answers for it until somebody has taken it over (首问负责, R257)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField

from ..workflow import AskedStatus


class AskedMatterQuerySet(models.QuerySet["AskedMatter"]):
    def visible_to(self, user: User) -> AskedMatterQuerySet:
        """The area for offices, localities and inspectorates; what one's own body was asked or was handed."""
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        own = {*scope.departments, *(post.organization_id for post in user.posts if not scope.is_empty)}
        return self.filter(areas_q(scope.areas) | Q(organization__in=own) | Q(handler__in=own))

    def open(self) -> AskedMatterQuerySet:
        return self.exclude(status=AskedStatus.CLOSED)

    def overdue(self, *, on: dt.date) -> AskedMatterQuerySet:
        """Not told back by the clock; the due day itself is not overdue."""
        return self.open().filter(due_on__lt=on)


class AskedMatter(models.Model):
    """One matter somebody came with, and the person who was asked first (首问事项)."""

    class Channel(models.TextChoices):
        VISIT = "visit", "来访"
        CALL = "call", "来电"
        LETTER = "letter", "来信"
        ONLINE = "online", "网上"

    number = models.CharField("编号", max_length=30, unique=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="首问单位", related_name="+", db_index=False
    )
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="首问岗位", related_name="+")
    receiver = models.ForeignKey(User, models.PROTECT, verbose_name="首问责任人", related_name="+")
    handler = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="承办单位", null=True, related_name="+", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    channel = models.CharField("方式", max_length=10, choices=Channel.choices)
    asker_name = SealedCharField("来访人", max_length=60, blank=True, default="")
    asker_phone = SealedCharField("联系电话", max_length=30, blank=True, default="")
    subject = models.CharField("事由", max_length=120)
    question = models.CharField("问什么、办什么", max_length=1000)
    received_on = models.DateField("登记日期")
    received_at = models.DateTimeField("登记时间")
    status = models.CharField(
        "状态", max_length=10, choices=AskedStatus.choices, default=AskedStatus.RECEIVED
    )
    due_on = models.DateField("办结期限")
    clock = models.JSONField("期限说明", default=dict)
    handed_on = models.DateField("转办日期", null=True)
    accept_due_on = models.DateField("接收期限", null=True)
    accept_clock = models.JSONField("接收期限说明", default=dict)
    bounces = models.PositiveSmallIntegerField("退回次数", default=0)
    result = models.CharField("办理结果", max_length=1000, blank=True)
    answered_on = models.DateField("办出结果日期", null=True)
    told_on = models.DateField("告知日期", null=True)
    told_how = models.CharField("告知方式和对方意见", max_length=300, blank=True)

    objects = AskedMatterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "首问事项"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="closed", told_on__isnull=False) | (~Q(status="closed") & Q(told_on=None)),
                name="office_asked_told_iff_closed",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["handed", "accepted"]) | Q(handler__isnull=False),
                name="office_asked_handed_to_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=[column, "-id"], name=f"office_asked_{name}")
            for column, name in (
                ("city", "city"), ("county", "county"), ("locality", "locality"), ("organization", "body"),
                ("handler", "handler"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    def get_absolute_url(self) -> str:
        return row_address("office:asked", self.pk)

    def is_overdue(self, *, on: dt.date) -> bool:
        return self.status != AskedStatus.CLOSED and self.due_on < on

    @property
    def is_late_told(self) -> bool:
        return self.told_on is not None and self.told_on > self.due_on

    @property
    def answering_id(self) -> int:
        """Who answers for it now: the first who was asked, until somebody has taken it over."""
        if self.status == AskedStatus.ACCEPTED and self.handler_id is not None:
            return self.handler_id
        return self.organization_id

    def signed_content(self) -> dict[str, object]:
        return {
            "number": self.number, "organization": self.organization_id, "receiver": self.receiver_id,
            "handler": self.handler_id, "channel": self.channel, "subject": self.subject, "question": self.question,
            "received_at": self.received_at, "status": self.status, "due_on": self.due_on, "bounces": self.bounces,
            "result": self.result, "answered_on": self.answered_on, "told": [self.told_on, self.told_how],
        }  # fmt: skip


class AskedTransition(Transition):
    """One line per move of a matter: who handed it to whom. Never rewritten."""

    RECORD, KEPT = "matter", ("handler_id",)

    matter = models.ForeignKey(
        AskedMatter, models.PROTECT, verbose_name="首问事项", related_name="transitions"
    )
    handler = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="承办单位", null=True, related_name="+"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "首问事项流转"
