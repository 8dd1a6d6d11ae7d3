"""The one door of a promise's status: conditional update, line, record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from ..models import Pledge, PledgeTransition
from ..standing import may_write
from ..workflow import RULES, PledgeMove, PledgeStatus, is_legal


def move_pledge(
    pledge: Pledge,
    move: str,
    *,
    by: User,
    at: dt.datetime,
    reason: str = "",
    changed: dict[str, Any] | None = None,
) -> PledgeTransition:
    """Make one move; runs in the transaction of the verb that checked who may. Raises ReasonRequired, IllegalMove."""
    move, rule = PledgeMove(move), RULES[move]
    if not by.has_perm(rule.permission):
        raise PermissionDenied
    if rule.needs_reason and not reason.strip():
        raise ReasonRequired(move.label)
    seen = pledge.status
    fields = {"status": rule.target, "updated_at": at, **(changed or {})}
    moved = is_legal(move, seen) and Pledge.objects.filter(pk=pledge.pk, status=seen).update(**fields)
    if not moved:
        now = Pledge.objects.filter(pk=pledge.pk).values_list("status", flat=True).first()
        label = PledgeStatus(now).label if now else "不存在"
        raise IllegalMove(f"这份承诺书的状态已变化（现为“{label}”），请刷新后核对")
    for name, value in fields.items():
        setattr(pledge, name, value)
    line = PledgeTransition.objects.create(
        pledge=pledge,
        move=move,
        from_status=seen,
        to_status=rule.target,
        reason=reason.strip()[:500],
        by=by,
        at=at,
    )
    record(
        f"pledges.{move.value}",
        pledge,
        by=by,
        summary=f"{move.label}：{pledge}",
        payload={"line": line.pk, "from": seen, "to": rule.target, "reason": line.reason},
    )
    record(f"pledges.{move.value}", line, by=by, summary=f"{move.label}：{pledge}")
    return line


@transaction.atomic
def withdraw(pledge: Pledge, *, reason: str, by: User) -> PledgeTransition:
    """Take a promise back before anybody has begun to check it. What went into the ledger stays there.

    One that was to renew another sets that one free to be renewed again. Raises PermissionDenied, ReasonRequired, IllegalMove.
    """
    if not may_write(by, pledge):
        raise PermissionDenied
    line = move_pledge(
        pledge, PledgeMove.WITHDRAW, by=by, at=timezone.now(), reason=reason, changed={"renews": None}
    )
    finish_duty(pledge, Duty.Kind.PLEDGE_VERIFY, by=by, cancelled=True)
    return line
