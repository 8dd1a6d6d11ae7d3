"""What supervision finds: management problems of a body with a clock of their own, or hazards of the one ledger (R065)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import EVERYTHING, NOTHING, areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Status as HazardStatus
from bihuan.registry.models import Enterprise

from ..workflow import OPEN_FINDINGS, FindingStatus
from .districts import DistrictVisit
from .receptions import Reception
from .rounds import OversightVisit, seats_of

# Where findings come from, by the name a filter has for it.
ORIGINS = {"round": "督导轮次", "district": "包干走访", "upper": "上级反馈"}
_HANDED = FindingStatus.RECORDED, FindingStatus.WITHDRAWN
_SETTLED = [HazardStatus.CLOSED, HazardStatus.DISMISSED]


class FindingQuerySet(models.QuerySet["OversightFinding"]):
    def visible_to(self, user: User) -> FindingQuerySet:
        """The body that found it and those above; whoever was there; the body it is about, once it was handed over."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        above = NOTHING
        for code in scope.areas:
            above |= EVERYTHING if len(code) <= 2 else Q(found_organization__region__code__startswith=code)
        known = ~Q(status__in=_HANDED)
        about = Q(organization__in=scope.departments) | Q(enterprise__department__in=scope.departments)
        there = Exists(seats_of(user, "team__visits__findings"))
        own = Q(found_organization__in=scope.departments)
        if user.is_active and user.has_perm(Permission.RECORD_OVERSIGHT):
            own |= Q(found_by=user)
        return self.filter(above | own | Q(there) | (known & (areas_q(scope.areas) | about)))

    def live(self) -> FindingQuerySet:
        """Those not withdrawn."""
        return self.exclude(status=FindingStatus.WITHDRAWN)

    def closed(self) -> FindingQuerySet:
        """Verified, or settled in the ledger of hazards."""
        return self.filter(Q(status=FindingStatus.CLOSED) | Q(hazard__status__in=_SETTLED))

    def unfinished(self) -> FindingQuerySet:
        """Still waiting for somebody, here or in the ledger."""
        return self.filter(
            Q(status__in=OPEN_FINDINGS)
            | (Q(status=FindingStatus.IN_LEDGER) & ~Q(hazard__status__in=_SETTLED))
        )

    def overdue(self, *, on: dt.date) -> FindingQuerySet:
        """Past the deadline and not yet answered; the due day itself is not overdue."""
        return self.filter(
            Q(status=FindingStatus.RECTIFYING, due_on__lt=on)
            | (
                Q(status=FindingStatus.IN_LEDGER, hazard__due_on__lt=on)
                & Q(hazard__status__in=[HazardStatus.RECTIFYING, HazardStatus.PLANNING])
            )
        )


