"""The ledger (台账): hazards, one line per move, and the evidence each move stands on. Nothing here is ever deleted."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from operator import or_

from django.db import connection, models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import EVERYTHING, NOTHING, area_q, scope_of
from bihuan.campaigns.models import Campaign, CheckItem, Task
from bihuan.core.addresses import row_address
from bihuan.registry.models import Enterprise, EnterpriseKind, Premises

from .workflow import OPEN, RUNNING, ExtensionStatus, Level, Status


class HazardQuerySet(models.QuerySet["Hazard"]):
    def visible_to(self, user: User) -> HazardQuerySet:
        """Every read of the ledger starts here, in pages, API, exports and files alike (invariant 3)."""
        return self.filter(reduce(or_, self._sights(user)))

    def visible_branches(self, user: User) -> list[HazardQuerySet]:
        """`visible_to` in parts that each follow one index; a row may be in several of them.

        No database reads "mine or found by me or reviewed by me" in the order of the ledger; it reads each of the
        three so (core.paging.paginate_any).
        """
        return [self.filter(sight) for sight in self._sights(user)]

    @staticmethod
    def _sights(user: User) -> list[Q]:
        scope = scope_of(user, Permission.VIEW_HAZARDS)
        sights = [area_q(code) for code in scope.areas]
        if EVERYTHING in sights:
            return [EVERYTHING]
        for department in scope.departments:
            sights += [
                Q(department=department),
                Q(found_organization=department),
                Q(reviewing_organization=department),
            ]
        if scope.enterprises:
            # Ids, not a join: the planner then reads this enterprise's index instead of walking the ledger.
            own = Enterprise.objects.filter(organization__in=scope.enterprises).values_list("pk", flat=True)
            # What others reported about it stays with the authority until it is confirmed (R133).
            unconfirmed = Q(status__in=[Status.REPORTED, Status.DISMISSED]) & ~Q(source="self_check")
            sights.append(Q(enterprise__in=list(own)) & ~unconfirmed)
        if scope.participant:
            shared = Hazard.experts.through.objects.filter(user=scope.user_id).values("hazard")
            sights += [Q(found_by=scope.user_id), Q(pk__in=shared)]
        return sights or [NOTHING]

    def open(self) -> HazardQuerySet:
        """Neither closed nor found to be none: said as the indexes over open rows say it, or they are not used."""
        return self.exclude(status__in=[Status.CLOSED, Status.DISMISSED])

    def overdue(self, *, on: dt.date) -> HazardQuerySet:
        """Past the deadline while still in the enterprise's hands; the due day itself is not overdue."""
        return self._running().filter(due_on__lt=on)

    def approaching(self, *, on: dt.date, days: int = 3) -> HazardQuerySet:
        """To be done within so many days, counted from the day itself."""
        return self._running().filter(due_on__gte=on, due_on__lte=on + dt.timedelta(days=days))

    def _running(self) -> HazardQuerySet:
        # What is running is open: PostgreSQL infers it, SQLite must read it to use the index over open rows.
        rows = self.open() if connection.vendor == "sqlite" else self
        return rows.filter(status__in=RUNNING)


