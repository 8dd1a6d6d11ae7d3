"""The one door of an object's status: conditional update, line, record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired

from ..models import BatchObject, BatchTransition
from ..standing import may_move
from ..workflow import OBJECT_RULES, ObjectMove, ObjectStatus


def move_object(
    member: BatchObject, move: str, *, by: User, reason: str = "", changed: dict[str, Any] | None = None
) -> BatchTransition:
    """Make one move of the table; runs in the transaction of the verb that calls it.

    Raises PermissionDenied for the wrong person or an object out of sight, ReasonRequired, IllegalMove for the wrong
    state or when somebody was quicker.
    """
    move, rule = ObjectMove(move), OBJECT_RULES[move]
    if not may_move(by, move, member) or not BatchObject.objects.visible_to(by).filter(pk=member.pk).exists():
        raise PermissionDenied
    if rule.needs_reason and not reason.strip():
        raise ReasonRequired(move.label)
    seen, seen_due = member.status, member.due_on
    fields: dict[str, Any] = {"status": rule.target or seen, **(changed or {})}
    rows = BatchObject.objects.filter(pk=member.pk, status=seen, due_on=seen_due)
    if seen not in rule.sources or not rows.update(**fields):
        now = BatchObject.objects.filter(pk=member.pk).values_list("status", flat=True).first()
        label = ObjectStatus(now).label if now else "不存在"
        raise IllegalMove(f"{member.enterprise}的状态已变化（现为“{label}”），请刷新后核对")
    for name, value in fields.items():
        setattr(member, name, value)
    at: dt.datetime = timezone.now()
    line = BatchTransition.objects.create(
        member=member,
        move=move,
        from_status=seen,
        to_status=member.status,
        due_on=member.due_on,
        reason=reason.strip()[:500],
        by=by,
        at=at,
    )
    record(
        f"batches.{move.value}",
        line,
        by=by,
        summary=f"{move.label}：{member}",
        payload={"member": member.pk, "from": seen, "to": member.status, "reason": line.reason},
    )
    return line
