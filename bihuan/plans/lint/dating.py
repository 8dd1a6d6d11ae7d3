"""Dates that cannot be: days the calendar does not have, weekdays they do not fall on, dates without any year."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date

from bihuan.plans.lint.days import DAY, MONTH_DAY, printed
from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding
from bihuan.plans.model import Span

_WEEKDAYS = "一二三四五六日"
_WEEKDAY = re.compile(
    MONTH_DAY + r"\s{0,2}(?:[（(]\s?)?(?:星期|周|礼拜)(?P<weekday>[一二三四五六日天])(?:\s?[）)])?"
)


def check_impossible(draft: Draft) -> Iterator[Finding]:
    """Report days the calendar does not have (9月31日, 13月1日); 29 February only when its year is known."""
    for match in DAY.finditer(draft.text):
        day = printed(match)
        if not day.month or (not day.day and day.month <= 12):
            continue
        year = day.year or draft.year
        if not 1 <= day.month <= 12:
            if day.day:
                yield draft.finding(
                    "date.impossible",
                    "error",
                    day.span,
                    f"没有“{day.span.of(draft.text)}”这一天，一年只有12个月。",
                    "改为实际的月份和日期。",
                )
            continue
        length = calendar.monthrange(year or 2000, day.month)[1]
        if day.day and not 1 <= day.day <= length:
            right = re.sub(r"\d{1,2}(?=\s{0,2}[日号]$)", str(length), day.span.of(draft.text))
            yield draft.finding(
                "date.impossible",
                "error",
                day.span,
                f"没有“{day.span.of(draft.text)}”这一天，{day.month}月只有{length}天。",
                f"改为“{right}”，或核对原意后改为实际日期。",
            )


def check_weekday(draft: Draft) -> Iterator[Finding]:
    """Report a weekday printed beside a date it does not fall on; the year must be printed or the document's own."""
    for match in _WEEKDAY.finditer(draft.text):
        year = int(match["y"]) if match["y"] else draft.year
        if not year or not match["d"]:
            continue
        try:
            day = date(year, int(match["m"]), int(match["d"]))
        except ValueError:
            continue
        right = _WEEKDAYS[day.weekday()]
        if match["weekday"].replace("天", "日") != right:
            words = match.group()
            corrected = (
                words[: match.start("weekday") - match.start()]
                + right
                + words[match.end("weekday") - match.start() :]
            )
            yield draft.finding(
                "date.weekday",
                "error",
                Span(*match.span()),
                f"{year}年{day.month}月{day.day}日是星期{right}，不是星期{match['weekday']}。",
                f"日期无误的，改为“{corrected}”；星期无误的，改日期。",
            )


def check_year(draft: Draft) -> Iterator[Finding]:
    """Report dates in a document that nowhere prints a year; one finding with their number."""
    if draft.year or re.search(r"(?:19|20)\d\d\s?年\s?\d{1,2}\s?月", draft.plain):
        return
    dates = [
        printed(m)
        for m in DAY.finditer(draft.plain, *draft.body)
        if m["m"] and (m["d"] or m["part"]) and 1 <= int(m["m"]) <= 12
    ]
    if not dates:
        return
    yield draft.finding(
        "date.no_year",
        "warning",
        dates[0].span,
        f"文中有 {len(dates)} 处月日，全文却没有年份，也没有成文日期。",
        f"在首次出现处写明年份，如“×年{dates[0].span.of(draft.text)}”，并补上成文日期。",
    )


CHECKS = (check_impossible, check_weekday, check_year)
