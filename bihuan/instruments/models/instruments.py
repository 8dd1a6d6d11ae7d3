"""A supervision paper (督办文书): what it is about, what it asks, how it stands."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..types import labels
from ..workflow import DRAFTS, Level, Origin, Status


def bodies_of(user: User, permission: str) -> list[int]:
    """The bodies in which a person holds a permission today."""
    if not user.is_active:
        return []
    return list({post.organization_id for post in user.posts if permission in ROLES[post.role].permissions})


def enterprises_alone(user: User) -> tuple[int, ...]:
    """The enterprises of somebody who works for nobody else: what other recipients answered is not for them. () for
    everybody who works for an office, a department or a locality."""
    scope = scope_of(user, Permission.VIEW_INSTRUMENTS)
    return () if scope.areas or scope.departments else scope.enterprises


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    def visible_to(self, user: User) -> InstrumentQuerySet:
        """The issuing body and the offices and inspectorates over it see everything; a recipient, and whoever oversees
        its place, sees what has been issued to it."""
        from .recipients import InstrumentRecipient

        scope = scope_of(user, Permission.VIEW_INSTRUMENTS)
        mine = bodies_of(user, Permission.VIEW_INSTRUMENTS)
        area = areas_q(scope.areas)
        received = InstrumentRecipient.objects.filter(
            area | Q(organization__in=mine), instrument=OuterRef("pk")
        )
        return self.filter(
            Q(organization__in=mine) | area | (~Q(status__in=[*DRAFTS, Status.DISCARDED]) & Exists(received))
        )

    def drafts(self) -> InstrumentQuerySet:
        return self.filter(status__in=DRAFTS)


class Instrument(models.Model):
    """One paper, from the draft to the day it has done its work."""

    kind = models.CharField("文种", max_length=24, db_index=True)
    title = models.CharField("标题", max_length=120)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="制发单位", related_name="instruments", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    origin = models.CharField("来由", max_length=10, choices=Origin.choices, default=Origin.HAND)
    situation = models.TextField("情况")
    demand = models.TextField("要求")
    basis = models.CharField("依据", max_length=300, blank=True)
    meet_at = models.DateTimeField("约谈（到会）时间", null=True, blank=True)
    meet_place = models.CharField("约谈（到会）地点", max_length=120, blank=True)
    revision = models.PositiveSmallIntegerField("稿次", default=1)
    terms = models.JSONField("规则", default=dict, help_text="印发时的办结条件、升级文种及其依据")
    escalated_from = models.ForeignKey(
        "self", models.PROTECT, verbose_name="由哪份升级", null=True, related_name="escalations"
    )
    paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="文书", null=True, related_name="instrument"
    )
    drafted_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    drafted_at = models.DateTimeField("起草时间")
    signed_by = models.ForeignKey(User, models.PROTECT, verbose_name="签发人", null=True, related_name="+")
    issued_on = models.DateField("印发日期", null=True)
    closed_on = models.DateField("了结日期", null=True)

    objects = InstrumentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "督办文书"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[*sorted(DRAFTS), "discarded"], issued_on=None, paper=None)
                | (~Q(status__in=[*sorted(DRAFTS), "discarded"]) & Q(issued_on__isnull=False)),
                name="instruments_issued_iff_dated",
            ),
        ]
        indexes = [
            models.Index(fields=[column, "-id"], name=f"instruments_{column[:12]}_new")
            for column in ("city", "county", "locality", "organization")
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("instruments:detail", self.pk)

    @property
    def label(self) -> str:
        """The kind in words."""
        return labels().get(self.kind, self.kind)

    def signed_content(self) -> dict[str, object]:
        return {
            "kind": self.kind, "title": self.title, "organization": self.organization_id, "situation": self.situation,
            "demand": self.demand, "basis": self.basis, "meet": [self.meet_at, self.meet_place], "revision": self.revision,
            "matters": [[each.subject, each.words] for each in self.matters.order_by("pk")],
            "points": [
                [each.level, each.organization_id, each.text, each.demand, each.due_on]
                for each in self.points.order_by("position")
            ],
            "recipients": list(self.recipients.order_by("pk").values_list("organization_id", flat=True)),
        }  # fmt: skip


class InstrumentMatter(models.Model):
    """One record a paper is about: its words as they stood, and where it is."""

    instrument = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name="督办文书", related_name="matters"
    )
    subject = models.CharField("记录", max_length=80, help_text="模型标签:主键", db_index=True)
    words = models.CharField("事项", max_length=300)
    url = models.CharField("页面", max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="责任单位", null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = verbose_name_plural = "督办事项"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "subject"], name="instruments_matter_once")
        ]

    def __str__(self) -> str:
        return self.words


class InstrumentPoint(models.Model):
    """One thing asked, of one level or one recipient, with its own day (R065: findings split by level)."""

    instrument = models.ForeignKey(Instrument, models.PROTECT, verbose_name="督办文书", related_name="points")
    position = models.PositiveSmallIntegerField("次序")
    level = models.CharField("层级", max_length=12, choices=Level.choices, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="责任单位", null=True, blank=True, related_name="+",
        help_text="空为全部收件单位",
    )  # fmt: skip
    text = models.CharField("问题", max_length=500)
    demand = models.CharField("要做什么", max_length=300, blank=True)
    due_on = models.DateField("期限", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "督办要求"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "position"], name="instruments_point_position")
        ]

    def __str__(self) -> str:
        return self.text


class InstrumentTransition(Transition):
    """One line per move of a paper."""

    RECORD = "instrument"
    KEPT = ("revision",)

    instrument = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name="督办文书", related_name="transitions"
    )
    revision = models.PositiveSmallIntegerField("稿次")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "督办文书流转"


class InstrumentEdition(models.Model):
    """A body's own wording and clock of a kind of paper, from a day on, by a document. A change is a new row."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="制发单位", related_name="+")
    kind = models.CharField("文种", max_length=24)
    opening = models.TextField("开头")
    demand = models.TextField("要求")
    consequence = models.TextField("逾期后果", blank=True)
    reply_days = models.PositiveSmallIntegerField("回复期限（自然日）", null=True, blank=True)
    escalates_to = models.CharField("逾期升级为", max_length=24, blank=True)
    escalate_after = models.PositiveSmallIntegerField("逾期几天后升级", default=3)
    document = models.CharField("依据文件", max_length=200)
    effective_from = models.DateField("执行自")
    effective_to = models.DateField("执行至", null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "文书式样版本"
        ordering = ["-effective_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gte=F("effective_from")),
                name="instruments_edition_dates",
            )
        ]

    def __str__(self) -> str:
        return f"{labels().get(self.kind, self.kind)} {self.effective_from}"

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "kind": self.kind, "opening": self.opening, "demand": self.demand,
            "consequence": self.consequence, "reply_days": self.reply_days,
            "escalates": [self.escalates_to, self.escalate_after], "document": self.document,
            "from": self.effective_from, "to": self.effective_to,
        }  # fmt: skip
