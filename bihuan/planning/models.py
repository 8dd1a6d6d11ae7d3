"""Draws, plans of a year, joint visits, visits approved, and the visits that are to be made because of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.core.fields import SealedCharField
from bihuan.inspections.models import Inspection
from bihuan.registry.models import Enterprise


class BodyQuerySet(models.QuerySet):
    """Rows of one organization, seen by itself and by those above its region."""

    def visible_to(self, user: User) -> models.QuerySet:
        scope = scope_of(user, Permission.VIEW_INSPECTIONS)
        if scope.is_empty or not user.has_perm(Permission.VIEW_CAMPAIGNS):
            return self.none()
        own = [post.organization_id for post in user.posts]
        query = Q(organization__in=own)
        for code in scope.areas:
            query |= Q(organization__region__code__startswith=code) if len(code) > 2 else Q()
        if any(len(code) <= 2 for code in scope.areas):
            return self.all()
        return self.filter(query)


class Recusal(models.Model):
    """Who must not visit whom, and why (回避); every draw of the organization keeps them apart."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    user = models.ForeignKey(User, models.PROTECT, verbose_name="人员", related_name="recusals")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="回避的企业", related_name="recusals"
    )
    reason = models.CharField("理由", max_length=200)
    is_active = models.BooleanField("有效", default=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "回避"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "enterprise"],
                condition=Q(is_active=True),
                name="planning_recusal_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} 回避 {self.enterprise}"

    def signed_content(self) -> dict[str, object]:
        return {
            "user": self.user_id, "enterprise": self.enterprise_id, "reason": self.reason, "active": self.is_active,
        }  # fmt: skip


class Draw(models.Model):
    """A public draw (双随机): committed to, revealed, its results published. The seed is sealed until it is revealed."""

    class Status(models.TextChoices):
        ANNOUNCED = "announced", "已公布承诺值"
        HELD = "held", "已抽取"
        PUBLISHED = "published", "已公示结果"
        CANCELLED = "cancelled", "已取消"

    title = models.CharField("名称", max_length=120)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="组织单位", related_name="draws"
    )
    kind = models.CharField("检查类别", max_length=12, choices=Inspection.Kind.choices)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.ANNOUNCED)
    conditions = models.JSONField("名录条件和权重", default=dict)
    inputs = models.JSONField("抽取材料", default=dict)
    inputs_digest = models.CharField("材料摘要", max_length=64)
    algorithm = models.CharField("算法", max_length=30)
    seed = SealedCharField("种子", max_length=64)
    commitment = models.CharField("承诺值", max_length=64)
    public_source = models.CharField(
        "公开数来源", max_length=120, blank=True, help_text="事前谁也不知道的数，例如某日收盘指数"
    )
    public_value = models.CharField("公开数", max_length=60, blank=True)
    result = models.JSONField("抽取结果", default=list)
    window_from = models.DateField("检查自")
    window_to = models.DateField("检查至")
    announced_by = models.ForeignKey(User, models.PROTECT, verbose_name="组织人", related_name="+")
    announced_at = models.DateTimeField("公布时间")
    held_by = models.ForeignKey(User, models.PROTECT, verbose_name="抽取人", null=True, related_name="+")
    held_at = models.DateTimeField("抽取时间", null=True)
    publish_by = models.DateField("公示期限", null=True)
    published_at = models.DateTimeField("公示时间", null=True)
    reason = models.CharField("取消理由", max_length=200, blank=True)

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "双随机抽取"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["announced", "cancelled"]) | Q(held_at__isnull=False),
                name="planning_held_iff_stamped",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("planning:draw", args=[self.pk])

    @property
    def is_revealed(self) -> bool:
        """Whether the draw was held: seed and result are there."""
        return self.status in {self.Status.HELD, self.Status.PUBLISHED}

    @property
    def is_public(self) -> bool:
        """Whether everybody may read seed and result: at once, but who comes unannounced says so only afterwards."""
        if self.kind == Inspection.Kind.UNANNOUNCED:
            return self.status == self.Status.PUBLISHED
        return self.is_revealed

    def signed_content(self) -> dict[str, object]:
        """What was promised and what came of it; the seed itself only once it is public."""
        return {
            "title": self.title,
            "status": self.status,
            "digest": self.inputs_digest,
            "algorithm": self.algorithm,
            "commitment": self.commitment,
            "source": self.public_source,
            "value": self.public_value,
            "seed": self.seed if self.is_revealed else "",
            "result": self.result,
        }


