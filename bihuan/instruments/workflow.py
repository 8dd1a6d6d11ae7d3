"""Supervision papers: every legal move of a paper, of each of its recipients, of commitments and of triggers (R107, D5)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class Status(TextChoices):
    DRAFT = "draft", "拟稿"
    CHECKING = "checking", "待核稿"
    SIGNING = "signing", "待签发"
    ISSUED = "issued", "办理中"
    CLOSED = "closed", "已办结"
    LIFTED = "lifted", "已解除"
    WITHDRAWN = "withdrawn", "已撤回"
    DISCARDED = "discarded", "已作废"


class Move(TextChoices):
    DRAFT = "draft", "起草"
    EDIT = "edit", "修改"
    SUBMIT = "submit", "送核"
    CHECK = "check", "核稿通过"
    RETURN = "return", "退回修改"
    SIGN = "sign", "签发印发"
    TALK = "talk", "记录约谈"
    CLOSE = "close", "办结"
    LIFT = "lift", "解除"
    WITHDRAW = "withdraw", "撤回"
    DISCARD = "discard", "作废"


class RecipientStatus(TextChoices):
    PENDING = "pending", "未印发"
    SERVING = "serving", "待签收"
    RECEIVED = "received", "待回复"
    REPLIED = "replied", "回复待审"
    COMMITTED = "committed", "承诺整改中"
    ACCEPTED = "accepted", "已办结"
    RELEASED = "released", "已解除"
    ESCALATED = "escalated", "已升级"


class RecipientMove(TextChoices):
    SERVE = "serve", "印发"
    RECEIVE = "receive", "签收"
    HAND = "hand", "当面送达"
    REFUSE = "refuse", "拒收留置"
    NOTE = "note", "知悉办结"
    REPLY = "reply", "回复"
    ACCEPT = "accept", "认可回复"
    RETURN = "return", "退回重报"
    EXTEND = "extend", "延长回复期限"
    MEET = "meet", "参加约谈"
    KEEP = "keep", "承诺履行完毕"
    RELEASE = "release", "解除"
    ESCALATE = "escalate", "升级督办"


class CommitmentStatus(TextChoices):
    OPEN = "open", "履行中"
    REPORTED = "reported", "待核实"
    KEPT = "kept", "已履行"
    RELEASED = "released", "已解除"


class CommitmentMove(TextChoices):
    MAKE = "make", "作出承诺"
    REPORT = "report", "报告履行"
    CONFIRM = "confirm", "核实履行"
    SEND_BACK = "send_back", "退回"
    RELEASE = "release", "解除"


class TriggerStatus(TextChoices):
    OFF = "off", "未启用"
    ON = "on", "已启用"


class TriggerMove(TextChoices):
    SET = "set", "设定"
    CHANGE = "change", "修改"
    SWITCH_ON = "switch_on", "启用"
    SWITCH_OFF = "switch_off", "停用"


class Closing(TextChoices):
    """When a paper has done its work."""

    RECEIPT = "receipt", "全部签收"
    REPLY = "reply", "全部回复得到认可"
    SUBJECTS = "subjects", "回复得到认可，且所列事项全部办结"
    COMMITMENTS = "commitments", "约谈完毕，且承诺全部履行"


class Origin(TextChoices):
    HAND = "hand", "手工起草"
    TRIGGER = "trigger", "条件触发"
    LADDER = "ladder", "催办阶梯"
    ESCALATION = "escalation", "逾期升级"


class Period(TextChoices):
    ONCE = "once", "同一事项只触发一次"
    DAY = "day", "每天一次"
    WEEK = "week", "每周一次"
    MONTH = "month", "每月一次"
    QUARTER = "quarter", "每季一次"
    YEAR = "year", "每年一次"


class Audience(TextChoices):
    """Whom a trigger writes to, seen from the matter."""

    ORGANIZATION = "organization", "责任单位"
    LOCALITY = "locality", "所在乡镇街道"
    COUNTY = "county", "所在县区"
    DEPARTMENT = "department", "主管部门"


class Level(TextChoices):
    """Which level a finding is for (R065)."""

    GOVERNMENT = "government", "政府层面"
    DEPARTMENT = "department", "部门层面"
    STREET = "street", "乡镇街道层面"
    ENTERPRISE = "enterprise", "企业层面"


class Method(TextChoices):
    """How a recipient got the paper."""

    ONLINE = "online", "账号签收"
    HANDED = "handed", "当面送达"
    REFUSED = "refused", "拒收留置"


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status. `permission` "" means the system in the course of another act."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


P = Permission
DRAFTS = frozenset({Status.DRAFT, Status.CHECKING, Status.SIGNING})
OWED = frozenset({RecipientStatus.SERVING, RecipientStatus.RECEIVED, RecipientStatus.REPLIED})
UNSETTLED = OWED | {RecipientStatus.COMMITTED}

RULES: dict[str, Rule] = {
    Move.EDIT: Rule(frozenset({Status.DRAFT}), None, P.DRAFT_INSTRUMENT),
    Move.SUBMIT: Rule(frozenset({Status.DRAFT}), Status.CHECKING, P.DRAFT_INSTRUMENT),
    Move.CHECK: Rule(frozenset({Status.CHECKING}), Status.SIGNING, P.DRAFT_INSTRUMENT),
    Move.RETURN: Rule(
        frozenset({Status.CHECKING, Status.SIGNING}), Status.DRAFT, P.DRAFT_INSTRUMENT, needs_reason=True
    ),
    Move.SIGN: Rule(frozenset({Status.SIGNING}), Status.ISSUED, P.SIGN_INSTRUMENT),
    Move.TALK: Rule(frozenset({Status.ISSUED}), None, P.DRAFT_INSTRUMENT),
    Move.CLOSE: Rule(frozenset({Status.ISSUED}), Status.CLOSED, ""),
    Move.LIFT: Rule(frozenset({Status.ISSUED}), Status.LIFTED, P.SIGN_INSTRUMENT, needs_reason=True),
    Move.WITHDRAW: Rule(frozenset({Status.ISSUED}), Status.WITHDRAWN, P.SIGN_INSTRUMENT, needs_reason=True),
    Move.DISCARD: Rule(DRAFTS, Status.DISCARDED, P.DRAFT_INSTRUMENT, needs_reason=True),
}

R = RecipientStatus
RECIPIENT_RULES: dict[str, Rule] = {
    RecipientMove.SERVE: Rule(frozenset({R.PENDING}), R.SERVING, ""),
    RecipientMove.RECEIVE: Rule(frozenset({R.SERVING}), R.RECEIVED, P.REPLY_INSTRUMENT),
    RecipientMove.HAND: Rule(frozenset({R.SERVING}), R.RECEIVED, P.DRAFT_INSTRUMENT),
    RecipientMove.REFUSE: Rule(frozenset({R.SERVING}), R.RECEIVED, P.DRAFT_INSTRUMENT, needs_reason=True),
    RecipientMove.NOTE: Rule(frozenset({R.RECEIVED}), R.ACCEPTED, ""),
    RecipientMove.REPLY: Rule(frozenset({R.RECEIVED}), R.REPLIED, P.REPLY_INSTRUMENT),
    RecipientMove.ACCEPT: Rule(frozenset({R.REPLIED}), R.ACCEPTED, P.DRAFT_INSTRUMENT),
    RecipientMove.RETURN: Rule(frozenset({R.REPLIED}), R.RECEIVED, P.DRAFT_INSTRUMENT, needs_reason=True),
    RecipientMove.EXTEND: Rule(
        frozenset({R.SERVING, R.RECEIVED}), None, P.DRAFT_INSTRUMENT, needs_reason=True
    ),
    RecipientMove.MEET: Rule(frozenset({R.SERVING, R.RECEIVED}), R.COMMITTED, P.DRAFT_INSTRUMENT),
    RecipientMove.KEEP: Rule(frozenset({R.COMMITTED}), R.ACCEPTED, ""),
    RecipientMove.RELEASE: Rule(UNSETTLED, R.RELEASED, P.SIGN_INSTRUMENT, needs_reason=True),
    RecipientMove.ESCALATE: Rule(UNSETTLED, R.ESCALATED, ""),
}

C = CommitmentStatus
COMMITMENT_RULES: dict[str, Rule] = {
    CommitmentMove.REPORT: Rule(frozenset({C.OPEN}), C.REPORTED, P.REPLY_INSTRUMENT),
    CommitmentMove.CONFIRM: Rule(frozenset({C.REPORTED}), C.KEPT, P.DRAFT_INSTRUMENT),
    CommitmentMove.SEND_BACK: Rule(frozenset({C.REPORTED}), C.OPEN, P.DRAFT_INSTRUMENT, needs_reason=True),
    CommitmentMove.RELEASE: Rule(
        frozenset({C.OPEN, C.REPORTED}), C.RELEASED, P.SIGN_INSTRUMENT, needs_reason=True
    ),
}

TRIGGER_RULES: dict[str, Rule] = {
    TriggerMove.CHANGE: Rule(frozenset(TriggerStatus), None, P.SET_TRIGGERS),
    TriggerMove.SWITCH_ON: Rule(frozenset(TriggerStatus), TriggerStatus.ON, P.SET_TRIGGERS),
    TriggerMove.SWITCH_OFF: Rule(
        frozenset({TriggerStatus.ON}), TriggerStatus.OFF, P.SET_TRIGGERS, needs_reason=True
    ),
}
