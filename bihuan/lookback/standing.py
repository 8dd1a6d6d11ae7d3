"""Who may do what when looking back."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import Evaluation, LookbackCheck, LookbackRound
from .workflow import CheckStatus


def posts_with(user: User, permission: str) -> list[Post]:
    """The posts of a person that carry a permission today."""
    return [post for post in user.posts if user.is_active and permission in ROLES[post.role].permissions]


def organizer(user: User, region: Region | None = None) -> Organization | None:
    """In whose name the person holds a round over a region: an office over it, or a department of its city."""
    for post in posts_with(user, Permission.RUN_LOOKBACK):
        body = post.organization
        own = body.region_id[:4] if body.kind == Organization.Kind.DEPARTMENT else body.region_id
        if region is None or region.code.startswith(own) or len(own) == 2:
            return body
    return None


def runs(user: User, held: LookbackRound) -> bool:
    """Whether the person works on a round for the body that holds it."""
    return any(
        post.organization_id == held.organization_id for post in posts_with(user, Permission.RUN_LOOKBACK)
    )


def may_judge(user: User, check: LookbackCheck) -> bool:
    """Whether the person may look at it: for the body that checks, and never whoever closed it."""
    return check.closed_by_id != user.pk and any(
        post.organization_id == check.organization_id for post in posts_with(user, Permission.RUN_LOOKBACK)
    )


def may_visit(user: User, check: LookbackCheck) -> bool:
    """Whether the person says what became of a place nobody had been to: for the body asked to go there, or for the one
    that holds the round."""
    going = {post.organization_id for post in posts_with(user, Permission.CONDUCT_INSPECTION)}
    holding = {post.organization_id for post in posts_with(user, Permission.RUN_LOOKBACK)}
    return check.organization_id in going | holding or check.round.organization_id in holding


def may_reopen(user: User, check: LookbackCheck) -> bool:
    """Whether a hazard found again waits for the person to be opened again."""
    return (
        check.status == CheckStatus.REBOUNDED
        and check.reopened_at is None
        and user.has_perm(Permission.REOPEN_HAZARD)
    )


def sees_inspectors(user: User) -> bool:
    """Who closed what came back is shown to offices and inspectorates only."""
    return any(
        post.organization.kind in {Organization.Kind.OFFICE, Organization.Kind.INSPECTORATE}
        for post in posts_with(user, Permission.VIEW_LOOKBACK)
    )


def evaluates(user: User, evaluation: Evaluation) -> bool:
    """Whether the person evaluates for the body that was asked."""
    return any(
        post.organization_id == evaluation.organization_id
        for post in posts_with(user, Permission.RUN_LOOKBACK)
    )
