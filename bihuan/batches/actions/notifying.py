"""Notices of a batch: one numbered paper for each object, each with its own deadline (R019, R081)."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import open_duty, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import wording
from ..models import Batch, BatchObject
from ..standing import runs
from ..workflow import BatchStatus, ObjectMove, ObjectStatus
from .moving import move_object
from .owing import owe_supervision, settle_notices, settle_transfer


def issue_notices(batch: Batch, *, by: User) -> tuple[int, int]:
    """Notify every object still waiting; returns how many were, and how many wait because somebody was quicker.

    Each notice is its own transaction, so that a stop in the middle leaves nothing half-done and the next press goes on.
    """
    if not runs(by, batch):
        raise PermissionDenied
    waiting = list(
        batch.members.filter(status=ObjectStatus.LISTED).select_related(
            "batch__campaign", "batch__organization", "enterprise__organization"
        )
    )
    if not waiting:
        raise Refused("没有待通知的对象，请先编入对象")
    issued = 0
    for member in waiting:
        try:
            issue_notice(member, by=by)
        except IllegalMove:
            continue  # another window has just done it
        issued += 1
    return issued, len(waiting) - issued


@transaction.atomic
def issue_notice(member: BatchObject, *, by: User) -> Paper:
    """Issue one notice and start the object's clock. Raises PermissionDenied, Refused, IllegalMove."""
    batch, enterprise, today = member.batch, member.enterprise, timezone.localdate()
    if not runs(by, batch):
        raise PermissionDenied
    if member.due_on < today:
        raise Refused(f"{enterprise}的整改期限 {member.due_on} 已过，请先改期限再下发")
    # The row is taken first: whoever comes second gets no second paper.
    if not BatchObject.objects.filter(pk=member.pk, status=ObjectStatus.LISTED).update(progress=0):
        raise IllegalMove(f"{enterprise}已经通知过，请刷新后核对")
    paper = issue_paper(
        Paper.Kind.BATCH_NOTICE,
        subject=member,
        organization=batch.organization,
        recipient=enterprise.organization,
        recipient_name=enterprise.name,
        department=member.department,
        place=member,
        content=wording.batch_notice(member, on=today),
        due_on=member.due_on,
        by=by,
    )
    move_object(member, ObjectMove.NOTIFY, by=by, changed={"notice": paper, "work_due_on": member.due_on})
    if Batch.objects.filter(pk=batch.pk, status=BatchStatus.DRAFT).update(status=BatchStatus.ISSUED):
        batch.status = BatchStatus.ISSUED
        record("batches.issue", batch, by=by, summary=f"{batch}开始下发通知")
    open_rectifying(member, by=by)
    owe_supervision(batch, by=by)
    settle_notices(batch, by=by)
    return paper


def open_rectifying(member: BatchObject, *, by: User) -> None:
    """The enterprise owes the work; one without an account is answered for by the body that runs the batch."""
    enterprise = member.enterprise
    open_duty(
        kind=Duty.Kind.BATCH_RECTIFY,
        subject=member,
        title=f"{member.batch}限期整改：{enterprise.name}",
        url=member.get_absolute_url(),
        organization=enterprise.organization or member.batch.organization,
        place=member,
        due_on=member.due_on,
        clock=explanation(member),
        by=by,
    )


def explanation(member: BatchObject) -> dict[str, str]:
    """Where the deadline comes from, as every page shows it."""
    return {
        "summary": f"{member.batch}定的期限 {member.due_on}",
        "source": member.notice.number if member.notice else member.batch.basis,
    }


@transaction.atomic
def extend_object(member: BatchObject, *, due_on: dt.date, reason: str, by: User) -> None:
    """Give one object a later deadline, with the reason on record. Raises Refused for an earlier one.

    More time for the work itself counts when it is asked whether it was done in time; more time for a condition of
    acceptance does not.
    """
    if due_on <= member.due_on:
        raise Refused(f"新期限应晚于现在的期限 {member.due_on}")
    changed = {"due_on": due_on}
    if member.status == ObjectStatus.NOTIFIED:
        changed["work_due_on"] = due_on
    move_object(member, ObjectMove.EXTEND, by=by, reason=reason, changed=changed)
    reschedule_duty(member, Duty.Kind.BATCH_RECTIFY, due_on, explanation(member), by=by)
    settle_transfer(member.batch, by=by)
