"""Where a person stands to a hazard: the relationship rules beside the permissions (R079, invariant 3).

A permission says what a post may do at all; these rules say to which hazards. Nobody gains a right by having found
a hazard: it is reviewed by the reviewing organization, the owner department, or an office or locality above it.
"""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import scope_of

from .models import Hazard
from .workflow import JUDGING, RULES, Level, Move, Status, is_legal

_AREA_KINDS = frozenset({Organization.Kind.OFFICE, Organization.Kind.LOCALITY})
_ENTERPRISE_PERMISSIONS = frozenset({Permission.RECTIFY_HAZARD})


def seats(user: User, permission: str) -> list[Post]:
    """The posts through which `user` has `permission` today."""
    if not user.is_active:
        return []
    return [post for post in user.posts if permission in ROLES[post.role].permissions]


def is_above(organization: Organization, hazard: Hazard) -> bool:
    """Whether an office or a locality answers for the area the hazard lies in."""
    if organization.kind not in _AREA_KINDS:
        return False
    code = organization.region_id
    return len(code) == 2 or code in (hazard.city_id, hazard.county_id, hazard.locality_id)


def oversees(organization: Organization, hazard: Hazard) -> bool:
    """Whether an organization judges this hazard: reviewing, owner department, or above it in area."""
    return organization.pk in (hazard.reviewing_organization_id, hazard.department_id) or is_above(
        organization, hazard
    )


def has_standing(user: User, move: str, hazard: Hazard) -> bool:
    """Whether one of the posts that carry the move's permission stands in the right relation to the hazard."""
    rule = RULES[move]
    posts = seats(user, rule.permission)
    if rule.permission in _ENTERPRISE_PERMISSIONS:
        owner = hazard.enterprise.organization_id
        if owner is not None:
            return any(post.organization_id == owner for post in posts)
        return any(
            oversees(post.organization, hazard) for post in seats(user, rule.on_behalf or rule.permission)
        )
    if move == Move.FIX_ON_SPOT:
        return any(
            post.organization_id == hazard.found_organization_id or oversees(post.organization, hazard)
            for post in posts
        )
    if move == Move.EXTEND and hazard.level == Level.MAJOR:
        # A locality leader decides on general hazards only (roles: 审批一般隐患延期).
        posts = [post for post in posts if post.organization.kind != Organization.Kind.LOCALITY]
    return any(oversees(post.organization, hazard) for post in posts)


def sees(user: User, hazard: Hazard) -> bool:
    """Whether `user` may see this hazard: `visible_to` asked of one row that has been read, without a query.

    Only who took part in a visit is looked up, when nothing else shows the hazard to that person.
    """
    scope = scope_of(user, Permission.VIEW_HAZARDS)
    if any(_lies_in(code, hazard) for code in scope.areas):
        return True
    bodies = (hazard.department_id, hazard.found_organization_id, hazard.reviewing_organization_id)
    if any(department in bodies for department in scope.departments):
        return True
    # What others reported about it stays with the authority until it is confirmed (R133).
    is_told = hazard.status not in (Status.REPORTED, Status.DISMISSED) or hazard.source == "self_check"
    if scope.enterprises and is_told and hazard.enterprise.organization_id in scope.enterprises:
        return True
    return scope.participant and (
        hazard.found_by_id == scope.user_id or hazard.experts.filter(pk=scope.user_id).exists()
    )


def _lies_in(code: str, hazard: Hazard) -> bool:
    match len(code):
        case 2:
            return True
        case 4:
            return hazard.city_id == code
        case 6:
            return hazard.county_id == code
        case _:
            return hazard.locality_id == code


def handed_in(user: User, move: str, hazard: Hazard) -> bool:
    """Whether `user` handed in what the move would judge."""
    if move in (Move.RETURN_PLAN, Move.APPROVE_PLAN):
        return hazard.major_plans.order_by("-pk").values_list("by", flat=True).first() == user.pk
    submission = hazard.rectifications.filter(round=hazard.round).order_by("-pk")
    return submission.values_list("by", flat=True).first() == user.pk


def may_judge_or_make(user: User, move: str, hazard: Hazard, handed_in_by: int | None) -> bool:
    """`may_move` of a row that has been read along with who handed in what the move would judge (None: nobody)."""
    return (
        has_standing(user, move, hazard)
        and sees(user, hazard)
        and not (move in JUDGING and handed_in_by == user.pk)
    )


def may_move(user: User, move: str, hazard: Hazard) -> bool:
    """Whether this person may make this move on this hazard, were it in the right state."""
    return (
        has_standing(user, move, hazard)
        and Hazard.objects.visible_to(user).filter(pk=hazard.pk).exists()
        and not (move in JUDGING and handed_in(user, move, hazard))
    )


def available_moves(hazard: Hazard, *, by: User) -> list[Move]:
    """The moves this person can make now, in the order of the table; two queries at most."""
    legal = [
        move
        for move in Move
        if is_legal(move, hazard.status, hazard.level) and has_standing(by, move, hazard)
    ]
    if not legal or not Hazard.objects.visible_to(by).filter(pk=hazard.pk).exists():
        return []
    judging = [move for move in legal if move in JUDGING]
    if judging and handed_in(by, judging[0], hazard):
        legal = [move for move in legal if move not in JUDGING]
    if Move.LIFT_SUPERVISION in legal and not hazard.is_supervised:
        legal.remove(Move.LIFT_SUPERVISION)
    if Move.PLACE_UNDER_SUPERVISION in legal and hazard.is_supervised:
        legal.remove(Move.PLACE_UNDER_SUPERVISION)
    return legal


def may_request_extension(user: User, hazard: Hazard) -> bool:
    """Whoever may hand in the rectification may ask for more time, while the clock runs."""
    return is_legal(Move.EXTEND, hazard.status, hazard.level) and may_act_for_enterprise(user, hazard)


def may_act_for_enterprise(user: User, hazard: Hazard) -> bool:
    """The enterprise itself, or, if it has no account, an authority on its behalf."""
    return (
        has_standing(user, Move.SUBMIT, hazard)
        and Hazard.objects.visible_to(user).filter(pk=hazard.pk).exists()
    )


def may_extend_ex_officio(user: User, hazard: Hazard) -> bool:
    """Offices may move deadlines without a request, for many hazards at once (统一延期)."""
    return any(
        post.organization.kind == Organization.Kind.OFFICE and is_above(post.organization, hazard)
        for post in seats(user, Permission.DECIDE_EXTENSION)
    )
