"""What follows from checked plans: the circular of a month, and each unit's analysis of its own quarter (R251, R252)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import AnalysisStatus, CircularStatus, Holding


class WorkCircularQuerySet(models.QuerySet["WorkCircular"]):
    def visible_to(self, user: User) -> WorkCircularQuerySet:
        """Those over it and itself at any time; the units it is about once it is out."""
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        own = [post.organization_id for post in user.posts] if not scope.is_empty else []
        issued = Q(status=CircularStatus.ISSUED)
        told = Q(paper__addressees__organization__in=own)
        return self.filter(
            Q(organization__in=own) | (areas_q(scope.areas) & issued) | (issued & told)
        ).distinct()


class WorkCircular(models.Model):
    """What the inspectorate or the office says of a month: who finished what, who did not and why (工作完成情况通报)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="通报单位", related_name="+", db_index=False
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="范围", related_name="+")
    month = models.DateField("月份")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    title = models.CharField("标题", max_length=120)
    figures = models.JSONField("数表", default=dict, help_text="取数时的数和每个数背后的事项")
    sections = models.JSONField("正文", default=list)
    status = models.CharField(
        "状态", max_length=10, choices=CircularStatus.choices, default=CircularStatus.DRAFT
    )
    version = models.PositiveSmallIntegerField("第几稿", default=1)
    counted_at = models.DateTimeField("取数时间")
    drafted_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    verdict = models.JSONField("数字核校", default=dict)
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="文书", null=True, related_name="+")
    issued_at = models.DateTimeField("印发时间", null=True)

    objects = WorkCircularQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "工作完成情况通报"
        ordering = ["-month", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "month"], condition=~Q(status="dropped"), name="office_one_circular"
            ),
            models.CheckConstraint(
                condition=Q(status="issued", paper__isnull=False, issued_at__isnull=False)
                | (~Q(status="issued") & Q(paper=None, issued_at=None)),
                name="office_circular_issued_iff_paper",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-month"], name="office_circular_city"),
            models.Index(fields=["county", "-month"], name="office_circular_county"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("office:circular", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "month": self.month, "title": self.title, "figures": self.figures,
            "sections": self.sections, "status": self.status, "version": self.version, "counted_at": self.counted_at,
            "paper": self.paper_id,
        }  # fmt: skip


class WorkCircularTransition(Transition):
    """One line per move of a circular. Never rewritten."""

    RECORD, KEPT = "circular", ("version",)

    circular = models.ForeignKey(
        WorkCircular, models.PROTECT, verbose_name="工作完成情况通报", related_name="transitions"
    )
    version = models.PositiveSmallIntegerField("第几稿")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "工作通报流转"


class SelfAnalysisQuerySet(models.QuerySet["SelfAnalysis"]):
    def visible_to(self, user: User) -> SelfAnalysisQuerySet:
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        return self.filter(areas_q(scope.areas) | Q(organization__in=scope.departments))


class SelfAnalysis(models.Model):
    """A unit looks at its own quarter: which causes come back, did last time's measures hold, what now (自我分析, PDCA)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", related_name="+", db_index=False
    )
    quarter = models.DateField("季度", help_text="季度第一天")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    figures = models.JSONField("原因统计", default=dict)
    words = models.CharField("分析", max_length=2000, blank=True)
    status = models.CharField(
        "状态", max_length=10, choices=AnalysisStatus.choices, default=AnalysisStatus.DRAFT
    )
    due_on = models.DateField("期限")
    clock = models.JSONField("期限说明", default=dict)
    begun_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    begun_at = models.DateTimeField("起草时间")
    signed_by = models.ForeignKey(User, models.PROTECT, verbose_name="签字人", null=True, related_name="+")
    signed_on = models.DateField("签字日期", null=True)

    objects = SelfAnalysisQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "自我分析"
        ordering = ["-quarter", "organization_id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "quarter"], name="office_one_analysis"),
            models.CheckConstraint(
                condition=Q(status="signed", signed_on__isnull=False) | Q(status="draft", signed_on=None),
                name="office_analysis_signed_iff_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-quarter"], name="office_analysis_city"),
            models.Index(fields=["county", "-quarter"], name="office_analysis_county"),
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name}{self.quarter_words}自我分析"

    def get_absolute_url(self) -> str:
        return row_address("office:analysis", self.pk)

    @property
    def quarter_words(self) -> str:
        return f"{self.quarter.year}年第{'一二三四'[(self.quarter.month - 1) // 3]}季度"

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "quarter": self.quarter, "figures": self.figures, "words": self.words,
            "status": self.status, "signed": [self.signed_by_id, self.signed_on],
        }  # fmt: skip


class SelfAnalysisTransition(Transition):
    """One line per move of an analysis. Never rewritten."""

    RECORD = "analysis"

    analysis = models.ForeignKey(
        SelfAnalysis, models.PROTECT, verbose_name="自我分析", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "自我分析流转"


class WorkMeasure(models.Model):
    """What a unit decides against a cause; the next analysis says whether it held (改进措施)."""

    analysis = models.ForeignKey(
        SelfAnalysis, models.PROTECT, verbose_name="自我分析", related_name="measures"
    )
    cause = models.CharField("针对的原因", max_length=30)
    text = models.CharField("措施", max_length=300)
    target = models.CharField("完成标志", max_length=300)
    due_on = models.DateField("完成日期")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    at = models.DateTimeField("提出时间")
    judged = models.CharField("效果", max_length=10, choices=Holding.choices, default=Holding.WAITING)
    judged_words = models.CharField("效果说明", max_length=300, blank=True)
    judged_in = models.ForeignKey(
        SelfAnalysis, models.PROTECT, verbose_name="在哪次分析评价", null=True, related_name="judged_measures"
    )

    class Meta:
        verbose_name = verbose_name_plural = "改进措施"
        ordering = ["analysis_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(judged="waiting", judged_in=None)
                | (~Q(judged="waiting") & Q(judged_in__isnull=False)),
                name="office_measure_judged_iff_where",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def signed_content(self) -> dict[str, object]:
        return {
            "analysis": self.analysis_id, "cause": self.cause, "text": self.text, "target": self.target,
            "due_on": self.due_on, "by": self.by_id, "at": self.at, "judged": self.judged,
            "words": self.judged_words, "in": self.judged_in_id,
        }  # fmt: skip
