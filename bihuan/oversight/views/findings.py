"""Findings of supervision: the list, one with what becomes of it, what comes back, coverage of the month."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.hazards.models import Hazard
from bihuan.jobs.handing import take_away

from .. import actions, forms
from ..exporting import COVERAGE, FINDINGS
from ..models import OversightFinding
from ..models.findings import ORIGINS
from ..queries import coverage as covering
from ..queries import findings as rows_of
from ..rhythm import next_period, period_of, previous_period
from ..standing import finding_moves, holds, may_move_finding
from ..workflow import FindingMove
from . import Panel, events_of, month_of, page_of, photos_of, user_of
from .rounds import SEES

NAMES = ("state", "level", "round", "visit", "owner", "code", "origin", "reception", "region", "month")


def finding_or_404(request: Request, pk: int) -> OversightFinding:
    rows = OversightFinding.objects.visible_to(user_of(request)).select_related(
        "organization", "enterprise", "hazard", "found_by", "found_organization",
        "visit__round__organization", "visit__organization", "district_visit__district", "reception__organization", "locality",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


def _chosen(request: Request) -> dict[str, str]:
    return {name: request.GET[name] for name in NAMES if request.GET.get(name)}


@require_safe
@require(*SEES)
def index(request: Request) -> HttpResponse:
    user, today, chosen = user_of(request), timezone.localdate(), _chosen(request)
    rows = rows_of.findings_of(user, chosen, on=today)
    whole = rows_of.findings_of(
        user, {key: value for key, value in chosen.items() if key != "state"}, on=today
    )
    page = page_of(
        request,
        rows.select_related(
            "organization", "enterprise", "hazard", "locality", "visit__round", "district_visit", "reception"
        ),
        ("-id",),
    )
    rest = {key: value for key, value in chosen.items() if key != "state"}

    def url(state: str) -> str:
        return f"{reverse('oversight:findings')}?{urlencode(rest | ({'state': state} if state else {}))}"

    context = {
        "page": page,
        "chosen": Asked(request),
        "states": rows_of.STATES.items(),
        "levels": OversightFinding.Level.choices,
        "origins": ORIGINS.items(),
        "standing": rows_of.standing(whole, on=today),
        "urls": {each: url(each) for each in ("open", "overdue", "closed")} | {"all": url("")},
        "today": today,
        "query": urlencode(chosen),
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "oversight/findings.html", context)


@require_safe
@require(*SEES)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, finding_or_404(request, pk))


def _show(
    request: Request, finding: OversightFinding, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    moves = finding_moves(user, finding)
    replies = list(finding.replies.select_related("by"))
    verdicts = list(finding.verdicts.select_related("by"))
    photos = files.of_many([*replies, *verdicts])
    hazard = finding.hazard
    context = {
        "finding": finding,
        "panels": [each.told(wrong) for each in _panels(finding, moves, user)],
        "act_view": "oversight:finding_act",
        "pk": finding.pk,
        "upload_url": reverse("attachments:upload"),
        "found_photos": files.photo_items(files.of(finding, "found")),
        "replies": [
            (each, files.photo_items(photos.get(f"oversight.findingreply:{each.pk}", {}).get("reply", [])))
            for each in replies
        ],
        "verdicts": [
            (
                each,
                files.photo_items(photos.get(f"oversight.findingverdict:{each.pk}", {}).get("verdict", [])),
            )
            for each in verdicts
        ],
        "sees_hazard": hazard is not None and Hazard.objects.visible_to(user).filter(pk=hazard.pk).exists(),
        "earlier": rows_of.earlier(finding, user),
        "events": events_of(finding, finding.transitions.select_related("by"), FindingMove),
        "is_overdue": finding.is_overdue(on=today),
        "today": today,
    }
    return render(request, "oversight/finding.html", context, status=422 if wrong else 200)


def _panels(finding: OversightFinding, moves: list[str], user: Any) -> list[Panel]:
    found = []
    if FindingMove.REPLY in moves:
        found.append(Panel("reply", "报整改情况", "报整改", forms.ReplyForm(), photos=True, is_open=True))
    if FindingMove.PASS in moves:
        found.append(Panel("verify", "核验", "提交核验", forms.VerdictForm(), photos=True, is_open=True))
    if (
        FindingMove.ENTER in moves
        and finding.enterprise_id
        and holds(user, Permission.CONDUCT_INSPECTION, finding.found_organization_id)
        and holds(user, Permission.MANAGE_OVERSIGHT, finding.found_organization_id)
    ):
        found.append(Panel("enter", "录入隐患台账", "录入", forms.EnterForm(), is_open=True))
    if FindingMove.EXTEND in moves:
        found.append(Panel("extend", "延期", "延期", forms.ExtendForm()))
    if FindingMove.REOPEN in moves:
        found.append(Panel("reopen", "没有真正解决，重新整改", "重新整改", forms.ReasonForm()))
    if FindingMove.WITHDRAW in moves:
        found.append(Panel("withdraw", "撤销这个问题", "撤销", forms.ReasonForm(), danger=True))
    return found


FORMS: dict[str, type[django_forms.Form]] = {
    "reply": forms.ReplyForm,
    "verify": forms.VerdictForm,
    "enter": forms.EnterForm,
    "extend": forms.ExtendForm,
    "reopen": forms.ReasonForm,
    "withdraw": forms.ReasonForm,
}
_MOVES = {
    "reply": FindingMove.REPLY,
    "verify": FindingMove.PASS,
    "enter": FindingMove.ENTER,
    "extend": FindingMove.EXTEND,
    "reopen": FindingMove.REOPEN,
    "withdraw": FindingMove.WITHDRAW,
}


@require_POST
@require(*SEES)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page."""
    finding, user = finding_or_404(request, pk), user_of(request)
    if key not in FORMS:
        raise Http404
    if not may_move_finding(user, _MOVES[key], finding):
        raise PermissionDenied
    form = FORMS[key](request.POST)
    if not form.is_valid():
        return _show(request, finding, (key, form))
    given = form.cleaned_data
    try:
        match key:
            case "reply":
                actions.reply(finding, photos=photos_of(request), by=user, **given)
                words = "已报整改，等待核验"
            case "verify":
                passed = given.pop("passed") == "1"
                actions.verify(finding, passed=passed, photos=photos_of(request), by=user, **given)
                words = "核验通过，已销号" if passed else "已退回整改，期限重新起算"
            case "enter":
                actions.enter_ledger(finding, by=user, **given)
                words = "已录入隐患台账"
            case "extend":
                actions.extend_finding(finding, by=user, **given)
                words = "已延期"
            case "reopen":
                actions.reopen(finding, by=user, **given)
                words = "已重新交办"
            case _:
                actions.withdraw(finding, by=user, **given)
                words = "已撤销，记录保留"
    except Refused as error:
        form.add_error(None, str(error))
        return _show(request, finding_or_404(request, pk), (key, form))
    messages.success(request, words)
    return redirect(finding)


