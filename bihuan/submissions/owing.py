"""What a unit owes by the list of important matters: a duty with its clock from the event on, until the paper is handed in, or
somebody decides with a reason that none is needed, or the record no longer falls under the list (R113, R256)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import default_post, holders_of, service_user
from bihuan.accounts.scope import place_of
from bihuan.core.errors import IllegalMove
from bihuan.duties.actions import open_duty
from bihuan.duties.models import Duty

from .models import Submission
from .settling import KIND, settle_matter
from .sources import record_of, still_applies
from .suggesting import Suggestion, owed
from .workflow import DRAFTS

# What was late for longer when a unit began to use the list stands on its page only; it is not owed.
BEHIND = dt.timedelta(days=3)
IN_USE = dt.timedelta(days=365)


def open_matters(now: dt.datetime) -> int:
    """Open what every unit that hands papers up owes by the list, and drop what no longer falls under it; run again it does
    nothing. Returns how many were opened or dropped."""
    today, changed = timezone.localdate(now), 0
    using = Submission.objects.filter(drafted_at__gte=now - IN_USE).order_by().values("organization")
    owing = Duty.objects.open().filter(kind=KIND).order_by().values("organization")
    bodies = Organization.objects.current(on=today).filter(Q(pk__in=using) | Q(pk__in=owing))
    for body in bodies.select_related("region").order_by("pk"):
        reader = _reader(body, today)
        if reader is not None:
            changed += _open(body, reader, today) + _drop(body, reader, today)
    return changed


def _open(body: Organization, reader: User, today: dt.date) -> int:
    """Owe what falls under the list. What was owed before and is not reported after all is owed anew however late."""
    known = dict(
        Duty.objects.filter(kind=KIND, organization=body).order_by("pk").values_list("subject", "status")
    )
    opened = 0
    for each in owed(reader, body, on=today):
        before = known.get(each.facts.subject)
        if before == Duty.Status.OPEN or (before is None and each.due.due_on < today - BEHIND):
            continue
        try:
            with transaction.atomic():
                _owe(each, body)
        except IllegalMove:
            continue
        opened += 1
    return opened


def _owe(each: Suggestion, body: Organization) -> None:
    record = record_of(each.facts.subject)
    if record is None:
        return
    open_duty(
        kind=KIND, subject=record, title=f"应{each.matter.form_words}：{each.matter.name}，{each.facts.words}",
        url=each.draft_url, organization=body, place=place_of(body.region), due_on=each.due.due_on,
        clock=each.due.explanation, by=service_user(),
    )  # fmt: skip


def _drop(body: Organization, reader: User, today: dt.date) -> int:
    """Nothing is owed any more about a hazard that was listed or put right meanwhile, an extension that was decided …"""
    dropped = 0
    for duty in Duty.objects.open().filter(kind=KIND, organization=body):
        if still_applies(duty.subject, reader, body) or _is_drafted(body, duty.subject):
            continue
        dropped += settle_matter(body, duty.subject, by=service_user(), cancelled=True)
    return dropped


def _is_drafted(body: Organization, subject: str) -> bool:
    return Submission.objects.filter(organization=body, subject=subject, status__in=DRAFTS).exists()


def _reader(body: Organization, today: dt.date) -> User | None:
    """Somebody of the body, with whose eyes its ledger is read; the duty is the default post's, whoever sits there."""
    first = default_post(body)
    posts = [*([first] if first else []), *body.posts.filter(is_active=True).order_by("pk")]
    return next((people[0] for post in posts if (people := holders_of(post, today))), None)
