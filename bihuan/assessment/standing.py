"""Who may do what with sheets, assessments, appeals and letters."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import (
    Appeal,
    AssessedUnit,
    Assessment,
    Assessor,
    CaseFile,
    Letter,
    SelfReport,
    SheetItem,
)
from .workflow import (
    LETTER_RULES,
    OUT,
    PRIVATE,
    REPORT_RULES,
    RULES,
    AppealStatus,
    Audience,
    LetterMove,
    Move,
    ReportMove,
    ReportStatus,
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


def sits(user: User, seat: Assessor) -> bool:
    """Whether the person judges from this seat: its own holder, or whoever may review in the body whose seat it is."""
    if seat.user_id is not None:
        return user.is_active and seat.user_id == user.pk
    return holds(user, Permission.REVIEW_APPRAISAL, seat.organization_id)


def seats_of(user: User) -> QuerySet[Assessor]:
    """The seats the person judges from: one's own, and those of the bodies one reviews for."""
    bodies = [post.organization_id for post in posts_with(user, Permission.REVIEW_APPRAISAL)]
    return Assessor.objects.filter(Q(user=user.pk) | Q(user=None, organization__in=bodies))


def covers(seat: Assessor, unit: AssessedUnit) -> bool:
    """Whether a unit is judged from this seat: a body judges the enterprises assigned to it; a person never the own unit
    and never oneself."""
    if seat.user_id is None:
        return unit.reviewer_id == seat.organization_id
    return unit.organization_id != seat.organization_id and unit.person_id != seat.user_id


def may_judge(seat: Assessor, unit: AssessedUnit, item: SheetItem) -> bool:
    """Whether this item of this unit is judged from this seat."""
    return not item.is_computed and seat.judges(item.section) and covers(seat, unit)


def may_return(user: User, report: SelfReport) -> bool:
    """Whether the person may send a self-report back: who reviews in the body that judges it, or arranges the round."""
    unit = report.unit
    if unit.assessment.status != Status.RUNNING or report.status != ReportStatus.SUBMITTED:
        return False
    reviews = unit.reviewer_id is not None and holds(user, Permission.REVIEW_APPRAISAL, unit.reviewer_id)
    return reviews or runs(user, unit.assessment.organization_id)


def may_fill(user: User, report: SelfReport) -> bool:
    """Whether the person may write and sign this self-report now."""
    return (
        represents(user, report.unit)
        and report.unit.assessment.status == Status.RUNNING
        and report.status in REPORT_RULES[ReportMove.SUBMIT].sources
    )


def may_review_file(user: User, file: CaseFile) -> bool:
    """Whether the person may look through a drawn case file: who arranges the round or was named to judge it, never the
    officer's own body and never who took part in the visit."""
    assessment = file.draw.assessment
    if assessment.status != Status.RUNNING or file.unit.person_id == user.pk:
        return False
    seats = Assessor.objects.filter(assessment=assessment, user=user.pk, is_third=False)
    named = seats.exclude(organization=file.unit.organization_id).exists()
    if not (named or runs(user, assessment.organization_id)):
        return False
    return not file.inspection.members.filter(user=user.pk).exists()


def sees_ranking(user: User, assessment: Assessment) -> bool:
    """Whether the person sees how everybody stands: always those who arrange or oversee, the assessed once it is out;
    of heads of enterprises and of officers nobody but the former."""
    if assessment.status in OUT and assessment.audience not in PRIVATE:
        return True
    return Assessment.objects.overseen_by(user).filter(pk=assessment.pk).exists()


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
