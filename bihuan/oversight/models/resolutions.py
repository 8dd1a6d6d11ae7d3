"""What a meeting decides: each resolution a duty of its own, until it is confirmed done (议定事项)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import UNFINISHED, MeetingStatus, ResolutionStatus
from .meetings import Attendance, Meeting, bodies_of


class ResolutionQuerySet(models.QuerySet["Resolution"]):
    def visible_to(self, user: User) -> ResolutionQuerySet:
        """The convening office and those above; whoever leads or supports; whoever sat in the meeting, once it is out."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        own = bodies_of(user)
        seats = Attendance.objects.filter(meeting=OuterRef("meeting"), organization__in=own)
        shares = ResolutionShare.objects.filter(resolution=OuterRef("pk"), organization__in=own)
        out = Q(meeting__status=MeetingStatus.ISSUED)
        return self.filter(
            areas_q(scope.areas) | (out & (Q(lead__in=own) | Q(Exists(shares)) | Q(Exists(seats))))
        )

    def standing(self) -> ResolutionQuerySet:
        """Those not taken back."""
        return self.exclude(status=ResolutionStatus.CANCELLED)

    def unfinished(self) -> ResolutionQuerySet:
        """Still worked at, or waiting to be confirmed."""
        return self.filter(status__in=UNFINISHED)

    def overdue(self, *, on: dt.date) -> ResolutionQuerySet:
        """Past the deadline and not yet told done; the due day itself is not overdue."""
        return self.filter(status=ResolutionStatus.OPEN, due_on__lt=on)


class Resolution(models.Model):
    """One thing a meeting decided: who leads, who supports, by when (议定事项)."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, verbose_name="会议", related_name="resolutions")
    position = models.PositiveSmallIntegerField("次序")
    text = models.CharField("议定事项", max_length=500)
    lead = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="牵头单位", related_name="resolutions"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField(
        "状态", max_length=10, choices=ResolutionStatus.choices, default=ResolutionStatus.DRAFT
    )
    due_on = models.DateField("办结期限")
    clock = models.JSONField("期限说明", default=dict)
    percent = models.PositiveSmallIntegerField("进度", default=0, help_text="百分数")
    done_on = models.DateField("办结日期", null=True)

    objects = ResolutionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "议定事项"
        ordering = ["-meeting_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "position"], name="oversight_resolution_position"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="oversight_resolution_is_percent"),
            models.CheckConstraint(
                condition=Q(status="done", done_on__isnull=False) | (~Q(status="done") & Q(done_on=None)),
                name="oversight_resolution_done_iff_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "due_on"], name="oversight_resolution_city"),
            models.Index(fields=["county", "due_on"], name="oversight_resolution_county"),
            models.Index(fields=["status", "due_on"], name="oversight_resolution_due"),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        return row_address("oversight:resolution", self.pk)

    def is_overdue(self, *, on: dt.date) -> bool:
        return self.status == ResolutionStatus.OPEN and self.due_on < on

    def signed_content(self) -> dict[str, object]:
        return {
            "meeting": self.meeting_id, "position": self.position, "text": self.text, "lead": self.lead_id,
            "status": self.status, "due_on": self.due_on, "percent": self.percent, "done_on": self.done_on,
            "support": list(self.shares.order_by("organization").values_list("organization", flat=True)),
        }  # fmt: skip


class ResolutionTransition(Transition):
    """One line per move of a resolution."""

    RECORD, KEPT = "resolution", ("due_on", "percent")

    resolution = models.ForeignKey(
        Resolution, models.PROTECT, verbose_name="议定事项", related_name="transitions"
    )
    due_on = models.DateField("办结期限")
    percent = models.PositiveSmallIntegerField("进度")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "议定事项流转"


class ResolutionShare(models.Model):
    """A body that supports the one that leads (议定事项分工)."""

    resolution = models.ForeignKey(Resolution, models.CASCADE, verbose_name="议定事项", related_name="shares")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="配合单位", related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "议定事项分工"
        ordering = ["resolution_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["resolution", "organization"], name="oversight_share_once")
        ]

    def __str__(self) -> str:
        return self.organization.short_name


class ResolutionProgress(models.Model):
    """How far it is, told by whoever leads or supports (议定事项进展)."""

    resolution = models.ForeignKey(
        Resolution, models.PROTECT, verbose_name="议定事项", related_name="progress"
    )
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    percent = models.PositiveSmallIntegerField("进度")
    text = models.CharField("进展", max_length=500)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="填报人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "议定事项进展"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(percent__lte=100), name="oversight_progress_is_percent")
        ]

    def __str__(self) -> str:
        return f"{self.percent}% {self.text[:30]}"

    def signed_content(self) -> dict[str, object]:
        return {
            "resolution": self.resolution_id, "organization": self.organization_id, "percent": self.percent,
            "text": self.text, "by": self.by_id, "at": self.at,
        }  # fmt: skip