class OversightFinding(models.Model):
    """One thing found on a visit of supervision or of a leader, and what becomes of it (督导问题)."""

    class Level(models.TextChoices):
        GOVERNMENT = "government", "政府层面"
        DEPARTMENT = "department", "部门层面"
        LOCALITY = "locality", "乡镇街道层面"
        ENTERPRISE = "enterprise", "企业层面"

    visit = models.ForeignKey(
        OversightVisit, models.PROTECT, verbose_name="督导点次", null=True, related_name="findings"
    )
    district_visit = models.ForeignKey(
        DistrictVisit, models.PROTECT, verbose_name="包干走访", null=True, related_name="findings"
    )
    reception = models.ForeignKey(
        Reception, models.PROTECT, verbose_name="迎检", null=True, related_name="findings"
    )
    level = models.CharField("层面", max_length=12, choices=Level.choices)
    code = models.CharField("问题类型", max_length=30, help_text="职责检查的编号，或者问题分类")
    category = models.CharField("问题分类", max_length=40)
    description = models.CharField("问题", max_length=500)
    demand = models.CharField("整改要求", max_length=300, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="责任单位", related_name="oversight_findings", null=True
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", null=True, related_name="oversight_findings"
    )
    hazard = models.OneToOneField(
        Hazard, models.PROTECT, verbose_name="隐患", null=True, related_name="oversight_finding"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField(
        "状态", max_length=10, choices=FindingStatus.choices, default=FindingStatus.RECORDED
    )
    found_on = models.DateField("发现日期")
    found_by = models.ForeignKey(User, models.PROTECT, verbose_name="发现人", related_name="+")
    found_organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="督导单位", related_name="+"
    )
    due_on = models.DateField("整改期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    replied_on = models.DateField("报整改日期", null=True)
    closed_on = models.DateField("销号日期", null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "督导问题"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(visit__isnull=False, district_visit=None, reception=None)
                | Q(visit=None, district_visit__isnull=False, reception=None)
                | Q(visit=None, district_visit=None, reception__isnull=False),
                name="oversight_finding_has_one_origin",
            ),
            models.CheckConstraint(
                condition=Q(level="enterprise", enterprise__isnull=False)
                | (~Q(level="enterprise") & Q(organization__isnull=False, hazard=None)),
                name="oversight_finding_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(status="in_ledger", hazard__isnull=False)
                | (~Q(status="in_ledger") & Q(hazard=None)),
                name="oversight_ledger_iff_hazard",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["rectifying", "replied", "closed"]) | Q(due_on__isnull=False),
                name="oversight_handed_over_has_deadline",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_on__isnull=False)
                | (~Q(status="closed") & Q(closed_on=None)),
                name="oversight_closed_iff_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="oversight_finding_city"),
            models.Index(fields=["county", "-id"], name="oversight_finding_county"),
            models.Index(fields=["locality", "-id"], name="oversight_finding_locality"),
            models.Index(fields=["organization", "code", "found_on"], name="oversight_finding_again"),
            models.Index(fields=["status", "due_on"], name="oversight_finding_due"),
        ]

    def __str__(self) -> str:
        return self.description[:60]

    def get_absolute_url(self) -> str:
        return row_address("oversight:finding", self.pk)

    @property
    def owner_name(self) -> str:
        """Who is to put it right."""
        if self.enterprise is not None:
            return str(self.enterprise)
        return self.organization.short_name if self.organization else ""

    @property
    def origin_url(self) -> str:
        origin = self.visit or self.district_visit or self.reception
        return origin.get_absolute_url() if origin else ""

    @property
    def origin_kind(self) -> str:
        """Where it was found, as filters name it: round, district, upper."""
        if self.reception_id is not None:
            return "upper"
        return "district" if self.district_visit_id is not None else "round"

    @property
    def origin_label(self) -> str:
        """Where it was found, in words."""
        return ORIGINS[self.origin_kind]

    def is_overdue(self, *, on: dt.date) -> bool:
        return self.status == FindingStatus.RECTIFYING and self.due_on is not None and self.due_on < on

    def signed_content(self) -> dict[str, object]:
        return {
            "visit": self.visit_id, "district_visit": self.district_visit_id, "reception": self.reception_id, "level": self.level, "code": self.code,
            "category": self.category, "description": self.description, "demand": self.demand,
            "organization": self.organization_id, "enterprise": self.enterprise_id, "hazard": self.hazard_id,
            "status": self.status, "found_on": self.found_on, "due_on": self.due_on, "closed_on": self.closed_on,
        }  # fmt: skip


class FindingTransition(Transition):
    """One line per move of a finding."""

    RECORD, KEPT = "finding", ("due_on",)

    finding = models.ForeignKey(
        OversightFinding, models.PROTECT, verbose_name="督导问题", related_name="transitions"
    )
    due_on = models.DateField("整改期限", null=True)

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "督导问题流转"


class FindingReply(models.Model):
    """What the body it is about says it has done (督导整改回复); photos and files hang on it."""

    finding = models.ForeignKey(
        OversightFinding, models.PROTECT, verbose_name="督导问题", related_name="replies"
    )
    text = models.CharField("整改情况", max_length=1000)
    cause = models.CharField("原因分析", max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="填报人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "督导整改回复"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text[:40]

    def signed_content(self) -> dict[str, object]:
        return {
            "finding": self.finding_id, "text": self.text, "cause": self.cause, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class FindingVerdict(models.Model):
    """Whoever supervises looked again: put right or not, and how that was seen (督导核验)."""

    class Method(models.TextChoices):
        DOCUMENTS = "documents", "查资料"
        ON_SITE = "on_site", "看现场"

    finding = models.ForeignKey(
        OversightFinding, models.PROTECT, verbose_name="督导问题", related_name="verdicts"
    )
    is_passed = models.BooleanField("通过")
    method = models.CharField("核验方式", max_length=10, choices=Method.choices)
    opinion = models.CharField("核验意见", max_length=500)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="核验人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "督导核验"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{'通过' if self.is_passed else '退回'} {self.opinion[:30]}"

    def signed_content(self) -> dict[str, object]:
        return {
            "finding": self.finding_id, "passed": self.is_passed, "method": self.method, "opinion": self.opinion,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip
