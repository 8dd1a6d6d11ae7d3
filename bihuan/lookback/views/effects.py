"""Evaluations of the effect of putting right."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.hazards.models import Hazard

from .. import actions, forms, queries
from .. import effect as figures
from ..models import Evaluation, LookbackRound
from ..standing import evaluates
from ..workflow import EvaluationMove, EvaluationStatus, Verdict
from . import user_of

NARROWED = {
    ("measures", "full"): "措施全部完成的", ("told", "1"): "已向从业人员通报的", ("risk", "fell"): "风险下降的",
    ("risk", "stayed"): "风险没有下降的", ("method", "lec"): "按 LEC 评价的",
}  # fmt: skip


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
        "campaigns": figures.campaigns_of(user_of(request)),
        "narrowed": next(
            (words for (name, value), words in NARROWED.items() if given.get(name) == value), ""
        ),
        "today": timezone.localdate(),
    }
    return render(request, "lookback/evaluations.html", context)


@require_safe
@require(Permission.VIEW_LOOKBACK)
def effect(request: Request) -> HttpResponse:
    """What a campaign has brought: measures, risk, recurrence, funds; each figure opens its rows."""
    user, given = user_of(request), Asked(request)
    choices = figures.campaigns_of(user)
    known = {pk for pk, _ in choices}
    pk = row_number(request.GET.get("campaign", "")) or (choices[0][0] if choices else 0)
    if pk not in known and request.GET.get("campaign"):
        raise Http404
    campaign = Campaign.objects.visible_to(user).filter(pk=pk).first()
    context: dict[str, Any] = {"campaign": campaign, "choices": choices, "given": given, "pk": pk}
    if campaign is not None:
        key = request.GET.get("funds", "")
        context |= {
            "parts": [
                ("措施完成", figures.measures(campaign, user)), ("风险再评", figures.risks(campaign, user)),
                ("复发", figures.repeats(campaign, user)), ("资金", figures.funds(campaign, user)),
            ],
            "rounds": list(LookbackRound.objects.visible_to(user).filter(campaign=campaign).order_by("-pk")[:10]),
        }  # fmt: skip
        if key in figures.FUNDS:
            rows = figures.with_funds(campaign, user, key).select_related("enterprise", "locality")
            try:
                context["page"] = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
            except BadCursor as error:
                raise BadRequest(str(error)) from error
            context["funds_label"] = figures.FUNDS[key]
    return render(request, "lookback/effect.html", context)


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
