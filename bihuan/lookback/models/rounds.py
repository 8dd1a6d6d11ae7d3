"""Look-back rounds: what was promised, what was drawn, what was found of each hazard."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField
from bihuan.hazards.models import Hazard

from ..workflow import CheckStatus, Method, RoundStatus, Stratify


class RoundQuerySet(models.QuerySet["LookbackRound"]):
    def visible_to(self, user: User) -> RoundQuerySet:
        """Offices and localities see the rounds held in or over their area, departments their own and those they check."""
        scope = scope_of(user, Permission.VIEW_LOOKBACK)
        above = [code[:length] for code in scope.areas for length in (2, 4, 6) if length < len(code)]
        return self.filter(
            areas_q(scope.areas)
            | Q(region__in=above)
            | Q(organization__in=scope.departments)
            | Q(checks__organization__in=scope.departments)
        ).distinct()


class LookbackRound(models.Model):
    """One round (回头看): over which closed hazards, how sure, promised and drawn how."""

    title = models.CharField("名称", max_length=80)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="组织单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="范围", related_name="+")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", null=True, blank=True, related_name="+"
    )
    closed_from = models.DateField("销号日期从")
    closed_to = models.DateField("销号日期到")
    stratify = models.CharField("分层", max_length=10, choices=Stratify.choices)
    method = models.CharField("分配方法", max_length=14, choices=Method.choices, default=Method.PROPORTIONAL)
    confidence = models.PositiveSmallIntegerField("置信度（%）")
    margin = models.DecimalField("误差（百分点）", max_digits=4, decimal_places=1)
    expected = models.DecimalField("预计反弹率（%）", max_digits=4, decimal_places=1)
    minimum = models.PositiveSmallIntegerField("每层至少")
    population = models.PositiveIntegerField("总体")
    size = models.PositiveIntegerField("样本")
    inputs = models.JSONField("抽样材料", default=dict)
    inputs_digest = models.CharField("材料摘要", max_length=64)
    commitment = models.CharField("承诺值", max_length=64)
    seed = SealedCharField("种子", max_length=64)
    public_value = models.CharField("公开随机值", max_length=120, blank=True)
    public_value_of = models.CharField("公开随机值的来源", max_length=120, blank=True)
    due_on = models.DateField("抽查期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    status = models.CharField(
        "状态", max_length=10, choices=RoundStatus.choices, default=RoundStatus.ANNOUNCED
    )
    announced_by = models.ForeignKey(User, models.PROTECT, verbose_name="组织人", related_name="+")
    announced_at = models.DateTimeField("公布时间")
    drawn_at = models.DateTimeField("抽取时间", null=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    conclusion = models.TextField("结论", blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "回头看"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_to__gte=F("closed_from")), name="lookback_period_in_order"
            )
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="lookback_city"),
            models.Index(fields=["county", "-id"], name="lookback_county"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("lookback:round", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "title": self.title, "organization": self.organization_id, "region": self.region_id,
            "campaign": self.campaign_id, "period": [self.closed_from, self.closed_to], "stratify": self.stratify,
            "method": self.method, "plan": [self.confidence, f"{self.margin:.1f}", f"{self.expected:.1f}", self.minimum],
            "population": self.population, "size": self.size, "digest": self.inputs_digest,
            "commitment": self.commitment, "public_value_of": self.public_value_of, "at": self.announced_at,
        }  # fmt: skip


class RoundTransition(Transition):
    """One line per move of a round. Never rewritten."""

    RECORD = "round"

    round = models.ForeignKey(
        LookbackRound, models.PROTECT, verbose_name="回头看", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "回头看流转"


class LookbackStratum(models.Model):
    """One stratum of a round: how many closed hazards it holds, how many are looked at."""

    round = models.ForeignKey(LookbackRound, models.PROTECT, verbose_name="回头看", related_name="strata")
    key = models.CharField("分层键", max_length=40)
    name = models.CharField("名称", max_length=120)
    size = models.PositiveIntegerField("总体")
    planned = models.PositiveIntegerField("抽查数")

    class Meta:
        verbose_name = verbose_name_plural = "抽样层"
        ordering = ["round_id", "key"]
        constraints = [
            models.UniqueConstraint(fields=["round", "key"], name="lookback_stratum_once"),
            models.CheckConstraint(condition=Q(planned__lte=F("size")), name="lookback_stratum_enough"),
        ]

    def __str__(self) -> str:
        return self.name


class CheckQuerySet(models.QuerySet["LookbackCheck"]):
    def visible_to(self, user: User) -> CheckQuerySet:
        """The area for offices and localities; their own line, own checks and own rounds for departments."""
        scope = scope_of(user, Permission.VIEW_LOOKBACK)
        return self.filter(
            areas_q(scope.areas)
            | Q(department__in=scope.departments)
            | Q(organization__in=scope.departments)
            | Q(round__organization__in=scope.departments)
        )

    def rebounded(self) -> CheckQuerySet:
        """Those found again: what a trigger on rebound counts."""
        return self.filter(status=CheckStatus.REBOUNDED)


class LookbackCheck(models.Model):
    """One closed hazard looked at again: does it hold (抽查)."""

    round = models.ForeignKey(LookbackRound, models.PROTECT, verbose_name="回头看", related_name="checks")
    stratum = models.ForeignKey(LookbackStratum, models.PROTECT, verbose_name="抽样层", related_name="checks")
    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="lookback_checks")
    hazard_round = models.PositiveSmallIntegerField("隐患轮次")
    position = models.PositiveIntegerField("抽取次序")
    closed_by = models.ForeignKey(User, models.PROTECT, verbose_name="销号人", null=True, related_name="+")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="抽查单位", related_name="lookback_checks"
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="主管部门", null=True, related_name="+", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    status = models.CharField("结论", max_length=10, choices=CheckStatus.choices, default=CheckStatus.WAITING)
    checked_on = models.DateField("抽查日期", null=True)
    found = models.CharField("现场情况", max_length=500, blank=True)
    judged_by = models.ForeignKey(User, models.PROTECT, verbose_name="抽查人", null=True, related_name="+")
    judged_at = models.DateTimeField("登记时间", null=True)
    reopened_at = models.DateTimeField("重开时间", null=True)

    objects = CheckQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "回头看抽查"
        ordering = ["round_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["round", "hazard"], name="lookback_hazard_once"),
            models.CheckConstraint(
                condition=Q(status="waiting", judged_at=None)
                | (~Q(status="waiting") & Q(judged_at__isnull=False)),
                name="lookback_judged_iff_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "status", "-checked_on"], name="lookback_check_city"),
            models.Index(fields=["county", "status", "-checked_on"], name="lookback_check_county"),
            models.Index(fields=["locality", "status", "-checked_on"], name="lookback_check_locality"),
        ]

    def __str__(self) -> str:
        return f"抽查 {self.hazard}"

    def get_absolute_url(self) -> str:
        return row_address("lookback:check", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "round": self.round_id, "hazard": self.hazard_id, "hazard_round": self.hazard_round,
            "position": self.position, "status": self.status, "checked_on": self.checked_on, "found": self.found,
            "by": self.judged_by_id, "at": self.judged_at,
        }  # fmt: skip


class CheckTransition(Transition):
    """One line per move of a check. Never rewritten."""

    RECORD = "check_row"
    KEPT: ClassVar[tuple[str, ...]] = ("organization_id",)

    check_row = models.ForeignKey(
        LookbackCheck, models.PROTECT, verbose_name="回头看抽查", related_name="transitions"
    )
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="抽查单位", related_name="+")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "抽查流转"
