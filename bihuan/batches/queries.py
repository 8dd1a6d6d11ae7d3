"""What pages ask about batches: how far they are, and what has been paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from bihuan.accounts.models import User
from bihuan.core.http import row_number

from .models import Batch, BatchObject, BatchObjectQuerySet, Subsidy, SubsidyQuerySet
from .workflow import RUNNING, ObjectStatus, SubsidyStatus

STATES = {"overdue": "逾期未完成", **dict(ObjectStatus.choices)}


@dataclass(frozen=True)
class Standing:
    """How a batch stands, over what the person may see."""

    total: int = 0
    listed: int = 0
    running: int = 0
    applied: int = 0
    accepted: int = 0
    transferred: int = 0
    overdue: int = 0


def standing_of(members: BatchObjectQuerySet, *, on: dt.date) -> Standing:
    """The figures of a set of objects, in one query."""
    row = members.exclude(status=ObjectStatus.REMOVED).aggregate(
        total=Count("pk"),
        listed=Count("pk", filter=Q(status=ObjectStatus.LISTED)),
        running=Count("pk", filter=Q(status__in=RUNNING)),
        applied=Count("pk", filter=Q(status=ObjectStatus.APPLIED)),
        accepted=Count("pk", filter=Q(status=ObjectStatus.ACCEPTED)),
        transferred=Count("pk", filter=Q(status=ObjectStatus.TRANSFERRED)),
        overdue=Count("pk", filter=Q(status__in=RUNNING, due_on__lt=on)),
    )
    return Standing(**row)


def members_of(batch: Batch, user: User, *, state: str = "", on: dt.date) -> BatchObjectQuerySet:
    """The objects of a batch a person may see, those in one state if given."""
    rows = BatchObject.objects.visible_to(user).filter(batch=batch)
    if state == "overdue":
        return rows.overdue(on=on)
    if state in ObjectStatus.values:
        return rows.filter(status=state)
    return rows.exclude(status=ObjectStatus.REMOVED)


def subsidies(user: User, filters: Mapping[str, str]) -> SubsidyQuerySet:
    """Subsidies a person may see, narrowed by campaign, batch and status."""
    rows = Subsidy.objects.visible_to(user)
    if pk := row_number(filters.get("campaign", "")):
        rows = rows.filter(member__campaign=pk)
    if pk := row_number(filters.get("batch", "")):
        rows = rows.filter(member__batch=pk)
    if filters.get("status") in SubsidyStatus.values:
        rows = rows.filter(status=filters["status"])
    return rows


def sums(rows: SubsidyQuerySet) -> list[tuple[str, str, int, Decimal]]:
    """(status, label, how many, yuan) for every status, zeros included."""
    found = {
        row["status"]: row
        for row in rows.order_by().values("status").annotate(count=Count("pk"), yuan=Sum("amount"))
    }
    return [
        (
            value,
            label,
            found[value]["count"] if value in found else 0,
            found[value]["yuan"] if value in found else Decimal(0),
        )
        for value, label in SubsidyStatus.choices
    ]
