"""A project from the pool to its use, and what hangs on it: every legal move, in tables (R236-R243)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class ProjectStatus(TextChoices):
    RESERVED = "reserved", "储备"
    APPROVED = "approved", "审定入库"
    FUNDED = "funded", "资金落实"
    STARTED = "started", "在建"
    COMPLETED = "completed", "完工待验收"
    ACCEPTED = "accepted", "验收合格待移交"
    HANDED = "handed", "已移交"
    IN_USE = "in_use", "已投用"
    SUSPENDED = "suspended", "暂缓"
    CANCELLED = "cancelled", "已取消"


class ProjectMove(TextChoices):
    REGISTER = "register", "登记储备"
    APPROVE = "approve", "审定入库"
    SEND_BACK = "send_back", "退回完善"
    SHARE = "share", "调整资金方案"
    FUND = "fund", "确认资金落实"
    START = "start", "开工"
    COMPLETE = "complete", "完工"
    ACCEPT = "accept", "联合验收合格"
    CONDITION = "condition", "附条件通过"
    REWORK = "rework", "验收不合格返工"
    HAND_OVER = "hand_over", "办结移交"
    PUT_IN_USE = "put_in_use", "通气投用"
    SUSPEND = "suspend", "暂缓"
    RESUME = "resume", "恢复"
    CANCEL = "cancel", "取消项目"


class MoneyKind(TextChoices):
    """What one line of a project's money says."""

    COMMIT = "commit", "落实"
    RECEIVE = "receive", "到位"
    SPEND = "spend", "支出"


class FundLineKind(TextChoices):
    """What one line of a special fund says."""

    GRANT = "grant", "下达"
    COMMIT = "commit", "安排"
    PAY = "pay", "拨付"


class FundTarget(TextChoices):
    """What money of a special fund is set aside for."""

    PROJECT = "project", "工程项目"
    SUBSIDY = "subsidy", "整改补贴"
    TRAINING = "training", "培训支出"
    PURCHASE = "purchase", "采购支出"
    OTHER = "other", "其他支出"


class MilestoneStatus(TextChoices):
    OPEN = "open", "未完成"
    DONE = "done", "已完成"
    DROPPED = "dropped", "不再需要"


class MilestoneMove(TextChoices):
    SET = "set", "设定节点"
    FINISH = "finish", "完成节点"
    POSTPONE = "postpone", "调整期限"
    DROP = "drop", "撤销节点"


class ReportStatus(TextChoices):
    DUE = "due", "待报"
    FILED = "filed", "已报"


class ReportMove(TextChoices):
    ASK = "ask", "要求报进度"
    FILE = "file", "报进度"


class GasCheckStatus(TextChoices):
    OPEN = "open", "未满足"
    MET = "met", "已满足"


class GasCheckMove(TextChoices):
    ASK = "ask", "列为通气条件"
    MEET = "meet", "确认满足"
    REOPEN = "reopen", "复核不满足"


class HandoverStatus(TextChoices):
    PREPARED = "prepared", "待接收方签收"
    SIGNED = "signed", "双方已签字"
    RETURNED = "returned", "接收方退回"


class HandoverMove(TextChoices):
    PREPARE = "prepare", "移交方签字送达"
    SIGN = "sign", "接收方签收"
    RETURN = "return", "退回补正"


class SupportStatus(TextChoices):
    FILED = "filed", "待部门初审"
    REVIEWED = "reviewed", "待安委办审定"
    RETURNED = "returned", "退回补充"
    APPROVED = "approved", "同意支持"
    REFUSED = "refused", "不予支持"
    WITHDRAWN = "withdrawn", "企业撤回"


class SupportMove(TextChoices):
    FILE = "file", "申请技改支持"
    REVIEW = "review", "初审通过"
    RETURN = "return", "退回补充材料"
    REFILE = "refile", "补充后再报"
    APPROVE = "approve", "审定支持"
    REFUSE = "refuse", "不予支持"
    WITHDRAW = "withdraw", "撤回申请"


