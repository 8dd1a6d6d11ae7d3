"""Peers, packages and what is handed over between levels: every legal move, in three tables (R262)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class PeerStatus(TextChoices):
    PENDING = "pending", "待核对指纹"
    ACTIVE = "active", "互通"
    SUSPENDED = "suspended", "暂停"
    RETIRED = "retired", "停用"


class PeerMove(TextChoices):
    REGISTER = "register", "登记"
    VERIFY = "verify", "核对指纹"
    TRUST_KEY = "trust_key", "认可新密钥"
    DROP_KEY = "drop_key", "停用密钥"
    EDIT = "edit", "修改"
    SUSPEND = "suspend", "暂停"
    RESUME = "resume", "恢复"
    RETIRE = "retire", "停用"


class PackageStatus(TextChoices):
    """`queued`, `handed`, `sent` stand at the sender, `held`, `waiting`, `conflict`, `settled` at the receiver."""

    QUEUED = "queued", "待发送"
    HANDED = "handed", "已导出，待回执"
    SENT = "sent", "已送达，对方待办入"
    HELD = "held", "缺前件，候补"
    WAITING = "waiting", "待办入"
    APPLIED = "applied", "已办入"
    REFUSED = "refused", "已拒收"
    CONFLICT = "conflict", "编号冲突"
    SETTLED = "settled", "冲突已处理"


class PackageMove(TextChoices):
    PACK = "pack", "打包"
    HAND_OUT = "hand_out", "导出文件"
    DELIVER = "deliver", "送达"
    RESEND = "resend", "重新发送"
    ACKNOWLEDGE = "acknowledge", "对方已办入"
    REJECTED = "rejected", "对方拒收"
    RECEIVE = "receive", "收下"
    READY = "ready", "前件到齐"
    APPLY = "apply", "办入"
    REFUSE = "refuse", "拒收"
    DISPUTE = "dispute", "列为冲突"
    SETTLE = "settle", "处理冲突"


class HandoverStatus(TextChoices):
    SENT = "sent", "待接收"
    ACCEPTED = "accepted", "已接收，办理中"
    RETURNED = "returned", "已退回"
    ANSWERED = "answered", "已答复"


class HandoverMove(TextChoices):
    HAND_OVER = "hand_over", "移送"
    ACCEPT = "accept", "接收"
    RETURN = "return", "退回"
    ANSWER = "answer", "答复"


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status. `permission` "" means the software, on a signed word."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


_LIVING = frozenset({PeerStatus.ACTIVE, PeerStatus.SUSPENDED})
PEER_RULES: dict[str, Rule] = {
    PeerMove.VERIFY: Rule(frozenset({PeerStatus.PENDING}), PeerStatus.ACTIVE, Permission.MANAGE_EXCHANGE),
    PeerMove.TRUST_KEY: Rule(_LIVING, None, Permission.MANAGE_EXCHANGE),
    PeerMove.DROP_KEY: Rule(_LIVING, None, Permission.MANAGE_EXCHANGE, needs_reason=True),
    PeerMove.EDIT: Rule(_LIVING | {PeerStatus.PENDING}, None, Permission.MANAGE_EXCHANGE),
    PeerMove.SUSPEND: Rule(
        frozenset({PeerStatus.ACTIVE}), PeerStatus.SUSPENDED, Permission.MANAGE_EXCHANGE, needs_reason=True
    ),
    PeerMove.RESUME: Rule(frozenset({PeerStatus.SUSPENDED}), PeerStatus.ACTIVE, Permission.MANAGE_EXCHANGE),
    PeerMove.RETIRE: Rule(
        _LIVING | {PeerStatus.PENDING}, PeerStatus.RETIRED, Permission.MANAGE_EXCHANGE, needs_reason=True
    ),
}
_UNDERWAY = frozenset({PackageStatus.QUEUED, PackageStatus.HANDED, PackageStatus.SENT})
_ARRIVED = frozenset({PackageStatus.HELD, PackageStatus.WAITING})
PACKAGE_RULES: dict[str, Rule] = {
    PackageMove.HAND_OUT: Rule(_UNDERWAY, PackageStatus.HANDED, Permission.MANAGE_EXCHANGE),
    PackageMove.DELIVER: Rule(_UNDERWAY, PackageStatus.SENT, ""),
    PackageMove.RESEND: Rule(
        frozenset({PackageStatus.HANDED, PackageStatus.SENT, PackageStatus.APPLIED}),
        PackageStatus.QUEUED,
        Permission.MANAGE_EXCHANGE,
    ),
    PackageMove.ACKNOWLEDGE: Rule(_UNDERWAY, PackageStatus.APPLIED, ""),
    PackageMove.REJECTED: Rule(_UNDERWAY, PackageStatus.REFUSED, "", needs_reason=True),
    PackageMove.READY: Rule(frozenset({PackageStatus.HELD}), PackageStatus.WAITING, ""),
    PackageMove.APPLY: Rule(_ARRIVED, PackageStatus.APPLIED, ""),
    PackageMove.REFUSE: Rule(_ARRIVED, PackageStatus.REFUSED, "", needs_reason=True),
    PackageMove.DISPUTE: Rule(_ARRIVED, PackageStatus.CONFLICT, "", needs_reason=True),
    PackageMove.SETTLE: Rule(
        frozenset({PackageStatus.CONFLICT}),
        PackageStatus.SETTLED,
        Permission.MANAGE_EXCHANGE,
        needs_reason=True,
    ),
}
HANDOVER_RULES: dict[str, Rule] = {
    HandoverMove.ACCEPT: Rule(
        frozenset({HandoverStatus.SENT}), HandoverStatus.ACCEPTED, Permission.MANAGE_EXCHANGE
    ),
    HandoverMove.RETURN: Rule(
        frozenset({HandoverStatus.SENT}),
        HandoverStatus.RETURNED,
        Permission.MANAGE_EXCHANGE,
        needs_reason=True,
    ),
    HandoverMove.ANSWER: Rule(
        frozenset({HandoverStatus.ACCEPTED}),
        HandoverStatus.ANSWERED,
        Permission.MANAGE_EXCHANGE,
        needs_reason=True,
    ),
}
