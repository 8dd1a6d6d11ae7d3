"""Look-back rounds: what was promised, what was drawn, what was found of each hazard or place."""

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
from bihuan.inspections.models import Inspection
from bihuan.registry.models import Enterprise

from ..workflow import CheckStatus, Method, RoundStatus, Stratify, Target


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
    """One round (回头看): over which closed hazards or which blind spots, how sure, promised and drawn how."""

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
    target = models.CharField("抽什么", max_length=8, choices=Target.choices, default=Target.CLOSED)
    closed_from = models.DateField("销号日期从", null=True)
    closed_to = models.DateField("销号日期到", null=True)
    unseen_months = models.PositiveSmallIntegerField(
        "多久没有检查（月）", null=True, help_text="监管盲区；0 为从未检查"
    )
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
    result = models.JSONField("抽中编号", default=list)
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
                condition=Q(target="closed", closed_to__gte=F("closed_from"), unseen_months=None)
                | Q(target="blind", closed_from=None, closed_to=None, unseen_months__isnull=False),
                name="lookback_period_in_order",
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

    @property
    def is_blind(self) -> bool:
        """Whether places nobody went to are drawn, not closed hazards."""
        return self.target == Target.BLIND

    @property
    def of_words(self) -> str:
        """Of what it is drawn, in words."""
        if not self.is_blind:
            return f"{self.closed_from} 至 {self.closed_to}销号的隐患"
        if not self.unseen_months:
            return "从未检查过的对象"
        return f"{self.unseen_months} 个月没有检查的对象"

    @property
    def rate_word(self) -> str:
        """What the share of hits is called."""
        return "问题率" if self.is_blind else "反弹率"

    @property
    def hit_word(self) -> str:
        return "发现隐患" if self.is_blind else "已反弹"

    @property
    def unit_word(self) -> str:
        return "家" if self.is_blind else "条"

    def signed_content(self) -> dict[str, object]:
        return {
            "title": self.title, "organization": self.organization_id, "region": self.region_id,
            "campaign": self.campaign_id, "target": self.target, "unseen_months": self.unseen_months,
            "period": [self.closed_from, self.closed_to], "stratify": self.stratify,
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
    """One stratum of a round: how many hazards or places it holds, how many are looked at."""

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
    """One closed hazard looked at again: does it hold (抽查); of blind spots one place that is inspected at last."""

    round = models.ForeignKey(LookbackRound, models.PROTECT, verbose_name="回头看", related_name="checks")
    stratum = models.ForeignKey(LookbackStratum, models.PROTECT, verbose_name="抽样层", related_name="checks")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="对象", related_name="lookback_checks"
    )
    hazard = models.ForeignKey(
        Hazard, models.PROTECT, verbose_name="隐患", null=True, related_name="lookback_checks"
    )
    hazard_round = models.PositiveSmallIntegerField("隐患轮次", null=True)
    inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="检查记录", null=True, related_name="lookback_checks"
    )
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
            models.CheckConstraint(
                condition=Q(
                    hazard__isnull=False,
                    inspection=None,
                    status__in=["waiting", "held", "rebounded", "unclear"],
                )
                | Q(hazard=None, inspection=None, status__in=["waiting", "unclear"])
                | Q(hazard=None, inspection__isnull=False, status__in=["clean", "found"]),
                name="lookback_judged_by_what",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "status", "-checked_on"], name="lookback_check_city"),
            models.Index(fields=["county", "status", "-checked_on"], name="lookback_check_county"),
            models.Index(fields=["locality", "status", "-checked_on"], name="lookback_check_locality"),
        ]

    def __str__(self) -> str:
        return f"抽查 {self.hazard if self.hazard_id else self.enterprise}"

    def get_absolute_url(self) -> str:
        return row_address("lookback:check", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "round": self.round_id, "enterprise": self.enterprise_id, "hazard": self.hazard_id,
            "hazard_round": self.hazard_round, "inspection": self.inspection_id,
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
