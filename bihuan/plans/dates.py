"""Dates and deadlines as official documents print them.

A year that is not printed is never guessed: it comes from the year printed before it in the same sentence, or from the
document's own year, or the date stays unknown. An impossible day (9月31日) becomes the last day of its month; that is
what its writer meant.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date

from bihuan.plans.model import Span
from bihuan.plans.numerals import chinese_number, chinese_year

_YEAR = r"(?:19|20|１９|２０)\d\d"
_CN_YEAR = r"[〇○零一二三四五六七八九]{4}"
_CN = r"[一二三四五六七八九十]"
_REL = r"次年|翌年|明年|下一年度?|今年|本年度?|当年|同年|去年|上年"
# Every dash that stands between two dates in print.
JOINS = r"(?:[-‐‑‒–—―−－─﹣﹘~～〜∼˜]{1,2}|至|到)"
# Every date begins with one of these; the rest of a text is passed over by its character alone.
DATE = re.compile(
    r"(?=[\d〇○零一二三四五六七八九十次翌明下今本当同去上年第])(?:"
    rf"(?:(?P<y>{_YEAR})\s{{0,2}}年度?\s{{0,2}}|(?P<rel>{_REL})\s?(?:的)?)?(?<!\d)(?P<m>\d{{1,2}})\s{{0,2}}月份?(?!龄)"
    rf"(?:\s{{0,2}}(?P<d>\d{{1,2}})(?:\s{{0,2}}[日号]|(?=\s?{JOINS}\s?(?:\d{{1,2}}\s?月\s?)?\d{{1,2}}\s?[日号]))|(?P<mp>上旬|中旬|下旬|中下旬|上中旬|月?底|月?末|月?初))?"
    rf"|(?P<y2>{_YEAR})\s{{0,2}}年度?(?P<yp>年底|年末|底|末|初|全年|上半年|下半年|第?[一二三四]季度[末底]?)?"
    rf"|(?P<y3>{_YEAR})[-./](?P<m3>\d{{1,2}})(?:[-./](?P<d3>\d{{1,2}}))?(?![\d.%])"
    rf"|(?:(?P<cy>{_CN_YEAR})年)(?:(?P<cm>{_CN}{{1,2}})月(?:(?P<cd>{_CN}{{1,3}})日|(?P<cmp>上旬|中旬|下旬|底|末|初))?|(?P<cyp>底|末)?)"
    rf"|(?<![第每{_CN[1:-1]}两几〇零])(?P<bm>十[一二]?|[一二三四五六七八九])月(?:(?P<bd>{_CN}{{1,3}})日|(?P<bmp>上旬|中旬|下旬|底|末|初)|份)"
    r"|(?P<yend>(?:当|本|今|明|次)?年[底末])"
    r"|(?P<part>(?<![每各])(?:第?[一二三四]季度[末底]?|(?<![\d一两三半])(?:上|下)半年))"
    r")"
)
DAY_ONLY = re.compile(r"(?P<d>\d{1,2})\s{0,2}[日号]")
_CHINESE_PARTS = re.compile(
    r"(?P<y>[〇○零一二三四五六七八九]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})日"
)
# A day as signatures print it; typists write the zero of 二〇三一年 with whatever round letter they find.
_ZERO = "〇○零OoＯ0０◯"
CHINESE_DAY = rf"[{_ZERO}一二三四五六七八九]{{4}}\s?年\s?[一二三四五六七八九十]{{1,2}}\s?月\s?[一二三四五六七八九十]{{1,3}}\s?日"
NUMERIC_DAY = r"(?:19|20)\d\d\s{0,2}年\s{0,2}\d{1,2}\s{0,2}月\s{0,2}\d{1,2}\s{0,2}日"
JOIN = re.compile(rf"\s{{0,2}}(?:起|开始)?\s{{0,2}}[,，]?{JOINS}\s{{0,2}}")
BEFORE = re.compile(
    r"\s{0,2}(?:下班|上午|中午|下午|晚)?(?:\s?\d{1,2}\s?(?:[:：]\s?\d{2}|[时点](?:\d{1,2}分|半)?))?\s{0,2}(?:之前|以前|前(?![期述款后提往三景]))"
)


@dataclass(frozen=True)
class DateMention:
    """A printed date: the first and last day it can mean, each None while its year is unknown."""

    span: Span
    first: date | None
    last: date | None
    year_printed: bool
    year_only: bool


def day_of(year: int | None, month: int, day: int | None, *, last: bool) -> date | None:
    """Return a day of a month, kept inside the month; without a day the month's first or last one."""
    if year is None or not 1 <= month <= 12:
        return None
    days = calendar.monthrange(year, month)[1]
    if day is None:
        return date(year, month, days if last else 1)
    return date(year, month, min(max(day, 1), days))


_QUARTER = {"一": 1, "二": 4, "三": 7, "四": 10}
_PART_DAYS = {
    "上旬": (1, 10),
    "中旬": (11, 20),
    "下旬": (21, None),
    "初": (1, 10),
    "中下旬": (11, None),
    "上中旬": (1, 20),
}
_SHIFT = {"次年": 1, "翌年": 1, "明年": 1, "下一年": 1, "下一年度": 1, "去年": -1, "上年": -1}


