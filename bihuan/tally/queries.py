"""Every figure on every page is read here: folded cells plus what is still pending, exact to the last commit.

The one module that counts. A finer cube may replace what is below without any page noticing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from .models import EVER, METRICS, Cell, Delta

_SUMS = {f"sum_{metric}": Sum(metric) for metric in METRICS}
# Nothing but the overdue stock is ever dated ahead.
_AHEAD_SUMS = {f"sum_{metric}": Sum(metric) for metric in ("overdue", "overdue_major")}
NEAR_DAYS = 31


@dataclass(frozen=True)
class Figures:
    """Counts up to and including a day. `overdue` and `overdue_major` are stocks on that day."""

    found: int = 0
    closed: int = 0
    closed_late: int = 0
    overdue: int = 0
    found_major: int = 0
    closed_major: int = 0
    overdue_major: int = 0
    inspected: int = 0
    inspected_clean: int = 0
    covered: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))

    def __sub__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, item.name) - getattr(other, item.name) for item in fields(self)))

    @property
    def open(self) -> int:
        return self.found - self.closed

    @property
    def open_major(self) -> int:
        return self.found_major - self.closed_major

    @property
    def rectification_rate(self) -> float | None:
        """Percent of hazards found that have been closed; None when none was found."""
        return 100 * self.closed / self.found if self.found else None

    @property
    def late_rate(self) -> float | None:
        """Percent of closed hazards that were closed after their deadline."""
        return 100 * self.closed_late / self.closed if self.closed else None

    def coverage_rate(self, denominator: int) -> float | None:
        """Percent of the objects in scope that have been inspected at least once."""
        return 100 * self.covered / denominator if denominator else None


def totals(
    *,
    on: dt.date,
    region: str,
    campaign: int = 0,
    task: int = 0,
    department: int = 0,
    since: dt.date | None = None,
) -> Figures:
    """Figures of one region (and campaign, task, department) at the end of `on`.

    With `since`, flows count from that day only; stocks of overdue are those of `on` in either case.
    """
    cells = _cells(campaign, task, department).filter(region=region)
    pending = _pending(campaign, task, department).filter(_under(region))
    until = _sum_until(cells, on) + _sum(pending.filter(day__lte=on))
    if since is None:
        return until
    eve = since - dt.timedelta(days=1)
    before = _sum_until(cells, eve) + _sum(pending.filter(day__lte=eve))
    flows = until - before
    return Figures(
        **{
            item.name: getattr(flows, item.name)
            for item in fields(Figures)
            if not item.name.startswith("overdue")
        },
        overdue=until.overdue,
        overdue_major=until.overdue_major,
    )


def by_region(
    codes: Iterable[str], *, on: dt.date, campaign: int = 0, department: int = 0
) -> dict[str, Figures]:
    """Figures of each of `codes` (regions of any level), zeros included."""
    wanted = list(codes)
    cells = _cells(campaign, 0, department).filter(region__in=wanted)
    result = {code: Figures() for code in wanted}
    for row, figures in _grouped_until(cells, on, "region"):
        result[row["region"]] += figures
    columns = ("city_id", "county_id", "locality_id")
    for row in _grouped(_pending(campaign, 0, department).filter(day__lte=on), *columns):
        for code in {row[column] for column in columns} & result.keys():
            result[code] += _figures(row)
    return result


def matrix(campaign_id: int, *, on: dt.date) -> dict[tuple[int, str], Figures]:
    """Figures of a campaign by (task, locality); combinations without anything counted are absent."""
    result: dict[tuple[int, str], Figures] = defaultdict(Figures)
    cells = Cell.objects.exclude(task_id=0).filter(campaign_id=campaign_id, department_id=0)
    for row, figures in _grouped_until(cells, on, "task_id", "region"):
        if len(row["region"]) > 4:
            result[row["task_id"], row["region"]] += figures
    pending = Delta.objects.filter(campaign_id=campaign_id, task_id__gt=0, day__lte=on)
    for row in _grouped(pending, "task_id", "locality_id"):
        result[row["task_id"], row["locality_id"]] += _figures(row)
    return dict(result)


def by_task(campaign_id: int, *, on: dt.date, region: str) -> dict[int, Figures]:
    """Figures of a campaign by task in one city or locality."""
    result: dict[int, Figures] = defaultdict(Figures)
    cells = Cell.objects.exclude(task_id=0).filter(campaign_id=campaign_id, department_id=0, region=region)
    for row, figures in _grouped_until(cells, on, "task_id"):
        result[row["task_id"]] += figures
    pending = Delta.objects.filter(_under(region), campaign_id=campaign_id, task_id__gt=0, day__lte=on)
    for row in _grouped(pending, "task_id"):
        result[row["task_id"]] += _figures(row)
    return dict(result)


def by_department(*, on: dt.date, region: str, campaign: int = 0) -> dict[int, Figures]:
    """Figures by department in one city (with a campaign) or any region (without)."""
    result: dict[int, Figures] = defaultdict(Figures)
    cells = Cell.objects.filter(campaign_id=campaign, task_id=0, department_id__gt=0, region=region)
    for row, figures in _grouped_until(cells, on, "department_id"):
        result[row["department_id"]] += figures
    pending = Delta.objects.filter(_under(region), department_id__gt=0, day__lte=on)
    if campaign:
        pending = pending.filter(campaign_id=campaign)
    for row in _grouped(pending, "department_id"):
        result[row["department_id"]] += _figures(row)
    return dict(result)


def daily(
    *, since: dt.date, until: dt.date, region: str, campaign: int = 0, department: int = 0
) -> list[tuple[dt.date, Figures]]:
    """One row a day: flows of that day, and the stock of overdue at its end."""
    eve = since - dt.timedelta(days=1)
    stock = totals(on=eve, region=region, campaign=campaign, department=department)
    per_day: dict[dt.date, Figures] = defaultdict(Figures)
    cells = _cells(campaign, 0, department).filter(
        region=region, span=Cell.Span.DAY, start__range=(since, until)
    )
    for row in _grouped(cells, "start"):
        per_day[row["start"]] += _figures(row)
    pending = _pending(campaign, 0, department).filter(_under(region), day__range=(since, until))
    for row in _grouped(pending, "day"):
        per_day[row["day"]] += _figures(row)
    overdue, overdue_major = stock.overdue, stock.overdue_major
    rows = []
    for offset in range((until - since).days + 1):
        day = since + dt.timedelta(days=offset)
        figures = per_day[day]
        overdue += figures.overdue
        overdue_major += figures.overdue_major
        rows.append(
            (
                day,
                figures
                + Figures(
                    overdue=overdue - figures.overdue, overdue_major=overdue_major - figures.overdue_major
                ),
            )
        )
    return rows


def _cells(campaign: int, task: int, department: int) -> QuerySet[Cell]:
    if department and task:
        raise ValueError("no cells are kept for a task within a department")
    return Cell.objects.filter(campaign_id=campaign, task_id=task, department_id=department)


def _pending(campaign: int, task: int, department: int) -> QuerySet[Delta]:
    chosen = {"campaign_id": campaign, "task_id": task, "department_id": department}
    return Delta.objects.filter(**{name: value for name, value in chosen.items() if value})


def _under(region: str) -> Q:
    column = {4: "city_id", 6: "county_id"}.get(len(region), "locality_id")
    return Q(**{column: region})


Part = tuple[QuerySet[Cell], dict[str, Sum], int]


def _until(cells: QuerySet[Cell], day: dt.date) -> list[Part]:
    """The cells that add up to everything counted until the end of `day`: rows, the sums to take, and their sign.

    For today and the last weeks: the `all` cell less the days after `day`. For earlier days: whole months, then the
    single days of the month. Either way a handful of rows, however long the history.
    """
    today = timezone.localdate()
    if day >= today - dt.timedelta(days=NEAR_DAYS):
        later = cells.filter(span=Cell.Span.DAY, start__gt=day)
        return [
            (cells.filter(span=Cell.Span.ALL, start=EVER), _SUMS, 1),
            (later, _AHEAD_SUMS if day >= today else _SUMS, -1),
        ]
    month = day.replace(day=1)
    whole = Q(span=Cell.Span.MONTH, start__lt=month)
    return [(cells.filter(whole | Q(span=Cell.Span.DAY, start__gte=month, start__lte=day)), _SUMS, 1)]


def _grouped(rows: QuerySet[Any], *columns: str) -> Iterator[dict[str, Any]]:
    """Sums of every measure by `columns`."""
    yield from rows.values(*columns).annotate(**_SUMS)


def _grouped_until(
    cells: QuerySet[Cell], day: dt.date, *columns: str
) -> Iterator[tuple[dict[str, Any], Figures]]:
    """The figures by `columns` until the end of `day`, in parts to be added up."""
    for rows, sums, sign in _until(cells, day):
        for row in rows.values(*columns).annotate(**sums):
            yield row, _figures(row, sign)


def _sum(rows: QuerySet[Any]) -> Figures:
    return _figures(rows.aggregate(**_SUMS))


def _sum_until(cells: QuerySet[Cell], day: dt.date) -> Figures:
    parts = (_figures(rows.aggregate(**sums), sign) for rows, sums, sign in _until(cells, day))
    return sum(parts, Figures())


def _figures(row: Mapping[str, Any], sign: int = 1) -> Figures:
    return Figures(**{metric: sign * (row.get(f"sum_{metric}") or 0) for metric in METRICS})
