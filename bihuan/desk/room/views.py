"""The situation room (调度大屏): one full-screen page that keeps itself current and opens every number."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts import sessions
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.core.charts import Series, line_chart
from bihuan.core.http import Request

from .. import queries
from . import boxes, facts
from .mapping import DEFAULT, FIGURES, areas, frame

THEMES = {"dark": "深色", "projector": "投影"}


@require_safe
def room(request: Request) -> HttpResponse:
    """`region` narrows to a county or locality in view, `figure` colours the map, `theme` is for a projector's light."""
    if not request.user.has_perm(Permission.USE_ROOM):
        raise PermissionDenied
    today = timezone.localdate()
    region, choices = _region(request)
    chosen = {
        "region": region.code,
        "figure": key if (key := request.GET.get("figure", "")) in FIGURES else DEFAULT,
        "theme": theme if (theme := request.GET.get("theme", "")) in THEMES else "dark",
    }
    figure = FIGURES[chosen["figure"]]
    rows = facts.standings(region, on=today)
    drawn, scale = areas(figure, rows, on=today)
    trend = queries.trend(on=today, region=region.code)
    context: dict[str, Any] = {
        "region": region,
        "regions": [_option(each.short_name, chosen, region=each.code) for each in choices],
        "figure": figure,
        "figures": [_option(each.label, chosen, figure=each.key) for each in FIGURES.values()],
        "theme": chosen["theme"],
        "themes": [_option(label, chosen, theme=key) for key, label in THEMES.items()],
        "now": timezone.localtime(),
        "today": today,
        "tiles": facts.tiles(request.user, region, on=today),
        "map_areas": [area for area in drawn if area["path"]],
        "plain_areas": [area for area in drawn if not area["path"]],
        "legend": scale.legend(),
        "frame": frame(rows),
        "details": facts.details(request.user, rows, on=today),
        "boxes": boxes.boxes(request.user, region, on=today),
        "side_boxes": boxes.side_boxes(),
        "chart": _chart(trend),
        "trend_sums": facts.trend_sums(trend, region),
        "chosen": chosen,
        "is_kept": bool(sessions.only_page(request)),
    }
    return render(request, "desk/room.html", context)


@require_POST
def keep(request: Request) -> HttpResponse:
    """Let this screen stand (值守): it stays signed in for days, and shows nothing but the wall."""
    if not request.user.has_perm(Permission.USE_ROOM):
        raise PermissionDenied
    sessions.keep_open(request, "desk:room")
    shown = {name: request.POST.get(name, "")[:20] for name in ("region", "figure", "theme")}
    query = urlencode({name: value for name, value in shown.items() if value})
    return redirect(f"{reverse('desk:room')}?{query}")


def _option(label: str, chosen: dict[str, str], **change: str) -> dict[str, object]:
    """One choice of the bar at the top: its address, and whether it is the one in force."""
    return {
        "label": label,
        "url": f"?{urlencode(chosen | change)}",
        "active": all(chosen[key] == value for key, value in change.items()),
    }


def _region(request: Request) -> tuple[Region, list[Region]]:
    """The region asked for, or one's own; and the counties one may look into. 404 for one out of sight."""
    own = queries.office_area(request.user)
    if own is None:
        raise PermissionDenied
    seen = scope_of(request.user, Permission.VIEW_HAZARDS).areas
    inner = Region.Kind.CITY if own.kind == Region.Kind.PROVINCE else Region.Kind.COUNTY
    counties = (
        Region.objects.filter(code__startswith=own.code, kind=inner).exclude(pk=own.pk).order_by("code")
    )
    code = request.GET.get("region", own.code)
    if not code.startswith(tuple(seen)):
        raise Http404
    region = own if code == own.code else Region.objects.filter(pk=code).first()
    if region is None:
        raise Http404
    return region, [own, *counties]


def _chart(rows: list[tuple[Any, Any]]) -> str:
    series = [
        Series("查出", [figures.found for _, figures in rows]),
        Series("销号", [figures.closed for _, figures in rows]),
        Series("逾期存量", [figures.overdue for _, figures in rows]),
    ]
    labels = [f"{day.month}-{day.day}" for day, _ in rows]
    return line_chart(series, labels, title="近三十天查出、销号与逾期存量", unit="项", width=480, height=360)
