"""Reporting an accident from a phone, following it up, passing it on, putting it right."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.registry.models import Enterprise

from .. import actions
from ..forms import TOLD, CorrectForm, FollowForm, ReportForm, SendForm, toll_of
from ..models import Accident, AccidentForward
from ..standing import acting, may_move, reporting_body
from ..workflow import FOLLOWED, RULES, AccidentMove
from . import accident_or_404, photos_of, user_of


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.REPORT_ACCIDENT)
def create(request: Request) -> HttpResponse:
    """The first report (快报)."""
    user = user_of(request)
    body = reporting_body(user)
    if body is None:
        raise PermissionDenied
    own = None
    if body.kind == Organization.Kind.ENTERPRISE:
        own = (
            Enterprise.objects.select_related("locality", "department", "organization")
            .filter(organization=body)
            .first()
        )
        if own is None:
            raise PermissionDenied
    now = timezone.localtime().replace(second=0, microsecond=0)
    initial: dict[str, Any] = {"known_at": now, "occurred_at": now}
    if own is None and body.kind == Organization.Kind.LOCALITY:
        initial["region"] = body.region_id
    form = ReportForm(request.POST or None, user=user, body=body, own=own, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                accident = actions.report_accident(
                    **form.where(), known_at=form.cleaned_data["known_at"], toll=form.toll(),
                    told=_told(form.cleaned_data), photos=photos_of(request), by=user,
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已报告“{accident}”，请按期续报")
                return redirect(accident)
    context = {"form": form, "own": own, "body": body, "upload_url": reverse("attachments:upload")}
    return render(request, "accidents/report.html", context, status=status)


def _told(given: dict[str, Any]) -> actions.Told:
    return actions.Told(**{name: given[name] for name in TOLD})


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.REPORT_ACCIDENT)
def follow(request: Request, pk: int) -> HttpResponse:
    """A follow-up (续报)."""
    accident, user = accident_or_404(request, pk), user_of(request)
    if acting(user, Permission.REPORT_ACCIDENT, accident) is None:
        raise PermissionDenied
    if accident.status not in FOLLOWED:
        messages.warning(request, f"“{accident}”现为“{accident.get_status_display()}”，不再续报")
        return redirect(accident)
    now = timezone.localtime().replace(second=0, microsecond=0)
    initial = {"known_at": now, "as_of": now.date(), **toll_of(accident)}
    form = FollowForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                report = actions.follow_up(
                    accident, known_at=given["known_at"], as_of=given["as_of"], toll=form.toll(), told=_told(given),
                    is_final=given["is_final"], photos=photos_of(request), by=user,
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已续报（第 {report.sequence} 次）。{report.why_counted}")
                return redirect(accident)
    context = {"form": form, "accident": accident, "upload_url": reverse("attachments:upload")}
    return render(request, "accidents/follow.html", context, status=status)


@require_POST
@require(Permission.REPORT_ACCIDENT)
def send(request: Request, pk: int) -> HttpResponse:
    """Note that the accident was passed on to the next level."""
    rows = AccidentForward.objects.filter(accident__in=Accident.objects.visible_to(user_of(request)))
    step = get_object_or_404(rows.select_related("accident__enterprise"), pk=pk)
    if not any(post.organization_id == step.organization_id for post in user_of(request).posts):
        raise PermissionDenied
    form = SendForm(request.POST)
    if form.is_valid():
        try:
            actions.send_upward(step, by=user_of(request), **form.cleaned_data)
        except Refused as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"已登记上报{step.get_to_level_display()}")
    else:
        messages.warning(request, "请填写上报方式和上报时间")
    return redirect(step.accident)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_ACCIDENTS)
def correct(request: Request, pk: int) -> HttpResponse:
    """Put the record right, with a reason."""
    accident, user = accident_or_404(request, pk), user_of(request)
    body = acting(user, Permission.MANAGE_ACCIDENTS, accident)
    if body is None or not may_move(user, AccidentMove.CORRECT, accident):
        raise PermissionDenied
    if accident.status not in RULES[AccidentMove.CORRECT].sources:
        messages.warning(request, f"“{accident}”现为“{accident.get_status_display()}”，先恢复计入再更正")
        return redirect(accident)
    names = ("title", "kind", "occurred_at", "place", "department", "campaign", "explosion", "moved", "is_production",
             "concealed", "complex")  # fmt: skip
    initial = {
        **{name: getattr(accident, name) for name in names}, **toll_of(accident), "region": accident.place_code,
        "unit": accident.unit, "as_of": timezone.localdate(),
    }  # fmt: skip
    form = CorrectForm(request.POST or None, user=user, body=body, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                actions.correct(
                    accident, **form.where(), toll=form.toll(), by=user,
                    **{name: given[name] for name in ("is_production", "concealed", "complex", "as_of", "reason")},
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已更正，更正前的数据仍可查")
                return redirect(accident)
    return render(request, "accidents/correct.html", {"form": form, "accident": accident}, status=status)
