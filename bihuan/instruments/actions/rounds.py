"""What the worker does for supervision papers: fires triggers, escalates the late, closes what has done its work."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.queries import service_user
from bihuan.core.errors import IllegalMove

from ..models import Instrument
from ..subjects import settled_among
from ..workflow import DRAFTS, UNSETTLED, Closing, Origin, Status
from .closing import close_if_done
from .drafting import discard_draft
from .escalating import escalate_late
from .triggering import run_triggers

PRESSED = ("duties.duty:", "hazards.hazard:")


def supervise(now: dt.datetime) -> int:
    """One round; returns how much was done. The worker calls it every ten minutes; run again it does nothing."""
    today = timezone.localdate(now)
    return run_triggers(now) + escalate_late(today) + close_settled() + discard_settled()


def close_settled() -> int:
    """Close the papers whose replies are accepted and whose matters have been settled meanwhile."""
    waiting = (
        Instrument.objects.filter(status=Status.ISSUED, terms__closing=Closing.SUBJECTS)
        .exclude(recipients__status__in=UNSETTLED)
        .select_related("organization")
    )
    by, closed = service_user(), 0
    for instrument in waiting:
        try:
            with transaction.atomic():
                closed += close_if_done(instrument, by=by)
        except IllegalMove:  # somebody has just done it
            continue
    return closed


def discard_settled() -> int:
    """The way back before anybody signed: a draft of the system whose every matter is settled is given up."""
    drafts = Instrument.objects.filter(
        status__in=DRAFTS, origin__in=[Origin.TRIGGER, Origin.LADDER], matters__isnull=False
    ).distinct()
    by, given_up = service_user(), 0
    for draft in drafts.prefetch_related("matters"):
        chains = [each.subject for each in draft.matters.all()]
        if not all(chain.startswith(PRESSED) for chain in chains) or set(chains) - settled_among(chains):
            continue
        try:
            discard_draft(draft, reason="所列事项都已办结，不再发文", by=by)
        except IllegalMove:
            continue
        given_up += 1
    return given_up
