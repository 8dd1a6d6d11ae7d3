"""What the worker does for papers upward: tells a unit what it ought to ask or report while there is still time."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.accounts.queries import default_post, holders_of
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .models import Submission
from .suggesting import suggestions

AHEAD = dt.timedelta(days=1)
BEHIND = dt.timedelta(days=3)  # what has been late for longer stands on the page and is not told anew
IN_USE = dt.timedelta(days=365)


def remind(now: dt.datetime) -> int:
    """Tell whoever sits in the default post of each body that hands papers up about what falls due by tomorrow or has
    just fallen due, each matter once. Run again it tells nothing new; returns how many were told."""
    today, told = timezone.localdate(now), 0
    using = (
        Submission.objects.filter(drafted_at__gte=now - IN_USE).order_by().values("organization").distinct()
    )
    for body in (
        Organization.objects.current(on=today).filter(pk__in=using).select_related("region").order_by("pk")
    ):
        post = default_post(body)
        people = holders_of(post, today) if post else []
        if not people:
            continue
        for each in suggestions(people[0], body, on=today):
            if not today - BEHIND <= each.due.due_on <= today + AHEAD:
                continue
            words = f"应{each.matter.form_words}：{each.matter.name}，{each.facts.words}"
            key = f"submissions:{body.pk}:{each.matter.key}:{each.facts.subject}"
            new = notify(
                people, category=Message.Category.REMINDER, title=words[:120], url=each.draft_url, key=key
            )
            told += len(new)
    return told
