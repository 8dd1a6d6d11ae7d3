"""Plates at the door: printing them, taking one back, and what one shows to whoever reads it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.qr import qr_svg

from ..access import edit_scope
from ..actforms import ReasonForm
from ..models import Enterprise, Plate
from ..plates import live_plate, plates_for, withdraw_plate
from ..visiting import visits
from ..workflow import EnterpriseStatus
from . import user_of
from .acting import editable, trail_of, visible
from .lists import PICK_LIMIT


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def of_enterprise(request: Request, pk: int) -> HttpResponse:
    """The plates of one enterprise; POST makes those that are missing and shows the sheet."""
    user = user_of(request)
    if request.method == "POST":
        return _sheet(request, plates_for(editable(request, pk), by=user), back=request.path)
    enterprise = visible(request, pk)
    rows = enterprise.plates.select_related("premises", "issued_by", "withdrawn_by").order_by("-id")
    context = {
        "enterprise": enterprise,
        "plates": rows,
        "may_edit": edit_scope(user).covers(enterprise),
        "trail": trail_of(enterprise, ("码牌", "")),
    }
    return render(request, "registry/plates.html", context)


@require_POST
@require(Permission.EDIT_REGISTRY)
def sheet(request: Request) -> HttpResponse:
    """Plates of the picked enterprises on A4 sheets."""
    user = user_of(request)
    picked = {int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal() and len(pk) < 18}
    back = reverse("registry:list")
    if not picked or len(picked) > PICK_LIMIT:
        words = f"一次最多打印{PICK_LIMIT}家，请分批打印" if picked else "还没有选择企业，请先勾选再打印码牌"
        messages.warning(request, words)
        return redirect(back)
    scope = edit_scope(user)
    rows = Enterprise.objects.visible_to(user).filter(pk__in=picked).select_related("kind", "locality")
    plates = [plate for row in rows if scope.covers(row) for plate in plates_for(row, by=user)]
    if not plates:
        messages.warning(request, "所选企业都不在您的管理范围内")
        return redirect(back)
    return _sheet(request, plates, back=back)


def _sheet(request: Request, plates: list[Plate], *, back: str) -> HttpResponse:
    drawn = [
        {
            "plate": plate,
            "name": plate.premises.name if plate.premises else plate.enterprise.name,
            "of": plate.enterprise.name if plate.premises else "",
            "place": plate.enterprise.locality.name,
            "number": f"{plate.enterprise_id:08d}-{plate.pk}",
            "qr": qr_svg(request.build_absolute_uri(plate.get_absolute_url()), label=f"{plate}二维码"),
        }
        for plate in plates
    ]
    return render(request, "registry/plate_sheet.html", {"drawn": drawn, "back": back})


@require_POST
@require(Permission.VIEW_REGISTRY)
def withdraw(request: Request, pk: int) -> HttpResponse:
    plate = get_object_or_404(Plate.objects.select_related("enterprise", "premises"), pk=pk)
    editable(request, plate.enterprise_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请写明收回码牌的理由")
        return redirect("registry:plates", plate.enterprise_id)
    try:
        withdraw_plate(plate, reason=form.cleaned_data["reason"], by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "码牌已收回，再打印时会换一个新码")
    return redirect("registry:plates", plate.enterprise_id)


@login_not_required
@never_cache
@require_safe
def read(request: Request, token: str) -> HttpResponse:
    """What a plate shows: to an inspector the way in, to the enterprise its duties, to anybody the public face."""
    plate = live_plate(token)
    if plate is None:
        raise Http404("这块码牌不存在或已经收回")
    enterprise = plate.enterprise
    user = request.user
    inside = isinstance(user, User) and Enterprise.objects.visible_to(user).filter(pk=enterprise.pk).exists()
    if inside and enterprise.organization_id in {post.organization_id for post in user.posts}:
        return redirect("duties:inbox")
    starts = visits().starts(enterprise, user) if inside else []
    if isinstance(user, User) and not inside:
        starts = visits().starts_by_plate(plate, user)
    if len(starts) == 1:
        return redirect(starts[0][1])
    place = plate.premises
    context = {
        "name": place.name if place else enterprise.name,
        "of": enterprise.name if place else "",
        "kind": (place or enterprise).kind.label,
        "risk": enterprise.risk,
        "risk_words": f"{enterprise.get_risk_display()}色风险",
        "status": enterprise.get_status_display(),
        "is_stopped": enterprise.status != EnterpriseStatus.OPERATING,
        "where": f"{enterprise.county.name}{enterprise.locality.name}",
        "last_visit": visits().last_days([enterprise.pk]).get(enterprise.pk),
        "starts": starts,
        "enterprise_url": enterprise.get_absolute_url() if inside else "",
        "may_sign_in": not request.user.is_authenticated,
    }
    return render(request, "registry/plate.html", context)
