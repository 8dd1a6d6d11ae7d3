"""Phases and shares of tasks: every legal move, in two tables."""

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class PhaseStatus(TextChoices):
    PENDING = "pending", "未开始"
    OPEN = "open", "进行中"
    CLOSED = "closed", "已关闭"


class PhaseMove(TextChoices):
    OPEN = "open", "开始"
    CLOSE = "close", "关闭"
    REOPEN = "reopen", "重新打开"


class AssignmentStatus(TextChoices):
    ASSIGNED = "assigned", "未开始"
    WORKING = "working", "进行中"
    REPORTED = "reported", "已报完成"
    CONFIRMED = "confirmed", "已确认"


class AssignmentMove(TextChoices):
    PROGRESS = "progress", "报进展"
    REPORT = "report", "报完成"
    CONFIRM = "confirm", "确认完成"
    SEND_BACK = "send_back", "退回"


@dataclass(frozen=True)
class Rule:
    sources: frozenset[str]
    target: str
    permission: str
    needs_note: bool = False


PHASE_RULES: dict[str, Rule] = {
    PhaseMove.OPEN: Rule(frozenset({PhaseStatus.PENDING}), PhaseStatus.OPEN, Permission.CLOSE_PHASE),
    PhaseMove.CLOSE: Rule(frozenset({PhaseStatus.OPEN}), PhaseStatus.CLOSED, Permission.CLOSE_PHASE),
    PhaseMove.REOPEN: Rule(
        frozenset({PhaseStatus.CLOSED}), PhaseStatus.OPEN, Permission.CLOSE_PHASE, needs_note=True
    ),
}

ASSIGNMENT_RULES: dict[str, Rule] = {
    AssignmentMove.PROGRESS: Rule(
        frozenset({AssignmentStatus.ASSIGNED, AssignmentStatus.WORKING}),
        AssignmentStatus.WORKING,
        Permission.REPORT_TASK,
        needs_note=True,
    ),
    AssignmentMove.REPORT: Rule(
        frozenset({AssignmentStatus.ASSIGNED, AssignmentStatus.WORKING}),
        AssignmentStatus.REPORTED,
        Permission.REPORT_TASK,
        needs_note=True,
    ),
    AssignmentMove.CONFIRM: Rule(
        frozenset({AssignmentStatus.REPORTED}), AssignmentStatus.CONFIRMED, Permission.CONFIRM_TASK
    ),
    AssignmentMove.SEND_BACK: Rule(
        frozenset({AssignmentStatus.REPORTED, AssignmentStatus.CONFIRMED}),
        AssignmentStatus.WORKING,
        Permission.CONFIRM_TASK,
        needs_note=True,
    ),
}
