"""The risks of an enterprise: chemicals, units with their sum, risk points, grade."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, amount, paginate
from bihuan.rules import assessments, enterprisegrades, majorhazards
from bihuan.rules.risk import risk_colour

from .. import diagnoses, grading, policies, risks
from ..access import edit_scope
from ..lists import SHARING_PERMISSION
from ..models import Chemical, Enterprise, MajorUnit, RiskAssessment, RiskColour, RiskPoint, RiskProfile
from ..riskforms import (
    AccidentForm,
    AssessForm,
    ChemicalForm,
    DiagnosisForm,
    OverrideForm,
    ProfileForm,
    RiskPointForm,
    UnitForm,
)
from . import user_of
from .acting import editable, form_page, trail_of, visible

SIZE = 50
EITHER = ["GET", "HEAD", "POST"]


@require_safe
@require(Permission.VIEW_REGISTRY)
def overview(request: Request, pk: int) -> HttpResponse:
    """Everything that makes the place dangerous, and the grade that follows."""
    return _overview(request, visible(request, pk))


def _overview(request: Request, enterprise: Enterprise, **forms: Any) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    may_edit = edit_scope(user).covers(enterprise)
    units = [
        {
            "unit": unit,
            "standing": risks.standing(unit),
            "tone": risks.tone_of(unit),
            "filing": risks.filing_words(unit, on=today),
        }
        for unit in enterprise.major_units.filter(is_active=True)
    ]
    gradings = list(enterprise.gradings.select_related("by")[:10])
    current = next((each for each in gradings if each.is_current), None)
    return render(
        request,
        "registry/risks.html",
        {
            "enterprise": enterprise,
            "flags": risks.flag_reasons(enterprise, on=today),
            "chemicals": enterprise.chemicals.select_related("unit", "premises").order_by(
                "-is_present", "id"
            ),
            "units": units,
            "points": enterprise.risk_points.order_by("-is_active", "id"),
            "current": current,
            "grade_steps": enterprisegrades.lines(current.explanation) if current else [],
            "gradings": gradings,
            "levers": grading.what_would_change(enterprise, on=today),
            "reckoned": grading.reckoned(enterprise, on=today),
            "accidents": enterprise.past_accidents.all(),
            "diagnoses": _diagnoses(enterprise),
            "may_edit": may_edit,
            "profile_form": forms.get("profile")
            or ProfileForm(instance=RiskProfile.objects.filter(enterprise=enterprise).first()),
            "accident_form": forms.get("accident") or AccidentForm(prefix="accident"),
            "override_form": forms.get("override") or OverrideForm(),
            "diagnosis_form": forms.get("diagnosis") or DiagnosisForm(prefix="diagnosis"),
            "trail": trail_of(enterprise, ("风险", "")),
        },
        status=422 if forms else 200,
    )


def _diagnoses(enterprise: Enterprise) -> list[dict[str, Any]]:
    """What experts found, the latest first; of the current one also until when it holds."""
    today = timezone.localdate()
    return [
        {
            "row": row,
            "words": diagnoses.words_of(row),
            "standing": diagnoses.standing(row, on=today) if row.is_current else ("", ""),
        }
        for row in enterprise.diagnoses.all()[:10]
    ]


def _page(pk: int) -> str:
    return reverse("registry:risks", args=[pk])


@require_POST
@require(Permission.VIEW_REGISTRY)
def profile(request: Request, pk: int) -> HttpResponse:
    enterprise = editable(request, pk)
    row = RiskProfile.objects.filter(enterprise=enterprise).first()
    form = ProfileForm(request.POST, instance=row)
    if not form.is_valid():
        return _overview(request, enterprise, profile=form)
    risks.save_profile(enterprise, form.cleaned_data, by=user_of(request))
    messages.success(request, "风险概况已保存")
    return redirect(_page(pk))


@require_POST
@require(Permission.VIEW_REGISTRY)
def accident(request: Request, pk: int) -> HttpResponse:
    enterprise = editable(request, pk)
    form = AccidentForm(request.POST, prefix="accident")
    if form.is_valid():
        try:
            grading.record_accident(enterprise, by=user_of(request), **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "事故已登记，企业分级请重新计算")
            return redirect(_page(pk))
    return _overview(request, enterprise, accident=form)


@require_POST
@require(Permission.VIEW_REGISTRY)
def grade(request: Request, pk: int) -> HttpResponse:
    """Keep the reckoned grade, or what experts say instead."""
    enterprise = editable(request, pk)
    user = user_of(request)
    if request.POST.get("action") != "override":
        made = grading.regrade(enterprise, by=user)
        messages.success(request, f"已按现有情况计算，定为{made.grade}级")
        return redirect(_page(pk))
    form = OverrideForm(request.POST)
    if form.is_valid():
        try:
            grading.override_grade(enterprise, by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已按专家意见调整分级")
            return redirect(_page(pk))
    return _overview(request, enterprise, override=form)


@require_POST
@require(Permission.VIEW_REGISTRY)
def diagnosis(request: Request, pk: int) -> HttpResponse:
    """Keep what experts found of the whole; it sets the grade."""
    enterprise = editable(request, pk)
    form = DiagnosisForm(request.POST, prefix="diagnosis")
    if form.is_valid():
        try:
            made = diagnoses.record_diagnosis(enterprise, by=user_of(request), **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"评估诊断已登记：{diagnoses.words_of(made)}")
            return redirect(_page(pk))
    return _overview(request, enterprise, diagnosis=form)


# --- chemicals -------------------------------------------------------------------------------------


@require_http_methods(EITHER)
@require(Permission.VIEW_REGISTRY)
def new_chemical(request: Request, pk: int) -> HttpResponse:
    return _chemical(request, editable(request, pk), None)


@require_http_methods(EITHER)
@require(Permission.VIEW_REGISTRY)
def chemical(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(Chemical, pk=pk)
    return _chemical(request, editable(request, row.enterprise_id), row)


def _chemical(request: Request, enterprise: Enterprise, row: Chemical | None) -> HttpResponse:
    form = ChemicalForm(request.POST or None, instance=_copy(row), enterprise=enterprise)
    return form_page(
        request,
        form,
        lambda: risks.save_chemical(enterprise, form.cleaned_data, by=user_of(request), chemical=row),
        title=f"修改“{row}”" if row else "登记危险化学品",
        lead="填写后，所在单元的S值和R值随即重算。",
        done="危险化学品已保存",
        back=_page(enterprise.pk),
        enterprise=enterprise,
    )


def _copy(row: Any) -> Any:
    """Another instance of the row for a form to write into: the action compares with the row as it is."""
    return type(row)._base_manager.get(pk=row.pk) if row is not None else None


# --- major-hazard units ----------------------------------------------------------------------------


@require_http_methods(EITHER)
@require(Permission.VIEW_REGISTRY)
def new_unit(request: Request, pk: int) -> HttpResponse:
    return _unit_form(request, editable(request, pk), None)


@require_http_methods(EITHER)
@require(Permission.VIEW_REGISTRY)
def edit_unit(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(MajorUnit, pk=pk)
    return _unit_form(request, editable(request, row.enterprise_id), row)


def _unit_form(request: Request, enterprise: Enterprise, row: MajorUnit | None) -> HttpResponse:
    form = UnitForm(request.POST or None, instance=_copy(row), enterprise=enterprise)

    def act() -> None:
        risks.save_unit(enterprise, form.values(), by=user_of(request), unit=row, guardians=form.guardians())

    return form_page(
        request,
        form,
        act,
        title=f"修改单元“{row}”" if row else "登记单元",
        lead="先登记单元，再把危险化学品归入单元；S值、R值和级别由系统计算并写明每一步。",
        done="单元已保存并重新计算",
        back=row.get_absolute_url() if row else _page(enterprise.pk),
        enterprise=enterprise,
    )


@require_safe
@require(Permission.VIEW_REGISTRY)
def unit(request: Request, pk: int) -> HttpResponse:
    """One unit with every term of S and R."""
    row = get_object_or_404(MajorUnit, pk=pk)
    enterprise = visible(request, row.enterprise_id)
    tone, filing = risks.filing_words(row, on=timezone.localdate())
    facts = [
        {"label": "单元类型", "value": row.get_kind_display()},
        {"label": "S值", "value": row.s},
        {"label": "R值", "value": row.r},
        {"label": "结论", "value": risks.standing(row), "badge_tone": risks.tone_of(row)},
        {"label": "500米内常住人口", "value": "" if row.population is None else f"{row.population}人"},
        {"label": "安全评估", "value": row.evaluated_on},
        {"label": "下次评估期限", "value": row.reevaluate_by},
        {"label": "备案", "value": filing, "badge_tone": tone},
        {"label": "备案编号", "value": " ".join(filter(None, (row.filing_no, row.filed_with)))},
    ]
    return render(
        request,
        "registry/unit.html",
        {
            "unit": row,
            "enterprise": enterprise,
            "facts": facts,
            "sum": row.explanation or None,
            "steps": majorhazards.conclusions(row.explanation) if row.explanation else [],
            "guardians": row.guardians.all(),
            "chemicals": row.chemicals.filter(is_present=True),
            "may_edit": edit_scope(user_of(request)).covers(enterprise),
            "trail": trail_of(enterprise, ("风险", _page(enterprise.pk)), (row.name, "")),
        },
    )


# --- risk points -----------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_REGISTRY)
def points(request: Request) -> HttpResponse:
    """Every risk point the person may see, the colours first asked for."""
    seen = Enterprise.objects.visible_to(user_of(request)).values("pk")
    rows = RiskPoint.objects.filter(enterprise__in=seen, is_active=True)
    colour = request.GET.get("colour", "")
    if colour in RiskColour.values:
        rows = rows.filter(colour=colour)
    related = rows.select_related("enterprise__locality")
    try:
        page = paginate(related, order=("-id",), cursor=request.GET.get("cursor"), size=SIZE)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    views = [{"label": "全部", "url": request.path, "active": not colour}] + [
        {"label": f"{label}色", "url": f"?colour={key}", "active": key == colour}
        for key, label in RiskColour.choices
    ]
    context = {
        "page": page,
        "views": views,
        "total": amount(rows, "个"),
        "colour": colour if colour in RiskColour.values else "",
        "may_share": user_of(request).has_perm(SHARING_PERMISSION),
    }
    return render(request, "registry/risk_points.html", context)


@require_http_methods(EITHER)
@require(Permission.VIEW_REGISTRY)
def new_point(request: Request, pk: int) -> HttpResponse:
    return _point_form(request, editable(request, pk), None)


@require_http_methods(EITHER)
@require(Permission.VIEW_REGISTRY)
def edit_point(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(RiskPoint, pk=pk)
    return _point_form(request, editable(request, row.enterprise_id), row)


def _point_form(request: Request, enterprise: Enterprise, row: RiskPoint | None) -> HttpResponse:
    form = RiskPointForm(request.POST or None, instance=_copy(row), enterprise=enterprise)
    return form_page(
        request,
        form,
        lambda: risks.save_point(enterprise, form.cleaned_data, by=user_of(request), point=row),
        title=f"修改风险点“{row}”" if row else "登记风险点",
        done="风险点已保存，请逐一评价其中的危险源",
        back=row.get_absolute_url() if row else _page(enterprise.pk),
        enterprise=enterprise,
    )


@require_http_methods(EITHER)
@require(Permission.VIEW_REGISTRY)
def point(request: Request, pk: int) -> HttpResponse:
    """One risk point: its dangers as judged, and the form to judge another or the same anew."""
    newest = RiskAssessment.objects.select_related("by").order_by("-is_current", "-id")
    row = get_object_or_404(RiskPoint.objects.prefetch_related(Prefetch("assessments", newest)), pk=pk)
    if request.method == "POST":
        enterprise = editable(request, row.enterprise_id)
    else:
        enterprise = visible(request, row.enterprise_id)
    form = AssessForm(request.POST or None, place=enterprise.locality_id)
    judged = [
        {"row": each, "sentence": assessments.sentence(each.explanation)} for each in row.assessments.all()
    ]
    current = {each.danger: each.colour for each in row.assessments.all() if each.is_current}
    return form_page(
        request,
        form,
        lambda: risks.assess(row, by=user_of(request), **form.wanted()),
        title=row.name,
        done="评价已保存，等级随即更新",
        back=row.get_absolute_url(),
        enterprise=enterprise,
        submit="保存评价",
        template="registry/risk_point.html",
        extra={
            "point": row,
            "judged": judged,
            "why": assessments.grade_risk_point(current)[1],
            "grid": policies.matrix_grid(enterprise.locality_id, timezone.localdate()),
            "facts": [
                {"label": "风险点类型", "value": row.get_kind_display()},
                {"label": "管控层级", "value": risk_colour(row.colour).controlled_at if row.colour else ""},
                {"label": "部位", "value": row.place},
                {"label": "可能后果", "value": row.outcome},
                {"label": "管控措施", "value": row.measures},
                {"label": "责任人", "value": row.responsible},
            ],
            "may_edit": edit_scope(user_of(request)).covers(enterprise),
            "trail": trail_of(enterprise, ("风险", _page(enterprise.pk)), (row.name, "")),
        },
    )
