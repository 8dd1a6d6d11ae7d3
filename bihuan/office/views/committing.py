"""Public commitments: the list, writing one, one with its lines, and the pages everybody may read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away

from .. import actions, forms, queries
from ..actions.committing import Judged, Promise
from ..exporting import COMMITMENTS
from ..models import OfficerCommitment
from ..standing import commitment_moves, may_move_commitment, own_unit
from ..workflow import CommitmentMove
from . import Panel, chosen, done, events_of, page_of, user_of

VIEW = Permission.VIEW_OFFICE_WORK


@require_safe
@require(VIEW)
def index(request: Request) -> HttpResponse:
    user = user_of(request)
    picked = chosen(request, "state")
    rows = queries.commitments_of(user, picked)
    context = {
        "page": page_of(request, rows.select_related("organization").prefetch_related("lines"), ("-id",)),
        "chosen": Asked(request),
        "states": queries.COMMITMENT_STATES.items(),
        "total": rows.count(),
        "today": timezone.localdate(),
        "query": urlencode(picked),
        "may_write": own_unit(user) is not None,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "office/commitments.html", context)


def _promises(given: dict[str, Any]) -> list[Promise]:
    return [Promise(*each) for each in given["promises"]]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_OFFICE_WORK)
def create(request: Request) -> HttpResponse:
    """Draft one's own commitment."""
    user, today = user_of(request), timezone.localdate()
    if own_unit(user) is None:
        raise PermissionDenied
    posted = request.method == "POST"
    initial = {"starts_on": today, "ends_on": today.replace(month=12, day=31)}
    form = forms.CommitmentForm(request.POST if posted else None, initial=initial, rows=5)
    if posted and form.is_valid():
        given = form.cleaned_data
        try:
            row = actions.write_commitment(
                starts_on=given["starts_on"], ends_on=given["ends_on"], lines=_promises(given), by=user
            )
            messages.success(request, "已保存，核对以后公开")
            return redirect(row)
        except Refused as error:
            form.add_error(None, str(error))
    context = {"form": form, "title": "写公开承诺", "back": reverse("office:commitments")}
    return render(request, "office/commitment_form.html", context, status=422 if posted else 200)


def commitment_or_404(request: Request, pk: int) -> OfficerCommitment:
    rows = OfficerCommitment.objects.visible_to(user_of(request)).select_related(
        "organization", "post", "person", "judged_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_OFFICE_WORK)
def edit(request: Request, pk: int) -> HttpResponse:
    """Write the draft anew."""
    row, user = commitment_or_404(request, pk), user_of(request)
    if not may_move_commitment(user, CommitmentMove.EDIT, row):
        raise PermissionDenied
    lines = list(row.lines.all())
    initial: dict[str, Any] = {"starts_on": row.starts_on, "ends_on": row.ends_on}
    for line in lines:
        initial |= {
            f"text_{line.position}": line.text, f"target_{line.position}": line.target, f"due_{line.position}": line.due_on,
        }  # fmt: skip
    posted = request.method == "POST"
    form = forms.CommitmentForm(
        request.POST if posted else None, initial=initial, rows=max(5, len(lines) + 1)
    )
    if posted and form.is_valid():
        given = form.cleaned_data
        try:
            actions.edit_commitment(
                row, starts_on=given["starts_on"], ends_on=given["ends_on"], lines=_promises(given), by=user
            )
            messages.success(request, "已修改")
            return redirect(row)
        except Refused as error:
            form.add_error(None, str(error))
    context = {"form": form, "title": "修改公开承诺", "back": row.get_absolute_url()}
    return render(request, "office/commitment_form.html", context, status=422 if posted else 200)


@require_safe
@require(VIEW)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, commitment_or_404(request, pk))


