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


class ReceptionStatus(TextChoices):
    """Where a visit from above stands (迎检)."""

    PREPARING = "preparing", "迎检准备"
    VISITING = "visiting", "正在检查"
    RECTIFYING = "rectifying", "反馈整改"
    CLOSED = "closed", "已办结"
    CANCELLED = "cancelled", "已取消"


class ReceptionMove(TextChoices):
    REGISTER = "register", "登记"
    CHANGE = "change", "调整"
    BEGIN = "begin", "检查组进驻"
    ISSUE = "issue", "印发汇报材料"
    TELL = "tell", "登记问题"
    SCORE = "score", "登记得分"
    FEED_BACK = "feed_back", "收到反馈"
    CLOSE = "close", "办结"
    CANCEL = "cancel", "取消"


class LineStatus(TextChoices):
    OPEN = "open", "待分派"
    OWED = "owed", "准备中"
    HANDED = "handed", "待审核"
    READY = "ready", "已备齐"
    DROPPED = "dropped", "不适用"


class LineMove(TextChoices):
    ADD = "add", "列入"
    ASSIGN = "assign", "分派"
    HAND_IN = "hand_in", "提交材料"
    ACCEPT = "accept", "审核通过"
    SEND_BACK = "send_back", "退回补充"
    DROP = "drop", "不适用"


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
RECEPTION_RULES: dict[str, Rule] = {
    ReceptionMove.CHANGE: Rule(_of(ReceptionStatus.PREPARING, ReceptionStatus.VISITING), None, _MANAGE),
    ReceptionMove.BEGIN: Rule(_of(ReceptionStatus.PREPARING), ReceptionStatus.VISITING, _MANAGE),
    ReceptionMove.ISSUE: Rule(_of(ReceptionStatus.PREPARING, ReceptionStatus.VISITING), None, _CONFIRM),
    ReceptionMove.TELL: Rule(_of(ReceptionStatus.VISITING, ReceptionStatus.RECTIFYING), None, _MANAGE),
    ReceptionMove.SCORE: Rule(_of(ReceptionStatus.VISITING, ReceptionStatus.RECTIFYING), None, _MANAGE),
    ReceptionMove.FEED_BACK: Rule(_of(ReceptionStatus.VISITING), ReceptionStatus.RECTIFYING, _MANAGE),
    ReceptionMove.CLOSE: Rule(_of(ReceptionStatus.RECTIFYING), ReceptionStatus.CLOSED, _MANAGE),
    ReceptionMove.CANCEL: Rule(
        _of(ReceptionStatus.PREPARING), ReceptionStatus.CANCELLED, _MANAGE, needs_reason=True
    ),
}
LINE_RULES: dict[str, Rule] = {
    LineMove.ASSIGN: Rule(_of(LineStatus.OPEN, LineStatus.OWED), LineStatus.OWED, _MANAGE),
    LineMove.HAND_IN: Rule(_of(LineStatus.OWED), LineStatus.HANDED, _ANSWER),
    LineMove.ACCEPT: Rule(_of(LineStatus.HANDED), LineStatus.READY, _MANAGE),
    LineMove.SEND_BACK: Rule(
        _of(LineStatus.HANDED, LineStatus.READY), LineStatus.OWED, _MANAGE, needs_reason=True
    ),
    LineMove.DROP: Rule(
        _of(LineStatus.OPEN, LineStatus.OWED), LineStatus.DROPPED, _MANAGE, needs_reason=True
    ),
}

# What still waits for somebody.
UNFINISHED = frozenset({ResolutionStatus.OPEN, ResolutionStatus.REPORTED})
OPEN_FINDINGS = frozenset({FindingStatus.RECORDED, FindingStatus.RECTIFYING, FindingStatus.REPLIED})
