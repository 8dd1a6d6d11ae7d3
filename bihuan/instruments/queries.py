"""Reading supervision papers: the register with its filters, counts that open, one's own papers to answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number

from .models import (
    Instrument,
    InstrumentMatter,
    InstrumentQuerySet,
    InstrumentRecipient,
    RecipientQuerySet,
    Trigger,
)
from .models.instruments import bodies_of
from .types import labels
from .workflow import DRAFTS, UNSETTLED, CommitmentStatus, Origin, RecipientStatus, Status

STATES = {
    "drafts": "待印发",
    "tocheck": "等您核对的草稿",
    "open": "办理中",
    "late": "逾期未签收或未回复",
    "unreceived": "待签收",
    "review": "回复待审",
    "commitments": "承诺整改中",
    "ended": "已了结",
}


def listed(user: User, filters: Mapping[str, str], *, on: dt.date) -> InstrumentQuerySet:
    """The papers a person may see, narrowed by kind, status, state, origin, recipient, year, trigger and words."""
    rows = Instrument.objects.visible_to(user)
    if filters.get("kind") in labels():
        rows = rows.filter(kind=filters["kind"])
    if filters.get("status") in Status.values:
        rows = rows.filter(status=filters["status"])
    if filters.get("origin") in Origin.values:
        rows = rows.filter(origin=filters["origin"])
    if filters.get("state") == "tocheck":
        rows = rows.filter(pk__in=drafts_to_check(user).order_by().values("pk"))
    rows = _in_state(rows, filters.get("state", ""), on)
    if pk := row_number(filters.get("to", "")):
        rows = rows.filter(recipients__organization=pk)
    if pk := row_number(filters.get("trigger", "")):
        rows = rows.filter(Exists(Trigger.objects.filter(firings__instrument=OuterRef("pk"), pk=pk)))
    year = row_number(filters.get("year", ""))
    if 2000 <= year <= 2100:
        rows = rows.filter(Q(issued_on__year=year) | Q(issued_on=None, drafted_at__year=year))
    if words := filters.get("q", "").strip()[:60]:
        rows = rows.filter(Q(title__contains=words) | Q(paper__number__contains=words))
    return rows


def _in_state(rows: InstrumentQuerySet, state: str, on: dt.date) -> InstrumentQuerySet:
    of_it = InstrumentRecipient.objects.filter(instrument=OuterRef("pk"))
    match state:
        case "drafts":
            return rows.drafts()
        case "open":
            return rows.filter(status=Status.ISSUED)
        case "late":
            return rows.filter(Exists(of_it.late(on=on)))
        case "unreceived":
            return rows.filter(Exists(of_it.filter(status=RecipientStatus.SERVING)), status=Status.ISSUED)
        case "review":
            return rows.filter(Exists(of_it.filter(status=RecipientStatus.REPLIED)), status=Status.ISSUED)
        case "commitments":
            return rows.filter(Exists(of_it.filter(status=RecipientStatus.COMMITTED)), status=Status.ISSUED)
        case "ended":
            return rows.filter(status__in=[Status.CLOSED, Status.LIFTED, Status.WITHDRAWN, Status.DISCARDED])
        case _:
            return rows


@dataclass(frozen=True)
class Tile:
    """One figure over the register; it opens its rows."""

    label: str
    count: int
    url: str
    tone: str = ""


def tiles(user: User, *, on: dt.date) -> list[Tile]:
    """How the papers one may see stand, in one query a figure at most."""
    rows = Instrument.objects.visible_to(user)
    found = []
    for state in ("drafts", "open", "unreceived", "late", "review", "commitments"):
        count = _in_state(rows, state, on).count()
        url = f"{reverse('instruments:list')}?{urlencode({'state': state})}"
        found.append(Tile(STATES[state], count, url, "red" if state == "late" and count else ""))
    return found


def mine(user: User, *, state: str = "") -> RecipientQuerySet:
    """What was sent to the bodies one works for: those to be answered first, or the settled ones."""
    rows = InstrumentRecipient.objects.of(user).select_related(
        "instrument__paper", "instrument__organization", "organization"
    )
    if state == "settled":
        return rows.exclude(status__in=UNSETTLED)
    return rows.filter(status__in=UNSETTLED, instrument__status=Status.ISSUED)


def to_answer(user: User) -> int:
    """How many papers wait for the receipt, the reply or the promise of one's own body."""
    owed = Q(status__in=[RecipientStatus.SERVING, RecipientStatus.RECEIVED]) | Q(
        commitments__status=CommitmentStatus.OPEN
    )
    rows = InstrumentRecipient.objects.of(user).filter(owed, instrument__status=Status.ISSUED)
    return rows.distinct().count()


def drafts_to_sign(user: User) -> InstrumentQuerySet:
    """What waits for one's signature."""
    bodies = bodies_of(user, Permission.SIGN_INSTRUMENT)
    return Instrument.objects.filter(status=Status.SIGNING, organization__in=bodies).order_by("id")


def drafts_to_check(user: User) -> InstrumentQuerySet:
    """Drafts of one's body that wait to be looked at: those of the system, and those of colleagues."""
    bodies = bodies_of(user, Permission.DRAFT_INSTRUMENT)
    return Instrument.objects.filter(
        Q(status=Status.CHECKING) & ~Q(drafted_by=user) | Q(status=Status.DRAFT, drafted_by__is_service=True),
        organization__in=bodies,
    ).order_by("id")


def counts_of(papers: list[Instrument], *, on: dt.date) -> dict[int, Any]:
    """{paper: how many recipients, how many settled, received, late}, in one query for a page."""
    late = InstrumentRecipient.objects.late(on=on).filter(pk=OuterRef("pk"))
    rows = (
        InstrumentRecipient.objects.filter(instrument__in=[each.pk for each in papers])
        .order_by()
        .values("instrument")
        .annotate(
            total=Count("pk"),
            settled=Count("pk", filter=~Q(status__in=[*UNSETTLED, RecipientStatus.PENDING])),
            received=Count("pk", filter=Q(received_at__isnull=False)),
            late=Count("pk", filter=Exists(late)),
        )
    )
    return {row["instrument"]: row for row in rows}


def about(subjects: list[str], user: User) -> InstrumentQuerySet:
    """The papers one may see about any of these records, newest first."""
    matters = InstrumentMatter.objects.filter(instrument=OuterRef("pk"), subject__in=subjects)
    seen = Instrument.objects.visible_to(user).filter(Exists(matters)).exclude(status=Status.DISCARDED)
    return seen.select_related("paper").order_by("-id")


__all__ = [
    "DRAFTS", "STATES", "Tile", "about", "counts_of", "drafts_to_check", "drafts_to_sign", "listed", "mine", "tiles",
    "to_answer",
]  # fmt: skip
