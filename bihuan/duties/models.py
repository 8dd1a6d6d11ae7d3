"""Who owes what by when. Everything that must be done by someone puts a duty here: one clock, one ladder, one inbox."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import area_q, scope_of


def working_posts(user: User) -> list[Post]:
    """The posts a person works in; one that nobody has authorized yet shows nothing (尚未授权)."""
    return [post for post in user.posts if ROLES[post.role].permissions]


class DutyQuerySet(models.QuerySet["Duty"]):
    def open(self) -> DutyQuerySet:
        return self.filter(status=Duty.Status.OPEN)

    def overdue(self, *, on: dt.date) -> DutyQuerySet:
        """The due day itself is not overdue."""
        return self.open().filter(due_on__lt=on, paused_since=None)

    def of(self, user: User) -> DutyQuerySet:
        """The inbox: duties of the posts a person sits in or stands in for, and those of their organization that
        nobody holds when they lead it."""
        posts = working_posts(user)
        led = [post.organization_id for post in posts if post.is_leader]
        return self.filter(Q(post__in=posts) | Q(post=None, organization__in=led))

    def of_organizations(self, user: User) -> DutyQuerySet:
        """What the bodies owe in which a person works."""
        return self.filter(organization__in={post.organization_id for post in working_posts(user)})

    def unheld(self, *, on: dt.date) -> DutyQuerySet:
        """Nobody sits in the chair: no post, a disused post, or a post without a holder today (invariant 8)."""
        held = Post.objects.filter(
            Q(holdings__to_on=None) | Q(holdings__to_on__gte=on),
            holdings__from_on__lte=on,
            holdings__user__is_active=True,
            is_active=True,
        )
        return self.open().exclude(post__in=held)

    def visible_to(self, user: User) -> DutyQuerySet:
        """One's own inbox, one's organization's duties, and, for offices and inspectorates, the whole area's."""
        scope = scope_of(user, Permission.VIEW_CAMPAIGNS)
        posts = working_posts(user)
        query = Q(post__in=posts) | Q(organization__in=[post.organization_id for post in posts])
        for code in scope.areas:
            query |= area_q(code)
        return self.filter(query)


class Duty(models.Model):
    """One thing owed. Its subject lives upstairs and is named by `subject`; the due date is derived by a clock."""

    class Kind(models.TextChoices):
        TASK = "task", "整治任务"
        PHASE = "phase", "阶段关口"
        HAZARD_CONFIRM = "hazard_confirm", "隐患核实"
        HAZARD_RECTIFY = "hazard_rectify", "隐患整改"
        HAZARD_REVIEW = "hazard_review", "隐患复查"
        EXTENSION = "extension", "延期审批"
        MAJOR_PLAN = "major_plan", "治理方案"
        MAJOR_PLAN_REVIEW = "major_plan_review", "方案审查"
        MAJOR_ACCEPTANCE = "major_acceptance", "重大隐患验收"
        MAJOR_EVALUATION = "major_evaluation", "效果评价"
        REPORT = "report", "信息报送"
        PAPER = "paper", "文书回复"
        PLEDGE_VERIFY = "pledge_verify", "承诺书核查"
        BATCH_NOTIFY = "batch_notify", "批次通知"
        BATCH_RECTIFY = "batch_rectify", "批次整改"
        BATCH_SUPERVISE = "batch_supervise", "批次督查"
        BATCH_ACCEPT = "batch_accept", "批次验收"
        BATCH_TRANSFER = "batch_transfer", "逾期移送"
        SUBSIDY = "subsidy", "补贴审批"
        ENFORCEMENT = "enforcement", "移送查处"
        RECHECK = "recheck", "停产关闭复核"
        REEVALUATION = "reevaluation", "重大危险源评估"
        PERMIT_RENEWAL = "permit_renewal", "许可续期"
        EQUIPMENT_CHECK = "equipment_check", "设备检验"
        CERTIFICATE = "certificate", "人员证件"
        VISIT = "visit", "计划检查"
        DISCLOSURE = "disclosure", "抽查结果公示"
        VISIT_APPROVAL = "visit_approval", "计划外检查审批"
        JOINT_ANSWER = "joint_answer", "综合查一次答复"
        RETURN = "return", "报送"
        RETURN_CORRECTION = "return_correction", "退回重报"
        INSTRUMENT_SIGN = "instrument_sign", "督办文书签发"
        INSTRUMENT_RECEIPT = "instrument_receipt", "督办文书签收"
        INSTRUMENT_REPLY = "instrument_reply", "督办文书回复"
        INSTRUMENT_REVIEW = "instrument_review", "督办回复审核"
        COMMITMENT = "commitment", "约谈承诺"
        RESOLUTION = "resolution", "会议议定事项"
        DISTRICT_VISIT = "district_visit", "包干走访"
        OVERSIGHT_ROUND = "oversight_round", "督导轮次"
        OVERSIGHT_FINDING = "oversight_finding", "督导问题整改"
        OVERSIGHT_VERIFY = "oversight_verify", "督导问题核验"
        MEETING = "meeting", "会议筹办"
        LISTING_STEP = "listing_step", "挂牌办理"
        LISTING_PLAN = "listing_plan", "挂牌治理方案"
        LISTING_PROGRESS = "listing_progress", "挂牌进展报告"
        LISTING_RECTIFY = "listing_rectify", "挂牌整改"
        LISTING_EXTENSION = "listing_extension", "挂牌延期审批"
        LISTING_EXAMINE = "listing_examine", "摘牌现场审查"
        LISTING_REPORT = "listing_report", "挂牌报备"
        LISTING_VISIT = "listing_visit", "挂牌领导督办"
        LETTER = "letter", "责任书签订"
        LOOKBACK = "lookback", "回头看抽查"
        EFFECT = "effect", "整治效果评价"
        ACCIDENT_REPORT = "accident_report", "事故续报"
        ACCIDENT_INQUIRY = "accident_inquiry", "事故调查"
        ACCIDENT_FOLLOWUP = "accident_followup", "事故整改评估"
        ASSESSMENT_ITEM = "assessment_item", "考核评分"
        ASSESSMENT_APPEAL = "assessment_appeal", "考核申辩"
        EXCHANGE = "exchange", "上下级交换"
        PROJECT = "project", "工程项目节点"
        SERVICE = "service", "技术服务"
        SUBMISSION_SIGN = "submission_sign", "请示报告审签"
        SUBMISSION = "submission", "请示报告办理"
        IMPORTANT_MATTER = "important_matter", "重要事项报出"
        RECEPTION = "reception", "迎检准备"
        WORK_ITEM = "work_item", "月度工作事项"
        WORK_CHECK = "work_check", "工作计划核查"
        FIRST_ASKED = "first_asked", "首问事项"
        CONDUCT = "conduct", "履职核查"
        PUBLIC_COMMITMENT = "public_commitment", "公开承诺评定"
        APPRAISAL = "appraisal", "履职考核"

    class Status(models.TextChoices):
        OPEN = "open", "待办"
        DONE = "done", "已办"
        CANCELLED = "cancelled", "已取消"

    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    title = models.CharField("事项", max_length=200)
    subject = models.CharField("所属记录", max_length=80, help_text="模型标签:主键", db_index=True)
    url = models.CharField("办理页面", max_length=200)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="责任单位", related_name="duties"
    )
    post = models.ForeignKey(
        Post, models.PROTECT, verbose_name="责任岗位", null=True, blank=True, related_name="duties"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.OPEN)
    opened_at = models.DateTimeField("产生时间")
    due_on = models.DateField("期限", null=True)
    clock = models.JSONField("期限说明", default=dict, help_text="从哪一事件起、按什么日历、如何得出")
    ladder = models.CharField("催办阶梯", max_length=20, default="default")
    paused_since = models.DateField("暂停自", null=True, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, verbose_name="办结人", null=True, related_name="+")
    next_step_on = models.DateField("下次催办日", null=True)
    steps_taken = models.PositiveSmallIntegerField("已催办次数", default=0)

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待办"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="duties_closed_iff_stamped",
            ),
            models.UniqueConstraint(
                fields=["subject", "kind", "organization"], condition=Q(status="open"), name="duties_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["post", "due_on"], condition=Q(status="open"), name="duties_inbox"),
            models.Index(
                fields=["organization", "due_on"], condition=Q(status="open"), name="duties_organization"
            ),
            models.Index(fields=["next_step_on"], condition=Q(status="open"), name="duties_sweep"),
            models.Index(fields=["city", "due_on"], condition=Q(status="open"), name="duties_city"),
            models.Index(fields=["county", "due_on"], condition=Q(status="open"), name="duties_county"),
            models.Index(fields=["locality", "due_on"], condition=Q(status="open"), name="duties_locality"),
        ]

    def __str__(self) -> str:
        return self.title


class LadderStep(models.Model):
    """One rung: so many days after (or before) the due day, this instrument goes to these people. Data, not code.

    An empty table means the shipped ladder of `bihuan.rules.ladder` is in force; editing copies it here first.
    """

    class Instrument(models.TextChoices):
        REMIND = "remind", "提醒"
        URGE = "urge", "催办"
        REPORT = "report", "报专班"
        ESCALATE = "escalate", "报上级"
        DRAFT = "draft", "起草督办文书"

    class Audience(models.TextChoices):
        HOLDER = "holder", "承办人"
        LEADER = "organization_leader", "本单位负责人"
        OFFICE = "office", "同级安委办"
        SUPERIOR_OFFICE = "superior_office", "上级安委办"

    class Ladder(models.TextChoices):
        DEFAULT = "default", "通用"
        MAJOR_HAZARD = "hazard.major", "重大隐患"
        PAPER_REPLY = "paper.reply", "文书回复"

    ladder = models.CharField("阶梯", max_length=20, choices=Ladder.choices)
    offset_days = models.SmallIntegerField("相对期限的天数", help_text="负数为期限之前")
    instrument = models.CharField("方式", max_length=10, choices=Instrument.choices)
    label = models.CharField("名称", max_length=20)
    audiences = models.JSONField("对象", default=list)
    unheld = models.BooleanField("适用于无人承办", default=False)
    drafts = models.CharField(
        "起草文书", max_length=20, blank=True, help_text="到这一级时起草哪一种督办文书，由人签发"
    )
    every = models.PositiveSmallIntegerField(
        "此后每隔几天再办一次", null=True, blank=True, help_text="空为只办一次"
    )
    source = models.CharField("依据", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "催办阶梯"
        ordering = ["ladder", "unheld", "offset_days", "id"]
        constraints = [
            models.UniqueConstraint(fields=["ladder", "unheld", "offset_days"], name="duties_ladder_unique")
        ]

    def __str__(self) -> str:
        return f"{self.get_ladder_display()} {self.offset_days:+d} 天 {self.label}"


class DutyStep(models.Model):
    """One act of pressing: which rung, when, who was reached, and whether nobody could be."""

    duty = models.ForeignKey(Duty, models.PROTECT, verbose_name="待办", related_name="steps")
    instrument = models.CharField("方式", max_length=10, choices=LadderStep.Instrument.choices)
    offset_days = models.SmallIntegerField("相对期限的天数")
    on = models.DateField("日期")
    at = models.DateTimeField("时间")
    recipients = models.JSONField("送达", default=list, help_text="收件人姓名与岗位")
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经手", related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "催办记录"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["duty", "instrument", "offset_days", "on"], name="duties_step_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.duty} {self.get_instrument_display()}"


class DutyFormer(models.Model):
    """How a duty stood until it was given another deadline or another holder: so that the past can be told exactly."""

    duty = models.ForeignKey(Duty, models.PROTECT, verbose_name="待办", related_name="formers")
    due_on = models.DateField("原期限", null=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="原责任单位", related_name="+"
    )
    post = models.ForeignKey(
        Post, models.PROTECT, verbose_name="原责任岗位", null=True, related_name="+", db_index=False
    )
    until = models.DateTimeField("至")

    class Meta:
        verbose_name = verbose_name_plural = "待办原状"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.duty} 至 {self.until:%Y-%m-%d}"


class CalendarDay(models.Model):
    """A day the office declares working or not, over the seeded legal calendar."""

    day = models.DateField("日期", primary_key=True)
    working = models.BooleanField("工作日")
    note = models.CharField("说明", max_length=60, help_text="依据文件")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "日历调整"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {'工作日' if self.working else '休息日'}"


class CalendarYear(models.Model):
    """A year whose holiday notice the office has entered: from then on it counts as published."""

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    document = models.CharField("依据文件", max_length=80)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "年度日历"

    def __str__(self) -> str:
        return f"{self.year} 年"
