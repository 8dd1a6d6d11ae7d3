"""Circulars of a month and a unit's analysis of its quarter."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.papers.models import Paper

from .. import actions, counting, forms, wording
from ..actions.analysing import REPEATED, earlier_measures
from ..calendar import month_of, previous_month, previous_quarter, quarter_of
from ..models import SelfAnalysis, WorkCircular, WorkItem, WorkMeasure
from ..shipped import cause_labels
from ..standing import analyses, own_unit, signs_analysis, summing_body, sums
from ..workflow import AnalysisMove, AnalysisStatus, CircularMove, CircularStatus, Holding
from . import Panel, done, events_of, page_of, user_of

VIEW = Permission.VIEW_OFFICE_WORK


@require_safe
@require(VIEW)
def circulars(request: Request) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    rows = WorkCircular.objects.visible_to(user).select_related("organization", "paper")
    this = month_of(today)
    context = {
        "page": page_of(request, rows, ("-month", "-id")),
        "may_sum": summing_body(user) is not None,
        "months": [
            (f"{each:%Y-%m}", f"{each.year}年{each.month}月") for each in (previous_month(this), this)
        ],
    }
    return render(request, "office/circulars.html", context)


@require_POST
@require(Permission.CHECK_OFFICE_WORK)
def draft(request: Request) -> HttpResponse:
    """Count a month and write its circular."""
    try:
        month = dt.date.fromisoformat(f"{request.POST.get('month', '')}-01")
    except ValueError:
        month = previous_month(month_of(timezone.localdate()))
    try:
        return redirect(actions.draft_circular(month, by=user_of(request)))
    except Refused as error:
        messages.error(request, str(error))
        return redirect("office:circulars")


def circular_or_404(request: Request, pk: int) -> WorkCircular:
    rows = WorkCircular.objects.visible_to(user_of(request)).select_related(
        "organization__region", "region", "paper", "drafted_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(VIEW)
def circular(request: Request, pk: int) -> HttpResponse:
    return _show_circular(request, circular_or_404(request, pk))


def _show_circular(
    request: Request, row: WorkCircular, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user = user_of(request)
    verdict = wording.verdict_of(row)
    labels = cause_labels()

    def url(**more: str) -> str:
        return f"{reverse('office:circular_rows', args=[row.pk])}?{urlencode(more)}"

    cells = [key for key in counting.CELLS if key != "delayed"]
    table = [
        {
            "name": unit["name"],
            "cells": [(key, len(unit["cells"][key]), url(cell=key, unit=str(unit["pk"]))) for key in cells],
            "rate": counting.rate(len(unit["cells"]["finished"]), len(unit["cells"]["all"])),
            "confirm": counting.IN_TIME_WORDS[unit["confirm"]],
            "check": counting.IN_TIME_WORDS[unit["check"]],
            "bad": unit["confirm"] in ("late", "missing") or unit["check"] in ("late", "missing"),
        }
        for unit in row.figures["units"]
    ]
    whole = counting.whole_of(row.figures)
    context = {
        "row": row,
        "table": table,
        "heads": [counting.CELLS[key] for key in cells],
        "whole": [(key, counting.CELLS[key], len(whole[key]), url(cell=key)) for key in cells],
        "rate": counting.rate(len(whole["finished"]), len(whole["all"])),
        "causes": [
            (labels.get(key, "其他"), len(pks), url(cause=key))
            for key, pks in counting.causes_of(row.figures)
        ],
        "fresh": [part for part in row.sections if part["text"] != part["auto"]],
        "verdict": verdict,
        "draft_words": f"第 {row.version} 稿",
        "sees_paper": row.paper_id is not None
        and Paper.objects.visible_to(user).filter(pk=row.paper_id).exists(),
        "panels": [each.told(wrong) for each in _circular_panels(row, user)],
        "act_view": "office:circular_act",
        "pk": row.pk,
        "may_work": sums(user, row) and row.status == CircularStatus.DRAFT,
        "events": events_of(row, row.transitions.select_related("by"), CircularMove),
    }
    return render(request, "office/circular.html", context, status=422 if wrong else 200)


def _circular_panels(row: WorkCircular, user: Any) -> list[Panel]:
    if not sums(user, row) or row.status != CircularStatus.DRAFT:
        return []
    form = forms.CircularForm(sections=row.sections, initial={"title": row.title, "version": row.version})
    return [
        Panel("issue", "印发", "编号印发", forms.IssueForm(), is_open=True),
        Panel("edit", "修改文字", "保存", form),
        Panel("recount", "按现在的台账重新取数", "重新取数"),
        Panel("drop", "作废这份草稿", "作废", forms.ReasonForm(), danger=True),
    ]


@require_POST
@require(VIEW)
def act_on_circular(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of a circular."""
    row, user = circular_or_404(request, pk), user_of(request)
    if key not in ("issue", "edit", "recount", "drop"):
        raise Http404
    if not sums(user, row):
        raise PermissionDenied

    def show(wrong: tuple[str, django_forms.Form]) -> HttpResponse:
        return _show_circular(request, circular_or_404(request, pk), wrong)

    form: Any
    match key:
        case "issue":
            form = forms.IssueForm(request.POST)
            return done(
                request, key, form, lambda given: actions.issue_circular(row, by=user, **given), "已编号印发，送各单位",
                show=show, to=row,
            )  # fmt: skip
        case "edit":
            form = forms.CircularForm(request.POST, sections=row.sections)
            return done(
                request, key, form,
                lambda given: actions.edit_circular(
                    row, title=given["title"], texts=form.texts(), version=given["version"], by=user
                ),
                "已保存", show=show, to=row,
            )  # fmt: skip
        case "recount":
            return done(
                request, key, django_forms.Form(request.POST), lambda given: actions.recount_circular(row, by=user),
                "已重新取数；您改过的文字没有动", show=show, to=row,
            )  # fmt: skip
        case _:
            form = forms.ReasonForm(request.POST)
            return done(
                request, key, form, lambda given: actions.drop_circular(row, by=user, **given), "已作废", show=show,
                to="office:circulars",
            )  # fmt: skip


