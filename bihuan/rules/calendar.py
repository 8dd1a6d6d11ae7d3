"""The working-day calendar (工作日历): statutory holidays, make-up workdays, local corrections."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

from bihuan.rules.records import load

FIRST_DAY = dt.date(2000, 1, 1)
LAST_DAY = dt.date(2100, 12, 31)
ONE_DAY = dt.timedelta(days=1)

YearStatus = Literal["published", "assumed"]


class DateOutOfRange(ValueError):
    """A date no supervision record can have; almost always a typing mistake."""


def check_range(day: dt.date) -> dt.date:
    """Return ``day`` if it lies in 2000-2100, else raise DateOutOfRange with a Chinese sentence."""
    if isinstance(day, dt.datetime):
        raise TypeError("calendar days are dates, not moments: convert to Asia/Shanghai first")
    if not FIRST_DAY <= day <= LAST_DAY:
        raise DateOutOfRange(
            f"日期{day.isoformat()}超出可计算范围（{FIRST_DAY.year}年至{LAST_DAY.year}年），请核对年份是否录错"
        )
    return day


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later (negative: earlier), or the month's last day if it is shorter.

    31 August and six months make 28 or 29 February. Raises DateOutOfRange outside 2000-2100.
    """
    check_range(day)
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise DateOutOfRange(
            f"{day.isoformat()}加{months}个月超出可计算范围（{FIRST_DAY.year}年至{LAST_DAY.year}年），请核对"
        )
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@cache
def _holidays() -> dict[dt.date, str]:
    """Return {statutory day off: the holiday's name}."""
    names: dict[dt.date, str] = {}
    for year in load("calendar")["years"]:
        for holiday in year["holidays"]:
            day, last = dt.date.fromisoformat(holiday["first"]), dt.date.fromisoformat(holiday["last"])
            while day <= last:
                names[day] = holiday["name"]
                day += ONE_DAY
    return names


@cache
def _seed() -> tuple[dict[dt.date, bool], dict[int, str]]:
    """Return ({exceptional day: is it worked}, {published year: document number})."""
    years = load("calendar")["years"]
    days = dict.fromkeys(_holidays(), False)
    days.update((dt.date.fromisoformat(text), True) for year in years for text in year["make_up_days"])
    return days, {year["year"]: year["doc_no"] for year in years}


class Calendar:
    """Which days are worked: seeded statutory days, then local ``overrides``, then weekends.

    ``overrides`` maps a day to whether it is worked (the editable days of an office).
    ``published_years`` names years whose arrangement the office has entered itself,
    so that they no longer count as assumed.
    """

    def __init__(
        self,
        overrides: Mapping[dt.date, bool] | None = None,
        *,
        published_years: Iterable[int] = (),
    ) -> None:
        seeded, published = _seed()
        self._days = {**seeded, **(overrides or {})}
        self._overridden = frozenset(overrides or ())
        self._published = dict(published)
        for year in published_years:
            self._published.setdefault(year, "本地录入")

    def is_working(self, day: dt.date) -> bool:
        """Whether ``day`` is worked. Raises DateOutOfRange outside 2000-2100."""
        check_range(day)
        known = self._days.get(day)
        return day.weekday() < 5 if known is None else known

    def describe(self, day: dt.date) -> str:
        """Say in Chinese what kind of day it is: 工作日, 调休上班日, 周末, 国庆节假期."""
        working, weekend = self.is_working(day), day.weekday() >= 5
        if day in self._overridden:
            return "本地设定的工作日" if working else "本地设定的休息日"
        if working:
            return "调休上班日" if weekend else "工作日"
        name = _holidays().get(day)
        return f"{name}假期" if name else "周末"

    def status(self, year: int) -> YearStatus:
        """Return 'published' when the year's holiday arrangement is known, else 'assumed' (weekends only)."""
        return "published" if year in self._published else "assumed"

    def note(self, year: int) -> str:
        """Say in one Chinese sentence how far the calendar of ``year`` can be trusted."""
        if year in self._published:
            return f"{year}年放假安排已公布（{self._published[year]}）"
        if year < min(self._published):
            return f"{year}年放假安排未收录，暂按周末推算"
        return f"{year}年放假安排尚未公布，暂按周末推算"

    def next_working(self, day: dt.date) -> dt.date:
        """Return ``day`` itself if worked, else the first worked day after it."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def add_working_days(self, start: dt.date, n: int) -> dt.date:
        """Return the n-th working day after ``start``, which is itself not counted; negative n counts back."""
        day, step = check_range(start), ONE_DAY if n >= 0 else -ONE_DAY
        left = abs(n)
        while left:
            day += step
            left -= self.is_working(day)
        return day

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """Count working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        check_range(start)
        check_range(end)
        return sum(self.is_working(start + dt.timedelta(days=i)) for i in range(1, (end - start).days + 1))
