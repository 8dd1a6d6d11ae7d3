"""Dates, deadlines and periods as official documents print them.

A year that is not printed is never guessed: it comes from the document's own year or the date stays unknown.
An impossible day (9月31日) becomes the last day of its month; that is what its writer meant.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from bihuan.plans.model import Span
from bihuan.plans.numerals import chinese_number, chinese_year

DATE = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s{0,2}年\s{0,2})?(?<!\d)(?P<m>\d{1,2})\s{0,2}月份?(?!龄)"
    r"(?:\s{0,2}(?P<d>\d{1,2})\s{0,2}[日号]|(?P<mp>上旬|中旬|下旬|底|末|初))?"
    r"|(?P<y2>(?:19|20)\d\d)\s{0,2}年(?P<yp>年底|年末|底|末|上半年|下半年|第?[一二三四]季度)?"
    r"|(?P<y3>(?:19|20)\d\d)[-./](?P<m3>\d{1,2})(?:[-./](?P<d3>\d{1,2}))?(?![\d.%])"
    r"|(?P<yend>(?:当|本|今)?年底|(?:当|本|今)?年末)"
)
DAY_ONLY = re.compile(r"(?P<d>\d{1,2})\s{0,2}[日号]")
CHINESE_DATE = re.compile(
    r"(?P<y>[〇○零一二三四五六七八九]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})日"
)
_JOIN = re.compile(r"\s{0,2}(?:-{1,2}|—{1,2}|–|−|~|～|至|到)\s{0,2}")
_MONTHS = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s?年\s?)?(?P<a>\d{1,2})\s?(?:-|—{1,2}|–|~|～|至|到)\s?(?P<b>\d{1,2})\s?月份?(?!\s?\d)底?"
)
_BEFORE = re.compile(r"\s{0,2}(?:之前|以前|前(?![期述款后]))")
_RECURRING = re.compile(r"每(?:年|月|周|季度?|半年|个?季度|个?月)度?(?:的|于)?\s{0,2}$")
_DEADLINE_LABEL = re.compile(
    r"(?:完成时限|完成时间|办结时限|时限要求|整改时限|截止时间|截止日期|时间节点|期限)\s{0,2}[:：]\s{0,2}(?:于|在)?$"
)


@dataclass(frozen=True)
class DateMention:
    """A printed date: the first and last day it can mean, each None while its year is unknown."""

    span: Span
    first: date | None
    last: date | None
    year_printed: bool
    year_only: bool


@dataclass(frozen=True)
class Period:
    """A printed period; an open side is None and flagged so that unknown years are told from open sides."""

    span: Span
    start: date | None
    end: date | None


def _day(year: int | None, month: int, day: int | None, *, last: bool) -> date | None:
    if year is None or not 1 <= month <= 12:
        return None
    days = calendar.monthrange(year, month)[1]
    if day is None:
        return date(year, month, days if last else 1)
    return date(year, month, min(max(day, 1), days))


_QUARTER = {"一": 1, "二": 4, "三": 7, "四": 10}
_PART_DAYS = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, None), "初": (1, 10)}


def mention_of(match: re.Match[str], own_year: int | None, offset: int = 0) -> DateMention | None:
    """Turn a match of `DATE` into days, or None when its month cannot exist."""
    span = Span(match.start() + offset, match.end() + offset)
    group = match.groupdict()
    if group["m"] is not None:
        month = int(group["m"])
        if not 1 <= month <= 12:
            return None
        year = int(group["y"]) if group["y"] else own_year
        day = int(group["d"]) if group["d"] else None
        low, high = day, day
        if group["mp"] in _PART_DAYS:
            low, high = _PART_DAYS[group["mp"]]
        return DateMention(
            span,
            _day(year, month, low, last=False),
            _day(year, month, high, last=True),
            bool(group["y"]),
            False,
        )
    if group["y2"] is not None:
        year, part = int(group["y2"]), group["yp"] or ""
        first_month, last_month = 1, 12
        if part == "上半年":
            last_month = 6
        elif part == "下半年":
            first_month = 7
        elif part.endswith("季度"):
            first_month = _QUARTER[part.removeprefix("第")[0]]
            last_month = first_month + 2
        return DateMention(
            span,
            _day(year, first_month, None, last=False),
            _day(year, last_month, None, last=True),
            True,
            part == "",
        )
    if group["y3"] is not None:
        year, month, day = int(group["y3"]), int(group["m3"]), int(group["d3"]) if group["d3"] else None
        if not 1 <= month <= 12:
            return None
        return DateMention(
            span, _day(year, month, day, last=False), _day(year, month, day, last=True), True, False
        )
    last = date(own_year, 12, 31) if own_year else None
    return DateMention(span, last, last, False, False)


def find_dates(text: str, start: int, end: int, own_year: int | None) -> list[DateMention]:
    """Return every date printed in text[start:end], in order, with offsets into the whole text."""
    found = []
    for match in DATE.finditer(text, start, end):
        mention = mention_of(match, own_year)
        if mention:
            found.append(mention)
    return found


def read_period(text: str, start: int, end: int, own_year: int | None) -> Period | None:
    """Read a period at the very beginning of text[start:end]: a date, two joined dates, 起, 前 or 即日起至.

    Example: 2031年3月至5月 -> 1 March to 31 May 2031; 2031年7月起 -> 1 July, open end.
    """
    cursor = start
    while cursor < end and text[cursor] in " \u3000":
        cursor += 1
    from_now = re.compile(
        r"(?:自|从)?(?:即日|文件?印发之?日|方案?印发之?日|印发之?日)起?(?:至|到|-|—+)"
    ).match(text, cursor, end)
    if from_now:
        match = DATE.match(text, from_now.end(), end)
        mention = mention_of(match, own_year) if match else None
        return Period(Span(start, mention.span.end), None, mention.last) if mention else None
    if text.startswith(("自", "从", "于"), cursor):
        cursor += 1
    months = _MONTHS.match(text, cursor, end)
    if months:
        return _month_range(months, own_year, start)
    match = DATE.match(text, cursor, end)
    mention = mention_of(match, own_year) if match else None
    if not mention or not match:
        return None
    if match.groupdict()["yend"]:
        return None
    after = mention.span.end
    opened = re.compile(r"\s{0,2}起?").match(text, after, end)
    joined = _JOIN.match(text, opened.end() if opened else after, end)
    if joined:
        second = _second_date(text, joined.end(), end, match, mention, own_year)
        if second:
            stop, last = second
            return Period(Span(start, stop), mention.first, last)
        if text.startswith(("长期", "今后"), joined.end()):
            return Period(Span(start, joined.end() + 2), mention.first, None)
    if text.startswith(("起", "以后", "后", "开始"), after):
        return Period(Span(start, after + 1), mention.first, None)
    before = _BEFORE.match(text, after, end)
    if before:
        return Period(Span(start, before.end()), None, mention.last)
    return Period(Span(start, after), mention.first, mention.last)


def _month_range(match: re.Match[str], own_year: int | None, start: int) -> Period | None:
    """Read 3-5月 (months joined before the only 月)."""
    year = int(match["y"]) if match["y"] else own_year
    first, last = int(match["a"]), int(match["b"])
    if not 1 <= first <= last <= 12:
        return None
    return Period(
        Span(start, match.end()), _day(year, first, None, last=False), _day(year, last, None, last=True)
    )


def _second_date(
    text: str, start: int, end: int, first: re.Match[str], mention: DateMention, own_year: int | None
) -> tuple[int, date | None] | None:
    """Read the far end of a period; what it does not print (year, month) it takes from the near end."""
    inherited = own_year
    if first.groupdict()["y"] or first.groupdict()["y2"]:
        inherited = int(first.groupdict()["y"] or first.groupdict()["y2"])
    match = DATE.match(text, start, end)
    if match:
        second = mention_of(match, inherited)
        if not second:
            return None
        last = second.last
        if last and mention.first and last < mention.first and not second.year_printed:
            later = mention_of(match, last.year + 1)
            last = later.last if later else None
        return second.span.end, last
    day = DAY_ONLY.match(text, start, end)
    month = first.groupdict()["m"]
    if day and month:
        return day.end(), _day(inherited, int(month), int(day["d"]), last=True)
    return None


def deadlines(text: str, start: int, end: int, own_year: int | None) -> list[tuple[date | None, Span]]:
    """Return the deadlines printed in text[start:end]: dates with 前, after 完成时限, and 到某年.

    Recurring dates (每月25日前) and events without a date are none. The date is None if its year is unknown.
    """
    found: list[tuple[date | None, Span]] = []
    previous_end = -1
    for mention in find_dates(text, start, end, own_year):
        joined = previous_end >= 0 and _JOIN.fullmatch(text, previous_end, mention.span.start)
        previous_end = mention.span.end
        head = text[max(start, mention.span.start - 14) : mention.span.start]
        before = _BEFORE.match(text, mention.span.end, end)
        if _RECURRING.search(head):
            continue
        if _DEADLINE_LABEL.search(head):
            period = read_period(text, mention.span.start, end, own_year)
            if period and period.end:
                found.append((period.end, period.span))
        elif before and not mention.year_only:
            found.append((mention.last, Span(mention.span.start, before.end())))
        elif mention.year_printed and not joined and head.endswith("到") and _year_end(text, mention):
            found.append((mention.last, Span(mention.span.start - 1, mention.span.end)))
    return found


def _year_end(text: str, mention: DateMention) -> bool:
    """Say whether a mention is a whole year or its end (到2030年, 到2030年底)."""
    return mention.year_only or text[mention.span.start : mention.span.end].endswith(("底", "末"))


def own_period(text: str, start: int, end: int, own_year: int | None) -> Period | None:
    """Return the item's own period: in a bracket anywhere in text[start:end] or as its opening words."""
    opening = read_period(text, start, end, own_year)
    if opening and opening.start and opening.end and opening.start != opening.end:
        spans_years = (opening.end - opening.start).days >= 365
        if not spans_years:
            return opening
    for bracket in re.finditer(r"[（(](?=[自从于]?\s?\d|即日)", text[start:end]):
        inside = start + bracket.end()
        period = read_period(text, inside, min(end, inside + 60), own_year)
        closing = (
            re.compile(r"(?:完成|结束|开展|进行)?\s?[）)]").match(text, period.span.end, end)
            if period
            else None
        )
        if period and closing:
            return Period(Span(inside - 1, closing.end()), period.start, period.end)
    return None


def chinese_date(match: re.Match[str]) -> date | None:
    """Turn a match of `CHINESE_DATE` into a day, or None."""
    year, month = chinese_year(match["y"]), chinese_number(match["m"])
    day = chinese_number(match["d"])
    if year is None or month is None or day is None or not 1 <= month <= 12:
        return None
    return _day(year, month, day, last=True)


def last_deadline(found: list[tuple[date | None, Span]]) -> tuple[date, Span] | None:
    """Return the latest deadline whose year is known."""
    known = [(day, span) for day, span in found if day]
    return max(known, key=lambda item: item[0]) if known else None
