"""Pages of the signals: by organization, the rows behind a figure, and the form to answer one."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused

from . import signals
from .models import Inspection, Signal


def _official(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    if not signals.sees_signals(request.user):
        raise PermissionDenied
    return request.user


def _period(request: HttpRequest) -> tuple[dt.date, dt.date]:
    """From and to as asked, else the last ninety days; a day that cannot be read counts as not given."""
    today = timezone.localdate()
    found = []
    for name, fallback in (("from", today - dt.timedelta(days=signals.PANEL_DAYS)), ("to", today)):
        try:
            found.append(dt.date.fromisoformat(request.GET.get(name, "")))
        except ValueError:
            found.append(fallback)
    return found[0], found[1]


@require_safe
@require(Permission.VIEW_INSPECTIONS)
def signal_panel(request: HttpRequest) -> HttpResponse:
    user = _official(request)
    since, until = _period(request)
    return render(
        request,
        "inspections/signals.html",
        {"rows": signals.panel(user, since, until), "since": since, "until": until},
    )


@require_safe
@require(Permission.VIEW_INSPECTIONS)
def signal_rows(request: HttpRequest) -> HttpResponse:
    user = _official(request)
    since, until = _period(request)
    filters = {name: request.GET.get(name, "") for name in ("organization", "code", "unjudged", "dismissed")}
    rows = list(signals.rows_behind(user, filters, since, until)[: signals.MOST_ROWS + 1])
    context = {
        "rows": rows[: signals.MOST_ROWS],
        "is_cut": len(rows) > signals.MOST_ROWS,
        "most": signals.MOST_ROWS,
        "since": since,
        "until": until,
        "code": dict(Signal.Code.choices).get(filters["code"], ""),
        "unjudged": filters["unjudged"] == "1",
        "dismissed": filters["dismissed"] == "1",
    }
    return render(request, "inspections/signal_rows.html", context)


@require_POST
@require(Permission.VIEW_INSPECTIONS)
def note_signal(request: HttpRequest, pk: int) -> HttpResponse:
    """Explain a signal or judge it; back to the visit."""
    user = _official(request)
    seen = Signal.objects.filter(inspection__in=Inspection.objects.visible_to(user))
    signal = get_object_or_404(seen.select_related("inspection"), pk=pk)
    try:
        signals.note(signal, request.POST.get("kind", ""), request.POST.get("text", ""), by=user)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已记下")
    return redirect(f"{signal.inspection.get_absolute_url()}#signals")
