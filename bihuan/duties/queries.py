"""What pages ask of duties: inboxes, counts, the ladder and the calendar as people read them."""

from __future__ import annotations

import calendar as months
import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.rules.calendar import Calendar

from .models import CalendarDay, Duty, DutyQuerySet

APPROACHING_DAYS = 3


def inbox(user: User, *, state: str = "", kind: str = "", on: dt.date) -> DutyQuerySet:
    """The open duties of one person, soonest first, optionally only those overdue or approaching, or of one kind."""
    return narrow(Duty.objects.of(user).open(), state=state, kind=kind, on=on)


def narrow(duties: DutyQuerySet, *, state: str, kind: str, on: dt.date) -> DutyQuerySet:
    """`duties` with the page's two filters applied, ready to be listed."""
    if state == "overdue":
        duties = duties.overdue(on=on)
    elif state == "today":
        duties = duties.filter(due_on=on)
    elif state == "approaching":
        duties = duties.filter(due_on__gte=on, due_on__lte=on + dt.timedelta(days=APPROACHING_DAYS))
    if kind in Duty.Kind.values:
        duties = duties.filter(kind=kind)
    return duties.select_related("organization", "post", "post__organization").order_by("due_on", "id")


@dataclass(frozen=True)
class Load:
    """How full an inbox is."""

    open: int = 0
    overdue: int = 0
    approaching: int = 0


def load_of(duties: DutyQuerySet, *, on: dt.date) -> Load:
    """Counts over an inbox-sized set of duties, in one query."""
    row = duties.open().aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=Q(due_on__lt=on, paused_since=None)),
        approaching=Count(
            "pk", filter=Q(due_on__gte=on, due_on__lte=on + dt.timedelta(days=APPROACHING_DAYS))
        ),
    )
    return Load(**row)


def late_at_opening(duty: Duty) -> int:
    """By how many days a duty was late the day it came about: an old record entered, a deadline that had passed."""
    first = duty.formers.order_by("pk").values_list("due_on", flat=True).first() or duty.due_on
    return max(0, (timezone.localdate(duty.opened_at) - first).days) if first else 0


def unheld_in_area(user: User, *, on: dt.date) -> DutyQuerySet:
    """Open duties nobody holds within the areas where `user` may assign (invariant 8)."""
    return (
        Duty.objects.unheld(on=on)
        .filter(areas_q(scope_of(user, Permission.ASSIGN_DUTY).areas))
        .select_related("organization", "post", "post__organization")
        .order_by("due_on", "id")
    )


@dataclass(frozen=True)
class Pressed:
    """One matter many may be late with: how many organizations, and where to look."""

    title: str
    due_on: dt.date
    organizations: int
    organization: str
    url: str


def pressing(user: User, *, on: dt.date, limit: int = 8) -> list[Pressed]:
    """Whom to press now: what is owed in one's area and late, the longest overdue first, the same matter once."""
    area = areas_q(scope_of(user, Permission.VIEW_CAMPAIGNS).areas)
    late = Duty.objects.overdue(on=on).filter(area).values("kind", "title", "due_on", "url")
    rows = late.annotate(
        organizations=Count("organization", distinct=True), first=Min("organization__short_name")
    )
    return [
        Pressed(
            row["title"],
            row["due_on"],
            row["organizations"],
            row["first"] if row["organizations"] == 1 else f"{row['organizations']} 个单位",
            row["url"],
        )
        for row in rows.order_by("due_on", "title", "url")[:limit]
        if row["due_on"] is not None
    ]


@dataclass(frozen=True)
class DayCell:
    """One day of the calendar page."""

    day: dt.date
    working: bool
    exceptional: bool
    words: str


def year_view(year: int, calendar: Calendar) -> list[tuple[int, list[list[DayCell | None]]]]:
    """Twelve months of weeks (Monday first); days of neighbouring months are None."""
    own = set(CalendarDay.objects.filter(day__year=year).values_list("day", flat=True))
    grid = months.Calendar(firstweekday=0)

    def cell(day: dt.date, month: int) -> DayCell | None:
        if day.month != month:
            return None
        working = calendar.is_working(day)
        return DayCell(day, working, day in own or working != (day.weekday() < 5), calendar.describe(day))

    return [
        (month, [[cell(day, month) for day in week] for week in grid.monthdatescalendar(year, month)])
        for month in range(1, 13)
    ]
