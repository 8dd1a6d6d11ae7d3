"""The list of plans, the head of one, and the checklist before publishing."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions
from ..actions.publishing import titles_of
from ..forms import HeadForm, PublishForm
from ..models import PlanDocument
from ..queries.draft import missing, unanswered_errors
from ..workbench import Desk
from .answers import plan_or_404


@require_safe
@require(Permission.MANAGE_PLANS)
def plans(request: Request) -> HttpResponse:
    """Drafts and published plans of the own office, drafts first."""
    found = (
        PlanDocument.objects.visible_to(request.user)
        .select_related("uploaded_by")
        .defer("text", "original", "reading", "compiled")
    )
    drafts = found.filter(status=PlanDocument.Status.DRAFT).prefetch_related("items", "units", "findings")
    others = found.exclude(status=PlanDocument.Status.DRAFT).select_related("campaign")
    context = {
        "drafts": [{"document": document, "progress": Desk.counts(document)} for document in drafts],
        "others": others,
    }
    return render(request, "campaigns/plans.html", context)


@require(Permission.MANAGE_PLANS)
def head(request: Request, pk: int) -> HttpResponse:
    """Correct title, number, issuer and date."""
    document = plan_or_404(request, pk)
    initial = {
        "title": document.title,
        "doc_no": document.doc_no,
        "issuer": document.issuer,
        "issued_on": document.issued_on,
    }
    form = HeadForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_head(document, by=request.user, **form.cleaned_data)
            messages.success(request, "已保存方案标题与文号")
        except Refused as error:
            messages.warning(request, str(error))
        return redirect("campaigns:workbench", document.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/head.html", {"document": document, "form": form}, status=status)


@require_POST
@require(Permission.MANAGE_PLANS)
def discard(request: Request, pk: int) -> HttpResponse:
    """Give up a draft."""
    document = plan_or_404(request, pk)
    try:
        actions.discard_plan(document, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, f"已作废《{document.title}》")
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("campaigns:workbench", document.pk)
    return redirect("campaigns:plans")


@require(Permission.MANAGE_PLANS)
def publish(request: Request, pk: int) -> HttpResponse:
    """What is missing, what will be sent to whom, and the button."""
    document = plan_or_404(request, pk)
    if not request.user.has_perm(Permission.PUBLISH_CAMPAIGN):
        raise PermissionDenied
    title, short_title = titles_of(document)
    errors = unanswered_errors(document)
    initial = {"title": title, "short_title": short_title}
    form = PublishForm(request.POST or None, initial=initial, is_faulty=bool(errors))
    if request.method == "POST" and form.is_valid():
        try:
            campaign = actions.publish(document, by=request.user, **form.cleaned_data)
        except Refused as error:
            messages.warning(request, str(error))
            return redirect("campaigns:publish", document.pk)
        messages.success(request, f"“{campaign.title}”已发布，任务已送到各单位待办")
        return redirect(campaign)
    lines = missing(document)
    desk = Desk(document, on=timezone.localdate())
    context = {
        "document": document,
        "form": form,
        "errors": errors,
        "blocking": [line for line in lines if line.is_blocking],
        "remarks": [line for line in lines if not line.is_blocking],
        "progress": desk.progress,
        "outlook": desk.outlook(),
    }
    return render(request, "campaigns/publish.html", context)
