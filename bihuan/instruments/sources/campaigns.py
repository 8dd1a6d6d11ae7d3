"""Phases that do not come through their gate, by the bodies whose share is missing (R018)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.scope import place_of
from bihuan.campaigns.models import Assignment, AssignmentTransition, Campaign, Phase, PhaseTransition
from bihuan.campaigns.workflow import AssignmentStatus, PhaseStatus

from . import Matter, Parameter, register_source

DONE = {AssignmentStatus.CONFIRMED, AssignmentStatus.ENDED}


def _status_on(lines: list[tuple[dt.datetime, str, str]], day: dt.date, now: str) -> str:
    """What a record's status was at the end of a day, by its lines (at, from, to); `now` when it never moved."""
    status = lines[0][1] if lines else now
    for at, _, to in lines:
        if timezone.localdate(at) <= day:
            status = to
    return status


def blocked(parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date) -> Iterator[Matter]:
    """Bodies whose share of a phase was not confirmed `days` after its last day, while the phase was not closed."""
    late = dt.timedelta(days=int(parameters["days"]))
    phases = Phase.objects.filter(
        campaign__in=Campaign.objects.filter(region__code__startswith=region),
        ends_on__gte=since - late, ends_on__lte=until - late,
    ).select_related("campaign__region")  # fmt: skip
    for phase in phases.order_by("pk"):
        assert phase.ends_on is not None
        day = phase.ends_on + late
        moves = list(
            PhaseTransition.objects.filter(phase=phase)
            .order_by("pk")
            .values_list("at", "from_status", "to_status")
        )
        if _status_on(moves, day, phase.status) == PhaseStatus.CLOSED:
            continue
        yield from _bodies(phase, day)


def _bodies(phase: Phase, day: dt.date) -> Iterator[Matter]:
    shares = list(
        Assignment.objects.filter(task__phase=phase)
        .filter(Q(task__ended_on=None) | Q(task__ended_on__gt=day))
        .exclude(role=Assignment.Role.SUPPORT)
        .select_related("task", "organization__region")
        .order_by("organization_id", "pk")
    )
    lines: dict[int, list[tuple[dt.datetime, str, str]]] = {}
    for row in AssignmentTransition.objects.filter(assignment__in=shares).order_by("pk"):
        lines.setdefault(row.assignment_id, []).append((row.at, row.from_status, row.to_status))
    owed: dict[int, list[Assignment]] = {}
    for share in shares:
        if _status_on(lines.get(share.pk, []), day, share.status) not in DONE:
            owed.setdefault(share.organization_id, []).append(share)
    url = reverse("campaigns:phase", args=[phase.pk])
    for organization, rows in owed.items():
        body = rows[0].organization
        place = place_of(body.region)
        words = f"{phase.campaign.short_title}“{phase.name}”{phase.ends_on} 结束，{body.short_name}还有 {len(rows)} 项任务未确认完成"
        yield Matter(
            f"campaigns.phase:{phase.pk}@{organization}", day, words,
            place.locality_id or place.county_id or place.city_id, url, organization,
            rows=((f"campaigns.phase:{phase.pk}", words, url),
                  *((f"campaigns.task:{each.task_id}", f"任务“{each.task.heading}”", each.task.get_absolute_url()) for each in rows)),
        )  # fmt: skip


def register() -> None:
    register_source(
        "gate.blocked", "阶段到期关口未过", blocked, (Parameter("days", "到期后天数", 7, 0, 365),)
    )
