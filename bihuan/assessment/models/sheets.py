"""Score sheets (考核细则): versions of dated data, drafted, simulated, adopted by the leader, never changed after."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.rules import scoring

from ..workflow import Audience, How, ItemKind, SheetStatus, Tier
from .rounds import AssessedUnit


class SheetQuerySet(models.QuerySet["Sheet"]):
    def visible_to(self, user: User) -> SheetQuerySet:
        """Offices see all sheets of their area; those assessed see the sheets they are assessed by, once adopted."""
        scope = scope_of(user, Permission.VIEW_ASSESSMENT)
        bodies = {*scope.departments, *scope.enterprises}
        bodies |= {post.organization_id for post in user.posts if user.has_perm(Permission.VIEW_ASSESSMENT)}
        used = models.Exists(
            AssessedUnit.objects.filter(
                assessment__sheet=models.OuterRef("pk"), organization__in=bodies
            ).exclude(assessment__status__in=["draft", "cancelled"])
        )
        return self.filter(areas_q(scope.areas) | (~Q(status=SheetStatus.DRAFT) & Q(used)))


class Sheet(models.Model):
    """One version of a score sheet: who is assessed by it, its grades, caps and how far two assessors may differ."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="考核单位", related_name="score_sheets"
    )
    city = models.ForeignKey(
        Region, models.PROTECT, verbose_name="市", null=True, related_name="+", db_index=False
    )
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    audience = models.CharField("考核对象", max_length=12, choices=Audience.choices)
    title = models.CharField("名称", max_length=120)
    version = models.PositiveSmallIntegerField("版次", default=1)
    status = models.CharField("状态", max_length=10, choices=SheetStatus.choices, default=SheetStatus.DRAFT)
    document = models.CharField("依据文件", max_length=200, blank=True)
    effective_from = models.DateField("施行日期")
    effective_to = models.DateField("停用日期", null=True, blank=True)
    has_tiers = models.BooleanField("分重点、一般监管职责两个层级", default=False)
    judges = models.PositiveSmallIntegerField("每项评分人数", default=2)
    tolerance = models.DecimalField(
        "允许相差",
        max_digits=5,
        decimal_places=2,
        default=Decimal(20),
        help_text="两名评分人得分率相差的百分点",
    )
    terms_given = models.JSONField("等次、上限和否决", default=dict)
    origin = models.CharField("底稿来源", max_length=120, blank=True)
    unverified = models.BooleanField("底稿未经核对", default=False)
    previous = models.ForeignKey(
        "self", models.PROTECT, verbose_name="上一版", null=True, blank=True, related_name="successors"
    )
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    made_at = models.DateTimeField("编制时间")
    adopted_by = models.ForeignKey(User, models.PROTECT, verbose_name="审定人", null=True, related_name="+")
    adopted_at = models.DateTimeField("审定时间", null=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "考核细则"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "title", "version"], name="assessment_sheet_version"
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(adopted_by__isnull=False),
                name="assessment_sheet_adopted_by_someone",
            ),
            models.CheckConstraint(condition=Q(judges__gte=1, judges__lte=3), name="assessment_sheet_judges"),
        ]

    def __str__(self) -> str:
        return f"{self.title}（第 {self.version} 版）"

    def get_absolute_url(self) -> str:
        return row_address("assessment:sheet", self.pk)

    @cached_property
    def terms(self) -> scoring.Terms:
        """Grades, caps and the veto's grade as the calculation reads them."""
        return terms_of(self.terms_given)

    @property
    def tiers(self) -> list[str]:
        return list(Tier.values) if self.has_tiers else [Tier.KEY]

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "audience": self.audience, "title": self.title,
            "version": self.version, "status": self.status, "document": self.document,
            "effective_from": self.effective_from, "tiers": self.has_tiers, "judges": self.judges,
            "tolerance": f"{self.tolerance:.2f}", "terms": self.terms_given,
            "items": [item.signed_content() for item in self.items.order_by("position", "id")],
        }  # fmt: skip


