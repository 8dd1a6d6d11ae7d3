"""Every figure on every page is read here: folded cells plus what is still pending, exact to the last commit.

The one module that counts. Every function sends one statement (see `reading`); what no cells are kept for raises
`NotKept`, and the caller reads rows by index instead.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from .figures import NOTHING, Figures
from .grains import NotKept
from .reading import ONE_DAY, Key, Question, Reader

__all__ = [
    "Figures", "NotKept", "at_points", "by_campaign", "by_campaign_and_department", "by_department", "by_kind", "by_phase",
    "by_quarter", "by_region", "by_region_and_department", "by_source", "by_task", "daily", "matrix", "totals",
]  # fmt: skip
_NAMES = {"campaign": "campaign_id", "task": "task_id", "department": "department_id"}


def totals(*, on: dt.date, region: str, since: dt.date | None = None, **fixed: Any) -> Figures:
    """Figures of one region at the end of `on`, of one `campaign`, `task` (with its campaign), `department`, `kind` or `source`.

    With `since`, flows count from that day only; stocks of overdue are those of `on` in either case. Raises NotKept
    for combinations and days no cells are kept for.
    """
    points = [on] if since is None else [on, since - ONE_DAY]
    until, *before = at_points(points, region=region, **fixed)
    return (until - before[0]).with_stock_of(until) if before else until


def at_points(points: Sequence[dt.date], *, region: str, **fixed: Any) -> list[Figures]:
    """Figures of one region at the end of each day of `points`, all as of one moment; `fixed` as in `totals`."""
    if fixed.get("task") and not fixed.get("campaign"):
        raise ValueError("a task is counted within its campaign: name both")
    reader = Reader(Question(_fixed(fixed), regions=[region]))
    for number, day in enumerate(points):
        reader.until(number, day)
    found = {key[0]: figures for key, figures in reader.rows()}
    return [found.get(number, NOTHING) for number in range(len(points))]


def by_region(
    codes: Iterable[str], *, on: dt.date, since: dt.date | None = None, **fixed: Any
) -> dict[str, Figures]:
    """Figures of each of `codes` (regions of any level), zeros included; flows from `since`, `fixed` as in `totals`."""
    wanted = list(dict.fromkeys(codes))
    if not wanted:
        return {}
    found = _compared(Question(_fixed(fixed), regions=wanted, per_region=True), on, since)
    return {code: found.get((code,), NOTHING) for code in wanted}


def matrix(campaign_id: int, *, on: dt.date, region: str = "") -> dict[tuple[int, str], Figures]:
    """Figures of a campaign by (task, locality), those under `region` if given; combinations without anything are absent."""
    question = Question(
        {"campaign_id": campaign_id}, ("task_id",), under=region, level="locality", per_region=True
    )
    return {(task, place): figures for (task, place), figures in _compared(question, on).items()}


def by_task(campaign_id: int, *, on: dt.date, region: str) -> dict[int, Figures]:
    """Figures of a campaign by task in one region."""
    question = Question({"campaign_id": campaign_id}, ("task_id",), regions=[region])
    return {task: figures for (task,), figures in _compared(question, on).items()}


def by_department(
    *, on: dt.date, region: str, campaign: int = 0, since: dt.date | None = None
) -> dict[int, Figures]:
    """Figures by department in one region; flows from `since`, if given."""
    question = Question(_fixed({"campaign": campaign}), ("department_id",), regions=[region])
    return {department: figures for (department,), figures in _compared(question, on, since).items()}


def by_campaign(*, on: dt.date, region: str, department: int = 0) -> dict[int, Figures]:
    """Figures by campaign in one region, of one department if given; campaigns without anything are absent."""
    question = Question(_fixed({"department": department}), ("campaign_id",), regions=[region])
    return {campaign: figures for (campaign,), figures in _compared(question, on).items()}


def by_kind(*, on: dt.date, region: str, since: dt.date | None = None) -> dict[str, Figures]:
    """Hazards by kind of object in one region; visits are not kept by kind."""
    question = Question(compared=("kind",), regions=[region])
    return {kind: figures for (kind,), figures in _compared(question, on, since).items()}


def by_source(*, on: dt.date, region: str, since: dt.date | None = None) -> dict[str, Figures]:
    """Hazards by the way they were found, in one region."""
    question = Question(compared=("source",), regions=[region])
    return {source: figures for (source,), figures in _compared(question, on, since).items()}


def by_region_and_department(codes: Iterable[str], *, on: dt.date) -> dict[tuple[str, int], Figures]:
    """Figures by (region, department); combinations without anything are absent."""
    wanted = list(dict.fromkeys(codes))
    if not wanted:
        return {}
    question = Question(compared=("department_id",), regions=wanted, per_region=True)
    return {(code, department): figures for (department, code), figures in _compared(question, on).items()}


def by_campaign_and_department(*, on: dt.date, region: str) -> dict[tuple[int, int], Figures]:
    """Figures by (campaign, department) in one province, city or county; combinations without anything are absent."""
    question = Question(compared=("campaign_id", "department_id"), regions=[region])
    return {(key[0], key[1]): figures for key, figures in _compared(question, on).items()}


def by_phase(
    phases: Iterable[tuple[dt.date, dt.date]], *, region: str, campaign: int, department: int = 0
) -> list[Figures]:
    """Figures of each phase (first and last day) of a campaign: what was found and closed in it, overdue at its end."""
    points = [day for first, last in phases for day in (first - ONE_DAY, last)]
    found = at_points(points, region=region, campaign=campaign, department=department) if points else []
    pairs = zip(found[::2], found[1::2], strict=True)
    return [(until - before).with_stock_of(until) for before, until in pairs]


def by_quarter(
    codes: Iterable[str], *, since: dt.date, on: dt.date, **fixed: Any
) -> dict[tuple[dt.date, str], Figures]:
    """Figures by (first day of quarter, region) for the quarters from that of `since` to that of `on`.

    Flows within the quarter and not after `on`; overdue is the stock at its end, or on `on` in the last one.
    """
    wanted = list(dict.fromkeys(codes))
    first, month = _quarter(since), on.replace(day=1)
    if not wanted or first > on:
        return {}
    before, whole, until = 0, 1, 2
    reader = Reader(Question(_fixed(fixed), regions=wanted, per_region=True), by_start=True)
    reader.until(before, first - ONE_DAY)
    reader.until(until, on)
    if month > first:
        reader.months(whole, first, (month - ONE_DAY).replace(day=1))
    stocks: dict[str, Figures] = {}
    ends: dict[str, Figures] = {}
    flows: dict[tuple[dt.date, str], Figures] = defaultdict(Figures)
    for (tag, code, start), figures in reader.rows():
        if tag == before:
            stocks[code] = figures
        elif tag == until:
            ends[code] = figures
        else:
            flows[_quarter(start), code] += figures
    result = {}
    for code in wanted:
        quarter, stock = first, stocks.get(code, NOTHING)
        while quarter <= on:
            following = _quarter(quarter + 95 * ONE_DAY)
            after = stock + flows[quarter, code] if following <= on else ends.get(code, NOTHING)
            result[quarter, code] = (after - stock).with_stock_of(after)
            quarter, stock = following, after
    return result


def daily(*, since: dt.date, until: dt.date, region: str, **fixed: Any) -> list[tuple[dt.date, Figures]]:
    """One row a day: flows of that day, and the stock of overdue at its end; `fixed` as in `totals`. Raises NotKept."""
    eve, single = 0, 1
    reader = Reader(Question(_fixed(fixed), regions=[region]), by_start=True)
    reader.until(eve, since - ONE_DAY)
    reader.days(single, since, until)
    per_day: dict[dt.date, Figures] = {}
    stock = NOTHING
    for (tag, start), figures in reader.rows():
        if tag == eve:
            stock = figures
        else:
            per_day[start] = figures
    rows = []
    for offset in range((until - since).days + 1):
        day = since + dt.timedelta(days=offset)
        figures = per_day.get(day, NOTHING)
        stock = stock + figures
        rows.append((day, figures.with_stock_of(stock)))
    return rows


def _fixed(chosen: dict[str, Any]) -> dict[str, Any]:
    unknown = chosen.keys() - {*_NAMES, "kind", "source"}
    if unknown:
        raise TypeError(f"not a dimension: {', '.join(sorted(unknown))}")
    return {_NAMES.get(name, name): value for name, value in chosen.items() if value}


def _compared(question: Question, on: dt.date, since: dt.date | None = None) -> dict[Key, Figures]:
    """Figures by what the question compares, at the end of `on`; with `since`, flows from that day."""
    reader = Reader(question)
    reader.until(0, on)
    if since is None:
        return {key[1:]: figures for key, figures in reader.rows()}
    reader.until(1, since - ONE_DAY)
    ends: dict[Key, Figures] = {}
    starts: dict[Key, Figures] = {}
    for key, figures in reader.rows():
        (starts if key[0] else ends)[key[1:]] = figures
    return {
        key: (ends.get(key, NOTHING) - starts.get(key, NOTHING)).with_stock_of(ends.get(key, NOTHING))
        for key in ends.keys() | starts.keys()
    }


def _quarter(day: dt.date) -> dt.date:
    return day.replace(month=day.month - (day.month - 1) % 3, day=1)
