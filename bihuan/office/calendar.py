"""Months and quarters of the office's work, and the clocks counted from them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bihuan.duties import clock
from bihuan.rules.clocks import Due

ONE_DAY = dt.timedelta(days=1)


def month_of(day: dt.date) -> dt.date:
    """The first day of its month."""
    return day.replace(day=1)


def next_month(month: dt.date) -> dt.date:
    """The first day of the month after."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def previous_month(month: dt.date) -> dt.date:
    """The first day of the month before."""
    return (month.replace(day=1) - ONE_DAY).replace(day=1)


def last_day(month: dt.date) -> dt.date:
    """The last day of a month."""
    return next_month(month) - ONE_DAY


def quarter_of(day: dt.date) -> dt.date:
    """The first day of its quarter."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def next_quarter(quarter: dt.date) -> dt.date:
    """The first day of the quarter after."""
    return next_month(next_month(next_month(quarter)))


def previous_quarter(quarter: dt.date) -> dt.date:
    """The first day of the quarter before."""
    return quarter_of(quarter - ONE_DAY)


def month_words(month: dt.date) -> str:
    return f"{month.year}年{month.month}月"


def plan_clocks(month: dt.date) -> dict[str, Any]:
    """By when a plan is confirmed, reported and checked: counted from the end of the month before, and of its own."""
    using = clock.calendar()
    confirm = clock.due("office.plan.confirm", month - ONE_DAY, using=using)
    report = clock.due("office.plan.report", last_day(month), using=using)
    check = clock.due("office.plan.check", last_day(month), using=using)
    return {
        "confirm_due_on": confirm.due_on, "confirm_clock": confirm.explanation,
        "report_due_on": report.due_on, "report_clock": report.explanation,
        "check_due_on": check.due_on, "check_clock": check.explanation,
    }  # fmt: skip


def analysis_due(quarter: dt.date) -> Due:
    """By when a unit has looked at its quarter."""
    return clock.due("office.analysis", next_quarter(quarter) - ONE_DAY)
