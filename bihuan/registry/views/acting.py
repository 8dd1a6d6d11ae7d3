"""What the pages of the registry share: finding an enterprise for a person, and a page that is one form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bihuan.attachments.actions import received
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from ..access import edit_scope
from ..models import Enterprise
from . import user_of

RELATED = ("kind", "department", "city", "county", "locality", "organization")


def visible(request: Request, pk: int) -> Enterprise:
    """The enterprise, or 404 for what the person may not see."""
    rows = Enterprise.objects.visible_to(user_of(request)).select_related(*RELATED)
    return get_object_or_404(rows, pk=pk)


def editable(request: Request, pk: int) -> Enterprise:
    """404 for what the person may not see, 403 for what they may see but not change."""
    enterprise = visible(request, pk)
    if not edit_scope(user_of(request)).covers(enterprise):
        raise PermissionDenied
    return enterprise


def photos_of(request: Request) -> list[Any]:
    """The photos a form brought along."""
    return received(
        request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user_of(request)
    )


def trail_of(enterprise: Enterprise, *more: tuple[str, str]) -> list[dict[str, str]]:
    """The way to a page below an enterprise; the last word is the page itself."""
    crumbs = [{"label": enterprise.name, "url": enterprise.get_absolute_url()}]
    return crumbs + [{"label": label, "url": url} for label, url in more]


def form_page(
    request: Request,
    form: forms.BaseForm,
    act: Callable[[], object],
    *,
    title: str,
    done: str,
    back: str,
    enterprise: Enterprise,
    lead: str = "",
    submit: str = "保存",
    photos: str = "",
    template: str = "registry/act.html",
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show a form, or do `act` with it and go `back`; what is refused stands above the form as typed in."""
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                act()
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, done)
                return redirect(back)
        status = 422
    context = {
        "form": form, "page_title": title, "lead": lead, "back_url": back, "submit_label": submit, "photos_label": photos,
        "enterprise": enterprise, "trail": trail_of(enterprise, (title, "")), **(extra or {}),
    }  # fmt: skip
    return render(request, template, context, status=status)