@require_safe
@require(VIEW)
def rows(request: Request, pk: int) -> HttpResponse:
    """The items behind one figure of a circular, as it was counted."""
    row, user = circular_or_404(request, pk), user_of(request)
    unit = row_number(request.GET.get("unit", "")) or None
    cell, cause = request.GET.get("cell", ""), request.GET.get("cause", "")
    found = counting.items_of(user, row.figures, unit=unit, cell=cell, cause=cause)
    page = page_of(
        request, found.select_related("plan__organization", "post", "owner"), ("plan_id", "position", "id")
    )
    names = {each["pk"]: each["name"] for each in row.figures["units"]}
    what = cause_labels().get(cause, "") if cause else counting.CELLS.get(cell, "")
    context = {
        "row": row,
        "page": page,
        "total": found.count(),
        "what": f"{names.get(unit, '') if unit else ''}{what}" or "事项",
        "labels": cause_labels(),
        "today": timezone.localdate(),
    }
    return render(request, "office/circular_rows.html", context)


# --- analyses --------------------------------------------------------------------------------


@require_safe
@require(VIEW)
def analysis_list(request: Request) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    rows = SelfAnalysis.objects.visible_to(user).select_related("organization")
    unit, quarter = own_unit(user), quarter_of(today)
    begun = (
        set(SelfAnalysis.objects.filter(organization=unit).values_list("quarter", flat=True))
        if unit
        else set()
    )
    context = {
        "page": page_of(request, rows, ("-quarter", "-id")),
        "unit": unit,
        "quarters": [
            (each.isoformat(), f"{each.year}年第{'一二三四'[(each.month - 1) // 3]}季度")
            for each in (previous_quarter(quarter), quarter)
            if unit is not None and each not in begun
        ],
        "today": today,
    }
    return render(request, "office/analyses.html", context)


@require_POST
@require(Permission.PLAN_OFFICE_WORK)
def begin(request: Request) -> HttpResponse:
    """Begin the analysis of a quarter of one's own unit."""
    user = user_of(request)
    unit = own_unit(user)
    if unit is None:
        raise PermissionDenied
    try:
        quarter = dt.date.fromisoformat(request.POST.get("quarter", ""))
    except ValueError:
        quarter = previous_quarter(quarter_of(timezone.localdate()))
    try:
        return redirect(actions.begin_analysis(unit, quarter, by=user))
    except Refused as error:
        messages.error(request, str(error))
        return redirect("office:analyses")


