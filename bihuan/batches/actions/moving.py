"""The one door of an object's status: who may, and the step."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import User
from bihuan.audit.moves import step

from ..models import BatchObject, BatchTransition
from ..standing import may_move
from ..workflow import OBJECT_RULES, ObjectMove


def move_object(
    member: BatchObject, move: str, *, by: User, reason: str = "", changed: dict[str, Any] | None = None
) -> BatchTransition:
    """Make one move of the table; runs in the transaction of the verb that calls it.

    Raises PermissionDenied for the wrong person or an object out of sight, ReasonRequired, IllegalMove for the wrong
    state or when somebody was quicker.
    """
    if not may_move(by, move, member) or not BatchObject.objects.visible_to(by).filter(pk=member.pk).exists():
        raise PermissionDenied
    return step(
        member, ObjectMove(move), OBJECT_RULES[move], BatchTransition, by=by, reason=reason, changed=changed,
        watched=("due_on",),
    )  # fmt: skip
