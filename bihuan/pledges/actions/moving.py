"""The one door of a promise's status: conditional update, line, record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.moves import step
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from ..models import Pledge, PledgeTransition
from ..standing import may_write
from ..workflow import RULES, PledgeMove


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
    if not by.has_perm(RULES[move].permission):
        raise PermissionDenied
    return step(
        pledge, PledgeMove(move), RULES[move], PledgeTransition, by=by, at=at, reason=reason,
        changed={"updated_at": at, **(changed or {})},
    )  # fmt: skip


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