class Hazard(models.Model):
    """One hazard (隐患): where, what, how bad, who puts it right by when, who judges it."""

    class Source(models.TextChoices):
        INSPECTION = "inspection", "监督检查"
        SELF_CHECK = "self_check", "企业自查"
        OVERSIGHT = "oversight", "上级督查"
        TIP = "tip", "举报"
        EXPERT = "expert", "专家检查"
        MONITORING = "monitoring", "监测报警"
        DELIVERY = "delivery", "随瓶安检"
        IMPORT = "import", "历史台账"

    client_id = models.UUIDField(
        "设备编号", null=True, unique=True, help_text="由现场设备生成，重复提交只算一次"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="hazards", db_index=False
    )
    premises = models.ForeignKey(
        Premises,
        models.PROTECT,
        verbose_name="场所",
        null=True,
        blank=True,
        related_name="hazards",
        db_index=False,
    )
    kind = models.ForeignKey(
        EnterpriseKind,
        models.PROTECT,
        verbose_name="对象类型",
        related_name="+",
        db_index=False,
        help_text="发现时企业所属的类型；企业以后改类不影响已登记的隐患",
    )
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        verbose_name="专项整治",
        null=True,
        blank=True,
        related_name="hazards",
        db_index=False,
    )
    task = models.ForeignKey(
        Task,
        models.PROTECT,
        verbose_name="任务",
        null=True,
        blank=True,
        related_name="hazards",
        db_index=False,
    )
    check_item = models.ForeignKey(
        CheckItem,
        models.PROTECT,
        verbose_name="检查项",
        null=True,
        blank=True,
        related_name="hazards",
        db_index=False,
    )
    department = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="主管部门",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    source = models.CharField("来源", max_length=12, choices=Source.choices)
    level = models.CharField("等级", max_length=8, choices=Level.choices, default=Level.GENERAL)
    criterion_code = models.CharField("重大判定条款", max_length=20, blank=True)
    status = models.CharField("状态", max_length=14, choices=Status.choices)
    round = models.PositiveSmallIntegerField("轮次", default=1, help_text="反弹一次加一轮")
    description = models.CharField("隐患描述", max_length=500)
    location = models.CharField("部位", max_length=120, blank=True)
    basis = models.CharField("依据条款", max_length=200, blank=True)
    found_on = models.DateField("发现日期")
    found_at = models.DateTimeField("登记时间")
    found_by = models.ForeignKey(User, models.PROTECT, verbose_name="发现人", related_name="+")
    experts = models.ManyToManyField(
        User,
        verbose_name="参加的专家",
        blank=True,
        related_name="+",
        help_text="以专家身份参加了那次检查的人",
    )
    found_organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="发现单位", related_name="+", db_index=False
    )
    reviewing_organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="复查单位",
        related_name="+",
        db_index=False,
        help_text="谁检查谁复查；改派后为新单位",
    )
    due_on = models.DateField("整改期限", null=True, blank=True)
    clock = models.JSONField("期限说明", default=dict, blank=True)
    responsible_person = models.CharField("整改责任人", max_length=60, blank=True)
    measures = models.CharField("整改措施", max_length=500, blank=True)
    funds = models.DecimalField(
        "整改资金", max_digits=12, decimal_places=2, null=True, blank=True, help_text="元"
    )
    contingency = models.CharField("应急预案", max_length=300, blank=True)
    interim_measures = models.CharField("临时管控措施", max_length=300, blank=True)
    fixed_on_spot = models.BooleanField("当场整改", default=False)
    is_supervised = models.BooleanField("挂牌督办", default=False)
    submitted_on = models.DateField("提交复查日期", null=True, blank=True)
    closed_on = models.DateField("销号日期", null=True, blank=True)
    closed_at = models.DateTimeField("销号时间", null=True, blank=True)

    objects = HazardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "隐患"
        ordering = ["-found_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False, closed_on__isnull=False)
                | (~Q(status="closed") & Q(closed_at=None, closed_on=None)),
                name="hazards_closed_iff_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(status="rectifying") | Q(due_on__isnull=False),
                name="hazards_rectifying_has_deadline",
            ),
            models.CheckConstraint(
                condition=Q(due_on=None) | Q(due_on__gte=F("found_on")), name="hazards_due_after_found"
            ),
            models.CheckConstraint(
                condition=Q(level="major")
                | ~Q(status__in=["planning", "plan_review", "accepting", "evaluating"]),
                name="hazards_long_path_is_major",
            ),
        ]
        # Each index makes every move of every hazard dearer, so there is one only where measured filters need it
        # (bench/lists.py). What changes with a move stands in the small ones over open rows alone.
        indexes = [
            *[
                models.Index(fields=[*columns, "-found_on", "-id"], name=f"hazards_{name}_recent")
                for name, columns in (
                    ("city", ["city"]), ("county", ["county"]), ("locality", ["locality"]),
                    ("department", ["department"]), ("department_city", ["department", "city"]),
                    ("finder", ["found_organization"]), ("reviewer", ["reviewing_organization"]),
                    ("enterprise", ["enterprise"]), ("campaign", ["campaign"]),
                    ("campaign_county", ["campaign", "county"]), ("task", ["task"]),
                )
            ],
            models.Index(fields=["-found_on", "-id"], name="hazards_recent"),
            # Level and source are walked to where they are common; these are for where they are rare.
            models.Index(
                fields=["city", "-found_on", "-id"], condition=Q(level="major"), name="hazards_city_major"
            ),
            models.Index(
                fields=["source", "city", "-found_on", "-id"],
                condition=~Q(source="inspection"),
                name="hazards_source_city",
            ),
            models.Index(
                fields=["city", "-found_on", "-id", "status", "due_on"],
                condition=~Q(status__in=["closed", "dismissed"]),
                name="hazards_city_open",
            ),
            models.Index(
                fields=["department", "city", "-found_on", "-id", "status", "county", "kind"],
                condition=~Q(status__in=["closed", "dismissed"]),
                name="hazards_department_open",
            ),
            models.Index(
                fields=["reviewing_organization", "submitted_on", "id", "status"],
                condition=~Q(status__in=["closed", "dismissed"]),
                name="hazards_reviewer_open",
            ),
            # Looked up only when a place or a check item is to be deleted.
            models.Index(fields=["premises"], condition=~Q(premises=None), name="hazards_premises"),
            models.Index(fields=["check_item"], condition=~Q(check_item=None), name="hazards_check_item"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.description[:20]}"

    def get_absolute_url(self) -> str:
        return row_address("hazards:detail", self.pk)

    @property
    def number(self) -> str:
        """The ledger number: the year found and the row; never reused."""
        return f"{self.found_on.year}-{self.pk:07d}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def has_account(self) -> bool:
        """Whether the enterprise can act for itself; if not, its locality answers for it (代企业督办)."""
        return self.enterprise.organization_id is not None

    def is_overdue(self, *, on: dt.date) -> bool:
        return self.status in RUNNING and self.due_on is not None and self.due_on < on

    def signed_content(self) -> dict[str, object]:
        """What its last ledger line vouches for: everything a later change would have to falsify."""
        return {
            "enterprise": self.enterprise_id,
            "premises": self.premises_id,
            "task": self.task_id,
            "level": self.level,
            "criterion": self.criterion_code,
            "status": self.status,
            "round": self.round,
            "description": self.description,
            "location": self.location,
            "basis": self.basis,
            "found_on": self.found_on,
            "found_by": self.found_by_id,
            "department": self.department_id,
            "reviewing": self.reviewing_organization_id,
            "due_on": self.due_on,
            "responsible": self.responsible_person,
            "measures": self.measures,
            "funds": None if self.funds is None else f"{self.funds:.2f}",
            "contingency": self.contingency,
            "interim": self.interim_measures,
            "fixed_on_spot": self.fixed_on_spot,
            "supervised": self.is_supervised,
            "closed_on": self.closed_on,
        }


class HazardTransition(models.Model):
    """One line of the ledger: who moved it, from where to where, why. Never rewritten.

    `level`, `due_on` and `counted_on` are the state the line leads to, so that every figure can be counted again
    from the lines alone. Lines written before these columns existed (`edition` 1) were filled in afterwards, and
    what was signed then does not speak of them.
    """

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="transitions")
    move = models.CharField("动作", max_length=24)
    from_status = models.CharField("原状态", max_length=14, blank=True)
    to_status = models.CharField("新状态", max_length=14)
    round = models.PositiveSmallIntegerField("轮次")
    reason = models.CharField("说明", max_length=500, blank=True)
    evidence = models.CharField("所据材料", max_length=80, blank=True, help_text="模型标签:主键")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    at = models.DateTimeField("时间")
    level = models.CharField("等级", max_length=8, choices=Level.choices)
    due_on = models.DateField("整改期限", null=True)
    counted_on = models.DateField("计入日期", help_text="新状态从哪一天起计入统计")
    edition = models.PositiveSmallIntegerField(
        "版式", default=2, help_text="1 为签名不含等级和日期的早期流转"
    )

    class Meta:
        verbose_name = verbose_name_plural = "隐患流转"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.hazard_id} {self.move}"

    def signed_content(self) -> dict[str, object]:
        content: dict[str, object] = {
            "hazard": self.hazard_id,
            "move": self.move,
            "from": self.from_status,
            "to": self.to_status,
            "round": self.round,
            "reason": self.reason,
            "evidence": self.evidence,
            "by": self.by_id,
            "at": self.at,
        }
        if self.edition > 1:
            content |= {"level": self.level, "due_on": self.due_on, "counted_on": self.counted_on}
        return content


