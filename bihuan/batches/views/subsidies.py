"""Subsidies: what is paid by which standard, summed, each sum opening its rows."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, paginate

from .. import actions, queries
from ..forms import FundForm, StandardForm
from ..models import SubsidyStandard
from ..workflow import SubsidyStatus
from . import user_of
from .batches import campaign_of


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def index(request: Request) -> HttpResponse:
    user = user_of(request)
    filters = {name: request.GET.get(name, "").strip() for name in ("campaign", "batch", "status")}
    campaign = campaign_of(request) if filters["campaign"] else None
    whole = queries.subsidies(user, filters | {"status": ""})
    rows = queries.subsidies(user, filters).select_related(
        "member__enterprise", "member__batch__campaign", "standard"
    )
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    runs_it = campaign is not None and actions.organizer(user, campaign) is not None
    context = {
        "page": page,
        "campaign": campaign,
        "money": queries.money_of(campaign) if campaign is not None and runs_it else [],
        "sums": queries.sums(whole),
        "status": filters["status"],
        "statuses": SubsidyStatus.choices,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "batches/subsidies.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_CAMPAIGNS)
def standards(request: Request) -> HttpResponse:
    """The standards of a campaign, dated, and the money set aside; a new standard ends the one before."""
    campaign, user = campaign_of(request), user_of(request)
    may_set = actions.organizer(user, campaign) is not None
    if request.method == "POST" and not may_set:
        raise PermissionDenied
    sent = request.POST or None
    is_fund = request.POST.get("what") == "fund"
    form = StandardForm(None if is_fund else sent)
    fund_form = FundForm(sent if is_fund else None, prefix="fund")
    status = 200
    if request.method == "POST":
        status = 422
        given = fund_form if is_fund else form
        if given.is_valid():
            register = actions.set_fund if is_fund else actions.set_standard
            try:
                made = register(campaign, by=user, **given.cleaned_data)
            except Refused as error:
                given.add_error(None, str(error))
            else:
                messages.success(request, f"已登记{'资金' if is_fund else '标准'}“{made}”")
                return redirect(f"{reverse('batches:standards')}?campaign={campaign.pk}")
    context = {
        "campaign": campaign,
        "standards": SubsidyStandard.objects.filter(campaign=campaign).select_related("made_by"),
        "money": queries.money_of(campaign),
        "form": form if may_set else None,
        "fund_form": fund_form if may_set else None,
        "wrong": ("fund" if is_fund else "standard") if status == 422 else "",
    }
    return render(request, "batches/standards.html", context, status=status)
