"""The running campaign: phases with gates, tasks with shares, checklists, reporting rules, targets and bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.checklists.conditions import applies
from bihuan.checklists.models import BookItem, BookVersion, measure_of
from bihuan.checklists.structure import PHOTO_RULES, SEVERITIES, Measure
from bihuan.core.addresses import row_address
from bihuan.registry.models import Enterprise, EnterpriseKind
from bihuan.rules.regions import ancestors
from bihuan.zones.models import Zone, ZoneMembership

from ..workflow import AssignmentStatus, PhaseStatus
from .plans import PlanDocument, seats


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> CampaignQuerySet:
        """Campaigns of one's own region, of the regions above it, and of those below it."""
        query = Q(pk__in=())
        for code in seats(user, Permission.VIEW_CAMPAIGNS):
            query |= Q(region__in=[code, *ancestors(code)]) | Q(region__code__startswith=code)
        return self.filter(query)


class Campaign(models.Model):
    """A published plan at work (专项整治)."""

    class Status(models.TextChoices):
        RUNNING = "running", "进行中"
        FINISHED = "finished", "已结束"

    plan = models.OneToOneField(PlanDocument, models.PROTECT, verbose_name="方案", related_name="campaign")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划", related_name="campaigns")
    office = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="组织单位", related_name="campaigns"
    )
    title = models.CharField("名称", max_length=200)
    short_title = models.CharField("简称", max_length=40)
    doc_no = models.CharField("文号", max_length=60, blank=True)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.RUNNING)
    starts_on = models.DateField("开始", null=True)
    ends_on = models.DateField("结束", null=True)
    basis = models.JSONField("依据", default=list, help_text="方案引用的上级方案和文件：[{title, doc_no}]")
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name="上级专项整治", null=True, blank=True, related_name="children"
    )
    published_by = models.ForeignKey(User, models.PROTECT, verbose_name="发布人", related_name="+")
    published_at = models.DateTimeField("发布时间")

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "专项整治"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.short_title

    def get_absolute_url(self) -> str:
        return row_address("campaigns:detail", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "plan": self.plan_id,
            "region": self.region_id,
            "office": self.office_id,
            "title": self.title,
            "doc_no": self.doc_no,
            "published_by": self.published_by_id,
            "published_at": self.published_at,
        }


class Phase(models.Model):
    """A stretch of time with a gate at its end: closed only when its conditions are met (R016, R018)."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="专项整治", related_name="phases")
    name = models.CharField("名称", max_length=60)
    position = models.PositiveSmallIntegerField("次序")
    starts_on = models.DateField("开始", null=True)
    ends_on = models.DateField("结束", null=True)
    status = models.CharField("状态", max_length=10, choices=PhaseStatus.choices, default=PhaseStatus.PENDING)
    closed_at = models.DateTimeField("关闭时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "阶段"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "position"], name="campaigns_phase_position"),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(status="open"), name="campaigns_one_open_phase"
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at=None)),
                name="campaigns_phase_closed_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="campaigns_phase_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("campaigns:phase", self.pk)


class GateCondition(models.Model):
    """What must be true before a phase may be closed; the threshold is data."""

    class Metric(models.TextChoices):
        COVERAGE = "coverage", "覆盖率不低于"
        RECTIFICATION = "rectification", "整改率不低于"
        OVERDUE = "overdue", "逾期未改不多于"
        MAJOR_OPEN = "major_open", "未销号重大隐患不多于"
        TASKS_DONE = "tasks_done", "本阶段任务完成率不低于"

    phase = models.ForeignKey(Phase, models.CASCADE, verbose_name="阶段", related_name="conditions")
    metric = models.CharField("指标", max_length=16, choices=Metric.choices)
    threshold = models.DecimalField("门槛", max_digits=8, decimal_places=2, help_text="率为百分数，数为个")

    class Meta:
        verbose_name = verbose_name_plural = "关口条件"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["phase", "metric"], name="campaigns_condition_unique")]

    def __str__(self) -> str:
        return f"{self.get_metric_display()} {self.threshold}"


class PhaseTransition(models.Model):
    """One line per move of a phase, with the gate report as it stood."""

    phase = models.ForeignKey(Phase, models.PROTECT, verbose_name="阶段", related_name="transitions")
    move = models.CharField("动作", max_length=10)
    from_status = models.CharField("原状态", max_length=10)
    to_status = models.CharField("新状态", max_length=10)
    report = models.JSONField("关口核对", default=list)
    reason = models.CharField("说明", max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "阶段流转"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.phase} {self.move}"

    def signed_content(self) -> dict[str, object]:
        return {
            "phase": self.phase_id,
            "move": self.move,
            "report": self.report,
            "reason": self.reason,
            "by": self.by_id,
            "at": self.at,
        }


class TaskQuerySet(models.QuerySet["Task"]):
    def live(self) -> TaskQuerySet:
        """Tasks the plan in force still asks for; one a revision took out stays for its records, and asks nothing."""
        return self.filter(ended_on=None)


class Task(models.Model):
    """One item of work from the plan, with the objects it covers and the checklist inspectors walk."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="专项整治", related_name="tasks")
    phase = models.ForeignKey(
        Phase, models.PROTECT, verbose_name="阶段", null=True, blank=True, related_name="tasks"
    )
    no = models.CharField("编号", max_length=40)
    heading = models.CharField("任务", max_length=60)
    text = models.TextField("原文")
    position = models.PositiveIntegerField("次序")
    due_on = models.DateField("完成期限", null=True, blank=True)
    due_source = models.CharField("期限来源", max_length=60, blank=True, help_text="任务自身、所属阶段或未定")
    kinds = models.ManyToManyField(
        EnterpriseKind, verbose_name="适用对象类型", blank=True, related_name="tasks"
    )
    risks = models.JSONField("适用风险等级", default=list, blank=True, help_text="空为全部")
    zone = models.ForeignKey(
        Zone, models.PROTECT, verbose_name="限定区域", null=True, blank=True, related_name="tasks", db_index=False,
        help_text="只查区域内的对象（R008）；空为整个辖区",
    )  # fmt: skip
    source_span = models.JSONField("原文位置", default=list)
    ended_on = models.DateField("终止日期", null=True, blank=True, help_text="修订后的方案不再要求")

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "任务"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "position"], name="campaigns_task_position")
        ]

    def __str__(self) -> str:
        return f"{self.no} {self.heading}"

    def get_absolute_url(self) -> str:
        return row_address("campaigns:task", self.pk)

    def covered_enterprises(self) -> models.QuerySet[Enterprise]:
        """The denominator of coverage: supervised objects of the task's kinds and risks in the campaign's region.

        A task limited to a zone (R008) covers what lies in it today.
        """
        objects = Enterprise.objects.supervised().filter(
            area_q(self.campaign.region_id), kind__in=self.kinds.values("pk")
        )
        if self.zone_id is not None:
            stays = ZoneMembership.objects.filter(zone=self.zone_id, left_on=None, enterprise=OuterRef("pk"))
            objects = objects.filter(Exists(stays))
        return objects.filter(risk__in=self.risks) if self.risks else objects


