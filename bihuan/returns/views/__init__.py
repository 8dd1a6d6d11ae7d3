"""Pages of returns."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from bihuan.accounts.models import User

from ..models import Return
from ..queries import records


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def return_or_404(request: HttpRequest, pk: int) -> Return:
    return get_object_or_404(records(user_of(request)), pk=pk)
