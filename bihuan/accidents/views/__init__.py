"""Pages of accidents."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from bihuan.accounts.models import User
from bihuan.attachments import actions as attachments
from bihuan.core.http import Request

from ..models import Accident


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def accident_or_404(request: Request, pk: int) -> Accident:
    """The accident in the address, as far as the person may see it."""
    rows = Accident.objects.visible_to(user_of(request)).select_related(
        "city", "county", "locality", "enterprise__organization", "enterprise__locality", "department", "campaign",
        "reporter", "reported_by", "filed_by",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


def photos_of(request: Request) -> list[Any]:
    """What the photo input brought. Raises UploadRefused."""
    return list(
        attachments.received(
            request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user_of(request)
        )
    )
