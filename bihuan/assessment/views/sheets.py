"""Score sheets: the list, one sheet with its editor and simulation, one item, adopting and retiring."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.rules import scoring

from .. import actions
from ..computing import basis_for, simulate
from ..forms import ItemForm, PublishForm, ReasonForm, TermsForm, weights_of
from ..measures import measure_of
from ..models import Sheet, SheetItem
from ..models.sheets import terms_of
from ..standing import adopts, office_run_by, runs
from ..workflow import Audience, SheetStatus, Tier
from . import page_of, user_of


def sheet_or_404(request: Request, pk: int) -> Sheet:
    rows = Sheet.objects.visible_to(user_of(request)).select_related(
        "organization", "made_by", "adopted_by", "previous"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def index(request: Request) -> HttpResponse:
    """Every sheet one may see, and the shipped ones to begin from."""
    user = user_of(request)
    rows = Sheet.objects.visible_to(user).select_related("organization")
    context = {
        "page": page_of(request, rows),
        "shipped": scoring.shipped_sheets() if office_run_by(user) else (),
        "audiences": dict(Audience.choices),
    }
    return render(request, "assessment/sheets.html", context)


@require_POST
@require(Permission.RUN_ASSESSMENT)
def start(request: Request) -> HttpResponse:
    """A draft from a shipped sheet."""
    try:
        sheet = actions.start_sheet(
            request.POST.get("key", ""), by=user_of(request), title=request.POST.get("title", "")[:120]
        )
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("assessment:sheets")
    messages.success(request, f"已起草{sheet}，请核定分值、分数线和否决条件")
    return redirect(sheet)


def rows_of(sheet: Sheet, items: list[SheetItem]) -> list[dict[str, Any]]:
    """The items as the page shows them: rule in words, measure in words."""
    rows = []
    section = None
    for item in items:
        measure = measure_of(item.measure) if item.is_computed else None
        words = ""
        try:
            rule = scoring.rule_of(item.rule_given, item.kind) if item.rule_given else None
            words = rule.words(measure.unit if measure else "") if rule else ""
        except scoring.ScoringError as error:
            words = f"计分方法有误：{error}"
        rows.append(
            {
                "item": item,
                "measure": measure,
                "words": words,
                "section": item.section if item.section != section else "",
            }
        )
        section = item.section
    return rows


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def detail(request: Request, pk: int) -> HttpResponse:
    """One sheet; a draft is edited here, and tried on the last scores before anything is decided."""
    user, sheet = user_of(request), sheet_or_404(request, pk)
    may_run = runs(user, sheet.organization_id)
    is_draft = sheet.status == SheetStatus.DRAFT
    items = list(sheet.items.all())
    form = TermsForm.of(sheet, request.POST if request.method == "POST" else None)
    status, moved, basis = 200, None, None
    problems: list[str] = []
    if request.method == "POST":
        if not may_run and not (request.POST.get("simulate") and adopts(user, sheet.organization_id)):
            raise PermissionDenied
        weights, problems = weights_of(items, request.POST)
        status = 422
        if form.is_valid() and not problems:
            try:
                if request.POST.get("simulate"):
                    basis, moved = _try(sheet, items, form, weights)
                    status = 200
                else:
                    actions.edit_sheet(
                        sheet, by=user, terms=form.terms(), weights=weights, **form.fields_of_sheet()
                    )
                    messages.success(request, "已保存")
                    return redirect(sheet)
            except Refused as error:
                form.add_error(None, str(error))
        for item in items:
            item.points_key, item.points_general = weights.get(
                item.pk, (item.points_key, item.points_general)
            )
    context = {
        "sheet": sheet,
        "form": form if may_run or adopts(user, sheet.organization_id) else None,
        "rows": rows_of(sheet, items),
        "editing": is_draft and may_run,
        "may_run": may_run,
        "may_adopt": adopts(user, sheet.organization_id),
        "is_draft": is_draft,
        "sums": _sums(sheet, items),
        "problems": problems,
        "stands_against": actions.problems_of(sheet, items) if is_draft else [],
        "publish_form": PublishForm(),
        "reason_form": ReasonForm(),
        "terms": sheet.terms,
        "moved": moved,
        "basis": basis,
        "units": {unit.pk: unit for unit in basis.units} if basis else {},
        "used_by": sheet.assessments.all()[:20],
        "transitions": sheet.transitions.select_related("by"),
    }
    if moved is not None and basis is not None:
        names = {unit.pk: unit for unit in basis.units}
        context["moved"] = [(names[each.key], each) for each in moved]
    return render(request, "assessment/sheet.html", context, status=status)


def _try(sheet: Sheet, items: list[SheetItem], form: TermsForm, weights: dict[int, Any]) -> tuple[Any, Any]:
    """Score the last snapshot under what is typed, saving nothing."""
    tried = []
    for item in items:
        one = copy(item)
        one.points_key, one.points_general = weights[item.pk]
        tried.append(one)
    try:
        terms = terms_of(form.terms())
        scoring.check_terms(terms)
        for tier in list(Tier.values) if form.cleaned_data["has_tiers"] else [Tier.KEY]:
            scoring.check_weights([item.as_item(tier) for item in tried])
        basis = basis_for(sheet, tried)
        if basis is None:
            raise Refused("还没有任何一期计分可以试算；考核启动后先做一次过程计分，再来试算")
        return basis, simulate(basis, tried, terms)
    except scoring.ScoringError as error:
        raise Refused(f"不能试算：{error}") from error


def _sums(sheet: Sheet, items: list[SheetItem]) -> dict[str, Any]:
    basics = [item for item in items if item.kind == "basic"]
    return {
        "key": sum((item.points_key for item in basics), scoring.ZERO),
        "general": sum((item.points_general for item in basics), scoring.ZERO),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.RUN_ASSESSMENT)
def item(request: Request, pk: int, item_pk: int | None = None) -> HttpResponse:
    """Add an item to a draft, change one or take it out."""
    user, sheet = user_of(request), sheet_or_404(request, pk)
    if not runs(user, sheet.organization_id):
        raise PermissionDenied
    row = get_object_or_404(sheet.items, pk=item_pk) if item_pk is not None else None
    form = ItemForm(request.POST or None, sheet=sheet, item=row)
    status = 200
    if request.method == "POST":
        status = 422
        try:
            if request.POST.get("remove") and row is not None:
                actions.remove_item(row, by=user)
                messages.success(request, f"已删除“{row.name}”")
                return redirect(sheet)
            if form.is_valid():
                saved = actions.save_item(sheet, row, by=user, **form.fields_of_item())
                messages.success(request, f"已保存“{saved.name}”")
                return redirect(sheet)
        except Refused as error:
            form.add_error(None, str(error))
    context = {"sheet": sheet, "item": row, "form": form}
    return render(request, "assessment/item.html", context, status=status)


@require_POST
@require(Permission.RUN_ASSESSMENT)
def revise(request: Request, pk: int) -> HttpResponse:
    sheet = sheet_or_404(request, pk)
    try:
        draft = actions.revise_sheet(sheet, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(sheet)
    messages.success(request, f"已起草{draft}；原来的一版在新版审定前继续有效")
    return redirect(draft)


@require_POST
@require(Permission.ADOPT_ASSESSMENT)
def publish(request: Request, pk: int) -> HttpResponse:
    sheet = sheet_or_404(request, pk)
    form = PublishForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused("请填写依据文件；施行日期写成 2026-01-01 的样子")
        actions.publish_sheet(sheet, by=user_of(request), **form.cleaned_data)
        messages.success(request, f"{sheet}已审定，可以用来考核")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(sheet)


@require_POST
@require(Permission.ADOPT_ASSESSMENT)
def retire(request: Request, pk: int) -> HttpResponse:
    sheet = sheet_or_404(request, pk)
    try:
        actions.retire_sheet(sheet, by=user_of(request), reason=request.POST.get("reason", ""))
        messages.success(request, f"{sheet}已停用")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(sheet)
