"""Pages of the office's own work: what they have in common (the panels of supervision are the same)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.oversight.views import Panel, events_of, page_of, photos_of, user_of

from ..calendar import month_of

__all__ = ["Panel", "chosen", "done", "events_of", "month_asked", "page_of", "photos_of", "user_of"]


def month_asked(request: Request) -> dt.date:
    """The month in the address, this one without."""
    try:
        day = dt.date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        day = timezone.localdate()
    return month_of(day if 2000 <= day.year <= 2100 else timezone.localdate())


def chosen(request: Request, *names: str) -> dict[str, str]:
    """The filters of an address that are set."""
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def done(
    request: Request,
    key: str,
    form: django_forms.Form,
    act: Callable[[dict[str, Any]], Any],
    words: str,
    *,
    show: Callable[[tuple[str, django_forms.Form]], HttpResponse],
    to: Any,
) -> HttpResponse:
    """One form of a page: what is wrong is said beside it with 422, otherwise the act is done and the page told."""
    if not form.is_valid():
        return show((key, form))
    try:
        act(form.cleaned_data)
    except Refused as error:
        form.add_error(None, str(error))
        return show((key, form))
    messages.success(request, words)
    return redirect(to)
