"""Who may do what with a listing: the body that reports, the body that lists, whoever must put it right, the signers."""

from __future__ import annotations

from typing import Any

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import scope_of
from bihuan.batches.standing import holds

from .models import Approval, Listing, ResponsibilityLetter
from .workflow import (
    CHAIN,
    EDITABLE,
    LISTING_RULES,
    OFFICE,
    OWNER,
    REPORTER,
    ApprovalStatus,
    LetterMove,
    ListingMove,
)


def reports(user: User, listing: Listing) -> bool:
    """Whether the person works at the listing for the body that reports it."""
    return holds(user, Permission.MANAGE_LISTINGS, listing.reporter_id)


def runs(user: User, listing: Listing) -> bool:
    """Whether the person works at the listing for the body that lists; only it examines and strikes off (2.5)."""
    return holds(user, Permission.MANAGE_LISTINGS, listing.organization_id)


def follows(user: User, listing: Listing) -> bool:
    """Whether the person works at it for the listing body, the line department, the locality or the body that reported
    it."""
    return _of_any(user, listing, Permission.MANAGE_LISTINGS)


def may_visit(user: User, listing: Listing) -> bool:
    """Whether the person may record visits and guidance: whoever works at it, and the leaders of the same bodies, who
    write down their own (R092)."""
    return follows(user, listing) or _of_any(user, listing, Permission.APPROVE_LISTING)


def is_own(user: User, listing: Listing) -> bool:
    """Whether the person answers for the body that must put it right itself."""
    own = listing.owner_id
    return own is not None and (
        holds(user, Permission.RECTIFY_HAZARD, own) or holds(user, Permission.MANAGE_LISTINGS, own)
    )


def acts_for_owner(user: User, listing: Listing) -> bool:
    """The owner itself; for one without an account its locality, its line department or the listing body (代填报)."""
    return is_own(user, listing) or (listing.owner_id is None and follows(user, listing))


def is_signer(user: User, step: dict[str, Any]) -> bool:
    """Whether the person may sign a step of a chain, whatever the state."""
    body: int = step["organization"]
    match step["who"]:
        case "reporter_officer" | "office_officer":
            return holds(user, Permission.MANAGE_LISTINGS, body)
        case "government":
            return holds(user, Permission.MANAGE_LISTINGS, body) or holds(
                user, Permission.APPROVE_LISTING, body
            )
        case _:
            return user.is_active and any(
                post.organization_id == body
                and post.is_leader
                and Permission.APPROVE_LISTING in ROLES[post.role].permissions
                for post in user.posts
            )


def may_sign(user: User, approval: Approval) -> bool:
    """Whether the step that waits is this person's."""
    step = approval.current
    return step is not None and is_signer(user, step)


def may_move(user: User, move: str, listing: Listing) -> bool:
    """Whether the person may make a move, whatever the state. Moves of a chain are made by its signers."""
    match LISTING_RULES[move].side:
        case side if side == REPORTER:
            return reports(user, listing)
        case side if side == OFFICE:
            return runs(user, listing)
        case side if side == OWNER:
            return acts_for_owner(user, listing)
        case side if side == CHAIN:
            running = listing.approvals.filter(status=ApprovalStatus.RUNNING).first()
            return running is not None and may_sign(user, running)
        case _:
            return False


def available(user: User, listing: Listing) -> list[str]:
    """The moves the person may make now."""
    return [
        move
        for move in ListingMove.values
        if listing.status in LISTING_RULES[move].sources and may_move(user, move, listing)
    ]


def reads_inside(user: User, listing: Listing) -> bool:
    """Whether the person reads what is written inside the house: reasons of the report and opinions of the signers.
    Whoever must put it right, an enterprise or a body, reads what is addressed to it."""
    scope = scope_of(user, Permission.VIEW_LISTINGS)
    if not (scope.areas or scope.departments):
        return False
    bodies = {post.organization_id for post in user.posts}
    return listing.owner_id not in bodies or bool(
        bodies & {listing.organization_id, listing.reporter_id, listing.department_id}
    )


def may_edit(user: User, listing: Listing) -> bool:
    """A report may be put right until it is sent up, and again when it came back."""
    return listing.status in EDITABLE and reports(user, listing)


def may_sign_letter(user: User, letter: ResponsibilityLetter, move: str) -> bool:
    """Whether the person may sign a letter on that side. Who has no account signs on the screen of the other side."""
    giver = holds(user, Permission.SIGN_LETTER, letter.giver_id)
    if move == LetterMove.SIGN_GIVER:
        return giver
    if letter.receiver_id is None:
        return giver or holds(user, Permission.MANAGE_LISTINGS, letter.giver_id)
    return holds(user, Permission.SIGN_LETTER, letter.receiver_id) or holds(
        user, Permission.RECTIFY_HAZARD, letter.receiver_id
    )


def may_set_policies(user: User, body: Organization | None) -> bool:
    """Offices choose the clocks and chains of their own region."""
    return (
        body is not None
        and body.kind == Organization.Kind.OFFICE
        and holds(user, Permission.MANAGE_LISTINGS, body.pk)
    )


def _of_any(user: User, listing: Listing, permission: str) -> bool:
    """Whether the person holds it in one of the bodies that press for the matter."""
    bodies = {listing.organization_id, listing.reporter_id, listing.department_id}
    return any(holds(user, permission, body) for body in bodies if body) or (
        user.is_active
        and any(
            post.organization.kind == Organization.Kind.LOCALITY
            and post.organization.region_id == listing.locality_id
            and permission in ROLES[post.role].permissions
            for post in user.posts
        )
    )
