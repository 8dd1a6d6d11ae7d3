"""Acceptance by a joint team, handover to whoever runs it, and what must hold before gas is let in (R240)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, User
from bihuan.audit.moves import Transition
from bihuan.batches.workflow import Verdict
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from ..workflow import GasCheckStatus, HandoverStatus
from .projects import Project


class ProjectAcceptance(models.Model):
    """One round of acceptance by a joint team (工程联合验收), signed by everybody."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="acceptances")
    accepted_on = models.DateField("验收日期")
    verdict = models.CharField("结论", max_length=12, choices=Verdict.choices)
    opinion = models.CharField("验收意见", max_length=500)
    conditions = models.CharField("须补正的条件", max_length=300, blank=True)
    conditions_due_on = models.DateField("补正期限", null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "工程联合验收"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(verdict="conditional")
                | (~Q(conditions="") & Q(conditions_due_on__isnull=False)),
                name="projects_condition_is_dated",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.accepted_on} 联合验收"

    def signed_content(self) -> dict[str, object]:
        return {
            "project": self.project_id, "on": self.accepted_on, "verdict": self.verdict, "opinion": self.opinion,
            "conditions": [self.conditions, self.conditions_due_on],
            "team": [[each.organization_id, each.name, each.title] for each in self.team.order_by("position")],
        }  # fmt: skip


class ProjectAcceptanceMember(models.Model):
    """One of the joint team; signs for an organization."""

    acceptance = models.ForeignKey(
        ProjectAcceptance, models.PROTECT, verbose_name="工程联合验收", related_name="team"
    )
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    name = models.CharField("姓名", max_length=60)
    title = models.CharField("职务", max_length=60, blank=True)
    position = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = verbose_name_plural = "工程验收组成员"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["acceptance", "position"], name="projects_team_position")
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} {self.name}"


class GasCheck(models.Model):
    """One condition that must hold before gas is let in (通气条件), with its source; whoever confirms it signs."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="gas_checks")
    key = models.CharField("条件代码", max_length=20)
    name = models.CharField("条件", max_length=80)
    asks = models.CharField("要求", max_length=200, blank=True)
    source = models.CharField("依据", max_length=160)
    verified = models.BooleanField("依据已核对原文", default=False)
    status = models.CharField(
        "状态", max_length=8, choices=GasCheckStatus.choices, default=GasCheckStatus.OPEN
    )
    checked_on = models.DateField("确认日期", null=True)
    found = models.CharField("确认情况", max_length=300, blank=True)
    checked_by = models.ForeignKey(User, models.PROTECT, verbose_name="确认人", null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "通气条件"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="projects_gas_check_once"),
            models.CheckConstraint(
                condition=Q(status="met", checked_on__isnull=False, checked_by__isnull=False)
                | (~Q(status="met") & Q(checked_on=None, checked_by=None)),
                name="projects_gas_check_stamped",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def signed_content(self) -> dict[str, object]:
        return {
            "project": self.project_id, "key": self.key, "name": self.name, "status": self.status,
            "on": self.checked_on, "found": self.found, "by": self.checked_by_id,
        }  # fmt: skip


class GasCheckTransition(Transition):
    """One line per move of a gas condition. Never rewritten."""

    RECORD = "check_row"

    check_row = models.ForeignKey(
        GasCheck, models.PROTECT, verbose_name="通气条件", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "通气条件流转"


class Handover(models.Model):
    """A project given by whoever built it to whoever runs it (工程移交): what, with which papers, what is left."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="handovers")
    taker = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="接收单位", related_name="+")
    facilities = models.TextField("移交的设施")
    documents = models.TextField("移交的资料")
    residual = models.CharField("遗留事项和保修", max_length=500, blank=True)
    giver = models.CharField("移交单位", max_length=120)
    given_by = models.ForeignKey(User, models.PROTECT, verbose_name="移交签字人", related_name="+")
    given_at = models.DateTimeField("移交签字时间")
    status = models.CharField(
        "状态", max_length=10, choices=HandoverStatus.choices, default=HandoverStatus.PREPARED
    )
    taker_name = models.CharField("接收签字人", max_length=60, blank=True)
    taken_at = models.DateTimeField("接收签字时间", null=True)
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="移交书", null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "工程移交"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=~Q(status="returned"), name="projects_one_handover"
            ),
            models.CheckConstraint(
                condition=Q(status="signed", taken_at__isnull=False) & ~Q(taker_name="")
                | (~Q(status="signed") & Q(taken_at=None)),
                name="projects_handover_both_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project}移交"

    def get_absolute_url(self) -> str:
        return self.project.get_absolute_url()

    def signed_content(self) -> dict[str, object]:
        return {
            "project": self.project_id, "taker": self.taker_id, "facilities": self.facilities,
            "documents": self.documents, "residual": self.residual, "giver": [self.giver, self.given_by_id],
            "given_at": self.given_at,
        }  # fmt: skip


class HandoverTransition(Transition):
    """One line per move of a handover. Never rewritten."""

    RECORD = "handover"

    handover = models.ForeignKey(
        Handover, models.PROTECT, verbose_name="工程移交", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "移交流转"
