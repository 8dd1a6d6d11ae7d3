"""A campaign at work: shares of tasks reported and confirmed, phases taken through their gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of
from bihuan.accounts.roles import ROLES
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.actions import finish_duty, open_duties
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from ..models import (
    Assignment,
    AssignmentTransition,
    Campaign,
    GateCondition,
    Phase,
    PhaseTransition,
    seats,
)
from ..queries.gates import gate_report
from ..workflow import (
    ASSIGNMENT_RULES,
    PHASE_RULES,
    AssignmentMove,
    AssignmentStatus,
    PhaseMove,
    PhaseStatus,
)
from .publishing import phase_duty, task_duty


def may_move_assignment(user: User, move: str, assignment: Assignment) -> bool:
    """Progress and completion are told by the organization itself; confirming and sending back is the office's."""
    permission = ASSIGNMENT_RULES[move].permission
    if permission == Permission.CONFIRM_TASK:
        return assignment.task.campaign.region_id in seats(user, permission)
    return user.is_active and any(
        post.organization_id == assignment.organization_id and permission in ROLES[post.role].permissions
        for post in user.posts
    )


def assignment_moves(assignment: Assignment, *, by: User) -> list[AssignmentMove]:
    """The moves this person may make now."""
    return [
        AssignmentMove(move)
        for move, rule in ASSIGNMENT_RULES.items()
        if assignment.status in rule.sources and may_move_assignment(by, move, assignment)
    ]


@transaction.atomic
def move_assignment(assignment: Assignment, move: str, *, by: User, note: str = "") -> AssignmentTransition:
    """Move one share of a task; the one door. Reporting completion closes the duty, sending back opens it again.

    Raises PermissionDenied, ReasonRequired, IllegalMove for a wrong or meanwhile changed state.
    """
    rule, seen, now = ASSIGNMENT_RULES[move], assignment.status, timezone.now()
    label = AssignmentMove(move).label
    if not may_move_assignment(by, move, assignment):
        raise PermissionDenied
    note = note.strip()
    if rule.needs_note and not note:
        raise ReasonRequired(label)
    changes = {"status": rule.target, "updated_at": now}
    if move in {AssignmentMove.PROGRESS, AssignmentMove.REPORT}:
        changes["progress"] = note[:500]
    moved = seen in rule.sources and Assignment.objects.filter(pk=assignment.pk, status=seen).update(
        **changes
    )
    if not moved:
        raise IllegalMove(f"“{assignment.task.heading}”（{assignment}）的状态已变化，请核对后重试")
    transition = AssignmentTransition.objects.create(
        assignment=assignment,
        move=move,
        from_status=seen,
        to_status=rule.target,
        note=note[:500],
        by=by,
        at=now,
    )
    assignment.refresh_from_db(fields=["status", "progress", "updated_at"])
    if move == AssignmentMove.REPORT:
        finish_duty(assignment, Duty.Kind.TASK, by=by)
    if move == AssignmentMove.SEND_BACK:
        open_duties([task_duty(assignment)], by=by)
    record(
        f"campaigns.assignment_{move}",
        transition,
        by=by,
        summary=f"{label}：{assignment.task}（{assignment.organization.short_name}）",
    )
    if move in {AssignmentMove.REPORT, AssignmentMove.SEND_BACK}:
        transaction.on_commit(partial(_tell_other_side, transition.pk))
    return transition


def _tell_other_side(transition_id: int) -> None:
    """A completion reaches the office's default post, a sent-back share the organization's."""
    transition = AssignmentTransition.objects.select_related(
        "assignment__task__campaign__office", "assignment__organization"
    ).get(pk=transition_id)
    assignment = transition.assignment
    to_office = transition.move == AssignmentMove.REPORT
    organization = assignment.task.campaign.office if to_office else assignment.organization
    post = default_post(organization)
    if post is None:
        return
    words = "报完成，待确认" if to_office else "被退回，请继续办理"
    notify(
        holders_of(post),
        category=Message.Category.RESULT,
        title=f"{assignment.organization.short_name}：{assignment.task.heading} {words}",
        body=transition.note,
        url=assignment.task.get_absolute_url(),
        key=f"assignment-transition:{transition.pk}",
    )


@transaction.atomic
def confirm_reported(assignments: list[Assignment], *, by: User) -> int:
    """Confirm several reported shares; those that changed meanwhile are left alone. Returns how many."""
    confirmed = 0
    for assignment in assignments:
        if assignment.status == AssignmentStatus.REPORTED:
            try:
                with transaction.atomic():
                    move_assignment(assignment, AssignmentMove.CONFIRM, by=by)
            except IllegalMove:
                continue
            confirmed += 1
    return confirmed


def may_move_phase(user: User, phase: Phase) -> bool:
    """The office of the campaign's region."""
    return phase.campaign.region_id in seats(user, Permission.CLOSE_PHASE)


