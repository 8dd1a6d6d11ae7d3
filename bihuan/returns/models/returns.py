"""Periods that were opened, what each body owes in them, and what it signed. What was signed is never written again."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import NOTHING, area_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..periods import Span, label_of
from ..workflow import FILED, Status
from .definitions import DefinitionVersion


class PeriodQuerySet(models.QuerySet["Period"]):
    def visible_to(self, user: User) -> PeriodQuerySet:
        """Those with a return one may see."""
        return self.filter(pk__in=Return.objects.visible_to(user).values("period"))


class Period(models.Model):
    """One period of a definition, opened once for everybody who owes it."""

    version = models.ForeignKey(
        DefinitionVersion, models.PROTECT, verbose_name="报表版本", related_name="periods"
    )
    definition = models.ForeignKey(
        "returns.Definition", models.PROTECT, verbose_name="报表定义", related_name="periods", db_index=False
    )
    kind = models.CharField("报送周期", max_length=10)
    first = models.DateField("起")
    last = models.DateField("止")
    due_on = models.DateField("报送截止")
    clock = models.JSONField("期限说明", default=dict)
    opened_at = models.DateTimeField("开报时间")
    title = models.CharField("事由", max_length=80, blank=True, help_text="临时报送为什么开报")

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报送期"
        ordering = ["-last", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["definition", "first", "last"], name="returns_period_once"),
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="returns_period_days"),
        ]
        indexes = [models.Index(fields=["definition", "-last", "-id"], name="returns_period_recent")]

    def __str__(self) -> str:
        return f"{self.definition.name} {self.label}"

    def get_absolute_url(self) -> str:
        return row_address("returns:period", self.pk)

    @property
    def span(self) -> Span:
        return Span(self.first, self.last)

    @property
    def label(self) -> str:
        """What people call the period."""
        return label_of(self.kind, self.span)


class ReturnQuerySet(models.QuerySet["Return"]):
    def visible_to(self, user: User) -> ReturnQuerySet:
        """One's own body's, those from one's area, and all that one's body collects (invariant 3)."""
        scope = scope_of(user, Permission.VIEW_RETURNS)
        query = NOTHING
        for code in scope.areas:
            query |= area_q(code)
        if scope.departments:
            query |= Q(organization__in=scope.departments)
        if query == NOTHING:
            return self.filter(NOTHING)
        own = [
            post.organization_id
            for post in user.posts
            if post.organization.kind != Organization.Kind.ENTERPRISE
        ]
        return self.filter(query | Q(organization__in=own) | Q(collector__in=own))

    def owed_by(self, user: User) -> ReturnQuerySet:
        """Those of the bodies in whose name the person may report."""
        from bihuan.accounts.roles import ROLES  # the roles read the permissions, not the other way round

        bodies = [
            post.organization_id
            for post in user.posts
            if Permission.FILE_RETURN in ROLES[post.role].permissions
        ]
        return self.filter(organization__in=bodies)


class Return(models.Model):
    """What one body owes for one period: filled by the machine, completed by hand, signed as `Filing`s."""

    period = models.ForeignKey(
        Period, models.PROTECT, verbose_name="报送期", related_name="returns", db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="报送单位", related_name="returns", db_index=False
    )
    collector = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="收报单位",
        related_name="collected_returns",
        db_index=False,
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.OWED)
    due_on = models.DateField("报送截止")
    clock = models.JSONField("期限说明", default=dict)
    draft = models.JSONField(
        "填报中", default=dict, blank=True, help_text="人工指标、文字说明和不符事项的说明，签报后清空"
    )
    draft_revision = models.PositiveIntegerField(
        "填报修订号", default=0, help_text="每保存一次加一；两人同时填，后存的人据此知道"
    )
    draft_by = models.ForeignKey(
        User,
        models.PROTECT,
        verbose_name="最近填报人",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    draft_at = models.DateTimeField("最近填报时间", null=True, blank=True)
    current = models.OneToOneField(
        "returns.Filing",
        models.PROTECT,
        verbose_name="现行签报",
        null=True,
        blank=True,
        related_name="current_of",
    )
    filings_count = models.PositiveSmallIntegerField("签报次数", default=0)
    first_signed_at = models.DateTimeField("首次签报时间", null=True, blank=True)
    is_late = models.BooleanField("迟报", default=False)
    sent_back_count = models.PositiveSmallIntegerField("退回次数", default=0)
    is_restated = models.BooleanField("与台账有出入", default=False)
    checked_at = models.DateTimeField("与台账核对时间", null=True, blank=True)
    restored_to = models.CharField("解锁前状态", max_length=10, blank=True, default="")

    objects = ReturnQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报送"
        ordering = ["-due_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["period", "organization"], name="returns_one_each"),
            models.CheckConstraint(
                condition=~Q(status__in=["signed", "accepted", "sent_back", "unlocked"])
                | Q(current__isnull=False),
                name="returns_signed_has_filing",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-due_on", "-id"], name="returns_own_recent"),
            models.Index(fields=["collector", "-due_on", "-id"], name="returns_collected_recent"),
            models.Index(fields=["city", "-due_on", "-id"], name="returns_city_recent"),
            models.Index(fields=["county", "-due_on", "-id"], name="returns_county_recent"),
            models.Index(fields=["locality", "-due_on", "-id"], name="returns_locality_recent"),
            models.Index(
                fields=["checked_at"], condition=Q(status__in=["signed", "accepted"]), name="returns_to_check"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} {self.period}"

    def get_absolute_url(self) -> str:
        return row_address("returns:detail", self.pk)

    @property
    def is_filed(self) -> bool:
        return self.status in FILED


class Filing(models.Model):
    """One signing of a return: the figures, the words and the moment they are true of. Never updated.

    `body` is the canonical text that was signed, kept to the byte; `content` reads it.
    """

    record = models.ForeignKey(Return, models.PROTECT, verbose_name="报送", related_name="filings")
    number = models.PositiveSmallIntegerField("第几次签报")
    code = models.CharField("取数短码", max_length=12, unique=True, help_text="二维码和短地址用")
    body = models.TextField("签报内容")
    digest = models.CharField("内容摘要", max_length=80)
    cutoff = models.DateTimeField("取数时刻", help_text="只含这一刻以前入账的记录")
    is_zero = models.BooleanField("零报告", default=False)
    is_late = models.BooleanField("迟报", default=False)
    reason = models.CharField("更正理由", max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="签报人", related_name="+")
    by_title = models.CharField("签报人职务", max_length=120, blank=True)
    received_from = models.CharField(
        "来自", max_length=120, blank=True, help_text="在下级系统里签报、由交换送来的：下级系统的名称"
    )
    at = models.DateTimeField("签报时间")

    class Meta:
        verbose_name = verbose_name_plural = "签报"
        ordering = ["record_id", "number"]
        constraints = [models.UniqueConstraint(fields=["record", "number"], name="returns_filing_number")]

    def __str__(self) -> str:
        return f"{self.record} 第 {self.number} 次"

    @cached_property
    def content(self) -> dict[str, Any]:
        """What was signed, read from the signed text."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    def signed_content(self) -> dict[str, Any]:
        return {
            "record": self.record_id, "number": self.number, "body": self.body, "cutoff": self.cutoff,
            "zero": self.is_zero, "late": self.is_late, "reason": self.reason, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class ReturnTransition(Transition):
    """One line per move of a return. Never rewritten."""

    RECORD = "record"
    KEPT = ("filings_count", "due_on")

    record = models.ForeignKey(Return, models.PROTECT, verbose_name="报送", related_name="transitions")
    filings_count = models.PositiveSmallIntegerField("签报次数")
    due_on = models.DateField("报送截止")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "报送流转"


class CorrectionPoint(models.Model):
    """Which figure the office sent a return back for, and why (U5)."""

    transition = models.ForeignKey(
        ReturnTransition, models.PROTECT, verbose_name="退回", related_name="points"
    )
    filing = models.ForeignKey(Filing, models.PROTECT, verbose_name="签报", related_name="points")
    cell = models.CharField("指标", max_length=120)
    label = models.CharField("指标名称", max_length=160)
    text = models.CharField("问题", max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = "退回事项"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.label}：{self.text}"


class Restatement(models.Model):
    """A signed figure that the ledger now tells differently (更正差异): then, now, and since when it was seen."""

    filing = models.ForeignKey(Filing, models.PROTECT, verbose_name="签报", related_name="restatements")
    cell = models.CharField("指标", max_length=120)
    label = models.CharField("指标名称", max_length=160)
    then = models.DecimalField("签报数", max_digits=20, decimal_places=4, null=True)
    now = models.DecimalField("台账现数", max_digits=20, decimal_places=4, null=True)
    seen_at = models.DateTimeField("发现时间")
    checked_at = models.DateTimeField("最近核对时间")
    settled_at = models.DateTimeField(
        "消除时间", null=True, blank=True, help_text="台账又与签报一致，或者已更正报送"
    )

    class Meta:
        verbose_name = verbose_name_plural = "更正差异"
        ordering = ["filing_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["filing", "cell"], condition=Q(settled_at=None), name="returns_restated_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.then} → {self.now}"
