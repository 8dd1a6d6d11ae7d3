"""The request as our views receive it."""

from __future__ import annotations

from django.http import HttpRequest

from bihuan.core.http import Request as BaseRequest

from .models import User


class Request(BaseRequest):
    """Signed in as one of our people; views behind LoginRequiredMiddleware take this."""

    user: User  # type: ignore[assignment]


def client_ip(request: HttpRequest) -> str:
    """The address the request came from; behind a proxy, the operator lets the server set REMOTE_ADDR."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]
