"""Pages of the library: reading, writing a draft, forms in and out."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from bihuan.accounts.models import User
from bihuan.core.http import Request, row_number

from ..models import BookVersion


def user_of(request: Request) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def version_or_404(request: Request, pk: int) -> BookVersion:
    """A version this person sees."""
    rows = BookVersion.objects.visible_to(user_of(request)).select_related(
        "book__owner", "book__origin__book"
    )
    return get_object_or_404(rows, pk=pk)


def seen_of(request: Request) -> int:
    """The state of the draft the page was made from; one that cannot be read is none."""
    text = request.POST.get("seen", "")
    return row_number(text) if text.isdecimal() and len(text) < 9 else -1
