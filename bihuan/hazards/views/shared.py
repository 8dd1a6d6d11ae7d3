"""What every page of the ledger needs from the request."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404

from bihuan.accounts.models import Organization, User
from bihuan.attachments.actions import store_upload
from bihuan.attachments.models import Attachment
from bihuan.attachments.queries import photo_items
from bihuan.core.http import Request

from ..models import Hazard

RELATED = (
    "enterprise__organization", "enterprise__kind", "premises", "campaign", "task", "department", "city", "county",
    "locality", "found_by", "found_organization", "reviewing_organization",
    "check_item__library_item",
)  # fmt: skip


def user_of(request: Request) -> User:
    """The signed-in person, typed."""
    return cast(User, request.user)


def visible_or_404(request: Request, pk: int) -> Hazard:
    """One hazard this person may see; outsiders get 404."""
    return get_object_or_404(Hazard.objects.visible_to(user_of(request)).select_related(*RELATED), pk=pk)


def is_enterprise(user: User) -> bool:
    """Whether the page speaks to the enterprise itself."""
    return user.organization is not None and user.organization.kind == Organization.Kind.ENTERPRISE


def files_of(request: Request, name: str) -> list[str]:
    """Ids of the files a form carries: already uploaded by script, or sent along without it."""
    ids = request.POST.getlist(name)
    sent = [
        store_upload(file, by=user_of(request)) for file in request.FILES.getlist(f"{name}_files") if file
    ]
    return list(dict.fromkeys([*ids, *(str(each.pk) for each in sent)]))


def kept_photos(user: User, ids: list[str]) -> list[dict[str, object]]:
    """Photos already uploaded with a form that is shown again, so that nobody takes them twice."""
    try:
        return photo_items(Attachment.objects.filter(uploaded_by=user, pk__in=ids))
    except (ValidationError, ValueError):
        return []
