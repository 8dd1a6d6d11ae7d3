"""Conduct looked into (效能监察, R127, R260): who is asked about what, what was found, what he answers, how it ended.

Seen by the inspectorate and the leader of the office over the place, never by somebody it is about or of his own unit;
the person concerned sees it once the opinion is served.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import CONDUCT_OPEN, ConductStatus, Handling, Misconduct


class ConductMatterQuerySet(models.QuerySet["ConductMatter"]):
    def visible_to(self, user: User) -> ConductMatterQuerySet:
        """Whoever may look into conduct in the area, less what is about themselves or their own unit (回避)."""
        scope = scope_of(user, Permission.INSPECT_CONDUCT)
        own = {post.organization_id for post in user.posts}
        handlers = areas_q(scope.areas) & ~Q(organization__in=own) & (Q(person=None) | ~Q(person=user.pk))
        return self.filter(handlers | self._concerned(user))

    def concerning(self, user: User) -> ConductMatterQuerySet:
        """What was served on somebody."""
        return self.filter(self._concerned(user))

    @staticmethod
    def _concerned(user: User) -> Q:
        return Q(person=user.pk, served_on__isnull=False) if user.pk and user.is_active else Q(pk__in=())

    def open(self) -> ConductMatterQuerySet:
        return self.filter(status__in=CONDUCT_OPEN)


class ConductMatter(models.Model):
    """One matter of conduct: a clue, an inquiry, an opinion served, an answer, an end with reasons (效能监察事项)."""

    number = models.CharField("编号", max_length=30, unique=True)
    handler = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="核查单位", related_name="+", db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="被反映单位", related_name="+", db_index=False
    )
    person = models.ForeignKey(
        User, models.PROTECT, verbose_name="被反映人", null=True, blank=True, related_name="+"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    misconduct = models.CharField("问题类别", max_length=12, choices=Misconduct.choices)
    clue = models.TextField("反映的情况", max_length=2000)
    source = models.CharField("线索来源", max_length=120)
    signal = models.CharField("系统信号", max_length=80, blank=True, db_index=True)
    rows = models.JSONField("信号背后的记录", default=list)
    status = models.CharField(
        "状态", max_length=10, choices=ConductStatus.choices, default=ConductStatus.CLUE
    )
    inquirer = models.ForeignKey(User, models.PROTECT, verbose_name="核查人", null=True, related_name="+")
    due_on = models.DateField("期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    finding = models.TextField("核查认定", max_length=3000, blank=True)
    proposed = models.CharField("拟处理", max_length=10, choices=Handling.choices, blank=True)
    opinion = models.OneToOneField(Paper, models.PROTECT, verbose_name="意见书", null=True, related_name="+")
    served_on = models.DateField("送达日期", null=True)
    answer_due_on = models.DateField("申辩期限", null=True)
    answer_clock = models.JSONField("申辩期限说明", default=dict)
    answer = models.TextField("申辩", max_length=3000, blank=True)
    answered_on = models.DateField("申辩日期", null=True)
    handling = models.CharField("处理", max_length=10, choices=Handling.choices, blank=True)
    conclusion = models.TextField("处理理由", max_length=2000, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, verbose_name="决定人", null=True, related_name="+")
    ended_on = models.DateField("办结日期", null=True)
    opened_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    opened_on = models.DateField("登记日期")

    objects = ConductMatterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "效能监察事项"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["signal"],
                condition=~Q(signal="") & Q(status__in=["clue", "inquiring", "served"]),
                name="office_one_matter_a_signal",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["handled", "cleared", "dismissed"], ended_on__isnull=False)
                | (~Q(status__in=["handled", "cleared", "dismissed"]) & Q(ended_on=None)),
                name="office_conduct_ended_iff_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(status="handled") | ~Q(handling=""), name="office_conduct_handled_somehow"
            ),
            models.CheckConstraint(
                condition=Q(served_on=None) | Q(opinion__isnull=False), name="office_conduct_served_by_paper"
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="office_conduct_city"),
            models.Index(fields=["county", "-id"], name="office_conduct_county"),
        ]

    def __str__(self) -> str:
        # Never whom it is about: this stands in duties and in the record of acts.
        return f"效能监察 {self.number}"

    def get_absolute_url(self) -> str:
        return row_address("office:conduct", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "number": self.number, "handler": self.handler_id, "organization": self.organization_id,
            "person": self.person_id, "misconduct": self.misconduct, "clue": self.clue, "source": self.source,
            "signal": self.signal, "rows": self.rows, "status": self.status, "finding": self.finding,
            "proposed": self.proposed, "served_on": self.served_on, "answer": self.answer, "handling": self.handling,
            "conclusion": self.conclusion, "ended": [self.ended_by_id, self.ended_on],
        }  # fmt: skip


class ConductTransition(Transition):
    """One line per move of a conduct matter. Never rewritten."""

    RECORD = "matter"

    matter = models.ForeignKey(
        ConductMatter, models.PROTECT, verbose_name="效能监察事项", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "效能监察流转"


class ConductNote(models.Model):
    """What was looked at or said in an inquiry: a talk, a document, a visit (核查记录)."""

    class Kind(models.TextChoices):
        TALK = "talk", "谈话"
        DOCUMENT = "document", "调阅资料"
        VISIT = "visit", "实地核实"

    matter = models.ForeignKey(
        ConductMatter, models.PROTECT, verbose_name="效能监察事项", related_name="notes"
    )
    kind = models.CharField("方式", max_length=10, choices=Kind.choices)
    on = models.DateField("日期")
    text = models.TextField("情况", max_length=2000)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="记录人", related_name="+")
    at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = verbose_name_plural = "核查记录"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.matter} {self.get_kind_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "matter": self.matter_id, "kind": self.kind, "on": self.on, "text": self.text, "by": self.by_id, "at": self.at,
        }  # fmt: skip
