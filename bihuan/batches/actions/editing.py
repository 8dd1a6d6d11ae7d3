"""Putting a batch and its objects right before they are told; afterwards only the window of supervision may move."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused

from ..models import Batch, BatchObject
from ..standing import runs
from ..workflow import BatchStatus, ObjectStatus
from .composing import check_dates
from .owing import owe_notices, owe_supervision, settle_notices

DRAFT_FIELDS = frozenset(
    {"name", "demand", "basis", "notice_by", "due_on", "supervised_from", "supervised_to"}
)
WINDOW_FIELDS = frozenset({"supervised_from", "supervised_to"})


def may_change(batch: Batch) -> frozenset[str]:
    """Which fields of a batch may still change: all while it is put together, the window once notices are out."""
    if batch.status == BatchStatus.DRAFT:
        return DRAFT_FIELDS
    return WINDOW_FIELDS if batch.status == BatchStatus.ISSUED else frozenset()


@transaction.atomic
def edit_batch(batch: Batch, *, by: User, **fields: Any) -> None:
    """Change a batch. Objects that wait for their notice and had the batch's deadline get the new one.

    Raises PermissionDenied, Refused for a field that is already printed on notices or dates in the wrong order,
    IllegalMove when notices went out meanwhile.
    """
    if not runs(by, batch):
        raise PermissionDenied
    changed = {name: value for name, value in fields.items() if getattr(batch, name) != value}
    fixed = changed.keys() - may_change(batch)
    if fixed:
        labels = [str(Batch._meta.get_field(name).verbose_name) for name in sorted(fixed)]  # type: ignore[union-attr]
        raise Refused(f"通知书已经下发，{'、'.join(labels)}不能再改；个别对象可以延长期限")
    if not changed:
        return
    before = batch.due_on
    wanted = {name: getattr(batch, name) for name in DRAFT_FIELDS} | changed
    if not str(wanted["demand"]).strip():
        raise Refused("请填写整改要求：这一批对象要做到什么")
    check_dates(wanted["notice_by"], wanted["due_on"], wanted["supervised_from"], wanted["supervised_to"])
    if not str(wanted["name"]).strip():
        changed["name"] = f"第{batch.number}批"
    if not Batch.objects.filter(pk=batch.pk, status=batch.status).update(**changed):
        raise IllegalMove(f"{batch}的状态已变化，请刷新后再改")
    for name, value in changed.items():
        setattr(batch, name, value)
    if "due_on" in changed:
        batch.members.filter(status=ObjectStatus.LISTED, due_on=before).update(due_on=batch.due_on)
    record(
        "batches.edit",
        batch,
        by=by,
        summary=f"修改{batch.campaign}{batch}",
        payload={"fields": sorted(changed)},
    )
    if "notice_by" in changed:
        owe_notices(batch, by=by)
        if batch.members.exists():
            settle_notices(batch, by=by)
    if batch.status == BatchStatus.ISSUED:
        owe_supervision(batch, by=by)


@transaction.atomic
def edit_object(
    member: BatchObject, *, content: str, quantity: Decimal | None, due_on: dt.date, by: User
) -> None:
    """Say what this one object must do, how much of it, and by when, before it is told.

    Raises PermissionDenied, IllegalMove once the notice is out.
    """
    if not runs(by, member.batch) or not BatchObject.objects.visible_to(by).filter(pk=member.pk).exists():
        raise PermissionDenied
    fields = {"content": content.strip()[:300], "quantity": quantity, "due_on": due_on}
    if not BatchObject.objects.filter(pk=member.pk, status=ObjectStatus.LISTED).update(**fields):
        raise IllegalMove(f"{member.enterprise}已经通知，不能再改；可以延长期限")
    for name, value in fields.items():
        setattr(member, name, value)
    record(
        "batches.edit_object",
        member.batch,
        by=by,
        summary=f"修改{member}的整改内容",
        payload={
            "member": member.pk,
            "content": member.content,
            "quantity": None if quantity is None else f"{quantity:.2f}",
            "due_on": due_on.isoformat(),
        },
    )
