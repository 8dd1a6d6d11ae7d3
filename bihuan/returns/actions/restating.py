"""Signed figures against the ledger of today: what has changed since is shown as a restatement, never silently."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from ..counting import fill
from ..figures import Figure, ReturnFigures, figures_of
from ..models import Filing, Restatement, Return
from ..workflow import FILED

EVERY = dt.timedelta(hours=20)
AT_ONCE = 40
KEPT_DAYS = 550  # a year and a half back: this year's figures and those they are compared to


@dataclass(frozen=True)
class Difference:
    """A signed figure and what the ledger says of the same period now."""

    figure: Figure
    then: Decimal | None
    now: Decimal | None


def differences(sheet: ReturnFigures) -> list[Difference]:
    """Every counted figure of a signed return that the ledger tells differently today."""
    if sheet.filing is None:
        return []
    now = fill(sheet.filling, rows=sheet.rows).cells
    return [
        Difference(figure, figure.value, now.get(figure.cell))
        for figure in sheet.figures()
        if figure.item.measure and (figure.value or Decimal(0)) != (now.get(figure.cell) or Decimal(0))
    ]


@transaction.atomic
def check_filing(record: Return, filing: Filing, *, at: dt.datetime) -> list[Difference]:
    """Compare one signing with the ledger and keep what differs; what agrees again is settled."""
    found = differences(figures_of(record, filing))
    standing = {each.cell: each for each in filing.restatements.filter(settled_at=None)}
    for each in found:
        known = standing.pop(each.figure.cell, None)
        if known is None:
            label = f"{each.figure.row.label} {each.figure.item.label}".strip()[:160]
            Restatement.objects.create(
                filing=filing, cell=each.figure.cell, label=label, then=each.then, now=each.now, seen_at=at, checked_at=at
            )  # fmt: skip
        else:
            Restatement.objects.filter(pk=known.pk).update(now=each.now, checked_at=at)
    Restatement.objects.filter(pk__in=[each.pk for each in standing.values()]).update(
        settled_at=at, checked_at=at
    )
    Return.objects.filter(pk=record.pk, current=filing).update(is_restated=bool(found), checked_at=at)
    return found


def check_due(now: dt.datetime, *, limit: int = AT_ONCE) -> int:
    """Compare the returns that were not compared for longest: a round of the worker. Returns how many."""
    due = (
        Return.objects.filter(
            status__in=list(FILED), checked_at__lt=now - EVERY,
            current__received_from="",  # what was signed in another installation is held against the ledger there
            due_on__gte=timezone.localdate(now) - dt.timedelta(days=KEPT_DAYS),
        )
        .select_related("period__version", "period__definition__campaign", "organization__region", "current")
        .order_by("checked_at")[:limit]
    )  # fmt: skip
    checked = 0
    for record in due:
        if record.current is not None:
            check_filing(record, record.current, at=now)
            checked += 1
    return checked
