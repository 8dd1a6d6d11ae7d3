"""How long an enterprise has been in its status, and the going back that follows a stop (R046)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import office_of
from bihuan.core.errors import Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties
from bihuan.duties.models import Duty
from bihuan.rules.lifecycle import next_recheck, recheck_days, recheck_rule

from .models import Enterprise, Recheck, StatusPeriod

GoingBack = tuple[int, dt.date, dict[str, Any]]  # (month, last day, explanation) as the rules give it
ENTERED = "登记时已是这一状态，起始日期以登记日为准"


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
    moved_to: str = "",
) -> StatusPeriod:
    """End the status that was and begin the one the enterprise is in now, with the going back it asks for.

    `before` is empty for a record that begins with this status. Raises Refused when it begins before the one it
    follows.
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
        document=document[:120], reason=reason[:300], moved_to=moved_to[:200], by=by, at=at,
    )  # fmt: skip
    open_rechecks(period, recheck_days(period.status, period.from_on), by=by, on=on)
    return period


def enter_period(enterprise: Enterprise, *, by: User, on: dt.date, at: dt.datetime) -> StatusPeriod:
    """Begin the period of a record that was entered as stopped, moved or closed: since when, nobody has said.

    Nobody is sent to what fell due before today.
    """
    period = StatusPeriod.objects.create(
        enterprise=enterprise, status=enterprise.status, from_on=on, reason=ENTERED, by=by, at=at
    )
    today = timezone.localdate(at)
    days = [each for each in recheck_days(period.status, on) if each[1] >= today]
    if not days and (later := next_recheck(period.status, on, (), today)) is not None:
        days = [later]
    open_rechecks(period, days, by=by, on=today)
    return period


def follow_up(recheck: Recheck, *, by: User) -> None:
    """Open the going back that a finding asks for, unless one is open for as early (防止死灰复燃)."""
    period = recheck.period
    if period.to_on is not None or recheck.done_on is None:
        return
    done = period.rechecks.filter(status=Recheck.Status.DONE).order_by("done_on", "months")
    found = [each.finding == Recheck.Finding.REVIVED for each in done]
    on = recheck.done_on if found and found[-1] else max(recheck.done_on, recheck.due_on)
    later = next_recheck(period.status, period.from_on, found, on)
    if later is None or period.rechecks.filter(months=later[0]).exists():
        return
    open_rechecks(period, [later], by=by, on=timezone.localdate())


def open_rechecks(period: StatusPeriod, days: Sequence[GoingBack], *, by: User, on: dt.date) -> None:
    """Note each going back and give the duty to whoever is near."""
    enterprise = period.enterprise
    body = grassroots_of(enterprise, on=on) if days else None
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
