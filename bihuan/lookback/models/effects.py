"""Hazards that came back by themselves, and reports on whether putting right was worth it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.hazards.models import Hazard
from bihuan.papers.models import Paper

from ..workflow import EvaluationStatus, Verdict


class RecurrenceQuerySet(models.QuerySet["Recurrence"]):
    def visible_to(self, user: User) -> RecurrenceQuerySet:
        scope = scope_of(user, Permission.VIEW_LOOKBACK)
        return self.filter(areas_q(scope.areas) | Q(department__in=scope.departments))


class Recurrence(models.Model):
    """A hazard that repeats one closed not long before: same place, same item (改后反弹, R085)."""

    hazard = models.OneToOneField(Hazard, models.PROTECT, verbose_name="再次出现", related_name="recurrence")
    earlier = models.ForeignKey(Hazard, models.PROTECT, verbose_name="上次", related_name="+")
    found_on = models.DateField("再次发现日期")
    days = models.PositiveIntegerField("相隔天数")
    months = models.PositiveSmallIntegerField("判定月数", help_text="发现当日生效的限额")
    by_item = models.BooleanField("同一检查项", default=True, help_text="否则为同一部位、同样描述")
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="主管部门", null=True, related_name="+", db_index=False
    )
    closed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name="上次销号人", null=True, related_name="+"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    noted_at = models.DateTimeField("认定时间")

    objects = RecurrenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "改后反弹"
        ordering = ["-found_on", "-id"]
        indexes = [
            models.Index(fields=["city", "-found_on", "-id"], name="lookback_recurrence_city"),
            models.Index(fields=["county", "-found_on", "-id"], name="lookback_recurrence_county"),
            models.Index(fields=["locality", "-found_on", "-id"], name="lookback_recurrence_locality"),
        ]

    def __str__(self) -> str:
        return f"{self.hazard_id} 重复 {self.earlier_id}"


class RecurrenceMark(models.Model):
    """Up to which hazard the ledger has been looked through."""

    last = models.BigIntegerField("末号", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "反弹查找进度"

    def __str__(self) -> str:
        return str(self.last)


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def visible_to(self, user: User) -> EvaluationQuerySet:
        scope = scope_of(user, Permission.VIEW_LOOKBACK)
        return self.filter(
            areas_q(scope.areas)
            | Q(organization__in=scope.departments)
            | Q(hazard__department__in=scope.departments)
        )


class Evaluation(models.Model):
    """Whether putting one hazard right did what it should (整改效果评价, R100)."""

    hazard = models.ForeignKey(
        Hazard, models.PROTECT, verbose_name="隐患", related_name="lookback_evaluations"
    )
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="评价单位", related_name="+")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    due_on = models.DateField("评价期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    status = models.CharField(
        "状态", max_length=10, choices=EvaluationStatus.choices, default=EvaluationStatus.OPEN
    )
    measures_done = models.PositiveSmallIntegerField("措施完成（%）", null=True)
    measures_note = models.CharField("措施完成情况", max_length=500, blank=True)
    method = models.CharField("风险评价方法", max_length=8, blank=True)
    scores_before = models.JSONField("整改前取值", default=dict)
    scores_after = models.JSONField("整改后取值", default=dict)
    value_before = models.DecimalField("整改前风险值", max_digits=8, decimal_places=2, null=True)
    value_after = models.DecimalField("整改后风险值", max_digits=8, decimal_places=2, null=True)
    grade_before = models.CharField("整改前等级", max_length=20, blank=True)
    grade_after = models.CharField("整改后等级", max_length=20, blank=True)
    recurrences = models.PositiveSmallIntegerField("复发次数", default=0)
    funds_planned = models.DecimalField("计划资金（元）", max_digits=14, decimal_places=2, null=True)
    funds_spent = models.DecimalField("到位资金（元）", max_digits=14, decimal_places=2, null=True)
    workers_told = models.BooleanField("已通报从业人员", default=False)
    evidence_complete = models.BooleanField("证据完整", default=False)
    verdict = models.CharField("结论", max_length=12, choices=Verdict.choices, blank=True)
    opinion = models.TextField("评价意见", blank=True)
    paper = models.ForeignKey(Paper, models.PROTECT, verbose_name="评价报告", null=True, related_name="+")
    arranged_by = models.ForeignKey(User, models.PROTECT, verbose_name="安排人", related_name="+")
    arranged_at = models.DateTimeField("安排时间")
    signed_by = models.ForeignKey(User, models.PROTECT, verbose_name="签发人", null=True, related_name="+")
    signed_at = models.DateTimeField("签发时间", null=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "整改效果评价"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard"], condition=Q(status="open"), name="lookback_one_open_evaluation"
            ),
            models.CheckConstraint(
                condition=~Q(status="signed")
                | (Q(signed_at__isnull=False) & Q(paper__isnull=False) & ~Q(verdict="")),
                name="lookback_signed_has_report",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="lookback_evaluation_city"),
            models.Index(fields=["county", "-id"], name="lookback_evaluation_county"),
        ]

    def __str__(self) -> str:
        return f"{self.hazard}整改效果评价"

    def get_absolute_url(self) -> str:
        return row_address("lookback:evaluation", self.pk)

    def signed_content(self) -> dict[str, object]:
        money = [None if each is None else f"{each:.2f}" for each in (self.funds_planned, self.funds_spent)]
        return {
            "hazard": self.hazard_id, "organization": self.organization_id, "status": self.status,
            "measures": [self.measures_done, self.measures_note], "method": self.method,
            "scores": [self.scores_before, self.scores_after], "recurrences": self.recurrences, "funds": money,
            "told": self.workers_told, "evidence": self.evidence_complete, "verdict": self.verdict,
            "opinion": self.opinion, "by": self.signed_by_id, "at": self.signed_at,
        }  # fmt: skip


class EvaluationTransition(Transition):
    """One line per move of an evaluation. Never rewritten."""

    RECORD = "evaluation"

    evaluation = models.ForeignKey(
        Evaluation, models.PROTECT, verbose_name="整改效果评价", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "效果评价流转"
