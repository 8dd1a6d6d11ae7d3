"""Reading bulletins: the list, the periods that wait for one."""

from __future__ import annotations

import datetime as dt

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission

from ..models import Bulletin, Period
from ..standing import offices_of
from .workflow import STANDING

WAITING = 6


def waiting_periods(user: User, *, today: dt.date) -> list[Period]:
    """The latest periods that are over and have no bulletin yet, of the bodies the person drafts for."""
    offices = offices_of(user, Permission.RECEIVE_RETURNS)
    if not offices:
        return []
    written = Bulletin.objects.filter(status__in=sorted(STANDING)).values("period")
    periods = Period.objects.filter(definition__organization__in=offices, last__lt=today).exclude(
        pk__in=written
    )
    return list(periods.select_related("definition").order_by("-last", "-id")[:WAITING])