def analysis_or_404(request: Request, pk: int) -> SelfAnalysis:
    rows = SelfAnalysis.objects.visible_to(user_of(request)).select_related(
        "organization__region", "signed_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(VIEW)
def analysis(request: Request, pk: int) -> HttpResponse:
    return _show_analysis(request, analysis_or_404(request, pk))


def _show_analysis(
    request: Request, row: SelfAnalysis, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, labels = user_of(request), cause_labels()
    pks = [pk for _, own in row.figures["causes"] for pk in own]
    items = {each.pk: each for each in WorkItem.objects.filter(pk__in=pks).select_related("plan")}
    earlier = list(earlier_measures(row).select_related("analysis"))
    works = analyses(user, row) and row.status == AnalysisStatus.DRAFT
    context = {
        "row": row,
        "causes": [
            {
                "label": labels.get(key, "其他"),
                "number": len(own),
                "repeated": len(own) >= REPEATED,
                "items": [items[pk] for pk in own if pk in items][:10],
            }
            for key, own in row.figures["causes"]
        ],
        "rate": counting.rate(row.figures["finished"], row.figures["all"]),
        "earlier": [
            (
                each,
                labels.get(each.cause, "其他"),
                forms.HeldForm(auto_id=f"id_held_{each.pk}_%s")
                if works and each.judged == Holding.WAITING
                else None,
            )
            for each in earlier
        ],
        "measures": [
            (each, labels.get(each.cause, "其他"), list(each.items.select_related("plan")))
            for each in row.measures.prefetch_related("items")
        ],
        "works": works,
        "panels": [each.told(wrong) for each in _analysis_panels(row, user)],
        "act_view": "office:analysis_act",
        "pk": row.pk,
        "wrong": wrong[1].non_field_errors() if wrong and wrong[0] in ("held", "remove") else [],
        "events": events_of(row, row.transitions.select_related("by"), AnalysisMove),
        "today": timezone.localdate(),
    }
    return render(request, "office/analysis.html", context, status=422 if wrong else 200)


def _analysis_panels(row: SelfAnalysis, user: Any) -> list[Panel]:
    found: list[Panel] = []
    if row.status != AnalysisStatus.DRAFT:
        return found
    if analyses(user, row):
        found += [
            Panel(
                "write",
                "写分析",
                "保存分析",
                forms.AnalysisForm(initial={"words": row.words}),
                is_open=not row.words,
            ),
            Panel("measure", "增加改进措施", "增加", forms.MeasureForm()),
            Panel("recount", "按现在的台账重新取数", "重新取数"),
        ]
    if signs_analysis(user, row):
        found.append(Panel("sign", "签字，措施列入工作计划", "签字"))
    return found


@require_POST
@require(VIEW)
def act_on_analysis(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of an analysis."""
    row, user, asked = analysis_or_404(request, pk), user_of(request), request.POST
    if key not in ("write", "measure", "remove", "held", "recount", "sign"):
        raise Http404
    if not (signs_analysis(user, row) if key == "sign" else analyses(user, row)):
        raise PermissionDenied

    def show(wrong: tuple[str, django_forms.Form]) -> HttpResponse:
        return _show_analysis(request, analysis_or_404(request, pk), wrong)

    form: Any = django_forms.Form(asked)
    match key:
        case "write":
            form, words = forms.AnalysisForm(asked), "分析已保存"

            def act(given: dict[str, Any]) -> Any:
                return actions.write_analysis(row, by=user, **given)
        case "measure":
            form, words = forms.MeasureForm(asked), "措施已增加"

            def act(given: dict[str, Any]) -> Any:
                return actions.add_measure(row, by=user, **given)
        case "remove":
            words = "措施已删去"
            measure = _measure(asked)

            def act(given: dict[str, Any]) -> Any:
                return actions.remove_measure(row, measure, by=user)
        case "held":
            form, words = forms.HeldForm(asked), "效果已评价"
            measure = _measure(asked)

            def act(given: dict[str, Any]) -> Any:
                return actions.judge_measure(row, measure, by=user, **given)
        case "recount":
            words = "已重新取数"

            def act(given: dict[str, Any]) -> Any:
                return actions.recount_analysis(row, by=user)
        case _:
            words = "已签字，措施已列入工作计划"

            def act(given: dict[str, Any]) -> Any:
                return actions.sign_analysis(row, by=user)

    return done(request, key, form, act, words, show=show, to=row)


def _measure(asked: Any) -> WorkMeasure:
    return get_object_or_404(
        WorkMeasure.objects.select_related("analysis"), pk=row_number(asked.get("pk", ""))
    )
