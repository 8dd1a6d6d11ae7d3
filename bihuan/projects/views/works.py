"""Monthly reports, joint acceptance, gas conditions on a phone, handover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.batches.actions import TeamMember
from bihuan.batches.forms import TEAM_ROWS, bodies_of
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request

from .. import actions, forms, queries
from ..models import GasCheck, Handover, Project, ProjectReport
from ..standing import confirms, hands_over, manages, takes
from ..standing import files as may_file
from ..workflow import GasCheckMove, GasCheckStatus, HandoverStatus, ProjectStatus, ReportStatus
from . import events_of, page_of, user_of
from .projects import given_of, managed_or_404, project_or_404


@require_safe
@require(Permission.VIEW_PROJECTS)
def reports(request: Request) -> HttpResponse:
    """Monthly reports of the projects one sees; who is late stands first in the filter."""
    user, today = user_of(request), timezone.localdate()
    rows = queries.reports(user, given_of(request), on=today)
    context = {
        "page": page_of(request, rows, "-month", "-id"),
        "states": [("late", "逾期（含迟报）"), *ReportStatus.choices],
        "given": Asked(request),
        "today": today,
    }
    return render(request, "projects/reports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_PROJECTS)
def report(request: Request, pk: int) -> HttpResponse:
    """The report of one month: filed here, read here."""
    user = user_of(request)
    rows = ProjectReport.objects.filter(project__in=Project.objects.visible_to(user))
    row = get_object_or_404(
        rows.select_related("project__department", "project__region", "organization", "filed_by"), pk=pk
    )
    project, may = row.project, may_file(user, row)
    if request.method == "POST" and not may:
        raise PermissionDenied
    first = {
        "percent": project.progress,
        "kilometres": project.kilometres_done if project.kilometres is not None else None,
    }
    form = forms.ReportForm(request.POST or None, project=project, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            kept = attachments.received(
                request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
            )
            actions.file_report(row, by=user, photos=kept, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
            row.refresh_from_db()
        else:
            messages.success(request, f"已报 {row.month:%Y 年 %-m 月}进度")
            return redirect(project)
    context = {
        "report": row,
        "project": project,
        "form": form if may and row.status == ReportStatus.DUE else None,
        "photos": files.photo_items(files.of(row, "scene")),
        "upload_url": reverse("attachments:upload"),
        "today": timezone.localdate(),
    }
    return render(request, "projects/report.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def acceptance(request: Request, pk: int) -> HttpResponse:
    """The joint team on the spot: everybody signs on this phone."""
    project, user = managed_or_404(request, pk), user_of(request)
    bodies = list(bodies_of(project.city_id))
    sent = request.POST if request.method == "POST" else None
    form = forms.AcceptanceForm(sent, initial={"accepted_on": timezone.localdate()})
    errors: list[str] = []
    if sent is not None and form.is_valid():
        try:
            photos = attachments.received(
                sent.getlist("photos"), request.FILES.getlist("photos_files"), by=user
            )
            done = actions.accept_works(
                project, team=_team(sent, bodies), photos=photos, by=user, **form.cleaned_data
            )
        except Refused as error:
            errors = str(error).split("；")
        else:
            messages.success(request, f"已记录联合验收：{done.get_verdict_display()}")
            return redirect(project)
    elif sent is not None:
        errors = ["请把验收日期、结论和意见填全"]
    if sent is None and project.status != ProjectStatus.COMPLETED:
        messages.warning(request, f"项目现为“{project.get_status_display()}”，完工以后才能组织联合验收")
        return redirect(project)
    given: Mapping[str, str] = sent or {}
    context = {
        "project": project,
        "form": form,
        "errors": errors,
        "team": [
            {
                "no": no,
                "organization": given.get(f"team{no}-organization", "")
                or (str(project.department_id) if no == 1 else ""),
                "name": given.get(f"team{no}-name", "") or (user.full_name if no == 1 else ""),
                "title": given.get(f"team{no}-title", ""),
            }
            for no in range(1, TEAM_ROWS + 1)
        ],
        "bodies": [(str(each.pk), each.short_name) for each in bodies],
        "upload_url": reverse("attachments:upload"),
    }
    return render(request, "projects/acceptance.html", context, status=422 if errors else 200)


def _team(sent: Mapping[str, str], bodies: list[Organization]) -> list[TeamMember]:
    by_pk = {str(each.pk): each for each in bodies}
    return [
        TeamMember(
            by_pk[sent.get(f"team{no}-organization", "")],
            sent.get(f"team{no}-name", "")[:60],
            sent.get(f"team{no}-title", "")[:60],
            sent.get(f"team{no}-signature", ""),
        )
        for no in range(1, TEAM_ROWS + 1)
        if sent.get(f"team{no}-organization", "") in by_pk
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_PROJECTS)
def check(request: Request, pk: int) -> HttpResponse:
    """One gas condition: confirmed and signed on the spot."""
    user, today = user_of(request), timezone.localdate()
    rows = GasCheck.objects.filter(project__in=Project.objects.visible_to(user))
    row = get_object_or_404(
        rows.select_related("project__department", "project__owner", "project__taker", "checked_by"), pk=pk
    )
    project = row.project
    may = confirms(user, project)
    if request.method == "POST" and not may:
        raise PermissionDenied
    form = forms.CheckForm(request.POST or None, initial={"checked_on": today})
    if request.method == "POST" and form.is_valid():
        try:
            kept = attachments.received(
                request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
            )
            actions.meet_check(
                row, by=user, photos=kept, signature=request.POST.get("signature", ""), **form.cleaned_data
            )
        except Refused as error:
            form.add_error(None, str(error))
            row.refresh_from_db()
        else:
            messages.success(request, f"已确认：{row}")
            return redirect(f"{project.get_absolute_url()}#gas")
    lines = list(row.transitions.all())
    kept_files = files.of_many(lines)
    context = {
        "check": row,
        "project": project,
        "form": form if may and row.status == GasCheckStatus.OPEN and project.status in {"accepted", "handed"} else None,
        "may_reopen": manages(user, project) and row.status == GasCheckStatus.MET and project.status in {"accepted", "handed"},
        "signatures": files.signatures_of(row),
        "upload_url": reverse("attachments:upload"),
        "events": events_of(
            row.transitions, GasCheckMove, lambda line: files.photo_items(kept_files[chain_of(line)].get("scene", []))
        ),
    }  # fmt: skip
    return render(request, "projects/check.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def reopening(request: Request, pk: int) -> HttpResponse:
    """A condition does not hold after all."""
    user = user_of(request)
    rows = GasCheck.objects.filter(project__in=Project.objects.visible_to(user))
    row = get_object_or_404(rows.select_related("project__department"), pk=pk)
    if not manages(user, row.project):
        raise PermissionDenied
    form = forms.ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.reopen_check(row, by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已改为未满足：{row}")
            return redirect(row.project)
    return render(
        request, "projects/small.html",
        {
            "form": form, "title": "复核不满足", "submit": "改为未满足", "danger": True,
            "lead": f"{row}：{row.found}", "back": row.project.get_absolute_url(),
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS, Permission.APPLY_PROJECT)
def handover(request: Request, pk: int) -> HttpResponse:
    """The one who gives writes down what is handed over and signs."""
    project, user = project_or_404(request, pk), user_of(request)
    if not hands_over(user, project):
        raise PermissionDenied
    form = forms.HandoverForm(request.POST or None, project=project, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            kept = attachments.received(
                request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user, kind=None
            )
            actions.prepare_handover(
                project,
                by=user,
                photos=kept,
                signature=request.POST.get("signature", ""),
                **form.cleaned_data,
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "移交书已经送达，等接收单位签收")
            return redirect(project)
    if request.method != "POST" and project.status != ProjectStatus.ACCEPTED:
        messages.warning(request, f"项目现为“{project.get_status_display()}”，验收合格以后才能移交")
        return redirect(project)
    return render(
        request, "projects/handover.html",
        {"project": project, "form": form, "upload_url": reverse("attachments:upload")},
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_PROJECTS)
def taking(request: Request, pk: int, key: str) -> HttpResponse:
    """The one who takes signs, or sends it back with what is missing."""
    user = user_of(request)
    rows = Handover.objects.filter(project__in=Project.objects.visible_to(user))
    row = get_object_or_404(
        rows.select_related(
            "project__department", "project__owner", "taker__organization", "given_by", "paper"
        ),
        pk=pk,
    )
    if key not in {"sign", "return"}:
        raise Http404
    if not takes(user, row):
        raise PermissionDenied
    form: Any
    if key == "sign":
        own = row.taker.organization_id is not None
        form = forms.TakeForm(request.POST or None, initial={"name": user.full_name if own else ""})
    else:
        form = forms.ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if key == "sign":
                paper = actions.sign_handover(
                    row, by=user, signature=request.POST.get("signature", ""), **form.cleaned_data
                )
                said = f"已签收，移交书 {paper.number}"
            else:
                actions.return_handover(row, by=user, **form.cleaned_data)
                said = "已退回，移交方补正后重新送达"
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, said)
            return redirect(row.project)
    return render(
        request, "projects/taking.html",
        {
            "handover": row, "project": row.project, "form": form, "key": key,
            "waiting": row.status == HandoverStatus.PREPARED, "kept": files.of(row, "document"),
        },
        status=422 if form.errors else 200,
    )  # fmt: skip
