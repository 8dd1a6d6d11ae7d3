"""Which post of a unit keeps which ledger (R253: 明确工作责任人)."""

from __future__ import annotations

from django.db import models

from bihuan.accounts.models import Organization, Post, User


class LedgerKeeper(models.Model):
    """The post of a unit that answers for one ledger; without one the unit's default post does (台账责任人)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="单位", related_name="ledger_keepers"
    )
    ledger = models.CharField("台账", max_length=40)
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="责任岗位", related_name="+")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="指定人", related_name="+")
    at = models.DateTimeField("指定时间")

    class Meta:
        verbose_name = verbose_name_plural = "台账责任人"
        ordering = ["organization_id", "ledger"]
        constraints = [models.UniqueConstraint(fields=["organization", "ledger"], name="office_one_keeper")]

    def __str__(self) -> str:
        return f"{self.ledger} {self.post}"

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "ledger": self.ledger, "post": self.post_id, "by": self.by_id,
            "at": self.at,
        }  # fmt: skip
