"""Days as people read them on papers and in sentences."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def day_words(on: dt.date) -> str:
    """2026年3月5日: Arabic digits without leading zeros (GB/T 9704-2012, 7.3.5.4). A moment counts by its local day."""
    if isinstance(on, dt.datetime):
        on = timezone.localdate(on)
    return f"{on.year}年{on.month}月{on.day}日"
