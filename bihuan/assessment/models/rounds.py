"""An assessment of a year: who is assessed, who judges, what they gave, and what follows from the result."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import SEEN_BY_UNITS, Audience, Decision, How, Status, Tier


def bodies_of(user: User, permission: str = Permission.VIEW_ASSESSMENT) -> set[int]:
    """The organizations in whose posts a person may see assessments (or holds another permission)."""
    return {
        post.organization_id
        for post in user.posts
        if user.is_active and permission in ROLES[post.role].permissions
    }


def concerning(user: User) -> Q:
    """The units a person sees once they have begun, whatever the area: one's own body, oneself, the people one leads,
    and the enterprises one's body judges."""
    mine = bodies_of(user)
    return (
        Q(organization__in=mine, person=None)
        | Q(person=user.pk)
        | Q(organization__in=bodies_of(user, Permission.APPEAL_ASSESSMENT))
        | Q(reviewer__in=mine)
    )


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: User) -> AssessmentQuerySet:
        """Offices and inspectorates see those of their area, the assessed those they are part of once begun. Whoever was
        named to judge works on pages of their own."""
        scope = scope_of(user, Permission.VIEW_ASSESSMENT)
        mine = AssessedUnit.objects.filter(assessment=models.OuterRef("pk")).filter(concerning(user))
        return self.filter(areas_q(scope.areas) | (Q(status__in=SEEN_BY_UNITS) & Q(models.Exists(mine))))

    def overseen_by(self, user: User) -> AssessmentQuerySet:
        """Those of the area one answers for or looks over: seen with every unit's card."""
        return self.filter(areas_q(scope_of(user, Permission.VIEW_ASSESSMENT).areas))


