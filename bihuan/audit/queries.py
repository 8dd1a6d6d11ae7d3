"""Reading the record: filters for pages, one record's chain, and the check over everything."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from bihuan.core.http import row_number

from .actions import chain_of
from .models import Event, Seal, Verification
from .verification import Finding, VerifyReport, verify

__all__ = [
    "Finding",
    "VerifyReport",
    "chain_of",
    "events",
    "latest_verifications",
    "seals",
    "timeline",
    "verify",
]


def events(
    *,
    act: str = "",
    actor: str = "",
    chain: str = "",
    day_from: dt.date | None = None,
    day_to: dt.date | None = None,
    q: str = "",
) -> QuerySet[Event]:
    """Events by act (a prefix: `hazards.`), actor's name, record, days and words in the summary."""
    rows = Event.objects.all()
    if act:
        rows = rows.filter(act__startswith=act)
    if actor:
        number = row_number(actor)
        rows = rows.filter(Q(actor_name=actor) | Q(actor_id=number) if number else Q(actor_name=actor))
    if chain:
        rows = rows.filter(chain=chain) if ":" in chain else rows.filter(chain__startswith=f"{chain}:")
    if day_from:
        rows = rows.filter(day__gte=day_from)
    if day_to:
        rows = rows.filter(day__lte=day_to)
    if q:
        rows = rows.filter(summary__icontains=q)
    return rows


def timeline(chain: str) -> list[Event]:
    """Every event of one record, first to last."""
    return list(Event.objects.filter(chain=chain).order_by("seq"))


def seals() -> QuerySet[Seal]:
    """Seals without their leaves, newest first."""
    return Seal.objects.defer("leaves").order_by("-day")


def latest_verifications(count: int = 10) -> list[Verification]:
    """The last runs of the check, newest first."""
    return list(Verification.objects.order_by("-id")[:count])
