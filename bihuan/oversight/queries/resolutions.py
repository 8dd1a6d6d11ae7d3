"""Resolutions as a list and as figures: each figure is exactly a filter of the list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.http import row_number

from ..models import Meeting, MeetingSeries, Resolution
from ..models.meetings import bodies_of
from ..models.resolutions import ResolutionQuerySet
from ..owing import HELD
from ..rhythm import Period, period_of, previous_period
from ..workflow import UNFINISHED, ResolutionStatus

STATES = {
    "unfinished": "未办结",
    "overdue": "逾期未办结",
    **{value: label for value, label in ResolutionStatus.choices if value != ResolutionStatus.DRAFT},
}


def resolutions_of(user: User, chosen: Mapping[str, str], *, on: dt.date) -> ResolutionQuerySet:
    """The resolutions a person may see, narrowed as the address says; those not yet issued stand on their meeting."""
    rows = Resolution.objects.visible_to(user).filter(meeting__status="issued")
    state = chosen.get("state", "")
    if state == "overdue":
        rows = rows.overdue(on=on)
    elif state == "unfinished":
        rows = rows.unfinished()
    elif state in ResolutionStatus.values:
        rows = rows.filter(status=state)
    if pk := row_number(chosen.get("meeting", "")):
        rows = rows.filter(meeting=pk)
    if pk := row_number(chosen.get("lead", "")):
        rows = rows.filter(lead=pk)
    if chosen.get("mine"):
        own = bodies_of(user)
        rows = rows.filter(Q(lead__in=own) | Q(shares__organization__in=own)).distinct()
    return rows


def standing(rows: ResolutionQuerySet, *, on: dt.date) -> dict[str, int]:
    """All, done, unfinished, overdue."""
    return {
        "all": rows.count(),
        "done": rows.filter(status=ResolutionStatus.DONE).count(),
        "unfinished": rows.unfinished().count(),
        "overdue": rows.overdue(on=on).count(),
    }


def counts_of(meetings: Iterable[Meeting], user: User, *, on: dt.date) -> dict[int, dict[str, int]]:
    """{meeting: {total, unfinished, overdue}} in one query for all; a meeting without resolutions has none of each."""
    meetings = list(meetings)
    rows: Iterable[Mapping[str, Any]] = (
        Resolution.objects.visible_to(user)
        .standing()
        .filter(meeting__in=[each.pk for each in meetings])
        .order_by()
        .values("meeting")
        .annotate(
            total=Count("pk"),
            unfinished=Count("pk", filter=Q(status__in=UNFINISHED)),
            overdue=Count("pk", filter=Q(status=ResolutionStatus.OPEN, due_on__lt=on)),
        )
    )
    names = ("total", "unfinished", "overdue")
    found = {each.pk: dict.fromkeys(names, 0) for each in meetings}
    return found | {row["meeting"]: {name: row[name] for name in names} for row in rows}


def rhythm_of(series: Iterable[MeetingSeries], *, on: dt.date) -> list[dict[str, Any]]:
    """Every meeting by rhythm: whether it was held in this period and the one before, in one query for all."""
    rows = list(series)
    held: dict[int, list[dt.date]] = {}
    for pk, at in Meeting.objects.filter(
        series__in=rows, status__in=HELD, held_at__date__gte=on - dt.timedelta(days=750)
    ).values_list("series", "held_at"):
        held.setdefault(pk, []).append(timezone.localdate(at))
    found: list[dict[str, Any]] = []
    for each in rows:
        if each.rhythm == MeetingSeries.Rhythm.NONE:
            found.append(
                {
                    "series": each,
                    "period": None,
                    "held": None,
                    "missed": False,
                    "last": max(held.get(each.pk, []), default=None),
                }
            )
            continue
        period: Period = period_of(each.rhythm, on)
        before = previous_period(each.rhythm, period)
        days = held.get(each.pk, [])
        found.append(
            {
                "series": each,
                "period": period,
                "held": any(day in period for day in days),
                "missed": each.starts_on <= before.first and not any(day in before for day in days),
                "before": before,
                "last": max(days, default=None),
            }
        )
    return found
