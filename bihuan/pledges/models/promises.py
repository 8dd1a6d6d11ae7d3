"""Promises of enterprises (承诺书): the form, the promise, its persons and lines, and what checking it found."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField, blind_index
from bihuan.hazards.models import Hazard
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise
from bihuan.rules.pledges import Definition, read

from ..workflow import STANDING, LineVerdict, PledgeStatus


class PledgeFormQuerySet(models.QuerySet["PledgeForm"]):
    def usable(self) -> PledgeFormQuerySet:
        """Forms in use, the shipped ones first."""
        return self.filter(is_active=True).order_by("organization_id", "title", "-version")


class PledgeForm(models.Model):
    """One version of a promise form; the definition is data (rules.pledges). A used version never changes."""

    key = models.SlugField("代码", max_length=40)
    version = models.PositiveSmallIntegerField("版本", default=1)
    title = models.CharField("名称", max_length=80)
    definition = models.JSONField("式样")
    source = models.CharField("来源", max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="编制单位",
        null=True,
        related_name="+",
        help_text="随系统提供的为空",
    )
    is_active = models.BooleanField("在用", default=True)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", null=True, related_name="+")
    made_at = models.DateTimeField("编制时间")

    objects = PledgeFormQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "承诺书式样"
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="pledges_form_version"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(is_active=True), name="pledges_one_form_in_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（第 {self.version} 版）"

    @property
    def read(self) -> Definition:
        """The definition, typed."""
        return read(self.definition)


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def visible_to(self, user: User) -> PledgeQuerySet:
        """The area for offices and localities, the own line for departments, oneself for enterprises.

        What an enterprise is still writing is its own affair: others see a promise once it has been signed.
        """
        scope = scope_of(user, Permission.VIEW_REGISTRY)
        signed = ~Q(number="")
        return self.filter(
            ((areas_q(scope.areas) | Q(department__in=scope.departments)) & signed)
            | (Q(receiver__in=scope.departments) & signed)
            | Q(enterprise__organization__in=scope.enterprises)
        )

    def standing(self) -> PledgeQuerySet:
        """Signed and not taken back."""
        return self.filter(status__in=STANDING)

    def running_out(self, *, on: dt.date, days: int = 30) -> PledgeQuerySet:
        """Standing promises that end within so many days, or have ended."""
        return self.standing().filter(valid_to__lte=on + dt.timedelta(days=days), renewed_by=None)


class Pledge(models.Model):
    """One promise of one enterprise. What was signed stays; a renewal is a new promise that names the old one."""

    form = models.ForeignKey(PledgeForm, models.PROTECT, verbose_name="式样", related_name="pledges")
    number = models.CharField("编号", max_length=60, blank=True, help_text="签署时编定")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="pledges", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", null=True, blank=True, related_name="pledges"
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="主管部门", null=True, related_name="+", db_index=False
    )
    receiver = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="核查单位",
        related_name="pledges_received",
        db_index=False,
        help_text="主管部门；没有主管部门的报安委办（R027）",
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    status = models.CharField("状态", max_length=10, choices=PledgeStatus.choices, default=PledgeStatus.DRAFT)
    unit_name = models.CharField("单位名称", max_length=120)
    unit_code = models.CharField("统一社会信用代码", max_length=18, blank=True)
    unit_address = models.CharField("地址", max_length=200, blank=True)
    use_code = models.CharField("使用性质", max_length=4, blank=True)
    answers = models.JSONField("其他栏目", default=dict, blank=True)
    remarks = models.CharField("需要说明的情况", max_length=1000, blank=True)
    started_by = models.ForeignKey(User, models.PROTECT, verbose_name="填写人", related_name="+")
    started_at = models.DateTimeField("开始填写")
    updated_at = models.DateTimeField("更新时间")
    signed_at = models.DateTimeField("签署时间", null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, verbose_name="签署账号", null=True, related_name="+")
    valid_to = models.DateField("有效期止", null=True)
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="文书", null=True, related_name="+")
    verified_at = models.DateTimeField("核查完成时间", null=True)
    opinion = models.CharField("核查意见", max_length=500, blank=True)
    renews = models.OneToOneField(
        "self", models.PROTECT, verbose_name="续签自", null=True, blank=True, related_name="renewed_by"
    )

    objects = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "承诺书"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="draft", signed_at=None)
                | Q(status="withdrawn")
                | (
                    Q(status__in=["signed", "verifying", "verified", "objected"])
                    & Q(signed_at__isnull=False, valid_to__isnull=False)
                    & ~Q(number="")
                ),
                name="pledges_signed_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["verified", "objected"], verified_at__isnull=False)
                | (~Q(status__in=["verified", "objected"]) & Q(verified_at=None)),
                name="pledges_verified_iff_stamped",
            ),
            models.UniqueConstraint(
                fields=["enterprise", "form"], condition=Q(status="draft"), name="pledges_one_draft"
            ),
        ]
        indexes = [
            *[
                models.Index(fields=[column, "-id"], name=f"pledges_{column[:10]}_recent")
                for column in ("city", "county", "locality", "department", "receiver", "enterprise")
            ],
            models.Index(
                fields=["valid_to"], condition=Q(status__in=["verified", "objected"]), name="pledges_ending"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_name} {self.number or '承诺书草稿'}"

    def get_absolute_url(self) -> str:
        return row_address("pledges:detail", self.pk)

    @property
    def is_draft(self) -> bool:
        return self.status == PledgeStatus.DRAFT

    def signed_content(self) -> dict[str, object]:
        """Everything promised, as it was signed; numbers of persons stand as keyed fingerprints, so that the record
        never holds them. A draft vouches for nothing yet."""
        content: dict[str, object] = {"form": self.form_id}
        if self.signed_at is None:
            return content
        return content | {
            "receiver": self.receiver_id,
            "unit": [self.unit_name, self.unit_code, self.unit_address, self.use_code],
            "answers": self.answers,
            "remarks": self.remarks,
            "signed_at": self.signed_at,
            "valid_to": self.valid_to,
            "persons": [
                [each.key, each.name, blind_index(each.phone), blind_index(each.id_number)]
                for each in self.persons.order_by("position")
            ],
            "lines": [each.claim() for each in self.lines.order_by("table", "position")],
        }


class PledgePerson(models.Model):
    """Somebody the promise names. Phone and identity number are sealed at rest and masked wherever they are shown."""

    pledge = models.ForeignKey(Pledge, models.PROTECT, verbose_name="承诺书", related_name="persons")
    key = models.CharField("身份代码", max_length=30)
    label = models.CharField("身份", max_length=30)
    position = models.PositiveSmallIntegerField("次序")
    name = models.CharField("姓名", max_length=60, blank=True)
    phone = SealedCharField("联系电话", max_length=20, blank=True, default="")
    id_number = SealedCharField("身份证号", max_length=18, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "承诺书人员"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["pledge", "key"], name="pledges_person_unique")]

    def __str__(self) -> str:
        return f"{self.label} {self.name}"


class PledgeLine(models.Model):
    """One row of a table, what was claimed in it, and what the line department found on the spot."""

    class Role(models.TextChoices):
        CORRECTED = "corrected", "已整改"
        UNCORRECTED = "uncorrected", "未整改"
        PLAIN = "plain", "其他"

    pledge = models.ForeignKey(Pledge, models.PROTECT, verbose_name="承诺书", related_name="lines")
    table = models.CharField("表格", max_length=30)
    role = models.CharField("用途", max_length=12, choices=Role.choices)
    position = models.PositiveSmallIntegerField("次序")
    place = models.CharField("部位", max_length=120, blank=True)
    description = models.CharField("隐患情况", max_length=500, blank=True)
    measures = models.CharField("整改措施落实情况", max_length=500, blank=True)
    reason = models.CharField("未整改原因", max_length=300, blank=True)
    interim_measures = models.CharField("目前采取的措施", max_length=300, blank=True)
    due_on = models.DateField("整改期限", null=True, blank=True)
    responsible_person = models.CharField("责任人", max_length=60, blank=True)
    cells = models.JSONField("其他列", default=dict, blank=True)
    hazard = models.ForeignKey(
        Hazard,
        models.PROTECT,
        verbose_name="台账隐患",
        null=True,
        blank=True,
        related_name="pledge_lines",
    )
    verdict = models.CharField(
        "核查结论", max_length=10, choices=LineVerdict.choices, default=LineVerdict.PENDING
    )
    verdict_note = models.CharField("核查说明", max_length=300, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, verbose_name="核查人", null=True, related_name="+")
    verified_at = models.DateTimeField("核查时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "承诺事项"
        ordering = ["table", "position"]
        constraints = [
            models.UniqueConstraint(fields=["pledge", "table", "position"], name="pledges_line_position"),
            models.CheckConstraint(
                condition=Q(verdict="pending", verified_at=None)
                | (~Q(verdict="pending") & Q(verified_at__isnull=False)),
                name="pledges_line_judged_iff_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=["not_done", "false"]) | ~Q(verdict_note=""),
                name="pledges_line_objection_has_note",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.position} {self.description[:20]}"

    @property
    def ledger_id(self) -> uuid.UUID:
        """The device id under which this line enters the ledger: signed twice, it is entered once."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"bihuan.pledge:{self.pledge_id}:line:{self.pk}")

    def claim(self) -> list[object]:
        """What the enterprise said in this row."""
        return [
            self.table, self.position, self.place, self.description, self.measures, self.reason,
            self.interim_measures, self.due_on, self.responsible_person, self.cells,
        ]  # fmt: skip

    def signed_content(self) -> dict[str, object]:
        return {
            "pledge": self.pledge_id,
            "claim": self.claim(),
            "verdict": self.verdict,
            "note": self.verdict_note,
            "by": self.verified_by_id,
            "at": self.verified_at,
        }


