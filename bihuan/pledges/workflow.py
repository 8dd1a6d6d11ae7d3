"""A promise's life: filled in, signed, checked line by line, and renewed. Every legal move, in one table (R068-R073)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class PledgeStatus(TextChoices):
    DRAFT = "draft", "填写中"
    SIGNED = "signed", "待核查"
    VERIFYING = "verifying", "核查中"
    VERIFIED = "verified", "核查属实"
    OBJECTED = "objected", "核查有异议"
    WITHDRAWN = "withdrawn", "已撤回"


class PledgeMove(TextChoices):
    SIGN = "sign", "签署承诺书"
    WITHDRAW = "withdraw", "撤回承诺书"
    BEGIN = "begin", "开始核查"
    VERIFY = "verify", "核查属实"
    OBJECT = "object", "核查有异议"


class LineVerdict(TextChoices):
    PENDING = "pending", "未核查"
    TRUE = "true", "属实"
    NOT_DONE = "not_done", "未整改到位"
    FALSE = "false", "弄虚作假"


class ReferralStatus(TextChoices):
    SENT = "sent", "待受理"
    ACCEPTED = "accepted", "查处中"
    RETURNED = "returned", "已退回"
    CLOSED = "closed", "已反馈"


class ReferralMove(TextChoices):
    ACCEPT = "accept", "受理"
    RETURN = "return", "退回移送单位"
    RESEND = "resend", "重新移送"
    CLOSE = "close", "反馈处理结果"


class Outcome(TextChoices):
    PENALTY = "penalty", "立案处罚"
    COERCIVE = "coercive", "采取强制措施"
    ORDER = "order", "责令改正，不予处罚"
    NONE = "none", "没有违法行为"


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    sources: frozenset[str]
    target: str
    permission: str
    needs_reason: bool = False


RULES: dict[str, Rule] = {
    PledgeMove.SIGN: Rule(frozenset({PledgeStatus.DRAFT}), PledgeStatus.SIGNED, Permission.SIGN_PLEDGE),
    # Once somebody has begun to check it, what was promised stands.
    PledgeMove.WITHDRAW: Rule(
        frozenset({PledgeStatus.DRAFT, PledgeStatus.SIGNED}),
        PledgeStatus.WITHDRAWN,
        Permission.SIGN_PLEDGE,
        needs_reason=True,
    ),
    PledgeMove.BEGIN: Rule(
        frozenset({PledgeStatus.SIGNED}), PledgeStatus.VERIFYING, Permission.VERIFY_PLEDGE
    ),
    PledgeMove.VERIFY: Rule(
        frozenset({PledgeStatus.VERIFYING}), PledgeStatus.VERIFIED, Permission.VERIFY_PLEDGE
    ),
    PledgeMove.OBJECT: Rule(
        frozenset({PledgeStatus.VERIFYING}), PledgeStatus.OBJECTED, Permission.VERIFY_PLEDGE
    ),
}

# Whose move it is: the enforcing body's, but sending again is the sender's.
REFERRAL_RULES: dict[str, Rule] = {
    ReferralMove.ACCEPT: Rule(
        frozenset({ReferralStatus.SENT}), ReferralStatus.ACCEPTED, Permission.HANDLE_REFERRAL
    ),
    ReferralMove.RETURN: Rule(
        frozenset({ReferralStatus.SENT, ReferralStatus.ACCEPTED}),
        ReferralStatus.RETURNED,
        Permission.HANDLE_REFERRAL,
        needs_reason=True,
    ),
    ReferralMove.RESEND: Rule(
        frozenset({ReferralStatus.RETURNED}), ReferralStatus.SENT, Permission.HANDLE_REFERRAL
    ),
    ReferralMove.CLOSE: Rule(
        frozenset({ReferralStatus.ACCEPTED}), ReferralStatus.CLOSED, Permission.HANDLE_REFERRAL
    ),
}

STANDING = frozenset(
    {PledgeStatus.SIGNED, PledgeStatus.VERIFYING, PledgeStatus.VERIFIED, PledgeStatus.OBJECTED}
)


def is_legal(move: str, status: str) -> bool:
    """Whether the table knows this move from that status, whoever makes it."""
    return status in RULES[move].sources
