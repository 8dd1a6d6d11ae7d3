"""The one door: permission, compare-and-swap, ledger line, duties, figures and audit in one transaction.

An act is one read (`sight`), decisions in Python, and one write (`core.writes`); see ADR 11.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import NEW, Last, Pen, chain_of, record
from bihuan.audit.models import Head
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.statements import instance_of, whole_act
from bihuan.core.writes import Writes, row_of
from bihuan.duties.actions import NewDuty, add_duty, close_duties, finish_duty, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.duties.terms import Terms
from bihuan.notifications.actions import add_message, send_out_after_commit
from bihuan.notifications.models import Message
from bihuan.tally.models import Delta

from .. import owed
from ..deadlines import CLOCKS
from ..deltas import delta_columns, state_of
from ..models import Extension, Hazard, HazardTransition
from ..standing import may_judge_or_make
from ..workflow import RULES, ExtensionStatus, Level, Move, Status, is_legal, target_of
from .sight import Sight, look

# Everything duties and figures are derived from; a move made from an outdated view of any of it is refused.
_SEEN = ("status", "round", "level", "due_on", "reviewing_organization_id", "is_supervised")
_ENDS_IN_CLOSING = frozenset({Move.FIX_ON_SPOT, Move.CLOSE, Move.CLOSE_MAJOR})
_TOLD_TO_ENTERPRISE = frozenset(
    {
        Move.SEND_BACK, Move.CLOSE, Move.RETURN_PLAN, Move.APPROVE_PLAN, Move.REFUSE_ACCEPTANCE, Move.ACCEPT,
        Move.FAIL_EVALUATION, Move.CLOSE_MAJOR, Move.EXTEND, Move.PLACE_UNDER_SUPERVISION, Move.LIFT_SUPERVISION,
    }
)  # fmt: skip
_EDITION: int = HazardTransition._meta.get_field("edition").get_default()
_COLUMNS = [field.attname for field in Hazard._meta.concrete_fields]
_RELATIONS = {field.name: field.attname for field in Hazard._meta.concrete_fields if field.is_relation}


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
    with whole_act():
        sight = enter(hazard, move, by=by, reason=reason)
        expected = RULES[move].evidence
        if expected and (evidence is None or evidence._meta.model_name != expected):
            raise Refused(f"“{move.label}”须附相应材料，请从隐患页面办理")
        return carry_out(
            hazard, sight, move, by=by, reason=reason, evidence=evidence, changed=changed, at=timezone.now()
        )


def enter(
    hazard: Hazard,
    move: Move,
    *,
    by: User,
    reason: str | None = None,
    evidence: type[models.Model] | None = None,
) -> Sight:
    """Read the hazard for a move and refuse the wrong person and the wrong state before anything is written.

    `reason` None leaves it to the verb to ask for one; `evidence` is the model of the row the verb will add.
    """
    sight = look(hazard, move, evidence)
    if sight is None:
        raise PermissionDenied
    if not may_judge_or_make(by, move, sight.hazard, _handed_in_by(sight, move)):
        raise PermissionDenied
    if reason is not None and RULES[move].needs_reason and not reason.strip():
        raise ReasonRequired(move.label)
    fresh = sight.hazard
    if not is_legal(move, fresh.status, fresh.level) or any(
        getattr(hazard, column) != getattr(fresh, column) for column in _SEEN
    ):
        raise IllegalMove(_stale(hazard, fresh.status))
    return sight


def _handed_in_by(sight: Sight, move: Move) -> int | None:
    """Who handed in what the move would judge."""
    if move in (Move.RETURN_PLAN, Move.APPROVE_PLAN):
        return sight.hazard.major_plans.order_by("-pk").values_list("by", flat=True).first()
    if sight.handed_in is None or sight.handed_in.round != sight.hazard.round:
        return None
    return sight.handed_in.by_id


def carry_out(
    seen: Hazard,
    sight: Sight,
    move: Move,
    *,
    by: User,
    at: dt.datetime,
    reason: str = "",
    evidence: models.Model | None = None,
    changed: Mapping[str, Any] | None = None,
) -> HazardTransition:
    """Make a move that `enter` has let in: everything it changes in one go. Evidence without a key yet is added too."""
    hazard, writes, today = sight.hazard, Writes(), timezone.localdate(at)
    before, left = state_of(hazard), hazard.status
    fields = {
        "status": target_of(move, left, hazard.level),
        **_effects(hazard, move, at, today, sight.terms),
        **(changed or {}),
    }
    writes.swap(Hazard, hazard.pk, seen={column: getattr(hazard, column) for column in _SEEN}, values=fields)
    for column, value in fields.items():
        setattr(hazard, column, value)

    # Fixed on the spot means fixed on the day it was found, also when the phone sends it a day later.
    counted_on = hazard.found_on if move == Move.FIX_ON_SPOT else today
    if evidence is not None and evidence.pk is None:
        evidence.pk = sight.evidence_id
        writes.insert(type(evidence), row_of(evidence))
        evidence._state.adding = False
        after = NEW
    elif evidence is not None:
        after = _last_of(evidence)
    pen = Pen(writes, f"hazards.{move.value}", by=by, summary=summary_of(hazard, move), at=at)
    line = add_line(
        writes, pen, hazard, move, pk=sight.line_id, after=sight.last, from_status=left, by=by, at=at,
        counted_on=counted_on, reason=reason, evidence=evidence,
    )  # fmt: skip
    if evidence is not None:
        pen.append(evidence, after=after)
    for delta in delta_columns(hazard, before, state_of(hazard), counted_on):
        writes.insert(Delta, delta)
    told = _follow_with_duties(writes, sight, move, left, line, by=by)
    told += tell(writes, sight, line, by=by)

    more = _what_else(sight, move, left, by=by)
    with whole_act(several=bool(more)):
        if not writes.send():
            raise IllegalMove(stale(seen))
        for follow in more:
            follow()
    send_out_after_commit(told)
    _show(seen, hazard)
    return line


def _show(seen: Hazard, hazard: Hazard) -> None:
    """Let the caller's instance say what the row says now; related rows it has loaded stay if they are still the same."""
    for relation in [name for name in seen._state.fields_cache if name in _RELATIONS]:
        attname = _RELATIONS[relation]
        if getattr(seen, attname) != getattr(hazard, attname):
            del seen._state.fields_cache[relation]
    for attname in _COLUMNS:
        seen.__dict__[attname] = hazard.__dict__[attname]


