"""Recommendations of inquiries: what is owed, by whom, what was done; names, opened for a reason."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.core.paging import BadCursor, paginate

from .. import actions, forms
from ..models import Accident, AccidentMeasure, Casualty
from ..standing import acting, handling, may_handle
from ..workflow import MeasureKind, MeasureMove, MeasureStatus
from . import photos_of, user_of

STATES = [("owed", "未落实"), ("late", "逾期未落实"), *MeasureStatus.choices]


def measure_or_404(request: Request, pk: int) -> AccidentMeasure:
    rows = AccidentMeasure.objects.visible_to(user_of(request)).select_related(
        "accident__enterprise__organization", "inquiry", "organization"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_ACCIDENTS)
def index(request: Request) -> HttpResponse:
    """Everything inquiries demanded, narrowed by state and kind."""
    user, today = user_of(request), timezone.localdate()
    rows = AccidentMeasure.objects.visible_to(user).select_related("accident", "organization")
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    if state == "owed":
        rows = rows.filter(status__in=[MeasureStatus.OPEN, MeasureStatus.REPORTED])
    elif state == "late":
        rows = rows.filter(status=MeasureStatus.OPEN, due_on__lt=today)
    elif state in MeasureStatus.values:
        rows = rows.filter(status=state)
    if kind in MeasureKind.values:
        rows = rows.filter(kind=kind)
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "today": today,
        "states": STATES,
        "kinds": MeasureKind.choices,
        "given": Asked(request),
    }
    return render(request, "accidents/measures.html", context)


@require_safe
@require(Permission.VIEW_ACCIDENTS, Permission.VIEW_HAZARDS)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, measure_or_404(request, pk))


def _show(request: Request, measure: AccidentMeasure, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    user = user_of(request)
    moves = handling(user, measure)
    choices: list[tuple[str, str, str, Any]] = []
    if MeasureMove.REPORT in moves:
        known = {"result": measure.result, "document": measure.document}
        choices.append((MeasureMove.REPORT, "报告落实情况", "报告", forms.MeasureReportForm(initial=known)))
    if MeasureMove.CONFIRM in moves:
        choices.append((MeasureMove.CONFIRM, "核实落实", "核实通过", forms.FileForm()))
    if MeasureMove.RETURN in moves:
        choices.append((MeasureMove.RETURN, "退回重做", "退回", forms.ReasonForm()))
    if MeasureMove.DROP in moves:
        choices.append((MeasureMove.DROP, "不再执行", "不再执行", forms.ReasonForm()))
    if wrong is not None:
        choices = [
            (key, title, button, wrong[1] if key == wrong[0] else form)
            for key, title, button, form in choices
        ]
    for key, _, _, form in choices:
        form.auto_id = f"id_{key}_%s"
    lines = list(measure.transitions.select_related("by").order_by("-id"))
    kept = files.of_many(lines)
    context = {
        "measure": measure,
        "panels": choices,
        "wrong": wrong[0] if wrong else "",
        "today": timezone.localdate(),
        "upload_url": reverse("attachments:upload"),
        "sees_accident": Accident.objects.visible_to(user).filter(pk=measure.accident_id).exists(),
        "may_reveal": bool(measure.person) and acting(user, Permission.REVEAL_PERSONAL, measure.accident) is not None,
        "events": [
            {
                "at": f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}", "what": MeasureMove(line.move).label,
                "who": line.by.full_name, "note": line.reason,
                "photos": files.photo_items(kept[chain_of(line)].get("after", [])),
            }
            for line in lines
        ],
    }  # fmt: skip
    return render(request, "accidents/measure.html", context, status=422 if wrong else 200)


@require_POST
@require(Permission.VIEW_ACCIDENTS, Permission.VIEW_HAZARDS)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """Report, confirm, return or drop."""
    measure, user = measure_or_404(request, pk), user_of(request)
    kinds: dict[str, Any] = {
        MeasureMove.REPORT: forms.MeasureReportForm, MeasureMove.CONFIRM: forms.FileForm,
        MeasureMove.RETURN: forms.ReasonForm, MeasureMove.DROP: forms.ReasonForm,
    }  # fmt: skip
    if key not in kinds:
        raise Http404
    if not may_handle(user, key, measure):
        raise PermissionDenied
    form = kinds[key](request.POST)
    if not form.is_valid():
        return _show(request, measure, (key, form))
    given = form.cleaned_data
    try:
        match key:
            case MeasureMove.REPORT:
                actions.report_measure(measure, photos=photos_of(request), by=user, **given)
            case MeasureMove.CONFIRM:
                actions.confirm_measure(measure, by=user)
            case MeasureMove.RETURN:
                actions.return_measure(measure, by=user, **given)
            case _:
                actions.drop_measure(measure, by=user, **given)
    except Refused as error:
        form.add_error(None, str(error))
        measure.refresh_from_db()
        return _show(request, measure, (key, form))
    messages.success(request, f"{MeasureMove(key).label}：已办理")
    return redirect(measure)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.REVEAL_PERSONAL)
def reveal_casualty(request: Request, pk: int) -> HttpResponse:
    rows = Casualty.objects.filter(accident__in=Accident.objects.visible_to(user_of(request)))
    return _reveal(request, get_object_or_404(rows.select_related("accident__enterprise"), pk=pk), "伤亡人员")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.REVEAL_PERSONAL)
def reveal_person(request: Request, pk: int) -> HttpResponse:
    return _reveal(request, measure_or_404(request, pk), "责任人员")


def _reveal(request: Request, row: Casualty | AccidentMeasure, what: str) -> HttpResponse:
    """The name of one person, for a reason, on a page nobody keeps."""
    user = user_of(request)
    if acting(user, Permission.REVEAL_PERSONAL, row.accident) is None:
        raise PermissionDenied
    form = forms.ReasonForm(request.POST or None)
    shown, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                shown = actions.reveal(row, by=user, reason=form.cleaned_data["reason"])
                status = 200
            except Refused as error:
                form.add_error(None, str(error))
    response = render(
        request, "accidents/reveal.html", {"accident": row.accident, "what": what, "form": form, "shown": shown},
        status=status,
    )  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response
