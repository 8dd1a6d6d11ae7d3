"""A paper handed up the levels (请示、报告): what it is about, to whom it goes, how it stands, what was answered."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, OuterRef, Q

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import DRAFTS, HIDDEN, PENDING, CopyGround, Form, Outcome, ReturnGround, Status

_OUTSIDE = {Status.SENT: "待上级签收", Status.RECEIVED: "待上级批复"}


def bodies_of(user: User, permission: str) -> list[int]:
    """The bodies in which a person holds a permission today."""
    if not user.is_active:
        return []
    return list({post.organization_id for post in user.posts if permission in ROLES[post.role].permissions})


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: User) -> SubmissionQuerySet:
        """The asking body from the first draft on; once handed in also whom it goes to, who gets a copy, whose opinion
        is asked, and the offices and inspectorates over the asking body."""
        from .handling import Opinion

        scope = scope_of(user, Permission.VIEW_SUBMISSIONS)
        mine = bodies_of(user, Permission.VIEW_SUBMISSIONS)
        copied = SubmissionCopy.objects.filter(submission=OuterRef("pk"), organization__in=mine)
        asked = Opinion.objects.filter(submission=OuterRef("pk"), organization__in=mine)
        reached = areas_q(scope.areas) | Q(addressee__in=mine) | Exists(copied) | Exists(asked)
        return self.filter(Q(organization__in=mine) | (~Q(status__in=HIDDEN) & reached))

    def pending(self) -> SubmissionQuerySet:
        """Handed in, not yet answered, noted, returned or taken back."""
        return self.filter(status__in=PENDING)

    def unanswered(self) -> SubmissionQuerySet:
        """Requests that still wait for their answer."""
        return self.pending().filter(form=Form.REQUEST)

    def late(self, *, on: dt.date) -> SubmissionQuerySet:
        """What the receiving body owes and is past its day: the receipt, or the answer. The day itself is not late."""
        return self.filter(
            Q(status=Status.SENT, receipt_due_on__lt=on)
            | Q(status__in=PENDING - {Status.SENT}, answer_due_on__lt=on)
        )


class Submission(models.Model):
    """One request for instructions or one report, from the draft to the answer (请示报告)."""

    form = models.CharField("文种", max_length=10, choices=Form.choices)
    matter = models.CharField("事项编号", max_length=24)
    matter_name = models.CharField("事项", max_length=60)
    title = models.CharField("标题", max_length=120)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="报送单位", related_name="submissions", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    addressee = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="主送单位", null=True, blank=True, related_name="+", db_index=False
    )  # fmt: skip
    addressee_name = models.CharField("主送机关", max_length=80)
    skip_reason = models.CharField("越级理由", max_length=300, blank=True)
    subject = models.CharField(
        "所涉记录", max_length=80, blank=True, db_index=True, help_text="模型标签:主键"
    )
    subject_words = models.CharField("所涉事项", max_length=300, blank=True)
    subject_url = models.CharField("页面", max_length=200, blank=True)
    situation = models.TextField("情况")
    opinion = models.TextField("本单位意见", blank=True)
    ask = models.TextField("请示事项（下一步打算）")
    contact = models.CharField("联系人和电话", max_length=60, blank=True)
    event_on = models.DateField("事项发生日期")
    due_on = models.DateField("报出期限")
    clock = models.JSONField("报出期限说明", default=dict)
    revision = models.PositiveSmallIntegerField("稿次", default=1)
    follows = models.ForeignKey(
        "self", models.PROTECT, verbose_name="接续", null=True, blank=True, related_name="followed_by",
        help_text="退回后重新报送的，指原来那份",
    )  # fmt: skip
    paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="文书", null=True, related_name="submission"
    )
    drafted_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    drafted_at = models.DateTimeField("起草时间")
    signed_by = models.ForeignKey(User, models.PROTECT, verbose_name="签发人", null=True, related_name="+")
    issued_on = models.DateField("报出日期", null=True)
    receipt_due_on = models.DateField("签收期限", null=True)
    receipt_clock = models.JSONField("签收期限说明", default=dict)
    received_on = models.DateField("签收日期", null=True)
    receiver_name = models.CharField("签收人", max_length=60, blank=True)
    answer_due_on = models.DateField("答复期限", null=True)
    answer_clock = models.JSONField("答复期限说明", default=dict)
    handler = models.ForeignKey(User, models.PROTECT, verbose_name="承办人", null=True, related_name="+")
    handler_post = models.ForeignKey(
        Post, models.PROTECT, verbose_name="承办岗位", null=True, related_name="+"
    )
    proposal = models.TextField("拟办意见", blank=True)
    proposed = models.CharField("建议", max_length=12, choices=Outcome.choices, blank=True)
    outcome = models.CharField("批复结论", max_length=12, choices=Outcome.choices, blank=True)
    answer = models.TextField("批复内容", blank=True)
    answer_number = models.CharField("批复文号", max_length=60, blank=True)
    answer_paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="批复文书", null=True, related_name="answered_submission"
    )
    decided_by = models.ForeignKey(
        User, models.PROTECT, verbose_name="批复签发人", null=True, related_name="+"
    )
    return_ground = models.CharField("退回原因", max_length=10, choices=ReturnGround.choices, blank=True)
    urged_on = models.DateField("最近催请", null=True)
    ended_on = models.DateField("了结日期", null=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "请示报告"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=sorted(HIDDEN), issued_on=None, paper=None)
                | (~Q(status__in=sorted(HIDDEN)) & Q(issued_on__isnull=False, paper__isnull=False)),
                name="submissions_issued_iff_numbered",
            ),
            models.CheckConstraint(
                condition=Q(status="answered", form="request") & ~Q(outcome="")
                | (~Q(status="answered") & Q(outcome="")),
                name="submissions_answered_iff_outcome",
            ),
            models.CheckConstraint(
                condition=Q(status="returned") & ~Q(return_ground="")
                | (~Q(status="returned") & Q(return_ground="")),
                name="submissions_returned_iff_ground",
            ),
            models.CheckConstraint(
                condition=Q(form="request") | ~Q(status__in=["received", "handling", "deciding", "answered"]),
                name="submissions_report_is_only_noted",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["handling", "deciding"]) | Q(handler__isnull=False),
                name="submissions_handled_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["organization", "matter", "subject"],
                condition=~Q(subject="") & Q(status__in=sorted(DRAFTS | PENDING)),
                name="submissions_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=[column, "-id"], name=f"submissions_{column[:12]}_new")
            for column in ("city", "county", "locality", "organization", "addressee")
        ] + [
            models.Index(
                fields=["answer_due_on"],
                condition=Q(status__in=["received", "handling", "deciding"]),
                name="submissions_owed",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("submissions:detail", self.pk)

    @property
    def label(self) -> str:
        """请示 or 报告."""
        return str(Form(self.form).label)

    @property
    def is_outside(self) -> bool:
        """Whether the addressee does not work in this installation: what it did is entered by the asking body."""
        return self.addressee_id is None

    @property
    def status_label(self) -> str:
        """How it stands, in words; of an addressee outside only what the asking body can know."""
        if self.is_outside and self.status in _OUTSIDE:
            return _OUTSIDE[Status(self.status)]
        return str(Status(self.status).label)

    def owed_until(self) -> dt.date | None:
        """The day by which the receiving body must do the next thing; before it is handed in, when that is due."""
        if self.status in DRAFTS:
            return self.due_on
        if self.status == Status.SENT:
            return self.receipt_due_on
        return self.answer_due_on if self.status in PENDING else None

    def owed_clock(self) -> dict[str, object]:
        """How that day came about."""
        if self.status in DRAFTS:
            return self.clock
        return self.receipt_clock if self.status == Status.SENT else self.answer_clock

    def is_late(self, *, on: dt.date) -> bool:
        until = self.owed_until()
        return until is not None and until < on

    def signed_content(self) -> dict[str, object]:
        return {
            "form": self.form, "matter": self.matter, "title": self.title, "organization": self.organization_id,
            "addressee": [self.addressee_id, self.addressee_name], "skip_reason": self.skip_reason,
            "subject": [self.subject, self.subject_words], "situation": self.situation, "opinion": self.opinion,
            "ask": self.ask, "event_on": self.event_on, "revision": self.revision,
            "copies": list(self.copies.order_by("organization_id").values_list("organization_id", flat=True)),
            "outcome": self.outcome, "answer": self.answer,
        }  # fmt: skip


class SubmissionTransition(Transition):
    """One line per move of a paper, with the clock it left."""

    RECORD, KEPT = "submission", ("revision", "answer_due_on")

    submission = models.ForeignKey(
        Submission, models.PROTECT, verbose_name="请示报告", related_name="transitions"
    )
    revision = models.PositiveSmallIntegerField("稿次")
    answer_due_on = models.DateField("答复期限", null=True)

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "请示报告流转"


class SubmissionCopy(models.Model):
    """A body that gets a copy: informed, or skipped by a paper that goes over its head (抄送)."""

    submission = models.ForeignKey(Submission, models.PROTECT, verbose_name="请示报告", related_name="copies")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="抄送单位", related_name="+")
    ground = models.CharField("缘由", max_length=8, choices=CopyGround.choices, default=CopyGround.INFORMED)

    class Meta:
        verbose_name = verbose_name_plural = "请示报告抄送"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "organization"], name="submissions_copy_once")
        ]

    def __str__(self) -> str:
        return str(self.organization)
