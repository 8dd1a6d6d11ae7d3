"""Cases handed over to whoever may punish (移送查处, R073, R101): what was found, who took it up, what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from ..workflow import Outcome, ReferralStatus


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: User) -> ReferralQuerySet:
        """The area for offices and localities; for departments what they sent, what they got, and their own line."""
        scope = scope_of(user, Permission.VIEW_CAMPAIGNS)
        return self.filter(
            areas_q(scope.areas)
            | Q(sender__in=scope.departments)
            | Q(recipient__in=scope.departments)
            | Q(enterprise__department__in=scope.departments)
        )

    def unsettled(self) -> ReferralQuerySet:
        """Nobody has told yet what came of it."""
        return self.exclude(status=ReferralStatus.CLOSED)


class Referral(models.Model):
    """One case on its way from who found it to who may punish it, and back with the result."""

    subject = models.CharField("所属记录", max_length=80, db_index=True, help_text="模型标签:主键")
    url = models.CharField("来源页面", max_length=200)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="referrals")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    reason = models.CharField("移送理由", max_length=200)
    facts = models.JSONField("移送的情况", default=list, help_text="名称、内容")
    sender = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="移送单位", related_name="referrals_sent"
    )
    recipient = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="承办单位", related_name="referrals_received"
    )
    paper = models.ForeignKey(Paper, models.PROTECT, verbose_name="移送查处函", null=True, related_name="+")
    status = models.CharField(
        "状态", max_length=10, choices=ReferralStatus.choices, default=ReferralStatus.SENT
    )
    sent_by = models.ForeignKey(User, models.PROTECT, verbose_name="移送人", related_name="+")
    sent_at = models.DateTimeField("移送时间")
    accepted_at = models.DateTimeField("受理时间", null=True)
    outcome = models.CharField("处理结果", max_length=10, choices=Outcome.choices, blank=True)
    result = models.CharField("处理情况", max_length=500, blank=True)
    document = models.CharField("决定文书", max_length=80, blank=True)
    fine = models.DecimalField("罚款（元）", max_digits=14, decimal_places=2, null=True, blank=True)
    decided_on = models.DateField("决定日期", null=True, blank=True)
    closed_at = models.DateTimeField("反馈时间", null=True)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "移送案件"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False, decided_on__isnull=False)
                & ~Q(outcome="")
                & ~Q(result="")
                | (~Q(status="closed") & Q(closed_at=None, outcome="")),
                name="pledges_referral_closed_iff_told",
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "status", "-id"], name="pledges_referral_recipient"),
            models.Index(fields=["sender", "-id"], name="pledges_referral_sender"),
            models.Index(fields=["city", "-id"], name="pledges_referral_city"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise}{self.reason}"

    def get_absolute_url(self) -> str:
        return row_address("pledges:referral", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "subject": self.subject, "enterprise": self.enterprise_id, "reason": self.reason, "facts": self.facts,
            "sender": self.sender_id, "recipient": self.recipient_id, "status": self.status, "outcome": self.outcome,
            "result": self.result, "document": self.document, "decided_on": self.decided_on,
            "fine": None if self.fine is None else f"{self.fine:.2f}",
        }  # fmt: skip


class ReferralTransition(Transition):
    """One line per move of a case."""

    RECORD = "referral"

    referral = models.ForeignKey(
        Referral, models.PROTECT, verbose_name="移送案件", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "移送流转"