class DrawReplacement(models.Model):
    """Something drawn that could not be kept, why, and what the draw gave instead."""

    class What(models.TextChoices):
        OBJECT = "object", "检查对象"
        INSPECTOR = "inspector", "检查人员"

    draw = models.ForeignKey(Draw, models.PROTECT, verbose_name="抽取", related_name="replacements")
    position = models.PositiveSmallIntegerField("次序")
    what = models.CharField("替换", max_length=10, choices=What.choices)
    out = models.CharField("换下", max_length=20)
    at_object = models.CharField("所在对象", max_length=20, blank=True)
    reason = models.CharField("理由", max_length=200)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "抽取替换"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["draw", "position"], name="planning_replacement_position")
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.out}"


class VisitPlan(models.Model):
    """What an organization's staff can visit in a year, most urgent first, with what it cannot reach (D13, R047)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "草案"
        ADOPTED = "adopted", "已批准"

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", related_name="visit_plans"
    )
    year = models.PositiveSmallIntegerField("年度")
    kind = models.CharField("检查类别", max_length=12, choices=Inspection.Kind.choices)
    first_month = models.PositiveSmallIntegerField("起始月", default=1)
    inspectors = models.PositiveSmallIntegerField("检查人员")
    team = models.PositiveSmallIntegerField("每组人数", default=2)
    days = models.PositiveSmallIntegerField("每人每月外出天数")
    visits_a_day = models.PositiveSmallIntegerField("每组每天家数")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    figures = models.JSONField("测算", default=dict)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    made_at = models.DateTimeField("编制时间")
    adopted_by = models.ForeignKey(User, models.PROTECT, verbose_name="批准人", null=True, related_name="+")
    adopted_at = models.DateTimeField("批准时间", null=True)

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "年度检查计划"
        ordering = ["-year", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year"],
                condition=Q(status="adopted"),
                name="planning_one_adopted_plan",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} {self.year} 年检查计划"

    def get_absolute_url(self) -> str:
        return reverse("planning:plan", args=[self.pk])

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "year": self.year, "kind": self.kind, "status": self.status,
            "staff": [self.inspectors, self.team, self.days, self.visits_a_day], "figures": self.figures,
        }  # fmt: skip


class JointVisit(models.Model):
    """Several agencies owe one enterprise a visit in the same weeks: proposed as one (综合查一次, R059)."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "征求意见"
        AGREED = "agreed", "已商定"
        DROPPED = "dropped", "未合并"

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="joint_visits"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="牵头单位", related_name="joint_visits"
    )
    window_from = models.DateField("检查自")
    window_to = models.DateField("检查至")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.PROPOSED)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    at = models.DateTimeField("提出时间")

    class Meta:
        verbose_name = verbose_name_plural = "综合查一次"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(status="proposed"), name="planning_one_proposal"
            )
        ]

    def __str__(self) -> str:
        return f"综合查一次：{self.enterprise}"

    def signed_content(self) -> dict[str, object]:
        return {"enterprise": self.enterprise_id, "lead": self.organization_id, "status": self.status}


class PlannedVisitQuerySet(models.QuerySet["PlannedVisit"]):
    def visible_to(self, user: User) -> PlannedVisitQuerySet:
        """By place for offices and localities, by line for departments, and always those of one's own organization."""
        scope = scope_of(user, Permission.VIEW_INSPECTIONS)
        if not user.has_perm(Permission.VIEW_CAMPAIGNS):
            return self.none()
        own = Q(organization__in=[post.organization_id for post in user.posts])
        departments = Q(enterprise__department__in=scope.departments) if scope.departments else Q(pk__in=())
        return self.filter(areas_q(scope.areas) | departments | own)


