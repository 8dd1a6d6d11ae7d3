"""Entering a hazard by hand: an officer after choosing the enterprise, an enterprise its own."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.registry.models import Enterprise
from bihuan.registry.searching import page_of

from .. import actions
from ..forms import HazardForm
from ..standing import seats
from .shared import files_of, is_enterprise, kept_photos, user_of

FOUND = 20


@require(Permission.REPORT_HAZARD, Permission.RECTIFY_HAZARD)
@require_http_methods(["GET", "POST"])
def create(request: Request) -> HttpResponse:
    """Choose the enterprise, then say what is wrong there; sent twice, it is entered once."""
    user = user_of(request)
    visible = Enterprise.objects.visible_to(user).supervised()
    own = is_enterprise(user)
    chosen = row_number(request.GET.get("enterprise", ""))
    if own:
        enterprise = get_object_or_404(visible, organization=user.organization)
    elif chosen:
        enterprise = get_object_or_404(visible, pk=chosen)
    else:
        return _choose(request, visible)
    if request.method == "GET":
        form = HazardForm(
            enterprise=enterprise,
            user=user,
            own=own,
            initial={"client_id": uuid.uuid4(), "task": request.GET.get("task")},
        )
        return _page(request, enterprise, form, own)
    form = HazardForm(request.POST, enterprise=enterprise, user=user, own=own)
    photos: list[str] = []
    try:
        photos = files_of(request, "photos")
        if not form.is_valid():
            return _page(request, enterprise, form, own, photos)
        hazard = actions.record_hazard(
            enterprise=enterprise,
            **form.cleaned_data,
            photos=photos,
            by=user,
            found_organization=_finder(user, own),
        )
    except Refused as error:
        form.add_error(None, str(error))
        return _page(request, enterprise, form, own, photos)
    messages.success(request, f"已登记，编号 {hazard.number}")
    return redirect(hazard)


def _finder(user: User, own: bool) -> Organization:
    """The organization in whose name the person enters it."""
    posts = seats(user, Permission.RECTIFY_HAZARD if own else Permission.CONDUCT_INSPECTION)
    if not posts:
        raise PermissionDenied
    return posts[0].organization


def _choose(request: Request, visible: Any) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:60]
    found: list[Enterprise] = []
    is_more = False
    if words:
        page = page_of(
            visible,
            words,
            cursor=None,
            size=FOUND,
            shape=lambda rows: rows.select_related("locality", "kind"),
        )
        found, is_more = page.items, page.next_cursor is not None
    return render(
        request,
        "hazards/choose.html",
        {"words": words, "found": found, "is_more": is_more},
    )


def _page(
    request: Request, enterprise: Enterprise, form: HazardForm, own: bool, photos: list[str] | None = None
) -> HttpResponse:
    kept = kept_photos(user_of(request), photos or [])
    context = {"enterprise": enterprise, "form": form, "own": own, "kept": kept}
    return render(request, "hazards/create.html", context)
