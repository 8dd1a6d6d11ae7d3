"""The installation's clock: the legal calendar with the office's own corrections, and the rules in force."""

from __future__ import annotations

import datetime as dt

from bihuan.rules.calendar import Calendar
from bihuan.rules.clocks import Due, rule_for
from bihuan.rules.clocks import due as derive

from .models import CalendarDay, CalendarYear


def calendar() -> Calendar:
    """The calendar in force: seeded statutory days, corrected by what the office has entered."""
    overrides = dict(CalendarDay.objects.values_list("day", "working"))
    return Calendar(overrides, published_years=CalendarYear.objects.values_list("year", flat=True))


def due(rule_key: str, start: dt.date, *, using: Calendar | None = None) -> Due:
    """When `rule_key`, in force on `start`, falls due counted from `start`; explains itself."""
    return derive(rule_for(rule_key, start), start, using or calendar())