def _last_of(evidence: models.Model) -> Last:
    """The end of the chain of evidence that is already in the ledger."""
    head = Head.objects.filter(pk=chain_of(evidence)).first()
    return Last(head.seq, head.hash) if head else NEW


def stale(hazard: Hazard) -> str:
    """What to say when the record is no longer as the person saw it."""
    return _stale(hazard, Hazard.objects.filter(pk=hazard.pk).values_list("status", flat=True).first())


def _stale(hazard: Hazard, current: str | None) -> str:
    label = Status(current).label if current else "不存在"
    return f"隐患{hazard.number}的状态已变化（现为“{label}”），请核对后重试"


def summary_of(hazard: Hazard, move: Move) -> str:
    return f"{move.label}：{hazard.number} {hazard.description}"


def add_line(
    writes: Writes,
    pen: Pen,
    hazard: Hazard,
    move: Move,
    *,
    pk: int,
    after: Last,
    from_status: str,
    by: User,
    at: dt.datetime,
    counted_on: dt.date,
    reason: str = "",
    evidence: models.Model | None = None,
) -> HazardTransition:
    """Add the ledger line, and record it and the hazard in the audit chains.

    `pk` is the id the line will have, `after` the end of the hazard's chain, `counted_on` the day from which
    figures count the new state.
    """
    columns = {
        "id": pk,
        "hazard_id": hazard.pk,
        "move": move,
        "from_status": from_status,
        "to_status": hazard.status,
        "round": hazard.round,
        "reason": reason.strip()[:500],
        "evidence": chain_of(evidence) if evidence is not None else "",
        "by_id": by.pk,
        "at": at,
        "level": hazard.level,
        "due_on": hazard.due_on,
        "counted_on": counted_on,
        "edition": _EDITION,
    }
    writes.insert(HazardTransition, columns)
    line = instance_of(HazardTransition, columns)
    payload = {
        "line": line.pk,
        "from": from_status,
        "to": hazard.status,
        "round": hazard.round,
        "reason": line.reason,
        "evidence": line.evidence,
    }
    pen.append(hazard, after=after, payload=payload)
    pen.append(line, after=NEW)
    return line


