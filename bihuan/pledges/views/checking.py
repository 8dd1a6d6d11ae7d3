"""Checking promises on the spot, and what becomes of false ones."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, paginate

from .. import actions, queries
from ..forms import ConcludeForm, HandOverForm, VerdictForm
from ..models import FalseClaim, Pledge, PledgeLine
from ..standing import posts_with, verifying_post
from . import user_of
from .promises import show, visible


@require_POST
@require(Permission.VERIFY_PLEDGE)
def line(request: Request, pk: int) -> HttpResponse:
    """The verdict on one line, with note and photos."""
    user = user_of(request)
    found = get_object_or_404(
        PledgeLine.objects.filter(pledge__in=Pledge.objects.visible_to(user)).select_related(
            "pledge__form", "pledge__enterprise__organization", "pledge__receiver", "hazard"
        ),
        pk=pk,
    )
    if verifying_post(user, found.pledge) is None:
        raise PermissionDenied
    form = VerdictForm(request.POST, auto_id=f"id_{found.pk}_%s")
    if not form.is_valid():
        return show(request, visible(request, found.pledge_id), wrong=(found.pk, form), status=422)
    try:
        photos = attachments.received(
            request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
        )
        actions.judge_line(
            found, form.cleaned_data["verdict"], note=form.cleaned_data["note"], photos=photos, by=user
        )
    except Refused as error:
        form.add_error(None, str(error))
        return show(request, visible(request, found.pledge_id), wrong=(found.pk, form), status=422)
    ledger = f"，隐患{found.hazard.get_status_display()}" if found.hazard is not None else ""
    messages.success(request, f"第 {found.position} 项：{found.get_verdict_display()}{ledger}")
    return redirect("pledges:detail", found.pledge_id)


@require_POST
@require(Permission.VERIFY_PLEDGE)
def conclusion(request: Request, pk: int) -> HttpResponse:
    pledge, form = visible(request, pk), ConcludeForm(request.POST)
    if verifying_post(user_of(request), pledge) is None:
        raise PermissionDenied
    opinion = form.cleaned_data["opinion"] if form.is_valid() else ""
    try:
        actions.conclude(pledge, opinion=opinion, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"核查办结：{pledge.get_status_display()}")
    return redirect("pledges:detail", pk)


@require_safe
@require(Permission.VIEW_HAZARDS)
def false_claims(request: Request) -> HttpResponse:
    """Every false claim one may see: what was said, what was found, to whom it went."""
    user = user_of(request)
    if not (posts_with(user, Permission.VIEW_CAMPAIGNS)):
        raise PermissionDenied
    rows = FalseClaim.objects.visible_to(user).select_related(
        "line__pledge__receiver", "enterprise", "hazard", "handed_to", "paper", "found_by"
    )
    state = request.GET.get("state", "")
    if state in {"open", "handed"}:
        rows = rows.filter(handed_at__isnull=state == "open")
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    today = timezone.localdate()
    cases = queries.referrals_of(page.items)
    entries = [
        (
            claim,
            cases.get(chain_of(claim)),
            HandOverForm(area=claim.line.pledge.city_id, on=today)
            if claim.handed_at is None and verifying_post(user, claim.line.pledge) is not None
            else None,
        )
        for claim in page.items
    ]
    return render(request, "pledges/false_claims.html", {"page": page, "entries": entries, "state": state})


@require_POST
@require(Permission.VERIFY_PLEDGE)
def handing_over(request: Request, pk: int) -> HttpResponse:
    """Send a false claim to the enforcing body."""
    user = user_of(request)
    claim = get_object_or_404(
        FalseClaim.objects.visible_to(user).select_related(
            "line__pledge__enterprise", "line__pledge__receiver"
        ),
        pk=pk,
    )
    if verifying_post(user, claim.line.pledge) is None:
        raise PermissionDenied
    form = HandOverForm(request.POST, area=claim.line.pledge.city_id, on=timezone.localdate())
    if not form.is_valid():
        messages.warning(request, "请选择移送给哪个单位")
        return redirect("pledges:false_claims")
    try:
        paper = actions.hand_over(claim, to=form.cleaned_data["to"], by=user)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("pledges:false_claims")
    messages.success(request, f"已制发{paper}")
    return redirect(paper)
