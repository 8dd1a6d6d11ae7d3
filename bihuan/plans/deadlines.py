"""Deadlines: dates by which something is to be done, as official documents print them (CONVENTION C3)."""

from __future__ import annotations

import re
from datetime import date

from bihuan.plans.dates import BEFORE, JOIN, DateMention, find_dates
from bihuan.plans.model import Span
from bihuan.plans.periods import read_period

# 2000年前建成的小区 describes what exists; it is no deadline.
_DESCRIPTIVE = re.compile(
    r"(?:已经?|尚未|未)?(?:建成|建设|建造|投产|投用|投入使用|投入运行|取得|开工|竣工|注册|登记|出厂|发现|排查出|设立|成立|签订|批准|审批|发放|使用)[^，,。；;：:\n]{0,3}的(?!问题|工作|任务)"
)
_RECURRING = re.compile(r"每(?:年|月|周|季度?|半年|个?季度|个?月|学期)度?(?:的|于)?\s{0,2}$")
_AND = re.compile(r"\s?[、和及与]\s?(?:于|在)?")
_DEADLINE_LABEL = re.compile(
    r"(?:(?:完成|办结|整改|落实|实施|工作|销号|计划)(?:时限|时间|期限|日期|节点)|时限要求|截止(?:时间|日期)|时间(?:节点|要求)|期限|时限)\s{0,2}(?:[:：]|为)\s{0,2}(?:于|在)?$"
    # In flattened tables the colon is lost.
    r"|(?:完成|办结|整改)(?:时限|时间|期限|日期)\s{0,2}$"
)
_LATEST = re.compile(r"(?:不(?:得)?(?:晚|迟)于|最(?:迟|晚)(?:于|在|至|到)?|截止(?:到|至|于)?|务于|限于?)\s?$")


def deadlines(text: str, start: int, end: int, own_year: int | None) -> list[tuple[date | None, Span]]:
    """Return the deadlines printed in text[start:end]: dates with 前, after 完成时限, and to a year (到2031年).

    Recurring dates (每月25日前) and events without a date are none. The date is None if its year is unknown.
    """
    found: list[tuple[date | None, Span]] = []
    previous_end, recurring = -1, False
    for mention in find_dates(text, start, end, own_year):
        joined = previous_end >= 0 and JOIN.fullmatch(text, previous_end, mention.span.start)
        carried = recurring and _AND.fullmatch(text, previous_end, mention.span.start)
        previous_end = mention.span.end
        head = text[max(start, mention.span.start - 14) : mention.span.start]
        before = BEFORE.match(text, mention.span.end, end)
        recurring = bool(_RECURRING.search(head) or carried)
        if recurring:
            continue
        if _DEADLINE_LABEL.search(head):
            period = read_period(text, mention.span.start, end, own_year)
            if period and period.end:
                found.append((period.end, period.span))
        elif before:
            past = own_year and mention.last and mention.year_only and mention.last.year < own_year
            if not past and not _DESCRIPTIVE.match(text, before.end(), end):
                found.append((mention.last, Span(mention.span.start, before.end())))
        elif not mention.year_only and _LATEST.search(head):
            found.append((mention.last, mention.span))
        elif not joined and head.endswith("到") and _year_end(text, mention):
            found.append((mention.last, Span(mention.span.start - 1, mention.span.end)))
    return found


def _year_end(text: str, mention: DateMention) -> bool:
    """Say whether a mention is a whole year or an end (到2030年, 到2030年底, 到年底)."""
    if text.startswith(("以来", "期间", "开始"), mention.span.end):
        return False
    return mention.year_only or text[mention.span.start : mention.span.end].endswith(("底", "末"))


def last_deadline(found: list[tuple[date | None, Span]]) -> tuple[date, Span] | None:
    """Return the latest deadline whose year is known."""
    known = [(day, span) for day, span in found if day]
    return max(known, key=lambda item: item[0]) if known else None
