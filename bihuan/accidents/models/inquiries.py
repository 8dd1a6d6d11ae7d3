"""Inquiries into accidents, whether they go to a higher level, what they recommend, and the four "not let pass"."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField

from ..workflow import InquiryStatus, Level, MeasureKind, MeasureStatus, Treatment
from .register import Accident


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def visible_to(self, user: User) -> InquiryQuerySet:
        """Seen by whoever sees the accident; enterprises once it is approved (the view hides it from them before)."""
        return self.filter(accident__in=Accident.objects.visible_to(user))

    def current(self) -> InquiryQuerySet:
        """Those that neither a higher level took over nor were given up."""
        return self.exclude(status__in=[InquiryStatus.REPLACED, InquiryStatus.WITHDRAWN])


class Inquiry(models.Model):
    """One inquiry (事故调查): the level that leads it, its deadline with how it came about, report and approval."""

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="inquiries")
    level = models.CharField("调查级别", max_length=10, choices=Level.choices)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="牵头单位", related_name="+")
    delegated = models.BooleanField("委托事发单位调查", default=False)
    began_on = models.DateField("成立日期")
    due_on = models.DateField("报告期限")
    clock = models.JSONField("期限说明", default=dict)
    paused_since = models.DateField("鉴定起", null=True)
    pauses = models.JSONField("鉴定时段", default=list)
    status = models.CharField(
        "状态", max_length=10, choices=InquiryStatus.choices, default=InquiryStatus.RUNNING
    )
    direct_cause = models.TextField("直接原因", blank=True)
    indirect_cause = models.TextField("间接原因", blank=True)
    nature = models.CharField("事故性质", max_length=60, blank=True, help_text="责任事故、非责任事故等")
    lesson = models.TextField("事故教训", blank=True)
    submitted_on = models.DateField("报告提交日期", null=True)
    approval_due_on = models.DateField("批复期限", null=True)
    approval_clock = models.JSONField("批复期限说明", default=dict)
    approved_on = models.DateField("批复日期", null=True)
    approval_document = models.CharField("批复文件", max_length=120, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    created_at = models.DateTimeField("登记时间")

    objects = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "事故调查"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["accident"],
                condition=~Q(status__in=["replaced", "withdrawn"]),
                name="accidents_one_current_inquiry",
            )
        ]

    def __str__(self) -> str:
        return f"{self.accident}调查（{self.get_level_display()}）"

    def get_absolute_url(self) -> str:
        return row_address("accidents:detail", self.accident_id)

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "level": self.level, "organization": self.organization_id,
            "delegated": self.delegated, "began_on": self.began_on, "by": self.created_by_id,
            "at": self.created_at,
        }  # fmt: skip


class InquiryTransition(Transition):
    """One line per move of an inquiry. Never rewritten."""

    RECORD = "inquiry"
    KEPT: ClassVar[tuple[str, ...]] = ("due_on", "submitted_on", "approved_on")

    inquiry = models.ForeignKey(Inquiry, models.PROTECT, verbose_name="事故调查", related_name="transitions")
    due_on = models.DateField("报告期限")
    submitted_on = models.DateField("报告提交日期", null=True)
    approved_on = models.DateField("批复日期", null=True)

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "事故调查流转"


class InquiryMember(models.Model):
    """One of the team."""

    class Role(models.TextChoices):
        HEAD = "head", "组长"
        DEPUTY = "deputy", "副组长"
        MEMBER = "member", "成员"
        EXPERT = "expert", "专家"

    inquiry = models.ForeignKey(Inquiry, models.PROTECT, verbose_name="事故调查", related_name="members")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", null=True, related_name="+"
    )
    name = models.CharField("姓名", max_length=60)
    role = models.CharField("职责", max_length=8, choices=Role.choices, default=Role.MEMBER)
    position = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = verbose_name_plural = "调查组成员"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["inquiry", "position"], name="accidents_member_position")
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_role_display()}）"


class Escalation(models.Model):
    """Somebody decided whether the inquiry goes up by one rule (提级), with what made the rule apply."""

    class Decision(models.TextChoices):
        TAKEN = "taken", "提级"
        DECLINED = "declined", "不提级"

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="escalations")
    rule = models.CharField("规则", max_length=40)
    rule_name = models.CharField("规则名称", max_length=120)
    why = models.CharField("触发情形", max_length=300)
    source = models.CharField("依据", max_length=200)
    decision = models.CharField("决定", max_length=10, choices=Decision.choices)
    from_level = models.CharField("原级别", max_length=10, choices=Level.choices)
    to_level = models.CharField("现级别", max_length=10, choices=Level.choices)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="决定单位", related_name="+")
    reason = models.CharField("理由", max_length=500, blank=True)
    report_due_on = models.DateField("初报期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    initial_report = models.TextField("调查初报", blank=True)
    initial_on = models.DateField("初报日期", null=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="决定人", related_name="+")
    at = models.DateTimeField("决定时间")

    class Meta:
        verbose_name = verbose_name_plural = "提级决定"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["accident", "rule"], name="accidents_rule_decided_once")
        ]

    def __str__(self) -> str:
        return f"{self.accident_id} {self.rule_name} {self.get_decision_display()}"

    def get_absolute_url(self) -> str:
        return row_address("accidents:detail", self.accident_id)

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "rule": self.rule, "why": self.why, "decision": self.decision,
            "from": self.from_level, "to": self.to_level, "reason": self.reason,
            "organization": self.organization_id, "by": self.by_id, "at": self.at,
            "initial": [self.initial_report, self.initial_on],
        }  # fmt: skip


class NoPassItem(models.Model):
    """One of the four "not let pass" (四不放过) of an accident, and how it was met (R170)."""

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="no_pass")
    key = models.CharField("项目", max_length=12)
    is_met = models.BooleanField("已落实", default=False)
    note = models.CharField("落实情况", max_length=500, blank=True)
    met_on = models.DateField("落实日期", null=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="核实人", null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "四不放过"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["accident", "key"], name="accidents_no_pass_once")]

    def __str__(self) -> str:
        return f"{self.accident_id} {self.key}"

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "key": self.key, "met": self.is_met, "note": self.note,
            "on": self.met_on, "by": self.by_id,
        }  # fmt: skip


class MeasureQuerySet(models.QuerySet["AccidentMeasure"]):
    def visible_to(self, user: User) -> MeasureQuerySet:
        """Seen by whoever sees the accident, and by the body that must carry it out.

        An enterprise reads what is proposed about itself once the report is approved, not while it is looked into.
        """
        mine = {post.organization_id for post in user.posts} if user.is_active else set()
        scope = scope_of(user, Permission.VIEW_ACCIDENTS)
        rows = Q(accident__in=Accident.objects.visible_to(user)) | Q(organization__in=mine)
        if scope.enterprises:
            told = Q(inquiry__status=InquiryStatus.APPROVED)
            rows &= told | ~Q(organization__in=scope.enterprises) & ~Q(
                accident__enterprise__organization__in=scope.enterprises
            )
        return self.filter(rows)


class AccidentMeasure(models.Model):
    """One thing an inquiry recommends: a person or a unit dealt with, a closure, a measure (R174-R177)."""

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="measures")
    inquiry = models.ForeignKey(Inquiry, models.PROTECT, verbose_name="事故调查", related_name="measures")
    kind = models.CharField("类别", max_length=10, choices=MeasureKind.choices)
    treatment = models.CharField("处理方式", max_length=12, choices=Treatment.choices, default=Treatment.NONE)
    target = models.CharField("对象", max_length=120, blank=True, help_text="单位名称，或者人员的单位和职务")
    person = SealedCharField("人员姓名", max_length=60, blank=True, default="")
    text = models.TextField("建议内容")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="落实单位", related_name="accident_measures"
    )
    due_on = models.DateField("落实期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    status = models.CharField(
        "状态", max_length=10, choices=MeasureStatus.choices, default=MeasureStatus.PROPOSED
    )
    result = models.TextField("落实情况", blank=True)
    document = models.CharField("处理文书", max_length=120, blank=True)
    done_on = models.DateField("落实日期", null=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    created_at = models.DateTimeField("登记时间")

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "事故处理与整改"
        ordering = ["id"]
        indexes = [models.Index(fields=["organization", "status"], name="accidents_measure_owner")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.target or self.text[:30]}"

    def get_absolute_url(self) -> str:
        return row_address("accidents:measure", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "kind": self.kind, "treatment": self.treatment,
            "target": self.target, "text": self.text, "organization": self.organization_id,
            "by": self.created_by_id, "at": self.created_at,
        }  # fmt: skip


class MeasureTransition(Transition):
    """One line per move of a recommendation. Never rewritten."""

    RECORD = "measure"
    KEPT: ClassVar[tuple[str, ...]] = ("due_on", "done_on")

    measure = models.ForeignKey(
        AccidentMeasure, models.PROTECT, verbose_name="事故处理与整改", related_name="transitions"
    )
    due_on = models.DateField("落实期限", null=True)
    done_on = models.DateField("落实日期", null=True)

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "处理与整改流转"


class CampaignEscalation(models.Model):
    """A campaign under which every accident goes to the next level, whatever its toll (R172, 活动期强制提级)."""

    campaign = models.OneToOneField(
        Campaign, models.PROTECT, verbose_name="专项整治", related_name="accident_escalation"
    )
    is_on = models.BooleanField("强制提级", default=True)
    document = models.CharField("依据", max_length=200)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="设置人", related_name="+")
    at = models.DateTimeField("设置时间")

    class Meta:
        verbose_name = verbose_name_plural = "活动期强制提级"

    def __str__(self) -> str:
        return f"{self.campaign} {'强制提级' if self.is_on else '不强制提级'}"

    def signed_content(self) -> dict[str, object]:
        return {
            "campaign": self.campaign_id, "on": self.is_on, "document": self.document, "by": self.by_id,
            "at": self.at,
        }  # fmt: skip