def terms_of(given: dict[str, object]) -> scoring.Terms:
    """Read stored terms. Raises ScoringError."""
    grades = given.get("grades") or []
    assert isinstance(grades, list)
    return scoring.Terms(
        grades=tuple((str(label), scoring.number(least, f"“{label}”的分数线")) for label, least in grades),
        plus_cap=scoring.number(given.get("plus_cap", 0), "加分上限"),
        minus_cap=scoring.number(given.get("minus_cap", 0), "减分上限"),
        veto_grade=str(given.get("veto_grade", "")),
        least_base=scoring.number(given.get("least_base", 60), "参加排名的最低基数"),
    )


class SheetTransition(Transition):
    """One line per move of a sheet."""

    RECORD = "sheet"

    sheet = models.ForeignKey(Sheet, models.PROTECT, verbose_name="考核细则", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "细则流转"


class SheetItem(models.Model):
    """One line of a sheet: what is asked, how it is found out, what it weighs in each tier."""

    sheet = models.ForeignKey(Sheet, models.CASCADE, verbose_name="考核细则", related_name="items")
    key = models.SlugField("代号", max_length=40, help_text="跨版本不变，试算靠它对上一期的数")
    position = models.PositiveSmallIntegerField("次序")
    section = models.CharField("类别", max_length=40)
    kind = models.CharField("性质", max_length=8, choices=ItemKind.choices, default=ItemKind.BASIC)
    name = models.CharField("考核内容", max_length=80)
    standard = models.CharField("评分标准", max_length=400, blank=True)
    duty = models.CharField("法定职责", max_length=20, blank=True, help_text="bihuan.rules.headduties 的代号")
    measure = models.CharField("计算指标", max_length=40, blank=True, help_text="空为人工评定")
    rule_given = models.JSONField("计分方法", default=dict, blank=True)
    how = models.JSONField("考核方式", default=list, blank=True)
    points_key = models.DecimalField("重点监管分值", max_digits=6, decimal_places=2, default=Decimal(0))
    points_general = models.DecimalField("一般监管分值", max_digits=6, decimal_places=2, default=Decimal(0))
    least = models.PositiveSmallIntegerField("最少件数", default=0, help_text="少于这些件的不计入基数")
    threshold = models.DecimalField("否决起点", max_digits=6, decimal_places=2, default=Decimal(1))

    class Meta:
        verbose_name = verbose_name_plural = "考核项目"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "key"], name="assessment_item_key"),
            models.CheckConstraint(
                condition=Q(points_key__gte=0, points_general__gte=0), name="assessment_item_points"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_computed(self) -> bool:
        return bool(self.measure)

    @property
    def ways(self) -> list[str]:
        """How it is found out, in words."""
        if self.is_computed:
            return [How.LEDGER.label]
        return [How(each).label for each in self.how if each in How.values]

    def full(self, tier: str) -> Decimal:
        """What it weighs in a tier."""
        return self.points_general if tier == Tier.GENERAL else self.points_key

    def as_item(self, tier: str, *, unit: str = "") -> scoring.Item:
        """The item as the calculation reads it. Raises ScoringError for a rule that cannot score."""
        rule = scoring.rule_of(self.rule_given, self.kind) if self.rule_given else None
        return scoring.Item(
            self.key, self.name, self.kind, self.full(tier), rule, self.least, self.threshold, unit
        )

    def signed_content(self) -> dict[str, object]:
        return {
            "key": self.key, "section": self.section, "kind": self.kind, "name": self.name,
            "standard": self.standard, "duty": self.duty, "measure": self.measure, "rule": self.rule_given, "how": self.how,
            "points": [f"{self.points_key:.2f}", f"{self.points_general:.2f}"], "least": self.least,
            "threshold": f"{self.threshold:.2f}",
        }  # fmt: skip
