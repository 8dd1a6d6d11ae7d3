"""Requests for instructions and reports upward: every legal move of a paper, of an opinion asked for, of a condition (R113)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class Form(TextChoices):
    """What is handed up: a matter to be decided, or a matter to be known."""

    REQUEST = "request", "请示"
    SITUATION = "situation", "报告"


class Status(TextChoices):
    DRAFT = "draft", "拟稿"
    SIGNING = "signing", "待审签"
    SENT = "sent", "待签收"
    RECEIVED = "received", "待交办"
    HANDLING = "handling", "拟办中"
    DECIDING = "deciding", "待领导决定"
    ANSWERED = "answered", "已批复"
    NOTED = "noted", "已收悉"
    RETURNED = "returned", "已退回"
    WITHDRAWN = "withdrawn", "已撤回"
    DISCARDED = "discarded", "已作废"


class Move(TextChoices):
    DRAFT = "draft", "起草"
    EDIT = "edit", "修改"
    SUBMIT = "submit", "送审签"
    SEND_BACK = "send_back", "退回修改"
    SIGN = "sign", "签发报出"
    DISCARD = "discard", "作废"
    WITHDRAW = "withdraw", "撤回"
    URGE = "urge", "催请答复"
    RECEIVE = "receive", "签收"
    NOTE = "note", "收悉"
    ASSIGN = "assign", "交办"
    CONSULT = "consult", "征求意见"
    EXTEND = "extend", "延长答复期限"
    PROPOSE = "propose", "提出拟办意见"
    REWORK = "rework", "退回重拟"
    ANSWER = "answer", "批复"
    RETURN = "return", "退回请示"
    TELL_RECEIVED = "tell_received", "登记上级签收"
    TELL_NOTED = "tell_noted", "登记上级收悉"
    TELL_ANSWER = "tell_answer", "登记上级批复"


class Outcome(TextChoices):
    AGREE = "agree", "同意"
    CONDITIONAL = "conditional", "原则同意，附要求"
    REFUSE = "refuse", "不同意"


class ReturnGround(TextChoices):
    """Why a paper goes back without an answer."""

    NOT_OURS = "not_ours", "不属于本单位职权"
    INCOMPLETE = "incomplete", "材料不全、事实不清"
    SEVERAL = "several", "一文多事"
    WRONG_FORM = "wrong_form", "文种不当"
    SKIPPED = "skipped", "越级行文"
    OTHER = "other", "其他"


class OpinionStatus(TextChoices):
    ASKED = "asked", "待回复"
    GIVEN = "given", "已回复"
    DROPPED = "dropped", "不再征求"


class OpinionMove(TextChoices):
    ASK = "ask", "征求会签意见"
    GIVE = "give", "回复会签意见"
    DROP = "drop", "不再征求"


class Stance(TextChoices):
    AGREE = "agree", "同意"
    REMARKS = "remarks", "同意，有修改意见"
    OBJECT = "object", "不同意"
    NONE = "none", "无意见"


class ConditionStatus(TextChoices):
    OPEN = "open", "落实中"
    REPORTED = "reported", "待核实"
    KEPT = "kept", "已落实"
    RELEASED = "released", "已免除"


class ConditionMove(TextChoices):
    SET = "set", "提出要求"
    REPORT = "report", "报告落实"
    CONFIRM = "confirm", "核实落实"
    SEND_BACK = "send_back", "退回"
    RELEASE = "release", "免除"


class CopyGround(TextChoices):
    SKIPPED = "skipped", "被越过的上级"
    INFORMED = "informed", "抄送"


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status. `permission` "" means in the course of another act."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


P = Permission
S = Status
DRAFTS = frozenset({S.DRAFT, S.SIGNING})
HIDDEN = DRAFTS | {S.DISCARDED}
# Handed in and not yet answered, noted or returned.
PENDING = frozenset({S.SENT, S.RECEIVED, S.HANDLING, S.DECIDING})
ENDED = frozenset({S.ANSWERED, S.NOTED, S.RETURNED, S.WITHDRAWN})

RULES: dict[str, Rule] = {
    Move.EDIT: Rule(frozenset({S.DRAFT}), None, P.DRAFT_SUBMISSION),
    Move.SUBMIT: Rule(frozenset({S.DRAFT}), S.SIGNING, P.DRAFT_SUBMISSION),
    Move.SEND_BACK: Rule(frozenset({S.SIGNING}), S.DRAFT, P.SIGN_SUBMISSION, needs_reason=True),
    Move.SIGN: Rule(frozenset({S.SIGNING}), S.SENT, P.SIGN_SUBMISSION),
    Move.DISCARD: Rule(DRAFTS, S.DISCARDED, P.DRAFT_SUBMISSION, needs_reason=True),
    Move.WITHDRAW: Rule(PENDING, S.WITHDRAWN, P.SIGN_SUBMISSION, needs_reason=True),
    Move.URGE: Rule(PENDING, None, P.DRAFT_SUBMISSION, needs_reason=True),
    Move.RECEIVE: Rule(frozenset({S.SENT}), S.RECEIVED, P.ANSWER_SUBMISSION),
    Move.NOTE: Rule(frozenset({S.SENT}), S.NOTED, P.ANSWER_SUBMISSION),
    Move.ASSIGN: Rule(frozenset({S.RECEIVED, S.HANDLING}), S.HANDLING, P.ANSWER_SUBMISSION),
    Move.CONSULT: Rule(frozenset({S.HANDLING}), None, P.ANSWER_SUBMISSION),
    Move.EXTEND: Rule(
        frozenset({S.RECEIVED, S.HANDLING, S.DECIDING}), None, P.ANSWER_SUBMISSION, needs_reason=True
    ),
    Move.PROPOSE: Rule(frozenset({S.HANDLING}), S.DECIDING, P.ANSWER_SUBMISSION),
    Move.REWORK: Rule(frozenset({S.DECIDING}), S.HANDLING, P.SIGN_SUBMISSION, needs_reason=True),
    Move.ANSWER: Rule(frozenset({S.DECIDING}), S.ANSWERED, P.SIGN_SUBMISSION),
    Move.RETURN: Rule(PENDING, S.RETURNED, P.ANSWER_SUBMISSION, needs_reason=True),
    Move.TELL_RECEIVED: Rule(frozenset({S.SENT}), S.RECEIVED, P.DRAFT_SUBMISSION),
    Move.TELL_NOTED: Rule(frozenset({S.SENT}), S.NOTED, P.DRAFT_SUBMISSION),
    Move.TELL_ANSWER: Rule(frozenset({S.SENT, S.RECEIVED}), S.ANSWERED, P.DRAFT_SUBMISSION),
}

OP = OpinionStatus
OPINION_RULES: dict[str, Rule] = {
    OpinionMove.GIVE: Rule(frozenset({OP.ASKED}), OP.GIVEN, P.ANSWER_SUBMISSION),
    OpinionMove.DROP: Rule(frozenset({OP.ASKED}), OP.DROPPED, P.ANSWER_SUBMISSION, needs_reason=True),
}

C = ConditionStatus
CONDITION_RULES: dict[str, Rule] = {
    ConditionMove.REPORT: Rule(frozenset({C.OPEN}), C.REPORTED, P.DRAFT_SUBMISSION),
    ConditionMove.CONFIRM: Rule(frozenset({C.REPORTED}), C.KEPT, P.ANSWER_SUBMISSION),
    ConditionMove.SEND_BACK: Rule(frozenset({C.REPORTED}), C.OPEN, P.ANSWER_SUBMISSION, needs_reason=True),
    ConditionMove.RELEASE: Rule(
        frozenset({C.OPEN, C.REPORTED}), C.RELEASED, P.SIGN_SUBMISSION, needs_reason=True
    ),
}

# What the receiving body does, and what the asking body does for an addressee that works elsewhere.
ABOVE = frozenset(
    {Move.RECEIVE, Move.NOTE, Move.ASSIGN, Move.CONSULT, Move.EXTEND, Move.PROPOSE, Move.REWORK, Move.ANSWER,
     Move.RETURN}
)  # fmt: skip
BY_HAND = frozenset({Move.TELL_RECEIVED, Move.TELL_NOTED, Move.TELL_ANSWER})
