"""How often something is due, and the period a day falls into. Pure: weeks, months, quarters, half-years, years."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True)
class Period:
    """One stretch of a rhythm: first and last day, both inside."""

    first: dt.date
    last: dt.date
    words: str

    def __contains__(self, day: object) -> bool:
        return isinstance(day, dt.date) and self.first <= day <= self.last


def period_of(rhythm: str, day: dt.date) -> Period:
    """The week, month, quarter, half-year or year of a day. Raises ValueError for an unknown rhythm."""
    if rhythm == "week":
        first = day - dt.timedelta(days=day.weekday())
        year, week, _ = day.isocalendar()
        return Period(first, first + dt.timedelta(days=6), f"{year}年第{week}周")
    if rhythm not in MONTHS:
        raise ValueError(f"unknown rhythm {rhythm!r}")
    months = MONTHS[rhythm]
    month = (day.month - 1) // months * months + 1
    first = dt.date(day.year, month, 1)
    number = (month - 1) // months + 1
    words = {
        "month": f"{day.year}年{month}月",
        "quarter": f"{day.year}年第{'一二三四'[number - 1]}季度" if rhythm == "quarter" else "",
        "half": f"{day.year}年{'上下'[number - 1]}半年" if rhythm == "half" else "",
        "year": f"{day.year}年",
    }[rhythm]
    return Period(first, _first_after(first, months) - dt.timedelta(days=1), words)


def next_period(rhythm: str, period: Period) -> Period:
    """The period after one."""
    return period_of(rhythm, period.last + dt.timedelta(days=1))


def previous_period(rhythm: str, period: Period) -> Period:
    """The period before one."""
    return period_of(rhythm, period.first - dt.timedelta(days=1))


def _first_after(first: dt.date, months: int) -> dt.date:
    month = first.month - 1 + months
    return dt.date(first.year + month // 12, month % 12 + 1, 1)


def months_back(day: dt.date, months: int) -> dt.date:
    """The first day of the month so many months before that of `day`."""
    month = day.year * 12 + day.month - 1 - months
    return dt.date(month // 12, month % 12 + 1, 1)