def _show(
    request: Request, row: OfficerCommitment, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    lines = list(row.lines.all())
    moves = commitment_moves(user, row)
    context = {
        "row": row,
        "lines": lines,
        "may_edit": CommitmentMove.EDIT in moves,
        "panels": [each.told(wrong) for each in _panels(row, lines, moves, today)],
        "act_view": "office:commitment_act",
        "pk": row.pk,
        "events": events_of(row, row.transitions.select_related("by"), CommitmentMove),
        "today": today,
    }
    return render(request, "office/commitment.html", context, status=422 if wrong else 200)


def _panels(row: OfficerCommitment, lines: list[Any], moves: list[str], today: Any) -> list[Panel]:
    found = []
    if CommitmentMove.PUBLISH in moves:
        found.append(
            Panel("publish", "公开：姓名、职务和承诺事项任何人可见，公开后不再修改", "公开", is_open=True)
        )
    if CommitmentMove.JUDGE in moves and today >= row.ends_on:
        found.append(
            Panel("judge", "期满评定：逐条看兑现没有", "评定", forms.KeepingForm(lines=lines), is_open=True)
        )
    if CommitmentMove.WITHDRAW in moves:
        found.append(Panel("withdraw", "撤回公开", "撤回", forms.ReasonForm(), danger=True))
    return found


@require_POST
@require(VIEW)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of a commitment."""
    row, user, asked = commitment_or_404(request, pk), user_of(request), request.POST
    if key not in ("publish", "judge", "withdraw"):
        raise Http404
    if not may_move_commitment(user, key, row):
        raise PermissionDenied

    def show(wrong: tuple[str, django_forms.Form]) -> HttpResponse:
        return _show(request, commitment_or_404(request, pk), wrong)

    form: Any
    match key:
        case "publish":
            return done(
                request, key, django_forms.Form(asked), lambda given: actions.publish(row, by=user), "已公开", show=show,
                to=row,
            )  # fmt: skip
        case "judge":
            lines = list(row.lines.all())
            form = forms.KeepingForm(asked, lines=lines)

            def judge(given: dict[str, Any]) -> None:
                verdicts = {
                    line.position: Judged(
                        given[f"keeping_{line.position}"], given[f"evidence_{line.position}"]
                    )
                    for line in lines
                }
                actions.judge_commitment(row, verdicts, opinion=given["opinion"], by=user)

            return done(request, key, form, judge, "已评定，公开页同步更新", show=show, to=row)
        case _:
            form = forms.ReasonForm(asked)
            return done(
                request,
                key,
                form,
                lambda given: actions.withdraw(row, by=user, **given),
                "已撤回",
                show=show,
                to=row,
            )


@require(Permission.EXPORT_HAZARDS)
@require(VIEW)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Commitments as a sheet."""
    return take_away(request, COMMITMENTS, query="", said="已公开的承诺", back=reverse("office:commitments"))


# --- for everybody ---------------------------------------------------------------------------


@login_not_required
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """What officers have promised, for everybody: name and post as published, nothing else of a person."""
    published = OfficerCommitment.objects.published()
    bodies = Organization.objects.filter(pk__in=published.order_by().values("organization").distinct())
    unit = row_number(request.GET.get("unit", ""))
    rows = published.filter(organization=unit) if unit else published
    try:
        page = paginate(
            rows.select_related("organization").prefetch_related("lines"), order=("-id",),
            cursor=request.GET.get("cursor"), size=30,
        )  # fmt: skip
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "units": [
            (str(each.pk), each.short_name) for each in bodies.order_by("kind", "region_id", "pk")[:300]
        ],
        "unit": str(unit) if unit else "",
    }
    return render(request, "office/public_list.html", context)


@login_not_required
@require_safe
def public(request: HttpRequest, code: UUID) -> HttpResponse:
    """One commitment as everybody may read it."""
    row = OfficerCommitment.objects.published().select_related("organization").filter(code=code).first()
    context = {"row": row, "lines": list(row.lines.all()) if row else [], "today": timezone.localdate()}
    return render(request, "office/public.html", context, status=200 if row else 404)
