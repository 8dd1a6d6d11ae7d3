"""Over the whole ledger: what came back by itself; stock and increment."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.accounts.scope import scope_of
from bihuan.core.charts import Series, line_chart
from bihuan.core.http import Asked, Request
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away
from bihuan.rules.clocks import limit_for

from .. import queries
from ..exporting import RECURRENCES
from ..standing import sees_inspectors
from . import user_of


@require_safe
@require(Permission.VIEW_LOOKBACK)
def recurrences(request: Request) -> HttpResponse:
    """Hazards that repeat one closed not long before."""
    user = user_of(request)
    given = {name: str(value) for name, value in request.GET.items()}
    rows = queries.recurrences(user, given).select_related(
        "hazard__enterprise", "earlier", "locality", "department", "closed_by"
    )
    try:
        page = paginate(rows, order=("-found_on", "-id"), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    areas = scope_of(user, Permission.VIEW_LOOKBACK).areas
    context = {
        "page": page,
        "given": Asked(request),
        "limit": limit_for("lookback.recurrence", timezone.localdate()),
        "named": sees_inspectors(user),
        "regions": [
            (each.code, each.short_name) for each in regions_to_choose(areas, given.get("region", ""))
        ]
        if areas
        else [],
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "lookback/recurrences.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.EXPORT_HAZARDS)
def export(request: Request) -> HttpResponseBase:
    return take_away(
        request,
        RECURRENCES,
        query=request.GET.urlencode(),
        said="改后反弹",
        back=reverse("lookback:recurrences"),
    )


@require_safe
@require(Permission.VIEW_LOOKBACK)
def stock(request: Request) -> HttpResponse:
    """存量与增量: opening stock, new, closed, closing stock, by month and by region; exact."""
    user, today = user_of(request), timezone.localdate()
    areas = scope_of(user, Permission.VIEW_LOOKBACK).areas
    if not areas:
        raise PermissionDenied
    region = request.GET.get("region", "")
    if not any(region.startswith(code) or len(code) == 2 for code in areas) or not region.isdigit():
        region = areas[0]
    end = min(_day(request.GET.get("to", "")) or today, today)
    start = _day(request.GET.get("from", "")) or dt.date(end.year, 1, 1)
    if start > end or (end - start).days > 1100:
        start = dt.date(end.year, 1, 1)
    months, ledger = queries.stock_by_month(region, start, end), reverse("hazards:ledger")
    context = {
        "months": months,
        "places": queries.stock_by_region(region, start, end),
        "region": Region.objects.filter(pk=region).first(),
        "regions": [(each.code, each.short_name) for each in regions_to_choose(areas, region)],
        "start": start,
        "end": end,
        "today": today,
        "found_url": f"{ledger}?{urlencode({'found_from': start, 'found_to': end, 'region': region})}",
        "closed_url": f"{ledger}?{urlencode({'closed_from': start, 'closed_to': end, 'region': region})}",
        # Of a day gone by the ledger keeps the count, not the list; that of today is what is open now.
        "open_url": f"{ledger}?{urlencode({'state': 'open', 'region': region})}" if end == today else "",
        "first": months[0],
        "last": months[-1],
        "found": sum(each.found for each in months),
        "closed": sum(each.closed for each in months),
        "chart": line_chart(
            [
                Series("期末存量", [each.closing for each in months]),
                Series("新增", [each.found for each in months]),
                Series("销号", [each.closed for each in months]),
            ],
            [each.name.partition("年")[2] for each in months],
            title="存量与增量",
        ),
    }
    return render(request, "lookback/stock.html", context)


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None
