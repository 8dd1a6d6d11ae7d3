"""The register of accidents (事故台账): what happened where, what it cost, and what it counts as since when."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.registry.models import Enterprise
from bihuan.rules import accidents as rules

from ..workflow import COUNTED, AccidentStatus, Grade, Kind


class AccidentQuerySet(models.QuerySet["Accident"]):
    def visible_to(self, user: User) -> AccidentQuerySet:
        """The area for offices and localities; the own line and own reports for departments; one's own for enterprises."""
        scope = scope_of(user, Permission.VIEW_ACCIDENTS)
        return self.filter(
            areas_q(scope.areas)
            | Q(department__in=scope.departments)
            | Q(reporter__in=scope.departments)
            | Q(enterprise__organization__in=scope.enterprises)
        )

    def counted(self) -> AccidentQuerySet:
        """Those that count: everything but what was found to be no accident of ours."""
        return self.filter(status__in=COUNTED)

    def production(self) -> AccidentQuerySet:
        """Counted production accidents (居民火灾 is beside them in old reports, and not one of them)."""
        return self.counted().filter(is_production=True)

    def between(self, start: dt.date, end: dt.date) -> AccidentQuerySet:
        """That happened on these days, both included."""
        return self.filter(occurred_on__gte=start, occurred_on__lte=end)

    def of_group(self, group: str) -> AccidentQuerySet:
        """Of one group of kinds (industrial 工矿商贸, road, fire, …)."""
        return self.filter(kind__in=rules.kinds_of(group))

    def at_least(self, grade: str) -> AccidentQuerySet:
        """Of this grade or a higher one."""
        return self.filter(grade__in=[each for each in Grade.values if rules.rank(each) >= rules.rank(grade)])


class Accident(models.Model):
    """One accident. Its figures are the present ones; `AccidentFigure` keeps what they were at any moment."""

    title = models.CharField("事故名称", max_length=120)
    occurred_at = models.DateTimeField("发生时间")
    occurred_on = models.DateField("发生日期")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    place = models.CharField("发生地点", max_length=200)
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="事发企业", null=True, blank=True, related_name="accidents"
    )
    unit_name = models.CharField("事发单位或场所", max_length=120, blank=True)
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="行业主管部门", null=True, blank=True, related_name="+"
    )
    kind = models.CharField("事故类别", max_length=14, choices=Kind.choices)
    is_production = models.BooleanField("生产安全事故", default=True)
    explosion = models.BooleanField("锅炉、压力容器、压力管道爆炸", default=False)
    moved = models.PositiveIntegerField("有毒介质泄漏转移人数", default=0)
    concealed = models.BooleanField("涉嫌瞒报、谎报", default=False)
    complex = models.BooleanField("案情特别复杂或影响特别大", default=False)
    deaths = models.PositiveIntegerField("死亡（人）", default=0)
    serious = models.PositiveIntegerField("重伤（人）", default=0)
    minor = models.PositiveIntegerField("轻伤（人）", default=0)
    missing = models.PositiveIntegerField("下落不明（人）", default=0)
    loss = models.DecimalField("直接经济损失（万元）", max_digits=12, decimal_places=2, default=0)
    grade = models.CharField("等级", max_length=14, choices=Grade.choices, default=Grade.GENERAL)
    first_grade = models.CharField("初报等级", max_length=14, choices=Grade.choices, default=Grade.GENERAL)
    grade_changed_at = models.DateTimeField("等级变更时间", null=True)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="所属专项整治", null=True, blank=True, related_name="accidents"
    )
    reporter = models.ForeignKey(Organization, models.PROTECT, verbose_name="报告单位", related_name="+")
    reported_by = models.ForeignKey(User, models.PROTECT, verbose_name="报告人", related_name="+")
    reported_at = models.DateTimeField("报告时间")
    window_ends_on = models.DateField("补报窗口截止")
    window_clock = models.JSONField("补报窗口说明", default=dict)
    status = models.CharField(
        "状态", max_length=10, choices=AccidentStatus.choices, default=AccidentStatus.REPORTED
    )
    filed_at = models.DateTimeField("备案时间", null=True)
    filed_by = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="备案单位", null=True, related_name="+"
    )
    assessment = models.TextField("整改落实评估", blank=True)
    assessed_on = models.DateField("评估日期", null=True)
    published_on = models.DateField("评估公开日期", null=True)

    objects = AccidentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "事故"
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["city", "-occurred_at", "-id"], name="accidents_city"),
            models.Index(fields=["county", "-occurred_at", "-id"], name="accidents_county"),
            models.Index(fields=["locality", "-occurred_at", "-id"], name="accidents_locality"),
            models.Index(fields=["department", "-occurred_at"], name="accidents_department"),
            models.Index(fields=["-occurred_at", "-id"], name="accidents_latest"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("accidents:detail", self.pk)

    @property
    def toll(self) -> rules.Toll:
        return rules.Toll(self.deaths, self.serious, self.minor, self.missing, self.loss)

    @property
    def place_code(self) -> str:
        """The smallest region it is known to lie in."""
        return self.locality_id or self.county_id or self.city_id

    @property
    def unit(self) -> str:
        """The enterprise, or the place in words."""
        return self.enterprise.name if self.enterprise else self.unit_name

    def signed_content(self) -> dict[str, object]:
        return {
            "title": self.title, "at": self.occurred_at, "place": [self.place_code, self.place],
            "enterprise": self.enterprise_id, "unit": self.unit_name, "kind": self.kind,
            "reporter": self.reporter_id, "by": self.reported_by_id, "reported_at": self.reported_at,
        }  # fmt: skip


class AccidentTransition(Transition):
    """One line per move of an accident. Never rewritten."""

    RECORD = "accident"
    KEPT: ClassVar[tuple[str, ...]] = ("grade", "deaths", "serious")

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="transitions")
    grade = models.CharField("等级", max_length=14, choices=Grade.choices)
    deaths = models.PositiveIntegerField("死亡（人）")
    serious = models.PositiveIntegerField("重伤（人）")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "事故流转"


