"""The burden of reporting: what a month asked of each body, and how much of it nobody had to write (U9)."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.dates import day_in
from bihuan.core.http import Request

from ..burden import asked_in, whole
from . import user_of


def month_in(text: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of a month written 2026-03; anything else is none."""
    first = day_in(f"{text}-01") if len(text) == 7 else None
    if first is None:
        return None
    return first, (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


@require_safe
@require(Permission.VIEW_RETURNS)
def index(request: Request) -> HttpResponse:
    """Bodies with the returns of a month; without a month in the address this one."""
    this = timezone.localdate().replace(day=1)
    first, last = month_in(request.GET.get("month", "")) or (
        this,
        (this + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1),
    )
    rows = asked_in(user_of(request), first, last)
    total = whole(rows)
    context = {
        "rows": rows[:600],
        "total": total,
        "share": total["known"] * 100 / total["items"] if total["items"] else None,
        "month": first,
    }
    return render(request, "returns/burden.html", context)
