"""The one job that presses what is late: remind, urge, report, escalate (R085, R107; peers ask for repeated levels)."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.accounts.queries import default_post, holders_of, leaders_of, office_of, service_user
from bihuan.accounts.scope import Place
from bihuan.audit.actions import record
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .drafting import draft_for
from .ladder import Ladders, Rung
from .models import Duty, DutyStep, LadderStep

_CATEGORY = {
    LadderStep.Instrument.REMIND: Message.Category.REMINDER,
    LadderStep.Instrument.URGE: Message.Category.URGE,
    LadderStep.Instrument.REPORT: Message.Category.ESCALATION,
    LadderStep.Instrument.ESCALATE: Message.Category.ESCALATION,
    LadderStep.Instrument.DRAFT: Message.Category.ESCALATION,
}
BATCH = 200


def sweep(now: dt.datetime) -> int:
    """Climb every rung whose day has come and return how many were climbed.

    Each duty is claimed by a conditional update of its `next_step_on`, so two sweeps at once press once, and a
    sweep that dies half-way leaves nothing half-done: the rung and its claim share one transaction.
    """
    today = timezone.localdate(now)
    ladders = Ladders(today)
    by = service_user()
    climbed = 0
    last = 0
    while True:
        due_now = (
            Duty.objects.open()
            .filter(next_step_on__lte=today, paused_since=None, pk__gt=last)
            .select_related("organization", "post", "locality", "county", "city")
            .order_by("pk")[:BATCH]
        )
        batch = list(due_now)
        if not batch:
            return climbed
        for duty in batch:
            climbed += _press(duty, ladders, today=today, now=now, by=by)
        last = batch[-1].pk


@transaction.atomic
def _press(duty: Duty, ladders: Ladders, *, today: dt.date, now: dt.datetime, by: User) -> bool:
    following = ladders.next_step_on(duty.ladder, duty.due_on, after=today)
    claimed = (
        Duty.objects.open().filter(pk=duty.pk, next_step_on=duty.next_step_on).update(next_step_on=following)
    )
    if not claimed or duty.due_on is None or duty.next_step_on is None:
        return False
    holders = holders_of(duty.post, today) if duty.post else []
    rung = ladders.reached(duty.ladder, duty.due_on, since=duty.next_step_on, on=today, held=bool(holders))
    if rung is None:
        return False
    recipients = _recipients(duty, rung, holders, today)
    step = DutyStep.objects.create(
        duty=duty,
        instrument=rung.instrument,
        offset_days=rung.offset_days,
        on=today,
        at=now,
        recipients=[f"{user.full_name}（{user.main_post or '无岗位'}）" for user in recipients],
        note="" if holders else "无人承办",
        by=by,
    )
    Duty.objects.filter(pk=duty.pk).update(steps_taken=duty.steps_taken + 1)
    if rung.drafts:
        draft_for(duty, rung, step, by=by)
    record(
        f"duties.{rung.instrument}",
        duty,
        by=by,
        summary=f"{rung.label}：{duty.title}",
        payload={"step": step.pk},
    )
    transaction.on_commit(partial(_send, duty.pk, rung, [user.pk for user in recipients], today))
    return True


def _recipients(duty: Duty, rung: Rung, holders: list[User], today: dt.date) -> list[User]:
    chosen: dict[int, User] = {}
    for audience in rung.audiences:
        for user in _audience(duty, audience, holders, today):
            chosen.setdefault(user.pk, user)
    return list(chosen.values())


def _audience(duty: Duty, audience: str, holders: list[User], today: dt.date) -> list[User]:
    match audience:
        case LadderStep.Audience.HOLDER:
            return holders
        case LadderStep.Audience.LEADER:
            return leaders_of(duty.organization, today)
        case LadderStep.Audience.OFFICE:
            return _office_people(_lowest(duty), today)
        case _:
            own = office_of(_lowest(duty))
            parent = (
                Region.objects.filter(pk=own.region_id).values_list("parent_id", flat=True).first()
                if own
                else None
            )
            return _office_people(parent, today) if parent else _office_people(_lowest(duty), today)


def _office_people(region_code: str, today: dt.date) -> list[User]:
    """The default post and the leaders of the nearest office at or above a region."""
    office = office_of(region_code)
    if office is None:
        return []
    post = default_post(office)
    return [*(holders_of(post, today) if post else []), *leaders_of(office, today)]


def _lowest(place: Place | Duty) -> str:
    return place.locality_id or place.county_id or place.city_id


def _send(duty_id: int, rung: Rung, user_ids: list[int], today: dt.date) -> None:
    duty = Duty.objects.select_related("organization").get(pk=duty_id)
    late = (today - duty.due_on).days if duty.due_on else 0
    when = f"已逾期 {late} 天" if late > 0 else ("今天到期" if late == 0 else f"还剩 {-late} 天")
    notify(
        User.objects.filter(pk__in=user_ids),
        category=_CATEGORY[LadderStep.Instrument(rung.instrument)],
        title=f"{rung.label}：{duty.title}"[:120],
        body=f"{duty.organization}，期限 {duty.due_on}，{when}",
        url=duty.url,
        key=f"duty:{duty.pk}:{rung.instrument}:{rung.offset_days}:{today}",
    )