def _effects(hazard: Hazard, move: Move, now: dt.datetime, today: dt.date, terms: Terms) -> dict[str, Any]:
    """The columns a move stamps besides the status."""
    effects: dict[str, Any] = {}
    match move:
        case Move.CONFIRM:
            effects = _deadline_columns(hazard.level, today, terms)
        case Move.GRADE_MAJOR:
            effects = {
                "level": Level.MAJOR,
                "submitted_on": None,
                **_deadline_columns(Level.MAJOR, today, terms),
            }
        case Move.DOWNGRADE:
            effects = {
                "level": Level.GENERAL,
                "criterion_code": "",
                **_deadline_columns(Level.GENERAL, today, terms),
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
                **_deadline_columns(hazard.level, today, terms),
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


def _deadline_columns(level: str, start: dt.date, terms: Terms) -> dict[str, Any]:
    derived = terms.due(CLOCKS[Level(level)], start)
    return {"due_on": derived.due_on, "clock": derived.explanation}


Told = list[tuple[int, str]]


def _follow_with_duties(
    writes: Writes, sight: Sight, move: Move, left: str, line: HazardTransition, *, by: User
) -> Told:
    """Close what the old status owed, open what the new one owes; returns who is told of it, by which key."""
    hazard = sight.hazard
    if move == Move.ASSIGN:
        moved, is_cancelled = left in (Status.REPORTED, Status.REINSPECTING), True
    else:
        moved, is_cancelled = hazard.status != left, move in (Move.GRADE_MAJOR, Move.DOWNGRADE)
    if not moved:
        return []
    for kind in owed.KINDS_OF.get(left, ()):
        close_duties(writes, hazard, kind, by=by, at=line.at, cancelled=is_cancelled)
    return open_owed(writes, sight, line, by=by)


def open_owed(writes: Writes, sight: Sight, line: HazardTransition, *, by: User) -> Told:
    """Open what the hazard's status makes someone owe and tell whoever sits in those chairs, once each."""
    new = owed.duties_for(sight.hazard, on=sight.today, bodies=sight, due_by=sight.terms.due)
    per_person: dict[int, list[NewDuty]] = {}
    for duty in new:
        post = duty.post or sight.default_post(duty.organization)
        add_duty(writes, duty, post=post, terms=sight.terms, at=line.at, today=sight.today)
        for person in sight.people_of(post) if post else ():
            if person != by.pk:
                per_person.setdefault(person, []).append(duty)
    told = []
    for person, duties in per_person.items():
        first, key = duties[0], f"hazards.line:{line.pk}:{'+'.join(duty.kind for duty in duties)}"
        if len(duties) == 1:
            title, url = f"新待办：{first.title}", first.url
            body = f"期限 {first.due_on}" if first.due_on else ""
        else:
            title, url = f"新增 {len(duties)} 项待办", "/duties/"
            body = "、".join(duty.title for duty in duties[:3])[:480]
        add_message(
            writes,
            person,
            category=Message.Category.DUTY,
            title=title,
            body=body,
            url=url,
            key=key,
            at=line.at,
        )
        told.append((person, key))
    return told


def _what_else(sight: Sight, move: Move, left: str, *, by: User) -> list[Callable[[], object]]:
    """What rarer moves also settle, in statements of their own."""
    hazard = sight.hazard
    if move == Move.EXTEND:
        assert hazard.due_on is not None
        return [
            partial(reschedule_duty, hazard, Duty.Kind.HAZARD_RECTIFY, hazard.due_on, hazard.clock, by=by),
            partial(finish_duty, hazard, Duty.Kind.EXTENSION, by=by),
        ]
    if move == Move.REPORT_MAJOR:
        return [partial(finish_duty, hazard, Duty.Kind.REPORT, by=by)]
    if (
        sight.has_pending_extension
        and move != Move.ASSIGN
        and hazard.status != left
        and is_legal(Move.EXTEND, left, hazard.level)
    ):
        return [partial(_withdraw_pending_extension, hazard, by=by)]
    return []


def _withdraw_pending_extension(hazard: Hazard, *, by: User) -> None:
    """Once the clock no longer runs there is nothing left to extend."""
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


def tell(writes: Writes, sight: Sight, line: HazardTransition, *, by: User) -> Told:
    """Tell the other side what became of it; new duties announce themselves."""
    hazard, move = sight.hazard, Move(line.move)
    if move in (Move.DISMISS, Move.MERGE):
        finder = User.objects.filter(pk=hazard.found_by_id, is_active=True, is_service=False)
        recipients = tuple(finder.values_list("pk", flat=True))
    elif move in _TOLD_TO_ENTERPRISE:
        recipients = _people_of_enterprise(sight)
    else:
        return []
    key, told = f"hazards.line:{line.pk}", []
    for person in recipients:
        if person != by.pk:
            add_message(
                writes,
                person,
                category=Message.Category.RESULT,
                title=f"{move.label}：{hazard.description[:60]}",
                body=line.reason,
                url=hazard.get_absolute_url(),
                key=key,
                at=line.at,
            )
            told.append((person, key))
    return told


def _people_of_enterprise(sight: Sight) -> tuple[int, ...]:
    """Whoever answers for the enterprise: its post holders, or whoever last handed in something on its behalf."""
    if sight.hazard.enterprise.organization is not None:
        post = sight.default_post(sight.hazard.enterprise.organization)
        return sight.people_of(post) if post else ()
    last = sight.handed_in
    return (last.by_id,) if last and last.is_reachable else ()