class PledgeTransition(Transition):
    """One line per move of a promise."""

    RECORD = "pledge"

    pledge = models.ForeignKey(Pledge, models.PROTECT, verbose_name="承诺书", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "承诺书流转"


class FalseClaimQuerySet(models.QuerySet["FalseClaim"]):
    def visible_to(self, user: User) -> FalseClaimQuerySet:
        """Seen by whoever sees the promise it stands in."""
        return self.filter(line__pledge__in=Pledge.objects.visible_to(user))


class FalseClaim(models.Model):
    """A line found to be false (弄虚作假, R073): what was claimed, what was found, and to whom it was handed over."""

    line = models.OneToOneField(
        PledgeLine, models.PROTECT, verbose_name="承诺事项", related_name="false_claim"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="false_claims"
    )
    hazard = models.ForeignKey(
        Hazard, models.PROTECT, verbose_name="台账隐患", null=True, related_name="false_claims"
    )
    note = models.CharField("查明情况", max_length=300)
    found_by = models.ForeignKey(User, models.PROTECT, verbose_name="认定人", related_name="+")
    found_on = models.DateField("认定日期")
    found_at = models.DateTimeField("认定时间")
    handed_to = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="移送给", null=True, related_name="+"
    )
    handed_by = models.ForeignKey(User, models.PROTECT, verbose_name="移送人", null=True, related_name="+")
    handed_at = models.DateTimeField("移送时间", null=True)
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="移送文书", null=True, related_name="+")

    objects = FalseClaimQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "虚假承诺"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(handed_to=None, handed_at=None, handed_by=None)
                | Q(handed_to__isnull=False, handed_at__isnull=False, handed_by__isnull=False),
                name="pledges_handed_over_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(found_at__isnull=False) & ~Q(note=""), name="pledges_false_has_note"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.found_on} 弄虚作假"

    def get_absolute_url(self) -> str:
        return self.line.pledge.get_absolute_url()

    def signed_content(self) -> dict[str, object]:
        return {
            "line": self.line_id,
            "hazard": self.hazard_id,
            "note": self.note,
            "by": self.found_by_id,
            "on": self.found_on,
            "handed_to": self.handed_to_id,
            "handed_at": self.handed_at,
        }
