"""Papers (文书): typed, numbered, frozen when issued, verifiable by code. What they are about lives upstairs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import EVERYTHING, NOTHING, area_q, scope_of
from bihuan.core.addresses import row_address

# Who may read a kind of paper that is not for everybody over the place or of the body (e.g. opinions on conduct): said upstairs.
_RESTRICTED: dict[str, Callable[[User], Q]] = {}


def restrict(kind: str, readers: Callable[[User], Q]) -> None:
    """Let only those read papers of a kind whom `readers` lets; called in the `AppConfig.ready` of the app above."""
    _RESTRICTED[kind] = readers


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible_to(self, user: User) -> PaperQuerySet:
        """Area for offices and localities, issued or received for departments and enterprises; of restricted kinds only
        what their own rule lets one see."""
        return self.filter(reduce(or_, self._sights(user)))

    def visible_branches(self, user: User) -> list[PaperQuerySet]:
        """`visible_to` in parts that each follow one index; a paper may be in several (core.paging.paginate_any)."""
        return [self.filter(sight) for sight in self._sights(user)]

    @classmethod
    def _sights(cls, user: User) -> list[Q]:
        sights = cls._open_sights(user)
        if not _RESTRICTED or sights == [NOTHING]:
            return sights
        narrowed = [sight & ~Q(kind__in=list(_RESTRICTED)) for sight in sights]
        return narrowed + [Q(kind=kind) & readers(user) for kind, readers in _RESTRICTED.items()]

    @staticmethod
    def _open_sights(user: User) -> list[Q]:
        scope = scope_of(user, Permission.VIEW_PAPERS)
        sights = [area_q(code) for code in scope.areas]
        if EVERYTHING in sights:
            return [EVERYTHING]
        for department in scope.departments:
            sights += [Q(organization=department), Q(department=department)]
        for enterprise in scope.enterprises:
            sights += [Q(recipient=enterprise), Q(organization=enterprise)]
        mine = {
            post.organization_id
            for post in user.posts
            if user.is_active and Permission.VIEW_PAPERS in ROLES[post.role].permissions
        }
        if mine:
            sent = PaperAddressee.objects.filter(organization__in=mine)
            sights.append(Q(pk__in=sent.values("paper")))
        return sights or [NOTHING]


class PaperSequence(models.Model):
    """The running number of an organization's case papers in a year; one case shares one number (县级式样)."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="制发单位", related_name="+")
    year = models.PositiveSmallIntegerField("年份")
    last = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "文书编号"
        constraints = [
            models.UniqueConstraint(fields=["organization", "year"], name="papers_sequence_unique")
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.year}"


