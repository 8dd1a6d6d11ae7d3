"""Evaluations of the effect of putting right."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.core.paging import BadCursor, paginate
from bihuan.hazards.models import Hazard

from .. import actions, forms, queries
from ..models import Evaluation
from ..standing import evaluates
from ..workflow import EvaluationMove, EvaluationStatus, Verdict
from . import user_of


@require_safe
@require(Permission.VIEW_LOOKBACK)
def index(request: Request) -> HttpResponse:
    """Evaluations one may see."""
    given = {name: str(value) for name, value in request.GET.items()}
    rows = queries.evaluations(user_of(request), given).select_related(
        "hazard__enterprise", "organization", "paper", "locality"
    )
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "given": Asked(request),
        "statuses": EvaluationStatus.choices,
        "verdicts": Verdict.choices,
        "today": timezone.localdate(),
    }
    return render(request, "lookback/evaluations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.RUN_LOOKBACK)
def arrange(request: Request, pk: int) -> HttpResponse:
    """Ask one's own body to evaluate a closed hazard."""
    hazard = get_object_or_404(
        Hazard.objects.visible_to(user_of(request)).select_related("enterprise"), pk=pk
    )
    if request.method != "POST":
        return render(request, "lookback/arrange.html", {"hazard": hazard})
    try:
        evaluation = actions.arrange(hazard, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(hazard)
    messages.success(request, "已安排整改效果评价")
    return redirect(evaluation)


def evaluation_or_404(request: Request, pk: int) -> Evaluation:
    rows = Evaluation.objects.visible_to(user_of(request)).select_related(
        "hazard__enterprise__organization", "hazard__department", "organization", "paper", "signed_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_LOOKBACK)
def detail(request: Request, pk: int) -> HttpResponse:
    """One evaluation, filled in and signed here."""
    evaluation, user = evaluation_or_404(request, pk), user_of(request)
    may = evaluates(user, evaluation)
    form, status = None, 200
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        form, status = forms.EvaluateForm(request.POST), 422
        if form.is_valid():
            try:
                paper = actions.sign_report(evaluation, _effect(form), by=user)
            except Refused as error:
                form.add_error(None, str(error))
                evaluation.refresh_from_db()
            else:
                messages.success(request, f"已签发{paper}")
                return redirect(evaluation)
    elif may and evaluation.status == EvaluationStatus.OPEN:
        form = forms.EvaluateForm(initial={"measures_done": 100})
    return _show(request, evaluation, form, status=status)


def _effect(form: forms.EvaluateForm) -> actions.Effect:
    given = form.cleaned_data
    names = ("measures_done", "measures_note", "method", "funds_spent", "workers_told", "evidence_complete", "verdict",
             "opinion")  # fmt: skip
    return actions.Effect(
        **{name: given[name] for name in names}, before=form.scores("before"), after=form.scores("after")
    )


def _show(
    request: Request, evaluation: Evaluation, form: Any, *, status: int = 200, reason: Any = None
) -> HttpResponse:
    is_open = evaluation.status == EvaluationStatus.OPEN
    may = evaluates(user_of(request), evaluation)
    context = {
        "evaluation": evaluation,
        "form": form if is_open else None,
        "reason_form": (reason or forms.ReasonForm()) if may and is_open else None,
        "repeats": actions.repeats_of(evaluation.hazard),
        "today": timezone.localdate(),
        "events": [
            {
                "at": f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}", "what": EvaluationMove(line.move).label,
                "who": line.by.full_name, "note": line.reason,
            }
            for line in evaluation.transitions.select_related("by").order_by("-id")
        ],
    }  # fmt: skip
    return render(request, "lookback/evaluation.html", context, status=status)


@require_POST
@require(Permission.RUN_LOOKBACK)
def cancel(request: Request, pk: int) -> HttpResponse:
    """Give an evaluation up."""
    evaluation = evaluation_or_404(request, pk)
    if not evaluates(user_of(request), evaluation):
        raise PermissionDenied
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, evaluation, forms.EvaluateForm(), status=422, reason=form)
    try:
        actions.cancel_evaluation(evaluation, by=user_of(request), **form.cleaned_data)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已取消评价")
    return redirect(evaluation)
