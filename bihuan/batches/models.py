"""Batches of a campaign (R019): groups of objects with a deadline of their own, acceptance by a joint team, subsidies."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise
from bihuan.rules.subsidies import Terms

from .workflow import RUNNING, BatchStatus, ObjectStatus, Purpose, SubsidyStatus, Verdict


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: User) -> BatchQuerySet:
        """Batches of the campaigns one may see; their objects are seen by place (`BatchObject.visible_to`)."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user))


class Batch(models.Model):
    """One batch: what its objects must do by when, and when they are looked after (整治批次)."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="专项整治", related_name="batches")
    number = models.PositiveSmallIntegerField("批号")
    name = models.CharField("名称", max_length=60)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="组织单位", related_name="batches"
    )
    demand = models.TextField("整改要求")
    basis = models.CharField("依据", max_length=300, blank=True)
    notice_by = models.DateField("通知下发期限", null=True, blank=True)
    due_on = models.DateField("整改期限")
    supervised_from = models.DateField("督查开始", null=True, blank=True)
    supervised_to = models.DateField("督查结束", null=True, blank=True)
    status = models.CharField("状态", max_length=8, choices=BatchStatus.choices, default=BatchStatus.DRAFT)
    source_text = models.TextField("方案原文", blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="编排人", related_name="+")
    created_at = models.DateTimeField("编排时间")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "整治批次"
        ordering = ["campaign_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="batches_number_unique"),
            models.CheckConstraint(
                condition=Q(supervised_from=None)
                | Q(supervised_to=None)
                | Q(supervised_to__gte=F("supervised_from")),
                name="batches_window_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("batches:detail", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "campaign": self.campaign_id, "number": self.number, "name": self.name,
            "organization": self.organization_id, "demand": self.demand, "notice_by": self.notice_by,
            "due_on": self.due_on, "window": [self.supervised_from, self.supervised_to],
        }  # fmt: skip


class BatchObjectQuerySet(models.QuerySet["BatchObject"]):
    def visible_to(self, user: User) -> BatchObjectQuerySet:
        """The area for offices and localities, the own line and own batches for departments, oneself for enterprises."""
        scope = scope_of(user, Permission.VIEW_REGISTRY)
        return self.filter(
            areas_q(scope.areas)
            | Q(department__in=scope.departments)
            | Q(batch__organization__in=scope.departments)
            | Q(enterprise__organization__in=scope.enterprises)
        )

    def overdue(self, *, on: dt.date) -> BatchObjectQuerySet:
        """Past its own deadline and not yet offered for acceptance; the due day itself is not overdue."""
        return self.filter(status__in=RUNNING, due_on__lt=on)

    def unsupervised(self) -> BatchObjectQuerySet:
        """Notified, not yet accepted, and nobody who supervises has looked at it within the batch's window.

        A batch without a window, or with one end of it, is open on that side.
        """
        notes = ProgressNote.objects.filter(
            Q(member__batch__supervised_from=None) | Q(at__date__gte=F("member__batch__supervised_from")),
            Q(member__batch__supervised_to=None) | Q(at__date__lte=F("member__batch__supervised_to")),
            member=OuterRef("pk"),
            is_supervision=True,
        )
        return self.filter(~Exists(notes), status__in=RUNNING | {ObjectStatus.APPLIED})


class BatchObject(models.Model):
    """One enterprise in a batch, with its own deadline and how far it is (批次对象)."""

    batch = models.ForeignKey(Batch, models.PROTECT, verbose_name="批次", related_name="members")
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", related_name="+", db_index=False
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="batch_objects"
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="主管部门", null=True, related_name="+"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    status = models.CharField(
        "状态", max_length=12, choices=ObjectStatus.choices, default=ObjectStatus.LISTED
    )
    content = models.CharField(
        "整改内容", max_length=300, blank=True, help_text="这一家要改什么，例：燃煤锅炉 2 台"
    )
    quantity = models.DecimalField("数量", max_digits=10, decimal_places=2, null=True, blank=True)
    due_on = models.DateField("整改期限")
    work_due_on = models.DateField(
        "按期完成的期限", null=True, blank=True, help_text="通知书或延期定的；附条件补正的期限不算"
    )
    notice = models.OneToOneField(Paper, models.PROTECT, verbose_name="通知书", null=True, related_name="+")
    progress = models.PositiveSmallIntegerField("进度", default=0, help_text="百分数")
    finished_on = models.DateField("完成日期", null=True, blank=True)
    accepted_on = models.DateField("验收合格日期", null=True, blank=True)
    transfer = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="移送文书", null=True, related_name="+"
    )

    objects = BatchObjectQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "批次对象"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "enterprise"],
                condition=~Q(status="removed"),
                name="batches_once_in_campaign",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="batches_progress_is_percent"),
            models.CheckConstraint(
                condition=Q(status="accepted", accepted_on__isnull=False, finished_on__isnull=False)
                | (~Q(status="accepted") & Q(accepted_on=None)),
                name="batches_accepted_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["listed", "removed"]) | Q(notice__isnull=False),
                name="batches_notified_has_notice",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "status", "due_on"], name="batches_object_status"),
            models.Index(fields=["city", "id"], name="batches_object_city"),
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.enterprise}"

    def get_absolute_url(self) -> str:
        return row_address("batches:object", self.pk)

    def is_overdue(self, *, on: dt.date) -> bool:
        return self.status in RUNNING and self.due_on < on


class BatchTransition(Transition):
    """One line per move of an object."""

    RECORD, KEPT = "member", ("due_on",)

    member = models.ForeignKey(
        BatchObject, models.PROTECT, verbose_name="批次对象", related_name="transitions"
    )
    due_on = models.DateField("整改期限")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "批次流转"


class ProgressNote(models.Model):
    """How far an object is: told by the enterprise, or seen by whoever supervises (督查, R093)."""

    member = models.ForeignKey(
        BatchObject, models.PROTECT, verbose_name="批次对象", related_name="progress_notes"
    )
    percent = models.PositiveSmallIntegerField("进度")
    text = models.CharField("情况", max_length=500)
    is_supervision = models.BooleanField("督查记录", default=False)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="填报人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "批次进展"
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(percent__lte=100), name="batches_note_is_percent")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.percent}%"


class JointAcceptance(models.Model):
    """One round of acceptance by a joint team (联合验收, R098): who was there, what they found of each object."""

    batch = models.ForeignKey(Batch, models.PROTECT, verbose_name="批次", related_name="acceptances")
    accepted_on = models.DateField("验收日期")
    opinion = models.CharField("验收意见", max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "联合验收"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.batch} {self.accepted_on} 联合验收"

    def signed_content(self) -> dict[str, object]:
        return {
            "batch": self.batch_id,
            "on": self.accepted_on,
            "opinion": self.opinion,
            "team": [
                [each.organization_id, each.name, each.title] for each in self.team.order_by("position")
            ],
            "verdicts": [
                [
                    each.member_id,
                    each.verdict,
                    each.conditions,
                    each.conditions_due_on,
                    each.note,
                    each.finished_on,
                ]
                for each in self.verdicts.order_by("pk")
            ],
        }


class AcceptanceMember(models.Model):
    """One of the joint team; signs for an organization."""

    acceptance = models.ForeignKey(
        JointAcceptance, models.PROTECT, verbose_name="联合验收", related_name="team"
    )
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    name = models.CharField("姓名", max_length=60)
    title = models.CharField("职务", max_length=60, blank=True)
    position = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = verbose_name_plural = "验收组成员"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["acceptance", "position"], name="batches_team_position")
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} {self.name}"


class AcceptanceVerdict(models.Model):
    """What the team said of one object, and on which conditions."""

    acceptance = models.ForeignKey(
        JointAcceptance, models.PROTECT, verbose_name="联合验收", related_name="verdicts"
    )
    member = models.ForeignKey(BatchObject, models.PROTECT, verbose_name="批次对象", related_name="verdicts")
    verdict = models.CharField("结论", max_length=12, choices=Verdict.choices)
    conditions = models.CharField("须补正的条件", max_length=300, blank=True)
    conditions_due_on = models.DateField("补正期限", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    finished_on = models.DateField(
        "核定完成日期", null=True, blank=True, help_text="验收组认定的，企业填报的另存在流转里"
    )
    paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="验收意见书", null=True, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "验收结论"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["acceptance", "member"], name="batches_verdict_once"),
            models.CheckConstraint(
                condition=~Q(verdict="conditional")
                | (~Q(conditions="") & Q(conditions_due_on__isnull=False)),
                name="batches_condition_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.get_verdict_display()}"


class SubsidyStandard(models.Model):
    """What finished objects of a campaign are paid, from a day on, by a document (补贴标准). A changed standard is a
    new row; what was reckoned under the old one stays."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", related_name="subsidy_standards"
    )
    name = models.CharField("名称", max_length=80)
    purpose = models.CharField("用途", max_length=12, choices=Purpose.choices, default=Purpose.RENOVATION)
    unit = models.CharField("计量单位", max_length=20, help_text="台、蒸吨、户")
    per_unit = models.DecimalField("单价（元）", max_digits=12, decimal_places=2, null=True, blank=True)
    share = models.DecimalField("按投入比例（%）", max_digits=5, decimal_places=2, null=True, blank=True)
    cap = models.DecimalField("每户上限（元）", max_digits=12, decimal_places=2, null=True, blank=True)
    on_time_only = models.BooleanField("只补按期完成的", default=True)
    late_share = models.DecimalField("逾期完成按（%）", max_digits=5, decimal_places=2, default=100)
    document = models.CharField("依据文件", max_length=200)
    effective_from = models.DateField("起")
    effective_to = models.DateField("止", null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "补贴标准"
        ordering = ["-effective_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(per_unit__isnull=False) | Q(share__isnull=False), name="batches_standard_pays"
            ),
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gte=F("effective_from")),
                name="batches_standard_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> Terms:
        return Terms(self.unit, self.per_unit, self.share, self.cap, self.on_time_only, self.late_share)

    def signed_content(self) -> dict[str, object]:
        amounts = (self.per_unit, self.share, self.cap, self.late_share)
        return {
            "campaign": self.campaign_id, "name": self.name, "purpose": self.purpose, "unit": self.unit,
            "amounts": [None if each is None else f"{each:.2f}" for each in amounts],
            "on_time_only": self.on_time_only, "document": self.document,
            "from": self.effective_from, "to": self.effective_to,
        }  # fmt: skip


