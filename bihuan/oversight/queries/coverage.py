"""Who has been visited this month, who has not, who is late, by name (R108)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import localities_under
from bihuan.accounts.scope import scope_of

from ..models import OversightFinding, OversightVisit
from ..rhythm import Period
from ..workflow import RoundStatus, VisitStatus

TONES = {"done": "best", "planned": "fair", "late": "bad", "missing": "poor"}
LABELS = {"done": "已督导", "planned": "已排期", "late": "到期未去", "missing": "没有安排"}


@dataclass(frozen=True)
class Cover:
    """One locality in a month: visited, planned, late, or left out."""

    body: Organization
    state: str
    visits: tuple[OversightVisit, ...]
    found: int = 0
    open: int = 0

    @property
    def label(self) -> str:
        return LABELS[self.state]

    @property
    def visit(self) -> OversightVisit | None:
        """The visit that decides how the locality stands."""
        done = [each for each in self.visits if each.status == VisitStatus.DONE]
        return (done or list(self.visits) or [None])[0]  # type: ignore[list-item]


def localities_of(user: User) -> list[Organization]:
    """The localities under the areas a person oversees, each once."""
    scope = scope_of(user, Permission.VIEW_OVERSIGHT)
    found: dict[int, Organization] = {}
    codes = scope.areas or tuple(
        post.organization.region_id for post in user.posts if post.organization_id in scope.departments
    )
    for code in codes:
        for body in localities_under(code):
            found[body.pk] = body
    return sorted(found.values(), key=lambda body: (body.region_id, body.pk))


def coverage(user: User, month: Period, *, on: dt.date) -> list[Cover]:
    """Every locality with how it stands in a month, in five queries whatever their number."""
    bodies = localities_of(user)
    visits = (
        OversightVisit.objects.visible_to(user)
        .standing()
        .filter(
            Q(visited_on__gte=month.first, visited_on__lte=month.last)
            | Q(visited_on=None, planned_on__gte=month.first, planned_on__lte=month.last)
        )
        .select_related("round", "team")
        .order_by("planned_on", "pk")
    )
    per_body: dict[int, list[OversightVisit]] = {}
    for visit in visits:
        per_body.setdefault(visit.organization_id, []).append(visit)
    figures = _figures(user, month)
    covers = []
    for body in bodies:
        mine = per_body.get(body.pk, [])
        found, unfinished = figures.get(body.region_id, (0, 0))
        covers.append(Cover(body, state_of(mine, month, on), tuple(mine), found, unfinished))
    return covers


def state_of(visits: Iterable[OversightVisit], month: Period, on: dt.date) -> str:
    """done, late (the planned day is gone, or the month is over), planned, or missing."""
    rows = list(visits)
    if any(each.status == VisitStatus.DONE for each in rows):
        return "done"
    if any(each.planned_on is not None and each.planned_on < on for each in rows):
        return "late"
    if rows:
        return "planned"
    return "late" if month.last < on else "missing"


def _figures(user: User, month: Period) -> dict[str, tuple[int, int]]:
    rows = (
        OversightFinding.objects.visible_to(user)
        .live()
        .filter(found_on__gte=month.first, found_on__lte=month.last)
    )
    open_ones = set(rows.unfinished().values_list("pk", flat=True))
    found: dict[str, tuple[int, int]] = {}
    for code, pk in rows.values_list("locality", "pk"):
        if code is None:
            continue
        count, unfinished = found.get(code, (0, 0))
        found[code] = (count + 1, unfinished + (pk in open_ones))
    return found


def tally(covers: Iterable[Cover]) -> dict[str, int]:
    """How many localities stand how."""
    counts = dict.fromkeys(LABELS, 0)
    for each in covers:
        counts[each.state] += 1
    return counts


def map_areas(covers: Iterable[Cover], month: Period) -> list[dict[str, Any]]:
    """The localities as areas of components/map_svg.html; those without an outline stand in the table alone."""
    rows = list(covers)
    regions = {
        region.pk: region for region in Region.objects.filter(pk__in=[each.body.region_id for each in rows])
    }
    areas = []
    for each in rows:
        points = regions[each.body.region_id].outline
        if not points:
            continue
        xs, ys = [point[0] for point in points], [point[1] for point in points]
        url = (
            each.visit.get_absolute_url()
            if each.visit
            else f"{reverse('oversight:coverage')}?month={month.first:%Y-%m}"
        )
        areas.append(
            {
                "name": each.body.short_name,
                "path": "M" + "L".join(f"{x:g},{y:g}" for x, y in points) + "Z",
                "x": round(sum(xs) / len(xs)),
                "y": round(sum(ys) / len(ys)),
                "value": each.label,
                "text": regions[each.body.region_id].short_name,
                "tone": TONES[each.state],
                "url": url,
            }
        )
    return areas


LEGEND = [{"tone": TONES[state], "label": label} for state, label in LABELS.items()]


def months_covered(user: User, months: Iterable[Period], *, on: dt.date) -> list[dict[str, Any]]:
    """For every month how many localities were visited, of how many: the trend above the list."""
    total = len(localities_of(user))
    wanted = list(months)
    if not wanted:
        return []
    rows = (
        OversightVisit.objects.visible_to(user)
        .filter(
            status=VisitStatus.DONE,
            visited_on__gte=min(each.first for each in wanted),
            visited_on__lte=max(each.last for each in wanted),
        )
        .exclude(round__status=RoundStatus.CANCELLED)
        .values_list("visited_on", "organization")
    )
    seen: dict[dt.date, set[int]] = {each.first: set() for each in wanted}
    for day, body in rows:
        first = day.replace(day=1) if day else None
        if first is not None and first in seen:
            seen[first].add(body)
    return [
        {
            "month": each,
            "done": len(seen[each.first]),
            "total": total,
            "is_past": each.last < on,
            "is_empty": not seen[each.first],
        }
        for each in wanted
    ]


def round_figures(rounds: Iterable[Any], user: User) -> dict[int, dict[str, int]]:
    """{round: {visits, done}} in one query for all."""
    rows = (
        OversightVisit.objects.visible_to(user)
        .filter(round__in=[each.pk for each in rounds])
        .exclude(status=VisitStatus.CANCELLED)
        .order_by()
        .values("round")
        .annotate(visits=Count("pk"), done=Count("pk", filter=Q(status=VisitStatus.DONE)))
    )
    return {row["round"]: {"visits": row["visits"], "done": row["done"]} for row in rows}
