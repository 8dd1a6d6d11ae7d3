"""Who may do what with sheets, assessments, appeals and letters."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import Appeal, AssessedUnit, Assessment, Assessor, Letter, SheetItem
from .workflow import (
    LETTER_RULES,
    OUT,
    RULES,
    AppealStatus,
    Audience,
    LetterMove,
    Move,
    Status,
)


def posts_with(user: User, permission: str) -> list[Post]:
    """The posts of a person that carry a permission."""
    if not user.is_active:
        return []
    return [post for post in user.posts if permission in ROLES[post.role].permissions]


def holds(user: User, permission: str, organization_id: int) -> bool:
    """Whether the person holds a permission in a post of that body today."""
    return any(post.organization_id == organization_id for post in posts_with(user, permission))


def office_run_by(user: User) -> Organization | None:
    """The body in whose name a person arranges assessments; None if none."""
    posts = posts_with(user, Permission.RUN_ASSESSMENT)
    return posts[0].organization if posts else None


def runs(user: User, organization_id: int) -> bool:
    """Whether the person arranges assessments for that body."""
    return holds(user, Permission.RUN_ASSESSMENT, organization_id)


def adopts(user: User, organization_id: int) -> bool:
    """Whether the person decides on sheets and results of that body."""
    return holds(user, Permission.ADOPT_ASSESSMENT, organization_id)


def may_move(user: User, move: str, assessment: Assessment) -> bool:
    """Whether the person may make a move, whatever the state. Nobody adopts what they froze themselves."""
    if not holds(user, RULES[move].permission, assessment.organization_id):
        return False
    return not (move == Move.ADOPT and assessment.frozen_by_id == user.pk)


def available(user: User, assessment: Assessment) -> list[str]:
    """The moves the person may make now."""
    return [
        move
        for move in Move.values
        if assessment.status in RULES[move].sources and may_move(user, move, assessment)
    ]


def represents(user: User, unit: AssessedUnit) -> bool:
    """Whether the person speaks for the unit: its leader, or for a person's own result that person."""
    if unit.person_id is not None:
        return user.is_active and unit.person_id == user.pk
    return holds(user, Permission.APPEAL_ASSESSMENT, unit.organization_id)


def may_appeal(user: User, unit: AssessedUnit) -> bool:
    """Whether the person may appeal now, as far as state and standing go; the day is the action's business."""
    return unit.assessment.status == Status.PUBLISHED and represents(user, unit)


def may_decide(user: User, appeal: Appeal) -> bool:
    """Whether the person may answer the appeal: never one they made."""
    return (
        appeal.status == AppealStatus.PENDING
        and appeal.by_id != user.pk
        and adopts(user, appeal.unit.assessment.organization_id)
    )


def may_judge(seat: Assessor, unit: AssessedUnit, item: SheetItem) -> bool:
    """Whether a named assessor judges this item of this unit: never the own unit, never oneself."""
    return (
        not item.is_computed
        and seat.judges(item.section)
        and unit.organization_id != seat.organization_id
        and unit.person_id != seat.user_id
    )


def sees_ranking(user: User, assessment: Assessment) -> bool:
    """Whether the person sees how everybody stands: always those who arrange or oversee, the assessed once it is out."""
    return assessment.status in OUT or Assessment.objects.overseen_by(user).filter(pk=assessment.pk).exists()


def letter_issuers(user: User) -> list[Organization]:
    """The bodies in whose name a person has letters signed."""
    posts = posts_with(user, Permission.SIGN_LETTER) + posts_with(user, Permission.RUN_ASSESSMENT)
    found = {
        post.organization_id: post.organization
        for post in posts
        if post.organization.kind != Organization.Kind.SYSTEM
    }
    return list(found.values())


def may_move_letter(user: User, move: str, letter: Letter) -> bool:
    """Whether the person may sign for a side, or take the letter back, whatever the state."""
    match move:
        case LetterMove.SIGN_LOWER:
            if letter.post_id is not None:
                return user.is_active and any(post.pk == letter.post_id for post in user.posts)
            return holds(user, Permission.SIGN_LETTER, letter.lower_id)
        case LetterMove.SIGN_UPPER:
            return holds(user, Permission.SIGN_LETTER, letter.upper_id)
        case _:
            return any(body.pk == letter.upper_id for body in letter_issuers(user))


def letter_moves(user: User, letter: Letter) -> list[str]:
    """What the person may do with a letter now."""
    return [
        move
        for move in LetterMove.values
        if letter.status in LETTER_RULES[move].sources and may_move_letter(user, move, letter)
    ]


# What kinds of bodies an audience is drawn from; officers are people of departments and localities.
KINDS = {
    Audience.LOCALITIES: (Organization.Kind.LOCALITY,),
    Audience.DEPARTMENTS: (Organization.Kind.DEPARTMENT,),
    Audience.ENTERPRISES: (Organization.Kind.ENTERPRISE,),
    Audience.OFFICERS: (Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY),
}