class PlannedVisit(models.Model):
    """A visit to be made: by whom, to whom, within which days, and because of what."""

    class Status(models.TextChoices):
        PLANNED = "planned", "待检查"
        DONE = "done", "已检查"
        CANCELLED = "cancelled", "已取消"

    class Source(models.TextChoices):
        DRAW = "draw", "双随机"
        PLAN = "plan", "年度计划"
        JOINT = "joint", "综合查一次"
        APPROVAL = "approval", "批准的计划外检查"

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="planned_visits"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="检查单位", related_name="planned_visits"
    )
    kind = models.CharField("检查类别", max_length=12, choices=Inspection.Kind.choices)
    source = models.CharField("缘由", max_length=10, choices=Source.choices)
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    window_from = models.DateField("检查自")
    window_to = models.DateField("检查至")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.PLANNED)
    reason = models.CharField("取消理由", max_length=200, blank=True)
    inspectors = models.ManyToManyField(User, verbose_name="检查人员", related_name="planned_visits")
    draw = models.ForeignKey(
        Draw, models.PROTECT, verbose_name="抽取", null=True, blank=True, related_name="visits"
    )
    plan = models.ForeignKey(
        VisitPlan, models.PROTECT, verbose_name="计划", null=True, blank=True, related_name="visits"
    )
    joint = models.ForeignKey(
        JointVisit, models.PROTECT, verbose_name="综合查一次", null=True, blank=True, related_name="visits"
    )
    inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="检查记录", null=True, blank=True, related_name="planned"
    )

    objects = PlannedVisitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "计划检查"
        ordering = ["window_to", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(inspection__isnull=False), name="planning_done_iff_visited"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "status", "window_to"], name="planning_organization"),
            models.Index(fields=["enterprise", "status", "window_to"], name="planning_enterprise"),
            models.Index(fields=["locality", "window_to"], name="planning_locality"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_kind_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "enterprise": self.enterprise_id, "organization": self.organization_id, "kind": self.kind,
            "source": self.source, "days": [self.window_from, self.window_to], "status": self.status,
            "reason": self.reason, "inspection": self.inspection_id,
        }  # fmt: skip


class JointShare(models.Model):
    """One agency's part in a joint visit: what it has to do there, and its answer."""

    class Answer(models.TextChoices):
        WAITING = "waiting", "待答复"
        ACCEPTED = "accepted", "同意合并"
        DECLINED = "declined", "不合并"

    joint = models.ForeignKey(JointVisit, models.PROTECT, verbose_name="综合查一次", related_name="shares")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    visit = models.ForeignKey(
        PlannedVisit, models.PROTECT, verbose_name="计划检查", null=True, related_name="shares",
        help_text="原来就计划了的，或商定后新列的；征求意见时可以为空",
    )  # fmt: skip
    owed = models.JSONField(
        "此行要办的事", default=list, help_text="提议时到期的计划检查、待办和任务：事项、期限、页面"
    )
    answer = models.CharField("答复", max_length=10, choices=Answer.choices, default=Answer.WAITING)
    reason = models.CharField("理由", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="答复人", null=True, related_name="+")
    at = models.DateTimeField("答复时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "合并答复"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["joint", "organization"], name="planning_share_once"),
            models.CheckConstraint(
                condition=~Q(answer="declined") | ~Q(reason=""), name="planning_declined_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.get_answer_display()}"


class VisitRequest(models.Model):
    """A visit no plan foresees: asked for with its cause; approved at once after a tip or an accident (国办发〔2024〕54号)."""

    class Cause(models.TextChoices):
        TIP = "tip", "投诉举报"
        ACCIDENT = "accident", "事故险情"
        OTHER = "other", "其他"

    class Status(models.TextChoices):
        ASKED = "asked", "待批"
        APPROVED = "approved", "已批准"
        REFUSED = "refused", "未批准"

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="检查单位", related_name="visit_requests"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="visit_requests"
    )
    kind = models.CharField("检查类别", max_length=12, choices=Inspection.Kind.choices)
    cause = models.CharField("起因", max_length=10, choices=Cause.choices)
    reason = models.CharField("事由", max_length=300)
    window_from = models.DateField("检查自")
    window_to = models.DateField("检查至")
    over_cap = models.CharField("超过上限", max_length=200, blank=True, help_text="申请时已达到的次数和上限")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.ASKED)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="+")
    at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="审批人", null=True, related_name="+")
    decided_at = models.DateTimeField("审批时间", null=True)
    decision = models.CharField("审批意见", max_length=200, blank=True)
    visit = models.ForeignKey(
        PlannedVisit, models.PROTECT, verbose_name="计划检查", null=True, related_name="requests"
    )

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "计划外检查申请"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_kind_display()}（{self.get_cause_display()}）"

    def signed_content(self) -> dict[str, object]:
        return {
            "enterprise": self.enterprise_id, "kind": self.kind, "cause": self.cause, "reason": self.reason,
            "status": self.status, "decided_by": self.decided_by_id, "decision": self.decision,
        }  # fmt: skip
