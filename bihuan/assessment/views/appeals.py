"""Appeals: the list, making one, one appeal with its answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions
from ..forms import AppealAnswerForm, AppealForm
from ..models import Appeal, ItemScore
from ..standing import may_decide, represents
from ..workflow import AppealStatus
from . import documents, files_in, page_of, user_of
from .cards import card_or_404


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def index(request: Request) -> HttpResponse:
    user = user_of(request)
    state = request.GET.get("status", "")
    rows = Appeal.objects.visible_to(user).select_related(
        "unit__organization", "unit__assessment", "item", "by"
    )
    if state in AppealStatus.values:
        rows = rows.filter(status=state)
    if pk := row_number(request.GET.get("assessment", "")):
        rows = rows.filter(unit__assessment=pk)
    context = {
        "page": page_of(request, rows),
        "status": state,
        "statuses": AppealStatus.choices,
        "today": timezone.localdate(),
    }
    return render(request, "assessment/appeals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def create(request: Request, pk: int) -> HttpResponse:
    """Appeal against one item of one's own result."""
    user, unit = user_of(request), card_or_404(request, pk)
    if not represents(user, unit):
        raise PermissionDenied
    snapshot = actions.final_snapshot(unit.assessment)
    scores = ItemScore.objects.filter(unit_score__snapshot=snapshot, unit_score__unit=unit).select_related("item")  # fmt: skip
    items = [row.item for row in scores if snapshot is not None and actions.lost_of(row)]
    form = AppealForm(request.POST or None, items=items, chosen=row_number(request.GET.get("item", "")))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.appeal(
                    unit, by=user, evidence=files_in(request, "photos"), **form.cleaned_data
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "申辩已提交，请等候答复")
                return redirect(made)
    context = {
        "unit": unit,
        "assessment": unit.assessment,
        "form": form,
        "upload_url": reverse("attachments:upload"),
    }
    return render(request, "assessment/appeal_new.html", context, status=status)


def appeal_or_404(request: Request, pk: int) -> Appeal:
    rows = Appeal.objects.visible_to(user_of(request)).select_related(
        "unit__organization", "unit__assessment__sheet", "unit__assessment__organization__region", "item", "by", "decided_by"
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def detail(request: Request, pk: int) -> HttpResponse:
    """One appeal: reason, evidence, the score it is about; whoever decides answers here."""
    user, row = user_of(request), appeal_or_404(request, pk)
    may = may_decide(user, row)
    form = AppealAnswerForm(request.POST or None, row=row)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                if given["decision"] == "uphold":
                    actions.uphold(row, granted=given["granted"], answer=given["answer"], by=user)
                else:
                    actions.reject(row, answer=given["answer"], by=user)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已答复，申辩单位会收到消息")
                return redirect(row)
        elif not may:
            raise PermissionDenied
    evidence = files.of(row, "evidence")
    context: dict[str, Any] = {
        "appeal": row,
        "unit": row.unit,
        "assessment": row.unit.assessment,
        "score": actions.score_of(row.unit, row.item),
        "change": getattr(row, "change", None),
        "photos": files.photo_items(evidence),
        "files": documents(evidence),
        "form": form if may else None,
        "may_withdraw": row.status == AppealStatus.PENDING and represents(user, row.unit),
        "transitions": row.transitions.select_related("by"),
        "today": timezone.localdate(),
    }
    return render(request, "assessment/appeal.html", context, status=status)


@require_POST
@require(Permission.VIEW_ASSESSMENT)
def withdraw(request: Request, pk: int) -> HttpResponse:
    row = appeal_or_404(request, pk)
    try:
        actions.withdraw(row, by=user_of(request))
        messages.success(request, "申辩已撤回")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(row)
