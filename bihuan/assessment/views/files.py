"""Case files of officers (案卷评查, R126): the draw, what came of it, the form for one file, the material to recompute."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Avg, Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files_of
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.rules.filereviews import lines_of

from .. import actions
from ..forms import DrawForm, FileReviewForm
from ..models import AssessedUnit, Assessment, Assessor, CaseFile, FileDraw, FileReview
from ..standing import may_review_file, runs
from ..workflow import Audience, Status
from . import documents, files_in, page_of, user_of


def round_or_404(request: Request, pk: int) -> Assessment:
    """An assessment of officers one may see, or is named to judge."""
    user = user_of(request)
    named = Assessor.objects.filter(user=user.pk, assessment__status=Status.RUNNING).values("assessment")
    rows = Assessment.objects.filter(
        Q(pk__in=Assessment.objects.visible_to(user).values("pk")) | Q(pk__in=named),
        audience=Audience.OFFICERS,
    )
    return get_object_or_404(rows.select_related("organization__region", "sheet"), pk=pk)


def seen_files(request: Request, assessment: Assessment) -> Any:
    """The files one may open: of the officers whose cards one sees, and all of those one is named to judge."""
    user = user_of(request)
    rows = CaseFile.objects.filter(draw__assessment=assessment)
    named = Assessor.objects.filter(user=user.pk, assessment=assessment, is_third=False).first()
    if named is not None and assessment.status == Status.RUNNING:
        return rows.filter(
            ~Q(unit__organization=named.organization_id) | Q(unit__in=AssessedUnit.objects.visible_to(user))
        )
    return rows.filter(unit__in=AssessedUnit.objects.visible_to(user))


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def index(request: Request, pk: int) -> HttpResponse:
    """The drawn files with their results; the office draws them, once."""
    user, assessment = user_of(request), round_or_404(request, pk)
    form = DrawForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if not runs(user, assessment.organization_id):
            raise PermissionDenied
        status = 422
        if form.is_valid():
            try:
                made = actions.draw_files(assessment, by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已从 {made.population} 件中抽取 {made.files.count()} 件")
                return redirect("assessment:files", assessment.pk)
    held = FileDraw.objects.filter(assessment=assessment).select_related("by").first()
    rows = seen_files(request, assessment)
    state = request.GET.get("state", "")
    told = rows.aggregate(
        whole=Count("pk"), done=Count("pk", filter=Q(share__isnull=False)), mean=Avg("share")
    )
    if state == "waiting":
        rows = rows.filter(share=None)
    elif state == "done":
        rows = rows.exclude(share=None)
    context = {
        "assessment": assessment,
        "draw": held,
        "page": page_of(
            request,
            rows.select_related("unit__organization", "inspection__enterprise", "draw"),
            ("position", "id"),
        ),
        "told": told,
        "waiting": told["whole"] - told["done"],
        "state": state,
        "form": form,
        "may_draw": held is None
        and assessment.status == Status.RUNNING
        and runs(user, assessment.organization_id),
        "lines": lines_of(held.form) if held else [],
    }
    return render(request, "assessment/files.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def detail(request: Request, pk: int) -> HttpResponse:
    """One file: what the form asks, what was found, the inspection itself one click away."""
    user = user_of(request)
    file = CaseFile.objects.filter(pk=pk).select_related("draw__assessment").first()
    if file is None or file.draw.assessment.audience != Audience.OFFICERS:
        raise Http404
    file = get_object_or_404(
        seen_files(request, file.draw.assessment).select_related(
            "draw__assessment__organization",
            "unit__organization",
            "inspection__enterprise",
            "inspection__organization",
        ),
        pk=pk,
    )
    lines = lines_of(file.draw.form)
    reviews = list(file.reviews.select_related("by"))
    last = reviews[-1] if reviews else None
    may = may_review_file(user, file)
    initial: dict[str, Any] = {"text": last.text} if last else {}
    for key, points, remark in last.lines if last else []:
        initial |= {f"points-{key}": Decimal(points), f"remark-{key}": remark}
    form = FileReviewForm(request.POST or None, lines=lines, **initial)
    status = 200
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        status = 422
        if form.is_valid():
            try:
                actions.review_file(
                    file, points=form.points(lines), remarks=form.remarks(lines), text=form.cleaned_data["text"],
                    evidence=files_in(request, "evidence"), by=user,
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "评查意见已保存")
                return redirect("assessment:files", file.draw.assessment_id)
    shown = files_of.of_many(reviews)
    context = {
        "file": file,
        "unit": file.unit,
        "assessment": file.draw.assessment,
        "may": may,
        "form": form if may else None,
        "reviews": [_shown(row, lines, shown) for row in reversed(reviews)],
        "upload_url": reverse("attachments:upload"),
        "members": file.inspection.members.all(),
        "papers": _papers(file),
    }
    return render(request, "assessment/file.html", context, status=status)


def _papers(file: CaseFile) -> Any:
    from bihuan.papers.models import Paper

    return Paper.objects.filter(subject=chain_of(file.inspection)).order_by("pk")[:20]


def _shown(row: FileReview, lines: Any, evidence: Any) -> dict[str, Any]:
    given = {key: (Decimal(points), remark) for key, points, remark in row.lines}
    kept = evidence.get(chain_of(row), {}).get("evidence", [])
    return {
        "row": row,
        "lines": [(line, *given.get(line.key, (Decimal(0), ""))) for line in lines],
        "photos": files_of.photo_items(kept),
        "files": documents(kept),
    }


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def material(request: Request, pk: int) -> HttpResponse:
    """The material anybody recomputes the draw from, for whoever arranges or oversees the assessment."""
    assessment = round_or_404(request, pk)
    if not Assessment.objects.overseen_by(user_of(request)).filter(pk=assessment.pk).exists():
        raise PermissionDenied
    held = get_object_or_404(FileDraw, assessment=assessment)
    text = json.dumps(actions.published(held), ensure_ascii=False, indent=1, sort_keys=True)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="file-draw-{assessment.pk}.json"'
    return answer
