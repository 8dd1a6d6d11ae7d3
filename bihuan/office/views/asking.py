"""Matters asked: the register, a new one, one with what can be done, and who asked for those who must know."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.jobs.handing import take_away

from .. import actions, forms, queries
from ..exporting import ASKED
from ..models import AskedMatter
from ..standing import asked_moves, is_recused, may_move_asked, may_reveal, own_unit
from ..workflow import AskedMove, AskedStatus
from . import Panel, chosen, done, events_of, page_of, user_of

VIEW = Permission.VIEW_OFFICE_WORK
NAMES = ("state", "mine", "unit")


@require_safe
@require(VIEW)
def index(request: Request) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    picked = chosen(request, *NAMES)
    rows = queries.asked_of(user, picked, on=today)
    rest = {key: value for key, value in picked.items() if key != "state"}
    whole = queries.asked_of(user, rest, on=today)

    def url(state: str) -> str:
        return f"{reverse('office:asked_list')}?{urlencode(rest | ({'state': state} if state else {}))}"

    context = {
        "page": page_of(request, rows.select_related("organization", "handler", "receiver"), ("-id",)),
        "chosen": Asked(request),
        "states": queries.ASKED_STATES.items(),
        "totals": queries.asked_totals(whole, on=today),
        "urls": {each: url(each) for each in queries.ASKED_STATES} | {"all": url("")},
        "today": today,
        "query": urlencode(picked),
        "may_receive": own_unit(user) is not None,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "office/asked_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_OFFICE_WORK)
def create(request: Request) -> HttpResponse:
    """Write down who came and what for, and at once what is done with it."""
    user = user_of(request)
    unit = own_unit(user)
    if unit is None:
        raise PermissionDenied
    posted = request.method == "POST"
    form = forms.AskedForm(request.POST if posted else None, unit=unit)
    if posted and form.is_valid():
        given = dict(form.cleaned_data)
        now, result, to, reason = (given.pop(name) for name in ("now", "result", "to", "reason"))
        try:
            with transaction.atomic():
                row = actions.receive(by=user, **given)
                if now == "settle":
                    actions.settle(row, result=result, by=user)
                elif now == "hand":
                    actions.hand(row, to=to, reason=reason, by=user)
            messages.success(request, f"已登记，编号 {row.number}")
            return redirect(row)
        except Refused as error:
            form.add_error(None, str(error))
    context = {"form": form, "unit": unit, "back": reverse("office:asked_list")}
    return render(request, "office/asked_form.html", context, status=422 if posted else 200)


def asked_or_404(request: Request, pk: int) -> AskedMatter:
    rows = AskedMatter.objects.visible_to(user_of(request)).select_related(
        "organization", "handler", "receiver", "post"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(VIEW)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, asked_or_404(request, pk))


def _show(
    request: Request, row: AskedMatter, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    first, second = row.organization.short_name, row.handler.short_name if row.handler else ""
    next_words = {
        AskedStatus.RECEIVED: f"{first} {row.receiver.full_name}办理，或者转给有职责的单位",
        AskedStatus.HANDED: f"{second}接收；接收以前仍由{first} {row.receiver.full_name}负责",
        AskedStatus.ACCEPTED: f"{second}办出结果",
        AskedStatus.ANSWERED: f"{first} {row.receiver.full_name}把结果告知来访人",
        AskedStatus.CLOSED: "已经告知，不用再办",
    }
    context = {
        "row": row,
        "next": next_words[AskedStatus(row.status)],
        "may_reveal": may_reveal(user, row) and bool(row.asker_name or row.asker_phone),
        "panels": [each.told(wrong) for each in _panels(row, user)],
        "act_view": "office:asked_act",
        "pk": row.pk,
        "events": events_of(row, row.transitions.select_related("by"), AskedMove),
        "is_overdue": row.is_overdue(on=today),
        "may_conduct": bool(row.bounces or row.is_overdue(on=today) or row.is_late_told)
        and user.has_perm(Permission.INSPECT_CONDUCT)
        and not is_recused(user, row.answering_id, None),
        "today": today,
    }
    return render(request, "office/asked.html", context, status=422 if wrong else 200)


def _panels(row: AskedMatter, user: Any) -> list[Panel]:
    moves, found = asked_moves(user, row), []
    if AskedMove.ACCEPT in moves:
        found.append(Panel("accept", "接收，由本单位承办", "接收", is_open=True))
    if AskedMove.HAND_BACK in moves:
        found.append(Panel("hand_back", "不属于本单位职责，退回首问人", "退回", forms.ReasonForm()))
    if AskedMove.TELL in moves:
        found.append(Panel("tell", "告知来访人，办结", "已告知", forms.TellForm(), is_open=True))
    if AskedMove.ANSWER in moves:
        found.append(Panel("answer", "办出结果", "报结果", forms.ResultForm(), is_open=True))
    if AskedMove.SETTLE in moves:
        found.append(Panel("settle", "已经当场答复", "办结", forms.ResultForm()))
    if AskedMove.HAND in moves:
        found.append(Panel("hand", "转给有职责的单位", "转办", forms.HandForm(unit=row.organization)))
    return found


@require_POST
@require(VIEW)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of a matter."""
    row, user, asked = asked_or_404(request, pk), user_of(request), request.POST
    if key not in AskedMove.values or key == AskedMove.RECEIVE:
        raise Http404
    if not may_move_asked(user, key, row):
        raise PermissionDenied

    def show(wrong: tuple[str, django_forms.Form]) -> HttpResponse:
        return _show(request, asked_or_404(request, pk), wrong)

    form: Any
    verb: Any
    match key:
        case AskedMove.ACCEPT:
            form, words, verb = django_forms.Form(asked), "已接收，由本单位承办", actions.accept
        case AskedMove.HAND_BACK:
            form, words, verb = forms.ReasonForm(asked), "已退回首问人", actions.hand_back
        case AskedMove.TELL:
            form, words, verb = forms.TellForm(asked), "已告知，办结", actions.tell
        case AskedMove.ANSWER:
            form, words, verb = forms.ResultForm(asked), "结果已报，由首问人告知来访人", actions.answer
        case AskedMove.SETTLE:
            form, words, verb = forms.ResultForm(asked), "已办结", actions.settle
        case _:
            form, words, verb = (
                forms.HandForm(asked, unit=row.organization),
                "已转办，等对方接收",
                actions.hand,
            )
    return done(request, key, form, lambda given: verb(row, by=user, **given), words, show=show, to=row)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_OFFICE_WORK)
def reveal(request: Request, pk: int) -> HttpResponse:
    """Name and telephone of who asked, for a reason, on a page nobody keeps."""
    row, user = asked_or_404(request, pk), user_of(request)
    if not may_reveal(user, row):
        raise PermissionDenied
    form = forms.ReasonForm(request.POST or None)
    shown, status = ("", ""), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                shown = actions.reveal(row, by=user, reason=form.cleaned_data["reason"])
                status = 200
            except Refused as error:
                form.add_error(None, str(error))
    context = {"row": row, "form": form, "name": shown[0], "phone": shown[1], "is_shown": any(shown)}
    response = render(request, "office/reveal.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require(Permission.EXPORT_HAZARDS)
@require(VIEW)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Matters as a sheet, names masked."""
    picked = chosen(request, *NAMES)
    words = queries.ASKED_STATES.get(picked.get("state", ""), "全部")
    return take_away(request, ASKED, query=urlencode(picked), said=words, back=reverse("office:asked_list"))
