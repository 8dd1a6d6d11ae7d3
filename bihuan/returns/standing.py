"""Who may do what with a return, and why it is locked, in one sentence (U6, U21)."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import LEADER_ROLES
from bihuan.accounts.roles import ROLES
from bihuan.core.dates import day_words

from .models import Definition, Return
from .schema import Spec
from .workflow import RULES, Status


def holds(user: User, permission: str, organization_id: int | None) -> bool:
    """Whether the person holds a permission in a post of that body today."""
    return user.is_active and any(
        post.organization_id == organization_id and permission in ROLES[post.role].permissions
        for post in user.posts
    )


def leads(user: User, organization_id: int) -> bool:
    """Whether the person holds a leading post of that body."""
    return user.is_active and any(
        post.organization_id == organization_id and post.role in LEADER_ROLES for post in user.posts
    )


def may_fill(user: User, record: Return) -> bool:
    """Whether the person may fill in the return for the body that owes it."""
    return holds(user, Permission.FILE_RETURN, record.organization_id)


def may_sign(user: User, record: Return, spec: Spec) -> bool:
    """Whether the person may sign it: a leader where the definition asks for one (16号令14条 主要负责人签字)."""
    return may_fill(user, record) and (spec.signer != "leader" or leads(user, record.organization_id))


def collects(user: User, record: Return) -> bool:
    """Whether the person receives it for the body that collects it."""
    return holds(user, Permission.RECEIVE_RETURNS, record.collector_id)


def may_move(user: User, move: str, record: Return) -> bool:
    """Whether the person may make a move, whatever the state."""
    rule = RULES[move]
    return holds(user, rule.permission, record.collector_id if rule.by_office else record.organization_id)


def available(user: User, record: Return) -> list[str]:
    """The moves the person may make now."""
    return [
        move for move, rule in RULES.items() if record.status in rule.sources and may_move(user, move, record)
    ]


def defines(user: User, definition: Definition) -> bool:
    """Whether the person makes definitions for the body that asks for this one."""
    return holds(user, Permission.DEFINE_RETURNS, definition.organization_id)


def offices_of(user: User, permission: str = Permission.DEFINE_RETURNS) -> list[Organization]:
    """The bodies for which the person holds the permission."""
    found = {
        post.organization_id: post.organization
        for post in user.posts
        if permission in ROLES[post.role].permissions
    }
    return list(found.values())


def why_locked(record: Return, spec: Spec, user: User, *, on: dt.date | None = None) -> str:
    """Why the figures cannot be changed now, by which rule, and who can unlock them; "" when they can."""
    today = on or timezone.localdate()
    office, filing = record.collector.short_name, record.current
    signed = ""
    if filing is not None:
        at = timezone.localtime(filing.at)
        signed = f"{day_words(at)}{at:%H:%M}由{filing.by.full_name}签字报送"
    match record.status:
        case Status.SIGNED:
            who = "本单位可在审收前撤回" if may_fill(user, record) else "报送单位可在审收前撤回"
            return f"本表已于{signed}，签字的数字不再改动；要更正，{who}，或者由{office}退回、解锁。"
        case Status.ACCEPTED:
            return f"本表已于{signed}，并经{office}审收；要更正，须由{office}退回或者解锁并写明理由。"
        case Status.WAIVED:
            return f"{office}已免去本期报送，不需要填报。"
    if today <= record.period.last:
        last = record.period.last
        return f"统计期到{day_words(last)}24时截止，期满后才能签报；文字和人工指标可以先填。"
    if not may_fill(user, record):
        return f"由{record.organization.short_name}填报，您可以查看。"
    if spec.signer == "leader" and not leads(user, record.organization_id):
        return "本表须由主要负责人签报；您可以先填写，再请负责人签字。"
    return ""


def may_edit(user: User, record: Return) -> bool:
    """Whether figures and words may be filled in now."""
    return record.status in (Status.OWED, Status.SENT_BACK, Status.UNLOCKED) and may_fill(user, record)
