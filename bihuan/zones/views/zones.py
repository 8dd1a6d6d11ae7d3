"""Zones as records: the list, one zone with its versions and who lies in it, drawing and importing."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition
from bihuan.core.paging import amount
from bihuan.plans import compile_plan
from bihuan.registry.lists import SHARING_PERMISSION
from bihuan.registry.models import Enterprise

from ..access import may_change, may_draw_anywhere
from ..actions import Drawn, create_zone, end_zone, revise_zone
from ..files import Found
from ..filters import in_zone
from ..forms import FILES, EndForm, RevisionForm, ZoneForm, ZoneImportForm, source_words
from ..geometry import area_km2, vertex_count
from ..membership import version_in_force
from ..models import Zone, ZoneKind, ZoneMembership, ZoneVersion
from ..proposals import undrawn
from . import city_of, user_of

STAYS_SHOWN = 30
LISTED = 300


def _zone_or_404(request: Request, pk: int) -> Zone:
    rows = Zone.objects.visible_to(user_of(request)).select_related("kind", "region", "organization")
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    """The zones a person may see, by kind; those no longer in force on request."""
    user, today = user_of(request), timezone.localdate()
    zones = Zone.objects.visible_to(user).select_related("kind", "region")
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    current = zones.in_force(on=today)
    shown = zones.exclude(pk__in=current.values("pk")) if state == "other" else current
    if kind:
        shown = shown.filter(kind=kind[:40])
    listed = list(shown[: LISTED + 1])
    may_draw = may_draw_anywhere(user)
    return render(
        request,
        "zones/list.html",
        {
            "rows": _rows(listed[:LISTED], user, today),
            "more": len(listed) > LISTED,
            "kinds": ZoneKind.objects.all(),
            "kind": kind,
            "state": state,
            "may_draw": may_draw,
            "proposals": undrawn(user) if may_draw else [],
            "may_share": user.has_perm(SHARING_PERMISSION),
        },
    )


def _rows(zones: list[Zone], user: User, today: dt.date) -> list[dict[str, Any]]:
    """The zones with their latest version and how many of the person's enterprises lie in each; two queries."""
    latest = {
        version.zone_id: version for version in ZoneVersion.objects.filter(zone__in=zones).order_by("number")
    }
    visible = Enterprise.objects.visible_to(user).values("pk")
    stays = ZoneMembership.objects.filter(zone__in=zones, left_on=None, enterprise__in=visible)
    counts = dict(
        stays.order_by()
        .values("zone")
        .annotate(many=Count("enterprise", distinct=True))
        .values_list("zone", "many")
    )
    return [
        {
            "zone": zone,
            "version": latest.get(zone.pk),
            "state": _state(latest.get(zone.pk), today),
            "area": f"{area_km2(latest[zone.pk].geometry):,.2f}" if zone.pk in latest else "",
            "inside": f"{counts.get(zone.pk, 0):,} 家",
            "inside_url": f"{reverse('registry:list')}?zone={zone.pk}",
        }
        for zone in zones
    ]


def _state(version: ZoneVersion | None, today: dt.date) -> tuple[str, str]:
    """(words, tone) of how the latest version stands today."""
    if version is None:
        return "未划定", "outline"
    if version.valid_from > today:
        return f"{version.valid_from:%Y-%m-%d}起生效", "blue"
    if version.valid_to and version.valid_to < today:
        return f"{version.valid_to:%Y-%m-%d}后失效", "outline"
    return "现行有效", "green"


@require_safe
@require(Permission.VIEW_REGISTRY)
def detail(request: Request, pk: int) -> HttpResponse:
    return _detail(request, _zone_or_404(request, pk))


def _detail(request: Request, zone: Zone, form: EndForm | None = None) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    versions = list(zone.versions.select_related("by"))
    shown = version_in_force(zone, today) or (versions[0] if versions else None)
    visible = Enterprise.objects.visible_to(user)
    stays = (
        ZoneMembership.objects.filter(zone=zone, enterprise__in=visible.values("pk"))
        .select_related("enterprise", "premises")
        .order_by("-left_on", "-entered_on", "-id")
    )
    return render(
        request,
        "zones/detail.html",
        {
            "zone": zone,
            "version": shown,
            "versions": versions,
            "state": _state(versions[0] if versions else None, today),
            "area": f"{area_km2(shown.geometry):,.2f}" if shown else "",
            "vertices": vertex_count(shown.geometry) if shown else 0,
            "sides": sides_of(shown.boundary_words) if shown else [],
            "inside": amount(in_zone(visible, zone), "家"),
            "inside_url": f"{reverse('registry:list')}?zone={zone.pk}",
            "recent": stays.filter(left_on=None).order_by("-entered_on", "-id")[:STAYS_SHOWN],
            "former": stays.filter(left_on__isnull=False)[:STAYS_SHOWN],
            "may_change": may_change(user, zone),
            "end_form": form or EndForm(),
            "city": city_of(user),
        },
        status=422 if form is not None else 200,
    )