class SubsidyFund(models.Model):
    """Money set aside for one purpose of a campaign by a document (专项资金, R238); further money is a further row."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", related_name="subsidy_funds"
    )
    purpose = models.CharField("用途", max_length=12, choices=Purpose.choices)
    amount = models.DecimalField("金额（元）", max_digits=14, decimal_places=2)
    document = models.CharField("依据文件", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "专项资金"
        ordering = ["campaign_id", "purpose", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="batches_fund_is_money"),
            models.UniqueConstraint(fields=["campaign", "purpose", "document"], name="batches_fund_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.amount} 元"

    def signed_content(self) -> dict[str, object]:
        return {
            "campaign": self.campaign_id, "purpose": self.purpose, "amount": f"{self.amount:.2f}",
            "document": self.document,
        }  # fmt: skip


class SubsidyQuerySet(models.QuerySet["Subsidy"]):
    def visible_to(self, user: User) -> SubsidyQuerySet:
        """Seen by whoever sees the object."""
        return self.filter(member__in=BatchObject.objects.visible_to(user))


class Subsidy(models.Model):
    """What one accepted object is paid: reckoned, reviewed, approved by somebody else, paid (补贴, R236).

    One that was refused stays on record; the object may be proposed again.
    """

    member = models.ForeignKey(BatchObject, models.PROTECT, verbose_name="批次对象", related_name="subsidies")
    standard = models.ForeignKey(
        SubsidyStandard, models.PROTECT, verbose_name="标准", related_name="subsidies"
    )
    quantity = models.DecimalField("数量", max_digits=10, decimal_places=2)
    investment = models.DecimalField("企业投入（元）", max_digits=14, decimal_places=2, null=True)
    amount = models.DecimalField("金额（元）", max_digits=14, decimal_places=2)
    lines = models.JSONField("计算过程", default=list)
    status = models.CharField(
        "状态", max_length=10, choices=SubsidyStatus.choices, default=SubsidyStatus.PROPOSED
    )
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="申报人", related_name="+")
    proposed_at = models.DateTimeField("申报时间")
    reviewed_by = models.ForeignKey(User, models.PROTECT, verbose_name="初审人", null=True, related_name="+")
    reviewed_at = models.DateTimeField("初审时间", null=True)
    approved_by = models.ForeignKey(User, models.PROTECT, verbose_name="审定人", null=True, related_name="+")
    approved_at = models.DateTimeField("审定时间", null=True)
    paid_on = models.DateField("拨付日期", null=True)
    voucher = models.CharField("凭证号", max_length=60, blank=True)
    paid_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", null=True, related_name="+")

    objects = SubsidyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "补贴"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | (~Q(approved_by=F("reviewed_by")) & ~Q(approved_by=F("proposed_by"))),
                name="batches_subsidy_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "paid"])
                | Q(reviewed_by__isnull=False, approved_by__isnull=False),
                name="batches_subsidy_two_steps",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_on__isnull=False, paid_by__isnull=False) & ~Q(voucher="")
                | (~Q(status="paid") & Q(paid_on=None, voucher="")),
                name="batches_subsidy_paid_iff_stamped",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="batches_subsidy_not_negative"),
            models.UniqueConstraint(
                fields=["member"], condition=~Q(status="rejected"), name="batches_one_live_subsidy"
            ),
            models.UniqueConstraint(
                fields=["voucher"], condition=~Q(voucher=""), name="batches_voucher_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member.enterprise} 补贴 {self.amount} 元"

    def get_absolute_url(self) -> str:
        return self.member.get_absolute_url()

    def signed_content(self) -> dict[str, object]:
        return {
            "member": self.member_id, "standard": self.standard_id, "quantity": f"{self.quantity:.2f}",
            "investment": None if self.investment is None else f"{self.investment:.2f}",
            "amount": f"{self.amount:.2f}", "status": self.status, "proposed_by": self.proposed_by_id,
            "reviewed_by": self.reviewed_by_id, "approved_by": self.approved_by_id, "paid_on": self.paid_on,
            "voucher": self.voucher,
        }  # fmt: skip


class SubsidyTransition(Transition):
    """One line per move of a subsidy."""

    RECORD = "subsidy"

    subsidy = models.ForeignKey(Subsidy, models.PROTECT, verbose_name="补贴", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "补贴流转"
