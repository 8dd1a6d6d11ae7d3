"""How long an enterprise has been in its status, and the going back that follows a stop (R046)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import office_of
from bihuan.core.errors import Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties
from bihuan.duties.models import Duty
from bihuan.rules.lifecycle import recheck_days, recheck_rule

from .models import Enterprise, Recheck, StatusPeriod


def grassroots_of(enterprise: Enterprise, *, on: dt.date) -> Organization | None:
    """Who goes there: the locality's own body, else the department in charge, else the nearest office."""
    local = Organization.objects.current(on=on).filter(
        Q(kind=Organization.Kind.LOCALITY), region_id=enterprise.locality_id
    )
    return local.order_by("id").first() or enterprise.department or office_of(enterprise.locality_id, on=on)


def needs_acceptance(status: str) -> bool:
    """Whether a place in that status may work again only after somebody has looked."""
    rule = recheck_rule(status, timezone.localdate())
    return rule is not None and rule.acceptance


def begin_period(
    enterprise: Enterprise,
    *,
    before: str,
    by: User,
    reason: str,
    on: dt.date,
    document: str,
    expected_until: dt.date | None,
    at: dt.datetime,
) -> StatusPeriod:
    """End the status that was and begin the one the enterprise is in now, with the going back it asks for.

    Raises Refused when it begins before the one it follows.
    """
    current = StatusPeriod.objects.filter(enterprise=enterprise, to_on=None).first()
    if current is not None:
        if on < current.from_on:
            raise Refused(f"日期早于“{current.get_status_display()}”的起始日{current.from_on}，请核对")
        current.to_on = on
        current.save(update_fields=["to_on"])
        cancel_rechecks(current, by=by)
    elif before:
        # What came before the first dated change is known as a word only.
        began = min(on, timezone.localdate(enterprise.created_at))
        StatusPeriod.objects.create(
            enterprise=enterprise,
            status=before,
            from_on=began,
            to_on=on,
            reason="底册原登记状态",
            by=by,
            at=at,
        )
    period = StatusPeriod.objects.create(
        enterprise=enterprise, status=enterprise.status, from_on=on, expected_until=expected_until,
        document=document[:120], reason=reason[:300], by=by, at=at,
    )  # fmt: skip
    _open_rechecks(period, by=by, on=on)
    return period


def _open_rechecks(period: StatusPeriod, *, by: User, on: dt.date) -> None:
    days = recheck_days(period.status, period.from_on)
    enterprise = period.enterprise
    body = grassroots_of(enterprise, on=on)
    duties = []
    for month, due_on, clock in days:
        recheck = Recheck.objects.create(enterprise=enterprise, period=period, months=month, due_on=due_on)
        if body is not None:
            title = f"复核“{enterprise}”{period.get_status_display()}情况（第{month}个月）"
            url = recheck.get_absolute_url()
            duties.append(
                NewDuty(Duty.Kind.RECHECK, recheck, title, url, body, enterprise, due_on=due_on, clock=clock)
            )
    if duties:
        open_duties(duties, by=by)


def cancel_rechecks(period: StatusPeriod, *, by: User) -> None:
    """Nobody need go back any more: the place is in another status."""
    for recheck in period.rechecks.open():
        recheck.status = Recheck.Status.CANCELLED
        recheck.save(update_fields=["status"])
        finish_duty(recheck, Duty.Kind.RECHECK, by=by, cancelled=True)
