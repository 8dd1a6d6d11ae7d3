"""Chains of signatures: who signs a listing, more time, or the end of it, in which order (R088)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User

from ..workflow import ApprovalStatus, ChainPurpose, SubjectKind
from .listing import Listing


class Approval(models.Model):
    """One run of a chain. `steps` are [{label, who, organization}] as they were in force when it began."""

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="approvals")
    purpose = models.CharField("用途", max_length=8, choices=ChainPurpose.choices)
    steps = models.JSONField("步骤")
    position = models.PositiveSmallIntegerField("现在第几步", default=0)
    status = models.CharField(
        "状态", max_length=10, choices=ApprovalStatus.choices, default=ApprovalStatus.RUNNING
    )
    opened_by = models.ForeignKey(User, models.PROTECT, verbose_name="送审人", related_name="+")
    opened_at = models.DateTimeField("送审时间")

    class Meta:
        verbose_name = verbose_name_plural = "挂牌审签程序"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"], condition=Q(status="running"), name="listings_one_running_approval"
            )
        ]

    def __str__(self) -> str:
        return f"{self.listing.number} {self.get_purpose_display()}"

    @property
    def current(self) -> dict[str, Any] | None:
        """The step that waits for its signature; None when the chain has ended."""
        if self.status != ApprovalStatus.RUNNING or self.position >= len(self.steps):
            return None
        step: dict[str, Any] = self.steps[self.position]
        return step

    @property
    def is_last(self) -> bool:
        return self.position == len(self.steps) - 1

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "purpose": self.purpose, "steps": self.steps, "position": self.position,
            "status": self.status,
        }  # fmt: skip


class ApprovalLine(models.Model):
    """One signature of a chain, or a sending back with its reason. Never rewritten."""

    approval = models.ForeignKey(Approval, models.PROTECT, verbose_name="审签程序", related_name="lines")
    position = models.PositiveSmallIntegerField("第几步")
    label = models.CharField("步骤", max_length=40)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="签批单位", related_name="+")
    agreed = models.BooleanField("同意")
    opinion = models.CharField("意见", max_length=500)
    signer_name = models.CharField("签批人", max_length=60)
    signer_title = models.CharField("职务", max_length=60, blank=True)
    on_paper = models.BooleanField(
        "纸质签批", default=False, help_text="领导在纸上签批，由经办人登记并附扫描件"
    )
    signed_on = models.DateField("签批日期")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="签署账号", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "挂牌签批"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "position"], name="listings_step_signed_once"),
            models.CheckConstraint(
                condition=Q(agreed=True) | ~Q(opinion=""), name="listings_return_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.approval_id} {self.label}"

    def signed_content(self) -> dict[str, object]:
        return {
            "approval": self.approval_id, "position": self.position, "label": self.label,
            "organization": self.organization_id, "agreed": self.agreed, "opinion": self.opinion,
            "signer": [self.signer_name, self.signer_title], "paper": self.on_paper, "on": self.signed_on,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip


class ClockPolicy(models.Model):
    """Which rule set of clocks a region counts with, from a day on, by which document. A change is a new row."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划", related_name="+")
    rule_set = models.CharField("时限口径", max_length=20)
    document = models.CharField("依据文件", max_length=200)
    effective_from = models.DateField("起")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="设定人", related_name="+")
    at = models.DateTimeField("设定时间")

    class Meta:
        verbose_name = verbose_name_plural = "挂牌时限口径"
        ordering = ["-effective_from", "-id"]

    def __str__(self) -> str:
        return f"{self.region} {self.rule_set}"

    def signed_content(self) -> dict[str, object]:
        return {
            "region": self.region_id, "rule_set": self.rule_set, "document": self.document,
            "from": self.effective_from, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class ChainPolicy(models.Model):
    """The chain a region has signed for a kind of subject and a purpose, instead of the shipped one."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划", related_name="+")
    kind = models.CharField("挂牌对象", max_length=10, choices=SubjectKind.choices)
    purpose = models.CharField("用途", max_length=8, choices=ChainPurpose.choices)
    steps = models.JSONField("步骤", help_text="[{label, who}]")
    document = models.CharField("依据文件", max_length=200)
    effective_from = models.DateField("起")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="设定人", related_name="+")
    at = models.DateTimeField("设定时间")

    class Meta:
        verbose_name = verbose_name_plural = "挂牌审签口径"
        ordering = ["-effective_from", "-id"]

    def __str__(self) -> str:
        return f"{self.region} {self.get_kind_display()} {self.get_purpose_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "region": self.region_id, "kind": self.kind, "purpose": self.purpose, "steps": self.steps,
            "document": self.document, "from": self.effective_from, "by": self.by_id, "at": self.at,
        }  # fmt: skip
