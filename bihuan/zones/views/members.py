"""Who lay in a zone on any day, page by page, and as a table to take away."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, amount, paginate
from bihuan.jobs.handing import take_away

from ..models import Zone, ZoneVersion
from ..stays import STAYS, Asked, Which, stays_of
from . import user_of

SIZE = 50


def _zone(request: Request, pk: int) -> Zone:
    return get_object_or_404(Zone.objects.visible_to(user_of(request)).select_related("kind"), pk=pk)


@require_safe
@require(Permission.VIEW_REGISTRY)
def members(request: Request, pk: int) -> HttpResponse:
    """The stays of one zone: on a day, ever, or ended; with the version that held on the day."""
    zone, user, asked = _zone(request, pk), user_of(request), Asked(request.GET)
    rows = stays_of(zone, user, asked)
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=SIZE)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    version = ZoneVersion.objects.in_force(on=asked.on).filter(zone=zone).order_by("-number").first()
    views = [
        {"label": label, "url": f"?which={key}", "active": key == asked.which} for key, label in Which.choices
    ]
    context = {
        "zone": zone,
        "asked": asked,
        "page": page,
        "total": amount(rows, "条"),
        "version": version,
        "views": views,
        "export_url": f"{reverse('zones:export_members', args=[zone.pk])}?{asked.address}",
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        "trail": [
            {"label": "区域", "url": reverse("zones:list")},
            {"label": zone.name, "url": zone.get_absolute_url()},
            {"label": "区域内的企业"},
        ],
    }
    return render(request, "zones/members.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def export(request: Request, pk: int) -> HttpResponseBase:
    """The same rows as a table: watermarked, recorded."""
    zone, asked = _zone(request, pk), Asked(request.GET)
    back = f"{reverse('zones:members', args=[zone.pk])}?{asked.address}"
    query, said = f"zone={zone.pk}&{asked.address}", f"{zone}：{asked.words}"
    return take_away(request, STAYS, query=query, said=said, back=back)
