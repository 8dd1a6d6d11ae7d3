"""Visits from above as lists and figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum
from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.audit.actions import chain_of
from bihuan.papers.models import Paper

from ..models import OversightFinding, Reception, ReceptionLine
from ..models.findings import FindingQuerySet
from ..models.receptions import short
from ..workflow import LineStatus, ReceptionStatus


@dataclass(frozen=True)
class Row:
    """One visit of the list with its counts."""

    reception: Reception
    lines: int
    ready: int
    findings: int
    open: int
    findings_url: str


def figures(rows: Sequence[Reception], user: User, *, on: dt.date) -> list[Row]:
    """The counts of the visits of a page, in two queries."""
    keys = [each.pk for each in rows]
    lines: dict[int, dict[str, Any]] = {
        row["reception"]: dict(row)
        for row in ReceptionLine.objects.filter(reception__in=keys)
        .counted()
        .order_by()
        .values("reception")
        .annotate(total=Count("pk"), ready=Count("pk", filter=Q(status=LineStatus.READY)))
    }
    seen = OversightFinding.objects.visible_to(user).filter(reception__in=keys).live()
    total = {row["reception"]: row["n"] for row in _grouped(seen)}
    left = {row["reception"]: row["n"] for row in _grouped(seen.unfinished())}
    return [
        Row(
            each, lines.get(each.pk, {}).get("total", 0), lines.get(each.pk, {}).get("ready", 0),
            total.get(each.pk, 0), left.get(each.pk, 0), findings_url(each),
        )
        for each in rows
    ]  # fmt: skip


def _grouped(rows: FindingQuerySet) -> Any:
    return rows.order_by().values("reception").annotate(n=Count("pk", distinct=True))


def findings_url(reception: Reception, **more: str) -> str:
    """The list of what a visit told."""
    return f"{reverse('oversight:findings')}?{urlencode({'reception': reception.pk, **more})}"


def finding_counts(rows: FindingQuerySet, *, on: dt.date) -> dict[str, int]:
    """Told, closed, unfinished, overdue."""
    return {
        "found": rows.count(),
        "closed": rows.closed().count(),
        "open": rows.unfinished().count(),
        "overdue": rows.overdue(on=on).count(),
    }


def sections(reception: Reception) -> list[tuple[str, list[ReceptionLine], str, str]]:
    """The list by section: its lines, the points it is worth, the points it lost."""
    found: dict[str, list[ReceptionLine]] = {}
    for each in reception.lines.select_related("organization", "prepared_by").order_by("position"):
        found.setdefault(each.section or "检查内容", []).append(each)
    return [
        (
            name, members, _total(each.points for each in members if each.status != LineStatus.DROPPED),
            _total(each.lost for each in members),
        )
        for name, members in found.items()
    ]  # fmt: skip


def _total(values: Any) -> str:
    known = [each for each in values if each is not None]
    total = sum(known, Decimal(0))
    return short(total) if total else ""


def standing(reception: Reception) -> dict[str, Any]:
    """How far the preparation is, and what was lost."""
    rows = reception.lines.counted()
    counted = rows.aggregate(
        total=Count("pk"),
        open=Count("pk", filter=Q(status=LineStatus.OPEN)),
        owed=Count("pk", filter=Q(status=LineStatus.OWED)),
        handed=Count("pk", filter=Q(status=LineStatus.HANDED)),
        ready=Count("pk", filter=Q(status=LineStatus.READY)),
        lost_points=Sum("lost"),
        hurt=Count("pk", filter=Q(lost__gt=0)),
    )
    lost = counted["lost_points"]
    counted["lost_words"] = short(lost) if lost is not None else ""
    return counted


def owed_lines(user: User) -> list[ReceptionLine]:
    """What one's own bodies still have to prepare."""
    if not user.is_active:
        return []
    bodies = {
        post.organization_id
        for post in user.posts
        if Permission.REPLY_INSTRUMENT in ROLES[post.role].permissions
    }
    rows = ReceptionLine.objects.filter(
        organization__in=bodies, status=LineStatus.OWED,
        reception__status__in=[ReceptionStatus.PREPARING, ReceptionStatus.VISITING],
    )  # fmt: skip
    return list(rows.select_related("reception").order_by("due_on", "position")[:50])


def papers_of(reception: Reception, user: User) -> list[Paper]:
    """The editions of the report, newest first, as far as the person may read them."""
    rows = Paper.objects.visible_to(user).filter(
        subject=chain_of(reception), kind=Paper.Kind.RECEPTION_REPORT
    )
    return list(rows.order_by("-issued_at")[:10])
