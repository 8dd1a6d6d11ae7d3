"""Special funds by purpose (专项资金主要用于风险评估、隐患排查、技术改造、教育培训, R238): granted, set aside, paid."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.batches.models import Subsidy
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.rules import projects as rules

from ..workflow import FundLineKind, FundTarget
from .money import ProjectSource
from .projects import Project

ZERO = Decimal("0.00")


class FundAccountQuerySet(models.QuerySet["FundAccount"]):
    def visible_to(self, user: User) -> FundAccountQuerySet:
        """Whoever answers for the area; departments those of their own region, for they apply for the money."""
        scope = scope_of(user, Permission.VIEW_PROJECTS)
        regions = Organization.objects.filter(pk__in=scope.departments).values("region")
        return self.filter(
            areas_q(scope.areas) | Q(organization__in=scope.departments) | Q(region__in=regions)
        )


class FundAccount(models.Model):
    """The special fund of one year (专项资金): by which document, kept by whom, for which campaign."""

    name = models.CharField("名称", max_length=80)
    year = models.PositiveSmallIntegerField("年度")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="管理单位", related_name="fund_accounts"
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", null=True, blank=True, related_name="fund_accounts"
    )
    document = models.CharField("设立文件", max_length=120)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="地区", related_name="+")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    made_at = models.DateTimeField("登记时间")

    objects = FundAccountQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "专项资金账户"
        ordering = ["-year", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "year", "name"], name="projects_fund_once"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2100), name="projects_fund_year"),
        ]
        indexes = [
            models.Index(fields=["city", "-year", "-id"], name="projects_fund_city"),
            models.Index(fields=["county", "-year", "-id"], name="projects_fund_county"),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年{self.name}"

    def get_absolute_url(self) -> str:
        return row_address("projects:fund", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "name": self.name, "year": self.year, "organization": self.organization_id, "campaign": self.campaign_id,
            "document": self.document, "region": self.region_id, "by": self.made_by_id, "at": self.made_at,
        }  # fmt: skip


class FundPurpose(models.Model):
    """One purpose of a fund: granted, set aside, paid. The figures are the sums of its lines, never one over the other."""

    account = models.ForeignKey(
        FundAccount, models.PROTECT, verbose_name="专项资金账户", related_name="purposes"
    )
    purpose = models.CharField("用途", max_length=20, help_text="bihuan.rules.projects 的用途代码")
    granted = models.DecimalField("下达（元）", max_digits=14, decimal_places=2, default=ZERO)
    committed = models.DecimalField("安排（元）", max_digits=14, decimal_places=2, default=ZERO)
    paid = models.DecimalField("拨付（元）", max_digits=14, decimal_places=2, default=ZERO)

    class Meta:
        verbose_name = verbose_name_plural = "专项资金用途"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "purpose"], name="projects_purpose_once"),
            models.CheckConstraint(condition=Q(paid__gte=0), name="projects_fund_paid_not_negative"),
            models.CheckConstraint(condition=Q(paid__lte=F("committed")), name="projects_fund_paid_set_aside"),
            models.CheckConstraint(condition=Q(committed__lte=F("granted")), name="projects_fund_not_exceeded"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.account} {self.label}"

    @property
    def label(self) -> str:
        return rules.label("purposes", self.purpose)

    @property
    def left(self) -> Decimal:
        """What may still be set aside."""
        return self.granted - self.committed


class FundCommitment(models.Model):
    """Money of one purpose set aside for something: a project's share, a subsidy, a training, a purchase."""

    fund = models.ForeignKey(FundPurpose, models.PROTECT, verbose_name="用途", related_name="commitments")
    target = models.CharField("类别", max_length=10, choices=FundTarget.choices)
    what = models.CharField("事项", max_length=160)
    payee = models.CharField("收款单位", max_length=120, blank=True)
    document = models.CharField("安排文件", max_length=120)
    amount = models.DecimalField("安排（元）", max_digits=14, decimal_places=2)
    paid = models.DecimalField("已拨付（元）", max_digits=14, decimal_places=2, default=ZERO)
    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name="工程项目", null=True, blank=True, related_name="fund_commitments"
    )  # fmt: skip
    source = models.ForeignKey(
        ProjectSource, models.PROTECT, verbose_name="资金分担", null=True, blank=True, related_name="commitments"
    )  # fmt: skip
    subsidy = models.OneToOneField(
        Subsidy, models.PROTECT, verbose_name="补贴", null=True, blank=True, related_name="fund_commitment"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "专项资金安排"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(paid__gte=0), name="projects_set_aside_paid"),
            models.CheckConstraint(condition=Q(paid__lte=F("amount")), name="projects_set_aside_enough"),
        ]

    def __str__(self) -> str:
        return f"{self.get_target_display()}：{self.what}"

    @property
    def left(self) -> Decimal:
        """What is set aside and not paid yet."""
        return self.amount - self.paid

    def signed_content(self) -> dict[str, object]:
        return {
            "fund": self.fund_id, "target": self.target, "what": self.what, "payee": self.payee,
            "document": self.document, "project": self.project_id, "subsidy": self.subsidy_id, "by": self.by_id,
            "at": self.at,
        }  # fmt: skip


class FundLine(models.Model):
    """One line of a special fund. Never rewritten: a wrong line is taken back by a counter-line (红冲)."""

    fund = models.ForeignKey(
        FundPurpose, models.PROTECT, verbose_name="用途", related_name="lines", db_index=False
    )
    kind = models.CharField("事项", max_length=8, choices=FundLineKind.choices)
    amount = models.DecimalField("金额（元）", max_digits=14, decimal_places=2, help_text="红冲为负数")
    happened_on = models.DateField("日期")
    document = models.CharField("文号或者凭证号", max_length=120)
    commitment = models.ForeignKey(
        FundCommitment, models.PROTECT, verbose_name="专项资金安排", null=True, blank=True, related_name="lines"
    )  # fmt: skip
    note = models.CharField("说明", max_length=300, blank=True)
    corrects = models.OneToOneField(
        "self", models.PROTECT, verbose_name="红冲的记录", null=True, blank=True, related_name="corrected_by"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "专项资金记录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(corrects=None, amount__gt=0) | Q(corrects__isnull=False, amount__lt=0),
                name="projects_fund_counter_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind="grant", commitment=None) | (~Q(kind="grant") & Q(commitment__isnull=False)),
                name="projects_fund_line_for_what",
            ),
        ]
        indexes = [models.Index(fields=["fund", "kind", "-id"], name="projects_fund_lines")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:.2f} 元"

    @property
    def is_corrected(self) -> bool:
        """Whether a counter-line takes it back."""
        return getattr(self, "corrected_by", None) is not None

    @property
    def is_open(self) -> bool:
        """Whether it may be taken back here: written by hand, no counter-line, and none against it."""
        by_hand = self.commitment is None or self.commitment.target not in {
            FundTarget.PROJECT,
            FundTarget.SUBSIDY,
        }
        return by_hand and self.corrects_id is None and not self.is_corrected

    def signed_content(self) -> dict[str, object]:
        return {
            "fund": self.fund_id, "kind": self.kind, "amount": f"{self.amount:.2f}", "on": self.happened_on,
            "document": self.document, "commitment": self.commitment_id, "corrects": self.corrects_id,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip
