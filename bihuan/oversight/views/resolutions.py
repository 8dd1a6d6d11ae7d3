"""What meetings decided: the list, one with how far it is and who judges it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.jobs.handing import take_away

from .. import actions, forms
from ..exporting import RESOLUTIONS
from ..models import Meeting, Resolution
from ..queries import resolutions as rows_of
from ..standing import may_move_resolution, resolution_moves, working_for
from ..workflow import UNFINISHED, ResolutionMove
from . import Panel, events_of, page_of, photos_of, user_of

VIEW = Permission.VIEW_OVERSIGHT
NAMES = ("state", "meeting", "lead", "mine")


def resolution_or_404(request: Request, pk: int) -> Resolution:
    rows = Resolution.objects.visible_to(user_of(request)).select_related("meeting__organization", "lead")
    return get_object_or_404(rows, pk=pk)


def _chosen(request: Request) -> dict[str, str]:
    return {name: request.GET[name] for name in NAMES if request.GET.get(name)}


@require_safe
@require(VIEW)
def index(request: Request) -> HttpResponse:
    user, today, chosen = user_of(request), timezone.localdate(), _chosen(request)
    rows = rows_of.resolutions_of(user, chosen, on=today)
    rest = {key: value for key, value in chosen.items() if key != "state"}
    whole = rows_of.resolutions_of(user, rest, on=today)
    page = page_of(request, rows.select_related("meeting", "lead"), ("due_on", "id"))

    def url(state: str) -> str:
        return f"{reverse('oversight:resolutions')}?{urlencode(rest | ({'state': state} if state else {}))}"

    context = {
        "page": page,
        "chosen": Asked(request),
        "states": rows_of.STATES.items(),
        "standing": rows_of.standing(whole, on=today),
        "urls": {each: url(each) for each in ("unfinished", "overdue", "done")} | {"all": url("")},
        "today": today,
        "query": urlencode(chosen),
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "oversight/resolutions.html", context)


@require_safe
@require(VIEW)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, resolution_or_404(request, pk))


def _show(
    request: Request, row: Resolution, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    progress = list(row.progress.select_related("organization", "by"))
    photos = files.of_many(progress)
    context = {
        "row": row,
        "sees_meeting": Meeting.objects.visible_to(user).filter(pk=row.meeting_id).exists(),
        "shares": list(row.shares.select_related("organization")),
        "progress": [
            (
                each,
                files.photo_items(
                    photos.get(f"oversight.resolutionprogress:{each.pk}", {}).get("progress", [])
                ),
            )
            for each in progress
        ],
        "panels": [each.told(wrong) for each in _panels(row, user)],
        "act_view": "oversight:resolution_act",
        "pk": row.pk,
        "upload_url": reverse("attachments:upload"),
        "carried": list(
            Meeting.objects.visible_to(user).filter(agenda__carried=row).distinct().order_by("held_at")[:10]
        ),
        "events": events_of(row, row.transitions.select_related("by"), ResolutionMove),
        "is_overdue": row.is_overdue(on=today),
        "today": today,
    }
    return render(request, "oversight/resolution.html", context, status=422 if wrong else 200)


def _panels(row: Resolution, user: Any) -> list[Panel]:
    moves, found = resolution_moves(user, row), []
    if row.status in UNFINISHED and working_for(user, row) is not None:
        found.append(
            Panel(
                "progress", "填报进展", "保存进展", forms.ProgressForm(initial={"percent": row.percent}), photos=True,
                is_open=True,
            )
        )  # fmt: skip
    if ResolutionMove.REPORT in moves:
        found.append(Panel("report", "已办完，报办结", "报办结", forms.DoneForm(), photos=True))
    if ResolutionMove.CONFIRM in moves:
        found.append(Panel("confirm", "确认办结", "确认办结", forms.OpinionForm(), is_open=True))
    if ResolutionMove.SEND_BACK in moves:
        found.append(Panel("send_back", "退回续办", "退回", forms.ReasonForm()))
    if ResolutionMove.EXTEND in moves:
        found.append(Panel("extend", "调整期限", "调整", forms.ExtendForm()))
    if ResolutionMove.CANCEL in moves:
        found.append(Panel("cancel", "不再办理", "不再办理", forms.ReasonForm(), danger=True))
    return found


FORMS: dict[str, type[django_forms.Form]] = {
    "progress": forms.ProgressForm,
    "report": forms.DoneForm,
    "confirm": forms.OpinionForm,
    "send_back": forms.ReasonForm,
    "extend": forms.ExtendForm,
    "cancel": forms.ReasonForm,
}


@require_POST
@require(VIEW)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page."""
    row, user = resolution_or_404(request, pk), user_of(request)
    if key not in FORMS:
        raise Http404
    allowed = (
        working_for(user, row) is not None
        if key == "progress"
        else may_move_resolution(user, ResolutionMove(key), row)
    )
    if not allowed:
        raise PermissionDenied
    form = FORMS[key](request.POST)
    if not form.is_valid():
        return _show(request, row, (key, form))
    given = form.cleaned_data
    try:
        match key:
            case "progress":
                actions.tell_progress(row, photos=photos_of(request), by=user, **given)
                words = "进展已保存"
            case "report":
                actions.report_done(row, photos=photos_of(request), by=user, **given)
                words = "已报办结，等待确认"
            case "confirm":
                actions.confirm_done(row, by=user, **given)
                words = "已确认办结"
            case "send_back":
                actions.send_back(row, by=user, **given)
                words = "已退回续办"
            case "extend":
                actions.extend_resolution(row, by=user, **given)
                words = "期限已调整"
            case _:
                actions.cancel_resolution(row, by=user, **given)
                words = "不再办理"
    except Refused as error:
        form.add_error(None, str(error))
        return _show(request, resolution_or_404(request, pk), (key, form))
    messages.success(request, words)
    return redirect(row)


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Resolutions as a sheet."""
    chosen = _chosen(request)
    words = rows_of.STATES.get(chosen.get("state", ""), "全部")
    return take_away(
        request, RESOLUTIONS, query=urlencode(chosen), said=words, back=reverse("oversight:resolutions")
    )
