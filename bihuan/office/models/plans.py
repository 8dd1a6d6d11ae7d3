"""The month's plan of a unit: what each post means to do, what came of it, and what was changed on the way (R252)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Assignment
from bihuan.core.addresses import row_address
from bihuan.duties.models import Duty
from bihuan.oversight.models import Resolution

from ..workflow import (
    COUNTED,
    TO_CHECK,
    AmendmentKind,
    AmendmentStatus,
    ItemStatus,
    PlanStatus,
)


class PlanningUnitQuerySet(models.QuerySet["PlanningUnit"]):
    def visible_to(self, user: User) -> PlanningUnitQuerySet:
        """Offices, localities and inspectorates their area, departments themselves."""
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        return self.filter(areas_q(scope.areas) | Q(organization__in=scope.departments))

    def in_force(self, month: dt.date) -> PlanningUnitQuerySet:
        """Those that owe a plan of that month."""
        return self.filter(Q(until=None) | Q(until__gt=month), from_month__lte=month)


class PlanningUnit(models.Model):
    """A unit that owes a plan every month from a month on: who did not plan is known by it (纳入月度计划的单位)."""

    organization = models.OneToOneField(
        Organization, models.PROTECT, verbose_name="单位", related_name="planning"
    )
    from_month = models.DateField("自何月起")
    until = models.DateField("自何月起不再纳入", null=True, blank=True)
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="安排人", related_name="+")
    at = models.DateTimeField("安排时间")

    objects = PlanningUnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "纳入月度计划的单位"
        ordering = ["organization_id"]
        indexes = [
            models.Index(fields=["city", "organization"], name="office_unit_city"),
            models.Index(fields=["county", "organization"], name="office_unit_county"),
        ]

    def __str__(self) -> str:
        return self.organization.short_name

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "from": self.from_month, "until": self.until, "by": self.by_id,
            "at": self.at,
        }  # fmt: skip


class WorkPlanQuerySet(models.QuerySet["WorkPlan"]):
    def visible_to(self, user: User) -> WorkPlanQuerySet:
        """Offices, localities and inspectorates the plans of their area, departments their own."""
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        return self.filter(areas_q(scope.areas) | Q(organization__in=scope.departments))


class WorkPlan(models.Model):
    """What one unit means to do in one month, confirmed by its leader at the beginning, checked at the end (工作计划)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", related_name="work_plans", db_index=False
    )
    month = models.DateField("月份", help_text="当月第一天")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField("状态", max_length=10, choices=PlanStatus.choices, default=PlanStatus.DRAFT)
    confirm_due_on = models.DateField("确认期限")
    confirm_clock = models.JSONField("确认期限说明", default=dict)
    report_due_on = models.DateField("自查期限")
    report_clock = models.JSONField("自查期限说明", default=dict)
    check_due_on = models.DateField("核查期限")
    check_clock = models.JSONField("核查期限说明", default=dict)
    opened_at = models.DateTimeField("开始编制时间")
    confirmed_by = models.ForeignKey(User, models.PROTECT, verbose_name="确认人", null=True, related_name="+")
    confirmed_on = models.DateField("确认日期", null=True)
    checked_by = models.ForeignKey(User, models.PROTECT, verbose_name="核查人", null=True, related_name="+")
    checked_on = models.DateField("核查日期", null=True)
    opinion = models.CharField("核查意见", max_length=500, blank=True)

    objects = WorkPlanQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "工作计划"
        ordering = ["-month", "organization_id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "month"], name="office_one_plan_a_month"),
            models.CheckConstraint(
                condition=Q(status="draft", confirmed_on=None, checked_on=None)
                | Q(status="confirmed", confirmed_on__isnull=False, checked_on=None)
                | Q(status="checked", confirmed_on__isnull=False, checked_on__isnull=False),
                name="office_plan_stamped_by_status",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-month"], name="office_plan_city"),
            models.Index(fields=["county", "-month"], name="office_plan_county"),
            models.Index(fields=["locality", "-month"], name="office_plan_locality"),
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name}{self.month.year}年{self.month.month}月工作计划"

    def get_absolute_url(self) -> str:
        return row_address("office:plan", self.pk)

    @property
    def month_words(self) -> str:
        return f"{self.month.year}年{self.month.month}月"

    @property
    def snapshot(self) -> list[dict[str, str]]:
        """What stands in the plan now, as a line of it keeps it."""
        rows = (
            self.items.exclude(status=ItemStatus.DROPPED).select_related("owner", "post").order_by("position")
        )
        return [
            {
                "no": str(each.position), "text": each.text, "target": each.target, "owner": each.owner.full_name,
                "post": each.post.title, "due_on": each.due_on.isoformat(), "status": each.get_status_display(),
            }
            for each in rows
        ]  # fmt: skip

    def is_late_confirmed(self, *, on: dt.date) -> bool:
        """Not confirmed by the clock; the due day itself is in time."""
        return (self.confirmed_on or on) > self.confirm_due_on

    def is_late_checked(self, *, on: dt.date) -> bool:
        """Not checked by the clock."""
        return (self.checked_on or on) > self.check_due_on

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "month": self.month, "status": self.status,
            "confirmed": [self.confirmed_by_id, self.confirmed_on], "checked": [self.checked_by_id, self.checked_on],
            "opinion": self.opinion, "due": [self.confirm_due_on, self.report_due_on, self.check_due_on],
        }  # fmt: skip