class Paper(models.Model):
    """One document. `content` is everything printed on it, frozen at issue; the code on it leads to `verify`."""

    class Kind(models.TextChoices):
        INSPECTION_RECORD = "inspection_record", "现场检查记录"
        RECTIFICATION_ORDER = "rectification_order", "责令限期整改指令书"
        REINSPECTION_OPINION = "reinspection_opinion", "整改复查意见书"
        PLEDGE = "pledge", "承诺书"
        BATCH_NOTICE = "batch_notice", "限期整改（治理）通知书"
        ACCEPTANCE_RECORD = "acceptance_record", "验收意见书"
        TRANSFER = "transfer", "移送查处函"
        REMINDER = "reminder", "提醒函"
        SUPERVISION = "supervision", "督办单"
        ASSIGNMENT = "assignment", "交办单"
        WARNING = "warning", "警示函"
        ADVICE = "advice", "工作建议书"
        CIRCULAR = "circular", "通报"
        TALK = "talk", "约谈通知书"
        TALK_MINUTES = "talk_minutes", "约谈纪要"
        ACCOUNT = "account", "“说清楚”通知书"
        RECTIFY_NOTICE = "rectify_notice", "整改通知书"
        FEEDBACK = "feedback", "督查反馈意见"
        MINUTES = "minutes", "会议纪要"
        LISTING_ORDER = "listing_order", "挂牌督办通知书"
        LISTING_EXTENSION = "listing_extension", "挂牌延期批复"
        DELISTING = "delisting", "摘牌通知书"
        LETTER = "letter", "责任书"
        RETURN = "return", "报表"
        BULLETIN = "bulletin", "工作通报"
        ASSESSMENT_RESULT = "assessment_result", "考核结果通知书"
        EFFECT_REPORT = "effect_report", "效果评价报告"
        REQUEST = "request", "请示"
        SITUATION = "situation", "报告"
        ANSWER = "answer", "批复"
        WORK_CIRCULAR = "work_circular", "工作完成情况通报"
        CONDUCT_OPINION = "conduct_opinion", "履职核查意见书"
        PROJECT_HANDOVER = "project_handover", "工程验收移交书"
        RECEPTION_REPORT = "reception_report", "迎检汇报材料"
        APPRAISAL_RESULT = "appraisal_result", "履职考核结果通知书"

    kind = models.CharField("文种", max_length=30, choices=Kind.choices)
    number = models.CharField("文号", max_length=60, unique=True)
    case_year = models.PositiveSmallIntegerField("案年")
    case_seq = models.PositiveIntegerField("案号", help_text="检查记录、责令整改、复查意见同案同号")
    ordinal = models.PositiveSmallIntegerField("同案同种序次", default=1)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="制发单位", related_name="papers", db_index=False
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="主管部门", null=True, related_name="+", db_index=False
    )
    recipient = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="受送达单位账号",
        null=True,
        related_name="+",
        db_index=False,
    )
    recipient_name = models.CharField("受送达单位", max_length=120)
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    subject = models.CharField("所属记录", max_length=80, db_index=True)
    content = models.JSONField("内容")
    template_version = models.CharField("模板版本", max_length=20)
    code = models.UUIDField("核验码", default=uuid.uuid4, unique=True)
    issued_by = models.ForeignKey(User, models.PROTECT, verbose_name="制发人", related_name="+")
    issued_at = models.DateTimeField("制发时间")
    due_on = models.DateField("文书期限", null=True)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "文书"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "case_year", "case_seq", "kind", "ordinal"],
                name="papers_case_kind_unique",
            )
        ]
        indexes = [
            models.Index(fields=[column, "-id"], name=f"papers_{column}_recent")
            for column in ("city", "county", "locality", "organization", "department", "recipient")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    def get_absolute_url(self) -> str:
        return row_address("papers:detail", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {"kind": self.kind, "number": self.number, "content": self.content, "at": self.issued_at}

    @property
    def is_official(self) -> bool:
        """Whether it is printed in the layout of official documents (GB/T 9704-2012) or as an enforcement form."""
        return self.kind in OFFICIAL_KINDS


# Handed over at a door and bound into a case: printed as forms. Everything else is an official document.
FORM_KINDS = frozenset(
    {
        Paper.Kind.INSPECTION_RECORD,
        Paper.Kind.RECTIFICATION_ORDER,
        Paper.Kind.REINSPECTION_OPINION,
        Paper.Kind.PLEDGE,
        Paper.Kind.BATCH_NOTICE,
        Paper.Kind.ACCEPTANCE_RECORD,
        Paper.Kind.TRANSFER,
    }
)
OFFICIAL_KINDS = frozenset(Paper.Kind) - FORM_KINDS


class PaperAddressee(models.Model):
    """One of several bodies a paper is addressed to (主送); each signs for it where the paper's record says."""

    paper = models.ForeignKey(
        Paper, models.PROTECT, verbose_name="文书", related_name="addressees", db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="主送单位", related_name="+", db_index=False
    )

    class Meta:
        verbose_name = verbose_name_plural = "主送单位"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "organization"], name="papers_addressee_unique")
        ]
        indexes = [models.Index(fields=["organization", "-paper"], name="papers_addressee_recent")]

    def __str__(self) -> str:
        return f"{self.organization} {self.paper_id}"


class PaperReceipt(models.Model):
    """Proof that a paper reached its addressee: opened in the account, handed over, or refused."""

    class Method(models.TextChoices):
        ONLINE = "online", "账号签收"
        HANDED = "handed", "当面送达"
        REFUSED = "refused", "拒收留置"

    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="文书", related_name="receipt")
    method = models.CharField("方式", max_length=10, choices=Method.choices)
    receiver_name = models.CharField("签收人", max_length=60)
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "送达回证"

    def __str__(self) -> str:
        return f"{self.paper} {self.get_method_display()}"