def mention_of(match: re.Match[str], own_year: int | None, offset: int = 0) -> DateMention | None:
    """Turn a match of `DATE` into days, or None when its month cannot exist."""
    span = Span(match.start() + offset, match.end() + offset)
    group = match.groupdict()
    printed = group["y"] or group["y2"] or group["y3"]
    year = int(printed) if printed else chinese_year(group["cy"]) if group["cy"] else own_year
    named = bool(printed or group["cy"])
    if group["rel"] and year is not None:
        year += _SHIFT.get(group["rel"], 0)
    month = _month(group)
    if month is not None:
        if not 1 <= month <= 12:
            return None
        low, high = _days(group)
        return DateMention(
            span, day_of(year, month, low, last=False), day_of(year, month, high, last=True), named, False
        )
    if group["yend"]:
        year = year + 1 if year and group["yend"][0] in "明次" else year
        last = day_of(year, 12, None, last=True)
        return DateMention(span, last, last, False, False)
    part = group["yp"] or group["cyp"] or group["part"] or ""
    low_month, high_month = _months(part)
    return DateMention(
        span,
        day_of(year, low_month, None, last=False),
        day_of(year, high_month, None, last=True),
        named,
        part in ("", "全年"),
    )


def _month(group: dict[str, str | None]) -> int | None:
    for name in ("m", "m3"):
        if group[name]:
            return int(group[name] or 0)
    for name in ("cm", "bm"):
        if group[name]:
            return chinese_number(group[name] or "") or 13
    return None


def _days(group: dict[str, str | None]) -> tuple[int | None, int | None]:
    """Return the first and last day a mention names within its month, None for the month's own ends."""
    part = (group["mp"] or group["cmp"] or group["bmp"] or "").removeprefix("月")
    if part in _PART_DAYS:
        return _PART_DAYS[part]
    digits = group["d"] or group["d3"]
    written = group["cd"] or group["bd"]
    day = int(digits) if digits else chinese_number(written) if written else None
    return day, day


def _months(part: str) -> tuple[int, int]:
    if part == "上半年":
        return 1, 6
    if part == "下半年":
        return 7, 12
    if part == "初":
        return 1, 1
    if "季度" in part:
        first = _QUARTER[part.removeprefix("第")[0]]
        return first, first + 2
    return 1, 12


def find_dates(text: str, start: int, end: int, own_year: int | None) -> list[DateMention]:
    """Return every date printed in text[start:end], in order, with offsets into the whole text.

    A date without a year takes the one printed before it in the same sentence, if that is not before the own year.
    """
    found = []
    year, cursor = own_year, start
    for match in DATE.finditer(text, start, end):
        if text.find("。", cursor, match.start()) >= 0 or text.find("\n", cursor, match.start()) >= 0:
            year = own_year
        cursor = match.end()
        mention = mention_of(match, year)
        if not mention:
            continue
        found.append(mention)
        if mention.year_printed and mention.last and _may_lend(text, mention, end):
            year = mention.last.year if own_year is None or mention.last.year >= own_year else year
    return found


def _may_lend(text: str, mention: DateMention, end: int) -> bool:
    """Say whether later dates of the sentence may take this year: that of a deadline, a period, or 2031年，…"""
    if BEFORE.match(text, mention.span.end, end) or JOIN.match(text, mention.span.end, end):
        return True
    return text[mention.span.end : mention.span.end + 1] in ("，", ",", "：", ":") or text[
        mention.span.start : mention.span.end
    ].endswith(("底", "末"))


def signed_day(printed: str) -> date | None:
    """Return the day a signature prints in Chinese numerals (`CHINESE_DAY`); a day its month lacks is the last one."""
    parts = _CHINESE_PARTS.match(re.sub(rf"[{_ZERO}]", "〇", re.sub(r"\s", "", printed)))
    year = chinese_year(parts["y"]) if parts else None
    month, day = (chinese_number(parts["m"]), chinese_number(parts["d"])) if parts else (None, None)
    return day_of(year, month, day, last=True) if year and month and day else None


_OWN_WORK = re.compile(
    rf"(?P<y>{_YEAR})\s?年度?(?P<what>[\u4e00-\u9fff“”]{{0,24}}?(?:总结|方案|行动|整治|专项|计划|要点|工作))"
)
_PAST = re.compile(r"以来|以前|度?(?:的)?事故|修订|发布|印发|施行|启动|开展的")
_CITED = re.compile(r"[〔\[【（(]\s?$")


def year_of_body(text: str, body: Span, first: int) -> int | None:
    """Return the year the body prints as its own: that of its own work (2031年专项行动总结), or of all its dates.

    `first`: where the first item begins; dates before it are those of the page. None where the years differ: a year
    is not guessed from events.
    """
    limit = min(body.end, body.start + 60_000)
    own: Counter[int] = Counter()
    for match in _OWN_WORK.finditer(text, body.start, limit):
        if not _PAST.match(match["what"]) and not _CITED.search(
            text[max(0, match.start() - 2) : match.start()]
        ):
            own[int(match["y"])] += 1
    if len(own) == 1:
        return next(iter(own))
    dated: set[int] = set()
    for match in DATE.finditer(text, max(first, body.start), limit):
        mention = mention_of(match, None)
        if mention and mention.year_printed and mention.last and _month(match.groupdict()):
            quoted = text.rfind("《", body.start, match.start()) > text.rfind("》", body.start, match.start())
            past = text.startswith(("以来", "发布", "印发", "施行", "实施", "起施行"), match.end())
            if not quoted and not past:
                dated.add(mention.last.year)
    return dated.pop() if len(dated) == 1 else None