class Assignment(models.Model):
    """A task's share of one organization, held by one of its posts (R025, R026)."""

    class Role(models.TextChoices):
        LEAD = "lead", "牵头"
        RESPONSIBLE = "responsible", "责任"
        SUPPORT = "support", "配合"
        TERRITORIAL = "territorial", "属地"

    task = models.ForeignKey(Task, models.PROTECT, verbose_name="任务", related_name="assignments")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", related_name="assignments"
    )
    role = models.CharField("职责", max_length=12, choices=Role.choices)
    status = models.CharField(
        "状态", max_length=12, choices=AssignmentStatus.choices, default=AssignmentStatus.ASSIGNED
    )
    progress = models.CharField("进展", max_length=500, blank=True)
    updated_at = models.DateTimeField("更新时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "任务分工"
        ordering = ["task__position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "organization"], name="campaigns_assignment_unique")
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} {self.get_role_display()}"


class AssignmentTransition(models.Model):
    """One line per move of a share of a task."""

    assignment = models.ForeignKey(
        Assignment, models.PROTECT, verbose_name="分工", related_name="transitions"
    )
    move = models.CharField("动作", max_length=12)
    from_status = models.CharField("原状态", max_length=12)
    to_status = models.CharField("新状态", max_length=12)
    note = models.CharField("说明", max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "任务流转"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.assignment} {self.move}"

    def signed_content(self) -> dict[str, object]:
        return {
            "assignment": self.assignment_id,
            "move": self.move,
            "to": self.to_status,
            "note": self.note,
            "by": self.by_id,
            "at": self.at,
        }


class Checklist(models.Model):
    """What an inspection walks and keeps: one version of a task's checklist, or one version of a library book."""

    task = models.ForeignKey(
        Task, models.PROTECT, verbose_name="任务", null=True, blank=True, related_name="checklists"
    )
    book_version = models.ForeignKey(
        BookVersion, models.PROTECT, verbose_name="检查表库的版本", null=True, blank=True,
        related_name="checklists", db_index=False,
        help_text="日常检查用；与任务二者取一",
    )  # fmt: skip
    version = models.PositiveSmallIntegerField("版本")
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    created_at = models.DateTimeField("编制时间")

    class Meta:
        verbose_name = verbose_name_plural = "检查表"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["task", "version"], name="campaigns_checklist_version"),
            models.CheckConstraint(
                condition=Q(task__isnull=False, book_version=None) | Q(task=None, book_version__isnull=False),
                name="campaigns_checklist_task_or_book",
            ),
        ]
        indexes = [models.Index(fields=["book_version"], name="campaigns_checklist_book")]

    def __str__(self) -> str:
        return str(self.book_version) if self.task is None else f"{self.task} 第 {self.version} 版"

    def signed_content(self) -> dict[str, object]:
        """What was signed when the version was made; lists made before there was a library say what they said then."""
        content: dict[str, object] = {
            "task": self.task_id,
            "version": self.version,
            "items": [item.signed_words() for item in self.items.all()],
            "created_by": self.created_by_id,
            "created_at": self.created_at,
        }
        return content if self.book_version_id is None else content | {"book_version": self.book_version_id}


