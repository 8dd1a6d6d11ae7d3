"""Cut-offs of risk: what holds where, what an office sets for its area, what that would change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.rules.enterprisegrades import GRADES
from bihuan.rules.records import load
from bihuan.rules.risk import risk_colour

from .. import diagnoses, dualprevention, policies
from ..access import edit_scope
from ..models import RiskPolicy
from ..policyforms import (
    GradeForm,
    LecForm,
    PolicyForm,
    band_rows,
    lec_content,
    matrix_content,
)
from ..regrading import by_kind, start_regrading
from ..rejudging import start_rejudging, waiting
from . import user_of

Method = RiskPolicy.Method
POLICIES = "评价口径"
_SHIPPED = {Method.LEC: "lec_policies", Method.MATRIX: "matrix_policies", Method.GRADE: "enterprise_policies"}


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    """Every method: what holds where the person sits, what offices have set, what is shipped."""
    user, today = user_of(request), timezone.localdate()
    post = user.main_post
    place = post.organization.region_id if post else ""
    local = list(policies.visible_to(user))
    groups = []
    for method in Method:
        holding = policies.in_force(method, place, today) if place else None
        groups.append(
            {
                "method": method,
                "holding": holding,
                "local": [{"policy": each, "state": _state(each)} for each in local if each.method == method],
                "shipped": [
                    {"row": row, "bands": bands_words(method, row)}
                    for row in load("assessments")[_SHIPPED[method]]
                ],
            }
        )
    context = {"groups": groups, "may_define": bool(policies.areas_of(user))}
    return render(request, "registry/policies.html", context)


def _state(policy: RiskPolicy) -> tuple[str, str]:
    """(words, tone) of whether it holds."""
    today = timezone.localdate()
    if policy.from_on > today:
        return "未起用", "yellow"
    if policy.to_on is not None and policy.to_on < today:
        return "已停用", "outline"
    return "现行", "green"


def bands_words(method: str, content: dict[str, Any]) -> list[dict[str, str]]:
    """The bands of a policy as people read them: what it is called, its colour, from where to where."""
    if method == Method.LEC:
        upper = content["inclusive_upper"]
        rows, top = [], ""
        for each in content["words"]:
            cut = each["above"]
            low = "" if cut == "0" else f"{cut}＜" if upper else f"{cut}≤"
            high = "" if not top else f"≤{top}" if upper else f"＜{top}"
            rows.append(
                {"word": each["word"], "colour": policies.colour_at(content, cut), "range": f"{low}D{high}"}
            )
            top = cut
        return rows
    if method == Method.MATRIX:
        bands = sorted(content["bands"], key=lambda band: -band["least"])
        return [
            {"word": each["word"], "colour": each["colour"], "range": f"R={each['least']}至{each['most']}"}
            for each in bands
        ]
    return [
        {"word": f"{each['grade']}级", "colour": each["colour"], "range": f"不低于{each['least']}分"}
        for each in policies.grade_bands(content)
    ]


@require_safe
@require(Permission.VIEW_REGISTRY)
def policy(request: Request, pk: int) -> HttpResponse:
    """One policy of an office, with what it would change among the judgements there are."""
    user = user_of(request)
    found = get_object_or_404(policies.visible_to(user), pk=pk)
    words, tone = _state(found)
    may_set = policies.may_set(found, user)
    facts = [
        {"label": "评价方法", "value": found.get_method_display()},
        {"label": "适用地区", "value": found.region.name},
        {"label": "状态", "value": words, "badge_tone": tone},
        {"label": "起止", "value": f"{found.from_on} 至 {found.to_on or '另行规定'}"},
        {"label": "依据文件", "value": f"{found.source}（{found.doc_no}）"},
        {"label": "经办", "value": f"{found.by.full_name} {timezone.localtime(found.at):%Y-%m-%d %H:%M}"},
    ]
    return render(
        request,
        "registry/policy.html",
        {
            "policy": found,
            "facts": facts,
            "bands": bands_words(found.method, found.content),
            "weights": weights_words(found.content) if found.method == Method.GRADE else [],
            "shifts": policies.impact(found) if may_set and found.to_on is None else [],
            "waiting": waiting(found).count() if may_set and words == "现行" else 0,
            "state": words,
            "may_set": may_set and found.to_on is None,
            "trail": [{"label": POLICIES, "url": reverse("registry:policies")}, {"label": found.label}],
        },
    )


def weights_words(content: dict[str, Any]) -> list[str]:
    """What weighs in a grade, as sentences."""
    lines = [
        f"最高风险为{risk_colour(key).label}扣{-points}分"
        if key != "unassessed"
        else f"风险尚未评价扣{-points}分"
        for key, points in content["risk"].items()
        if points
    ]
    lines += [
        f"有{'一二三四'[int(level) - 1]}级重大危险源扣{-points}分"
        for level, points in content["installation"].items()
    ]
    lines.append(
        f"涉及重点监管危险化学品扣{-content['key_chemicals']}分，危险化工工艺扣{-content['key_processes']}分"
    )
    lines.append(f"未销号重大隐患每项扣{-content['open_major']}分，最多扣{-content['open_major_most']}分")
    standard = "、".join(f"{'一二三'[int(k) - 1]}级加{v}分" for k, v in content["standardization"].items())
    lines.append(f"标准化{standard}")
    return lines + [f"{each['text']}的直接定为D级" for each in content["direct_d"]]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SET_POLICIES)
def create(request: Request, method: str) -> HttpResponse:
    """Set cut-offs, beginning from those that hold now."""
    if method not in Method.values:
        raise Http404("没有这种评价方法")
    user, today = user_of(request), timezone.localdate()
    areas = policies.areas_of(user)
    own = policies.in_force(method, areas[0], today) if areas else None
    shipped = load("assessments")[_SHIPPED[Method(method)]]
    content = own.content if own else next(row for row in shipped if row["default"])
    sent = request.POST if request.method == "POST" else None
    form: PolicyForm
    if method == Method.GRADE:
        form = GradeForm(sent, user=user, content=content)
    elif method == Method.LEC:
        form = LecForm(sent, user=user, initial={"inclusive_upper": content["inclusive_upper"]})
    else:
        form = PolicyForm(sent, user=user)
    rows = None if method == Method.GRADE else band_rows(content, method, sent)
    status = 200
    if sent is not None:
        if form.is_valid() and (rows is None or rows.is_valid()):
            try:
                made = policies.set_policy(
                    method, content=_content(form, rows, content), by=user, **form.named()
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"口径“{made}”已设定")
                return redirect(made)
        status = 422
    named = ("label", "region", "source", "doc_no", "from_on")
    return render(
        request,
        "registry/policy_form.html",
        {
            "method": Method(method),
            "form": form,
            "named": [form[name] for name in named],
            "upper": form["inclusive_upper"] if method == Method.LEC else None,
            "rows": rows,
            "groups": form.groups if isinstance(form, GradeForm) else [],
            "trail": [{"label": POLICIES, "url": reverse("registry:policies")}, {"label": "另行规定"}],
        },
        status=status,
    )


def _content(form: PolicyForm, rows: Any, before: dict[str, Any]) -> dict[str, Any]:
    if isinstance(form, GradeForm):
        return form.content(before)
    if isinstance(form, LecForm):
        return lec_content(rows, inclusive_upper=form.cleaned_data["inclusive_upper"])
    return matrix_content(rows)


@require_POST
@require(Permission.SET_POLICIES)
def end(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(policies.visible_to(user_of(request)), pk=pk)
    try:
        policies.end_policy(found, by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"口径“{found}”已停用")
    return redirect("registry:policies")


@require_POST
@require(Permission.SET_POLICIES)
def rejudge(request: Request, pk: int) -> HttpResponse:
    """Judge everything in its area anew by it, in the background."""
    found = get_object_or_404(policies.visible_to(user_of(request)), pk=pk)
    try:
        return redirect(start_rejudging(found, by=user_of(request)))
    except Refused as error:
        messages.error(request, str(error))
        return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def grades(request: Request) -> HttpResponse:
    """How enterprises are graded, by kind; the keeper may have them all reckoned anew."""
    user = user_of(request)
    if request.method == "POST":
        return redirect(start_regrading(by=user))
    keys = [*GRADES, "none"]
    rows = [
        {
            **row,
            "cells": [
                {"key": key, "label": "未分级" if key == "none" else f"{key}级", "count": row[key]}
                for key in keys
            ],
        }
        for row in by_kind(user)
    ]
    may_regrade = not edit_scope(user).is_empty
    return render(
        request,
        "registry/grades.html",
        {
            "rows": rows,
            "grades": GRADES,
            "may_regrade": may_regrade,
            "diagnosed": diagnoses.coverage(user),
            "criteria": ",".join(diagnoses.WANTED),
            "dual": dualprevention.by_scale(user),
        },
    )
