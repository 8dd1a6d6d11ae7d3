"""What pages ask of items, matters asked and commitments: filters with their words, and counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import Count, Q

from bihuan.accounts.models import User
from bihuan.core.http import row_number

from .models import AskedMatter, ConductMatter, OfficerCommitment, WorkItem
from .models.asked import AskedMatterQuerySet
from .models.commitments import OfficerCommitmentQuerySet
from .models.plans import WorkItemQuerySet
from .workflow import COUNTED, AskedStatus, CommitmentStatus, ItemStatus, Keeping

ITEM_STATES = {
    "open": "进行中",
    "overdue": "逾期未报",
    "to_check": "待核查",
    "finished": "已完成",
    "left": "未完成",
    "carried": "结转事项",
    "dropped": "已取消",
}
ASKED_STATES = {
    "open": "未办结",
    "overdue": "逾期",
    "handed": "转办待接收",
    "bounced": "被退回过",
    "closed": "已告知办结",
}
COMMITMENT_STATES = {"published": "已公开", "judged": "已评定", "broken": "有未兑现", "draft": "起草中"}


def items_of(user: User, chosen: Mapping[str, str], *, on: dt.date) -> WorkItemQuerySet:
    """Items a person may see, by state, month, unit, and whether they are his own posts'."""
    rows = WorkItem.objects.visible_to(user)
    if month := _month(chosen.get("month", "")):
        rows = rows.filter(plan__month=month)
    if unit := chosen.get("unit", ""):
        rows = rows.filter(plan__organization=row_number(unit))
    if cause := chosen.get("cause", ""):
        rows = rows.filter(cause=cause)
    if chosen.get("mine"):
        rows = rows.filter(post__in=[post.pk for post in user.posts])
    match chosen.get("state", ""):
        case "open":
            rows = rows.filter(status=ItemStatus.OPEN)
        case "overdue":
            rows = rows.overdue(on=on)
        case "to_check":
            rows = rows.to_check()
        case "finished":
            rows = rows.filter(status=ItemStatus.FINISHED)
        case "left":
            rows = rows.filter(status=ItemStatus.LEFT)
        case "carried":
            rows = rows.counted().filter(carries__gt=0)
        case "dropped":
            rows = rows.filter(status=ItemStatus.DROPPED)
        case _:
            rows = rows.exclude(status=ItemStatus.DROPPED)
    return rows


def _month(text: str) -> dt.date | None:
    try:
        month = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if 2000 <= month.year <= 2100 else None


def item_totals(rows: WorkItemQuerySet, *, on: dt.date) -> dict[str, int]:
    """How many of each kind, one query."""
    return rows.aggregate(
        all=Count("pk", filter=Q(status__in=COUNTED)),
        finished=Count("pk", filter=Q(status=ItemStatus.FINISHED)),
        left=Count("pk", filter=Q(status=ItemStatus.LEFT)),
        to_check=Count("pk", filter=Q(status__in=[ItemStatus.DONE, ItemStatus.UNFINISHED])),
        overdue=Count("pk", filter=Q(status=ItemStatus.OPEN, due_on__lt=on)),
        carried=Count("pk", filter=Q(status__in=COUNTED, carries__gt=0)),
    )


def asked_of(user: User, chosen: Mapping[str, str], *, on: dt.date) -> AskedMatterQuerySet:
    """Matters a person may see, by state, by unit, and whether his own body has them in hand."""
    rows = AskedMatter.objects.visible_to(user)
    if chosen.get("mine"):
        own = [post.organization_id for post in user.posts]
        rows = rows.filter(
            Q(organization__in=own)
            | Q(handler__in=own, status__in=[AskedStatus.HANDED, AskedStatus.ACCEPTED])
        )
    if unit := chosen.get("unit", ""):
        rows = rows.filter(organization=row_number(unit))
    match chosen.get("state", ""):
        case "open":
            rows = rows.open()
        case "overdue":
            rows = rows.overdue(on=on)
        case "handed":
            rows = rows.filter(status=AskedStatus.HANDED)
        case "bounced":
            rows = rows.filter(bounces__gt=0)
        case "closed":
            rows = rows.filter(status=AskedStatus.CLOSED)
    return rows


def asked_totals(rows: AskedMatterQuerySet, *, on: dt.date) -> dict[str, int]:
    """How many of each kind, one query."""
    return rows.aggregate(
        all=Count("pk"),
        open=Count("pk", filter=~Q(status=AskedStatus.CLOSED)),
        handed=Count("pk", filter=Q(status=AskedStatus.HANDED)),
        overdue=Count("pk", filter=~Q(status=AskedStatus.CLOSED) & Q(due_on__lt=on)),
        bounced=Count("pk", filter=Q(bounces__gt=0)),
    )


def commitments_of(user: User, chosen: Mapping[str, str]) -> OfficerCommitmentQuerySet:
    """Commitments a person may see, by state."""
    rows = OfficerCommitment.objects.visible_to(user)
    match chosen.get("state", ""):
        case "published" | "judged" | "draft" as state:
            rows = rows.filter(status=state)
        case "broken":
            rows = rows.filter(lines__keeping=Keeping.BROKEN).distinct()
        case _:
            rows = rows.exclude(status=CommitmentStatus.WITHDRAWN)
    return rows


def conduct_totals(user: User, *, on: dt.date) -> dict[str, int]:
    """How many matters of each kind a person may see, one query."""
    return ConductMatter.objects.visible_to(user).aggregate(
        all=Count("pk"),
        open=Count("pk", filter=Q(status__in=["clue", "inquiring", "served"])),
        overdue=Count("pk", filter=Q(status__in=["clue", "inquiring", "served"], due_on__lt=on)),
        handled=Count("pk", filter=Q(status="handled")),
        cleared=Count("pk", filter=Q(status__in=["cleared", "dismissed"])),
    )
