"""Visits, findings, meetings and resolutions: every legal move, in four tables (R029, R065, R108)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


class RoundStatus(TextChoices):
    PLANNING = "planning", "编排中"
    RUNNING = "running", "督导中"
    CLOSED = "closed", "已结束"
    CANCELLED = "cancelled", "已取消"


class RoundMove(TextChoices):
    CREATE = "create", "编排"
    ISSUE = "issue", "下达"
    CLOSE = "close", "结束"
    CANCEL = "cancel", "取消"


class VisitStatus(TextChoices):
    PLANNED = "planned", "待督导"
    DONE = "done", "已督导"
    CANCELLED = "cancelled", "已取消"


class VisitMove(TextChoices):
    RESCHEDULE = "reschedule", "调整"
    SUBMIT = "submit", "提交"
    CANCEL = "cancel", "取消"


class FindingStatus(TextChoices):
    RECORDED = "recorded", "待交办"
    RECTIFYING = "rectifying", "整改中"
    REPLIED = "replied", "待核验"
    CLOSED = "closed", "已销号"
    IN_LEDGER = "in_ledger", "已入隐患台账"
    WITHDRAWN = "withdrawn", "已撤销"


class FindingMove(TextChoices):
    RECORD = "record", "发现"
    HAND_OVER = "hand_over", "交办"
    REPLY = "reply", "报整改"
    PASS = "pass", "核验通过"
    SEND_BACK = "send_back", "退回整改"
    EXTEND = "extend", "延期"
    REOPEN = "reopen", "重新整改"
    WITHDRAW = "withdraw", "撤销"
    ENTER = "enter", "录入隐患台账"


class MeetingStatus(TextChoices):
    DRAFT = "draft", "筹备中"
    CONVENED = "convened", "已通知"
    HELD = "held", "已召开"
    CONFIRMING = "confirming", "纪要待审定"
    CONFIRMED = "confirmed", "纪要已审定"
    ISSUED = "issued", "纪要已印发"
    CANCELLED = "cancelled", "已取消"


class MeetingMove(TextChoices):
    CREATE = "create", "筹备"
    CONVENE = "convene", "发会议通知"
    HOLD = "hold", "登记到会"
    SUBMIT = "submit", "纪要送审"
    RETURN = "return", "退回修改"
    CONFIRM = "confirm", "审定纪要"
    ISSUE = "issue", "印发纪要"
    CANCEL = "cancel", "取消会议"


class ResolutionStatus(TextChoices):
    DRAFT = "draft", "待印发"
    OPEN = "open", "办理中"
    REPORTED = "reported", "待确认"
    DONE = "done", "已办结"
    CANCELLED = "cancelled", "不再办理"


class ResolutionMove(TextChoices):
    CREATE = "create", "议定"
    OPEN = "open", "交办"
    REPORT = "report", "报办结"
    CONFIRM = "confirm", "确认办结"
    SEND_BACK = "send_back", "退回续办"
    EXTEND = "extend", "调整期限"
    CANCEL = "cancel", "不再办理"
    DROP = "drop", "撤下"


def _of(*statuses: str) -> frozenset[str]:
    return frozenset(statuses)


_MANAGE, _RECORD = Permission.MANAGE_OVERSIGHT, Permission.RECORD_OVERSIGHT
_CONFIRM, _ANSWER = Permission.CONFIRM_OVERSIGHT, Permission.REPLY_INSTRUMENT

ROUND_RULES: dict[str, Rule] = {
    RoundMove.ISSUE: Rule(_of(RoundStatus.PLANNING), RoundStatus.RUNNING, _MANAGE),
    RoundMove.CLOSE: Rule(_of(RoundStatus.RUNNING), RoundStatus.CLOSED, _MANAGE),
    RoundMove.CANCEL: Rule(
        _of(RoundStatus.PLANNING, RoundStatus.RUNNING), RoundStatus.CANCELLED, _MANAGE, needs_reason=True
    ),
}
VISIT_RULES: dict[str, Rule] = {
    VisitMove.RESCHEDULE: Rule(_of(VisitStatus.PLANNED), None, _MANAGE, needs_reason=True),
    VisitMove.SUBMIT: Rule(_of(VisitStatus.PLANNED), VisitStatus.DONE, _RECORD),
    VisitMove.CANCEL: Rule(_of(VisitStatus.PLANNED), VisitStatus.CANCELLED, _MANAGE, needs_reason=True),
}
FINDING_RULES: dict[str, Rule] = {
    FindingMove.HAND_OVER: Rule(_of(FindingStatus.RECORDED), FindingStatus.RECTIFYING, _RECORD),
    FindingMove.REPLY: Rule(_of(FindingStatus.RECTIFYING), FindingStatus.REPLIED, _ANSWER),
    FindingMove.PASS: Rule(_of(FindingStatus.REPLIED), FindingStatus.CLOSED, _RECORD),
    FindingMove.SEND_BACK: Rule(
        _of(FindingStatus.REPLIED), FindingStatus.RECTIFYING, _RECORD, needs_reason=True
    ),
    FindingMove.EXTEND: Rule(_of(FindingStatus.RECTIFYING), None, _MANAGE, needs_reason=True),
    FindingMove.REOPEN: Rule(_of(FindingStatus.CLOSED), FindingStatus.RECTIFYING, _MANAGE, needs_reason=True),
    FindingMove.WITHDRAW: Rule(
        _of(FindingStatus.RECORDED, FindingStatus.RECTIFYING),
        FindingStatus.WITHDRAWN,
        _RECORD,
        needs_reason=True,
    ),
    FindingMove.ENTER: Rule(_of(FindingStatus.RECORDED), FindingStatus.IN_LEDGER, _RECORD),
}
MEETING_RULES: dict[str, Rule] = {
    MeetingMove.CONVENE: Rule(_of(MeetingStatus.DRAFT), MeetingStatus.CONVENED, _MANAGE),
    MeetingMove.HOLD: Rule(_of(MeetingStatus.CONVENED), MeetingStatus.HELD, _MANAGE),
    MeetingMove.SUBMIT: Rule(_of(MeetingStatus.HELD), MeetingStatus.CONFIRMING, _MANAGE),
    MeetingMove.RETURN: Rule(_of(MeetingStatus.CONFIRMING), MeetingStatus.HELD, _CONFIRM, needs_reason=True),
    MeetingMove.CONFIRM: Rule(_of(MeetingStatus.CONFIRMING), MeetingStatus.CONFIRMED, _CONFIRM),
    MeetingMove.ISSUE: Rule(_of(MeetingStatus.CONFIRMED), MeetingStatus.ISSUED, _MANAGE),
    MeetingMove.CANCEL: Rule(
        _of(MeetingStatus.DRAFT, MeetingStatus.CONVENED), MeetingStatus.CANCELLED, _MANAGE, needs_reason=True
    ),
}
RESOLUTION_RULES: dict[str, Rule] = {
    ResolutionMove.OPEN: Rule(_of(ResolutionStatus.DRAFT), ResolutionStatus.OPEN, _MANAGE),
    ResolutionMove.REPORT: Rule(_of(ResolutionStatus.OPEN), ResolutionStatus.REPORTED, _ANSWER),
    ResolutionMove.CONFIRM: Rule(_of(ResolutionStatus.REPORTED), ResolutionStatus.DONE, _MANAGE),
    ResolutionMove.SEND_BACK: Rule(
        _of(ResolutionStatus.REPORTED), ResolutionStatus.OPEN, _MANAGE, needs_reason=True
    ),
    ResolutionMove.EXTEND: Rule(_of(ResolutionStatus.OPEN), None, _MANAGE, needs_reason=True),
    ResolutionMove.CANCEL: Rule(
        _of(ResolutionStatus.OPEN, ResolutionStatus.REPORTED),
        ResolutionStatus.CANCELLED,
        _MANAGE,
        needs_reason=True,
    ),
    ResolutionMove.DROP: Rule(_of(ResolutionStatus.DRAFT), ResolutionStatus.CANCELLED, _MANAGE),
}

# What still waits for somebody.
UNFINISHED = frozenset({ResolutionStatus.OPEN, ResolutionStatus.REPORTED})
OPEN_FINDINGS = frozenset({FindingStatus.RECORDED, FindingStatus.RECTIFYING, FindingStatus.REPLIED})