class WorkPlanTransition(Transition):
    """One line per move of a plan, with what stood in it then: what the leader signed stays as it was. Never rewritten."""

    RECORD, KEPT = "plan", ("snapshot",)

    plan = models.ForeignKey(WorkPlan, models.PROTECT, verbose_name="工作计划", related_name="transitions")
    snapshot = models.JSONField("当时的事项", default=list)

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "工作计划流转"


class WorkItemQuerySet(models.QuerySet["WorkItem"]):
    def visible_to(self, user: User) -> WorkItemQuerySet:
        """As the plans they stand in."""
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        return self.filter(areas_q(scope.areas, "plan__") | Q(plan__organization__in=scope.departments))

    def counted(self) -> WorkItemQuerySet:
        """What counts in figures: in the plan once confirmed and not cancelled."""
        return self.filter(status__in=COUNTED)

    def to_check(self) -> WorkItemQuerySet:
        """Told by its owner, waiting for the leader."""
        return self.filter(status__in=TO_CHECK)

    def overdue(self, *, on: dt.date) -> WorkItemQuerySet:
        """Past its day and nothing told; the day itself is not overdue."""
        return self.filter(status=ItemStatus.OPEN, due_on__lt=on)


class WorkItem(models.Model):
    """One thing one post means to do in the month (工作事项): the target that shows it is done, and by when."""

    plan = models.ForeignKey(WorkPlan, models.PROTECT, verbose_name="工作计划", related_name="items")
    position = models.PositiveSmallIntegerField("次序")
    text = models.CharField("事项", max_length=300)
    target = models.CharField("完成标志", max_length=300)
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="承办岗位", related_name="+")
    owner = models.ForeignKey(User, models.PROTECT, verbose_name="责任人", related_name="+")
    due_on = models.DateField("完成日期")
    status = models.CharField("状态", max_length=10, choices=ItemStatus.choices, default=ItemStatus.DRAFT)
    duty = models.ForeignKey(
        Duty, models.PROTECT, verbose_name="对应待办", null=True, blank=True, related_name="+"
    )
    assignment = models.ForeignKey(
        Assignment, models.PROTECT, verbose_name="对应整治任务", null=True, blank=True, related_name="+"
    )
    resolution = models.ForeignKey(
        Resolution, models.PROTECT, verbose_name="对应议定事项", null=True, blank=True, related_name="+"
    )
    measure = models.ForeignKey(
        "office.WorkMeasure",
        models.PROTECT,
        verbose_name="对应改进措施",
        null=True,
        blank=True,
        related_name="items",
    )
    carried_from = models.OneToOneField(
        "self", models.PROTECT, verbose_name="结转自", null=True, blank=True, related_name="carried_to"
    )
    carries = models.PositiveSmallIntegerField("结转次数", default=0)
    added_later = models.BooleanField("计划确认后增加", default=False)
    outcome = models.CharField("完成情况", max_length=500, blank=True)
    done_on = models.DateField("完成日期（实际）", null=True)
    cause = models.CharField("未完成原因类别", max_length=30, blank=True)
    cause_words = models.CharField("原因分析", max_length=500, blank=True)
    remedy = models.CharField("补救措施", max_length=500, blank=True)
    new_due_on = models.DateField("新的完成日期", null=True)
    reported_by = models.ForeignKey(User, models.PROTECT, verbose_name="自查人", null=True, related_name="+")
    reported_on = models.DateField("自查日期", null=True)
    checked_by = models.ForeignKey(User, models.PROTECT, verbose_name="核查人", null=True, related_name="+")
    checked_on = models.DateField("核查日期", null=True)
    returns = models.PositiveSmallIntegerField("退回次数", default=0)

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "工作事项"
        ordering = ["plan_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="office_item_position"),
            models.CheckConstraint(
                condition=~Q(status__in=["unfinished", "left"])
                | (~Q(cause="") & ~Q(cause_words="") & ~Q(remedy="") & Q(new_due_on__isnull=False)),
                name="office_unfinished_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["done", "finished"]) | Q(done_on__isnull=False),
                name="office_done_has_a_day",
            ),
        ]
        indexes = [
            models.Index(fields=["plan", "status"], name="office_item_status"),
            models.Index(fields=["status", "due_on"], name="office_item_due"),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        return row_address("office:item", self.pk)

    def is_overdue(self, *, on: dt.date) -> bool:
        return self.status == ItemStatus.OPEN and self.due_on < on

    @property
    def is_late_done(self) -> bool:
        """Done, and after its day."""
        return self.done_on is not None and self.done_on > self.due_on

    def signed_content(self) -> dict[str, object]:
        return {
            "plan": self.plan_id, "position": self.position, "text": self.text, "target": self.target,
            "post": self.post_id, "owner": self.owner_id, "due_on": self.due_on, "status": self.status,
            "from": self.carried_from_id, "carries": self.carries, "outcome": self.outcome, "done_on": self.done_on,
            "cause": [self.cause, self.cause_words, self.remedy, self.new_due_on],
            "reported": [self.reported_by_id, self.reported_on], "checked": [self.checked_by_id, self.checked_on],
        }  # fmt: skip


class WorkItemTransition(Transition):
    """One line per move of an item. Never rewritten."""

    RECORD, KEPT = "item", ("due_on",)

    item = models.ForeignKey(WorkItem, models.PROTECT, verbose_name="工作事项", related_name="transitions")
    due_on = models.DateField("完成日期")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "工作事项流转"


class WorkAmendmentQuerySet(models.QuerySet["WorkAmendment"]):
    def visible_to(self, user: User) -> WorkAmendmentQuerySet:
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        return self.filter(areas_q(scope.areas, "plan__") | Q(plan__organization__in=scope.departments))


class WorkAmendment(models.Model):
    """A change of a confirmed plan: what it was, what it becomes, why, and who agreed. Nothing changes silently (计划调整)."""

    plan = models.ForeignKey(WorkPlan, models.PROTECT, verbose_name="工作计划", related_name="amendments")
    item = models.ForeignKey(
        WorkItem, models.PROTECT, verbose_name="工作事项", null=True, related_name="amendments"
    )
    kind = models.CharField("类别", max_length=10, choices=AmendmentKind.choices)
    before = models.JSONField("调整前", default=dict)
    after = models.JSONField("调整后", default=dict)
    reason = models.CharField("理由", max_length=300)
    status = models.CharField(
        "状态", max_length=10, choices=AmendmentStatus.choices, default=AmendmentStatus.PROPOSED
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="审定人", null=True, related_name="+")
    decided_at = models.DateTimeField("审定时间", null=True)

    objects = WorkAmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "计划调整"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(status="proposed"), name="office_one_amendment_open"
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_at=None)
                | (~Q(status="proposed") & Q(decided_at__isnull=False)),
                name="office_amendment_decided_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(kind="add") | Q(item__isnull=False), name="office_amendment_names_item"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None) | Q(decided_at__gte=F("at")), name="office_amendment_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.item or self.after.get('text', '')}"[:80]

    def signed_content(self) -> dict[str, object]:
        return {
            "plan": self.plan_id, "item": self.item_id, "kind": self.kind, "before": self.before, "after": self.after,
            "reason": self.reason, "status": self.status, "by": self.by_id, "at": self.at, "decided": self.decided_by_id,
        }  # fmt: skip


class WorkAmendmentTransition(Transition):
    """One line per move of an amendment. Never rewritten."""

    RECORD = "amendment"

    amendment = models.ForeignKey(
        WorkAmendment, models.PROTECT, verbose_name="计划调整", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "计划调整流转"