class CareStatus(TextChoices):
    TO_VISIT = "to_visit", "待走访"
    VISITED = "visited", "已走访"
    RELEASED = "released", "不再需要"


class CareMove(TextChoices):
    MARK = "mark", "列为照顾对象"
    VISIT = "visit", "走访"
    RELEASE = "release", "解除"


class ServiceStatus(TextChoices):
    REQUESTED = "requested", "待受理"
    OFFERED = "offered", "待对象同意"
    ACCEPTED = "accepted", "服务中"
    DONE = "done", "待对象确认"
    CONFIRMED = "confirmed", "已确认"
    DECLINED = "declined", "未办理"


class ServiceMove(TextChoices):
    REQUEST = "request", "提出需求"
    OFFER = "offer", "主动提供服务"
    AGREE = "agree", "同意接受服务"
    ACCEPT = "accept", "受理"
    DECLINE = "decline", "不受理"
    DO = "do", "办结"
    CONFIRM = "confirm", "确认服务完成"
    REDO = "redo", "未解决，继续服务"


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status (or goes back to where a project paused)."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


S = ProjectStatus
_MANAGE, _APPROVE, _APPLY = (
    Permission.MANAGE_PROJECTS,
    Permission.APPROVE_PROJECT,
    Permission.APPLY_PROJECT,
)


def _rule(sources: set[str], target: str | None, permission: str, *, reason: bool = False) -> Rule:
    return Rule(frozenset(sources), target, permission, reason)


