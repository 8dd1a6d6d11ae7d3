"""Who may do what with a promise; asked by pages and actions alike."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import office_of
from bihuan.accounts.roles import ROLES
from bihuan.registry.access import edit_scope
from bihuan.registry.models import Enterprise

from .models import Pledge, Referral
from .workflow import REFERRAL_RULES, LineVerdict, PledgeStatus, ReferralMove


def posts_with(user: User, permission: str) -> list[Post]:
    """The posts of an active person that carry a permission today."""
    if not user.is_active:
        return []
    return [post for post in user.posts if permission in ROLES[post.role].permissions]


def own_enterprise(user: User) -> Enterprise | None:
    """The enterprise a person may promise for, or None."""
    organizations = [post.organization_id for post in posts_with(user, Permission.SIGN_PLEDGE)]
    if not organizations:
        return None
    rows = Enterprise.objects.filter(organization__in=organizations).select_related(
        "kind", "department", "organization", "city", "county", "locality"
    )
    return rows.order_by("pk").first()


def may_keep(user: User, enterprise: Enterprise) -> bool:
    """Whether the person keeps the certificates of its people: the enterprise itself, or who keeps its record."""
    own = any(
        post.organization_id == enterprise.organization_id
        for post in posts_with(user, Permission.SIGN_PLEDGE)
        if enterprise.organization_id is not None
    )
    return own or edit_scope(user).covers(enterprise)


def may_write(user: User, pledge: Pledge) -> bool:
    """Whether the person writes, signs and withdraws for this enterprise."""
    return any(
        post.organization_id == pledge.enterprise.organization_id
        for post in posts_with(user, Permission.SIGN_PLEDGE)
    )


def verifying_post(user: User, pledge: Pledge) -> Post | None:
    """The post in which the person checks this promise: one of the body it was handed to, or None."""
    return next(
        (
            post
            for post in posts_with(user, Permission.VERIFY_PLEDGE)
            if post.organization_id == pledge.receiver_id
        ),
        None,
    )


def may_refer(user: User, move: str, referral: Referral) -> bool:
    """Whether the person may make a move of a case, whatever its state: sending again is the sender's, the rest is of
    the body that has it."""
    body = referral.sender_id if move == ReferralMove.RESEND else referral.recipient_id
    return any(post.organization_id == body for post in posts_with(user, REFERRAL_RULES[move].permission))


def referral_moves(user: User, referral: Referral) -> list[str]:
    """The moves of a case the person may make now."""
    return [
        move
        for move in ReferralMove.values
        if referral.status in REFERRAL_RULES[move].sources and may_refer(user, move, referral)
    ]


def may_conclude(user: User, pledge: Pledge) -> bool:
    """Whether checking can be ended now: by the receiver, with every line judged."""
    if pledge.status not in {PledgeStatus.SIGNED, PledgeStatus.VERIFYING}:
        return False
    return (
        verifying_post(user, pledge) is not None
        and not pledge.lines.filter(verdict=LineVerdict.PENDING).exists()
    )


def receiver_of(enterprise: Enterprise) -> Organization | None:
    """Who checks its promises: the department in charge; the committee office where there is none (R027)."""
    return enterprise.department or office_of(enterprise.locality_id)
