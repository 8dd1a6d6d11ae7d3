"""Every request is measured and leaves one log line: route, user id, duration, statements, status; never its words."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import structlog
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse

from .metrics import instruments

log = structlog.get_logger("bihuan.request")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Asked every few seconds by machines: measured, not written down.
QUIET = frozenset({"live", "ready", "metrics", "static"})


class Meter:
    """Counts statements and their time on the connections it wraps."""

    __slots__ = ("count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.count += 1
            self.seconds += time.perf_counter() - began


def route_of(request: HttpRequest) -> str:
    """The name of the page asked for: few values, no addresses."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or "unnamed"
    return "static" if request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/") else "none"


class ObservationMiddleware:
    """Measures until the answer stands; a streamed body goes out after that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meter, began = Meter(), time.perf_counter()
        with ExitStack() as wrapped:
            for alias in connections:
                wrapped.enter_context(connections[alias].execute_wrapper(meter))
            response = self.get_response(request)
        self._note(request, response, time.perf_counter() - began, meter)
        return response

    def _note(self, request: HttpRequest, response: HttpResponse, seconds: float, meter: Meter) -> None:
        route = route_of(request)
        method = request.method if request.method in METHODS else "OTHER"
        status = response.status_code
        instruments.REQUESTS.labels(route=route, method=method, status=status).observe(seconds)
        instruments.DATABASE.labels(route=route).observe(meter.seconds)
        instruments.QUERIES_PER_REQUEST.labels(route=route).observe(meter.count)
        if not settings.REQUEST_LOG or (route in QUIET and status < 400):
            return
        # Only a user somebody has looked at already: the line must not cost a query.
        user = getattr(request, "_cached_user", None)
        log.info(
            "request",
            route=route,
            method=method,
            status=status,
            seconds=round(seconds, 4),
            queries=meter.count,
            database_seconds=round(meter.seconds, 4),
            user=user.pk if user is not None else None,
        )
