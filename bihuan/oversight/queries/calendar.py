"""A month on one sheet: visits of teams, meetings, visits of leaders, by day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.duties.clock import calendar

from ..models import DistrictVisit, Meeting, OversightVisit
from ..rhythm import Period
from ..workflow import MeetingStatus, VisitStatus

MOST_A_DAY = 4


@dataclass(frozen=True)
class Event:
    """One thing of a day."""

    words: str
    url: str
    tone: str
    word: str


@dataclass
class Day:
    """One day of the sheet; `rest` follows the legal calendar."""

    date: dt.date
    is_rest: bool
    is_today: bool
    events: list[Event] = field(default_factory=list)

    @property
    def shown(self) -> list[Event]:
        return self.events[:MOST_A_DAY]

    @property
    def more(self) -> int:
        return max(len(self.events) - MOST_A_DAY, 0)


def month_sheet(user: User, month: Period, *, on: dt.date) -> list[list[Day | None]]:
    """The weeks of a month with what happens on each day; None for days of other months."""
    working = calendar()
    days: dict[dt.date, Day] = {}
    day = month.first
    while day <= month.last:
        days[day] = Day(day, not working.is_working(day), day == on)
        day += dt.timedelta(days=1)
    _visits(user, month, days, on)
    _meetings(user, month, days)
    _leaders(user, month, days)
    cells: list[Day | None] = [None] * month.first.weekday() + list(days.values())
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def _visits(user: User, month: Period, days: dict[dt.date, Day], on: dt.date) -> None:
    rows = (
        OversightVisit.objects.visible_to(user)
        .standing()
        .filter(
            Q(visited_on__gte=month.first, visited_on__lte=month.last)
            | Q(visited_on=None, planned_on__gte=month.first, planned_on__lte=month.last)
        )
        .select_related("organization", "team")
        .order_by("pk")
    )
    for each in rows:
        at = each.visited_on or each.planned_on
        assert at is not None
        done, late = each.status == VisitStatus.DONE, each.is_late(on=on)
        tone, word = ("green", "已督导") if done else ("red", "未去") if late else ("blue", "督导")
        days[at].events.append(Event(each.organization.short_name, each.get_absolute_url(), tone, word))


def _meetings(user: User, month: Period, days: dict[dt.date, Day]) -> None:
    rows = (
        Meeting.objects.visible_to(user)
        .filter(held_at__date__gte=month.first, held_at__date__lte=month.last)
        .exclude(status=MeetingStatus.CANCELLED)
        .order_by("held_at")
    )
    for each in rows:
        when = timezone.localtime(each.held_at)
        days[when.date()].events.append(
            Event(f"{when:%H:%M} {each.title}", each.get_absolute_url(), "outline", "会议")
        )


def _leaders(user: User, month: Period, days: dict[dt.date, Day]) -> None:
    rows = (
        DistrictVisit.objects.visible_to(user)
        .filter(visited_on__gte=month.first, visited_on__lte=month.last)
        .select_related("district", "by")
        .order_by("pk")
    )
    for each in rows:
        days[each.visited_on].events.append(
            Event(f"{each.by.full_name} {each.district}", each.get_absolute_url(), "outline", "走访")
        )
