"""Rounds of supervision: the month at a glance, one round with its teams and schedule, what each body is told of it."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions, forms
from ..models import OversightFinding, OversightRound, OversightTeam, OversightVisit
from ..queries import calendar as sheets
from ..queries import coverage as covering
from ..queries import findings as finding_rows
from ..rhythm import next_period, period_of, previous_period
from ..standing import own_office, runs
from ..workflow import RoundMove, RoundStatus, VisitStatus
from . import Panel, events_of, month_of, page_of, user_of

SEES = (Permission.VIEW_OVERSIGHT, Permission.RECORD_OVERSIGHT)


def round_or_404(request: Request, pk: int) -> OversightRound:
    rows = OversightRound.objects.visible_to(user_of(request)).select_related(
        "organization", "campaign", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


def run_by(request: Request, pk: int) -> OversightRound:
    """A round the person runs, or 403."""
    row = round_or_404(request, pk)
    if not runs(user_of(request), row):
        raise PermissionDenied
    return row


@require_safe
@require(*SEES)
def index(request: Request) -> HttpResponse:
    """The month: what happens on which day, who has been visited, what was found; below it the rounds."""
    user, today, month = user_of(request), timezone.localdate(), month_of(request)
    covers = covering.coverage(user, month, on=today)
    found = OversightFinding.objects.visible_to(user).live()
    page = page_of(
        request,
        OversightRound.objects.visible_to(user).select_related("organization"),
        ("-starts_on", "-id"),
        size=20,
    )
    figures = covering.round_figures(page.items, user)
    context = {
        "month": month,
        "earlier": previous_period("month", month),
        "later": next_period("month", month),
        "weeks": sheets.month_sheet(user, month, on=today),
        "covers": covers,
        "counts": covering.tally(covers),
        "standing": finding_rows.standing(found, on=today),
        "page": page,
        "rounds": [(each, figures.get(each.pk, {"visits": 0, "done": 0})) for each in page.items],
        "office": own_office(user),
        "today": today,
    }
    return render(request, "oversight/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def create(request: Request) -> HttpResponse:
    user = user_of(request)
    office = own_office(user)
    if office is None:
        raise PermissionDenied
    month = period_of("month", timezone.localdate())
    form = forms.RoundForm(
        request.POST or None,
        user=user,
        office=office,
        initial={
            "starts_on": month.first,
            "ends_on": month.last,
            "kind": "monthly",
            "sites": 3,
            "per_day": 1,
        },
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            chosen = list(given.pop("localities"))
            if given["kind"] == OversightRound.Kind.SPECIAL:
                given["localities"] = chosen
            try:
                row = actions.create_round(by=user, **given)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已编排{row}，请组建督导组")
                return redirect("oversight:team", row.pk)
    return render(request, "oversight/form.html", _form(form, "编排督导轮次", "保存，去组建督导组", "oversight:overview",
        "月度、季度轮次自动覆盖本辖区全部属地；排期一键排出，可以再调整。"), status=status)  # fmt: skip


def _form(form: django_forms.Form, title: str, label: str, back: str, lead: str = "") -> dict[str, Any]:
    url = back if back.startswith("/") else reverse(back)
    return {"form": form, "title": title, "submit_label": label, "back": url, "lead": lead}


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def edit(request: Request, pk: int) -> HttpResponse:
    row = run_by(request, pk)
    names = forms.EditRoundForm.base_fields
    form = forms.EditRoundForm(request.POST or None, initial={name: getattr(row, name) for name in names})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.edit_round(row, by=user_of(request), **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存；起止日期改了的，请重新排期")
                return redirect(row)
    return render(
        request,
        "oversight/form.html",
        _form(form, f"修改：{row}", "保存", row.get_absolute_url()),
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def team(request: Request, pk: int) -> HttpResponse:
    """A team put together, or again (?team=)."""
    row = run_by(request, pk)
    number = row_number(request.GET.get("team", ""))
    kept = get_object_or_404(row.teams, pk=number) if number else None
    form = forms.TeamForm(
        request.POST or None, code=row.organization.region_id, initial=_seats(kept) if kept else None
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.compose_team(row, team=kept, by=user_of(request), **form.team())
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"{made}已组建")
                return redirect(row)
    return render(
        request,
        "oversight/form.html",
        _form(
            form,
            f"{kept or '组建督导组'}：{row}",
            "保存督导组",
            row.get_absolute_url(),
            "组长、组员从安委办、部门和属地的负责人、经办人里选，专家从专家库里选；属地的人不查本属地。",
        ),
        status=status,
    )


def _seats(kept: OversightTeam) -> dict[str, Any]:
    given: dict[str, Any] = {"name": kept.name}
    counts = {"member": 0, "expert": 0}
    for seat in kept.seats.order_by("position"):
        if seat.part == "leader":
            given["leader"] = str(seat.user_id)
        else:
            counts[seat.part] += 1
            given[f"{seat.part}{counts[seat.part]}"] = str(seat.user_id)
    return given


@require_safe
@require(*SEES)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, round_or_404(request, pk))


def _show(
    request: Request, row: OversightRound, wrong: tuple[str, django_forms.Form | str] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    is_run = runs(user, row)
    visits = list(
        OversightVisit.objects.visible_to(user)
        .filter(round=row)
        .select_related("organization", "team", "round")
        .order_by("planned_on", "team__number", "locality_id")
    )
    teams = list(row.teams.prefetch_related("seats__user", "seats__organization"))
    found = OversightFinding.objects.visible_to(user).live().filter(visit__round=row)
    planning = row.status == RoundStatus.PLANNING
    context = {
        "row": row,
        "visits": visits,
        "teams": teams,
        "team_choices": [(each.pk, each.name) for each in teams],
        "recusals": list(row.recusals.select_related("user", "region")) if is_run else [],
        "standing": finding_rows.standing(found, on=today),
        "levels": finding_rows.by_level(found.only("level")),
        "done": sum(each.status == VisitStatus.DONE for each in visits),
        "total": sum(each.status != VisitStatus.CANCELLED for each in visits),
        "late": [each for each in visits if row.status == RoundStatus.RUNNING and each.is_late(on=today)],
        "runs": is_run,
        "planning": planning,
        "running": row.status == RoundStatus.RUNNING,
        "panels": [each.told(wrong) for each in _panels(row, is_run, bool(teams))],
        "act_view": "oversight:round_act",
        "pk": row.pk,
        "pk_text": str(row.pk),
        "wrong": wrong[1] if wrong and isinstance(wrong[1], str) else "",
        "events": events_of(row, row.transitions.select_related("by"), RoundMove),
        "today": today,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "oversight/round.html", context, status=422 if wrong else 200)


def _panels(row: OversightRound, is_run: bool, has_teams: bool) -> list[Panel]:
    if not is_run:
        return []
    found = []
    if row.status == RoundStatus.PLANNING and has_teams:
        found.append(Panel("recuse", "登记回避", "登记", forms.RecusalForm(row=row)))
    if row.status == RoundStatus.RUNNING:
        found.append(Panel("close", "结束这个轮次", "结束", forms.SummaryForm()))
    if row.status in {RoundStatus.PLANNING, RoundStatus.RUNNING}:
        found.append(Panel("cancel", "取消这个轮次", "取消轮次", forms.ReasonForm(), danger=True))
    return found


@require_POST
@require(Permission.MANAGE_OVERSIGHT)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One button or form of the page."""
    row, user = run_by(request, pk), user_of(request)
    if key not in {"lay_out", "issue", "recuse", "close", "cancel", "remove_team"}:
        raise Http404
    form: django_forms.Form | None = None
    try:
        match key:
            case "lay_out":
                count = actions.lay_out_round(row, by=user)
                words = f"已排出 {count} 个属地的日程，可以逐个调整"
            case "issue":
                actions.issue_round(row, by=user)
                words = f"{row}已下达，各组的待办已开出"
            case "remove_team":
                number = row_number(request.POST.get("team", ""))
                actions.remove_team(get_object_or_404(row.teams, pk=number), by=user)
                words = "已撤销，请重新排期"
            case "recuse":
                form = forms.RecusalForm(request.POST, row=row)
                if not form.is_valid():
                    return _show(request, row, (key, form))
                given = form.cleaned_data
                actions.recuse(row, given["user"], given["region"], given["reason"], by=user)
                words = "已登记回避，请重新排期"
            case "close":
                form = forms.SummaryForm(request.POST)
                if not form.is_valid():
                    return _show(request, row, (key, form))
                actions.close_round(row, by=user, **form.cleaned_data)
                words = f"{row}已结束"
            case _:
                form = forms.ReasonForm(request.POST)
                if not form.is_valid():
                    return _show(request, row, (key, form))
                actions.cancel_round(row, by=user, **form.cleaned_data)
                words = f"{row}已取消"
    except Refused as error:
        row = round_or_404(request, pk)
        if form is not None:
            form.add_error(None, str(error))
            return _show(request, row, (key, form))
        return _show(request, row, (key, str(error)))
    messages.success(request, words)
    return redirect(row)


