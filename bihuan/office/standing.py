"""Who may do what with plans, matters asked, commitments and conduct."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import (
    AskedMatter,
    ConductMatter,
    OfficerCommitment,
    SelfAnalysis,
    WorkAmendment,
    WorkCircular,
    WorkItem,
    WorkPlan,
)
from .workflow import (
    ASKED_RULES,
    COMMITMENT_RULES,
    CONDUCT_RULES,
    ITEM_RULES,
    AskedMove,
    AskedStatus,
    CommitmentMove,
    ConductMove,
    ItemMove,
    PlanStatus,
)

UNITS = (Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY)
SUMMING = (Organization.Kind.OFFICE, Organization.Kind.INSPECTORATE)


def seat_in(user: User, permission: str, organization_id: int | None) -> Post | None:
    """The post in which a person holds a permission in that body today; None without one."""
    if not user.is_active:
        return None
    return next(
        (
            post
            for post in user.posts
            if post.organization_id == organization_id and permission in ROLES[post.role].permissions
        ),
        None,
    )


def posts_with(user: User, permission: str) -> list[Post]:
    """The posts of a person that carry a permission today."""
    return [post for post in user.posts if user.is_active and permission in ROLES[post.role].permissions]


def own_unit(user: User) -> Organization | None:
    """The unit in whose plan a person enters items; None for those who plan nowhere."""
    return next(
        (
            post.organization
            for post in posts_with(user, Permission.PLAN_OFFICE_WORK)
            if post.organization.kind in UNITS
        ),
        None,
    )


def led_unit(user: User) -> Organization | None:
    """The unit whose plan a person confirms and checks."""
    return next(
        (
            post.organization
            for post in posts_with(user, Permission.CHECK_OFFICE_WORK)
            if post.organization.kind in UNITS
        ),
        None,
    )


def summing_body(user: User) -> Organization | None:
    """The office or inspectorate in whose name a person sums up the plans of an area."""
    return next(
        (
            post.organization
            for post in posts_with(user, Permission.CHECK_OFFICE_WORK)
            if post.organization.kind in SUMMING
        ),
        None,
    )


def stands_over(user: User, organization: Organization) -> bool:
    """Whether the person checks for an office or inspectorate over that body, not for the body itself."""
    return any(
        post.organization_id != organization.pk
        and post.organization.kind in SUMMING
        and (organization.region_id.startswith(post.organization.region_id))
        for post in posts_with(user, Permission.CHECK_OFFICE_WORK)
    )


def leading_posts(organization: Organization) -> list[Post]:
    """The posts in use that confirm and check for a unit, the first one first."""
    roles = [role for role, known in ROLES.items() if Permission.CHECK_OFFICE_WORK in known.permissions]
    return list(organization.posts.filter(is_active=True, role__in=roles).order_by("id"))


def is_for_above(organization: Organization, post: Post, *people: User | None) -> bool:
    """Whether a matter of a unit is judged from above as well: it is its leader's own (of the post, or of whoever did it),
    or the unit has no leading post. Everything else is the unit's own to judge; above, one sees it, sums it up and presses."""
    leading = leading_posts(organization)
    if not leading or any(post.pk == each.pk for each in leading):
        return True
    return any(seat_in(each, Permission.CHECK_OFFICE_WORK, organization.pk) for each in people if each)


# --- plans -----------------------------------------------------------------------------------


def leads_plan(user: User, plan: WorkPlan) -> bool:
    """Whether the person confirms and checks this plan for its unit."""
    return seat_in(user, Permission.CHECK_OFFICE_WORK, plan.organization_id) is not None


def plans_in(user: User, plan: WorkPlan) -> bool:
    """Whether the person enters items in this plan."""
    return seat_in(user, Permission.PLAN_OFFICE_WORK, plan.organization_id) is not None


def owns_item(user: User, item: WorkItem) -> bool:
    """Whether the item is the person's: whoever sits in its post, as the duty is the post's."""
    return user.is_active and any(post.pk == item.post_id for post in user.posts)


def checks_item(user: User, item: WorkItem) -> bool:
    """Whether the person judges what the owner says: the unit's leader, and never about what is his own; a leader's own
    is judged by another leader of the unit, or by the office or inspectorate over it, which judges nothing else."""
    if owns_item(user, item) or item.reported_by_id == user.pk:
        return False
    if leads_plan(user, item.plan):
        return True
    body = item.plan.organization
    return stands_over(user, body) and is_for_above(body, item.post, item.reported_by)


def may_move_item(user: User, move: str, item: WorkItem) -> bool:
    """Whether the person may make a move of an item, whatever its state."""
    match move:
        case ItemMove.EDIT | ItemMove.REMOVE:
            return leads_plan(user, item.plan) or (owns_item(user, item) and plans_in(user, item.plan))
        case ItemMove.DONE | ItemMove.UNFINISHED:
            return owns_item(user, item) and plans_in(user, item.plan)
        case ItemMove.CHANGE | ItemMove.DROP:
            return leads_plan(user, item.plan) or (owns_item(user, item) and plans_in(user, item.plan))
        case ItemMove.SEND_BACK | ItemMove.ACCEPT:
            return checks_item(user, item)
        case _:
            return leads_plan(user, item.plan)


