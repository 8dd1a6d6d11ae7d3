"""Who may do what with projects, their money, special funds, support, households to look after and services."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import (
    CareHousehold,
    FundAccount,
    Handover,
    Project,
    ProjectReport,
    ServiceRequest,
    SupportRequest,
)
from .workflow import (
    CARE_RULES,
    RULES,
    SERVICE_RULES,
    SUPPORT_RULES,
    CareMove,
    ProjectMove,
    ServiceMove,
    ServiceStatus,
    SupportMove,
)

# Moves that have a page or a form of their own.
ELSEWHERE = frozenset(
    {
        ProjectMove.REGISTER, ProjectMove.SHARE, ProjectMove.ACCEPT, ProjectMove.CONDITION, ProjectMove.REWORK,
        ProjectMove.HAND_OVER,
    }
)  # fmt: skip


def posts_with(user: User, permission: str) -> list[Post]:
    """The posts of a person that carry a permission today."""
    return [post for post in user.posts if user.is_active and permission in ROLES[post.role].permissions]


def holds(user: User, permission: str, organization_id: int | None) -> bool:
    """Whether the person holds a permission in a post of that body."""
    return organization_id is not None and any(
        post.organization_id == organization_id for post in posts_with(user, permission)
    )


def covers(body: Organization, code: str) -> bool:
    """Whether an office answers for a place; a province's office for all there is."""
    return body.kind == Organization.Kind.OFFICE and (
        code.startswith(body.region_id) or len(body.region_id) == 2
    )


def leads_over(user: User, permission: str, department_id: int, code: str) -> bool:
    """Whether the person holds a permission in the body that leads, or in an office over the place."""
    return any(
        post.organization_id == department_id or covers(post.organization, code)
        for post in posts_with(user, permission)
    )


def registers_in(user: User, region: Region) -> bool:
    """Whether the person may put a project of that place into the pool."""
    return any(
        covers(post.organization, region.code)
        or (
            post.organization.kind == Organization.Kind.DEPARTMENT
            and region.code.startswith(post.organization.region_id)
        )
        for post in posts_with(user, Permission.MANAGE_PROJECTS)
    )


def manages(user: User, project: Project) -> bool:
    """Whether the person runs a project: for the department that leads it, or for the office over its place."""
    return leads_over(user, Permission.MANAGE_PROJECTS, project.department_id, project.region_id)


def approves(user: User, project: Project) -> bool:
    """Whether the person decides of a project: for an office over its place, and never on one of their own entry."""
    return user.pk != project.registered_by_id and any(
        covers(post.organization, project.region_id) for post in posts_with(user, Permission.APPROVE_PROJECT)
    )


def owns(user: User, project: Project) -> bool:
    """Whether the person answers for the enterprise that builds it."""
    return project.owner is not None and holds(user, Permission.APPLY_PROJECT, project.owner.organization_id)


def may_move(user: User, move: str, project: Project) -> bool:
    """Whether the person may make a move of a project, whatever its state."""
    permission = RULES[move].permission
    if permission == Permission.APPROVE_PROJECT:
        return approves(user, project)
    return manages(user, project)


def available(user: User, project: Project) -> list[str]:
    """The moves a person may make now on the page of a project, without those that have a form of their own."""
    return [
        move
        for move, rule in RULES.items()
        if move not in ELSEWHERE and project.status in rule.sources and may_move(user, move, project)
    ]


def sees_money(user: User, project: Project) -> bool:
    """Objects along the works see the works; who pays what is for officials and whoever builds or takes over."""
    if any(
        post.organization.kind != Organization.Kind.ENTERPRISE
        for post in posts_with(user, Permission.VIEW_PROJECTS)
    ):
        return True
    taker = project.taker
    return owns(user, project) or (
        taker is not None and holds(user, Permission.VIEW_PROJECTS, taker.organization_id)
    )


