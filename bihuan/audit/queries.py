"""Reading the record: filters for pages, one record's chain, and the check over everything."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.utils import timezone

from bihuan.core.http import row_number

from .actions import chain_of
from .models import Event, Seal, Verification
from .verification import Finding, VerifyReport, verify

WORDS_DAYS = 31

__all__ = [
    "Finding",
    "VerifyReport",
    "chain_of",
    "days_of_words",
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
    """Events by act (a prefix: `hazards.`), actor's name, record, days and words in the summary.

    Words are looked for by reading the events, so within one record or at most `WORDS_DAYS` days (see `days_of_words`).
    """
    if q and not chain:
        day_from, day_to = days_of_words(day_from, day_to)
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


def days_of_words(day_from: dt.date | None, day_to: dt.date | None) -> tuple[dt.date, dt.date]:
    """The days in which words are looked for: as asked, at most `WORDS_DAYS` of them, the latest unless one is named."""
    span = dt.timedelta(days=WORDS_DAYS - 1)
    if day_to is None:
        day_to = min(day_from + span, timezone.localdate()) if day_from else timezone.localdate()
    first = day_to - span
    return max(day_from or first, first), day_to


def timeline(chain: str) -> list[Event]:
    """Every event of one record, first to last."""
    return list(Event.objects.filter(chain=chain).order_by("seq"))


def seals() -> QuerySet[Seal]:
    """Seals without their leaves, newest first."""
    return Seal.objects.defer("leaves").order_by("-day")


def latest_verifications(count: int = 10) -> list[Verification]:
    """The last runs of the check, newest first."""
    return list(Verification.objects.order_by("-id")[:count])