class CheckItem(models.Model):
    """One thing to look at, with its criterion and what follows if it is wrong (R052-R055); from the plan or the library."""

    checklist = models.ForeignKey(Checklist, models.PROTECT, verbose_name="检查表", related_name="items")
    position = models.PositiveSmallIntegerField("次序")
    text = models.CharField("检查事项", max_length=300)
    criterion = models.CharField("判定标准", max_length=300, blank=True)
    method = models.CharField("检查方法", max_length=100, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    dispositions = models.JSONField("处置阶梯", default=list, help_text="如 ['限期改正', '吊销许可']")
    major_if_failed = models.BooleanField("不合格即按重大判定", default=False)
    library_item = models.ForeignKey(
        BookItem, models.PROTECT, verbose_name="检查表库的检查项", null=True, blank=True, related_name="+",
        db_index=False,
    )  # fmt: skip
    section = models.CharField("节", max_length=100, blank=True, default="", db_default="")
    measure = models.JSONField(
        "数值标准", null=True, blank=True, help_text="{label, comparator, number, unit, upper}，数写成文字"
    )
    severity = models.CharField(
        "严重程度", max_length=10, choices=list(SEVERITIES.items()), default="ordinary", db_default="ordinary"
    )
    criterion_code = models.CharField(
        "判定条款",
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="不合格即按此条判定为重大隐患",
    )
    kinds = models.JSONField("适用对象类型", null=True, blank=True, help_text="空为各类对象")
    guidance = models.CharField("整改指引", max_length=500, blank=True, default="", db_default="")
    proof = models.CharField("整改证明", max_length=300, blank=True, default="", db_default="")
    photo = models.CharField(
        "拍照要求", max_length=8, choices=list(PHOTO_RULES.items()), default="failed", db_default="failed"
    )
    when = models.CharField(
        "适用条件", max_length=200, blank=True, default="", db_default="", help_text="如 cylinder_stock > 100"
    )
    authority = models.CharField(
        "处置机关", max_length=40, blank=True, default="", db_default="", help_text="依法执行处置阶梯的机关"
    )

    class Meta:
        verbose_name = verbose_name_plural = "检查项"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["checklist", "position"], name="campaigns_item_position")
        ]
        indexes = [
            models.Index(
                fields=["library_item"], condition=~Q(library_item=None), name="campaigns_item_library"
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def demand(self) -> Measure | None:
        """The numeric demand, typed; None for an item judged by looking."""
        return measure_of(self.measure)

    def concerns(self, kinds: frozenset[str], attributes: Mapping[str, Any] | None = None) -> bool:
        """Whether an object of any of these kinds, of which this is known, is asked."""
        if self.kinds and not kinds & set(self.kinds):
            return False
        return not self.when or applies(self.when, attributes or {})

    def signed_words(self) -> list[object]:
        """What the item says, as it is signed. What the library adds is left out where there is nothing of it."""
        words: list[object] = [
            self.text, self.criterion, self.method, self.basis, self.dispositions, self.major_if_failed,
        ]  # fmt: skip
        more = [
            self.library_item_id, self.section, self.measure, self.severity, self.criterion_code, self.kinds,
            self.guidance, self.proof, self.photo, self.when,
        ]  # fmt: skip
        plain = [None, "", None, "ordinary", "", None, "", "", "failed", ""]
        said = words if more == plain else [*words, *more]
        return [*said, self.authority] if self.authority else said


class ReportingRule(models.Model):
    """Who must report what to whom and when, as the plan says it (R103-R106)."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", related_name="reporting_rules"
    )
    who = models.CharField("报送单位", max_length=120, blank=True)
    to = models.CharField("接收单位", max_length=120, blank=True)
    when = models.CharField("时间要求", max_length=120)
    recurrence = models.CharField("周期", max_length=120, blank=True, help_text="RRULE")

    class Meta:
        verbose_name = verbose_name_plural = "报送要求"

    def __str__(self) -> str:
        return f"{self.who} {self.when}"


class Target(models.Model):
    """A promise of the plan that can be held against the numbers."""

    class Metric(models.TextChoices):
        COVERAGE = "coverage", "覆盖率"
        RECTIFICATION = "rectification", "整改率"
        MANUAL = "manual", "人工填报"

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="专项整治", related_name="targets")
    text = models.CharField("目标", max_length=200)
    metric = models.CharField("对应指标", max_length=16, choices=Metric.choices, default=Metric.MANUAL)
    threshold = models.DecimalField("目标值", max_digits=10, decimal_places=2, null=True)

    class Meta:
        verbose_name = verbose_name_plural = "目标"

    def __str__(self) -> str:
        return self.text


class Body(models.Model):
    """A leading group, task force or office set up by the plan, with its people as printed (R022, R023)."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="专项整治", related_name="bodies")
    name = models.CharField("名称", max_length=120)
    head = models.JSONField("组长", default=list)
    deputies = models.JSONField("副组长", default=list)
    members = models.JSONField("成员", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "组织机构"

    def __str__(self) -> str:
        return self.name
