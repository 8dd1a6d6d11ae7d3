"""The one door: permission, compare-and-swap, ledger line, duties, figures and audit in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import default_post, holders_of
from bihuan.audit.actions import chain_of, record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.actions import finish_duty, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.tally.actions import record as record_deltas

from .. import owed
from ..deadlines import deadline
from ..deltas import State, delta_rows, state_of
from ..models import Extension, Hazard, HazardTransition
from ..standing import may_move
from ..workflow import RULES, ExtensionStatus, Level, Move, Status, is_legal, target_of

# Everything duties and figures are derived from; a move made from an outdated view of any of it is refused.
_SEEN = ("status", "round", "level", "due_on", "reviewing_organization_id", "is_supervised")
_ENDS_IN_CLOSING = frozenset({Move.FIX_ON_SPOT, Move.CLOSE, Move.CLOSE_MAJOR})
_TOLD_TO_ENTERPRISE = frozenset(
    {
        Move.SEND_BACK, Move.CLOSE, Move.RETURN_PLAN, Move.APPROVE_PLAN, Move.REFUSE_ACCEPTANCE, Move.ACCEPT,
        Move.FAIL_EVALUATION, Move.CLOSE_MAJOR, Move.EXTEND, Move.PLACE_UNDER_SUPERVISION, Move.LIFT_SUPERVISION,
    }
)  # fmt: skip


@transaction.atomic
def move_hazard(
    hazard: Hazard,
    move: str,
    *,
    by: User,
    reason: str = "",
    evidence: models.Model | None = None,
    changed: Mapping[str, Any] | None = None,
) -> HazardTransition:
    """Make one move of the table and return its ledger line.

    `evidence` is the row the move stands on (the table says which model), `changed` further columns set by the
    verb that calls this (a new deadline, another reviewer). Raises PermissionDenied for the wrong person,
    ReasonRequired, Refused for missing evidence, IllegalMove for the wrong state or when somebody was quicker.
    """
    move = Move(move)
    rule = RULES[move]
    if not may_move(by, move, hazard):
        raise PermissionDenied
    if rule.needs_reason and not reason.strip():
        raise ReasonRequired(move.label)
    if not is_legal(move, hazard.status, hazard.level):
        raise IllegalMove(stale(hazard))
    if rule.evidence and (evidence is None or evidence._meta.model_name != rule.evidence):
        raise Refused(f"“{move.label}”须附相应材料，请从隐患页面办理")

    now = timezone.now()
    today = timezone.localdate(now)
    before = state_of(hazard)
    seen = {column: getattr(hazard, column) for column in _SEEN}
    fields = {
        "status": target_of(move, hazard.status, hazard.level),
        **_effects(hazard, move, now),
        **(changed or {}),
    }
    if not Hazard.objects.filter(pk=hazard.pk, **seen).update(**fields):
        raise IllegalMove(stale(hazard))
    hazard.refresh_from_db()

    # Fixed on the spot means fixed on the day it was found, also when the phone sends it a day later.
    counted_on = hazard.found_on if move == Move.FIX_ON_SPOT else today
    line = write_line(
        hazard,
        move,
        from_status=seen["status"],
        by=by,
        at=now,
        counted_on=counted_on,
        reason=reason,
        evidence=evidence,
    )
    count(hazard, before, on=counted_on)
    _follow_with_duties(hazard, move, seen["status"], by=by, today=today)
    transaction.on_commit(partial(tell, line.pk))
    return line


def stale(hazard: Hazard) -> str:
    """What to say when the record is no longer as the person saw it."""
    current = Hazard.objects.filter(pk=hazard.pk).values_list("status", flat=True).first()
    label = Status(current).label if current else "不存在"
    return f"隐患{hazard.number}的状态已变化（现为“{label}”），请核对后重试"


def write_line(
    hazard: Hazard,
    move: Move,
    *,
    from_status: str,
    by: User,
    at: dt.datetime,
    counted_on: dt.date,
    reason: str = "",
    evidence: models.Model | None = None,
) -> HazardTransition:
    """Append the ledger line and record it, the hazard and its evidence in the audit chains.

    `counted_on` is the day from which figures count the new state.
    """
    line = HazardTransition.objects.create(
        hazard=hazard,
        move=move,
        from_status=from_status,
        to_status=hazard.status,
        round=hazard.round,
        reason=reason.strip()[:500],
        evidence=chain_of(evidence) if evidence is not None else "",
        by=by,
        at=at,
        level=hazard.level,
        due_on=hazard.due_on,
        counted_on=counted_on,
    )
    summary = f"{move.label}：{hazard.number} {hazard.description}"
    act = f"hazards.{move.value}"
    payload = {
        "line": line.pk,
        "from": from_status,
        "to": hazard.status,
        "round": hazard.round,
        "reason": line.reason,
    }
    record(act, hazard, by=by, summary=summary, payload=payload | {"evidence": line.evidence})
    record(act, line, by=by, summary=summary)
    if evidence is not None:
        record(act, evidence, by=by, summary=summary)
    return line


def count(hazard: Hazard, before: State | None, *, on: dt.date) -> None:
    """Write the dated deltas of one act into the figures."""
    record_deltas(*delta_rows(hazard, before, state_of(hazard), on))


def _effects(hazard: Hazard, move: Move, now: dt.datetime) -> dict[str, Any]:
    """The columns a move stamps besides the status."""
    today = timezone.localdate(now)
    effects: dict[str, Any] = {}
    match move:
        case Move.CONFIRM:
            effects = _deadline_columns(hazard.level, today)
        case Move.GRADE_MAJOR:
            effects = {"level": Level.MAJOR, "submitted_on": None, **_deadline_columns(Level.MAJOR, today)}
        case Move.DOWNGRADE:
            effects = {
                "level": Level.GENERAL,
                "criterion_code": "",
                **_deadline_columns(Level.GENERAL, today),
            }
        case Move.SUBMIT | Move.APPLY_ACCEPTANCE:
            effects = {"submitted_on": today}
        case Move.SEND_BACK | Move.REFUSE_ACCEPTANCE | Move.FAIL_EVALUATION:
            effects = {"submitted_on": None}
        case Move.REOPEN:
            effects = {
                "round": hazard.round + 1,
                "submitted_on": None,
                "closed_on": None,
                "closed_at": None,
                "fixed_on_spot": False,
                **_deadline_columns(hazard.level, today),
            }
        case Move.PLACE_UNDER_SUPERVISION | Move.LIFT_SUPERVISION:
            placed = move == Move.PLACE_UNDER_SUPERVISION
            if hazard.is_supervised == placed:
                raise IllegalMove("该隐患已经挂牌督办" if placed else "该隐患没有挂牌督办，无从摘牌")
            effects = {"is_supervised": placed}
    if move in _ENDS_IN_CLOSING:
        effects |= {"closed_on": today, "closed_at": now}
    if move == Move.FIX_ON_SPOT:
        effects |= {"fixed_on_spot": True, "submitted_on": hazard.found_on, "closed_on": hazard.found_on}
    return effects


def _deadline_columns(level: str, start: dt.date) -> dict[str, Any]:
    derived = deadline(level, start)
    return {"due_on": derived.due_on, "clock": derived.explanation}


def _follow_with_duties(hazard: Hazard, move: Move, left: str, *, by: User, today: dt.date) -> None:
    """Close what the old status owed, open what the new one owes; moves that keep the status adjust what stands."""
    if move == Move.EXTEND:
        assert hazard.due_on is not None
        reschedule_duty(hazard, Duty.Kind.HAZARD_RECTIFY, hazard.due_on, hazard.clock, by=by)
        finish_duty(hazard, Duty.Kind.EXTENSION, by=by)
    elif move == Move.REPORT_MAJOR:
        finish_duty(hazard, Duty.Kind.REPORT, by=by)
    elif move == Move.ASSIGN:
        if left in (Status.REPORTED, Status.REINSPECTING):
            owed.close_for(hazard, left, by=by, cancelled=True)
            owed.open_for(hazard, by=by, on=today)
    elif hazard.status != left:
        regraded = move in (Move.GRADE_MAJOR, Move.DOWNGRADE)
        owed.close_for(hazard, left, by=by, cancelled=regraded)
        owed.open_for(hazard, by=by, on=today)
        _withdraw_pending_extension(hazard, left, by=by)


def _withdraw_pending_extension(hazard: Hazard, left: str, *, by: User) -> None:
    """Once the clock no longer runs there is nothing left to extend."""
    if not is_legal(Move.EXTEND, left, hazard.level):
        return
    pending = hazard.extensions.filter(status=ExtensionStatus.PENDING).first()
    if pending is None:
        return
    Extension.objects.filter(pk=pending.pk).update(
        status=ExtensionStatus.WITHDRAWN,
        decided_by=by,
        decided_at=timezone.now(),
        decision_note="隐患已进入下一环节，延期申请自动撤回",
    )
    pending.refresh_from_db()
    record("hazards.withdraw_extension", pending, by=by, summary=f"延期申请随流转撤回：{hazard.number}")
    finish_duty(hazard, Duty.Kind.EXTENSION, by=by, cancelled=True)


def tell(line_id: int) -> None:
    """Tell the other side what became of it; new duties announce themselves."""
    line = HazardTransition.objects.select_related(
        "hazard__enterprise__organization", "hazard__found_by"
    ).get(pk=line_id)
    hazard, move = line.hazard, Move(line.move)
    if move == Move.DISMISS:
        recipients = [hazard.found_by]
    elif move in _TOLD_TO_ENTERPRISE:
        recipients = people_of_enterprise(hazard)
    else:
        return
    notify(
        [person for person in recipients if person.pk != line.by_id],
        category=Message.Category.RESULT,
        title=f"{move.label}：{hazard.description[:60]}",
        body=line.reason,
        url=hazard.get_absolute_url(),
        key=f"hazards.line:{line.pk}",
    )


def people_of_enterprise(hazard: Hazard) -> list[User]:
    """Whoever answers for the enterprise: its post holders, or whoever last handed in something on its behalf."""
    if hazard.enterprise.organization is not None:
        post = default_post(hazard.enterprise.organization)
        return holders_of(post) if post else []
    last = hazard.rectifications.select_related("by").order_by("-pk").first()
    return [last.by] if last else []
