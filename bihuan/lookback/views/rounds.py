"""Rounds and their checks: list, plan, one round with its rates, one check on a phone."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request, content_disposition
from bihuan.core.paging import BadCursor, paginate
from bihuan.core.templatetags.bihuan import percent
from bihuan.duties.models import Duty
from bihuan.jobs.handing import take_away
from bihuan.rules.clocks import limit

from .. import actions, forms, queries
from ..exporting import CHECKS
from ..models import LookbackCheck, LookbackRound
from ..standing import may_judge, may_reopen, organizer, runs, sees_inspectors
from ..workflow import VERDICTS, CheckStatus, RoundMove, RoundStatus, Stratify, Target
from . import user_of
from .places import events_of, place


@require_safe
@require(Permission.VIEW_LOOKBACK)
def index(request: Request) -> HttpResponse:
    """Every round one may see."""
    user = user_of(request)
    rows = LookbackRound.objects.visible_to(user).select_related("organization", "region")
    if request.GET.get("status") in RoundStatus.values:
        rows = rows.filter(status=request.GET["status"])
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=30)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "statuses": RoundStatus.choices,
        "given": Asked(request),
        "today": timezone.localdate(),
        "may_run": organizer(user) is not None,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "lookback/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.RUN_LOOKBACK)
def create(request: Request) -> HttpResponse:
    """Plan a round: see how many would be drawn from which strata, then promise."""
    user, today = user_of(request), timezone.localdate()
    body = organizer(user)
    if body is None:
        raise PermissionDenied
    target = request.POST.get("target") or request.GET.get("target", "")
    target = target if target in Target.values else Target.CLOSED
    initial = {
        "region": body.region_id[:4] if body.kind == Organization.Kind.DEPARTMENT else body.region_id,
        "closed_from": today - dt.timedelta(days=90), "closed_to": today, "minimum": limit("lookback.minimum", today),
        "unseen_months": 12,
    }  # fmt: skip
    form = forms.RoundForm(request.POST or None, user=user, body=body, target=target, initial=initial)
    plan, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data | {"target": target}
            try:
                if "plan" in request.POST:
                    shown = {name: given[name] for name in given if name not in {"title", "public_value_of"}}
                    region = shown.pop("region")
                    plan = actions.plan_round(organizer(user, region) or body, region, **shown)
                    status = 200
                else:
                    held = actions.announce_round(by=user, **given)
                    messages.success(request, "已公布承诺值，名单已经固定，可以公布种子抽取")
                    return redirect(held)
            except Refused as error:
                form.add_error(None, str(error))
    return render(
        request,
        "lookback/create.html",
        {
            "form": form,
            "plan": plan,
            "named": sees_inspectors(user),
            "target": target,
            "targets": Target.choices,
            "unit": "家" if target == Target.BLIND else "条",
        },
        status=status,
    )


def round_or_404(request: Request, pk: int) -> LookbackRound:
    rows = LookbackRound.objects.visible_to(user_of(request)).select_related(
        "organization", "region", "campaign", "announced_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_LOOKBACK)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, round_or_404(request, pk))


def _show(request: Request, held: LookbackRound, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    user = user_of(request)
    rows, whole = queries.rates_of(held)
    named = sees_inspectors(user)
    given = {name: str(value) for name, value in request.GET.items()}
    try:
        page = paginate(
            queries.checks(user, given, held).select_related(
                "hazard", "enterprise", "locality", "organization", "stratum"
            ),
            order=("position", "id"), cursor=request.GET.get("cursor"), size=50,
        )  # fmt: skip
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    mine = runs(user, held)
    panels: list[tuple[str, str, str, Any]] = []
    if mine and held.status == RoundStatus.ANNOUNCED:
        panels += [
            ("draw", "公布种子，抽取", "抽取", forms.DrawForm()),
            ("cancel", "取消这一轮", "取消这一轮", forms.ReasonForm()),
        ]
    if mine and held.status == RoundStatus.CHECKING:
        if whole.judged + whole.unclear < whole.planned:
            bodies = actions.bodies_to_hand(held)
            said = "交给属地或别的单位检查" if held.is_blind else "交给别的单位抽查"
            panels.append(("hand", said, "交办", forms.HandForm(held=held, bodies=bodies)))
        else:
            panels.append(("finish", "完成这一轮", "完成", forms.ConcludeForm()))
    if wrong is not None:
        panels = [
            (key, title, button, wrong[1] if key == wrong[0] else form) for key, title, button, form in panels
        ]
    for key, _, _, form in panels:
        form.auto_id = f"id_{key}_%s"
    by_inspector = held.stratify == Stratify.INSPECTOR
    context = {
        "held": held,
        # Strata of inspectors are names: offices only.
        "rates": [] if by_inspector and not named else rows,
        "whole": whole,
        "share": percent(whole.interval.share),
        "span": f"{percent(whole.interval.low)} 至 {percent(whole.interval.high)}，置信度 {held.confidence}%"
        if whole.judged else "还没有可以判断的",
        "inspectors": queries.by_inspector(held) if named and not held.is_blind else [],
        "page": page,
        "given": Asked(request),
        "statuses": [
            (CheckStatus.WAITING.value, CheckStatus.WAITING.label),
            *((each.value, each.label) for each in VERDICTS[held.target]),
            ("judged", "已判断"),
        ],
        "hit": CheckStatus.FOUND if held.is_blind else CheckStatus.REBOUNDED,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "today": timezone.localdate(),
        "shows_stratum": not by_inspector or named,
        "duties": list(
            Duty.objects.open().visible_to(user).filter(subject=chain_of(held)).select_related("organization")
        ),
        "to_reopen": queries.checks(user, {"reopen": "1"}, held).count(),
        "is_open": held.status in {RoundStatus.CHECKING, RoundStatus.FINISHED},
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        "events": [
            {
                "at": f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}", "what": RoundMove(line.move).label,
                "who": line.by.full_name, "note": line.reason,
            }
            for line in held.transitions.select_related("by").order_by("-id")
        ],
    }  # fmt: skip
    return render(request, "lookback/round.html", context, status=422 if wrong else 200)


@require_POST
@require(Permission.RUN_LOOKBACK)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """Draw, hand over, finish or cancel."""
    held, user = round_or_404(request, pk), user_of(request)
    if key not in {"draw", "hand", "finish", "cancel"}:
        raise Http404
    if not runs(user, held):
        raise PermissionDenied
    form: Any
    match key:
        case "draw":
            form = forms.DrawForm(request.POST)
        case "hand":
            form = forms.HandForm(request.POST, held=held, bodies=actions.bodies_to_hand(held))
        case "finish":
            form = forms.ConcludeForm(request.POST)
        case _:
            form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, held, (key, form))
    given = form.cleaned_data
    try:
        match key:
            case "draw":
                said = f"抽出 {actions.draw_round(held, by=user, **given)} {held.unit_word}，请按期抽查"
            case "hand":
                place = given["locality"].pk if given["locality"] else ""
                if given["body"] is None:
                    moved = actions.hand_to_localities(held, by=user)
                else:
                    moved = actions.hand_checks(held, given["body"], locality=place, by=user)
                said = f"已交办 {moved} {held.unit_word}"
            case "finish":
                actions.finish_round(held, by=user, **given)
                said = "这一轮回头看已完成"
            case _:
                actions.cancel_round(held, by=user, **given)
                said = "已取消"
    except Refused as error:
        form.add_error(None, str(error))
        held.refresh_from_db()
        return _show(request, held, (key, form))
    messages.success(request, said)
    return redirect(held)


@require_safe
@require(Permission.VIEW_LOOKBACK)
def material(request: Request, pk: int) -> HttpResponse:
    """What it takes to recompute the draw; strata of inspectors are given by number, not by name."""
    held = round_or_404(request, pk)
    if held.status not in {RoundStatus.CHECKING, RoundStatus.FINISHED}:
        raise Http404
    told = {
        **held.inputs, "commitment": held.commitment, "seed": held.seed, "public_value": held.public_value,
        "digest": held.inputs_digest, "target": held.target, "result": held.result,
    }  # fmt: skip
    response = HttpResponse(json.dumps(told, ensure_ascii=False, indent=1), content_type="application/json")
    response["Content-Disposition"] = content_disposition(f"回头看抽样-{held.pk}.json")
    return response


@require_safe
@require(Permission.VIEW_LOOKBACK)
def checks(request: Request) -> HttpResponse:
    """What waits for one's own bodies, across rounds."""
    user = user_of(request)
    given = {"mine": "1", "status": CheckStatus.WAITING, **{k: str(v) for k, v in request.GET.items()}}
    rows = queries.checks(user, given).select_related(
        "hazard", "enterprise", "locality", "round", "organization"
    )
    try:
        page = paginate(rows, order=("id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(
        request, "lookback/checks.html",
        {"page": page, "given": given, "statuses": CheckStatus.choices, "today": timezone.localdate()},
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_LOOKBACK)
def check(request: Request, pk: int) -> HttpResponse:
    """One closed hazard to look at again."""
    user, today = user_of(request), timezone.localdate()
    rows = LookbackCheck.objects.visible_to(user).select_related(
        "round",
        "stratum",
        "enterprise__kind",
        "hazard__check_item",
        "inspection__organization",
        "locality",
        "organization",
        "judged_by",
    )
    row = get_object_or_404(rows, pk=pk)
    if row.hazard_id is None:
        return place(request, row)
    may = may_judge(user, row)
    form, status = None, 200
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        form, status = forms.JudgeForm(request.POST), 422
        if form.is_valid():
            try:
                kept = attachments.received(
                    request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
                )
                actions.judge(
                    row,
                    by=user,
                    photos=kept,
                    signature=request.POST.get("signature", ""),
                    **form.cleaned_data,
                )
            except Refused as error:
                form.add_error(None, str(error))
                row.refresh_from_db()
            else:
                messages.success(request, f"已登记：{row.get_status_display()}")
                return redirect(row.round)
    elif may and row.status == CheckStatus.WAITING:
        form = forms.JudgeForm(initial={"checked_on": today})
    hazard = row.hazard
    assert hazard is not None
    closing = hazard.transitions.filter(to_status="closed").order_by("-id").first()
    context = {
        "check": row,
        "form": form if row.status == CheckStatus.WAITING else None,
        "may_reopen": may_reopen(user, row),
        "own_work": row.closed_by_id == user.pk,
        "closing": closing if sees_inspectors(user) else None,
        "upload_url": reverse("attachments:upload"),
        "signatures": files.signatures_of(row),
        "today": today,
        "events": events_of(row),
    }
    return render(request, "lookback/check.html", context, status=status)


@require_POST
@require(Permission.REOPEN_HAZARD)
def reopening(request: Request, pk: int) -> HttpResponse:
    """Open a hazard again that was found again."""
    row = get_object_or_404(
        LookbackCheck.objects.visible_to(user_of(request)).select_related("round", "hazard"), pk=pk
    )
    try:
        actions.reopen_found(row, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "隐患已重开，重新开始整改")
    return redirect(row)


@require_http_methods(["GET", "POST"])
@require(Permission.EXPORT_HAZARDS)
def export(request: Request) -> HttpResponseBase:
    """Checks as a sheet."""
    return take_away(
        request, CHECKS, query=request.GET.urlencode(), said="回头看抽查", back=reverse("lookback:list")
    )
