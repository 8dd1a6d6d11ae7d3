"""What came of assessments: recommendations decided, results over the years, sheets to take away."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Holding
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.jobs.handing import take_away

from .. import actions
from ..exporting import CARDS, RANKING
from ..forms import ProposalForm
from ..models import AssessedUnit, Assessment, Recommendation
from ..workflow import Audience, Status
from . import page_of, user_of


@require_POST
@require(Permission.ADOPT_ASSESSMENT)
def recommendation(request: Request, pk: int) -> HttpResponse:
    """The leader decides what follows from a result."""
    user = user_of(request)
    row = get_object_or_404(
        Recommendation.objects.filter(unit__in=AssessedUnit.objects.visible_to(user)).select_related(
            "unit__assessment", "unit__organization"
        ),
        pk=pk,
    )
    try:
        actions.decide_recommendation(
            row, request.POST.get("decision", ""), by=user, reason=request.POST.get("reason", "")
        )
        messages.success(request, f"“{row.label}”已决定")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(row.unit)


@require_POST
@require(Permission.RUN_ASSESSMENT)
def propose(request: Request, pk: int) -> HttpResponse:
    """Propose an incentive or a restraint by hand."""
    user = user_of(request)
    unit = get_object_or_404(
        AssessedUnit.objects.visible_to(user).select_related("assessment__organization", "organization"),
        pk=pk,
    )
    form = ProposalForm(request.POST, audience=unit.assessment.audience)
    try:
        if not form.is_valid():
            raise Refused("请选择措施、写明理由；期限写成 2026-12-31 的样子")
        given = form.cleaned_data
        row = actions.propose(
            unit, given["key"], text=given["text"], why=given["why"], until=given["until"], by=user
        )
        messages.success(request, f"已提出“{row.label}”，等负责人决定")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(unit)


@require_POST
@require(Permission.DRAFT_INSTRUMENT)
def talk(request: Request, pk: int) -> HttpResponse:
    """Begin the paper of a talk that was decided on; it is checked and signed as every other."""
    user = user_of(request)
    row = get_object_or_404(
        Recommendation.objects.filter(unit__in=AssessedUnit.objects.visible_to(user)).select_related(
            "unit__assessment__organization", "unit__organization__region"
        ),
        pk=pk,
    )
    try:
        made = actions.draft_talk(row, by=user)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(row.unit)
    messages.success(request, "约谈通知书已起草，补齐时间地点后送核")
    return redirect(made)


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def records(request: Request) -> HttpResponse:
    """Final results over the years with what was decided on them: the record of units and those who led them (R125)."""
    user = user_of(request)
    units = (
        AssessedUnit.objects.visible_to(user)
        .filter(assessment__status=Status.FINAL)
        .select_related("organization", "assessment", "person", "paper")
        .prefetch_related("recommendations")
    )
    audience = request.GET.get("audience", "")
    if audience in Audience.values:
        units = units.filter(assessment__audience=audience)
    words = request.GET.get("q", "").strip()[:40]
    if words:
        units = units.filter(Q(organization__short_name__icontains=words) | Q(person_name__icontains=words))
    page = page_of(request, units)
    leaders = _leaders_then([unit for unit in page.items if unit.person_id is None])
    entries = [(unit, leaders.get(unit.pk, "")) for unit in page.items]
    context = {
        "page": page,
        "entries": entries,
        "audience": audience,
        "audiences": Audience.choices,
        "q": words,
    }
    return render(request, "assessment/records.html", context)


def _leaders_then(units: list[AssessedUnit]) -> dict[int, str]:
    """Who led each unit during the days it was assessed for. One query."""
    rows = Holding.objects.filter(
        post__organization__in=[unit.organization_id for unit in units],
        post__role__in=["department_leader", "township_leader"],
    ).select_related("user", "post")
    held = list(rows)
    found = {}
    for unit in units:
        first, last = unit.assessment.period_from, unit.assessment.period_to
        names = [
            f"{each.user.full_name}（{each.post.title}）"
            for each in held
            if each.post.organization_id == unit.organization_id
            and each.from_on <= last
            and (each.to_on is None or each.to_on >= first)
        ]
        found[unit.pk] = "、".join(names)
    return found


@require(Permission.RUN_ASSESSMENT, Permission.ADOPT_ASSESSMENT)
@require_http_methods(["GET", "POST"])
def export(request: Request, kind: str) -> HttpResponseBase:
    """The ranking, or every item of every unit, as a sheet."""
    known = {"ranking": RANKING, "cards": CARDS}.get(kind)
    pk = row_number(request.GET.get("assessment", ""))
    if known is None or not pk:
        raise Http404
    assessment = get_object_or_404(Assessment.objects.overseen_by(user_of(request)), pk=pk)
    return take_away(
        request, known, query=f"assessment={pk}", said=str(assessment), back=assessment.get_absolute_url()
    )