class Rectification(models.Model):
    """What the enterprise says and shows it did (整改). Photos hang on it; a new round gets a new one."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="rectifications")
    round = models.PositiveSmallIntegerField("轮次")
    text = models.CharField("整改情况", max_length=1000)
    funds_spent = models.DecimalField(
        "实际投入", max_digits=12, decimal_places=2, null=True, blank=True, help_text="元"
    )
    finished_on = models.DateField("完成日期")
    on_behalf = models.BooleanField(
        "代企业填报", default=False, help_text="企业没有账号，由属地或主管部门代为填报"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="提交人", related_name="+")
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "整改"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.hazard_id} 第 {self.round} 轮整改"

    def signed_content(self) -> dict[str, object]:
        return {
            "hazard": self.hazard_id,
            "round": self.round,
            "text": self.text,
            "finished_on": self.finished_on,
            "funds": None if self.funds_spent is None else f"{self.funds_spent:.2f}",
            "on_behalf": self.on_behalf,
            "by": self.by_id,
            "at": self.at,
        }


class Reinspection(models.Model):
    """The reviewer's judgement (复查): passed, or sent back for a typed reason."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="reinspections")
    rectification = models.ForeignKey(
        Rectification, models.PROTECT, verbose_name="所复查的整改", null=True, related_name="reinspections"
    )
    round = models.PositiveSmallIntegerField("轮次")
    passed = models.BooleanField("合格")
    reason_type = models.CharField("退回原因", max_length=20, blank=True)
    text = models.CharField("复查意见", max_length=500)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="复查人", related_name="+")
    at = models.DateTimeField("复查时间")

    class Meta:
        verbose_name = verbose_name_plural = "复查"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(passed=True) | ~Q(reason_type=""), name="hazards_send_back_has_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hazard_id} {'合格' if self.passed else '退回'}"

    def signed_content(self) -> dict[str, object]:
        return {
            "hazard": self.hazard_id,
            "round": self.round,
            "passed": self.passed,
            "reason": self.reason_type,
            "text": self.text,
            "by": self.by_id,
            "at": self.at,
        }