def item_moves(user: User, item: WorkItem) -> list[str]:
    """The moves of an item the person may make now."""
    closed = item.plan.status == PlanStatus.CHECKED
    return [
        move
        for move, rule in ITEM_RULES.items()
        if move != ItemMove.OPEN
        and not closed
        and item.status in rule.sources
        and may_move_item(user, move, item)
    ]


def decides(user: User, amendment: WorkAmendment) -> bool:
    """Whether the person decides a change somebody proposed: the unit's leader, never his own proposal."""
    return leads_plan(user, amendment.plan) and amendment.by_id != user.pk


def sums(user: User, circular: WorkCircular) -> bool:
    """Whether the person works on a circular for the body that issues it."""
    return seat_in(user, Permission.CHECK_OFFICE_WORK, circular.organization_id) is not None


def analyses(user: User, analysis: SelfAnalysis) -> bool:
    """Whether the person works on the analysis of a unit."""
    return seat_in(user, Permission.PLAN_OFFICE_WORK, analysis.organization_id) is not None


def signs_analysis(user: User, analysis: SelfAnalysis) -> bool:
    """Whether the person signs it for the unit."""
    return seat_in(user, Permission.CHECK_OFFICE_WORK, analysis.organization_id) is not None


# --- matters asked ---------------------------------------------------------------------------


def may_move_asked(user: User, move: str, matter: AskedMatter) -> bool:
    """Whether the person may make a move of a matter, whatever its state: the first body until it was taken over."""
    match move:
        case AskedMove.ACCEPT | AskedMove.HAND_BACK:
            body = matter.handler_id
        case AskedMove.ANSWER:
            body = matter.handler_id if matter.status == AskedStatus.ACCEPTED else matter.organization_id
        case _:
            body = matter.organization_id
    return seat_in(user, Permission.PLAN_OFFICE_WORK, body) is not None


def asked_moves(user: User, matter: AskedMatter) -> list[str]:
    """The moves of a matter the person may make now."""
    return [
        move
        for move, rule in ASKED_RULES.items()
        if matter.status in rule.sources and may_move_asked(user, move, matter)
    ]


def may_reveal(user: User, matter: AskedMatter) -> bool:
    """Whether the person may open name and telephone of who asked: those who answer for the matter."""
    bodies = {matter.organization_id}
    if matter.status in (AskedStatus.ACCEPTED, AskedStatus.ANSWERED) and matter.handler_id:
        bodies.add(matter.handler_id)
    return any(seat_in(user, Permission.PLAN_OFFICE_WORK, body) is not None for body in bodies)


# --- commitments -----------------------------------------------------------------------------


def may_move_commitment(user: User, move: str, row: OfficerCommitment) -> bool:
    """Whether the person may make a move of a commitment; nobody judges or withdraws his own. The office or inspectorate
    over a unit judges its leader's, and no one else's."""
    match move:
        case CommitmentMove.EDIT | CommitmentMove.PUBLISH:
            return (
                row.person_id == user.pk
                and seat_in(user, Permission.PLAN_OFFICE_WORK, row.organization_id) is not None
            )
        case _:
            if row.person_id == user.pk:
                return False
            if seat_in(user, Permission.CHECK_OFFICE_WORK, row.organization_id) is not None:
                return True
            return stands_over(user, row.organization) and is_for_above(
                row.organization, row.post, row.person
            )


def commitment_moves(user: User, row: OfficerCommitment) -> list[str]:
    """The moves of a commitment the person may make now."""
    return [
        move
        for move, rule in COMMITMENT_RULES.items()
        if row.status in rule.sources and may_move_commitment(user, move, row)
    ]


# --- conduct ---------------------------------------------------------------------------------


def inspecting_body(user: User) -> Organization | None:
    """The body in whose name a person looks into conduct: an inspectorate before an office."""
    bodies = [post.organization for post in posts_with(user, Permission.INSPECT_CONDUCT)]
    bodies.sort(key=lambda body: body.kind != Organization.Kind.INSPECTORATE)
    return bodies[0] if bodies else None


def is_recused(user: User, organization_id: int, person_id: int | None) -> bool:
    """Whether somebody must keep away: it is about himself or about his own unit (回避)."""
    return person_id == user.pk or organization_id in {post.organization_id for post in user.posts}


def covers(user: User, row: ConductMatter) -> bool:
    """Whether the matter lies where the person looks into conduct, and no rule of recusal keeps him away."""
    code = row.locality_id or row.county_id or row.city_id
    return not is_recused(user, row.organization_id, row.person_id) and any(
        code.startswith(post.organization.region_id) for post in posts_with(user, Permission.INSPECT_CONDUCT)
    )


def may_move_conduct(user: User, move: str, row: ConductMatter) -> bool:
    """Whether the person may make a move of a matter: the inquirer inquires, somebody else decides."""
    if move == ConductMove.DEFEND:
        return row.person_id == user.pk and user.is_active
    if not covers(user, row):
        return False
    match move:
        case ConductMove.NOTE | ConductMove.SERVE:
            return row.inquirer_id == user.pk
        case ConductMove.HANDLE | ConductMove.CLEAR:
            return row.inquirer_id != user.pk
        case _:
            return True


def conduct_moves(user: User, row: ConductMatter) -> list[str]:
    """The moves of a matter the person may make now."""
    return [
        move
        for move, rule in CONDUCT_RULES.items()
        if row.status in rule.sources
        and may_move_conduct(user, move, row)
        and not (move == ConductMove.DEFEND and row.answered_on is not None)
    ]
