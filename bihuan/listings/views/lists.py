"""The list of listings, who could be listed, and the table to take away."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.accounts.scope import scope_of
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, KeysetPage, paginate, paginate_any
from bihuan.jobs.handing import take_away
from bihuan.rules import listings as rules

from .. import queries, stalled
from ..exporting import LISTINGS
from ..models import Listing
from ..workflow import ListingLevel, SubjectKind
from . import user_of

FILTERS = ("state", "level", "kind", "region", "year", "q")
YEARS = 10


@require_safe
@require(Permission.VIEW_LISTINGS)
def index(request: Request) -> HttpResponse:
    """Every listing one may see, with totals that open, filters and the way out."""
    user, today = user_of(request), timezone.localdate()
    given = {name: request.GET.get(name, "").strip() for name in FILTERS}
    try:
        page = paginate_any(
            [
                queries.narrowed(branch, given, on=today)
                for branch in Listing.objects.all().visible_branches(user)
            ],
            order=("-id",),
            cursor=request.GET.get("cursor"),
            size=30,
            shape=lambda rows: rows.select_related("organization", "locality", "county", "order"),
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    scope = scope_of(user, Permission.VIEW_LISTINGS)
    areas = scope.areas
    return render(
        request,
        "listings/list.html",
        {
            "inside": bool(areas or scope.departments),
            "page": page,
            "totals": queries.totals(Listing.objects.visible_to(user), on=today),
            "money": queries.money_of(queries.narrowed(Listing.objects.visible_to(user), given, on=today)),
            "given": given,
            "states": queries.STATES.items(),
            "levels": ListingLevel.choices,
            "years": _years(today),
            "kinds": SubjectKind.choices,
            "regions": [(region.code, region.name) for region in regions_to_choose(areas, given["region"])]
            if areas
            else [],
            "chips": _chips(request, given),
            "today": today,
            "may_begin": user.has_perm(Permission.MANAGE_LISTINGS),
            "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        },
    )


def _years(today: dt.date) -> list[tuple[str, str]]:
    """The years a yearly list (年度挂牌清单, R091) may be asked for, this one first."""
    return [(str(year), f"{year}年") for year in range(today.year, today.year - YEARS, -1)]


def _chips(request: Request, given: dict[str, str]) -> list[dict[str, str]]:
    words: dict[str, dict[Any, Any]] = {
        "state": dict(queries.STATES), "level": dict(ListingLevel.choices), "kind": dict(SubjectKind.choices),
        "year": dict(_years(timezone.localdate())),
    }  # fmt: skip
    labels = {
        "state": "状态",
        "level": "级别",
        "kind": "对象",
        "region": "区划",
        "year": "挂牌年度",
        "q": "查找",
    }
    chips = []
    for name, value in given.items():
        shown = words.get(name, {}).get(value, value if name in ("region", "q") else "")
        if value and shown:
            rest = request.GET.copy()
            rest.pop(name, None)
            rest.pop("cursor", None)
            chips.append({"label": labels[name], "value": str(shown), "remove_url": f"?{rest.urlencode()}"})
    return chips


@require_safe
@require(Permission.MANAGE_LISTINGS)
def candidates(request: Request) -> HttpResponse:
    """What could be listed: major hazards, accidents under investigation, slow localities; a report begins from each."""
    user, today = user_of(request), timezone.localdate()
    kind = request.GET.get("kind", "")
    kind = kind if kind in SubjectKind.values else SubjectKind.HAZARD
    page: KeysetPage[Any] | None = None
    slow: list[queries.Slow] = []
    try:
        if kind == SubjectKind.HAZARD:
            page = paginate(
                queries.hazards_to_list(user),
                order=("-found_on", "-id"),
                cursor=request.GET.get("cursor"),
                size=30,
            )
        elif kind == SubjectKind.ACCIDENT:
            page = paginate(
                queries.accidents_to_list(user, on=today), order=("-occurred_at", "-id"),
                cursor=request.GET.get("cursor"), size=30,
            )  # fmt: skip
        else:
            slow = queries.slow_localities(user, on=today)[:100]
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(
        request,
        "listings/candidates.html",
        {
            "kind": kind,
            "kinds": SubjectKind.choices,
            "page": page,
            "rows": page.items if page else [],
            "inquiries": stalled.candidates(page.items, on=today)
            if page and kind == SubjectKind.ACCIDENT
            else [],
            "slow": slow,
            "thresholds": rules.thresholds(today).values(),
            "today": today,
        },
    )


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """The list as a sheet, by the filters of the page."""
    given = {name: request.GET.get(name, "").strip() for name in FILTERS}
    said = "，".join(f"{each['label']}：{each['value']}" for each in _chips(request, given)) or "全部"
    return take_away(
        request, LISTINGS, query=request.GET.urlencode(), said=said, back=reverse("listings:list")
    )
