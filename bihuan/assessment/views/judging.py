"""Judging: what an assessor owes, the form for one unit (made for a phone), and the office's view of differences."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.rules import scoring

from .. import actions
from ..computing import Given, judged_in, outcome_of
from ..forms import JudgeForm
from ..models import AssessedUnit, Assessor, Judgement, SelfReport, SheetItem
from ..standing import covers, may_judge, runs, seats_of
from ..workflow import Audience, ItemKind, Status
from . import documents, files_in, slice_of, user_of
from .cards import card_or_404


def seat_or_404(request: Request, pk: int) -> Assessor:
    """One's own seat, or that of the body one reviews for; nobody else judges from it."""
    rows = seats_of(user_of(request))
    return get_object_or_404(
        rows.select_related("assessment__sheet", "assessment__organization", "user", "organization"), pk=pk
    )


@require_safe
def seat(request: Request, pk: int) -> HttpResponse:
    """What is left to judge, unit by unit."""
    mine = seat_or_404(request, pk)
    items = list(mine.assessment.sheet.items.filter(measure="", kind=ItemKind.BASIC))
    judged = judged_in(mine.assessment)
    owed: dict[int, int] = {}
    for unit, _ in actions.owed_by(mine, items, judged):
        owed[unit.pk] = owed.get(unit.pk, 0) + 1
    rows = mine.assessment.units.select_related("organization", "report").order_by("tier", "pk")
    units = [
        (unit, owed.get(unit.pk, 0), sum(1 for item in items if mine.pk in judged.get((unit.pk, item.pk), Given()).shares))
        for unit in (rows if mine.user_id else rows.filter(reviewer=mine.organization_id))
        if any(may_judge(mine, unit, item) for item in items)
    ]  # fmt: skip
    # What can be judged now stands first, then what waits for its self-report, then what is done.
    waits = {
        unit.pk for unit, _, _ in units if (own := getattr(unit, "report", None)) and actions.awaits(own)
    }
    units.sort(key=lambda each: (each[1] == 0, each[0].pk in waits, each[0].pk))
    context = {
        "seat": mine,
        "assessment": mine.assessment,
        "page": slice_of(request, units, 50),
        "waits": waits,
        "waiting": len(waits),
        "left": sum(owed.values()),
        "of_heads": mine.assessment.audience == Audience.ENTERPRISES,
        "of_officers": mine.assessment.audience == Audience.OFFICERS,
        "today": timezone.localdate(),
    }
    return render(request, "assessment/seat.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def judge(request: Request, pk: int, unit_pk: int) -> HttpResponse:
    """Judge one unit: every item of the seat's sections, one form each."""
    user, mine = user_of(request), seat_or_404(request, pk)
    assessment = mine.assessment
    unit = get_object_or_404(assessment.units.select_related("organization", "assessment__sheet"), pk=unit_pk)
    if mine.user_id is None and not covers(mine, unit):
        raise Http404
    judged = judged_in(assessment, [unit])
    items = [
        item
        for item in assessment.sheet.items.filter(measure="")
        if item.kind != ItemKind.VETO
        and may_judge(mine, unit, item)
        and (item.kind != ItemKind.BASIC or item.full(unit.tier) > 0)
        and (not mine.is_third or _apart(assessment.sheet, item, judged.get((unit.pk, item.pk)), mine.pk))
    ]
    status, wrong, wrong_form = 200, 0, None
    if request.method == "POST":
        item = next((each for each in items if each.pk == row_number(request.POST.get("item", ""))), None)
        if item is None:
            raise Http404
        form = JudgeForm(request.POST, item=item, unit=unit, prefix=f"i{item.pk}")
        status, wrong, wrong_form = 422, item.pk, form
        if form.is_valid():
            given = form.cleaned_data
            try:
                actions.judge(
                    mine, unit, item, points=given.get("points") or Decimal(0), how=given["how"], text=given["text"],
                    level=given.get("level", ""), evidence=files_in(request, f"photos-{item.pk}"), by=user,
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"“{item.name}”已评分")
                return redirect(f"{reverse('assessment:judge', args=[mine.pk, unit.pk])}#item-{item.pk}")
    own = latest_of(unit, mine)
    photos = files.of_many(own.values())
    report = SelfReport.objects.filter(unit=unit).select_related("signed_by").first()
    said = {line.item_id: line for line in report.lines.all()} if report else {}
    shown = files.of_many(said.values())
    cards = [_card(item, unit, own.get(item.pk), photos) for item in items]
    for each in cards:
        line = said.get(each["item"].pk)
        kept = shown.get(chain_of(line), {}).get("evidence", []) if line else []
        each["said"] = line
        each["said_photos"], each["said_files"] = files.photo_items(kept), documents(kept)
    for each in cards:
        if each["item"].pk == wrong:
            each["form"] = wrong_form
    context = {
        "seat": mine,
        "assessment": assessment,
        "unit": unit,
        "cards": cards,
        "upload_url": reverse("attachments:upload"),
        "report": report,
        "awaits": report is not None and actions.awaits(report),
        "is_open": assessment.status == Status.RUNNING
        and not (report is not None and actions.awaits(report)),
        "today": timezone.localdate(),
    }
    return render(request, "assessment/judge.html", context, status=status)


def _apart(sheet: Any, item: SheetItem, given: Given | None, seat_pk: int) -> bool:
    state = outcome_of(sheet, item, given).state
    return state == scoring.APART or (given is not None and seat_pk in given.shares)


def latest_of(unit: AssessedUnit, seat: Assessor) -> dict[int, Judgement]:
    """The last word on each item of a unit from a seat."""
    rows = Judgement.objects.filter(unit=unit, seat=seat).select_related("by").order_by("revision")
    return {row.item_id: row for row in rows}


def _card(item: SheetItem, unit: AssessedUnit, last: Judgement | None, photos: Any) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    if last is not None:
        initial = {
            "points": scoring.plain(given_points(item, unit, last)),
            "how": last.how,
            "text": last.text,
            "level": last.level,
        }
    kept = photos.get(chain_of(last), {}).get("evidence", []) if last else []
    return {
        "item": item,
        "full": item.full(unit.tier),
        "last": last,
        "points": given_points(item, unit, last) if last else None,
        "form": JudgeForm(item=item, unit=unit, prefix=f"i{item.pk}", **initial),
        "photos": files.photo_items(kept),
        "files": documents(kept),
    }


def given_points(item: SheetItem, unit: AssessedUnit, row: Judgement) -> Decimal:
    """What a judgement gave, in points (basic items) or pieces."""
    if item.kind == ItemKind.BASIC:
        return scoring.points(item.full(unit.tier) * row.share / 100)
    return scoring.points(row.share)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT)
