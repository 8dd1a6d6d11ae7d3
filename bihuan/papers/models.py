"""Papers (文书): typed, numbered, frozen when issued, verifiable by code. What they are about lives upstairs."""

from __future__ import annotations

import uuid
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import NOTHING, area_q, scope_of
from bihuan.core.addresses import row_address


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible_to(self, user: User) -> PaperQuerySet:
        """Area for offices and localities, issued or received for departments and enterprises."""
        return self.filter(reduce(or_, self._sights(user)))

    def visible_branches(self, user: User) -> list[PaperQuerySet]:
        """`visible_to` in parts that each follow one index; a paper may be in several (core.paging.paginate_any)."""
        return [self.filter(sight) for sight in self._sights(user)]

    @staticmethod
    def _sights(user: User) -> list[Q]:
        scope = scope_of(user, Permission.VIEW_PAPERS)
        sights = [area_q(code) for code in scope.areas]
        if Q() in sights:
            return [Q()]
        for department in scope.departments:
            sights += [Q(organization=department), Q(department=department)]
        for enterprise in scope.enterprises:
            sights += [Q(recipient=enterprise), Q(organization=enterprise)]
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
