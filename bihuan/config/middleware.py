"""What every request gets: an id in the logs, a strict content policy, and an honest answer when a session ended."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.urls import reverse

from bihuan.attachments.limits import FILES_PER_REQUEST
from bihuan.config.live import origin_of
from bihuan.config.maps import tile_origins
from bihuan.core.http import problem

Handler = Callable[[HttpRequest], HttpResponse]
MEGABYTE = 1024 * 1024
_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class RequestIdMiddleware:
    """Joins log lines and audit events of one request; a proxy's id is kept when it looks like one."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _ID.match(given) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(
            request_id=request_id, ip=request.META.get("REMOTE_ADDR", "")
        ):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class ContentSecurityPolicyMiddleware:
    """No inline script or style, nothing from elsewhere; the live stream may have a port of its own (LIVE_URL)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        live = origin_of(settings.LIVE_URL)
        self.policy = _POLICY.replace("connect-src 'self'", f"connect-src 'self' {live}") if live else _POLICY
        if tiles := " ".join(tile_origins(settings.MAP_TILES)):
            self.policy = self.policy.replace("img-src 'self'", f"img-src 'self' {tiles}")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.policy)
        return response


class BodyLimitMiddleware:
    """A request larger than a few full-size files is refused by its announced length: not a byte of it is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.UPLOAD_MAX_BYTES * FILES_PER_REQUEST
        if not (length.isascii() and length.isdecimal() and len(length) <= 18) or int(length) <= limit:
            return self.get_response(request)
        detail = f"一次提交的内容超过 {limit // MEGABYTE} MB（单个文件不超过 {settings.UPLOAD_MAX_BYTES // MEGABYTE} MB），请压缩或分次上传"
        if request.path.startswith(("/api/", reverse("attachments:upload"))):
            body = problem(413, "文件没有保存", detail)
            return JsonResponse(body, status=413, content_type="application/problem+json")
        return HttpResponse(render_to_string("413.html", {"detail": detail}), status=413)


class NullCharacterMiddleware:
    """U+0000 in an address or a form is answered 400: no person types it, and PostgreSQL cannot store or compare it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        sent = [request.path, *_words(request.GET)]
        if request.method == "POST" and request.content_type in _FORMS:
            sent += _words(request.POST)
        if not any("\x00" in each for each in sent):
            return None
        if request.path.startswith("/api/"):
            body = problem(400, "请求格式不正确", "请求中含有空字符，请删除后重试")
            return JsonResponse(body, status=400, content_type="application/problem+json")
        raise BadRequest("请求中含有空字符，请删除后重试")


_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def _words(query: QueryDict) -> list[str]:
    return [word for name, values in query.lists() for word in (name, *map(str, values))]


class HtmxLoginMiddleware:
    """An expired session during an htmx call must lead the whole page to the login, not a fragment of it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        to_login = response.status_code == 302 and response.get("Location", "").startswith(
            resolve_url(settings.LOGIN_URL)
        )
        if getattr(request, "htmx", False) and to_login:
            return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
        return response
