"""One unit: its card that explains every point, and the rows behind each, as they were when it was frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request
from bihuan.papers.models import PaperReceipt

from .. import actions
from ..forms import ProposalForm
from ..keysets import unpack
from ..measures import Measure, measure_of
from ..models import (
    AssessedUnit,
    Assessment,
    ItemScore,
    Judgement,
    Recommendation,
    SelfReport,
    UnitScore,
)
from ..standing import (
    adopts,
    may_appeal,
    represents,
    runs,
    seats_of,
)
from ..workflow import OUT, PRIVATE, Audience, ItemKind, SnapshotKind, Status
from . import slice_of, user_of
from .rounds import chosen_snapshot, line_of


def card_or_404(request: Request, pk: int) -> AssessedUnit:
    rows = AssessedUnit.objects.visible_to(user_of(request)).select_related(
        "assessment__sheet", "assessment__organization__region", "organization__region", "paper", "person"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def card(request: Request, pk: int) -> HttpResponse:
    """One unit: every item, what it gave and why, each lost point with its rows."""
    user, unit = user_of(request), card_or_404(request, pk)
    assessment = unit.assessment
    snapshot = chosen_snapshot(request, assessment)
    score = UnitScore.objects.filter(snapshot=snapshot, unit=unit).first() if snapshot else None
    is_final = snapshot is not None and snapshot.kind == SnapshotKind.FINAL and assessment.status in OUT
    changes = {each.item_id: each for each in unit.changes.select_related("appeal", "by") if is_final}
    lines: list[dict[str, Any]] = []
    oversees = Assessment.objects.overseen_by(user).filter(pk=assessment.pk).exists()
    # Why a judged item lost its points is told to the unit once the result is out, without who judged.
    reasons = reasons_for(unit) if oversees or assessment.status in OUT else {}
    for row in score.items.select_related("item") if score else []:
        change = changes.get(row.item_id)
        got = change.new if change else row.got
        item = row.item
        lost = row.full - got if item.kind == ItemKind.BASIC and (row.applies or change) else None
        lines.append(
            {
                "row": row, "item": item, "got": got, "change": change, "lost": lost,
                "measure": measure_of(item.measure) if item.is_computed else None,
                "reasons": reasons.get(item.pk, []),
                "hit": item.kind == ItemKind.VETO and got > 0,
                "opens": bool(row.against) or bool(item.is_computed and row.counted),
            }
        )  # fmt: skip
    appeals = list(unit.appeals.select_related("item")) if assessment.status in OUT else []
    report = SelfReport.objects.filter(unit=unit).first()
    context = {
        "unit": unit,
        "assessment": assessment,
        "snapshot": snapshot,
        "snapshots": assessment.snapshots.all()[:30],
        "score": score,
        "standing": _standing_of(unit, score, is_final=is_final) if score else None,
        "lines": lines,
        "lost": sorted((each for each in lines if each["lost"]), key=lambda each: -each["lost"])[:5],
        "is_final": is_final,
        "appeals": appeals,
        "may_appeal": may_appeal(user, unit),
        "represents": represents(user, unit),
        "may_settle": runs(user, assessment.organization_id),
        "may_adopt": adopts(user, assessment.organization_id),
        "recommendations": _recommended(unit, user) if assessment.status in OUT else [],
        "shows_judging": oversees,
        "report": report,
        "receipt": PaperReceipt.objects.filter(paper=unit.paper_id).first() if unit.paper_id else None,
        "may_sign_for": bool(unit.paper_id) and assessment.audience == Audience.ENTERPRISES and represents(user, unit),
        "files": unit.files.select_related("inspection__enterprise").order_by("position")[:20] if assessment.audience == Audience.OFFICERS else [],
        "shows_rank": assessment.audience not in PRIVATE or oversees,
        "proposal_form": ProposalForm(audience=assessment.audience) if assessment.status in OUT and runs(user, assessment.organization_id) and unit.person_id != user.pk else None,
        "seat": seats_of(user).filter(assessment=assessment).order_by("pk").first() if assessment.status == Status.RUNNING else None,
    }  # fmt: skip
    return render(request, "assessment/card.html", context)


def _recommended(unit: AssessedUnit, user: User) -> list[tuple[Recommendation, bool]]:
    """What follows from the result, and whether the person may begin the paper of the talk."""
    rows = unit.recommendations.select_related("decided_by", "proposed_by", "instrument")
    for row in rows:
        row.unit = unit
    return [(row, actions.may_draft_talk(user, row)) for row in rows]


def reasons_for(unit: AssessedUnit) -> dict[int, list[Judgement]]:
    """What was seen of each judged item: everybody's last word, and the office's where it settled."""
    last: dict[tuple[int, int, bool], Judgement] = {}
    for row in Judgement.objects.filter(unit=unit).order_by("pk"):
        last[row.item_id, row.seat_id or 0, row.settles] = row
    found: dict[int, list[Judgement]] = {}
    for row in last.values():
        found.setdefault(row.item_id, []).append(row)
    return found


def _standing_of(unit: AssessedUnit, score: UnitScore, *, is_final: bool) -> dict[str, Any]:
    score.unit = unit
    return line_of(score, is_final=is_final)


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def rows(request: Request, pk: int) -> HttpResponse:
    """The rows behind one item's score, as they were when it was frozen, each leading to its record."""
    user = user_of(request)
    score = get_object_or_404(
        ItemScore.objects.filter(unit_score__unit__in=AssessedUnit.objects.visible_to(user)).select_related(
            "item__sheet", "unit_score__unit__organization", "unit_score__unit__assessment", "unit_score__snapshot"
        ),
        pk=pk,
    )  # fmt: skip
    measure = measure_of(score.item.measure) if score.item.is_computed else None
    behind = getattr(score, "behind", None)
    told: list[list[Any]] = behind.rows if behind else []
    snapshot, unit = score.unit_score.snapshot, score.unit_score.unit
    has_whole = behind is not None and bool(behind.whole)
    whole = has_whole and request.GET.get("which") == "all"
    listed = told
    if whole and behind is not None:
        wrong: dict[str, list[str]] = {}
        for key, note in told:
            wrong.setdefault(str(key), []).append(note)
        listed = [
            [key, "；".join(wrong.get(str(key), ["计入基数，没有失分"]))] for key in unpack(behind.whole)
        ]
    page = slice_of(request, listed)
    entries = linked(user, measure, page.items) if measure is not None else []
    context = {
        "has_whole": has_whole,
        "whole": whole,
        "listed": len(listed),
        "score": score,
        "item": score.item,
        "unit": unit,
        "assessment": unit.assessment,
        "snapshot": snapshot,
        "measure": measure,
        "page": page,
        "entries": entries,
    }
    return render(request, "assessment/rows.html", context)


def linked(user: User, measure: Measure, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows as they are shown: only what the person may open themselves is named and linked; the note stands for the
    rest. One query."""
    manager: Any = apps.get_model(measure.model)._default_manager
    seen = manager.visible_to(user) if hasattr(manager, "visible_to") else manager.all()
    by_key = {str(row.pk): row for row in seen.filter(pk__in=[key for key, _ in rows])} if rows else {}
    return [
        {
            "number": key,
            "note": note,
            "url": _address(by_key.get(str(key))),
            "name": _name(by_key.get(str(key))),
        }
        for key, note in rows
    ]


def _address(row: Any) -> str:
    if row is None:
        return ""
    if hasattr(row, "get_absolute_url"):
        return str(row.get_absolute_url())
    if getattr(row, "url", ""):
        return str(row.url)
    enterprise = getattr(row, "enterprise_id", None)
    return reverse("registry:detail", args=[enterprise]) if enterprise else ""


def _name(row: Any) -> str:
    """What to call a record; the note beside it says the rest."""
    if row is None:
        return "记录"
    number = getattr(row, "number", "")
    return str(number) if number and not callable(number) else str(row)[:60]
