"""What a meeting decides: written while minutes are drafted, owed when they are issued, confirmed or sent back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import default_post, holders_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .. import owing
from ..models import (
    Meeting,
    Resolution,
    ResolutionProgress,
    ResolutionShare,
    ResolutionTransition,
)
from ..standing import may_move_resolution, runs, working_for
from ..workflow import (
    RESOLUTION_RULES,
    UNFINISHED,
    MeetingStatus,
    ResolutionMove,
    ResolutionStatus,
)

WRITABLE = [MeetingStatus.HELD]
LONGEST = 730


def deadline(start: dt.date, wanted: dt.date | None) -> tuple[dt.date, dict[str, Any]]:
    """By when a resolution is to be done: the day the meeting named, or the clock. Raises Refused."""
    if wanted is None:
        derived = clock.due("meeting.resolution", start)
        return derived.due_on, derived.explanation
    if not start <= wanted <= start + dt.timedelta(days=LONGEST):
        raise Refused(f"办结期限应在会议日期 {start} 之后，请核对")
    return wanted, {"summary": f"会议议定的办结期限 {wanted}", "source": ""}


@transaction.atomic
def add_resolution(
    meeting: Meeting,
    *,
    text: str,
    lead: Organization,
    support: Sequence[Organization] = (),
    due_on: dt.date | None = None,
    by: User,
) -> Resolution:
    """Write one thing the meeting decided; owed once the minutes are out. Raises PermissionDenied, Refused, IllegalMove."""
    if not runs(by, meeting):
        raise PermissionDenied
    if not Meeting.objects.select_for_update().filter(pk=meeting.pk, status__in=WRITABLE).exists():
        raise IllegalMove("纪要送审以后不能再加议定事项；请先退回修改")
    if not text.strip():
        raise Refused("请写明议定什么")
    others = [each for each in dict.fromkeys(support) if each.pk != lead.pk]
    due, told = deadline(timezone.localdate(meeting.held_at), due_on)
    last = meeting.resolutions.aggregate(last=Max("position"))["last"] or 0
    row = Resolution.objects.create(
        meeting=meeting, position=last + 1, text=text.strip()[:500], lead=lead, city_id=meeting.city_id,
        county_id=meeting.county_id, locality_id=meeting.locality_id, due_on=due, clock=told,
    )  # fmt: skip
    ResolutionShare.objects.bulk_create(ResolutionShare(resolution=row, organization=each) for each in others)
    write_line(
        row, ResolutionMove.CREATE, ResolutionTransition, seen="", by=by, act="oversight.create_resolution"
    )
    return row


@transaction.atomic
def remove_resolution(resolution: Resolution, *, by: User) -> None:
    """Take back what was written wrongly, before the minutes are sent; it stays on record and is never printed.

    Raises PermissionDenied, IllegalMove.
    """
    if resolution.meeting.status not in WRITABLE:
        raise IllegalMove("纪要已送审，议定事项不能再删")
    _move(resolution, ResolutionMove.DROP, by=by)


def open_resolutions(meeting: Meeting, *, by: User) -> None:
    """The minutes are out: every resolution is owed. Runs in the transaction that issues them."""
    for row in meeting.resolutions.filter(status=ResolutionStatus.DRAFT).select_related("lead"):
        step(
            row, ResolutionMove.OPEN, RESOLUTION_RULES[ResolutionMove.OPEN], ResolutionTransition, by=by,
            act="oversight.open_resolution",
        )  # fmt: skip
        owing.owe_resolution(row, by=by)


def _move(
    resolution: Resolution,
    move: ResolutionMove,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
) -> None:
    """The one door of a resolution's status."""
    if not may_move_resolution(by, move, resolution):
        raise PermissionDenied
    step(
        resolution, move, RESOLUTION_RULES[move], ResolutionTransition, by=by, reason=reason, changed=changed,
        watched=("due_on",), act=f"oversight.{move.value}_resolution",
    )  # fmt: skip


