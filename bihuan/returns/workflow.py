"""Returns (报送): every legal move, in one table (R104-R106; 缺报、迟报分开计, 补报留痕不覆盖原报)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class Status(TextChoices):
    OWED = "owed", "待报送"
    SIGNED = "signed", "已报送"
    ACCEPTED = "accepted", "已审收"
    SENT_BACK = "sent_back", "退回重报"
    UNLOCKED = "unlocked", "已解锁待更正"
    WAIVED = "waived", "本期免报"


class Move(TextChoices):
    OPEN = "open", "开报"
    SIGN = "sign", "签字报送"
    AMEND = "amend", "更正报送"
    WITHDRAW = "withdraw", "撤回"
    ACCEPT = "accept", "审收"
    SEND_BACK = "send_back", "退回"
    UNLOCK = "unlock", "解锁"
    RELOCK = "relock", "恢复锁定"
    WAIVE = "waive", "免报"
    URGE = "urge", "催报"


@dataclass(frozen=True)
class Rule:
    """One row of the table; `target` None keeps the status. `by_office`: made by the body that collects the returns."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False
    by_office: bool = True


RULES: dict[str, Rule] = {
    Move.SIGN: Rule(frozenset({Status.OWED}), Status.SIGNED, Permission.FILE_RETURN, by_office=False),
    # What has been signed once is never overwritten: a second signing is a correction with its reason.
    Move.AMEND: Rule(
        frozenset({Status.SENT_BACK, Status.UNLOCKED}), Status.SIGNED, Permission.FILE_RETURN, needs_reason=True,
        by_office=False,
    ),
    Move.WITHDRAW: Rule(
        frozenset({Status.SIGNED}), Status.UNLOCKED, Permission.FILE_RETURN, needs_reason=True, by_office=False
    ),
    Move.ACCEPT: Rule(frozenset({Status.SIGNED}), Status.ACCEPTED, Permission.RECEIVE_RETURNS),
    Move.SEND_BACK: Rule(
        frozenset({Status.SIGNED, Status.ACCEPTED}), Status.SENT_BACK, Permission.RECEIVE_RETURNS, needs_reason=True
    ),
    Move.UNLOCK: Rule(
        frozenset({Status.SIGNED, Status.ACCEPTED}), Status.UNLOCKED, Permission.RECEIVE_RETURNS, needs_reason=True
    ),
    Move.RELOCK: Rule(
        frozenset({Status.UNLOCKED}), Status.SIGNED, Permission.RECEIVE_RETURNS, needs_reason=True
    ),
    Move.WAIVE: Rule(
        frozenset({Status.OWED}), Status.WAIVED, Permission.RECEIVE_RETURNS, needs_reason=True
    ),
    Move.URGE: Rule(
        frozenset({Status.OWED, Status.SENT_BACK, Status.UNLOCKED}), None, Permission.RECEIVE_RETURNS
    ),
}  # fmt: skip
FILED = frozenset({Status.SIGNED, Status.ACCEPTED})
OPEN = frozenset({Status.OWED, Status.SENT_BACK, Status.UNLOCKED})