def phase_moves(phase: Phase, *, by: User) -> list[PhaseMove]:
    """The moves the table and the other phases allow this person now; the gate itself is asked when closing."""
    if not may_move_phase(by, phase):
        return []
    others = phase.campaign.phases.exclude(pk=phase.pk)
    moves = [PhaseMove(move) for move, rule in PHASE_RULES.items() if phase.status in rule.sources]
    if any(other.status == PhaseStatus.OPEN for other in others):
        moves = [move for move in moves if move == PhaseMove.CLOSE]
    if any(other.status != PhaseStatus.CLOSED and other.position < phase.position for other in others):
        moves = [move for move in moves if move != PhaseMove.OPEN]
    return moves


@transaction.atomic
def move_phase(phase: Phase, move: str, *, by: User, reason: str = "") -> PhaseTransition:
    """Open, close or reopen a phase; the one door. Closing freezes the gate report into the transition (R018).

    Raises PermissionDenied, ReasonRequired, IllegalMove for a wrong or meanwhile changed state, and Refused, naming
    what is missing, while the gate is not met or an earlier phase is not closed.
    """
    rule, seen, now = PHASE_RULES[move], phase.status, timezone.now()
    label = PhaseMove(move).label
    if not may_move_phase(by, phase):
        raise PermissionDenied
    reason = reason.strip()
    if rule.needs_note and not reason:
        raise ReasonRequired(label)
    if seen not in rule.sources:
        raise IllegalMove(f"阶段“{phase}”的状态已变化，请核对后重试")
    lines = gate_report(phase, timezone.localdate(now))
    if move == PhaseMove.CLOSE:
        unmet = [line.sentence for line in lines if not line.met]
        if unmet:
            raise Refused(f"阶段“{phase}”的关口还有 {len(unmet)} 项未满足：" + "；".join(unmet))
    if move == PhaseMove.OPEN:
        earlier = phase.campaign.phases.filter(position__lt=phase.position).exclude(status=PhaseStatus.CLOSED)
        if blocker := earlier.first():
            raise Refused(f"上一阶段“{blocker}”还没有关闭，不能开始“{phase}”")
    try:
        with transaction.atomic():
            moved = Phase.objects.filter(pk=phase.pk, status=seen).update(
                status=rule.target, closed_at=now if rule.target == PhaseStatus.CLOSED else None
            )
    except IntegrityError as error:
        # The database keeps one open phase a campaign.
        raise Refused("已有一个阶段正在进行，请先关闭它") from error
    if not moved:
        raise IllegalMove(f"阶段“{phase}”的状态已变化，请核对后重试")
    transition = PhaseTransition.objects.create(
        phase=phase,
        move=move,
        from_status=seen,
        to_status=rule.target,
        report=[asdict(line) for line in lines],
        reason=reason[:300],
        by=by,
        at=now,
    )
    phase.refresh_from_db(fields=["status", "closed_at"])
    if phase.status == PhaseStatus.OPEN:
        open_duties([phase_duty(phase)], by=by)
    else:
        finish_duty(phase, Duty.Kind.PHASE, by=by)
    unfinished = phase.campaign.phases.exclude(status=PhaseStatus.CLOSED).exists()
    Campaign.objects.filter(pk=phase.campaign_id).update(
        status=Campaign.Status.RUNNING if unfinished else Campaign.Status.FINISHED
    )
    record(
        f"campaigns.phase_{move}",
        transition,
        by=by,
        summary=f"{label}阶段“{phase}”（{phase.campaign.short_title}）",
    )
    return transition


@transaction.atomic
def set_gate(phase: Phase, thresholds: Mapping[str, Decimal | None], *, by: User) -> None:
    """Say what a phase must show before it may be closed; None takes a condition away.

    Raises PermissionDenied, IllegalMove once the phase is closed, Refused for an impossible threshold.
    """
    if not may_move_phase(by, phase):
        raise PermissionDenied
    # Written to itself: a concurrent closing and this change exclude each other.
    if not Phase.objects.filter(pk=phase.pk).exclude(status=PhaseStatus.CLOSED).update(name=phase.name):
        raise IllegalMove(f"阶段“{phase}”已关闭，关口不能再改")
    rates = {
        GateCondition.Metric.COVERAGE,
        GateCondition.Metric.RECTIFICATION,
        GateCondition.Metric.TASKS_DONE,
    }
    for metric, threshold in thresholds.items():
        if threshold is None:
            phase.conditions.filter(metric=metric).delete()
            continue
        if threshold < 0 or (metric in rates and threshold > 100):
            raise Refused(
                f"“{GateCondition.Metric(metric).label}”的门槛应在 0 到 100 之间，所填为 {threshold}"
            )
        GateCondition.objects.update_or_create(phase=phase, metric=metric, defaults={"threshold": threshold})
    words = "，".join(
        f"{GateCondition.Metric(metric).label} {'取消' if value is None else value}"
        for metric, value in thresholds.items()
    )
    record("campaigns.set_gate", phase, by=by, summary=f"调整“{phase}”关口：{words}")
