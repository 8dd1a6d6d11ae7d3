"""The menu 导出: files of a draft and of a campaign, and the one-page chart."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request, content_disposition

from ..models import Campaign, PlanDocument
from ..outputs import OUTPUTS, chart_of, content_of, export
from .answers import plan_or_404
from .campaigns import campaign_or_404


def _send(request: Request, subject: Campaign | PlanDocument, what: str) -> HttpResponse:
    if what not in OUTPUTS:
        raise Http404
    try:
        file = export(subject, what, by=request.user, unit=request.GET.get("unit", ""))
    except KeyError as error:
        raise Http404 from error
    response = HttpResponse(file.data, content_type=file.content_type)
    response["Content-Disposition"] = content_disposition(file.name)
    return response


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def campaign_output(request: Request, pk: int, what: str) -> HttpResponse:
    """One file of a campaign."""
    return _send(request, campaign_or_404(request, pk), what)


@require_safe
@require(Permission.MANAGE_PLANS)
def draft_output(request: Request, pk: int, what: str) -> HttpResponse:
    """One file of a draft."""
    return _send(request, plan_or_404(request, pk), what)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def campaign_outputs(request: Request, pk: int) -> HttpResponse:
    """Everything that can be taken away from a campaign, the calendar unit by unit."""
    return _menu(request, campaign_or_404(request, pk))


@require_safe
@require(Permission.MANAGE_PLANS)
def draft_outputs(request: Request, pk: int) -> HttpResponse:
    """Everything that can be taken away from a draft."""
    return _menu(request, plan_or_404(request, pk))


def _menu(request: Request, subject: Campaign | PlanDocument) -> HttpResponse:
    content = content_of(subject)
    own = {f"o{post.organization_id}" for post in request.user.posts}
    units = content.units()
    context = {
        "subject": subject,
        "content": content,
        "is_campaign": isinstance(subject, Campaign),
        "own": [unit for unit in units if unit.key in own],
        "units": units,
    }
    return render(request, "campaigns/outputs.html", context)


def _chart(request: Request, subject: Campaign | PlanDocument) -> HttpResponse:
    content, chart, watermark = chart_of(subject, paper=request.GET.get("paper", "a3"), by=request.user)
    context = {"subject": subject, "content": content, "chart": chart, "watermark": watermark}
    return render(request, "campaigns/chart.html", context)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def campaign_chart(request: Request, pk: int) -> HttpResponse:
    """作战图 of a campaign, `?paper=a3` or `a4`."""
    return _chart(request, campaign_or_404(request, pk))


@require_safe
@require(Permission.MANAGE_PLANS)
def draft_chart(request: Request, pk: int) -> HttpResponse:
    """作战图 of a draft."""
    return _chart(request, plan_or_404(request, pk))