class Assessment(models.Model):
    """One assessment (考核): a sheet, a period, the units; interim scores on the way, a frozen result at the end."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="考核单位", related_name="assessments"
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
    sheet = models.ForeignKey(
        "assessment.Sheet", models.PROTECT, verbose_name="考核细则", related_name="assessments"
    )
    audience = models.CharField("考核对象", max_length=12, choices=Audience.choices)
    title = models.CharField("名称", max_length=120)
    year = models.PositiveSmallIntegerField("年度")
    period_from = models.DateField("考核期起")
    period_to = models.DateField("考核期止")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    revision = models.PositiveIntegerField("结果版次", default=0, help_text="每次得分变更加一")
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    made_at = models.DateTimeField("编制时间")
    frozen_by = models.ForeignKey(User, models.PROTECT, verbose_name="定格人", null=True, related_name="+")
    adopted_by = models.ForeignKey(User, models.PROTECT, verbose_name="审定人", null=True, related_name="+")
    adopted_at = models.DateTimeField("审定时间", null=True)
    published_on = models.DateField("公布日期", null=True)
    appeal_by = models.DateField("申辩截止", null=True)
    appeal_clock = models.JSONField("申辩期限说明", default=dict)
    final_on = models.DateField("定稿日期", null=True)
    report_due_on = models.DateField("自评期限", null=True)
    report_clock = models.JSONField("自评期限说明", default=dict)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "考核"
        ordering = ["-year", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_to__gte=F("period_from")), name="assessment_period_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["adopted", "published", "final"]) | Q(adopted_by__isnull=False),
                name="assessment_adopted_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["published", "final"])
                | Q(published_on__isnull=False, appeal_by__isnull=False),
                name="assessment_published_has_window",
            ),
        ]
        indexes = [models.Index(fields=["city", "-year"], name="assessment_city_year")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("assessment:detail", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "sheet": self.sheet_id, "title": self.title, "year": self.year,
            "period": [self.period_from, self.period_to], "status": self.status, "revision": self.revision,
            "appeal_by": self.appeal_by, "final_on": self.final_on,
        }  # fmt: skip

    def until(self, day: dt.date) -> dt.date:
        """To which day a score of that day counts: the day itself, never beyond the period."""
        return min(day, self.period_to)


class AssessmentTransition(Transition):
    """One line per move of an assessment."""

    RECORD, KEPT = "assessment", ("revision",)

    assessment = models.ForeignKey(
        Assessment, models.PROTECT, verbose_name="考核", related_name="transitions"
    )
    revision = models.PositiveIntegerField("结果版次")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "考核流转"


class AssessedUnitQuerySet(models.QuerySet["AssessedUnit"]):
    def visible_to(self, user: User) -> AssessedUnitQuerySet:
        """The cards: all for the area's offices and inspectorates; one's own for those assessed, those of their people
        for leaders, those of the enterprises they judge for reviewing bodies."""
        scope = scope_of(user, Permission.VIEW_ASSESSMENT)
        return self.filter(
            areas_q(scope.areas, "assessment__")
            | (Q(assessment__status__in=SEEN_BY_UNITS) & concerning(user))
        )


class AssessedUnit(models.Model):
    """One unit (or person of it) in an assessment, with its standing result; a change is a `ScoreChange` beside it."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, verbose_name="考核", related_name="units")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", related_name="assessed_units"
    )
    person = models.ForeignKey(
        User, models.PROTECT, verbose_name="人员", null=True, blank=True, related_name="assessed_units"
    )
    person_name = models.CharField("负责人", max_length=60, blank=True)
    reviewer = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="审核单位",
        null=True,
        blank=True,
        related_name="units_reviewed",
    )
    tier = models.CharField("层级", max_length=8, choices=Tier.choices, default=Tier.KEY)
    exclusion = models.CharField("不参加排名的理由", max_length=200, blank=True)
    basic = models.DecimalField("基本分", max_digits=7, decimal_places=2, null=True)
    plus = models.DecimalField("加分", max_digits=7, decimal_places=2, null=True)
    minus = models.DecimalField("减分", max_digits=7, decimal_places=2, null=True)
    score = models.DecimalField("总分", max_digits=7, decimal_places=2, null=True)
    grade = models.CharField("等次", max_length=20, blank=True)
    rank = models.PositiveSmallIntegerField("名次", null=True)
    vetoed = models.BooleanField("一票否决", default=False)
    words = models.CharField("怎么算的", max_length=600, blank=True)
    paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="结果通知书", null=True, related_name="+"
    )

    objects = AssessedUnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "考核对象"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "organization"], condition=Q(person=None), name="assessment_unit_once"
            ),
            models.UniqueConstraint(
                fields=["assessment", "person"], condition=Q(person__isnull=False), name="assessment_person_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("assessment:card", self.pk)

    @property
    def name(self) -> str:
        """The unit by its short name; a person with the unit behind."""
        unit = self.organization.short_name
        return f"{self.person_name}（{unit}）" if self.person_name else unit

    def signed_content(self) -> dict[str, object]:
        numbers = (self.basic, self.plus, self.minus, self.score)
        return {
            "assessment": self.assessment_id, "organization": self.organization_id, "person": self.person_id,
            "tier": self.tier, "exclusion": self.exclusion, "reviewer": self.reviewer_id,
            "figures": [None if each is None else f"{each:.2f}" for each in numbers],
            "grade": self.grade, "rank": self.rank, "vetoed": self.vetoed,
        }  # fmt: skip


class Assessor(models.Model):
    """Somebody named to judge: which sections of the sheet (none named: all). Without a person it is the seat of a body
    that judges the enterprises assigned to it, held by whoever may review there."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, verbose_name="考核", related_name="assessors")
    user = models.ForeignKey(
        User, models.PROTECT, verbose_name="评分人", null=True, related_name="assessor_seats"
    )
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    sections = models.JSONField("评哪些类别", default=list, blank=True)
    is_third = models.BooleanField("只评有分歧的", default=False)
    due_on = models.DateField("评分期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    named_by = models.ForeignKey(User, models.PROTECT, verbose_name="指定人", related_name="+")
    named_at = models.DateTimeField("指定时间")

    class Meta:
        verbose_name = verbose_name_plural = "评分人"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "user"], name="assessment_assessor_once"),
            models.UniqueConstraint(
                fields=["assessment", "organization"],
                condition=Q(user=None),
                name="assessment_body_seat_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment} {self.name}"

    @property
    def name(self) -> str:
        """Who judges: the person, or the body."""
        return self.user.full_name if self.user else self.organization.short_name

    def judges(self, section: str) -> bool:
        return not self.sections or section in self.sections


class Judgement(models.Model):
    """What one assessor gave one unit for one item, and on what evidence. A correction is a further revision.

    `settles` is the office's decision where two differed too much; for a veto `share` is 100 (met) or 0.
    """

    unit = models.ForeignKey(AssessedUnit, models.PROTECT, verbose_name="考核对象", related_name="judgements")
    item = models.ForeignKey(
        "assessment.SheetItem", models.PROTECT, verbose_name="考核项目", related_name="judgements"
    )
    share = models.DecimalField("得分率", max_digits=7, decimal_places=4, help_text="占分值的百分数")
    level = models.CharField("级别", max_length=40, blank=True)
    how = models.CharField("考核方式", max_length=8, choices=How.choices)
    text = models.CharField("评分依据", max_length=500)
    seat = models.ForeignKey(
        Assessor, models.PROTECT, verbose_name="评分席位", null=True, related_name="judgements"
    )
    settles = models.BooleanField("考核办核定", default=False)
    revision = models.PositiveSmallIntegerField("第几次", default=1)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="评分人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "评分"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "item", "seat", "revision"], condition=Q(settles=False), name="assessment_judged_once"
            ),
            models.UniqueConstraint(
                fields=["unit", "item", "revision"], condition=Q(settles=True), name="assessment_settled_once"
            ),
            models.CheckConstraint(
                condition=Q(settles=True, seat=None) | Q(settles=False, seat__isnull=False),
                name="assessment_judged_from_a_seat",
            ),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=100), name="assessment_share_is_percent"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.unit_id} {self.item_id} {self.share}"

    def signed_content(self) -> dict[str, object]:
        return {
            "unit": self.unit_id, "item": self.item_id, "share": f"{self.share:.4f}", "level": self.level,
            "how": self.how, "text": self.text, "seat": self.seat_id, "settles": self.settles, "revision": self.revision,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip


class Recommendation(models.Model):
    """What follows from a unit's result: rewards, training, limits on honours, talks, no further enforcement. Proposed by
    rule or by hand with a reason, decided by the leader (R120-R122, R126)."""

    unit = models.ForeignKey(
        AssessedUnit, models.PROTECT, verbose_name="考核对象", related_name="recommendations"
    )
    key = models.CharField("规则", max_length=40)
    label = models.CharField("结果运用", max_length=40)
    text = models.CharField("建议", max_length=300)
    source = models.CharField("依据", max_length=300, blank=True)
    until = models.DateField("限制至", null=True)
    why = models.CharField("提出理由", max_length=300, blank=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", null=True, related_name="+")
    instrument = models.OneToOneField(
        "instruments.Instrument", models.PROTECT, verbose_name="约谈通知书", null=True, related_name="+"
    )
    status = models.CharField("决定", max_length=10, choices=Decision.choices, default=Decision.PROPOSED)
    reason = models.CharField("理由", max_length=300, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="决定人", null=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "结果运用建议"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "key"], name="assessment_recommended_once"),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_by=None)
                | (~Q(status="proposed") & Q(decided_by__isnull=False)),
                name="assessment_recommendation_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.label}"

    def signed_content(self) -> dict[str, object]:
        return {
            "unit": self.unit_id, "key": self.key, "text": self.text, "until": self.until, "status": self.status,
            "reason": self.reason, "by": self.decided_by_id, "why": self.why, "proposed_by": self.proposed_by_id,
            "instrument": self.instrument_id,
        }  # fmt: skip