@require_POST
@require(Permission.MANAGE_OVERSIGHT)
def arrange(request: Request, pk: int) -> HttpResponse:
    """Another team or another day for one locality."""
    user = user_of(request)
    visit = get_object_or_404(
        OversightVisit.objects.visible_to(user).select_related("round__organization", "team", "organization"),
        pk=pk,
    )
    if not runs(user, visit.round):
        raise PermissionDenied
    day = forms.day_field("日期")
    try:
        planned_on = day.clean(request.POST.get("planned_on", ""))
    except django_forms.ValidationError:
        return _show(request, visit.round, ("arrange", f"{visit.organization.short_name}：请填写日期"))
    number = row_number(request.POST.get("team", ""))
    chosen = visit.round.teams.filter(pk=number).first()
    if chosen is None:
        return _show(request, visit.round, ("arrange", f"{visit.organization.short_name}：请选择督导组"))
    try:
        actions.arrange(
            visit,
            team=chosen,
            planned_on=planned_on,
            reason=request.POST.get("reason", "")[:300],
            by=user,
        )
    except Refused as error:
        return _show(
            request,
            round_or_404(request, visit.round_id),
            ("arrange", f"{visit.organization.short_name}：{error}"),
        )
    messages.success(request, f"{visit.organization.short_name}：{chosen}，{planned_on}")
    return redirect(visit.round)


@require_safe
@require(*SEES)
def feedback(request: Request, pk: int) -> HttpResponse:
    """What each body is told of a round, its problems split by level (R065)."""
    row, user = round_or_404(request, pk), user_of(request)
    told = finding_rows.feedback_of(row, user)
    context = {
        "row": row,
        "told": told,
        "runs": runs(user, row),
        "total": len({finding.pk for each in told for finding in each.findings}),
        "today": timezone.localdate(),
    }
    return render(request, "oversight/feedback.html", context)
