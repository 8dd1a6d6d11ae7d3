"""Doors inside the house: a logged-in person without the permission gets 403, never a half-working page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def require(*permissions: str) -> Callable[[View], View]:
    """Decorate a view so that only people with one of `permissions` enter; everybody else gets 403.

    Several permissions mean "any of them". What a person sees inside is still up to `visible_to`.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may_any(request.user, permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def may_any(user: Any, permissions: tuple[str, ...]) -> bool:
    """Whether `user` is signed in and holds at least one of `permissions` today."""
    return bool(user.is_authenticated) and any(user.has_perm(permission) for permission in permissions)
