"""Periods: two joined dates, open ends, the period an item prints as its own, stated lengths and relative times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bihuan.plans.dates import BEFORE, DATE, DAY_ONLY, JOIN, JOINS, DateMention, day_of, mention_of
from bihuan.plans.model import Length, Span
from bihuan.plans.numerals import any_number

_YEAR = r"(?:19|20|１９|２０)\d\d"
_MONTHS = re.compile(
    rf"(?:(?P<y>{_YEAR})\s?年\s?)?(?P<a>\d{{1,2}})\s?{JOINS}\s?(?P<b>\d{{1,2}})\s?月份?(?!\s?\d)底?"
)
_DOTTED = re.compile(
    rf"(?:(?P<y>{_YEAR})[./年])?(?P<a>\d{{1,2}})[./](?P<c>\d{{1,2}})\s?日?\s?{JOINS}\s?(?:(?P<y2>{_YEAR})[./])?(?P<b>\d{{1,2}})[./](?P<d>\d{{1,2}})(?![.\d%])日?"
)
_YEARS = re.compile(rf"(?P<a>{_YEAR})\s?年?\s?{JOINS}\s?(?P<b>{_YEAR})\s?年(?!\s?\d)底?")
_FROM_NOW = re.compile(
    rf"(?:自|从)?(?:即日|(?:本)?(?:文件?|方案|通知|通告)?(?:印发|下发|发布|发文|公布)(?:之日|之时)?)起?(?:开始)?[，,]?\s?{JOINS}\s?"
)
_LASTING = re.compile(r"(?:长期|今后|持续|永久|常态)(?:坚持|推进|开展|化)?")
_CLOSING = re.compile(
    r"(?:止|为止|结束|完成|开展|进行|期间|左右|中旬|下旬|前后)?(?:[，,、；;]?\s?(?:共|为期|历时|约|\d)[^（）()\n]{1,12})?\s?[）)]"
)
_OPENING = re.compile(
    r"[（(](?=(?:[\u4e00-\u9fff]{0,4}(?:时间|时限|期限))?\s?[:：为]?\s?(?:[自从于拟]|预计|大约|约|截[止至][到至]?)?\s?[\d二][\d〇○零]?|[自从]?(?:即日|(?:本)?(?:文件?|方案|通知|通告)?(?:印发|下发|发布|发文|公布))|第?[一二三四]季度|[上下]半年|[一二三四五六七八九十]{1,2}月)"
)
LABEL = re.compile(r"[\u4e00-\u9fff]{0,4}(?:时间|时限|期限)(?:安排)?\s{0,2}[：:为]\s{0,2}")
_UNTIL = re.compile(r"截[止至](?:到|至|于)?\s?")


@dataclass(frozen=True)
class Period:
    """A printed period; an open side is None, so is one whose year is unknown.

    `year_printed`: at least one of its dates prints a year of its own.
    """

    span: Span
    start: date | None
    end: date | None
    year_printed: bool = True


def read_period(text: str, start: int, end: int, own_year: int | None) -> Period | None:
    """Read a period at the very beginning of text[start:end]: a date, two joined dates, 起, 前 or 即日起至.

    Example: 2031年3月至5月 -> 1 March to 31 May 2031; 2031年7月起 -> 1 July, open end.
    """
    cursor = start
    while cursor < end and text[cursor] in " \u3000":
        cursor += 1
    from_now = _FROM_NOW.match(text, cursor, end)
    if from_now:
        match = DATE.match(text, from_now.end(), end)
        mention = mention_of(match, own_year) if match else None
        if not mention:
            return None
        stop = BEFORE.match(text, mention.span.end, end)
        return Period(
            Span(start, stop.end() if stop else mention.span.end), None, mention.last, mention.year_printed
        )
    until = _UNTIL.match(text, cursor, end)
    if until:
        match = DATE.match(text, until.end(), end)
        mention = mention_of(match, own_year) if match else None
        return (
            Period(Span(start, mention.span.end), None, mention.last, mention.year_printed)
            if mention
            else None
        )
    prefix = re.compile(r"(?:自|从|于|拟于|预计|大约|约)").match(text, cursor, end)
    if prefix:
        cursor = prefix.end()
    for pattern, reader in ((_MONTHS, _month_range), (_DOTTED, _dotted_range), (_YEARS, _year_range)):
        match = pattern.match(text, cursor, end)
        if match:
            return reader(match, own_year, start)
    match = DATE.match(text, cursor, end)
    mention = mention_of(match, own_year) if match else None
    if not mention or not match or match.groupdict()["yend"]:
        return None
    return _from_date(text, start, end, match, mention, own_year)


def _from_date(
    text: str, start: int, end: int, match: re.Match[str], mention: DateMention, own_year: int | None
) -> Period:
    after = mention.span.end
    printed = mention.year_printed
    joined = JOIN.match(text, after, end)
    if joined:
        second = _second_date(text, joined.end(), end, match, mention, own_year)
        if second:
            return Period(Span(start, second[0]), mention.first, second[1], printed or second[2])
        lasting = _LASTING.match(text, joined.end(), end)
        if lasting:
            return Period(Span(start, lasting.end()), mention.first, None, printed)
    if text.startswith(("起", "以后", "后", "开始"), after):
        return Period(Span(start, after + 1), mention.first, None, printed)
    before = BEFORE.match(text, after, end)
    if before:
        return Period(Span(start, before.end()), None, mention.last, printed)
    return Period(Span(start, after), mention.first, mention.last, printed)


def _month_range(match: re.Match[str], own_year: int | None, start: int) -> Period | None:
    """Read 3-5月 (months joined before the only 月)."""
    year = int(match["y"]) if match["y"] else own_year
    first, last = int(match["a"]), int(match["b"])
    if not (1 <= first <= 12 and 1 <= last <= 12):
        return None
    until = year + 1 if year and last < first else year
    return Period(
        Span(start, match.end()),
        day_of(year, first, None, last=False),
        day_of(until, last, None, last=True),
        bool(match["y"]),
    )


def _dotted_range(match: re.Match[str], own_year: int | None, start: int) -> Period | None:
    """Read 3.1-3.15 and 2031.3.1-3.15."""
    year = int(match["y"]) if match["y"] else own_year
    until = int(match["y2"]) if match["y2"] else year
    months = int(match["a"]), int(match["b"])
    if not all(1 <= month <= 12 for month in months) or max(int(match["c"]), int(match["d"])) > 31:
        return None
    first = day_of(year, months[0], int(match["c"]), last=False)
    last = day_of(until, months[1], int(match["d"]), last=True)
    if first and last and last < first and not match["y2"]:
        last = day_of(last.year + 1, months[1], int(match["d"]), last=True)
    return Period(Span(start, match.end()), first, last, bool(match["y"] or match["y2"]))


def _year_range(match: re.Match[str], _own_year: int | None, start: int) -> Period | None:
    """Read 2031-2033年."""
    first, last = int(match["a"]), int(match["b"])
    if last < first:
        return None
    return Period(Span(start, match.end()), date(first, 1, 1), date(last, 12, 31))


def _second_date(
    text: str, start: int, end: int, first: re.Match[str], mention: DateMention, own_year: int | None
) -> tuple[int, date | None, bool] | None:
    """Read the far end of a period; what it does not print (year, month) it takes from the near end."""
    inherited = mention.first.year if mention.first else own_year
    match = DATE.match(text, start, end)
    if match:
        second = mention_of(match, inherited)
        if not second:
            return None
        last = second.last
        if last and mention.first and last < mention.first and not second.year_printed:
            later = mention_of(match, last.year + 1)
            last = later.last if later else None
        return second.span.end, last, second.year_printed
    day = DAY_ONLY.match(text, start, end)
    month = first.groupdict()["m"] or first.groupdict()["m3"]
    if day and month:
        return day.end(), day_of(inherited, int(month), int(day["d"]), last=True), False
    return None


def bracketed_period(text: str, start: int, end: int, own_year: int | None) -> Period | None:
    """Return the period of the first bracket of text[start:end] that holds nothing else."""
    for bracket in _OPENING.finditer(text, start, end):
        inside = bracket.start() + 1
        label = LABEL.match(text, inside, end)
        period = read_period(text, label.end() if label else inside, min(end, inside + 70), own_year)
        closing = _CLOSING.match(text, period.span.end, end) if period else None
        if period and closing:
            return Period(Span(bracket.start(), closing.end()), period.start, period.end, period.year_printed)
    return None


# 昼夜值守。9月20日至11月20日为重点时段: the period opens the text behind the heading.
_SHORT_HEADING = re.compile(r"[^\d。：:；;，,（(\n]{2,16}[。：:]")


def own_period(text: str, start: int, end: int, own_year: int | None) -> Period | None:
    """Return the item's own period: its opening words, or a bracket anywhere in text[start:end] that is no citation's."""
    opening = read_period(text, start, end, own_year)
    heading = _SHORT_HEADING.match(text, start, end)
    if not opening and heading:
        opening = read_period(text, heading.end(), end, own_year)
    if opening and opening.start and opening.end and opening.start != opening.end:
        # 2031年修订完成制度 prints a year, 2031年3月至2033年5月 a campaign: neither is the time of the item.
        short = (opening.end - opening.start).days < 365 and not _whole_years(opening)
        if short:
            return opening
    period = bracketed_period(text, start, end, own_year)
    if not period or text[period.span.start - 1 : period.span.start] == "》":
        return None
    if own_year and period.end and period.end.year < own_year:
        return None
    if _whole_years(period) and re.search(r"[。；;：:\n]", text[start : period.span.start]):
        # 三年行动（2031年—2033年） inside the text names what is carried on, not when this item ends.
        return None
    return period


def _whole_years(period: Period) -> bool:
    first, last = period.start, period.end
    return bool(first and last and (first.month, first.day, last.month, last.day) == (1, 1, 12, 31))


_COUNT = r"(?P<n>\d{1,3}|[一二两三四五六七八九十]{1,3}|半)"
_LENGTH = re.compile(
    rf"(?:为期|历时|利用|集中|用|共|约|时间)?\s?{_COUNT}\s?(?P<unit>个工作日|个月|个季度|个星期|周|天|年(?!度)|日(?=时间|左右|内))(?:半)?(?:左右|的?时间|以内|内)?"
)
_DAYS = {"个工作日": 1.4, "个月": 30, "个季度": 91, "个星期": 7, "周": 7, "天": 1, "日": 1, "年": 365}
_RELATIVE = re.compile(
    r"(?:自|从)?[\u4e00-\u9fff《》]{0,16}?(?:印发|下发|发布|施行|实施|启动|接到[\u4e00-\u9fff]{0,6}|开展)(?:之日|后|之后)?(?:起)?[，,]?\s?(?:\d{1,3}|[一二两三四五六七八九十半]{1,3})\s?(?:个工作日|个月|个?周|天|日)(?:之?内|以内)"
    r"|(?:自|从)?(?:即日|[\u4e00-\u9fff]{0,4}印发之日)起(?:[至到][^，。；;（）()\n]{2,16})?"
    r"|第[一二三四五六七八九十\d]{1,2}(?:个)?(?:月|周|季度|年)(?:至第[一二三四五六七八九十\d]{1,2}(?:个)?(?:月|周|季度|年))?"
)
_LENGTH_CUE = re.compile(r"为期|历时|利用|集中|用|共|约|时间|左右|内")


def stated_length(text: str, start: int, end: int) -> Length | None:
    """Return how long a stretch says it lasts (集中10天, 3个月左右), with the days that means (a month counts 30)."""
    for match in _LENGTH.finditer(text, start, end):
        if not _LENGTH_CUE.search(match.group()) and text[match.end() : match.end() + 1] not in (
            "",
            "，",
            "）",
            ")",
            "。",
        ):
            continue
        if text[max(start, match.start() - 1) : match.start()] in ("每", "第", "前"):
            continue
        printed = match["n"]
        number = 0.5 if printed == "半" else 2 if printed == "两" else any_number(printed) or 0
        if number:
            return Length(match.group().strip(), round(number * _DAYS[match["unit"]]), Span(*match.span()))
    return None


def relative_time(text: str, start: int, end: int) -> str:
    """Return a time counted from the plan itself as printed (自印发之日起1个月内, 即日起至3月底), or ""."""
    match = _RELATIVE.search(text, start, end)
    return match.group().strip() if match else ""
