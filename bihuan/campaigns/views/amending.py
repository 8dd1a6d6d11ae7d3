"""A revised plan: the versions of a plan, the comparison, and the acts on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions, readings
from ..actions.amending import count_kinds, may_amend
from ..amending import Sides
from ..models import Amendment, AmendmentChange
from ..workflow import AmendmentStatus
from .campaigns import campaign_or_404
from .importing import ACCEPTED
from .reading import answer

Kind, Decision, Subject = AmendmentChange.Kind, AmendmentChange.Decision, AmendmentChange.Subject
FILTERS = [
    ("", "有变化的"),
    ("pending", "没有决定的"),
    ("changed", "改动"),
    ("added", "新增"),
    ("removed", "取消"),
    ("unchanged", "没有变化"),
]


def _amendment_or_404(request: Request, pk: int) -> Amendment:
    """An amendment one may see: while it is being compared, only the office of the campaign."""
    found = get_object_or_404(
        Amendment.objects.visible_to(request.user).select_related(
            "campaign__region", "campaign__office", "document__file", "previous", "created_by", "decided_by"
        ),
        pk=pk,
    )
    if found.status != AmendmentStatus.APPLIED and not may_amend(request.user, found.campaign):
        raise Http404
    return found


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def versions(request: Request, pk: int) -> HttpResponse:
    """Every version of the plan: who brought it in, when, why, and what it changed."""
    campaign = campaign_or_404(request, pk)
    return render(request, "campaigns/versions.html", _versions_context(request, campaign))


def _versions_context(request: Request, campaign: Any) -> dict[str, Any]:
    may = may_amend(request.user, campaign)
    rows = campaign.amendments.select_related("document__file", "previous__file", "created_by", "decided_by")
    applied = [row for row in rows if row.status == AmendmentStatus.APPLIED]
    applied.sort(key=lambda row: row.number or 0, reverse=True)
    first = applied[-1].previous if applied else campaign.plan
    return {
        "campaign": campaign,
        "applied": applied,
        "first": first,
        "open": next((row for row in rows if row.is_open), None) if may else None,
        "withdrawn": [row for row in rows if row.status == AmendmentStatus.WITHDRAWN] if may else [],
        "may_amend": may,
        "accept": ACCEPTED,
        "error": "",
    }


@require_POST
@require(Permission.MANAGE_PLANS)
def import_amendment(request: Request, pk: int) -> HttpResponse:
    """Drop the revised plan; what cannot be read is said here and makes nothing, what takes long is background work."""
    campaign = campaign_or_404(request, pk)
    upload = request.FILES.get("file")
    try:
        if not upload:
            raise Refused("请选择修订后的方案文件")
        data = actions.read_upload(upload)
        actions.require_amendable(campaign, by=request.user)
        job = readings.read_for(
            readings.AMENDMENT, data, upload.name or "修订稿.txt", {"campaign": campaign.pk}, by=request.user,
            back=reverse("campaigns:versions", args=[campaign.pk]),
        )  # fmt: skip
    except Refused as error:
        context = _versions_context(request, campaign) | {"error": str(error)}
        return render(request, "campaigns/versions.html", context, status=422)
    return answer(request, job)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def amendment(request: Request, pk: int) -> HttpResponse:
    """The comparison, line by line."""
    found = _amendment_or_404(request, pk)
    changes = list(found.changes.select_related("task", "decided_by"))
    shown = request.GET.get("show", "")
    counts = count_kinds(found)
    may = may_amend(request.user, found.campaign) and found.is_open
    subjects = list(Subject)
    rows = sorted(
        filter(_shown(shown), changes), key=lambda row: (subjects.index(Subject(row.subject)), row.position)
    )
    free = [change for change in changes if change.subject == Subject.TASK and change.kind == Kind.ADDED]
    gone = [change for change in changes if change.subject == Subject.TASK and change.kind == Kind.REMOVED]
    stale = found.is_open and found.compared != found.document.revision
    context = {
        "amendment": found,
        "campaign": found.campaign,
        "rows": rows,
        "counts": counts,
        "filters": [{"key": key, "label": label, "active": key == shown} for key, label in FILTERS],
        "pending": sum(change.asks for change in changes),
        "may": may,
        "free": free,
        "gone": gone,
        "stale": stale,
        "open_units": Sides(found.campaign, found.document, found.created_at.date()).open_units()
        if may
        else [],
    }
    return render(request, "campaigns/amendment.html", context)


def _shown(shown: str) -> Any:
    if shown == "pending":
        return lambda change: change.asks
    if shown in Kind.values:
        return lambda change: change.kind == shown
    return lambda change: change.kind != Kind.UNCHANGED


def _change_or_404(request: Request, pk: int, change_pk: int) -> AmendmentChange:
    found = _amendment_or_404(request, pk)
    changes = AmendmentChange.objects.filter(Q(amendment=found)).select_related("amendment__campaign__region")
    return get_object_or_404(changes, pk=change_pk)


def _back(found: Amendment, request: Request, anchor: str = "") -> HttpResponse:
    show = request.POST.get("show", "")
    answer = redirect(found)
    answer["Location"] += (f"?show={show}" if show in dict(FILTERS) and show else "") + (
        f"#{anchor}" if anchor else ""
    )
    return answer


@require_POST
@require(Permission.MANAGE_PLANS)
def decision(request: Request, pk: int, change_pk: int, decision: str) -> HttpResponse:
    """Accept one change, decline it or open it again."""
    found = _change_or_404(request, pk, change_pk)
    if decision not in Decision.values:
        raise Http404
    try:
        actions.decide(found, decision, by=request.user)
    except Refused as error:
        messages.warning(request, str(error))
    return _back(found.amendment, request, f"change-{found.pk}")


@require_POST
@require(Permission.MANAGE_PLANS)
def separation(request: Request, pk: int, change_pk: int) -> HttpResponse:
    """Take a pair asunder."""
    found = _change_or_404(request, pk, change_pk)
    try:
        actions.take_apart(found, by=request.user)
        messages.success(request, "已拆开：一项按取消，一项按新增")
    except Refused as error:
        messages.warning(request, str(error))
    return _back(found.amendment, request)


@require_POST
@require(Permission.MANAGE_PLANS)
def pairing(request: Request, pk: int) -> HttpResponse:
    """Pair a running task with a line of the revised plan."""
    found = _amendment_or_404(request, pk)
    task, item = (row_number(request.POST.get(name, "")) for name in ("task", "item"))
    try:
        actions.pair_by_hand(found, task, item, by=request.user)
        messages.success(request, "已对应为同一项任务，请看有什么变化")
    except Refused as error:
        messages.warning(request, str(error))
    return _back(found, request)


@require_POST
@require(Permission.MANAGE_PLANS)
def comparison(request: Request, pk: int) -> HttpResponse:
    """Compare anew."""
    found = _amendment_or_404(request, pk)
    try:
        actions.recompare(found, by=request.user)
        messages.success(request, "已重新比对，说法没有变的决定都保留了")
    except Refused as error:
        messages.warning(request, str(error))
    return _back(found, request)


@require_POST
@require(Permission.MANAGE_PLANS)
def decisions(request: Request, pk: int) -> HttpResponse:
    """Accept everything still open."""
    found = _amendment_or_404(request, pk)
    try:
        count = actions.decide_rest(found, by=request.user)
        messages.success(request, f"其余 {count} 处都定为照办")
    except Refused as error:
        messages.warning(request, str(error))
    return _back(found, request)


@require_POST
@require(Permission.MANAGE_PLANS)
def application(request: Request, pk: int) -> HttpResponse:
    """Put the accepted changes in force."""
    found = _amendment_or_404(request, pk)
    try:
        done = actions.apply_amendment(found, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, f"修订已应用，现为第 {done.number} 版；进度保留，待办已随之调整")
        return redirect("campaigns:versions", done.campaign_id)
    except Refused as error:
        messages.warning(request, str(error))
    return _back(found, request)


@require_POST
@require(Permission.MANAGE_PLANS)
def withdrawal(request: Request, pk: int) -> HttpResponse:
    """Give the revision up."""
    found = _amendment_or_404(request, pk)
    try:
        actions.withdraw_amendment(found, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, "修订稿已撤回，专项整治没有变化")
        return redirect("campaigns:versions", found.campaign_id)
    except Refused as error:
        messages.warning(request, str(error))
    return _back(found, request)