def overview(request: Request, pk: int) -> HttpResponse:
    """What assessors gave a unit, where they differ; the office settles, and records plus, minus and veto items."""
    user, unit = user_of(request), card_or_404(request, pk)
    assessment = unit.assessment
    if not type(assessment).objects.overseen_by(user).filter(pk=assessment.pk).exists():
        raise PermissionDenied
    may = runs(user, assessment.organization_id)
    items = list(assessment.sheet.items.filter(measure=""))
    status, wrong, wrong_form = 200, 0, None
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        item = next((each for each in items if each.pk == row_number(request.POST.get("item", ""))), None)
        if item is None:
            raise Http404
        form = JudgeForm(request.POST, item=item, unit=unit, prefix=f"i{item.pk}")
        status, wrong, wrong_form = 422, item.pk, form
        if form.is_valid():
            given = form.cleaned_data
            try:
                actions.settle(
                    unit, item, points=given.get("points") or Decimal(0), how=given["how"], text=given["text"],
                    level=given.get("level", ""), evidence=files_in(request, f"photos-{item.pk}"), by=user,
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"“{item.name}”已核定")
                return redirect(f"{reverse('assessment:judging', args=[unit.pk])}#item-{item.pk}")
    judged = judged_in(assessment, [unit])
    words = list(
        Judgement.objects.filter(unit=unit)
        .select_related("by", "item", "seat")
        .order_by("item__position", "pk")
    )
    photos = files.of_many(words)
    entries = []
    for item in items:
        if item.kind == ItemKind.BASIC and item.full(unit.tier) <= 0:
            continue
        outcome = outcome_of(assessment.sheet, item, judged.get((unit.pk, item.pk)))
        settles = item.kind != ItemKind.BASIC or outcome.state == scoring.APART
        entry_form: JudgeForm | None = None
        if may and assessment.status == Status.RUNNING and settles:
            entry_form = (
                wrong_form if item.pk == wrong else JudgeForm(item=item, unit=unit, prefix=f"i{item.pk}")
            )
        entries.append(
            {
                "item": item,
                "full": item.full(unit.tier),
                "outcome": outcome,
                "apart": outcome.state == scoring.APART,
                "words": [
                    (
                        row,
                        given_points(item, unit, row),
                        files.photo_items(photos.get(chain_of(row), {}).get("evidence", [])),
                        documents(photos.get(chain_of(row), {}).get("evidence", [])),
                    )
                    for row in words
                    if row.item_id == item.pk
                ],
                "form": entry_form,
            }
        )
    context = {
        "unit": unit,
        "assessment": assessment,
        "entries": entries,
        "may": may,
        "upload_url": reverse("attachments:upload"),
    }
    return render(request, "assessment/judging.html", context, status=status)
