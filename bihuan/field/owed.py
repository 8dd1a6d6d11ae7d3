"""What there is to do: one's own duties with the enterprise each is about, and the visits that plans foresee."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef

from bihuan.accounts.models import Organization, User
from bihuan.duties import queries as duties
from bihuan.planning.due import enterprises_of
from bihuan.planning.models import PlannedVisit

from .tables import Group

MOST_DUTIES, MOST_PLANNED = 200, 1000
DAYS_AHEAD = 60


def duties_of(user: User, today: dt.date) -> tuple[Group, int]:
    """The inbox of `user`, soonest first, and how many more there are than a phone carries.

    `enterprise` is whom a duty is about, None where it is about none.
    """
    group = Group(["id", "kind", "title", "due_on", "subject", "organization", "enterprise"])
    rows = duties.inbox(user, on=today)
    inbox = list(rows[:MOST_DUTIES])
    left_out = rows.count() - MOST_DUTIES if len(inbox) == MOST_DUTIES else 0
    about = enterprises_of({duty.subject for duty in inbox})
    for duty in inbox:
        group.rows.append([
            duty.pk, duty.get_kind_display(), duty.title, duty.due_on, duty.subject, duty.organization.short_name,
            about.get(duty.subject),
        ])  # fmt: skip
    return group, left_out


def planned_for(user: User, bodies: list[Organization], today: dt.date) -> Group:
    """Visits planned for the bodies `user` inspects for, the first to end first; `mine`: `user` was drawn or named."""
    group = Group(["id", "enterprise", "kind", "source", "window_from", "window_to", "mine"])
    named = PlannedVisit.inspectors.through._default_manager.filter(plannedvisit=OuterRef("pk"), user=user.pk)
    rows = (
        PlannedVisit.objects.visible_to(user)
        .filter(
            status=PlannedVisit.Status.PLANNED,
            organization__in=[body.pk for body in bodies],
            window_from__lte=today + dt.timedelta(days=DAYS_AHEAD),
        )
        .annotate(mine=Exists(named))
        .order_by("window_to", "id")
    )
    sources = dict(PlannedVisit.Source.choices)
    for pk, enterprise, kind, source, begins, ends, mine in rows.values_list(
        "pk", "enterprise", "kind", "source", "window_from", "window_to", "mine"
    )[:MOST_PLANNED]:
        group.rows.append([pk, enterprise, kind, str(sources.get(source, source)), begins, ends, mine])
    return group
