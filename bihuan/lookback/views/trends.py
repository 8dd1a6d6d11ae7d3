"""Over the whole ledger: what came back by itself; stock and increment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

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
from bihuan.campaigns.links import ledger_url
from bihuan.core.charts import Series, line_chart
from bihuan.core.http import Asked, Request
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away
from bihuan.rules.clocks import limit_for

from .. import queries
from ..exporting import RECURRENCES
from ..queries import Stock
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
    months = queries.stock_by_month(region, start, end)
    whole = _over(months)
    context = {
        "months": [(each, _links(each, region)) for each in months],
        "places": [(each, _links(each, region)) for each in queries.stock_by_region(region, start, end)],
        "region": Region.objects.filter(pk=region).first(),
        "regions": [(each.code, each.short_name) for each in regions_to_choose(areas, region)],
        "start": start,
        "end": end,
        "whole": whole,
        "links": _links(whole, region),
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


def _over(months: list[Stock]) -> Stock:
    """All the months as one period."""
    first, last = months[0], months[-1]
    return replace(
        last, start=first.start, opening=first.opening, opening_major=first.opening_major,
        **{
            name: sum(getattr(each, name) for each in months)
            for name in ("found", "closed", "found_major", "closed_major")
        },
    )  # fmt: skip


def _links(stock: Stock, region: str) -> dict[str, str]:
    """Where each figure of a period opens: exactly its rows, as the ledger stood on the eve, over the days, at the end."""
    place, eve = stock.region or region, (stock.start - dt.timedelta(days=1)).isoformat()
    first, last = stock.start.isoformat(), stock.end.isoformat()
    asked: dict[str, dict[str, str]] = {
        "opening": {"state": "open", "on": eve},
        "found": {"since": first, "on": last},
        "closed": {"state": "closed", "since": first, "on": last},
        "closing": {"state": "open", "on": last},
    }
    links = {name: ledger_url(region=place, **each) for name, each in asked.items()}
    return links | {
        f"{name}_major": ledger_url(region=place, level="major", **each) for name, each in asked.items()
    }


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None
