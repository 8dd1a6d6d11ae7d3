"""Dates and periods exactly as printed, with what they leave out; nothing is corrected, for errors are looked for."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from bihuan.plans.model import Span

MONTH_DAY = (
    r"(?:(?P<y>(?:19|20)\d\d)\s{0,2}年\s{0,2})?(?<![\d.])(?P<m>\d{1,2})\s{0,2}月(?:份)?(?![龄度])"
    r"(?:\s{0,2}(?P<d>\d{1,2})\s{0,2}[日号]|(?P<part>上旬|中旬|下旬|底|末|初))?"
)
DAY = re.compile(MONTH_DAY + r"|(?P<y2>(?:19|20)\d\d)\s{0,2}年(?P<yend>底|末)?(?!度)")
_JOIN = re.compile(r"\s{0,2}起?\s{0,2}(?:-{1,2}|—{1,2}|–|−|~|～|至|到)\s{0,2}(?!今)")
_DAY_ONLY = re.compile(r"(?P<d>\d{1,2})\s{0,2}[日号]")
_MONTHS = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s?年\s?)?(?<!\d)(?P<a>\d{1,2})\s?(?:-|—{1,2}|–|~|～|至|到)\s?(?P<b>\d{1,2})\s?月(?:份)?(?!\s?\d)"
)
_PARTS = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31), "初": (1, 10), "底": (31, 31), "末": (31, 31)}


@dataclass(frozen=True)
class Printed:
    """A date with the parts that are printed; `part` is 上旬, 底 and the like."""

    span: Span
    year: int | None
    month: int | None
    day: int | None
    part: str = ""

    def first(self, year: int) -> date | None:
        """Return the first day it can mean, its own year before the given one; None when it cannot exist."""
        return _day(
            self.year or year,
            self.month or 1,
            self.day or _PARTS.get(self.part, (1, 1))[0],
            clip=not self.day,
        )

    def last(self, year: int) -> date | None:
        """Return the last day it can mean."""
        return _day(
            self.year or year,
            self.month or 12,
            self.day or _PARTS.get(self.part, (1, 31))[1],
            clip=not self.day,
        )


@dataclass(frozen=True)
class Stretch:
    """A printed period from one date to another; a single month or year is a period too."""

    span: Span
    start: Printed
    end: Printed
    joined: bool

    @property
    def by_day(self) -> bool:
        """Say whether both ends are printed to the day."""
        return bool(self.start.day and self.end.day)


def _day(year: int, month: int, day: int, *, clip: bool) -> date | None:
    if not 1 <= month <= 12:
        return None
    length = calendar.monthrange(year, month)[1]
    if (day > length and not clip) or day < 1:
        return None
    return date(year, month, min(day, length))


def printed(match: re.Match[str]) -> Printed:
    """Turn a match of `DAY` into its parts."""
    group = match.groupdict()
    span = Span(*match.span())
    if group["y2"]:
        return Printed(span, int(group["y2"]), None, None)
    return Printed(
        span,
        int(group["y"]) if group["y"] else None,
        int(group["m"]),
        int(group["d"]) if group["d"] else None,
        group["part"] or "",
    )


def stretches(text: str, span: Span) -> list[Stretch]:
    """Return every period printed in a stretch of text, single dates included, in order."""
    found: list[Stretch] = []
    cursor = span.start
    while cursor < span.end:
        months = _MONTHS.search(text, cursor, span.end)
        match = DAY.search(text, cursor, span.end)
        if months and (not match or months.start() <= match.start()):
            year = int(months["y"]) if months["y"] else None
            place = Span(*months.span())
            found.append(
                Stretch(
                    place,
                    Printed(place, year, int(months["a"]), None),
                    Printed(place, year, int(months["b"]), None),
                    joined=True,
                )
            )
            cursor = months.end()
            continue
        if not match:
            break
        first = printed(match)
        cursor = match.end()
        join = _JOIN.match(text, cursor, span.end)
        second: Printed | None = None
        if join:
            other = DAY.match(text, join.end(), span.end)
            only = _DAY_ONLY.match(text, join.end(), span.end)
            if other:
                second = printed(other)
            elif only and first.month:
                second = Printed(Span(*only.span()), None, first.month, int(only["d"]))
        if second:
            found.append(Stretch(Span(first.span.start, second.span.end), first, second, joined=True))
            cursor = second.span.end
        else:
            found.append(Stretch(first.span, first, first, joined=False))
    return found


def resolve(stretch: Stretch, year: int) -> tuple[date, date] | None:
    """Return the days a period covers: what the end does not print it takes from the start, over New Year if need be."""
    start = stretch.start.first(year)
    inherited = stretch.start.year or year
    end = stretch.end.last(inherited)
    if not start or not end:
        return None
    if end < start and stretch.end.year is None and (stretch.start.month or 0) > (stretch.end.month or 0):
        later = stretch.end.last(inherited + 1)
        end = later or end
    return start, end
