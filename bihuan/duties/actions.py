"""Opening, finishing, moving and pressing duties. Called by the apps whose records owe something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import holders_of
from bihuan.audit.actions import chain_of, record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.writes import Writes
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .clock import due as derive_due
from .ladder import Ladders
from .models import CalendarDay, CalendarYear, Duty, DutyFormer
from .terms import Terms


class Place(Protocol):
    """Anything that carries the ancestor columns of where it lies."""

    @property
    def city_id(self) -> str: ...
    @property
    def county_id(self) -> str | None: ...
    @property
    def locality_id(self) -> str | None: ...


@dataclass(frozen=True)
class NewDuty:
    """What `open_duties` needs to know of one duty; see `open_duty` for the meaning."""

    kind: str
    subject: models.Model
    title: str
    url: str
    organization: Organization
    place: Place
    post: Post | None = None
    due_on: dt.date | None = None
    clock: dict[str, Any] = field(default_factory=dict)
    ladder: str = "default"


def open_duty(
    *,
    kind: str,
    subject: models.Model,
    title: str,
    url: str,
    organization: Organization,
    place: Place,
    by: User,
    post: Post | None = None,
    clock_rule: str | None = None,
    start: dt.date | None = None,
    due_on: dt.date | None = None,
    clock: dict[str, Any] | None = None,
    ladder: str = "default",
) -> Duty:
    """Put one duty into the inbox of a post (by default the organization's default post) and return it.

    The due date comes from `clock_rule` counted from `start` (today if omitted), or is given with its own `clock`
    explanation when the subject has already derived it. An organization without a default post still owes the
    duty: it is then unheld and shown to the office in red (invariant 8). Raises IllegalMove when the same duty of
    the same organization is already open.
    """
    if clock_rule:
        derived = derive_due(clock_rule, start or timezone.localdate())
        due_on, clock = derived.due_on, derived.explanation
    new = NewDuty(kind, subject, title, url, organization, place, post, due_on, clock or {}, ladder)
    if Duty.objects.open().filter(subject=chain_of(subject), kind=kind, organization=organization).exists():
        raise IllegalMove(f"{organization}已有未办结的“{Duty.Kind(kind).label}”：{title}")
    return open_duties([new], by=by)[0]


@transaction.atomic
def open_duties(new: Sequence[NewDuty], *, by: User) -> list[Duty]:
    """Open many duties at once (publishing a plan opens hundreds); see `open_duty`."""
    now = timezone.now()
    today = timezone.localdate(now)
    ladders = Ladders(today)
    default_posts = {
        post.organization_id: post
        for post in Post.objects.filter(
            organization__in={item.organization.pk for item in new}, is_default=True, is_active=True
        )
    }
    duties = Duty.objects.bulk_create(
        Duty(**_columns(item, item.post or default_posts.get(item.organization.pk), ladders, now, today))
        for item in new
    )
    transaction.on_commit(partial(_tell_holders, [duty.pk for duty in duties], by.pk))
    return duties


def add_duty(
    writes: Writes, new: NewDuty, *, post: Post | None, terms: Terms, at: dt.datetime, today: dt.date
) -> None:
    """Open one duty with the writes of the act that causes it; `post` as the act has read it. See `open_duty`."""
    row = _columns(new, post, terms, at, today)
    writes.insert(Duty, row | {"status": Duty.Status.OPEN, "steps_taken": 0})


def _columns(
    new: NewDuty, post: Post | None, ladders: Ladders | Terms, now: dt.datetime, today: dt.date
) -> dict[str, Any]:
    """The columns of a duty that opens now."""
    return {
        "kind": new.kind,
        "title": new.title[:200],
        "subject": chain_of(new.subject),
        "url": new.url,
        "organization_id": new.organization.pk,
        "post_id": post.pk if post else None,
        "city_id": new.place.city_id,
        "county_id": new.place.county_id,
        "locality_id": new.place.locality_id,
        "opened_at": now,
        "due_on": new.due_on,
        "clock": new.clock,
        "ladder": new.ladder,
        "next_step_on": ladders.first_step_on(new.ladder, new.due_on, on=today, held=post is not None),
    }


def close_duties(
    writes: Writes, subject: models.Model, kind: str, *, by: User, at: dt.datetime, cancelled: bool = False
) -> None:
    """Close the open duties of that kind on `subject` with the writes of the act that settles them."""
    writes.update(
        Duty,
        where={"subject": chain_of(subject), "kind": kind, "status": Duty.Status.OPEN},
        values={
            "status": Duty.Status.CANCELLED if cancelled else Duty.Status.DONE,
            "closed_at": at,
            "closed_by_id": by.pk,
            "next_step_on": None,
        },
    )


def finish_duty(
    subject: models.Model,
    kind: str,
    *,
    by: User,
    cancelled: bool = False,
    organization: Organization | None = None,
) -> int:
    """Close the open duties of that kind on `subject` (of one organization, if given); returns how many there were."""
    open_ones = Duty.objects.open().filter(subject=chain_of(subject), kind=kind)
    if organization:
        open_ones = open_ones.filter(organization=organization)
    return open_ones.update(
        status=Duty.Status.CANCELLED if cancelled else Duty.Status.DONE,
        closed_at=timezone.now(),
        closed_by=by,
        next_step_on=None,
    )


def reschedule_duty(
    subject: models.Model,
    kind: str,
    due_on: dt.date | None,
    clock: dict[str, Any],
    *,
    by: User,
    title: str = "",
) -> int:
    """Give the open duties of that kind a new due date with its explanation, and a new title if what is owed is now
    called otherwise; returns how many there were. Rungs already taken stay taken; a new due date that has passed is
    pressed at once, as if the duty had begun late."""
    today = timezone.localdate()
    ladders = Ladders(today)
    duties = list(Duty.objects.open().filter(subject=chain_of(subject), kind=kind))
    for duty in duties:
        if duty.due_on != due_on:
            _remember(duty)
            duty.next_step_on = ladders.first_step_on(
                duty.ladder, due_on, on=today, held=duty.post_id is not None
            )
        duty.due_on, duty.clock = due_on, clock
        duty.title = title[:200] or duty.title
        duty.save(update_fields=["due_on", "clock", "next_step_on", "title"])
    return len(duties)


@transaction.atomic
def reassign_duty(duty: Duty, post: Post, *, by: User, reason: str) -> None:
    """Move an open duty to another post, with the reason on record (R256).

    Offices may assign within their area, leaders within their own organization. Raises PermissionDenied,
    ReasonRequired, Refused for a disused post, IllegalMove when the duty has been closed meanwhile.
    """
    leads_it = any(own.is_leader and own.organization_id == duty.organization_id for own in by.posts)
    if not (by.has_perm(Permission.ASSIGN_DUTY) or leads_it):
        raise PermissionDenied
    if not Duty.objects.visible_to(by).filter(pk=duty.pk).exists():
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("改派")
    if not post.is_active:
        raise Refused(f"岗位“{post}”已停用，请另选")
    if leads_it and not by.has_perm(Permission.ASSIGN_DUTY) and post.organization_id != duty.organization_id:
        raise Refused("只能改派给本单位的岗位")
    moved = (
        Duty.objects.open()
        .filter(pk=duty.pk, post=duty.post_id)
        .update(post=post, organization=post.organization)
    )
    if not moved:
        raise IllegalMove(f"“{duty.title}”的状态已变化，请刷新后重试")
    before = str(duty.post or "无人承办")
    _remember(duty)
    duty.refresh_from_db()
    record(
        "duties.reassign",
        duty,
        by=by,
        summary=f"改派：{before} → {post}",
        payload={"reason": reason, "post": post.pk},
    )
    transaction.on_commit(partial(_tell_holders, [duty.pk], by.pk))


@transaction.atomic
def declare_day(day: dt.date, *, working: bool, note: str, by: User) -> CalendarDay:
    """Say that a day is worked or not, by a document, over the seeded calendar."""
    if not by.has_perm(Permission.EDIT_CALENDAR):
        raise PermissionDenied
    if not note.strip():
        raise ReasonRequired("调整日历")
    entry, _ = CalendarDay.objects.update_or_create(
        day=day, defaults={"working": working, "note": note, "by": by}
    )
    record(
        "duties.declare_day", entry, by=by, summary=f"{day} 定为{'工作日' if working else '休息日'}：{note}"
    )
    return entry


@transaction.atomic
def publish_year(year: int, *, document: str, by: User) -> CalendarYear:
    """Say that the holiday arrangement of a year has been entered in full."""
    if not by.has_perm(Permission.EDIT_CALENDAR):
        raise PermissionDenied
    if not document.strip():
        raise ReasonRequired("公布年度日历")
    entry, _ = CalendarYear.objects.update_or_create(year=year, defaults={"document": document, "by": by})
    record("duties.publish_year", entry, by=by, summary=f"{year} 年放假安排已录入：{document}")
    return entry


def _remember(duty: Duty) -> None:
    """Keep how a duty stood up to now, before it changes."""
    DutyFormer.objects.create(
        duty=duty,
        due_on=duty.due_on,
        organization_id=duty.organization_id,
        post_id=duty.post_id,
        until=timezone.now(),
    )


def _tell_holders(duty_ids: list[int], actor_id: int) -> None:
    """Tell whoever sits in each chair; one message a person when many duties arrive together."""
    today = timezone.localdate()
    per_person: dict[User, list[Duty]] = {}
    holders: dict[int, list[User]] = {}
    for duty in Duty.objects.filter(pk__in=duty_ids, post__isnull=False).select_related("post"):
        if duty.post is None:
            continue
        if duty.post.pk not in holders:
            holders[duty.post.pk] = holders_of(duty.post, today)
        for user in holders[duty.post.pk]:
            if user.pk != actor_id:
                per_person.setdefault(user, []).append(duty)
    for user, duties in per_person.items():
        first = duties[0]
        if len(duties) == 1:
            body = f"期限 {first.due_on}" if first.due_on else ""
            notify(
                [user], category=Message.Category.DUTY, title=f"新待办：{first.title}"[:120], body=body, url=first.url,
                key=f"duty:{first.pk}:open:{first.post_id}",
            )  # fmt: skip
        else:
            notify(
                [user], category=Message.Category.DUTY, title=f"新增 {len(duties)} 项待办",
                body="、".join(duty.title for duty in duties[:3])[:480], url="/duties/",
                key=f"duties:{first.pk}-{duties[-1].pk}",
            )  # fmt: skip
