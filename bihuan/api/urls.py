"""The doors of the API. They open with a token instead of a session, and say no in the API's own way."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from . import problems, views
from .api import api

View = Callable[..., HttpResponse]


def _door(view: View) -> View:
    """Sessions, login pages and CSRF are for people; a program gets 401 in JSON, and 405 likewise."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            refusal = problems.answer(405, f"这个地址只接受 {response['Allow']}")
            refusal["Allow"] = response["Allow"]
            return refusal
        return response

    return entered


@csrf_exempt
@login_not_required
def nowhere(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Any other address under the API: no page, no redirect to the login."""
    return problems.answer(404, "没有这个接口地址，请对照接口文档核对")


def _operations() -> list[URLPattern]:
    """The addresses of the operations, each behind our door."""
    patterns, _, _ = api.urls
    doors = []
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = _door(pattern.callback)
            doors.append(pattern)
    return doors


app_name = "api"
urlpatterns = [
    path("openapi.json", views.openapi, name="openapi-json"),
    path("docs/", views.docs, name="docs"),
    *_operations(),
    path("", nowhere, name="api-root"),
    re_path(r"^", nowhere),
]
