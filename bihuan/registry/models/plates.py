"""The plate at the door: a code that leads to one place, whoever reads it."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.urls import reverse

from bihuan.accounts.models import User

from .enterprises import Enterprise, Premises


def new_token() -> str:
    """22 signs from 128 random bits: nobody finds a plate by trying."""
    return secrets.token_urlsafe(16)


class Plate(models.Model):
    """A QR plate (码牌) of an enterprise or one of its premises; a lost one is withdrawn, its code leads nowhere."""

    token = models.CharField("码", max_length=32, unique=True, default=new_token)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="plates")
    premises = models.ForeignKey(
        Premises, models.PROTECT, verbose_name="场所", null=True, blank=True, related_name="plates"
    )
    issued_at = models.DateTimeField("制发时间")
    issued_by = models.ForeignKey(User, models.PROTECT, verbose_name="制发人", related_name="+")
    withdrawn_at = models.DateTimeField("收回时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, verbose_name="收回人", null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "码牌"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["premises"],
                condition=Q(premises__isnull=False, withdrawn_at=None),
                name="registry_plate_of_premises",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.premises or self.enterprise} 码牌"

    def get_absolute_url(self) -> str:
        return reverse("plate", args=[self.token])
