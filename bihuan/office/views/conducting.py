"""Conduct looked into: signals and matters, one matter; the person concerned sees what was served on him, and answers."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Holding, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request, row_number
from bihuan.rules.regions import prefix_range

from .. import actions, forms, queries
from ..models import AskedMatter, ConductMatter
from ..signals import signal_of, signals
from ..standing import conduct_moves, covers, inspecting_body, is_recused, may_move_conduct
from ..workflow import CONDUCT_OPEN, ConductMove, ConductStatus, Misconduct
from . import Panel, done, events_of, page_of, user_of

STATES = {"open": "办理中", "overdue": "逾期", "handled": "已处理", "cleared": "查否或者不予核查"}


@require_safe
@require(Permission.INSPECT_CONDUCT)
def index(request: Request) -> HttpResponse:
    """What the system noticed, and the matters under way; nothing that is about oneself or one's own unit."""
    user, today = user_of(request), timezone.localdate()
    rows = ConductMatter.objects.visible_to(user)
    state = request.GET.get("state", "")
    match state:
        case "open":
            rows = rows.open()
        case "overdue":
            rows = rows.open().filter(due_on__lt=today)
        case "handled":
            rows = rows.filter(status=ConductStatus.HANDLED)
        case "cleared":
            rows = rows.filter(status__in=[ConductStatus.CLEARED, ConductStatus.DISMISSED])
    context = {
        "page": page_of(request, rows.select_related("organization", "inquirer", "handler"), ("-id",)),
        "signals": signals(user, on=today)[:20],
        "totals": queries.conduct_totals(user, on=today),
        "base": reverse("office:conduct_list"),
        "chosen": Asked(request),
        "states": STATES.items(),
        "open_states": CONDUCT_OPEN,
        "today": today,
    }
    return render(request, "office/conduct_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.INSPECT_CONDUCT)
def create(request: Request) -> HttpResponse:
    """Write a clue down, by hand or from a signal."""
    user, today = user_of(request), timezone.localdate()
    body = inspecting_body(user)
    if body is None:
        raise PermissionDenied
    key = request.GET.get("signal", "") or request.POST.get("signal", "")
    signal = signal_of(user, key, on=today) if key else None
    initial = (
        {
            "organization": signal.organization_id, "person": signal.person_id, "misconduct": signal.misconduct,
            "source": f"系统信号：{signal.label}", "clue": signal.sentence,
        }
        if signal is not None
        else {}
    )  # fmt: skip
    number = row_number(request.GET.get("asked", "") or request.POST.get("asked", ""))
    asked = (
        AskedMatter.objects.visible_to(user).filter(pk=number).first() if number and signal is None else None
    )
    rows = signal.rows if signal is not None else []
    if asked is not None:
        words = f"退回 {asked.bounces} 次" if asked.bounces else ""
        late = f"期限 {asked.due_on}，已经逾期" if asked.is_overdue(on=today) or asked.is_late_told else ""
        initial = {
            "organization": asked.answering_id, "misconduct": Misconduct.DELAY, "source": f"首问事项 {asked.number}",
            "clue": f"首问事项“{asked.subject}”{'，'.join(each for each in (words, late) if each)}。",
        }  # fmt: skip
        rows = [{"words": str(asked), "url": asked.get_absolute_url(), "on": asked.received_on.isoformat()}]
    posted = request.method == "POST"
    form = forms.ConductForm(
        request.POST if posted else None, user=user, code=body.region_id, initial=initial
    )
    if posted and form.is_valid():
        try:
            row = actions.open_matter(
                signal=signal.key if signal else "",
                rows=rows,
                by=user,
                **form.cleaned_data,
            )
            messages.success(request, f"已登记线索，编号 {row.number}")
            return redirect(row)
        except Refused as error:
            form.add_error(None, str(error))
    context = {
        "form": form,
        "signal": signal,
        "rows": rows,
        "asked": asked,
        "back": reverse("office:conduct_list"),
    }
    return render(request, "office/conduct_form.html", context, status=422 if posted else 200)


def matter_or_404(request: Request, pk: int) -> ConductMatter:
    rows = ConductMatter.objects.visible_to(user_of(request)).select_related(
        "organization", "person", "handler__region", "inquirer", "opinion", "ended_by", "opened_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
def detail(request: Request, pk: int) -> HttpResponse:
    """One matter; that it was read is recorded. Nobody needs a permission to read what was served on him."""
    row = matter_or_404(request, pk)
    actions.read_matter(row, by=user_of(request))
    return _show(request, row)


def _show(
    request: Request, row: ConductMatter, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    inspects = covers(user, row)
    context = {
        "row": row,
        "inspects": inspects,
        "notes": list(row.notes.select_related("by")) if inspects else [],
        "panels": [each.told(wrong) for each in _panels(row, user)],
        "act_view": "office:conduct_act",
        "pk": row.pk,
        "events": events_of(row, row.transitions.select_related("by"), ConductMove) if inspects else [],
        "is_open": row.status in CONDUCT_OPEN,
        "today": today,
    }
    response = render(request, "office/conduct.html", context, status=422 if wrong else 200)
    response["Cache-Control"] = "no-store"
    return response


def inquirers(row: ConductMatter) -> list[User]:
    """Who may inquire into a matter: those who look into conduct over the place, less whoever must keep away."""
    roles = [role for role, known in ROLES.items() if Permission.INSPECT_CONDUCT in known.permissions]
    low, high = prefix_range(row.handler.region_id)
    today = timezone.localdate()
    rows = Holding.objects.filter(
        Q(to_on=None) | Q(to_on__gte=today), from_on__lte=today, post__role__in=roles, post__is_active=True,
        user__is_active=True, post__organization__region_id__gte=low, post__organization__region_id__lt=high,
    ).select_related("user")  # fmt: skip
    people = {each.user_id: each.user for each in rows.order_by("pk")}
    return [
        person
        for person in people.values()
        if not is_recused(person, row.organization_id, row.person_id) and covers(person, row)
    ]


def _panels(row: ConductMatter, user: Any) -> list[Panel]:
    moves, found = conduct_moves(user, row), []
    if ConductMove.DEFEND in moves:
        found.append(Panel("defend", "提出申辩", "提交申辩", forms.DefenceForm(), is_open=True))
    if ConductMove.INQUIRE in moves:
        found.append(
            Panel(
                "inquire",
                "开始核查",
                "指定核查人",
                forms.InquirerForm(people=inquirers(row), me=user),
                is_open=True,
            )
        )
    if ConductMove.NOTE in moves:
        found.append(Panel("note", "记录核查情况", "记录", forms.NoteForm(), is_open=True))
    if ConductMove.SERVE in moves:
        found.append(Panel("serve", "出具核查意见，送达本人", "编号送达", forms.OpinionServedForm()))
    if ConductMove.HANDLE in moves:
        initial = {"handling": row.proposed}
        found.append(Panel("handle", "作出处理", "决定", forms.HandlingForm(initial=initial), is_open=True))
    if ConductMove.CLEAR in moves:
        found.append(Panel("clear", "查否，了结", "查否", forms.ConclusionForm()))
    if ConductMove.REASSIGN in moves:
        found.append(
            Panel("reassign", "更换核查人（回避）", "更换", forms.ReassignForm(people=inquirers(row)))
        )
    if ConductMove.DISMISS in moves:
        found.append(Panel("dismiss", "不予核查", "不予核查", forms.ConclusionForm(), danger=True))
    return found


@require_POST
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of a matter."""
    row, user, asked = matter_or_404(request, pk), user_of(request), request.POST
    if key not in ConductMove.values or key == ConductMove.OPEN:
        raise Http404
    if not may_move_conduct(user, key, row):
        raise PermissionDenied

    def show(wrong: tuple[str, django_forms.Form]) -> HttpResponse:
        return _show(request, matter_or_404(request, pk), wrong)

    form: Any
    verb: Any
    match key:
        case ConductMove.DEFEND:
            form, words, verb = forms.DefenceForm(asked), "申辩已提交", actions.defend
        case ConductMove.INQUIRE:
            form, words, verb = (
                forms.InquirerForm(asked, people=inquirers(row)),
                "已开始核查",
                actions.inquire,
            )
        case ConductMove.REASSIGN:
            form, words = forms.ReassignForm(asked, people=inquirers(row)), "已更换核查人"
            verb = actions.reassign_inquirer
        case ConductMove.NOTE:
            form, words, verb = forms.NoteForm(asked), "已记录", actions.note_matter
        case ConductMove.SERVE:
            form, words, verb = forms.OpinionServedForm(asked), "意见书已送达", actions.serve_opinion
        case ConductMove.HANDLE:
            form, words, verb = forms.HandlingForm(asked), "已作出处理", actions.handle_matter
        case ConductMove.CLEAR:
            form, words, verb = forms.ConclusionForm(asked), "已查否了结", actions.clear_matter
        case _:
            form, words, verb = forms.ConclusionForm(asked), "已决定不予核查", actions.dismiss_matter
    return done(request, key, form, lambda given: verb(row, by=user, **given), words, show=show, to=row)
