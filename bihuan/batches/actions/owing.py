"""What the body that runs a batch owes of it: notices out in time, a look at everybody, the late ones handed over.

One duty of each sort for a batch at most; it ends by itself when nothing is left of it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Min
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import chain_of
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty, reschedule_duty
from bihuan.duties.models import Duty

from ..models import Batch, BatchObject
from ..workflow import BatchStatus, ObjectStatus


def owe_notices(batch: Batch, *, by: User) -> None:
    """Notices are to be out by the day the batch names (R019); nothing is owed where it names none."""
    if batch.notice_by is None:
        finish_duty(batch, Duty.Kind.BATCH_NOTIFY, by=by, cancelled=True)
        return
    told = {"summary": f"{batch}定的通知下发期限 {batch.notice_by}", "source": batch.basis}
    _owe(batch, Duty.Kind.BATCH_NOTIFY, f"下发{batch}限期整改通知书", batch.notice_by, told, by)


def settle_notices(batch: Batch, *, by: User) -> None:
    """Nobody waits for a notice any more."""
    if not batch.members.filter(status=ObjectStatus.LISTED).exists():
        finish_duty(batch, Duty.Kind.BATCH_NOTIFY, by=by)


def owe_supervision(batch: Batch, *, by: User) -> None:
    """Everybody notified is looked at once within the window; nothing is owed without one, or when it is over."""
    end = batch.supervised_to
    if end is None or end < timezone.localdate():
        return
    start = f"{batch.supervised_from} 至 " if batch.supervised_from else "截至 "
    told = {"summary": f"{batch}定的督查时段 {start}{end}", "source": batch.basis}
    _owe(batch, Duty.Kind.BATCH_SUPERVISE, f"督查{batch}整改进展", end, told, by)


def settle_supervision(batch: Batch, *, by: User) -> None:
    """Everybody has been looked at, or has come to the end."""
    if not BatchObject.objects.filter(batch=batch).unsupervised().exists():
        finish_duty(batch, Duty.Kind.BATCH_SUPERVISE, by=by)


def settle_transfer(batch: Batch, *, by: User) -> None:
    """Nobody is late any more."""
    if not BatchObject.objects.filter(batch=batch).overdue(on=timezone.localdate()).exists():
        finish_duty(batch, Duty.Kind.BATCH_TRANSFER, by=by)


def open_late(now: dt.datetime) -> int:
    """For every batch with late objects see to it that the hand-over is owed (R101); returns how many were opened.

    The worker calls it every hour; run again it does nothing. What is no longer late is settled on the way.
    """
    today, by = timezone.localdate(now), service_user()
    late = BatchObject.objects.overdue(on=today).filter(batch__status=BatchStatus.ISSUED)
    first = dict(late.order_by().values_list("batch").annotate(Min("due_on")))
    opened = 0
    for batch in Batch.objects.filter(pk__in=first).select_related("campaign__region", "organization"):
        if _is_owed(batch, Duty.Kind.BATCH_TRANSFER):
            continue
        derived = clock.due("batch.transfer", first[batch.pk])
        title = f"{batch.campaign.short_title}{batch}有对象逾期未完成，移送查处或者延期"
        _owe(batch, Duty.Kind.BATCH_TRANSFER, title, derived.due_on, derived.explanation, by)
        opened += 1
    owed = Duty.objects.open().filter(kind=Duty.Kind.BATCH_TRANSFER).values_list("subject", flat=True)
    numbers = [int(subject.rpartition(":")[2]) for subject in owed]
    for batch in Batch.objects.filter(pk__in=numbers).exclude(pk__in=first):
        settle_transfer(batch, by=by)
    return opened


def settle_all(batch: Batch, *, by: User) -> None:
    """A closed batch owes nothing."""
    for kind in (Duty.Kind.BATCH_NOTIFY, Duty.Kind.BATCH_SUPERVISE, Duty.Kind.BATCH_TRANSFER):
        finish_duty(batch, kind, by=by)


def _is_owed(batch: Batch, kind: str) -> bool:
    return Duty.objects.open().filter(subject=chain_of(batch), kind=kind).exists()


def _owe(batch: Batch, kind: str, title: str, due_on: dt.date, told: dict[str, Any], by: User) -> None:
    open_one = Duty.objects.open().filter(subject=chain_of(batch), kind=kind).first()
    if open_one is not None:
        if open_one.due_on != due_on:
            reschedule_duty(batch, kind, due_on, told, by=by)
        return
    open_duty(
        kind=kind, subject=batch, title=title, url=batch.get_absolute_url(), organization=batch.organization,
        place=place_of(batch.campaign.region), due_on=due_on, clock=told, by=by,
    )  # fmt: skip