class Extension(models.Model):
    """A request for more time, with its own clock and limits (延期)."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="extensions")
    round = models.PositiveSmallIntegerField("轮次")
    old_due_on = models.DateField("原期限")
    requested_due_on = models.DateField("申请延至")
    reason = models.CharField("理由", max_length=500)
    interim_measures = models.CharField("延期期间管控措施", max_length=300)
    status = models.CharField(
        "状态", max_length=10, choices=ExtensionStatus.choices, default=ExtensionStatus.PENDING
    )
    requested_by = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="+")
    requested_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="审批人", null=True, related_name="+")
    decided_at = models.DateTimeField("审批时间", null=True)
    decision_note = models.CharField("审批意见", max_length=300, blank=True)
    ex_officio = models.BooleanField("依职权", default=False, help_text="安委办未经申请统一延期")

    class Meta:
        verbose_name = verbose_name_plural = "延期"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard"], condition=Q(status="pending"), name="hazards_one_pending_extension"
            ),
            models.CheckConstraint(
                condition=Q(requested_due_on__gt=F("old_due_on")), name="hazards_extension_is_later"
            ),
            models.CheckConstraint(
                condition=Q(status="pending", decided_at=None)
                | (~Q(status="pending") & Q(decided_at__isnull=False)),
                name="hazards_extension_decided_iff_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "rejected"])
                | Q(ex_officio=True)
                | ~Q(decided_by=F("requested_by")),
                name="hazards_extension_not_decided_by_requester",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hazard_id} 延至 {self.requested_due_on}"

    def signed_content(self) -> dict[str, object]:
        return {
            "hazard": self.hazard_id,
            "old": self.old_due_on,
            "new": self.requested_due_on,
            "reason": self.reason,
            "status": self.status,
            "note": self.decision_note,
            "ex_officio": self.ex_officio,
            "by": self.requested_by_id,
            "decided_by": self.decided_by_id,
        }


class MajorReport(models.Model):
    """The report on a major hazard: state and causes, danger and difficulty (16号令14条)."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="major_reports")
    causes = models.TextField("现状及产生原因")
    danger = models.TextField("危害程度和整改难易")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="报告人", related_name="+")
    at = models.DateTimeField("报告时间")

    class Meta:
        verbose_name = verbose_name_plural = "重大隐患报告"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.hazard_id} 报告"

    def signed_content(self) -> dict[str, object]:
        return {
            "hazard": self.hazard_id,
            "causes": self.causes,
            "danger": self.danger,
            "by": self.by_id,
            "at": self.at,
        }


