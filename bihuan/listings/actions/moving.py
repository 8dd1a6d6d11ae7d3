"""The one door of a listing's status: who may, and the step."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.moves import step

from ..models import Listing, ListingTransition
from ..standing import may_move
from ..workflow import CHAIN, LISTING_RULES, ListingMove


def sees(user: User, listing: Listing) -> bool:
    return Listing.objects.visible_to(user).filter(pk=listing.pk).exists()


def check_may(listing: Listing, move: str, by: User) -> None:
    """Refuse the wrong person before anything is written. Raises PermissionDenied."""
    if not may_move(by, move, listing) or not sees(by, listing):
        raise PermissionDenied


def move_listing(
    listing: Listing, move: str, *, by: User, reason: str = "", changed: dict[str, Any] | None = None
) -> ListingTransition:
    """Make one move of the table; runs in the transaction of the verb that calls it.

    Moves of a chain were let in by the signature that makes them (`approving`). Raises PermissionDenied for the wrong
    person or a listing out of sight, ReasonRequired, IllegalMove for the wrong state or when somebody was quicker.
    """
    if LISTING_RULES[move].side != CHAIN:
        check_may(listing, move, by)
    return step(
        listing, ListingMove(move), LISTING_RULES[move], ListingTransition, by=by, reason=reason, changed=changed,
        watched=("due_on",),
    )  # fmt: skip


def paper_permission(by: User) -> str:
    """By which right a signer issues the paper that the signature makes: leaders sign without drafting papers."""
    for permission in (Permission.MANAGE_LISTINGS, Permission.APPROVE_LISTING, Permission.SIGN_LETTER):
        if by.has_perm(permission):
            return permission
    return Permission.RECTIFY_HAZARD
