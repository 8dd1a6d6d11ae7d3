"""Letters of responsibility (督促整改责任书) from the government down to whoever puts it right (R090)."""

from __future__ import annotations

from django.db import models

from bihuan.accounts.models import Organization
from bihuan.audit.moves import Transition
from bihuan.papers.models import Paper

from ..workflow import LetterStatus
from .listing import Listing


class ResponsibilityLetter(models.Model):
    """One letter between two levels: who presses, who promises, both sign; then it is a numbered paper."""

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="letters")
    position = models.PositiveSmallIntegerField("层级")
    label = models.CharField("层级名称", max_length=60)
    giver = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="签发方",
        related_name="+",
        help_text="政府由挂牌的安委办代签",
    )
    giver_name = models.CharField("签发方名称", max_length=120)
    receiver = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="承诺方账号", null=True, related_name="+"
    )
    receiver_name = models.CharField("承诺方名称", max_length=120)
    content = models.TextField("责任内容")
    due_on = models.DateField("应签订日期")
    giver_signed = models.BooleanField("签发方已签", default=False)
    receiver_signed = models.BooleanField("承诺方已签", default=False)
    status = models.CharField(
        "状态", max_length=8, choices=LetterStatus.choices, default=LetterStatus.WAITING
    )
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="责任书", null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "督促整改责任书"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["listing", "position"], name="listings_letter_position"),
            models.CheckConstraint(
                condition=models.Q(status="waiting", giver_signed=False, receiver_signed=False)
                | models.Q(status="half", giver_signed=True, receiver_signed=False)
                | models.Q(status="half", giver_signed=False, receiver_signed=True)
                | models.Q(status="signed", giver_signed=True, receiver_signed=True),
                name="listings_letter_status_counts_signatures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver_name}与{self.receiver_name}责任书"

    def get_absolute_url(self) -> str:
        return f"{self.listing.get_absolute_url()}letters/{self.pk}/"

    @property
    def is_of_government(self) -> bool:
        """Whether the government itself presses: the uppermost letter."""
        return self.giver_name == self.listing.government

    def signed_content(self) -> dict[str, object]:
        return {
            "listing": self.listing_id, "position": self.position, "giver": [self.giver_id, self.giver_name],
            "receiver": [self.receiver_id, self.receiver_name], "content": self.content,
        }  # fmt: skip


class LetterTransition(Transition):
    """One line per signature of a letter."""

    RECORD = "letter"

    letter = models.ForeignKey(
        ResponsibilityLetter, models.PROTECT, verbose_name="责任书", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "责任书流转"