@transaction.atomic
def tell_progress(
    resolution: Resolution, *, percent: int, text: str, photos: Iterable[UUID | str] = (), by: User
) -> ResolutionProgress:
    """The lead or a supporting body says how far it is. Raises PermissionDenied, Refused, IllegalMove."""
    body = working_for(by, resolution)
    if body is None:
        raise PermissionDenied
    if not text.strip():
        raise Refused("请写明进展")
    if not 0 <= percent <= 100:
        raise Refused("进度应在 0 到 100 之间")
    rows = Resolution.objects.filter(pk=resolution.pk, status__in=UNFINISHED)
    if not rows.exists():
        raise IllegalMove("这项议定事项已办结或者不再办理")
    row = ResolutionProgress.objects.create(
        resolution=resolution, organization=body, percent=percent, text=text.strip()[:500], by=by, at=timezone.now()
    )  # fmt: skip
    attach(row, photos, "progress", by=by)
    record("oversight.progress", row, by=by, summary=f"{resolution}：{percent}%")
    if body.pk == resolution.lead_id:
        rows.update(percent=percent)
        resolution.refresh_from_db(fields=["percent", "status", "due_on", "done_on"])
        record("oversight.progress", resolution, by=by, summary=f"{resolution}：{percent}%")
    return row


@transaction.atomic
def report_done(resolution: Resolution, *, text: str, photos: Iterable[UUID | str] = (), by: User) -> None:
    """The lead says it is done, with evidence. Raises PermissionDenied, Refused, IllegalMove."""
    if not text.strip():
        raise Refused("请写明办结情况")
    _move(resolution, ResolutionMove.REPORT, by=by, reason=text, changed={"percent": 100})
    row = ResolutionProgress.objects.create(
        resolution=resolution, organization=resolution.lead, percent=100, text=text.strip()[:500], by=by,
        at=timezone.now(),
    )  # fmt: skip
    attach(row, photos, "progress", by=by)
    record("oversight.progress", row, by=by, summary=f"{resolution}报办结")
    owing.resolution_reported(resolution, by=by)


@transaction.atomic
def confirm_done(resolution: Resolution, *, opinion: str = "", by: User) -> None:
    """The convening office confirms. Raises PermissionDenied, IllegalMove."""
    _move(
        resolution, ResolutionMove.CONFIRM, by=by, reason=opinion, changed={"done_on": timezone.localdate()}
    )
    owing.resolution_judged(resolution, passed=True, by=by)
    _tell_lead(resolution, f"议定事项已确认办结：{resolution}")


@transaction.atomic
def send_back(resolution: Resolution, *, reason: str, by: User) -> None:
    """Not done after all. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(resolution, ResolutionMove.SEND_BACK, by=by, reason=reason)
    owing.resolution_judged(resolution, passed=False, by=by)
    _tell_lead(resolution, f"议定事项退回续办：{resolution}")


@transaction.atomic
def extend(resolution: Resolution, *, due_on: dt.date, reason: str, by: User) -> None:
    """Another day, with the reason. Raises PermissionDenied, ReasonRequired, Refused, IllegalMove."""
    if due_on <= resolution.due_on:
        raise Refused("新的期限应晚于原来的期限")
    if due_on > timezone.localdate() + dt.timedelta(days=LONGEST):
        raise Refused("新的期限太远，请核对")
    told = {"summary": f"原期限 {resolution.due_on}，调整为 {due_on}：{reason.strip()}", "source": ""}
    _move(resolution, ResolutionMove.EXTEND, by=by, reason=reason, changed={"due_on": due_on, "clock": told})
    owing.resolution_extended(resolution, by=by)


@transaction.atomic
def cancel(resolution: Resolution, *, reason: str, by: User) -> None:
    """It need not be done any more. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(resolution, ResolutionMove.CANCEL, by=by, reason=reason)
    owing.resolution_settled(resolution, by=by)


def _tell_lead(resolution: Resolution, words: str) -> None:
    post = default_post(resolution.lead)
    people = holders_of(post) if post else []
    transaction.on_commit(
        partial(
            notify, people, category=Message.Category.RESULT, title=words[:120],
            url=resolution.get_absolute_url(),
        )
    )  # fmt: skip
