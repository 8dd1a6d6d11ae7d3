"""Triggers (触发条件): conditions as data, tried on history, switched on by somebody, each firing once."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..types import labels
from ..workflow import Audience, Period, TriggerStatus
from .instruments import Instrument, bodies_of


class TriggerQuerySet(models.QuerySet["Trigger"]):
    def visible_to(self, user: User) -> TriggerQuerySet:
        """Those of one's own body, and of the bodies in the area one oversees."""
        scope = scope_of(user, Permission.VIEW_INSTRUMENTS)
        return self.filter(
            areas_q(scope.areas) | Q(organization__in=bodies_of(user, Permission.VIEW_INSTRUMENTS))
        )


class Trigger(models.Model):
    """One condition of one office; what it says stands in its versions."""

    key = models.CharField("出厂条件", max_length=40, blank=True)
    name = models.CharField("名称", max_length=80)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="设定单位", related_name="+", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField("状态", max_length=4, choices=TriggerStatus.choices, default=TriggerStatus.OFF)
    running = models.ForeignKey(
        "TriggerVersion", models.PROTECT, verbose_name="启用的版本", null=True, related_name="+"
    )
    swept_to = models.DateField("已查到", null=True)

    objects = TriggerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "触发条件"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "key"], condition=~Q(key=""), name="instruments_trigger_shipped_once"
            ),
            models.CheckConstraint(
                condition=Q(status="off") | Q(running__isnull=False),
                name="instruments_trigger_on_has_version",
            ),
        ]
        indexes = [
            models.Index(fields=[column, "id"], name=f"instruments_trigger_{column}"[:30])
            for column in ("city", "organization")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("instruments:trigger", self.pk)


class TriggerVersion(models.Model):
    """What a trigger looks for and does, from a day on; never rewritten. A change is the next version."""

    trigger = models.ForeignKey(Trigger, models.PROTECT, verbose_name="触发条件", related_name="versions")
    number = models.PositiveSmallIntegerField("版次")
    source = models.CharField("条件来源", max_length=40)
    parameters = models.JSONField("参数", default=dict)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="范围", related_name="+", db_index=False)
    period = models.CharField("周期", max_length=8, choices=Period.choices)
    audience = models.CharField("收件单位", max_length=12, choices=Audience.choices)
    kind = models.CharField("文种", max_length=24)
    demand = models.CharField("要求", max_length=300, blank=True)
    document = models.CharField("依据", max_length=200)
    effective_from = models.DateField("执行自")
    effective_to = models.DateField("执行至", null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="设定人", related_name="+")
    made_at = models.DateTimeField("设定时间")

    class Meta:
        verbose_name = verbose_name_plural = "触发条件版本"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["trigger", "number"], name="instruments_trigger_version"),
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gte=F("effective_from")),
                name="instruments_trigger_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trigger} 第 {self.number} 版"

    @property
    def label(self) -> str:
        """The kind of paper in words."""
        return labels().get(self.kind, self.kind)

    def signed_content(self) -> dict[str, object]:
        return {
            "trigger": self.trigger_id, "number": self.number, "source": self.source, "parameters": self.parameters,
            "region": self.region_id, "period": self.period, "audience": self.audience, "kind": self.kind,
            "demand": self.demand, "document": self.document, "from": self.effective_from, "to": self.effective_to,
        }  # fmt: skip


class TriggerTransition(Transition):
    """One line per move of a trigger, with the version it left in force."""

    RECORD = "trigger"
    KEPT = ("running_id",)

    trigger = models.ForeignKey(Trigger, models.PROTECT, verbose_name="触发条件", related_name="transitions")
    running = models.ForeignKey(
        TriggerVersion, models.PROTECT, verbose_name="启用的版本", null=True, related_name="+", db_index=False
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "触发条件流转"


class Trial(models.Model):
    """A version tried on history: what it would have fired between two days, on whom."""

    class State(models.TextChoices):
        RUNNING = "running", "试算中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"

    version = models.ForeignKey(TriggerVersion, models.PROTECT, verbose_name="版本", related_name="trials")
    since = models.DateField("起")
    until = models.DateField("止")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.RUNNING)
    papers = models.PositiveIntegerField("文书数", default=0)
    matters = models.PositiveIntegerField("事项数", default=0)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="试算人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "触发条件试算"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version} {self.since} 至 {self.until}"

    def get_absolute_url(self) -> str:
        return row_address("instruments:trial", self.pk)


class TrialFiring(models.Model):
    """One paper a trial would have drafted: when, to whom, about what."""

    trial = models.ForeignKey(
        Trial, models.CASCADE, verbose_name="试算", related_name="firings", db_index=False
    )
    on = models.DateField("日期")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="收件单位", null=True, related_name="+", db_index=False
    )
    count = models.PositiveIntegerField("事项数")
    matters = models.JSONField("事项", default=list, help_text="[文字, 页面]")

    class Meta:
        verbose_name = verbose_name_plural = "试算结果"
        ordering = ["-on", "id"]
        indexes = [models.Index(fields=["trial", "-on", "id"], name="instruments_trial_rows")]

    def __str__(self) -> str:
        return f"{self.trial_id} {self.on}"


class Firing(models.Model):
    """That a trigger fired for one matter in one period: once, whoever looked first."""

    trigger = models.ForeignKey(
        Trigger, models.PROTECT, verbose_name="触发条件", related_name="firings", db_index=False
    )
    version = models.ForeignKey(
        TriggerVersion, models.PROTECT, verbose_name="版本", related_name="+", db_index=False
    )
    matter = models.CharField("事项", max_length=120)
    period = models.CharField("周期", max_length=12)
    on = models.DateField("条件成立日期")
    words = models.CharField("情况", max_length=300)
    url = models.CharField("页面", max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="收件单位", null=True, related_name="+", db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name="起草的文书", related_name="firings"
    )
    at = models.DateTimeField("触发时间")

    class Meta:
        verbose_name = verbose_name_plural = "触发记录"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["trigger", "matter", "period"], name="instruments_fires_once")
        ]
        indexes = [models.Index(fields=["trigger", "-id"], name="instruments_firing_recent")]

    def __str__(self) -> str:
        return self.words