def files(user: User, report: ProjectReport) -> bool:
    """Whether the person files a monthly report: for the body that owes it, or for whoever runs the project."""
    return holds(user, Permission.APPLY_PROJECT, report.organization_id) or manages(user, report.project)


def confirms(user: User, project: Project) -> bool:
    """Whether the person may sign that a gas condition holds: whoever runs, builds, or takes over the project."""
    taker = project.taker
    return (
        manages(user, project)
        or owns(user, project)
        or (taker is not None and holds(user, Permission.APPLY_PROJECT, taker.organization_id))
    )


def hands_over(user: User, project: Project) -> bool:
    """Whether the person signs as the one who gives."""
    return owns(user, project) or manages(user, project)


def takes(user: User, handover: Handover) -> bool:
    """Whether the person signs for whoever takes over; for one without an account the lead department takes it down."""
    if handover.taker.organization_id is not None:
        return holds(user, Permission.APPLY_PROJECT, handover.taker.organization_id)
    return manages(user, handover.project)


def keeps(user: User, account: FundAccount) -> bool:
    """Whether the person keeps a special fund."""
    return holds(user, Permission.MANAGE_PROJECTS, account.organization_id)


def may_support(user: User, move: str, request: SupportRequest) -> bool:
    """Whether the person may make a move of a request for support; whoever reviewed it does not decide it."""
    permission = SUPPORT_RULES[move].permission
    if permission == Permission.APPLY_PROJECT:
        return holds(user, permission, request.enterprise.organization_id)
    if permission == Permission.MANAGE_PROJECTS:
        return leads_over(user, permission, request.department_id, request.locality_id)
    return user.pk != request.reviewed_by_id and any(
        covers(post.organization, request.locality_id) for post in posts_with(user, permission)
    )


def support_moves(user: User, request: SupportRequest) -> list[str]:
    """The moves of a request a person may make now."""
    return [
        move
        for move in SupportMove.values
        if move in SUPPORT_RULES
        and request.status in SUPPORT_RULES[move].sources
        and may_support(user, move, request)
    ]


def cares(user: User, department_id: int, locality_id: str) -> bool:
    """Whether the person looks after households: for their locality, or for the department that leads the works."""
    return any(
        post.organization_id == department_id or post.organization.region_id == locality_id
        for post in posts_with(user, Permission.CARE_HOUSEHOLDS)
    )


def care_moves(user: User, household: CareHousehold) -> list[str]:
    """The moves of a household a person may make now."""
    if not cares(user, household.department_id, household.locality_id):
        return []
    return [
        move
        for move in CareMove.values
        if move in CARE_RULES and household.status in CARE_RULES[move].sources
    ]


def serves(user: User, organization_id: int) -> bool:
    """Whether the person works for the body that gives a service."""
    return any(
        holds(user, each, organization_id) for each in (Permission.MANAGE_PROJECTS, Permission.APPLY_PROJECT)
    )


def speaks_for(user: User, service: ServiceRequest) -> bool:
    """Whether the person speaks for the object: itself, or, where it has no account, its department or the office."""
    own = service.enterprise.organization_id
    if own is not None:
        return holds(user, Permission.APPLY_PROJECT, own)
    body = service.department_id or 0
    return service.supplier_id != body and leads_over(
        user, Permission.MANAGE_PROJECTS, body, service.locality_id
    )


def may_serve(user: User, move: str, service: ServiceRequest) -> bool:
    """Whether the person stands on the side that makes this move now."""
    gives = serves(user, service.supplier_id)
    match move:
        case ServiceMove.ACCEPT | ServiceMove.DO:
            return gives
        case ServiceMove.DECLINE:
            return gives if service.status == ServiceStatus.REQUESTED else speaks_for(user, service)
        case _:
            return speaks_for(user, service)


def service_moves(user: User, service: ServiceRequest) -> list[str]:
    """The moves of a service a person may make now."""
    return [
        move
        for move in ServiceMove.values
        if move in SERVICE_RULES
        and service.status in SERVICE_RULES[move].sources
        and may_serve(user, move, service)
    ]
