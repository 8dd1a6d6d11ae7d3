"""What officers promise the public, with a measure and a day, and whether it was kept (公开承诺, R259)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import CommitmentStatus, Keeping


class OfficerCommitmentQuerySet(models.QuerySet["OfficerCommitment"]):
    def visible_to(self, user: User) -> OfficerCommitmentQuerySet:
        """Offices, localities and inspectorates their area; departments their own."""
        scope = scope_of(user, Permission.VIEW_OFFICE_WORK)
        return self.filter(areas_q(scope.areas) | Q(organization__in=scope.departments))

    def published(self) -> OfficerCommitmentQuerySet:
        """What everybody may read."""
        return self.filter(status__in=[CommitmentStatus.PUBLISHED, CommitmentStatus.JUDGED])


class OfficerCommitment(models.Model):
    """What one officer promises for a period, published with name and post and nothing more (公开承诺)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", related_name="+", db_index=False
    )
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="岗位", related_name="+")
    person = models.ForeignKey(User, models.PROTECT, verbose_name="承诺人", related_name="+")
    shown_name = models.CharField("公开的姓名", max_length=60)
    shown_post = models.CharField("公开的职务", max_length=120)
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    starts_on = models.DateField("承诺期起")
    ends_on = models.DateField("承诺期止")
    status = models.CharField(
        "状态", max_length=10, choices=CommitmentStatus.choices, default=CommitmentStatus.DRAFT
    )
    code = models.UUIDField("公开编号", default=uuid.uuid4, unique=True)
    judge_due_on = models.DateField("评定期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    published_on = models.DateField("公开日期", null=True)
    judged_on = models.DateField("评定日期", null=True)
    judged_by = models.ForeignKey(User, models.PROTECT, verbose_name="评定人", null=True, related_name="+")
    opinion = models.CharField("评定意见", max_length=500, blank=True)

    objects = OfficerCommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "公开承诺"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="office_commitment_in_order"
            ),
            models.CheckConstraint(
                condition=Q(status="judged", judged_on__isnull=False)
                | (~Q(status="judged") & Q(judged_on=None)),
                name="office_commitment_judged_iff_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="office_commitment_city"),
            models.Index(fields=["county", "-id"], name="office_commitment_county"),
            models.Index(fields=["locality", "-id"], name="office_commitment_locality"),
        ]

    def __str__(self) -> str:
        return f"{self.shown_name}公开承诺（{self.starts_on:%Y-%m-%d} 至 {self.ends_on:%Y-%m-%d}）"

    def get_absolute_url(self) -> str:
        return row_address("office:commitment", self.pk)

    @property
    def public_url(self) -> str:
        return reverse("office:public", args=[self.code])

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "post": self.post_id, "person": self.person_id,
            "shown": [self.shown_name, self.shown_post], "period": [self.starts_on, self.ends_on],
            "status": self.status, "published_on": self.published_on, "opinion": self.opinion,
            "judged": [self.judged_by_id, self.judged_on],
            "lines": [
                [each.position, each.text, each.target, str(each.due_on), each.keeping, each.evidence]
                for each in self.lines.order_by("position")
            ] if self.pk else [],
        }  # fmt: skip


class OfficerCommitmentTransition(Transition):
    """One line per move of a commitment. Never rewritten."""

    RECORD = "commitment"

    commitment = models.ForeignKey(
        OfficerCommitment, models.PROTECT, verbose_name="公开承诺", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "公开承诺流转"


class CommitmentLine(models.Model):
    """One promise that can be measured, and what became of it (承诺事项)."""

    commitment = models.ForeignKey(
        OfficerCommitment, models.PROTECT, verbose_name="公开承诺", related_name="lines"
    )
    position = models.PositiveSmallIntegerField("次序")
    text = models.CharField("承诺事项", max_length=200)
    target = models.CharField("衡量标准", max_length=200)
    due_on = models.DateField("兑现日期")
    keeping = models.CharField("兑现情况", max_length=10, choices=Keeping.choices, default=Keeping.WAITING)
    evidence = models.CharField("依据", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "承诺事项"
        ordering = ["commitment_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["commitment", "position"], name="office_commitment_line"),
            models.CheckConstraint(
                condition=Q(keeping="waiting") | ~Q(evidence=""), name="office_line_judged_by_evidence"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