RULES: dict[str, Rule] = {
    ProjectMove.APPROVE: _rule({S.RESERVED}, S.APPROVED, _APPROVE),
    ProjectMove.SEND_BACK: _rule({S.RESERVED}, None, _APPROVE, reason=True),
    ProjectMove.SHARE: _rule({S.APPROVED, S.FUNDED, S.STARTED}, None, _APPROVE, reason=True),
    ProjectMove.FUND: _rule({S.APPROVED}, S.FUNDED, _MANAGE),
    ProjectMove.START: _rule({S.FUNDED}, S.STARTED, _MANAGE),
    ProjectMove.COMPLETE: _rule({S.STARTED}, S.COMPLETED, _MANAGE),
    ProjectMove.ACCEPT: _rule({S.COMPLETED}, S.ACCEPTED, _MANAGE),
    ProjectMove.CONDITION: _rule({S.COMPLETED}, None, _MANAGE, reason=True),
    ProjectMove.REWORK: _rule({S.COMPLETED}, S.STARTED, _MANAGE, reason=True),
    ProjectMove.HAND_OVER: _rule({S.ACCEPTED}, S.HANDED, ""),
    ProjectMove.PUT_IN_USE: _rule({S.HANDED}, S.IN_USE, _MANAGE),
    ProjectMove.SUSPEND: _rule({S.RESERVED, S.APPROVED, S.FUNDED, S.STARTED}, S.SUSPENDED, _MANAGE, reason=True),
    ProjectMove.RESUME: _rule({S.SUSPENDED}, None, _MANAGE),
    ProjectMove.CANCEL: _rule({S.RESERVED, S.APPROVED, S.FUNDED, S.SUSPENDED}, S.CANCELLED, _APPROVE, reason=True),
}  # fmt: skip
MILESTONE_RULES: dict[str, Rule] = {
    MilestoneMove.FINISH: _rule({MilestoneStatus.OPEN}, MilestoneStatus.DONE, _MANAGE),
    MilestoneMove.POSTPONE: _rule({MilestoneStatus.OPEN}, None, _MANAGE, reason=True),
    MilestoneMove.DROP: _rule({MilestoneStatus.OPEN}, MilestoneStatus.DROPPED, _MANAGE, reason=True),
}
REPORT_RULES: dict[str, Rule] = {
    ReportMove.FILE: _rule({ReportStatus.DUE}, ReportStatus.FILED, ""),
}
GAS_CHECK_RULES: dict[str, Rule] = {
    GasCheckMove.MEET: _rule({GasCheckStatus.OPEN}, GasCheckStatus.MET, ""),
    GasCheckMove.REOPEN: _rule({GasCheckStatus.MET}, GasCheckStatus.OPEN, _MANAGE, reason=True),
}
HANDOVER_RULES: dict[str, Rule] = {
    HandoverMove.SIGN: _rule({HandoverStatus.PREPARED}, HandoverStatus.SIGNED, ""),
    HandoverMove.RETURN: _rule({HandoverStatus.PREPARED}, HandoverStatus.RETURNED, "", reason=True),
}
SUPPORT_RULES: dict[str, Rule] = {
    SupportMove.REVIEW: _rule({SupportStatus.FILED}, SupportStatus.REVIEWED, _MANAGE),
    SupportMove.RETURN: _rule({SupportStatus.FILED}, SupportStatus.RETURNED, _MANAGE, reason=True),
    SupportMove.REFILE: _rule({SupportStatus.RETURNED}, SupportStatus.FILED, _APPLY),
    SupportMove.WITHDRAW: _rule({SupportStatus.FILED, SupportStatus.RETURNED}, SupportStatus.WITHDRAWN, _APPLY, reason=True),
    SupportMove.APPROVE: _rule({SupportStatus.REVIEWED}, SupportStatus.APPROVED, _APPROVE),
    SupportMove.REFUSE: _rule({SupportStatus.REVIEWED}, SupportStatus.REFUSED, _APPROVE, reason=True),
}  # fmt: skip
_CARE = Permission.CARE_HOUSEHOLDS
CARE_RULES: dict[str, Rule] = {
    CareMove.VISIT: _rule({CareStatus.TO_VISIT, CareStatus.VISITED}, CareStatus.VISITED, _CARE),
    CareMove.RELEASE: _rule({CareStatus.TO_VISIT, CareStatus.VISITED}, CareStatus.RELEASED, _CARE, reason=True),
}  # fmt: skip
# Permission "" asks the two sides of a service: see standing.may_serve.
SERVICE_RULES: dict[str, Rule] = {
    ServiceMove.ACCEPT: _rule({ServiceStatus.REQUESTED}, ServiceStatus.ACCEPTED, ""),
    ServiceMove.AGREE: _rule({ServiceStatus.OFFERED}, ServiceStatus.ACCEPTED, ""),
    ServiceMove.DECLINE: _rule({ServiceStatus.REQUESTED, ServiceStatus.OFFERED}, ServiceStatus.DECLINED, "", reason=True),
    ServiceMove.DO: _rule({ServiceStatus.ACCEPTED}, ServiceStatus.DONE, "", reason=True),
    ServiceMove.CONFIRM: _rule({ServiceStatus.DONE}, ServiceStatus.CONFIRMED, ""),
    ServiceMove.REDO: _rule({ServiceStatus.DONE}, ServiceStatus.ACCEPTED, "", reason=True),
}  # fmt: skip
# Where money may be committed, received, spent.
COMMITTING = frozenset({S.APPROVED, S.FUNDED, S.STARTED, S.COMPLETED})
SPENDING = frozenset({S.FUNDED, S.STARTED, S.COMPLETED, S.ACCEPTED, S.HANDED, S.IN_USE})
# Works that go on or are over: what counts as being built or built.
LIVE = frozenset({S.APPROVED, S.FUNDED, S.STARTED, S.COMPLETED, S.ACCEPTED, S.HANDED, S.IN_USE})
BUILT = frozenset({S.ACCEPTED, S.HANDED, S.IN_USE})
OVER = frozenset({S.IN_USE, S.CANCELLED})
LINE_OF_STAGES = (S.RESERVED, S.APPROVED, S.FUNDED, S.STARTED, S.COMPLETED, S.ACCEPTED, S.HANDED, S.IN_USE)
