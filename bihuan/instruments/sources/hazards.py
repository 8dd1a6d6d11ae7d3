"""Hazards late by so many days, and places where too many come back: told from the lines of the ledger."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, Region
from bihuan.accounts.scope import area_q
from bihuan.core.dates import day_words
from bihuan.hazards.models import Hazard, HazardTransition
from bihuan.hazards.workflow import RUNNING, Level, Move, Status

from . import Matter, Parameter, register_source
from .duties import FOREVER


def overdue(parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date) -> Iterator[Matter]:
    """Hazards whose rectification was late by `days` on these days for the first time in each stretch of it."""
    days, level = int(parameters["days"]), str(parameters.get("level", ""))
    start = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    lines = (
        HazardTransition.objects.filter(
            area_q(region, "hazard__"),
            Q(hazard__closed_at=None) | Q(hazard__closed_at__gte=start),
            hazard__found_on__lte=until,
        )
        .order_by("hazard_id", "id")
        .values_list("hazard_id", "at", "to_status", "due_on", "level")
    )
    met: list[tuple[int, dt.date, dt.date]] = []
    for hazard, group in groupby(lines.iterator(chunk_size=5000), key=lambda line: line[0]):
        rows = list(group)
        for (_, at, status, due_on, graded), following in zip(rows, [*rows[1:], None], strict=True):
            if status not in RUNNING or due_on is None or (level and graded != level):
                continue
            end = timezone.localdate(following[1]) if following else FOREVER
            day = max(due_on + dt.timedelta(days=days), timezone.localdate(at))
            if day < end and since <= day <= until:
                met.append((hazard, day, due_on))
    yield from _matters(met)


def _matters(met: list[tuple[int, dt.date, dt.date]]) -> Iterator[Matter]:
    columns = (
        "pk", "description", "locality_id", "department_id", "enterprise__name", "enterprise__organization_id",
        "reviewing_organization_id", "found_on",
    )  # fmt: skip
    for position in range(0, len(met), 500):
        part = met[position : position + 500]
        rows = {
            row["pk"]: row
            for row in Hazard.objects.filter(pk__in=[each[0] for each in part]).values(*columns)
        }
        for pk, on, due_on in part:
            row = rows[pk]
            yield Matter(
                f"hazards.hazard:{pk}", on,
                f"{row['enterprise__name']}“{row['description'][:60]}”整改期限 {day_words(due_on)}，逾期 {(on - due_on).days} 天",
                row["locality_id"], reverse("hazards:detail", args=[pk]),
                row["enterprise__organization_id"] or row["reviewing_organization_id"], row["department_id"],
            )  # fmt: skip


def rebound(parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date) -> Iterator[Matter]:
    """Townships in which, in a calendar month, so many percent of the hazards closed came back; judged on its last day."""
    percent, least = int(parameters["percent"]), int(parameters["least"])
    first = since.replace(day=1)
    start = timezone.make_aware(dt.datetime.combine(first, dt.time.min))
    end = timezone.make_aware(dt.datetime.combine(until + dt.timedelta(days=1), dt.time.min))
    rows = (
        HazardTransition.objects.filter(area_q(region, "hazard__"), at__gte=start, at__lt=end)
        .filter(Q(to_status=Status.CLOSED) | Q(move=Move.REOPEN))
        .annotate(month=TruncMonth("at"))
        .order_by()
        .values("hazard__locality", "month")
        .annotate(
            closed=Count("pk", filter=Q(to_status=Status.CLOSED) & ~Q(from_status=Status.CLOSED)),
            back=Count("pk", filter=Q(move=Move.REOPEN)),
        )
        .order_by("month", "hazard__locality")
    )
    met = []
    for row in rows:
        month = timezone.localdate(row["month"])
        last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
        if (
            row["closed"] >= least
            and row["back"] * 100 >= percent * row["closed"]
            and row["back"]
            and since <= last <= until
        ):
            met.append((row["hazard__locality"], last, row["closed"], row["back"]))
    names = dict(Region.objects.filter(pk__in={each[0] for each in met}).values_list("pk", "name"))
    bodies = dict(
        Organization.objects.filter(kind=Organization.Kind.LOCALITY, region__in=names).values_list(
            "region_id", "pk"
        )
    )
    for code, last, closed, back in met:
        words = f"{names[code]} {last.year}年{last.month}月销号 {closed} 条，反弹 {back} 条，反弹率 {back * 100 / closed:.1f}%"
        yield Matter(
            f"accounts.region:{code}",
            last,
            words,
            code,
            f"{reverse('hazards:ledger')}?region={code}",
            bodies.get(code),
        )


def register() -> None:
    levels = (("", "全部"), *Level.choices)
    register_source(
        "hazard.overdue", "隐患逾期未整改", overdue,
        (Parameter("days", "天数", 15, 0, 365), Parameter("level", "等级", "", choices=levels)),
    )  # fmt: skip
    register_source(
        "hazard.rebound", "改后反弹率偏高", rebound,
        (Parameter("percent", "反弹率（%）", 10, 1, 100), Parameter("least", "当月至少销号", 10, 1, 10000)),
    )  # fmt: skip
