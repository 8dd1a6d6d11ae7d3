"""Reporting periods (报送周期): which days one covers, what it is called, what came before it. Pure, no database.

A week may begin on any weekday and a month on any day up to the 28th: a report due every Friday covers the seven days
up to Thursday night, so that what is signed on the day can be complete (R103-R106).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

ONE_DAY = dt.timedelta(days=1)
KINDS = {
    "day": "日", "week": "周", "tendays": "旬", "halfmonth": "半月", "month": "月", "quarter": "季度", "halfyear": "半年",
    "year": "年", "campaign": "专项行动", "adhoc": "临时",
}  # fmt: skip
RECURRING = tuple(kind for kind in KINDS if kind not in ("campaign", "adhoc"))
_WEEKDAYS = "一二三四五六日"
_ORDINALS = "一二三四"


class PeriodError(ValueError):
    """No such period. ``str()`` is a Chinese sentence."""


@dataclass(frozen=True, order=True)
class Span:
    """The days of one period, first and last included."""

    first: dt.date
    last: dt.date

    def __iter__(self) -> Iterator[dt.date]:
        yield self.first
        yield self.last

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def check_anchor(kind: str, anchor: int) -> int:
    """The day a week (1-7) or a month (1-28) begins on; others begin where the calendar says. Raises PeriodError."""
    if kind == "week" and not 1 <= anchor <= 7:
        raise PeriodError(f"周报的起始日应为1（周一）至7（周日），现为{anchor}")
    if kind == "month" and not 1 <= anchor <= 28:
        raise PeriodError(f"月报的起始日应为1至28日，现为{anchor}")
    if kind not in ("week", "month") and anchor != 1:
        raise PeriodError(f"{KINDS.get(kind, kind)}报不能另设起始日")
    return anchor


def span_of(kind: str, day: dt.date, anchor: int = 1) -> Span:
    """The recurring period `day` lies in. Raises PeriodError for kinds that do not recur."""
    check_anchor(kind, anchor)
    match kind:
        case "day":
            return Span(day, day)
        case "week":
            first = day - dt.timedelta(days=(day.isoweekday() - anchor) % 7)
            return Span(first, first + dt.timedelta(days=6))
        case "tendays":
            start = 1 if day.day <= 10 else 11 if day.day <= 20 else 21
            first = day.replace(day=start)
            return Span(first, first + dt.timedelta(days=9) if start < 21 else _month_end(day))
        case "halfmonth":
            if day.day <= 15:
                return Span(day.replace(day=1), day.replace(day=15))
            return Span(day.replace(day=16), _month_end(day))
        case "month":
            first = day.replace(day=anchor)
            if day.day < anchor:
                first = (first.replace(day=1) - ONE_DAY).replace(day=anchor)
            return Span(first, _add_months(first, 1) - ONE_DAY)
        case "quarter":
            first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
            return Span(first, _add_months(first, 3) - ONE_DAY)
        case "halfyear":
            first = day.replace(month=1 if day.month <= 6 else 7, day=1)
            return Span(first, _add_months(first, 6) - ONE_DAY)
        case "year":
            return Span(day.replace(month=1, day=1), day.replace(month=12, day=31))
    raise PeriodError(f"{KINDS.get(kind, kind)}报没有固定周期，须指明起止日期")


def last_ended(kind: str, today: dt.date, anchor: int = 1) -> Span:
    """The last period that is over when `today` begins."""
    current = span_of(kind, today, anchor)
    return span_of(kind, current.first - ONE_DAY, anchor)


def previous(kind: str, span: Span, anchor: int = 1) -> Span:
    """The period before; for one that does not recur, as many days just before it."""
    if kind in RECURRING:
        return span_of(kind, span.first - ONE_DAY, anchor)
    return Span(span.first - dt.timedelta(days=span.days), span.first - ONE_DAY)


def year_before(kind: str, span: Span) -> Span:
    """The same period a year earlier; weeks are compared weekday by weekday."""
    if kind == "week":
        return Span(span.first - dt.timedelta(days=364), span.last - dt.timedelta(days=364))
    first = _year_earlier(span.first)
    whole_month = span.last == _month_end(span.last)
    last = _year_earlier(span.last)
    return Span(first, _month_end(last) if whole_month and kind != "day" else last)


def label_of(kind: str, span: Span) -> str:
    """What people call the period."""
    first, last = span
    match kind:
        case "day":
            return f"{first.year}年{first.month}月{first.day}日"
        case "month" if first.day == 1:
            return f"{first.year}年{first.month}月"
        case "tendays":
            return f"{first.year}年{first.month}月{'上中下'[(first.day - 1) // 10]}旬"
        case "halfmonth":
            return f"{first.year}年{first.month}月{'上' if first.day == 1 else '下'}半月"
        case "quarter":
            return f"{first.year}年第{_ORDINALS[(first.month - 1) // 3]}季度"
        case "halfyear":
            return f"{first.year}年{'上' if first.month == 1 else '下'}半年"
        case "year":
            return f"{first.year}年"
    return f"{first.year}年{first.month}月{first.day}日至{f'{last.year}年' if last.year != first.year else ''}{last.month}月{last.day}日"


def short_label(kind: str, span: Span) -> str:
    """The same for the head of a narrow column: 11月2日—8日; the year stands where it is needed to tell them apart."""
    first, last = span
    if kind == "day":
        return f"{first.month}月{first.day}日"
    words = label_of(kind, span)
    if "日至" not in words:
        return words
    end = (
        f"{last.day}日"
        if (first.year, first.month) == (last.year, last.month)
        else f"{last.month}月{last.day}日"
    )
    return f"{first.month}月{first.day}日—{end}"


def rhythm(kind: str, anchor: int = 1) -> str:
    """How often, in words: 每周（周五起）."""
    match kind:
        case "campaign":
            return "专项行动结束时"
        case "adhoc":
            return "临时"
        case "week" if anchor != 1:
            return f"每周（周{_WEEKDAYS[anchor - 1]}起）"
        case "month" if anchor != 1:
            return f"每月（{anchor}日起）"
    return f"每{KINDS[kind]}"


def _month_end(day: dt.date) -> dt.date:
    return _add_months(day.replace(day=1), 1) - ONE_DAY


def _add_months(first: dt.date, months: int) -> dt.date:
    """`first` so many months later; its day is at most the 28th."""
    index = first.year * 12 + first.month - 1 + months
    return first.replace(year=index // 12, month=index % 12 + 1)


def _year_earlier(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
