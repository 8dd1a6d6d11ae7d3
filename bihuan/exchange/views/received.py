"""What other levels tell: their listings, their returns; and a plan on its way down."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away

from ..actions.identity import needed_instance_or_404
from ..actions.sending import pack, was_sent
from ..exporting import LISTED
from ..forms import PlanDownForm
from ..kinds.plans import PLAN, pack_plan
from ..models import ListedElsewhere, Peer, ReturnReceived
from ..relations import relation
from ..standing import manages
from ..workflow import PeerStatus
from . import managed_instance, user_of


@require_safe
@require(Permission.VIEW_EXCHANGE)
def listed(request: Request) -> HttpResponse:
    """The register of what lower levels have listed, the most pressing first."""
    today, state = timezone.localdate(), request.GET.get("state", "open")
    rows = ListedElsewhere.objects.visible_to(user_of(request)).select_related("peer", "package")
    if state == "overdue":
        rows = rows.filter(is_open=True, due_on__lt=today)
    elif state != "all":
        rows = rows.filter(is_open=True)
    try:
        page = paginate(rows, order=("due_on", "id"), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "state": state,
        "states": [("open", "在挂"), ("overdue", "逾期"), ("all", "全部")],
        "today": today,
    }
    return render(request, "exchange/listed.html", context)


@require(Permission.VIEW_EXCHANGE)
@require_http_methods(["GET", "POST"])
def listed_export(request: Request) -> HttpResponseBase:
    """The register as a sheet."""
    said = {"all": "全部", "overdue": "逾期"}.get(request.GET.get("state", ""), "在挂")
    return take_away(
        request, LISTED, query=request.GET.urlencode(), said=said, back=reverse("exchange:listed")
    )


@require_safe
@require(Permission.VIEW_EXCHANGE)
def returns(request: Request) -> HttpResponse:
    """Returns signed below, and where each stands here."""
    rows = ReturnReceived.objects.visible_to(user_of(request)).select_related(
        "peer", "filing__record", "package"
    )
    if request.GET.get("state") == "unplaced":
        rows = rows.filter(filing=None)
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(request, "exchange/returns.html", {"page": page, "state": request.GET.get("state", "")})


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def plans(request: Request) -> HttpResponse:
    """Send published plans down; ?campaign= chooses one."""
    user, own = user_of(request), managed_instance(request)
    campaigns = Campaign.objects.visible_to(user).filter(region=own.region_id).select_related("plan__file")
    pk = row_number(request.GET.get("campaign", ""))
    campaign = get_object_or_404(campaigns, pk=pk) if pk else None
    below = [
        peer.pk
        for peer in Peer.objects.visible_to(user).filter(status=PeerStatus.ACTIVE)
        if relation(own.region_id, peer.region_code) in PLAN.to and manages(user, peer, own)
    ]
    form = PlanDownForm(request.POST or None, peers=Peer.objects.filter(pk__in=below))
    status = 200
    if request.method == "POST" and campaign is not None:
        status = 422
        if form.is_valid():
            try:
                sent = _send_down(campaign, list(form.cleaned_data["peers"]), request)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(
                    request, f"方案已打包发给 {sent} 家" if sent else "这些对象都已收到同一份方案"
                )
                return redirect("exchange:packages")
    context = {"campaigns": campaigns[:100], "campaign": campaign, "form": form, "has_peers": bool(below)}
    return render(request, "exchange/plans.html", context, status=status)


@transaction.atomic
def _send_down(campaign: Campaign, peers: list[Peer], request: Request) -> int:
    own, sent = needed_instance_or_404(), 0
    ready = pack_plan(campaign, own)
    for peer in peers:
        if not was_sent(peer, PLAN, ready):
            pack(peer, PLAN, ready, by=user_of(request))
            sent += 1
    return sent
