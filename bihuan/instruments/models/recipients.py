"""Each recipient of a paper: its receipt, its reply, its clocks."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import Method, RecipientStatus, Status
from .instruments import Instrument, bodies_of, enterprises_alone


class RecipientQuerySet(models.QuerySet["InstrumentRecipient"]):
    def visible_to(self, user: User) -> RecipientQuerySet:
        """Those of the papers one may see; an enterprise, of a paper to several, its own alone."""
        rows = self.filter(instrument__in=Instrument.objects.visible_to(user))
        own = enterprises_alone(user)
        return rows.filter(organization__in=own) if own else rows

    def of(self, user: User) -> RecipientQuerySet:
        """What was issued to the bodies one works for."""
        return self.filter(organization__in=bodies_of(user, Permission.REPLY_INSTRUMENT)).exclude(
            status=RecipientStatus.PENDING
        )

    def late(self, *, on: dt.date) -> RecipientQuerySet:
        """Receipt or reply owed and past its day; the day itself is not late."""
        return self.filter(
            Q(status=RecipientStatus.SERVING, receipt_due_on__lt=on)
            | Q(status__in=[RecipientStatus.SERVING, RecipientStatus.RECEIVED], reply_due_on__lt=on),
            instrument__status=Status.ISSUED,
        )


class InstrumentRecipient(models.Model):
    """One body a paper is addressed to (收件单位)."""

    instrument = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name="督办文书", related_name="recipients"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="收件单位", related_name="+", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField(
        "状态", max_length=10, choices=RecipientStatus.choices, default=RecipientStatus.PENDING
    )
    receipt_due_on = models.DateField("签收期限", null=True)
    receipt_clock = models.JSONField("签收期限说明", default=dict)
    reply_due_on = models.DateField("回复期限", null=True)
    reply_clock = models.JSONField("回复期限说明", default=dict)
    method = models.CharField("签收方式", max_length=8, choices=Method.choices, blank=True)
    receiver_name = models.CharField("签收人", max_length=60, blank=True)
    received_at = models.DateTimeField("签收时间", null=True)
    escalated_to = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name="升级为", null=True, related_name="takes_over"
    )
    settled_on = models.DateField("了结日期", null=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "收件单位"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "organization"], name="instruments_recipient_once")
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="instruments_received"),
            models.Index(fields=["county", "instrument"], name="instruments_received_county"),
            models.Index(fields=["locality", "instrument"], name="instruments_received_place"),
            models.Index(
                fields=["reply_due_on"],
                condition=Q(status__in=["serving", "received"]),
                name="instruments_owed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.organization.short_name}"

    def get_absolute_url(self) -> str:
        return row_address("instruments:detail", self.instrument_id)

    def owed_until(self) -> dt.date | None:
        """The day by which it must do the next thing."""
        if self.status == RecipientStatus.SERVING:
            return self.receipt_due_on
        return self.reply_due_on if self.status == RecipientStatus.RECEIVED else None

    def is_late(self, *, on: dt.date) -> bool:
        """Whether receipt or reply is past its day."""
        until = self.owed_until()
        return until is not None and until < on


class InstrumentReply(models.Model):
    """What a recipient answered; never rewritten. What came of it stands in the recipient's lines."""

    recipient = models.ForeignKey(
        InstrumentRecipient, models.PROTECT, verbose_name="收件单位", related_name="replies"
    )
    round = models.PositiveSmallIntegerField("第几次")
    text = models.TextField("办理情况")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="回复人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "督办回复"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["recipient", "round"], name="instruments_reply_round")]

    def __str__(self) -> str:
        return f"{self.recipient} 第 {self.round} 次回复"

    def signed_content(self) -> dict[str, object]:
        return {
            "recipient": self.recipient_id, "round": self.round, "text": self.text, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class RecipientTransition(Transition):
    """One line per move of a recipient, with the clock it left."""

    RECORD = "recipient"
    KEPT = ("reply_due_on",)

    recipient = models.ForeignKey(
        InstrumentRecipient, models.PROTECT, verbose_name="收件单位", related_name="transitions"
    )
    reply_due_on = models.DateField("回复期限", null=True)

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "收件单位流转"
