"""Telling how far it is, and asking to be accepted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty

from ..models import BatchObject, ProgressNote
from ..standing import is_own, runs
from ..workflow import RUNNING, ObjectMove, ObjectStatus
from .moving import move_object
from .owing import settle_supervision, settle_transfer


@transaction.atomic
def record_progress(
    member: BatchObject, *, percent: int, text: str, photos: Iterable[str | uuid.UUID] = (), by: User
) -> ProgressNote:
    """Note how far an object is: the enterprise tells, whoever runs the batch has looked (督查)."""
    own = is_own(by, member)
    if not (own or runs(by, member.batch)):
        raise PermissionDenied
    if not text.strip():
        raise Refused("请写明进展：做了什么、还差什么")
    if not 0 <= percent <= 100:
        raise Refused("进度应为 0 至 100 的百分数")
    if not BatchObject.objects.filter(pk=member.pk, status__in=RUNNING).update(progress=percent):
        raise IllegalMove(f"{member.enterprise}{member.get_status_display()}，不再填报进展")
    member.progress = percent
    note = ProgressNote.objects.create(
        member=member,
        percent=percent,
        text=text.strip()[:500],
        is_supervision=not own,
        by=by,
        at=timezone.now(),
    )
    attach(note, [str(each) for each in photos if each], "scene", by=by)
    record("batches.progress", note, by=by, summary=f"{member}进展 {percent}%", payload={"text": note.text})
    if note.is_supervision:
        settle_supervision(member.batch, by=by)
    return note


@transaction.atomic
def apply_for_acceptance(
    member: BatchObject,
    *,
    finished_on: dt.date,
    text: str,
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> None:
    """Say that the work is done and ask the joint team to come. Raises Refused without words or with a false date.

    After a conditional acceptance it is the condition that is met: the day the work itself was finished stays.
    """
    today = timezone.localdate()
    if not text.strip():
        raise Refused("请写明完成情况")
    if finished_on > today:
        raise Refused(f"完成日期 {finished_on} 在今天之后，请核对")
    changed: dict[str, object] = {"progress": 100}
    if member.status == ObjectStatus.CONDITIONAL:
        text = f"{text.strip()}（{finished_on} 补正完成）"
    else:
        changed["finished_on"] = finished_on
        text = f"{text.strip()}（填报 {finished_on} 完成）"
    line = move_object(member, ObjectMove.APPLY, by=by, reason=text, changed=changed)
    attach(line, [str(each) for each in photos if each], "after", by=by)
    finish_duty(member, Duty.Kind.BATCH_RECTIFY, by=by)
    open_duty(
        kind=Duty.Kind.BATCH_ACCEPT,
        subject=member,
        title=f"联合验收：{member.enterprise.name}（{member.batch}）",
        url=member.get_absolute_url(),
        organization=member.batch.organization,
        place=member,
        clock_rule="batch.accept",
        start=today,
        by=by,
    )
    settle_transfer(member.batch, by=by)
