"""Pages of projects."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.moves import Transition
from bihuan.core.paging import BadCursor, KeysetPage, paginate


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def page_of(request: HttpRequest, rows: models.QuerySet[Any], *order: str, size: int = 50) -> KeysetPage[Any]:
    """One page of a list. Raises BadRequest for a cursor that was altered."""
    try:
        return paginate(rows, order=order or ("-id",), cursor=request.GET.get("cursor"), size=size)
    except BadCursor as error:
        raise BadRequest(str(error)) from error


def events_of(
    lines: models.Manager[Any], moves: type[models.TextChoices], photos: Any = None
) -> list[dict[str, Any]]:
    """The lines of a record as components/timeline.html takes them, newest first."""
    found: list[Transition] = list(lines.select_related("by").order_by("-id")[:200])
    return [
        {
            "at": f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}", "what": moves(line.move).label,
            "who": line.by.full_name, "note": line.reason, "photos": photos(line) if photos else [],
        }
        for line in found
    ]  # fmt: skip
