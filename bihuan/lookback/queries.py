"""What pages and papers ask: rebound rates with their intervals, recurrences, stock and increment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, F, Q

from bihuan.accounts.models import Region, User
from bihuan.accounts.scope import areas_q
from bihuan.core.http import row_number
from bihuan.rules import sampling
from bihuan.tally import queries as tally

from .models import Evaluation, LookbackCheck, LookbackRound, Recurrence
from .models.effects import EvaluationQuerySet, RecurrenceQuerySet
from .models.rounds import CheckQuerySet
from .workflow import HITS, JUDGED, CheckStatus, EvaluationStatus, Verdict


@dataclass(frozen=True)
class Rate:
    """One line of a rebound table; of blind spots `rebounded` are those where hazards were found."""

    key: str
    name: str
    size: int
    planned: int
    judged: int
    rebounded: int
    unclear: int
    interval: sampling.Interval


def rates_of(held: LookbackRound) -> tuple[list[Rate], Rate]:
    """The rebound rate of every stratum and of the whole, with their intervals; two queries."""
    confidence = held.confidence
    counts = {
        row["stratum"]: row
        for row in held.checks.order_by()
        .values("stratum")
        .annotate(
            judged=Count("pk", filter=Q(status__in=JUDGED)),
            rebounded=Count("pk", filter=Q(status__in=HITS)),
            unclear=Count("pk", filter=Q(status=CheckStatus.UNCLEAR)),
        )
    }
    rows = []
    for stratum in held.strata.all():
        row = counts.get(stratum.pk, {"judged": 0, "rebounded": 0, "unclear": 0})
        interval = sampling.wilson(
            row["rebounded"], row["judged"], confidence=confidence, population=stratum.size
        )
        rows.append(
            Rate(stratum.key, stratum.name, stratum.size, stratum.planned, row["judged"], row["rebounded"],
                 row["unclear"], interval)
        )  # fmt: skip
    strata = [sampling.Stratum(row.size, row.judged, row.rebounded) for row in rows]
    whole = Rate(
        "", "合计", sum(row.size for row in rows), sum(row.planned for row in rows), sum(row.judged for row in rows),
        sum(row.rebounded for row in rows), sum(row.unclear for row in rows),
        sampling.stratified(strata, confidence=confidence),
    )  # fmt: skip
    return rows, whole


def by_inspector(held: LookbackRound) -> list[tuple[str, int, int, sampling.Interval]]:
    """Who closed what was drawn: name, judged, found again, interval. For offices only."""
    rows = (
        held.checks.filter(status__in=JUDGED)
        .order_by()
        .values("closed_by", "closed_by__full_name")
        .annotate(judged=Count("pk"), rebounded=Count("pk", filter=Q(status=CheckStatus.REBOUNDED)))
    )
    found = [
        (
            row["closed_by__full_name"] or "未登记", row["judged"], row["rebounded"],
            sampling.wilson(row["rebounded"], row["judged"], confidence=held.confidence),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: (-each[2], -each[1], each[0]))


def checks(user: User, given: Mapping[str, str], held: LookbackRound | None = None) -> CheckQuerySet:
    """Checks a person may see, narrowed by state, stratum and who looks."""
    rows = LookbackCheck.objects.visible_to(user)
    if held is not None:
        rows = rows.filter(round=held)
    if given.get("status") in CheckStatus.values:
        rows = rows.filter(status=given["status"])
    elif given.get("status") == "judged":
        rows = rows.filter(status__in=JUDGED)
    if given.get("stratum"):
        rows = rows.filter(stratum__key=given["stratum"][:40])
    if pk := row_number(given.get("campaign", "")):
        rows = rows.filter(hazard__campaign=pk)
    if given.get("mine") == "1":
        rows = rows.filter(organization__in={post.organization_id for post in user.posts})
    if given.get("reopen") == "1":
        rows = rows.filter(status=CheckStatus.REBOUNDED, reopened_at=None)
    return rows


def recurrences(user: User, given: Mapping[str, str]) -> RecurrenceQuerySet:
    """Recurrences a person may see, narrowed by region, department, campaign and days."""
    rows = Recurrence.objects.visible_to(user)
    region = given.get("region", "")
    if region.isdigit() and len(region) <= 12:
        rows = rows.filter(areas_q((region,)))
    if pk := row_number(given.get("department", "")):
        rows = rows.filter(department=pk)
    if pk := row_number(given.get("campaign", "")):
        rows = rows.filter(earlier__campaign=pk)
    for name, lookup in (("from", "found_on__gte"), ("to", "found_on__lte")):
        try:
            rows = rows.filter(**{lookup: dt.date.fromisoformat(given.get(name, ""))})
        except ValueError:
            continue
    return rows


def evaluations(user: User, given: Mapping[str, str]) -> EvaluationQuerySet:
    """Evaluations a person may see, narrowed by state, verdict, campaign and what they found."""
    rows = Evaluation.objects.visible_to(user)
    if given.get("status") in EvaluationStatus.values:
        rows = rows.filter(status=given["status"])
    if given.get("verdict") in Verdict.values:
        rows = rows.filter(verdict=given["verdict"])
    if pk := row_number(given.get("campaign", "")):
        rows = rows.filter(hazard__campaign=pk)
    signed = rows.filter(status=EvaluationStatus.SIGNED)
    match given:
        case {"measures": "full"}:
            return signed.filter(measures_done=100)
        case {"told": "1"}:
            return signed.filter(workers_told=True)
        case {"risk": "fell"}:
            return signed.filter(value_after__lt=F("value_before"))
        case {"risk": "stayed"}:
            return signed.filter(value_after__gte=F("value_before"))
        case {"method": "lec"}:
            return signed.filter(method="lec")
    return rows


@dataclass(frozen=True)
class Stock:
    """One period: what was open at its beginning, came, went (less what was opened again), and is open at its end."""

    name: str
    start: dt.date
    end: dt.date
    opening: int
    found: int
    closed: int
    closing: int
    opening_major: int
    found_major: int
    closed_major: int
    closing_major: int
    region: str = ""


def months_of(start: dt.date, end: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The months from one day to another, the first and the last cut to them."""
    found, day = [], start
    while day <= end:
        following = (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        found.append((day, min(end, following - dt.timedelta(days=1))))
        day = following
    return found


def _stock(
    name: str, start: dt.date, end: dt.date, before: tally.Figures, after: tally.Figures, region: str = ""
) -> Stock:
    flow = after - before
    return Stock(
        name, start, end, before.open, flow.found, flow.closed, after.open, before.open_major, flow.found_major,
        flow.closed_major, after.open_major, region,
    )  # fmt: skip


def stock_by_month(region: str, start: dt.date, end: dt.date) -> list[Stock]:
    """存量、增量 month by month in one region, from the exact deltas; one statement."""
    periods = months_of(start, end)
    points = [start - dt.timedelta(days=1), *(last for _, last in periods)]
    figures = tally.at_points(points, region=region)
    return [
        _stock(f"{first.year}年{first.month}月", first, last, before, after)
        for (first, last), before, after in zip(periods, figures, figures[1:], strict=False)
    ]


def stock_by_region(region: str, start: dt.date, end: dt.date) -> list[Stock]:
    """存量、增量 of the regions below one, over the whole period; three statements."""
    below = list(Region.objects.filter(parent=region).order_by("code"))
    codes = [each.code for each in below]
    before = tally.by_region(codes, on=start - dt.timedelta(days=1))
    after = tally.by_region(codes, on=end)
    return [
        _stock(each.short_name, start, end, before[each.code], after[each.code], each.code) for each in below
    ]
