"""Pressing by hand: who in one's area is late with how much, and one press for all of it (R085, R107)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import holders_of, leaders_of
from bihuan.accounts.scope import area_q, areas_q, scope_of
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .models import Duty, DutyQuerySet, DutyStep, LadderStep

AT_ONCE = 500
URGE = LadderStep.Instrument.URGE


@dataclass(frozen=True)
class LateBody:
    """An organization with what it is late with; `pressed` of it by hand or ladder today."""

    organization_id: int
    name: str
    late: int
    unheld: int
    longest: int
    pressed: int


def late_in_area(user: User, *, on: dt.date, region: str = "") -> DutyQuerySet:
    """What is owed late and in view, within `region` if given."""
    late = Duty.objects.visible_to(user).overdue(on=on)
    return late.filter(area_q(region)) if region else late


def today_in_area(user: User, *, on: dt.date, region: str = "") -> DutyQuerySet:
    """What falls due on this day in view, within `region` if given."""
    due = Duty.objects.visible_to(user).open().filter(due_on=on)
    return due.filter(area_q(region)) if region else due


def late_bodies(user: User, *, on: dt.date, region: str = "", limit: int = 0) -> list[LateBody]:
    """Who is late, those with most first; one query whatever the number."""
    rows = (
        late_in_area(user, on=on, region=region)
        .values("organization", "organization__short_name")
        .annotate(
            late=Count("pk", distinct=True),
            unheld=Count("pk", filter=Q(post=None), distinct=True),
            first=Min("due_on"),
            pressed=Count("pk", filter=Q(steps__on=on, steps__instrument=URGE), distinct=True),
        )
        .order_by("-late", "first", "organization")
    )
    return [
        LateBody(
            row["organization"], row["organization__short_name"], row["late"], row["unheld"],
            (on - row["first"]).days, row["pressed"],
        )
        for row in (rows[:limit] if limit else rows)
    ]  # fmt: skip


@transaction.atomic
def press(organization: Organization, *, note: str = "", by: User) -> int:
    """Urge everything an organization is late with in the areas `by` assigns in; what was urged today is left alone.

    Returns how many duties were urged. Its holders hear of it in one message each, its leaders too. Raises
    PermissionDenied, Refused when nothing is left to urge or it is more than a person can mean at once.
    """
    areas = scope_of(by, Permission.ASSIGN_DUTY).areas
    if not areas:
        raise PermissionDenied
    now = timezone.now()
    today = timezone.localdate(now)
    late = list(
        Duty.objects.overdue(on=today)
        .filter(areas_q(areas), organization=organization)
        .exclude(steps__on=today, steps__instrument=URGE)
        .select_related("post")
        .order_by("due_on", "id")[: AT_ONCE + 1]
    )
    if not late:
        raise Refused(f"{organization.short_name}没有今天还未催办的逾期事项")
    if len(late) > AT_ONCE:
        raise Refused(
            f"{organization.short_name}逾期事项超过 {AT_ONCE} 件，请先用督办单整体督办，或按类别逐件处理"
        )
    leaders = leaders_of(organization, today)
    told: dict[int, tuple[User, int]] = {}
    steps = []
    for duty in late:
        holders = holders_of(duty.post, today) if duty.post else []
        recipients = {user.pk: user for user in [*holders, *leaders]}
        for user in recipients.values():
            told[user.pk] = (user, told.get(user.pk, (user, 0))[1] + 1)
        steps.append(_step(duty, list(recipients.values()), note.strip(), now, by))
    DutyStep.objects.bulk_create(steps, ignore_conflicts=True)
    Duty.objects.filter(pk__in=[duty.pk for duty in late]).update(steps_taken=F("steps_taken") + 1)
    record(
        "duties.press", organization, by=by, summary=f"催办{organization.short_name}逾期事项 {len(late)} 件",
        payload={"duties": [duty.pk for duty in late], "note": note.strip()},
    )  # fmt: skip
    transaction.on_commit(
        partial(_tell, organization.short_name, list(told.values()), note.strip(), by.pk, now)
    )
    return len(late)


def _step(duty: Duty, recipients: Sequence[User], note: str, now: dt.datetime, by: User) -> DutyStep:
    today = timezone.localdate(now)
    assert duty.due_on is not None
    return DutyStep(
        duty=duty, instrument=URGE, offset_days=(today - duty.due_on).days, on=today, at=now, by=by,
        recipients=[f"{user.full_name}（{user.main_post or '无岗位'}）" for user in recipients],
        note=note[:200] or ("" if recipients else "无人承办"),
    )  # fmt: skip


def _tell(name: str, told: list[tuple[User, int]], note: str, actor: int, now: dt.datetime) -> None:
    for user, count in told:
        notify(
            [user],
            category=Message.Category.URGE,
            title=f"催办：{name}有 {count} 件事已逾期",
            body=note or "请今天办理，或在事项里说明进展。",
            url="/duties/?state=overdue",
            key=f"press:{actor}:{user.pk}:{now.isoformat()}",
        )
