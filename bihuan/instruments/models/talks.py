"""A talk (约谈) as it was held, and what was promised in it."""

from __future__ import annotations

from django.db import models

from bihuan.accounts.models import User
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import CommitmentStatus
from .instruments import Instrument
from .recipients import InstrumentRecipient


class Talk(models.Model):
    """The minutes of one talk; never rewritten."""

    instrument = models.OneToOneField(
        Instrument, models.PROTECT, verbose_name="约谈通知书", related_name="talk"
    )
    held_at = models.DateTimeField("约谈时间")
    place = models.CharField("地点", max_length=120)
    chair = models.CharField("主持人", max_length=60)
    attendees = models.TextField("参加人员")
    words = models.TextField("约谈内容")
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="约谈纪要", null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="记录人", related_name="+")
    at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = verbose_name_plural = "约谈记录"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.instrument} 约谈记录"

    def signed_content(self) -> dict[str, object]:
        return {
            "instrument": self.instrument_id, "held_at": self.held_at, "place": self.place, "chair": self.chair,
            "attendees": self.attendees, "words": self.words, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class Commitment(models.Model):
    """One promise of a body that was talked to, with its own day; a duty until it is found kept (约谈承诺)."""

    instrument = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name="约谈通知书", related_name="commitments"
    )
    recipient = models.ForeignKey(
        InstrumentRecipient, models.PROTECT, verbose_name="承诺单位", related_name="commitments"
    )
    text = models.CharField("承诺事项", max_length=500)
    due_on = models.DateField("完成期限")
    status = models.CharField(
        "状态", max_length=10, choices=CommitmentStatus.choices, default=CommitmentStatus.OPEN
    )

    class Meta:
        verbose_name = verbose_name_plural = "约谈承诺"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        return row_address("instruments:detail", self.instrument_id)


class CommitmentTransition(Transition):
    """One line per move of a commitment."""

    RECORD = "commitment"

    commitment = models.ForeignKey(
        Commitment, models.PROTECT, verbose_name="约谈承诺", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "约谈承诺流转"
