"""Phases, shares of tasks, amendments and sub-plans: every legal move, in four tables."""

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
    ENDED = "ended", "已终止"


class AssignmentMove(TextChoices):
    PROGRESS = "progress", "报进展"
    REPORT = "report", "报完成"
    CONFIRM = "confirm", "确认完成"
    SEND_BACK = "send_back", "退回"


class AmendingMove(TextChoices):
    """What a revised plan does to a share of a task; nobody presses these, an applied amendment does."""

    ADJUST = "adjust", "方案修订调整"
    END = "end", "方案修订终止"
    RESUME = "resume", "方案修订恢复"


class AmendmentStatus(TextChoices):
    REVIEWING = "reviewing", "比对中"
    APPLIED = "applied", "已应用"
    WITHDRAWN = "withdrawn", "已撤回"


class AmendmentMove(TextChoices):
    APPLY = "apply", "应用修订"
    WITHDRAW = "withdraw", "撤回修订"


class SubplanStatus(TextChoices):
    OWED = "owed", "待报送"
    FILED = "filed", "已报送"
    RETURNED = "returned", "已退回"
    ACCEPTED = "accepted", "已接受"
    CANCELLED = "cancelled", "不再要求"


class SubplanMove(TextChoices):
    FILE = "file", "报送"
    RETURN = "return", "退回"
    ACCEPT = "accept", "接受"
    CANCEL = "cancel", "不再要求"


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

AMENDMENT_RULES: dict[str, Rule] = {
    AmendmentMove.APPLY: Rule(
        frozenset({AmendmentStatus.REVIEWING}),
        AmendmentStatus.APPLIED,
        Permission.MANAGE_PLANS,
        needs_note=True,
    ),
    AmendmentMove.WITHDRAW: Rule(
        frozenset({AmendmentStatus.REVIEWING}),
        AmendmentStatus.WITHDRAWN,
        Permission.MANAGE_PLANS,
        needs_note=True,
    ),
}

# Filing is the obliged organization's, everything else the office's of the parent campaign (R003, R004).
SUBPLAN_RULES: dict[str, Rule] = {
    SubplanMove.FILE: Rule(
        frozenset({SubplanStatus.OWED, SubplanStatus.RETURNED}), SubplanStatus.FILED, Permission.REPORT_TASK
    ),
    SubplanMove.RETURN: Rule(
        frozenset({SubplanStatus.FILED, SubplanStatus.ACCEPTED}),
        SubplanStatus.RETURNED,
        Permission.MANAGE_PLANS,
        needs_note=True,
    ),
    SubplanMove.ACCEPT: Rule(
        frozenset({SubplanStatus.FILED}), SubplanStatus.ACCEPTED, Permission.MANAGE_PLANS
    ),
    SubplanMove.CANCEL: Rule(
        frozenset({SubplanStatus.OWED, SubplanStatus.RETURNED}),
        SubplanStatus.CANCELLED,
        Permission.MANAGE_PLANS,
        needs_note=True,
    ),
}
