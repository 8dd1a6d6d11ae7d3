"""Duties late by so many days, and duties nobody holds: told from what was owed, by whom, until when, on each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Holding
from bihuan.accounts.scope import area_q
from bihuan.core.dates import day_words
from bihuan.duties.models import Duty, DutyFormer

from . import Matter, Parameter, register_source

FOREVER = dt.date(9999, 12, 31)
ONE_DAY = dt.timedelta(days=1)
# These have an escalation of their own: the paper they belong to.
OWN = (
    Duty.Kind.INSTRUMENT_SIGN, Duty.Kind.INSTRUMENT_RECEIPT, Duty.Kind.INSTRUMENT_REPLY, Duty.Kind.INSTRUMENT_REVIEW,
    Duty.Kind.COMMITMENT,
)  # fmt: skip
COLUMNS = (
    "pk", "kind", "title", "url", "opened_at", "closed_at", "due_on", "organization_id", "post_id", "city_id", "county_id",
    "locality_id",
)  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """How one duty stood from the end of one day (`first`) to the end of the day before another (`end`)."""

    first: dt.date
    end: dt.date
    due_on: dt.date | None
    organization_id: int
    post_id: int | None


def overdue_day(stretch: Stretch, days: int) -> dt.date | None:
    """The first day of a stretch at whose end it was late by so many days; None when it never was."""
    if stretch.due_on is None:
        return None
    day = max(stretch.due_on + dt.timedelta(days=days), stretch.first)
    return day if day < stretch.end else None


def unheld_day(stretch: Stretch, gaps: Iterable[tuple[dt.date, dt.date]], days: int) -> dt.date | None:
    """The first day of a stretch on which nobody had held it for so many days; `gaps` are those of its chair."""
    found = []
    for begin, end in gaps:
        day = max(begin, stretch.first) + dt.timedelta(days=days)
        if day < min(end, stretch.end):
            found.append(day)
    return min(found, default=None)


def _stretches(row: Mapping[str, Any], formers: list[DutyFormer]) -> Iterator[Stretch]:
    begin = timezone.localdate(row["opened_at"])
    last = timezone.localdate(row["closed_at"]) if row["closed_at"] else FOREVER
    for former in formers:
        until = timezone.localdate(former.until)
        yield Stretch(begin, min(until, last), former.due_on, former.organization_id, former.post_id)
        begin = until
    yield Stretch(begin, last, row["due_on"], row["organization_id"], row["post_id"])


def _rows(region: str, since: dt.date, *narrow: Q) -> Iterator[tuple[dict[str, Any], list[Stretch]]]:
    """Duties of a region that were open at some time since a day, with how they stood.

    `narrow` leaves out what cannot matter as it stands now; those that changed on the way are told whatever they became.
    Which ones changed is read once and matched here: a database whose statistics are older than its rows answers
    "has this one a history?" by reading all histories again for each duty, and needs a minute for what takes a second.
    """
    start = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    known = Duty.objects.filter(area_q(region), Q(closed_at=None) | Q(closed_at__gte=start)).exclude(
        kind__in=OWN
    )
    formers: dict[int, list[DutyFormer]] = {}
    for former in DutyFormer.objects.filter(duty__in=known).order_by("until", "pk").iterator(chunk_size=5000):
        formers.setdefault(former.duty_id, []).append(former)
    for row in known.filter(*narrow).order_by("pk").values(*COLUMNS).iterator(chunk_size=5000):
        if row["pk"] not in formers:
            yield row, list(_stretches(row, []))
    # Those that changed on the way are few; each is told stretch by stretch.
    changed = sorted(formers)
    for at in range(0, len(changed), 500):
        for row in known.filter(pk__in=changed[at : at + 500]).order_by("pk").values(*COLUMNS):
            yield row, list(_stretches(row, formers[row["pk"]]))


def _matter(row: Mapping[str, Any], stretch: Stretch, on: dt.date, words: str) -> Matter:
    return Matter(
        f"duties.duty:{row['pk']}", on, f"{Duty.Kind(row['kind']).label}：{row['title']}（{words}）",
        row["locality_id"] or row["county_id"] or row["city_id"], row["url"], stretch.organization_id,
    )  # fmt: skip


def overdue(
    parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date, *, kind: str = ""
) -> Iterator[Matter]:
    """Duties that were late by `days` for the first time on these days."""
    days = int(parameters["days"])
    wanted = kind or str(parameters.get("kind", ""))
    late = dt.timedelta(days=days)
    start = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    narrow = [Q(due_on__lte=until - late), Q(due_on__gte=since - late) | Q(opened_at__gte=start)]
    if wanted:
        narrow.append(Q(kind=wanted))
    for row, stretches in _rows(region, since, *narrow):
        if wanted and row["kind"] != wanted:
            continue
        for stretch in stretches:
            on = overdue_day(stretch, days)
            if on is not None and stretch.due_on is not None and since <= on <= until:
                late_by = (on - stretch.due_on).days
                yield _matter(row, stretch, on, f"期限 {day_words(stretch.due_on)}，逾期 {late_by} 天")


def silent_listings(
    parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date
) -> Iterator[Matter]:
    """Listed matters whose progress report was not made by its day."""
    return overdue(parameters, region, since, until, kind=Duty.Kind.LISTING_PROGRESS)


def vacancies(posts: Iterable[int]) -> dict[int, list[tuple[dt.date, dt.date]]]:
    """When nobody sat in these chairs: stretches of days, the second day of each no longer part of it."""
    held: dict[int, list[tuple[dt.date, dt.date]]] = {post: [] for post in posts}
    rows = Holding.objects.filter(post__in=list(held), user__is_active=True).order_by("from_on")
    for post, begin, end in rows.values_list("post_id", "from_on", "to_on"):
        held[post].append((begin, end + ONE_DAY if end else FOREVER))
    gaps: dict[int, list[tuple[dt.date, dt.date]]] = {}
    for post, spans in held.items():
        free, day = [], dt.date.min
        for begin, end in sorted(spans):
            if begin > day:
                free.append((day, begin))
            day = max(day, end)
        if day < FOREVER:
            free.append((day, FOREVER))
        gaps[post] = free
    return gaps


def unheld(parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date) -> Iterator[Matter]:
    """Duties that nobody had held for `days` on these days (invariant 8)."""
    days = int(parameters["days"])
    posts = (
        Duty.objects.filter(area_q(region))
        .exclude(post=None)
        .order_by()
        .values_list("post", flat=True)
        .distinct()
    )
    gaps = vacancies([post for post in posts if post is not None])
    empty = [
        post for post, free in gaps.items() if any(end > since and begin <= until for begin, end in free)
    ]
    begins = timezone.make_aware(dt.datetime.combine(until + ONE_DAY, dt.time.min))
    chairless = [(dt.date.min, FOREVER)]
    for row, stretches in _rows(region, since, Q(post=None) | Q(post__in=empty), Q(opened_at__lt=begins)):
        for stretch in stretches:
            free = chairless if stretch.post_id is None else gaps.get(stretch.post_id, [])
            on = unheld_day(stretch, free, days)
            if on is not None and since <= on <= until:
                yield _matter(row, stretch, on, f"已 {days} 天无人承办")


def register() -> None:
    days = Parameter("days", "天数", 15, 0, 365)
    kinds = (("", "各类"), *((key, label) for key, label in Duty.Kind.choices if key not in OWN))
    register_source(
        "duty.overdue", "待办逾期未办结", overdue, (days, Parameter("kind", "类别", "", choices=kinds))
    )
    register_source("duty.unheld", "待办无人承办", unheld, (Parameter("days", "天数", 7, 1, 365),))
    register_source(
        "listing.silent", "挂牌督办到期未报进展", silent_listings, (Parameter("days", "逾期天数", 1, 0, 90),)
    )
