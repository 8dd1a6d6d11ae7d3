"""The doors of an accident, an inquiry and a recommendation: who may, and the step."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import User
from bihuan.audit.moves import stale, step

from ..models import (
    Accident,
    AccidentMeasure,
    AccidentTransition,
    Inquiry,
    InquiryTransition,
    MeasureTransition,
)
from ..standing import inquires, may_handle, may_move
from ..workflow import INQUIRY_RULES, MEASURE_RULES, RULES, AccidentMove, InquiryMove, MeasureMove


def move_accident(
    accident: Accident,
    move: str,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
    watched: tuple[str, ...] = (),
) -> AccidentTransition:
    """Make one move of the table; runs in the transaction of the verb that calls it.

    Raises PermissionDenied for the wrong person or an accident out of sight, ReasonRequired, IllegalMove.
    """
    if (
        not may_move(by, move, accident)
        or not Accident.objects.visible_to(by).filter(pk=accident.pk).exists()
    ):
        raise PermissionDenied
    return step(
        accident, AccidentMove(move), RULES[move], AccidentTransition, by=by, reason=reason, changed=changed,
        watched=watched,
    )  # fmt: skip


def hold_still(row: Accident | Inquiry, statuses: Collection[str]) -> None:
    """Hold a row until the transaction ends, so that nothing is added to one that was closed a moment ago.

    Raises IllegalMove when it is not, or no longer, in one of the `statuses`.
    """
    now = type(row).objects.select_for_update().values_list("status", flat=True).get(pk=row.pk)
    if now not in statuses:
        raise stale(row)


def move_inquiry(
    inquiry: Inquiry,
    move: str,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
    checked: bool = False,
) -> InquiryTransition:
    """Make one move of an inquiry. `checked`: the verb has asked itself who may (a higher level takes over).

    Raises PermissionDenied, ReasonRequired, IllegalMove.
    """
    if not checked and inquires(by, inquiry.accident, inquiry.level) is None:
        raise PermissionDenied
    return step(
        inquiry, InquiryMove(move), INQUIRY_RULES[move], InquiryTransition, by=by, reason=reason, changed=changed,
        watched=("due_on", "paused_since"), act=f"accidents.inquiry_{move}",
    )  # fmt: skip


def move_measure(
    measure: AccidentMeasure,
    move: str,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
    checked: bool = False,
) -> MeasureTransition:
    """Make one move of a recommendation. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not checked and not may_handle(by, move, measure):
        raise PermissionDenied
    return step(
        measure, MeasureMove(move), MEASURE_RULES[move], MeasureTransition, by=by, reason=reason, changed=changed,
        act=f"accidents.measure_{move}",
    )  # fmt: skip
