"""Days as people read them on papers and in sentences."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def day_words(on: dt.date) -> str:
    """2026年3月5日: Arabic digits without leading zeros (GB/T 9704-2012, 7.3.5.4). A moment counts by its local day."""
    if isinstance(on, dt.datetime):
        on = timezone.localdate(on)
    return f"{on.year}年{on.month}月{on.day}日"


def day_in(text: str) -> dt.date | None:
    """The day an address gives as 2026-03-05; anything else, and what lies beyond 2000-2100, is none."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def day_starts(on: dt.date) -> dt.datetime:
    """The first moment of a local day."""
    return timezone.make_aware(dt.datetime.combine(on, dt.time()))