class FigureQuerySet(models.QuerySet["AccidentFigure"]):
    def visible_to(self, user: User) -> FigureQuerySet:
        """Seen by whoever sees the accident."""
        return self.filter(accident__in=Accident.objects.visible_to(user))

    def as_of(self, moment: dt.datetime | None = None) -> FigureQuerySet:
        """One line an accident: what it counted as at that moment; now if none is given."""
        if moment is None:
            return self.filter(until=None)
        return self.filter(Q(until=None) | Q(until__gt=moment), at__lte=moment)

    def counted(self) -> FigureQuerySet:
        return self.filter(counts=True)

    def production(self) -> FigureQuerySet:
        return self.filter(counts=True, is_production=True)

    def between(self, start: dt.date, end: dt.date) -> FigureQuerySet:
        """Of accidents that happened on these days, both included."""
        return self.filter(occurred_on__gte=start, occurred_on__lte=end)

    def of_group(self, group: str) -> FigureQuerySet:
        return self.filter(kind__in=rules.kinds_of(group))


class AccidentFigure(models.Model):
    """What one accident counted as from a moment on until the next line: nothing is overwritten, any day can be
    reproduced. `until` is the moment of the next line and no part of what is signed."""

    class Source(models.TextChoices):
        FIRST = "first", "快报"
        FOLLOW_UP = "follow_up", "续报"
        VERIFIED = "verified", "核定"
        CORRECTED = "corrected", "更正"
        DISMISSED = "dismissed", "认定不计入"
        REINSTATED = "reinstated", "恢复计入"

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="figures")
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    as_of = models.DateField("截至日期")
    counts = models.BooleanField("计入", default=True)
    occurred_on = models.DateField("发生日期")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="行业主管部门", null=True, related_name="+", db_index=False
    )
    kind = models.CharField("事故类别", max_length=14, choices=Kind.choices)
    is_production = models.BooleanField("生产安全事故")
    deaths = models.PositiveIntegerField("死亡（人）")
    serious = models.PositiveIntegerField("重伤（人）")
    minor = models.PositiveIntegerField("轻伤（人）")
    missing = models.PositiveIntegerField("下落不明（人）")
    loss = models.DecimalField("直接经济损失（万元）", max_digits=12, decimal_places=2)
    grade = models.CharField("等级", max_length=14, choices=Grade.choices)
    why = models.CharField("等级说明", max_length=300)
    note = models.CharField("说明", max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")
    until = models.DateTimeField("失效时间", null=True)

    objects = FigureQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "事故数据"
        ordering = ["accident_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["accident"], condition=Q(until=None), name="accidents_one_current_figure"
            ),
        ]
        indexes = [
            models.Index(fields=["city", "occurred_on"], name="accidents_figure_city"),
            models.Index(fields=["county", "occurred_on"], name="accidents_figure_county"),
            models.Index(fields=["locality", "occurred_on"], name="accidents_figure_locality"),
        ]

    def __str__(self) -> str:
        return f"{self.accident_id} {self.get_source_display()} {timezone.localdate(self.at)}"

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "source": self.source, "as_of": self.as_of, "counts": self.counts,
            "occurred_on": self.occurred_on, "place": [self.city_id, self.county_id, self.locality_id],
            "department": self.department_id, "kind": self.kind, "production": self.is_production,
            "toll": [self.deaths, self.serious, self.minor, self.missing, f"{self.loss:.2f}"],
            "grade": self.grade, "note": self.note, "by": self.by_id, "at": self.at,
        }  # fmt: skip
