"""Appraisals of heads of enterprises (R124): the self-report, its return, the progress of a round, signing for the result."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.jobs.handing import take_away
from bihuan.rules.headduties import head_duties

from .. import actions
from ..computing import unit_of, window_of
from ..exporting import PROGRESS
from ..forms import ReasonForm, ReportLineForm, SummaryForm
from ..measures import NOTHING, Reading, measure_of, read_all
from ..models import AssessedUnit, Assessment, SelfReport, SelfReportLine, SheetItem
from ..standing import may_fill, may_return, runs, seats_of
from ..workflow import OUT, Audience, ReportStatus, Status
from . import documents, files_in, page_of, user_of
from .cards import linked
from .rounds import assessment_or_404


def report_or_404(request: Request, unit_pk: int) -> SelfReport:
    """A self-report one may read: the unit's readers, and whoever judges the unit from a seat."""
    user = user_of(request)
    judged = AssessedUnit.objects.filter(
        assessment__in=seats_of(user).exclude(user=None).values("assessment"),
        assessment__status__in=[Status.RUNNING, Status.SCORED],
    )
    rows = SelfReport.objects.filter(
        Q(unit__in=AssessedUnit.objects.visible_to(user)) | Q(unit__in=judged)
    ).select_related(
        "unit__assessment__sheet", "unit__assessment__organization__region", "unit__organization__region",
        "unit__reviewer", "signed_by",
    )  # fmt: skip
    return get_object_or_404(rows, unit=unit_pk)


def readings_of(report: SelfReport) -> dict[str, Reading]:
    """What the ledger says of the unit today, by measure; a fixed number of queries."""
    unit = report.unit
    keys = [item.measure for item in actions.reported_items(unit) if item.is_computed]
    found = read_all(keys, [unit_of(unit)], window_of(unit.assessment, timezone.localdate()))
    return {key: its.get(unit.pk, NOTHING) for key, its in found.items()}


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def report(request: Request, pk: int) -> HttpResponse:
    """The self-report: filled in by the head, read by whoever judges it."""
    user, row = user_of(request), report_or_404(request, pk)
    unit = row.unit
    fills = may_fill(user, row)
    items = actions.reported_items(unit)
    kept = {line.item_id: line for line in row.lines.all()}
    status = 200
    summary: SummaryForm | None = SummaryForm(initial={"text": row.text})
    forms = {item.pk: _line_form(item, unit, kept.get(item.pk)) for item in items}
    if request.method == "POST":
        if not fills:
            raise PermissionDenied
        status = 422
        summary = SummaryForm(request.POST)
        forms = {item.pk: _line_form(item, unit, kept.get(item.pk), request.POST) for item in items}
        wrong = [form for form in forms.values() if not form.is_valid()]
        if summary.is_valid() and not wrong:
            lines = {
                item.pk: actions.LineGiven(
                    forms[item.pk].cleaned_data["text"], forms[item.pk].cleaned_data.get("claimed"),
                    files_in(request, f"photos-{item.pk}"),
                )
                for item in items
            }  # fmt: skip
            try:
                actions.save_report(row, text=summary.cleaned_data["text"], lines=lines, by=user)
                if request.POST.get("what") == "submit":
                    actions.submit_report(row, by=user)
                    messages.success(request, "自评已签字提交，等审核单位评定")
                else:
                    messages.success(request, "已保存，还没有提交；签字提交后审核单位才能看到最终内容")
                return redirect(row.get_absolute_url())
            except Refused as error:
                summary.add_error(None, str(error))
    context = {
        "report": row,
        "unit": unit,
        "assessment": unit.assessment,
        "groups": _groups(user, row, items, kept, forms if fills else {}),
        "summary": summary if fills else None,
        "fills": fills,
        "lacking": actions.lacking(row) if fills and row.saved_at else [],
        "wrong": status == 422,
        "may_return": may_return(user, row),
        "reason_form": ReasonForm(),
        "today": timezone.localdate(),
        "transitions": row.transitions.select_related("by"),
        "upload_url": reverse("attachments:upload"),
        "seat": seats_of(user).filter(assessment=unit.assessment_id).order_by("pk").first(),
        "law": next(iter(head_duties(unit.assessment.period_to)), None),
    }
    return render(request, "assessment/report.html", context, status=status)


def _line_form(
    item: SheetItem, unit: AssessedUnit, line: SelfReportLine | None, data: Any = None
) -> ReportLineForm:
    initial = {"text": line.text, "claimed": line.claimed} if line else {}
    return ReportLineForm(data, item=item, unit=unit, prefix=f"i{item.pk}", **initial)


def _groups(
    user: User,
    row: SelfReport,
    items: list[SheetItem],
    kept: dict[int, SelfReportLine],
    forms: dict[int, ReportLineForm],
) -> list[dict[str, Any]]:
    """The items under the duty of the law they stand for, with what the ledger says and what the head says."""
    law = {each.key: each for each in head_duties(row.unit.assessment.period_to)}
    readings = readings_of(row)
    evidence = files.of_many(kept.values())
    groups: dict[tuple[int, str], dict[str, Any]] = {}
    for item in items:
        duty = law.get(item.duty)
        group = groups.setdefault(
            (duty.number if duty else 99, item.section),
            {"duty": duty, "section": item.section, "entries": []},
        )
        line = kept.get(item.pk)
        shown = evidence.get(chain_of(line), {}).get("evidence", []) if line else []
        measure = measure_of(item.measure) if item.is_computed else None
        reading = readings.get(item.measure) if measure else None
        group["entries"].append(
            {
                "item": item, "full": item.full(row.unit.tier), "line": line, "form": forms.get(item.pk),
                "measure": measure, "reading": reading,
                "lost": linked(user, measure, reading.rows[:MOST_LOST]) if measure and reading else [],
                "photos": files.photo_items(shown), "files": documents(shown),
            }
        )  # fmt: skip
    return [groups[key] for key in sorted(groups)]


