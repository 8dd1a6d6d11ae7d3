"""Pages of requests and reports upward."""

from __future__ import annotations

from django.http import HttpRequest

from bihuan.accounts.models import User


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user
