"""Who may do what with an accident."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.rules.accidents import LEVELS

from .models import Accident, AccidentMeasure
from .workflow import INQUIRY_RULES, MEASURE_RULES, RULES, AccidentMove, Level

LEVEL_OF = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY}


def posts_with(user: User, permission: str) -> list[Post]:
    """The posts of a person that carry a permission today."""
    return [post for post in user.posts if user.is_active and permission in ROLES[post.role].permissions]


def covers(post: Post, accident: Accident) -> bool:
    """Whether a post answers for the place, the line or the enterprise of an accident."""
    body = post.organization
    match body.kind:
        case Organization.Kind.DEPARTMENT:
            return body.pk in {accident.department_id, accident.reporter_id}
        case Organization.Kind.ENTERPRISE:
            return accident.enterprise is not None and accident.enterprise.organization_id == body.pk
        case _:
            return lies_in(body.region_id, accident)


def lies_in(code: str, accident: Accident) -> bool:
    """Whether an accident happened under a region; a development zone is its own county and locality."""
    own = {2: accident.city_id[:2], 4: accident.city_id, 6: accident.county_id}
    return own.get(len(code), accident.locality_id) == code or accident.locality_id == code


def acting(user: User, permission: str, accident: Accident) -> Organization | None:
    """In whose name the person acts on an accident: the highest of their bodies that may; None if none may."""
    bodies = [post.organization for post in posts_with(user, permission) if covers(post, accident)]
    return min(bodies, key=lambda body: len(body.region_id), default=None)


def level_of(body: Organization) -> Level | None:
    """The level of a committee office; townships and others have none."""
    return LEVEL_OF.get(len(body.region_id)) if body.kind == Organization.Kind.OFFICE else None


def reporting_body(user: User, region: Region | None = None) -> Organization | None:
    """In whose name the person reports an accident of that place (any place, if none is given)."""
    for post in posts_with(user, Permission.REPORT_ACCIDENT):
        body = post.organization
        if region is None or region.code.startswith(body.region_id):
            return body
        if body.kind == Organization.Kind.DEPARTMENT and region.code.startswith(body.region_id[:4]):
            return body
    return None


def may_move(user: User, move: str, accident: Accident) -> bool:
    """Whether the person may make a move of the accident, whatever the state."""
    body = acting(user, RULES[move].permission, accident)
    if body is None:
        return False
    return move != AccidentMove.FILE or level_of(body) == Level.CITY


def available(user: User, accident: Accident) -> list[str]:
    """The moves the person may make now."""
    return [
        move for move in RULES if accident.status in RULES[move].sources and may_move(user, move, accident)
    ]


def inquires(user: User, accident: Accident, level: str) -> Organization | None:
    """The office in whose name the person handles an inquiry of a level: its own or a lower one's."""
    body = acting(user, Permission.MANAGE_ACCIDENTS, accident)
    own = level_of(body) if body else None
    if body is None or own is None:
        return None
    return body if LEVELS.index(own) >= LEVELS.index(reachable(level, accident)) else None


def reachable(level: str, accident: Accident) -> str:
    """That level, or the highest one below it that has an office in this installation: beyond it, the highest office
    keeps the record of what those above do."""
    offices = Organization.objects.filter(
        kind=Organization.Kind.OFFICE,
        region_id__in=[code for code in (accident.city_id[:2], accident.city_id, accident.county_id) if code],
    )
    have = {LEVEL_OF[len(code)] for code in offices.values_list("region_id", flat=True)}
    ladder = LEVELS[: LEVELS.index(level) + 1]
    return next((each for each in reversed(ladder) if each in have), level)


def inquiry_moves(user: User, accident: Accident, status: str, level: str) -> list[str]:
    """The moves of an inquiry the person may make now, but taking over and giving up, which other acts do."""
    if inquires(user, accident, level) is None:
        return []
    return [
        move
        for move, rule in INQUIRY_RULES.items()
        if status in rule.sources and move not in {"replace", "withdraw"}
    ]


def owes(user: User, measure: AccidentMeasure) -> bool:
    """Whether the person works for the body that must carry a recommendation out."""
    return user.is_active and any(
        post.organization_id == measure.organization_id and ROLES[post.role].permissions
        for post in user.posts
    )


def may_handle(user: User, move: str, measure: AccidentMeasure) -> bool:
    """Whether the person may make a move of a recommendation: whoever owes it reports, who manages accidents decides."""
    permission = MEASURE_RULES[move].permission
    if not permission:
        return owes(user, measure)
    return acting(user, permission, measure.accident) is not None


def handling(user: User, measure: AccidentMeasure) -> list[str]:
    """The moves of a recommendation the person may make now; ordering it is part of the approval."""
    return [
        move
        for move, rule in MEASURE_RULES.items()
        if move != "order" and measure.status in rule.sources and may_handle(user, move, measure)
    ]