@lru_cache(maxsize=256)
def sides_of(words: str) -> list[tuple[str, str]]:
    """The four sides the wording names (东, 云溪大道 …), as the plan reader understands them (R008)."""
    if not words.strip():
        return []
    text = words if words.rstrip().endswith("。") else f"{words.rstrip()}。"
    zones = compile_plan(text.encode(), "四至.txt").zones
    found: list[tuple[str, str]] = []
    for zone in zones:
        for part in (zone, *zone.parts):
            found += [(side, "、".join(places)) for side, places in part.boundary.items()]
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.EDIT_REGISTRY)
def create(request: Request) -> HttpResponse:
    """Draw a zone. The address may bring name, kind and wording, as a plan's page does."""
    user = user_of(request)
    offered = {
        name: request.GET[name][:4000]
        for name in ("name", "kind", "boundary_words", "document", "region")
        if name in request.GET
    }
    form = ZoneForm(request.POST or None, request.FILES or None, user=user, initial=offered)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            zone = create_zone(data["kind"], data["name"], data["region"], form.drawn(), by=user)
        except Refused as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"“{zone}”已划定")
            return redirect(zone)
    return _form(request, form, title="划定区域", back=reverse("zones:list"))


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def revise(request: Request, pk: int) -> HttpResponse:
    zone = _changeable(request, pk)
    last = zone.versions.order_by("-number").first()
    if request.method != "POST":
        form = RevisionForm.of(last) if last else RevisionForm()
    else:
        form = RevisionForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                version = revise_zone(zone, form.drawn(), by=user_of(request), seen=form.cleaned_data["seen"])
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"“{zone}”第{version.number}版已保存")
                return redirect(zone)
    return _form(request, form, title=f"调整“{zone}”", back=zone.get_absolute_url())


def _changeable(request: Request, pk: int) -> Zone:
    """404 for what the person may not see, 403 for what they may see but not change."""
    zone = _zone_or_404(request, pk)
    if not may_change(user_of(request), zone):
        raise PermissionDenied
    return zone


def _form(request: Request, form: Any, *, title: str, back: str) -> HttpResponse:
    return render(
        request,
        "zones/form.html",
        {
            "form": form,
            "page_title": title,
            "back_url": back,
            "accept": FILES,
            "city": city_of(user_of(request)),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@require(Permission.VIEW_REGISTRY)
def end(request: Request, pk: int) -> HttpResponse:
    zone = _changeable(request, pk)
    form = EndForm(request.POST)
    if not form.is_valid():
        return _detail(request, zone, form)
    try:
        end_zone(zone, on=form.cleaned_data["on"], by=user_of(request), reason=form.cleaned_data["reason"])
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{zone}”已定于{form.cleaned_data['on']:%Y-%m-%d}后失效")
    return redirect(zone)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.EDIT_REGISTRY)
def bring(request: Request) -> HttpResponse:
    """Several zones out of one file: all of them, or none and why."""
    user = user_of(request)
    form = ZoneImportForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            said = _take_in(form, user)
        except Refused as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, said)
            return redirect(f"{reverse('zones:list')}?kind={form.cleaned_data['kind'].pk}")
    return render(
        request, "zones/import.html", {"form": form, "accept": FILES}, status=422 if form.errors else 200
    )


@transaction.atomic
def _take_in(form: ZoneImportForm, user: User) -> str:
    """Draw what is new and draw anew what changed; the sentence that says what came of it. Raises Refused."""
    data, brought = form.cleaned_data, form.brought

    def drawn(area: Found, reason: str = "") -> Drawn:
        return Drawn(
            area.geometry, data["valid_from"], document=data["document"], reason=reason, source=ZoneVersion.Source.FILE,
            source_name=source_words(data["file"].name, area.system), source_crs=data["crs"],
        )  # fmt: skip

    for area in brought.new:
        create_zone(data["kind"], area.name, data["region"], drawn(area), by=user)
    for zone, area in brought.changed:
        last = zone.versions.order_by("-number").first()
        try:
            revise_zone(zone, drawn(area, data["reason"]), by=user, seen=last.number if last else 0)
        except Refused as error:
            raise Refused(f"“{zone}”：{error}") from error
    counts = (("新划定", brought.new), ("调整为新一版", brought.changed), ("没有变化", brought.same))
    return "，".join(f"{words}{len(found)}个" for words, found in counts if found)


@require_safe
@require(Permission.VIEW_REGISTRY)
def geojson(request: Request, pk: int) -> HttpResponse:
    """One version of a zone to take away, in CGCS2000 (EPSG:4490)."""
    zone = _zone_or_404(request, pk)
    number = request.GET.get("version", "")
    versions = zone.versions.order_by("-number")
    if number.isdecimal() and len(number) < 6:
        version = get_object_or_404(versions, number=number)
    else:
        version = version_in_force(zone, timezone.localdate()) or get_object_or_404(versions[:1])
    properties = {
        "name": zone.name, "kind": zone.kind.label, "region": zone.region.name, "version": version.number,
        "valid_from": version.valid_from.isoformat(),
        "valid_to": version.valid_to.isoformat() if version.valid_to else None,
        "boundary_words": version.boundary_words, "document": version.document, "crs": "CGCS2000 (EPSG:4490)",
    }  # fmt: skip
    feature = {"type": "Feature", "geometry": version.geometry, "properties": properties}
    answer = JsonResponse(
        {"type": "FeatureCollection", "features": [feature]}, json_dumps_params={"ensure_ascii": False}
    )
    answer["Content-Type"] = "application/geo+json"
    answer["Content-Disposition"] = content_disposition(f"{zone.name}-第{version.number}版.geojson")
    return answer