class MajorPlan(models.Model):
    """The rectification plan of six parts (16号令15条), and what the reviewer said of it."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="major_plans")
    goals = models.TextField("治理目标和任务")
    methods = models.TextField("采取的方法和措施")
    funding = models.TextField("经费和物资")
    staffing = models.TextField("机构和人员")
    schedule = models.TextField("时限和要求")
    safety = models.TextField("安全措施和应急预案")
    due_on = models.DateField("治理完成期限")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    at = models.DateTimeField("报送时间")
    approved = models.BooleanField("审查结论", null=True)
    opinion = models.CharField("审查意见", max_length=500, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, verbose_name="审查人", null=True, related_name="+")
    reviewed_at = models.DateTimeField("审查时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "治理方案"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.hazard_id} 治理方案"

    def signed_content(self) -> dict[str, object]:
        return {
            "hazard": self.hazard_id, "goals": self.goals, "methods": self.methods, "funding": self.funding,
            "staffing": self.staffing, "schedule": self.schedule, "safety": self.safety, "due_on": self.due_on,
            "by": self.by_id, "at": self.at, "approved": self.approved, "opinion": self.opinion,
        }  # fmt: skip


class Acceptance(models.Model):
    """On-site acceptance of a major hazard by a team (验收, R098)."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="acceptances")
    round = models.PositiveSmallIntegerField("轮次")
    rectification = models.ForeignKey(
        Rectification, models.PROTECT, verbose_name="所验收的整改", null=True, related_name="acceptances"
    )
    team = models.CharField("验收组成员", max_length=300)
    passed = models.BooleanField("合格")
    opinion = models.CharField("验收意见", max_length=500)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "验收"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.hazard_id} 验收"

    def signed_content(self) -> dict[str, object]:
        return {
            "hazard": self.hazard_id,
            "team": self.team,
            "passed": self.passed,
            "opinion": self.opinion,
            "by": self.by_id,
            "at": self.at,
        }


class EffectEvaluation(models.Model):
    """Did it work? Measures done, risk before and after, recurrence, money (效果评价, R100)."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="evaluations")
    round = models.PositiveSmallIntegerField("轮次")
    evaluator = models.CharField("评价单位或专家", max_length=120)
    measures_done = models.BooleanField("治理措施全部完成")
    risk_before = models.CharField("治理前风险", max_length=8)
    risk_after = models.CharField("治理后风险", max_length=8)
    funds_in_place = models.BooleanField("资金到位")
    staff_informed = models.BooleanField("已向从业人员通报")
    conclusion = models.CharField("评价结论", max_length=500)
    passed = models.BooleanField("合格")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "效果评价"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.hazard_id} 效果评价"

    def signed_content(self) -> dict[str, object]:
        return {
            "hazard": self.hazard_id, "evaluator": self.evaluator, "measures": self.measures_done,
            "before": self.risk_before, "after": self.risk_after, "funds": self.funds_in_place,
            "informed": self.staff_informed, "conclusion": self.conclusion, "passed": self.passed, "by": self.by_id, "at": self.at,
        }  # fmt: skip
