"""Pages of listed supervision."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from bihuan.accounts.models import User

from ..models import Listing

RELATED = (
    "hazard__enterprise__organization", "accident", "subject_region", "enterprise", "organization__region", "reporter",
    "department", "owner", "city", "county", "locality", "order__receipt", "delisting", "created_by",
)  # fmt: skip


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def listing_or_404(request: HttpRequest, pk: int) -> Listing:
    return get_object_or_404(Listing.objects.visible_to(user_of(request)).select_related(*RELATED), pk=pk)
