"""Who may do what with rounds, findings, meetings, resolutions and districts."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import scope_of

from .models import (
    District,
    DistrictLead,
    Meeting,
    OversightFinding,
    OversightRound,
    OversightVisit,
    Reception,
    ReceptionLine,
    Resolution,
    TeamSeat,
)
from .workflow import (
    FINDING_RULES,
    LINE_RULES,
    MEETING_RULES,
    RECEPTION_RULES,
    RESOLUTION_RULES,
    FindingMove,
    LineMove,
    MeetingMove,
    ReceptionStatus,
    ResolutionMove,
    RoundStatus,
    VisitStatus,
)


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


def holds(user: User, permission: str, organization_id: int | None) -> bool:
    """Whether the person holds a permission in a post of that body today."""
    return seat_in(user, permission, organization_id) is not None


def own_office(user: User) -> Organization | None:
    """The body in whose name the person runs rounds, meetings and districts; None for those who run none."""
    if not user.is_active:
        return None
    return next(
        (
            post.organization
            for post in user.posts
            if Permission.MANAGE_OVERSIGHT in ROLES[post.role].permissions
        ),
        None,
    )


def runs(user: User, row: OversightRound | Meeting | District) -> bool:
    """Whether the person manages it for the body that runs it."""
    return holds(user, Permission.MANAGE_OVERSIGHT, row.organization_id)


def is_in_team(user: User, visit: OversightVisit) -> bool:
    """Whether the person goes on the visit and may record there."""
    return (
        visit.team_id is not None
        and user.has_perm(Permission.RECORD_OVERSIGHT)
        and TeamSeat.objects.filter(team=visit.team_id, user=user).exists()
    )


def may_record(user: User, visit: OversightVisit) -> bool:
    """Whether the person may write what the team finds: the team, or the office that runs the round."""
    return is_in_team(user, visit) or runs(user, visit.round)


def sees_sites(user: User, visit: OversightVisit) -> bool:
    """Whether the person may know which sites were drawn: the team and the office, whoever stands over the office, and,
    once the visit is handed in, everybody who sees it. A locality told of the visit is not told where it goes."""
    if visit.submitted_at is not None or may_record(user, visit):
        return True
    code = visit.round.organization.region_id
    return any(
        code.startswith(area) or len(area) == 2 for area in scope_of(user, Permission.VIEW_OVERSIGHT).areas
    )


def sees_photos_of(user: User, pick: str) -> bool:
    """Whether the person may open what was photographed at a site: whoever may know that the team goes there."""
    visits = OversightVisit.objects.visible_to(user).select_related("round__organization")
    visit = visits.filter(picks__pk=pick).first()
    return visit is not None and sees_sites(user, visit)


def is_under_way(visit: OversightVisit) -> bool:
    """Whether something may still be written on the visit."""
    return visit.status == VisitStatus.PLANNED and visit.round.status == RoundStatus.RUNNING


def found_it(user: User, finding: OversightFinding) -> bool:
    """Whether the person judges a finding for those who found it: their office, the team, the leader who was there.

    Nobody judges what their own body has to put right.
    """
    if finding.organization_id in {post.organization_id for post in user.posts}:
        return False
    if holds(user, Permission.MANAGE_OVERSIGHT, finding.found_organization_id):
        return True
    if finding.visit is not None:
        return is_in_team(user, finding.visit)
    return finding.found_by_id == user.pk and user.has_perm(Permission.RECORD_OVERSIGHT)


def may_move_finding(user: User, move: str, finding: OversightFinding) -> bool:
    """Whether the person may make a move of a finding, whatever its state."""
    match move:
        case FindingMove.REPLY:
            return holds(user, Permission.REPLY_INSTRUMENT, finding.organization_id)
        case FindingMove.EXTEND | FindingMove.REOPEN:
            return holds(user, Permission.MANAGE_OVERSIGHT, finding.found_organization_id)
        case _:
            return found_it(user, finding)


def finding_moves(user: User, finding: OversightFinding) -> list[str]:
    """The moves of a finding the person may make now."""
    return [
        move
        for move, rule in FINDING_RULES.items()
        if finding.status in rule.sources and may_move_finding(user, move, finding)
    ]


def may_move_meeting(user: User, move: str, meeting: Meeting) -> bool:
    """Whether the person may make a move of a meeting, whatever its state; nobody confirms minutes of their own."""
    if not holds(user, MEETING_RULES[move].permission, meeting.organization_id):
        return False
    return move != MeetingMove.CONFIRM or user.pk != meeting.drafted_by_id


def meeting_moves(user: User, meeting: Meeting) -> list[str]:
    """The moves of a meeting the person may make now."""
    return [
        move
        for move, rule in MEETING_RULES.items()
        if meeting.status in rule.sources and may_move_meeting(user, move, meeting)
    ]


def may_move_resolution(user: User, move: str, resolution: Resolution) -> bool:
    """Whether the person may make a move of a resolution: the lead tells it done, the convening office judges."""
    if move == ResolutionMove.REPORT:
        return holds(user, Permission.REPLY_INSTRUMENT, resolution.lead_id)
    return runs(user, resolution.meeting)


def resolution_moves(user: User, resolution: Resolution) -> list[str]:
    """The moves of a resolution the person may make now."""
    return [
        move
        for move, rule in RESOLUTION_RULES.items()
        if move != ResolutionMove.OPEN
        and resolution.status in rule.sources
        and may_move_resolution(user, move, resolution)
    ]


def working_for(user: User, resolution: Resolution) -> Organization | None:
    """The body for which the person works at a resolution, the lead first; None for others."""
    bodies = [resolution.lead_id, *resolution.shares.values_list("organization", flat=True)]
    for body in bodies:
        post = seat_in(user, Permission.REPLY_INSTRUMENT, body)
        if post is not None:
            return post.organization
    return None


def lead_of(district: District, *, on: dt.date | None = None) -> DistrictLead | None:
    """Who leads a district on a day, by the arrangement in force."""
    day = on or timezone.localdate()
    return (
        DistrictLead.objects.in_force(on=day)
        .filter(district=district)
        .select_related("post__organization")
        .order_by("-from_on", "-id")
        .first()
    )


def leads(user: User, lead: DistrictLead | None) -> bool:
    """Whether the person sits in the post that leads, and may record visits."""
    return (
        lead is not None
        and user.has_perm(Permission.LEAD_DISTRICT)
        and any(post.pk == lead.post_id for post in user.posts)
    )


def may_move_reception(user: User, move: str, reception: Reception) -> bool:
    """Whether the person may make a move of a visit from above, whatever its state: the office that receives."""
    return holds(user, RECEPTION_RULES[move].permission, reception.organization_id)


def reception_moves(user: User, reception: Reception) -> list[str]:
    """The moves of a visit from above the person may make now."""
    return [
        move
        for move, rule in RECEPTION_RULES.items()
        if reception.status in rule.sources and may_move_reception(user, move, reception)
    ]


def may_move_line(user: User, move: str, line: ReceptionLine) -> bool:
    """Whether the person may make a move of a line of the list: its body hands in, the office does the rest."""
    if move == LineMove.HAND_IN:
        return line.organization_id is not None and (
            holds(user, LINE_RULES[move].permission, line.organization_id)
            or (
                line.organization_id == line.reception.organization_id
                and holds(user, Permission.MANAGE_OVERSIGHT, line.organization_id)
            )
        )
    return holds(user, LINE_RULES[move].permission, line.reception.organization_id)


def line_moves(user: User, line: ReceptionLine) -> list[str]:
    """The moves of a line the person may make now."""
    if line.reception.status not in {ReceptionStatus.PREPARING, ReceptionStatus.VISITING}:
        return []
    return [
        move
        for move, rule in LINE_RULES.items()
        if line.status in rule.sources and may_move_line(user, move, line)
    ]