@require_safe
@require(Permission.VIEW_OVERSIGHT)
def recurrent(request: Request) -> HttpResponse:
    """What was found again at the same body within the look-back."""
    user, today = user_of(request), timezone.localdate()
    context = {"rows": rows_of.recurrent(user, on=today), "since": rows_of.since(today)}
    return render(request, "oversight/recurrent.html", context)


@require_safe
@require(Permission.VIEW_OVERSIGHT)
def coverage(request: Request) -> HttpResponse:
    """Who has been visited in a month, who has not, who is late, by name (R108)."""
    user, today, month = user_of(request), timezone.localdate(), month_of(request)
    covers = covering.coverage(user, month, on=today)
    months, each = [], period_of("month", today)
    for _ in range(6):
        months.append(each)
        each = previous_period("month", each)
    order = {"late": 0, "missing": 1, "planned": 2, "done": 3}
    context = {
        "month": month,
        "earlier": previous_period("month", month),
        "later": next_period("month", month),
        "covers": sorted(covers, key=lambda one: order[one.state]),
        "counts": covering.tally(covers),
        "late": [one for one in covers if one.state == "late"],
        "areas": covering.map_areas(covers, month),
        "legend": covering.LEGEND,
        "months": covering.months_covered(user, months, on=today),
        "today": today,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "oversight/coverage.html", context)


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Findings as a sheet."""
    chosen = _chosen(request)
    words = rows_of.STATES.get(chosen.get("state", ""), "全部")
    return take_away(
        request, FINDINGS, query=urlencode(chosen), said=words, back=reverse("oversight:findings")
    )


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export_coverage(request: Request) -> HttpResponseBase:
    """The coverage of a month as a sheet."""
    month = month_of(request)
    return take_away(
        request,
        COVERAGE,
        query=urlencode({"month": f"{month.first:%Y-%m}"}),
        said=month.words,
        back=reverse("oversight:coverage"),
    )
