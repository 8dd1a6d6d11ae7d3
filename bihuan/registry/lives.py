"""Records whose status came without a period: entered as stopped by a table, or changed by one (R046).

A form and a change of status begin their periods themselves. A table of a hundred thousand rows does not stop for it:
the worker looks afterwards, so that whatever is stopped is gone back to however it came into the record.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user

from .models import Enterprise, StatusPeriod
from .periods import cancel_rechecks, enter_period
from .workflow import EnterpriseStatus

PIECE = 200
CHANGED = "状态随导入的表改动"


def settle_lives(now: dt.datetime) -> int:
    """Begin the periods that are missing and end those no longer true; how many records were put right.

    Run twice it changes nothing the second time.
    """
    by, done = service_user(), 0
    for rows in (_stopped_unsaid(), _working_again()):
        last = 0
        while part := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:PIECE]):
            done += sum(_settle(pk, by, now) for pk in part)
            last = part[-1]
    return done


def _stopped_unsaid() -> QuerySet[Enterprise]:
    """What is stopped, moved or closed without a period that says so."""
    current = StatusPeriod.objects.filter(enterprise=OuterRef("pk"), to_on=None, status=OuterRef("status"))
    return Enterprise.objects.filter(~Q(status=EnterpriseStatus.OPERATING), ~Exists(current))


def _working_again() -> QuerySet[Enterprise]:
    """What works, though its period says that it is stopped."""
    stopped = StatusPeriod.objects.filter(to_on=None).exclude(status=EnterpriseStatus.OPERATING)
    return Enterprise.objects.filter(
        pk__in=stopped.filter(enterprise__status=EnterpriseStatus.OPERATING).values("enterprise")
    )


@transaction.atomic
def _settle(pk: int, by: User, now: dt.datetime) -> bool:
    # Read under the lock: somebody may have changed the status properly meanwhile, or merged the record away.
    enterprise = Enterprise.objects.select_for_update().filter(pk=pk).first()
    if enterprise is None:
        return False
    today = timezone.localdate(now)
    current = StatusPeriod.objects.filter(enterprise=enterprise, to_on=None).first()
    if current is not None and current.status == enterprise.status:
        return False
    if current is not None:
        current.to_on = max(current.from_on, today)
        current.save(update_fields=["to_on"])
        cancel_rechecks(current, by=by)
    if enterprise.status == EnterpriseStatus.OPERATING:
        if current is None:
            return False
        StatusPeriod.objects.create(
            enterprise=enterprise, status=enterprise.status, from_on=today, reason=CHANGED, by=by, at=now
        )
        return True
    since = today if current is not None else min(today, timezone.localdate(enterprise.created_at))
    enter_period(enterprise, by=by, on=since, at=now)
    return True
