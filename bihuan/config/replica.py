"""Which pages read from a replica, and how a person's own writes stay visible to that person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from bihuan.core import replica

# Pages that only show, named as in the URLconf. What decides (forms, details with acts) stays with the primary.
LISTS = frozenset(
    {
        "desk:home",
        "desk:search",
        "hazards:ledger",
        "registry:list",
        "inspections:list",
        "papers:list",
        "campaigns:list",
        "campaigns:detail",
        "campaigns:tasks",
        "campaigns:chart",
        "campaigns:breakdown",
        "campaigns:outputs",
        "campaigns:output",
        "duties:organization",
        "duties:unheld",
        "audit:events",
        "audit:seals",
    }
)
COOKIE = "bihuan_seen"
_SALT = "bihuan.replica"
_KEPT = 3600  # seconds; a replica an hour behind is not used for anybody
_SAFE = frozenset({"GET", "HEAD"})


class ReplicaMiddleware:
    """Runs marked pages against the replica; innermost, so that session and person came from the primary."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not replica.is_configured():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with replica.noticing_writes() as written:
            response = self.get_response(request)
        if written or request.method not in _SAFE:
            response.set_signed_cookie(
                COOKIE, str(replica.position()), salt=_SALT, max_age=_KEPT, httponly=True, samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )  # fmt: skip
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        match = request.resolver_match
        if request.method not in _SAFE or match is None or match.view_name not in LISTS:
            return None
        with replica.reading(after=self._seen(request)) as uses_replica:
            if not uses_replica:
                return None
            try:
                return view(request, *args, **kwargs)
            except replica.Broken as error:
                if not replica.in_use():  # the page had written already, and what failed was the primary
                    raise
                # It broke off, or cancelled the query for what it replays; the page is asked for again below.
                replica.watch.leave_alone(error)
        return None

    def _seen(self, request: HttpRequest) -> int:
        value = request.get_signed_cookie(COOKIE, default="0", salt=_SALT, max_age=_KEPT) or "0"
        return int(value) if value.isascii() and value.isdecimal() else 0
