"""The map 一张图 and what it asks for while somebody moves it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, problem
from bihuan.core.paging import amount
from bihuan.registry.filters import RegistryFilter

from ..filters import in_zone
from ..mapping import base_map, extent_of, objects_in, read_window, zones_in
from ..models import Zone, ZoneKind
from . import city_of, user_of

NEAR_LISTED = 12


@require_safe
@require(Permission.VIEW_REGISTRY)
def page(request: Request) -> HttpResponse:
    """The map with the filters of the list of enterprises; what is drawn comes afterwards."""
    user = user_of(request)
    filters = RegistryFilter(request.GET, user)
    rows = filters.queryset
    zones = Zone.objects.visible_to(user).in_force(on=timezone.localdate()).select_related("kind")
    return render(
        request,
        "zones/map.html",
        {
            "filters": filters,
            "selects": filters.selects(),
            "total_words": f"共 {amount(rows, '家')}",
            "unplaced": amount(rows.filter(longitude=None), "家")
            if rows.filter(longitude=None).exists()
            else "",
            "unplaced_url": f"{reverse('registry:list')}?{filters.address}&place=none",
            "extent": extent_of(rows, city_of(user)),
            "kinds": ZoneKind.objects.all(),
            "near": [
                {"zone": zone, "inside": amount(in_zone(rows, zone), "家")} for zone in zones[:NEAR_LISTED]
            ],
            "tiles": settings.MAP_TILES,
            "approval": settings.MAP_APPROVAL,
        },
    )


def _refusal(error: Refused) -> JsonResponse:
    body = problem(400, "地图没有取到数据", str(error))
    return JsonResponse(body, status=400, content_type="application/problem+json")


@require_safe
@require(Permission.VIEW_REGISTRY)
def objects(request: Request) -> HttpResponse:
    """Objects in a window as JSON: one by one up to a limit, beyond it counted in cells."""
    try:
        window = read_window(request.GET.get("bbox", ""), request.GET.get("zoom", ""))
    except Refused as error:
        return _refusal(error)
    rows = RegistryFilter(request.GET, user_of(request)).queryset
    return _private(JsonResponse(objects_in(rows, window)))


@require_safe
@require(Permission.VIEW_REGISTRY)
def zones(request: Request) -> HttpResponse:
    """Zones in force in a window as GeoJSON."""
    try:
        window = read_window(request.GET.get("bbox", ""), request.GET.get("zoom", ""))
    except Refused as error:
        return _refusal(error)
    found = zones_in(
        user_of(request), window, on=timezone.localdate(), kind=request.GET.get("zone_kind", "")[:40]
    )
    return _private(JsonResponse(found, content_type="application/geo+json"))


@require_safe
@require(Permission.VIEW_REGISTRY)
def base(request: Request) -> HttpResponse:
    """The schematic base as GeoJSON; it changes rarely, so the browser keeps it for an hour."""
    answer = JsonResponse(base_map(city_of(user_of(request))), content_type="application/geo+json")
    patch_cache_control(answer, private=True, max_age=3600)
    return answer


def _private(answer: JsonResponse) -> JsonResponse:
    patch_cache_control(answer, private=True, no_store=True)
    return answer
