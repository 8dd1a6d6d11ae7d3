"""What a listing stands on: plan, reports, visits, more time, application, effect report, examination, public notices."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, User
from bihuan.hazards.models import MajorPlan
from bihuan.papers.models import Paper

from ..workflow import NoticePurpose, RequestStatus
from .approvals import Approval
from .listing import Listing


class FiledPlan(models.Model):
    """The rectification plan filed with the listing body: six parts (16号令15条) and the five assurances (五落实)."""

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="plans")
    goals = models.TextField("目标和任务")
    methods = models.TextField("方法和措施")
    funding = models.TextField("经费和物资")
    staffing = models.TextField("机构和人员")
    schedule = models.TextField("时限和要求")
    safety = models.TextField("安全措施和应急预案")
    measures_secured = models.CharField("措施落实", max_length=200)
    funds_secured = models.CharField("资金落实", max_length=200)
    deadline_secured = models.CharField("期限落实", max_length=200)
    person_secured = models.CharField("责任人落实", max_length=200)
    contingency_secured = models.CharField("预案落实", max_length=200)
    budget = models.DecimalField("计划投入（元）", max_digits=14, decimal_places=2, null=True, blank=True)
    major_plan = models.ForeignKey(
        MajorPlan, models.PROTECT, verbose_name="隐患治理方案", null=True, related_name="+"
    )
    on_behalf = models.BooleanField(
        "代填报", default=False, help_text="整改单位没有账号，由属地或挂牌单位代填"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="报送人", related_name="+")
    at = models.DateTimeField("备案时间")

    class Meta:
        verbose_name = verbose_name_plural = "挂牌备案方案"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.listing_id} 备案方案"

    def signed_content(self) -> dict[str, object]:
        parts = (self.goals, self.methods, self.funding, self.staffing, self.schedule, self.safety)
        secured = (
            self.measures_secured, self.funds_secured, self.deadline_secured, self.person_secured,
            self.contingency_secured,
        )  # fmt: skip
        return {
            "listing": self.listing_id, "parts": list(parts), "secured": list(secured),
            "budget": None if self.budget is None else f"{self.budget:.2f}", "plan": self.major_plan_id,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip


class ProgressReport(models.Model):
    """How far the work is, once in every period at least (每季至少一次); photos hang on it."""

    listing = models.ForeignKey(
        Listing, models.PROTECT, verbose_name="挂牌督办", related_name="progress_reports"
    )
    period = models.PositiveSmallIntegerField("第几期")
    percent = models.PositiveSmallIntegerField("进度", help_text="百分数")
    text = models.TextField("已做的")
    problems = models.TextField("困难和下步打算", blank=True)
    funds_spent = models.DecimalField(
        "累计投入（元）", max_digits=14, decimal_places=2, null=True, blank=True
    )
    due_on = models.DateField("应报日期")
    on_behalf = models.BooleanField("代填报", default=False)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="报告人", related_name="+")
    at = models.DateTimeField("报告时间")

    class Meta:
        verbose_name = verbose_name_plural = "挂牌进展报告"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(percent__lte=100), name="listings_progress_is_percent")
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} 第 {self.period} 期进展 {self.percent}%"

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "period": self.period, "percent": self.percent, "text": self.text,
            "problems": self.problems, "funds": None if self.funds_spent is None else f"{self.funds_spent:.2f}",
            "due_on": self.due_on, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class LeaderVisit(models.Model):
    """A leader went there and looked (领导现场督办, R092), or somebody guided the work (跟踪指导, R093)."""

    class Kind(models.TextChoices):
        LEADER = "leader", "领导现场督办"
        GUIDANCE = "guidance", "跟踪指导"

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="visits")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices, default=Kind.LEADER)
    visited_on = models.DateField("日期")
    leader_name = models.CharField("带队人", max_length=60)
    leader_title = models.CharField("职务", max_length=60)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    found = models.TextField("现场情况")
    demands = models.TextField("提出的要求", blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "领导督办记录"
        ordering = ["-visited_on", "-id"]

    def __str__(self) -> str:
        return f"{self.visited_on} {self.leader_name}{self.get_kind_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "kind": self.kind, "on": self.visited_on,
            "leader": [self.leader_name, self.leader_title], "organization": self.organization_id,
            "found": self.found, "demands": self.demands, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class ExtensionRequest(models.Model):
    """A request for more time under its own clock, decided by a chain of signatures and told by a paper."""

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="extensions")
    old_due_on = models.DateField("原期限")
    requested_due_on = models.DateField("申请延至")
    reason = models.TextField("理由")
    interim_measures = models.TextField("延期期间的安全措施")
    status = models.CharField(
        "状态", max_length=10, choices=RequestStatus.choices, default=RequestStatus.PENDING
    )
    decide_by = models.DateField("应决定日期")
    approval = models.OneToOneField(
        Approval, models.PROTECT, verbose_name="审签程序", null=True, related_name="extension"
    )
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="批复", null=True, related_name="+")
    opinion = models.CharField("决定意见", max_length=500, blank=True)
    requested_by = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="+")
    requested_at = models.DateTimeField("申请时间")
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "挂牌延期申请"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"], condition=Q(status="pending"), name="listings_one_pending_extension"
            ),
            models.CheckConstraint(
                condition=Q(requested_due_on__gt=F("old_due_on")), name="listings_extension_is_later"
            ),
            models.CheckConstraint(
                condition=Q(status="pending", decided_at=None)
                | (~Q(status="pending") & Q(decided_at__isnull=False)),
                name="listings_extension_decided_iff_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} 延至 {self.requested_due_on}"

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "old": self.old_due_on, "new": self.requested_due_on, "reason": self.reason,
            "interim": self.interim_measures, "status": self.status, "opinion": self.opinion,
            "by": self.requested_by_id, "at": self.requested_at, "paper": self.paper_id,
        }  # fmt: skip


class Application(models.Model):
    """The request to be examined and struck off (摘牌验收申请), with when the examination is due."""

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="applications")
    finished_on = models.DateField("完成日期")
    text = models.TextField("完成情况")
    funds_spent = models.DecimalField(
        "实际投入（元）", max_digits=14, decimal_places=2, null=True, blank=True
    )
    examine_by = models.DateField("应审查日期")
    on_behalf = models.BooleanField("代填报", default=False)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="+")
    at = models.DateTimeField("申请时间")

    class Meta:
        verbose_name = verbose_name_plural = "摘牌验收申请"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.listing_id} 申请验收"

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "finished_on": self.finished_on, "text": self.text,
            "funds": None if self.funds_spent is None else f"{self.funds_spent:.2f}", "by": self.by_id, "at": self.at,
        }  # fmt: skip


class EffectReport(models.Model):
    """The effect evaluation report before the examination (整改效果评价报告, 16号令18条; R100)."""

    class Evaluator(models.TextChoices):
        OWN_EXPERTS = "own_experts", "自组专家"
        AGENCY = "agency", "委托评价机构"
        DESIGNATED = "designated", "上级指定机构"

    listing = models.ForeignKey(
        Listing, models.PROTECT, verbose_name="挂牌督办", related_name="effect_reports"
    )
    application = models.ForeignKey(
        Application, models.PROTECT, verbose_name="验收申请", related_name="effect_reports"
    )
    evaluator_kind = models.CharField("评价方式", max_length=12, choices=Evaluator.choices)
    evaluator = models.CharField("评价单位或专家", max_length=120)
    measures_done = models.BooleanField("措施全部完成")
    risk_before = models.CharField("整改前风险", max_length=8)
    risk_after = models.CharField("整改后风险", max_length=8)
    funds_in_place = models.BooleanField("资金到位")
    staff_informed = models.BooleanField("已向职工通报")
    no_recurrence = models.BooleanField("同类未再发生")
    conclusion = models.TextField("评价结论")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="提交人", related_name="+")
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "整改效果评价报告"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.listing_id} 效果评价"

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "application": self.application_id,
            "evaluator": [self.evaluator_kind, self.evaluator], "measures": self.measures_done,
            "risk": [self.risk_before, self.risk_after], "funds": self.funds_in_place,
            "informed": self.staff_informed, "recurrence": self.no_recurrence, "conclusion": self.conclusion,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip


class Examination(models.Model):
    """The examination on the spot by a team, everybody signing (现场审查, 16号令23条)."""

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="examinations")
    application = models.ForeignKey(
        Application, models.PROTECT, verbose_name="验收申请", null=True, related_name="examinations"
    )
    examined_on = models.DateField("审查日期")
    passed = models.BooleanField("合格")
    opinion = models.TextField("审查意见")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "摘牌现场审查记录"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.examined_on} 现场审查"

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "application": self.application_id, "on": self.examined_on,
            "passed": self.passed, "opinion": self.opinion,
            "team": [[each.organization_id, each.name, each.title] for each in self.team.order_by("position")],
            "by": self.by_id, "at": self.at,
        }  # fmt: skip


class ExaminationMember(models.Model):
    """One of the examining team; signs for an organization."""

    examination = models.ForeignKey(Examination, models.PROTECT, verbose_name="现场审查", related_name="team")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    name = models.CharField("姓名", max_length=60)
    title = models.CharField("职务", max_length=60, blank=True)
    position = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = verbose_name_plural = "审查组成员"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["examination", "position"], name="listings_team_position")
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} {self.name}"


class PublicNotice(models.Model):
    """One public notice: of the listing, or of its end, on a medium, for so many days (R089, R094)."""

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="notices")
    purpose = models.CharField("公告", max_length=10, choices=NoticePurpose.choices)
    publish_by = models.DateField("应公布日期")
    clock = models.JSONField("期限说明", default=dict)
    medium = models.CharField("媒体或地址", max_length=200, blank=True)
    published_on = models.DateField("公布日期", null=True, blank=True)
    ends_on = models.DateField("公示截止", null=True, blank=True)
    ends_clock = models.JSONField("公示期说明", default=dict)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="公布人", null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "挂牌公告"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["listing", "purpose"], name="listings_one_notice_each"),
            models.CheckConstraint(
                condition=Q(published_on=None, ends_on=None)
                | Q(published_on__isnull=False, ends_on__gte=F("published_on")),
                name="listings_notice_runs_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.get_purpose_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "purpose": self.purpose, "medium": self.medium,
            "published_on": self.published_on, "ends_on": self.ends_on, "by": self.by_id,
        }  # fmt: skip