@require_POST
@require(Permission.REVIEW_APPRAISAL, Permission.RUN_ASSESSMENT)
def send_back(request: Request, pk: int) -> HttpResponse:
    """Send a self-report back for what is missing."""
    row = report_or_404(request, pk)
    try:
        actions.return_report(row, reason=request.POST.get("reason", "")[:500], by=user_of(request))
        messages.success(request, f"已退回，{row.due_on} 前补正")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(row.get_absolute_url())


@require_POST
@require(Permission.APPEAL_ASSESSMENT)
def sign_for(request: Request, pk: int) -> HttpResponse:
    """The head signs for the notice of the result."""
    rows = AssessedUnit.objects.visible_to(user_of(request)).select_related(
        "assessment", "organization", "paper"
    )
    unit = get_object_or_404(rows, pk=pk)
    try:
        actions.sign_for_result(unit, by=user_of(request))
        messages.success(request, "已签收；申辩期内仍可提出申辩")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(unit)


MOST_LOST = 20  # rows that cost points listed under an item; the rest stand in the enterprise's own lists
STATES = (
    ("owed", "未提交"),
    ("late", "逾期未提交"),
    ("returned", "退回补正"),
    ("unjudged", "已提交、未评定"),
    ("judged", "已评定"),
    ("missed", "逾期未报"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def progress(request: Request, pk: int) -> HttpResponse:
    """How far a round has come: who has not handed in, who waits to be judged; the office reminds."""
    user, assessment = user_of(request), assessment_or_404(request, pk)
    if assessment.audience != Audience.ENTERPRISES:
        return redirect(assessment)
    if request.method == "POST":
        try:
            told = actions.remind_reports(assessment, by=user)
            messages.success(request, f"已催报 {told} 家；同一天只提醒一次")
        except Refused as error:
            messages.warning(request, str(error))
        return redirect("assessment:progress", assessment.pk)
    rows = progress_rows(user, assessment)
    counts = rows.aggregate(**{key: Count("pk", filter=state_q(key)) for key, _ in STATES}, whole=Count("pk"))
    state = request.GET.get("state", "")
    if state in dict(STATES):
        rows = rows.filter(state_q(state))
    reviewer = row_number(request.GET.get("reviewer", ""))
    bodies = list(
        progress_rows(user, assessment)
        .exclude(reviewer=None)
        .order_by("reviewer__region_id", "reviewer_id")
        .values_list("reviewer_id", "reviewer__short_name")
        .distinct()
    )
    if reviewer:
        rows = rows.filter(reviewer=reviewer)
    words = request.GET.get("q", "").strip()[:40]
    if words:
        rows = rows.filter(Q(organization__name__icontains=words) | Q(person_name__icontains=words))
    context = {
        "assessment": assessment,
        "page": page_of(request, rows.select_related("organization", "reviewer", "report"), ("id",)),
        "states": [(key, label, counts[key]) for key, label in STATES],
        "whole": counts["whole"],
        "state": state,
        "bodies": bodies,
        "reviewer": reviewer,
        "q": words,
        "may_remind": runs(user, assessment.organization_id) and assessment.status == Status.RUNNING,
        "seat": seats_of(user).filter(assessment=assessment).order_by("pk").first(),
        "may_export": runs(user, assessment.organization_id),
        "today": timezone.localdate(),
        "is_out": assessment.status in OUT,
    }
    return render(request, "assessment/progress.html", context)


def progress_rows(user: Any, assessment: Assessment) -> Any:
    """The units of a round a person sees, with how many judgements each has."""
    return (
        AssessedUnit.objects.visible_to(user)
        .filter(assessment=assessment)
        .annotate(given=Count("judgements__item", distinct=True))
    )


def state_q(key: str) -> Q:
    """Which units stand at one of `STATES`; everybody stands at exactly one, those late are also not handed in."""
    today = timezone.localdate()
    owed = Q(report__status=ReportStatus.OWED)
    return {
        "owed": owed,
        "late": Q(report__status__in=[ReportStatus.OWED, ReportStatus.RETURNED], report__due_on__lt=today),
        "returned": Q(report__status=ReportStatus.RETURNED),
        "unjudged": Q(report__status=ReportStatus.SUBMITTED, given=0),
        "judged": Q(given__gt=0),
        "missed": Q(report__status=ReportStatus.MISSED),
    }[key]


@require_http_methods(["GET", "POST"])
@require(Permission.RUN_ASSESSMENT)
def export(request: Request, pk: int) -> HttpResponseBase:
    """The progress of a round as a sheet."""
    assessment = assessment_or_404(request, pk)
    if not runs(user_of(request), assessment.organization_id):
        raise PermissionDenied
    return take_away(
        request,
        PROGRESS,
        query=f"assessment={pk}",
        said=str(assessment),
        back=reverse("assessment:progress", args=[pk]),
    )
