"""How a request is handled above: opinions asked from departments, conditions set with the answer."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import ConditionStatus, OpinionStatus, Stance
from . import submissions


class Opinion(models.Model):
    """What one department is asked about a request, and what it says (会签意见)."""

    submission = models.ForeignKey(
        "submissions.Submission", models.PROTECT, verbose_name="请示报告", related_name="opinions"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="会签单位", related_name="+", db_index=False
    )
    question = models.CharField("征求什么意见", max_length=500)
    status = models.CharField(
        "状态", max_length=8, choices=OpinionStatus.choices, default=OpinionStatus.ASKED
    )
    due_on = models.DateField("回复期限")
    clock = models.JSONField("期限说明", default=dict)
    asked_by = models.ForeignKey(User, models.PROTECT, verbose_name="征求人", related_name="+")
    stance = models.CharField("态度", max_length=8, choices=Stance.choices, blank=True)
    text = models.TextField("意见", blank=True)
    given_by = models.ForeignKey(User, models.PROTECT, verbose_name="回复人", null=True, related_name="+")
    given_at = models.DateTimeField("回复时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会签意见"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "organization"],
                condition=Q(status="asked"),
                name="submissions_opinion_asked_once",
            ),
            models.CheckConstraint(
                condition=Q(status="given", given_at__isnull=False) | (~Q(status="given") & Q(given_at=None)),
                name="submissions_opinion_given_iff_stamped",
            ),
        ]
        indexes = [models.Index(fields=["organization", "status"], name="submissions_opinion_of")]

    def __str__(self) -> str:
        return f"{self.organization.short_name}对“{self.submission}”的会签意见"

    def get_absolute_url(self) -> str:
        return row_address("submissions:detail", self.submission_id)

    def signed_content(self) -> dict[str, object]:
        return {
            "submission": self.submission_id, "organization": self.organization_id, "question": self.question,
            "status": self.status, "stance": self.stance, "text": self.text, "by": self.given_by_id, "at": self.given_at,
        }  # fmt: skip


class OpinionTransition(Transition):
    """One line per move of an opinion."""

    RECORD = "opinion"

    opinion = models.ForeignKey(Opinion, models.PROTECT, verbose_name="会签意见", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "会签意见流转"


class ConditionQuerySet(models.QuerySet["Condition"]):
    def visible_to(self, user: User) -> ConditionQuerySet:
        return self.filter(submission__in=submissions.Submission.objects.visible_to(user))

    def owed_by(self, user: User) -> ConditionQuerySet:
        """Still to be kept by the bodies one works for."""
        bodies = submissions.bodies_of(user, Permission.DRAFT_SUBMISSION)
        return self.filter(status=ConditionStatus.OPEN, submission__organization__in=bodies)

    def late(self, *, on: dt.date) -> ConditionQuerySet:
        return self.filter(status=ConditionStatus.OPEN, due_on__lt=on)


class Condition(models.Model):
    """One thing the answer asks of the asking body, by a day (批复要求)."""

    submission = models.ForeignKey(
        "submissions.Submission", models.PROTECT, verbose_name="请示报告", related_name="conditions"
    )
    position = models.PositiveSmallIntegerField("次序")
    text = models.CharField("要求", max_length=500)
    status = models.CharField(
        "状态", max_length=8, choices=ConditionStatus.choices, default=ConditionStatus.OPEN
    )
    due_on = models.DateField("期限")
    clock = models.JSONField("期限说明", default=dict)

    objects = ConditionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "批复要求"
        ordering = ["submission_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "position"], name="submissions_condition_position")
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        return row_address("submissions:detail", self.submission_id)

    def signed_content(self) -> dict[str, object]:
        return {
            "submission": self.submission_id, "position": self.position, "text": self.text, "due_on": self.due_on,
            "status": self.status,
        }  # fmt: skip


class ConditionTransition(Transition):
    """One line per move of a condition; evidence hangs on the line."""

    RECORD, KEPT = "condition", ("due_on",)

    condition = models.ForeignKey(
        Condition, models.PROTECT, verbose_name="批复要求", related_name="transitions"
    )
    due_on = models.DateField("期限")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "批复要求流转"
