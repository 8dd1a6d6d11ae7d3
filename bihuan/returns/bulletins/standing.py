"""Who may do what with a bulletin (U6: permission on the move, in the body that writes it)."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission

from ..models import Bulletin, Period
from ..standing import holds
from .workflow import RULES, BulletinMove


def may_draft(user: User, period: Period) -> bool:
    """Whether the person may begin a bulletin about the period, for the body that asks for its returns."""
    return holds(user, Permission.RECEIVE_RETURNS, period.definition.organization_id)


def may_move(user: User, move: str, bulletin: Bulletin) -> bool:
    """Whether the person may make a move, whatever the state."""
    return holds(user, RULES[move].permission, bulletin.organization_id)


def available(user: User, bulletin: Bulletin) -> set[str]:
    """The moves the person may make now."""
    return {
        str(BulletinMove(move))
        for move, rule in RULES.items()
        if bulletin.status in rule.sources and may_move(user, move, bulletin)
    }
