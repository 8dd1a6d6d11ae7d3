"""The one job that presses what is late: remind, urge, report, escalate (R085, R107; peers ask for repeated levels)."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import record

from .drafting import draft_for
from .ladder import Ladders, Rung
from .models import Duty, DutyStep
from .telling import Staff, Told

log = structlog.get_logger("bihuan.duties")
BATCH = 200
MOST_FAILURES = 20  # so many duties that cannot be pressed mean that something else is broken
UNHELD = "无人承办"


def sweep(now: dt.datetime) -> int:
    """Climb every rung whose day has come and return how many were climbed.

    Each duty is claimed by a conditional update of its `next_step_on`, so two sweeps at once press once, and a
    sweep that dies half-way leaves nothing half-done: the rung and its claim share one transaction. What people are
    told is gathered and said at the end, many matters of one sort in one message. A duty that cannot be pressed does
    not keep the others from it: the first such error is raised once they have had their turn.
    """
    today = timezone.localdate(now)
    ladders, staff, told = Ladders(today), Staff(today), Told(today)
    by = service_user()
    climbed = 0
    last = 0
    failed: list[Exception] = []
    try:
        while len(failed) < MOST_FAILURES:
            due_now = (
                Duty.objects.open()
                .filter(next_step_on__lte=today, paused_since=None, pk__gt=last)
                .select_related("organization", "post", "locality", "county", "city")
                .order_by("pk")[:BATCH]
            )
            batch = list(due_now)
            if not batch:
                break
            for duty in batch:
                try:
                    pressed = _press(duty, ladders, staff, today=today, now=now, by=by)
                except Exception as error:
                    log.exception("duty_not_pressed", duty=duty.pk)
                    failed.append(error)
                    continue
                if pressed is not None:
                    told.add(duty, *pressed)
                    climbed += 1
            last = batch[-1].pk
    finally:
        transaction.on_commit(told.send)
    if failed:
        raise failed[0]
    return climbed


@transaction.atomic
def _press(
    duty: Duty, ladders: Ladders, staff: Staff, *, today: dt.date, now: dt.datetime, by: User
) -> tuple[Rung, list[User]] | None:
    """Climb the rung that is due and return it with whom it reaches; None when there is none or another was faster."""
    following = ladders.next_step_on(duty.ladder, duty.due_on, after=today)
    claimed = (
        Duty.objects.open().filter(pk=duty.pk, next_step_on=duty.next_step_on).update(next_step_on=following)
    )
    if not claimed or duty.due_on is None or duty.next_step_on is None:
        return None
    holders = staff.holders(duty.post) if duty.post else []
    rung = ladders.reached(duty.ladder, duty.due_on, since=duty.next_step_on, on=today, held=bool(holders))
    if rung is None or _is_pressed(duty, rung, today):
        return None
    recipients = _recipients(duty, rung, holders, staff)
    step = DutyStep.objects.create(
        duty=duty,
        instrument=rung.instrument,
        offset_days=rung.offset_days,
        on=today,
        at=now,
        recipients=[f"{user.full_name}（{user.main_post or '无岗位'}）" for user in recipients],
        note="；".join(filter(None, ("" if holders else UNHELD, _missed(duty, rung, today)))),
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
    return rung, recipients


def _is_pressed(duty: Duty, rung: Rung, today: dt.date) -> bool:
    """Whether a person has done by hand today what this rung would do."""
    return DutyStep.objects.filter(
        duty=duty, instrument=rung.instrument, offset_days=rung.offset_days, on=today
    ).exists()


def _missed(duty: Duty, rung: Rung, today: dt.date) -> str:
    """Why a rung is climbed after its day: the duty, or its deadline, came to be later than that."""
    assert duty.due_on is not None
    day = rung.last_day(duty.due_on, today)
    if day is None or day >= today:
        return ""
    began = timezone.localdate(duty.opened_at)
    if day < began:
        late = (began - duty.due_on).days
        return f"产生时{f'已逾期 {late} 天' if late > 0 else '已过这一级的日子'}，直接按已到的最高一级办理"
    moved = duty.formers.exclude(due_on=duty.due_on).order_by("-pk").values_list("until", flat=True).first()
    if moved and day < timezone.localdate(moved):
        return "期限调整后已逾期，直接按已到的最高一级办理"
    return ""


def _recipients(duty: Duty, rung: Rung, holders: list[User], staff: Staff) -> list[User]:
    chosen: dict[int, User] = {}
    for audience in rung.audiences:
        for user in staff.audience(duty, audience, holders):
            chosen.setdefault(user.pk, user)
    return list(chosen.values())
