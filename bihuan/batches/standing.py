"""Who may do what with a batch, its objects and their subsidies."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import Batch, BatchObject, Subsidy
from .workflow import OBJECT_RULES, SUBSIDY_RULES, ObjectMove, SubsidyMove


def holds(user: User, permission: str, organization_id: int | None) -> bool:
    """Whether the person holds a permission in a post of that body today."""
    return user.is_active and any(
        post.organization_id == organization_id and permission in ROLES[post.role].permissions
        for post in user.posts
    )


def runs(user: User, batch: Batch) -> bool:
    """Whether the person works at a batch for the body that runs it."""
    return holds(user, Permission.MANAGE_BATCHES, batch.organization_id)


def is_own(user: User, member: BatchObject) -> bool:
    """Whether the person answers for the enterprise itself."""
    own = member.enterprise.organization_id
    return own is not None and holds(user, Permission.SIGN_PLEDGE, own)


def may_move(user: User, move: str, member: BatchObject) -> bool:
    """Whether the person may make a move, whatever the state."""
    if not OBJECT_RULES[move].permission:
        return is_own(user, member) or (
            member.enterprise.organization_id is None and runs(user, member.batch)
        )
    return runs(user, member.batch)


def available(user: User, member: BatchObject) -> list[str]:
    """The moves the person may make now."""
    return [
        move
        for move in ObjectMove.values
        if member.status in OBJECT_RULES[move].sources and may_move(user, move, member)
    ]


def may_decide(user: User, move: str, subsidy: Subsidy) -> bool:
    """Whether the person may make a move of a subsidy: of the body that runs the batch, and never judging oneself."""
    if not holds(user, SUBSIDY_RULES[move].permission, subsidy.member.batch.organization_id):
        return False
    if move == SubsidyMove.APPROVE:
        return user.pk not in {subsidy.reviewed_by_id, subsidy.proposed_by_id}
    return True


def decisions(user: User, subsidy: Subsidy) -> list[str]:
    """The moves of a subsidy the person may make now."""
    return [
        move
        for move in SubsidyMove.values
        if subsidy.status in SUBSIDY_RULES[move].sources and may_decide(user, move, subsidy)
    ]
