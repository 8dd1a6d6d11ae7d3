"""Assessments: the list, arranging, the ranking and the course of the year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Holding, Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.core.charts import Bar, Series, bar_chart, line_chart
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions, heavy
from ..forms import AssessmentForm, AssessorForm, ReasonForm, ScopeForm, UnitForm
from ..models import (
    AssessedUnit,
    Assessment,
    ItemScore,
    ScoreChange,
    Snapshot,
    UnitScore,
)
from ..standing import (
    available,
    office_run_by,
    runs,
    seats_of,
    sees_ranking,
)
from ..workflow import OUT, PRIVATE, Audience, ItemKind, Move, ReviewBody, SnapshotKind, Status
from . import page_of, slice_of, user_of

MOST_BARS = 60
MOST_LOSSES = 3  # items named beside a unit in the ranking; its card has them all
MOST_OFFERED = 300
MANY_ALIKE = 3  # so many kept out for one reason: it is said once


def assessment_or_404(request: Request, pk: int) -> Assessment:
    rows = Assessment.objects.visible_to(user_of(request)).select_related(
        "organization__region", "sheet", "made_by", "adopted_by", "frozen_by"
    )
    return get_object_or_404(rows, pk=pk)


def run_by(request: Request, pk: int) -> Assessment:
    """An assessment the person arranges, or 403."""
    assessment = assessment_or_404(request, pk)
    if not runs(user_of(request), assessment.organization_id):
        raise PermissionDenied
    return assessment


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def index(request: Request) -> HttpResponse:
    """Every assessment one may see, newest first; those judged by oneself stand on top."""
    user = user_of(request)
    audience = request.GET.get("audience", "")
    rows = Assessment.objects.visible_to(user).select_related("organization", "sheet")
    if audience in Audience.values:
        rows = rows.filter(audience=audience)
    page = page_of(request, rows.annotate(units_count=Count("units", distinct=True)), ("-year", "-id"))
    body = office_run_by(user)
    seats = (
        seats_of(user)
        .filter(assessment__status=Status.RUNNING)
        .select_related("assessment", "organization")
        .order_by("pk")[:20]
    )
    own = (
        AssessedUnit.objects.visible_to(user)
        .filter(assessment__in=[each.pk for each in page.items])
        .filter(Q(person=user.pk) | Q(person=None, organization__in=[post.organization_id for post in user.posts]))
        .select_related("organization", "assessment")
    )  # fmt: skip
    context = {
        "page": page,
        "own": {unit.assessment_id: unit for unit in own},
        "entries": [],
        "audience": audience,
        "audiences": Audience.choices,
        "may_run": body is not None,
        "seats": seats,
    }
    mine: dict[int, AssessedUnit] = context["own"]  # type: ignore[assignment]
    context["entries"] = [(each, mine.get(each.pk)) for each in page.items]
    return render(request, "assessment/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.RUN_ASSESSMENT)
def create(request: Request) -> HttpResponse:
    user = user_of(request)
    body = office_run_by(user)
    if body is None:
        raise PermissionDenied
    form = AssessmentForm(request.POST or None, organization=body)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.create_assessment(by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已建立，请编入考核对象、指定评分人")
                return redirect("assessment:arrange", made.pk)
    return render(request, "assessment/create.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.RUN_ASSESSMENT)
def arrange(request: Request, pk: int) -> HttpResponse:
    """Units, tiers, exclusions and assessors."""
    user, assessment = user_of(request), run_by(request, pk)
    form = AssessorForm(
        request.POST if request.POST.get("what") == "assessor" else None, assessment=assessment
    )
    status = 200
    if request.method == "POST":
        try:
            said = _arrange(request, assessment, form, user)
        except Refused as error:
            messages.warning(request, str(error))
            said = "again"
        if said:
            if said != "again":
                messages.success(request, said)
            return redirect("assessment:arrange", assessment.pk)
        status = 422
    page = page_of(
        request, assessment.units.select_related("organization", "assessment__sheet", "reviewer"), ("id",)
    )
    words = request.GET.get("q", "").strip()[:40]
    by_scope = assessment.audience == Audience.ENTERPRISES
    bodies = (
        actions.bodies_for(assessment, words)
        if assessment.status == Status.DRAFT and (words or not by_scope)
        else []
    )
    context = {
        "assessment": assessment,
        "page": page,
        "units": [(unit, UnitForm(unit=unit)) for unit in page.items],
        "units_count": assessment.units.count(),
        "bodies": bodies[:MOST_OFFERED],
        "offered": len(bodies),
        "q": words,
        "people": _people_for(assessment) if assessment.audience == Audience.OFFICERS and assessment.status == Status.DRAFT else [],
        "seats": assessment.assessors.select_related("user", "organization"),
        "form": form,
        "by_scope": by_scope,
        "is_draft": assessment.status == Status.DRAFT,
        "is_open": assessment.status in {Status.DRAFT, Status.RUNNING},
        "moves": available(user, assessment),
    }  # fmt: skip
    return render(request, "assessment/arrange.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.RUN_ASSESSMENT)
def scope(request: Request, pk: int) -> HttpResponse:
    """Put hundreds of enterprises in at once: by kind, grade, place, department; first counted, then put in."""
    user, assessment = user_of(request), run_by(request, pk)
    if assessment.audience != Audience.ENTERPRISES:
        raise Http404
    form = ScopeForm(request.POST or None, organization=assessment.organization)
    found, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            if request.POST.get("what") == "add":
                try:
                    added = actions.add_chosen(
                        assessment, form.selection(), review_by=form.cleaned_data["review_by"], by=user
                    )
                except Refused as error:
                    form.add_error(None, str(error))
                else:
                    messages.success(
                        request,
                        f"已编入 {added} 家，审核单位已按“{ReviewBody(form.cleaned_data['review_by']).label}”指定",
                    )
                    return redirect("assessment:arrange", assessment.pk)
            else:
                found, status = actions.count_chosen(assessment, form.selection()), 200
    context = {
        "assessment": assessment,
        "form": form,
        "found": found,
        "is_draft": assessment.status == Status.DRAFT,
    }
    return render(request, "assessment/scope.html", context, status=status)


def _people_for(assessment: Assessment) -> list[tuple[User, Organization]]:
    """Who holds a post of a department or locality in the area, not yet in."""
    have = set(assessment.units.values_list("person_id", flat=True))
    rows = (
        Holding.objects.filter(
            to_on=None, post__is_active=True, user__is_active=True, post__organization__kind__in=["department", "locality"],
            post__organization__region__code__startswith=assessment.organization.region_id,
            post__role__in=["department_officer", "township_officer", "inspector"],
        )
        .select_related("user", "post__organization")
        .order_by("post__organization__region_id", "post__organization_id", "user__full_name", "pk")[:500]
    )  # fmt: skip
    found: dict[int, tuple[User, Organization]] = {}
    for row in rows:
        if row.user_id not in have:
            found.setdefault(row.user_id, (row.user, row.post.organization))
    return list(found.values())


def _arrange(request: Request, assessment: Assessment, form: AssessorForm, user: User) -> str:
    """Do what the form asks; returns what to say, "" when the assessor's form is wrong."""
    what = request.POST.get("what", "")
    if what == "assessor":
        if not form.is_valid():
            return ""
        given = form.cleaned_data
        seat = actions.name_assessor(
            assessment, given["user"], sections=given["sections"], is_third=given["is_third"], by=user
        )
        return f"已指定{seat.user.full_name if seat.user else ''}"
    if what == "units":
        if assessment.audience == Audience.OFFICERS:
            picked = {row_number(each) for each in request.POST.getlist("pick")}
            people = [(person, body) for person, body in _people_for(assessment) if person.pk in picked]
            return f"已加入 {actions.add_units(assessment, [], people=people, by=user)} 人"
        picked = {row_number(each) for each in request.POST.getlist("pick")}
        bodies = [each for each in actions.bodies_for(assessment) if each.pk in picked]
        if request.POST.get("all"):
            bodies = actions.bodies_for(assessment, request.GET.get("q", "").strip()[:40])
        return f"已加入 {actions.add_units(assessment, bodies, by=user)} 个单位"
    if what in {"unit", "remove"}:
        unit = get_object_or_404(
            assessment.units.select_related("assessment__sheet", "organization"), pk=row_number(request.POST.get("unit", ""))
        )  # fmt: skip
        if what == "remove":
            actions.remove_unit(unit, by=user)
            return "已移出"
        unit_form = UnitForm(request.POST, unit=unit)
        if not unit_form.is_valid():
            raise Refused("请选择层级；不参加排名的理由不超过 200 字")
        actions.set_unit(unit, by=user, **unit_form.cleaned_data)
        return "已保存"
    if what == "dismiss":
        seat = get_object_or_404(
            assessment.assessors.select_related("assessment", "user"), pk=row_number(request.POST.get("seat", ""))
        )  # fmt: skip
        actions.dismiss_assessor(seat, by=user)
        return "已取消"
    raise Http404


def chosen_snapshot(request: Request, assessment: Assessment) -> Snapshot | None:
    """The snapshot in the address, or the one that counts: the frozen one, else the latest."""
    rows = assessment.snapshots.select_related("by")
    if pk := row_number(request.GET.get("snapshot", "")):
        return get_object_or_404(rows, pk=pk)
    if assessment.status in {Status.SCORED, Status.ADOPTED, *OUT}:
        final = rows.filter(kind=SnapshotKind.FINAL).order_by("-id").first()
        if final is not None:
            return final
    return rows.order_by("-until", "-id").first()


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def detail(request: Request, pk: int) -> HttpResponse:
    """The ranking as table and bars, the course of the year, what to do next."""
    user, assessment = user_of(request), assessment_or_404(request, pk)
    oversees = Assessment.objects.overseen_by(user).filter(pk=assessment.pk).exists()
    whole = sees_ranking(user, assessment)
    snapshot = chosen_snapshot(request, assessment)
    is_final = snapshot is not None and snapshot.kind == SnapshotKind.FINAL and assessment.status in OUT
    rows = (
        UnitScore.objects.filter(snapshot=snapshot).select_related("unit__organization", "unit__assessment")
        if snapshot
        else UnitScore.objects.none()
    )
    if not whole:
        rows = rows.filter(unit__in=AssessedUnit.objects.visible_to(user))
    standing = [line_of(score, is_final=is_final) for score in rows]
    standing.sort(key=lambda each: (each["unit"].tier != "key", each["rank"] or 10**6, -each["score"]))
    mine = set(
        AssessedUnit.objects.visible_to(user).filter(assessment=assessment).values_list("pk", flat=True)
    )
    page = slice_of(request, standing)
    _tell_losses(page.items, snapshot, mine, is_final=is_final)
    tiers = dict.fromkeys(each["unit"].get_tier_display() for each in standing)
    bars = [
        Bar(each["unit"].organization.short_name if not each["unit"].person_name else each["unit"].person_name,
            float(each["score"]), each["unit"].get_absolute_url() if each["unit"].pk in mine else "")
        for each in standing[:MOST_BARS]
        if each["rank"]
    ]  # fmt: skip
    changes = (
        ScoreChange.objects.filter(unit__assessment=assessment).select_related("unit__organization", "item", "by")
        if whole
        else ScoreChange.objects.none()
    )  # fmt: skip
    context = {
        "assessment": assessment,
        "snapshot": snapshot,
        "snapshots": assessment.snapshots.all()[:30],
        "standing": page.items,
        "page": page,
        "shared": _shared(standing),
        "mine": mine,
        "tiers": list(tiers) if assessment.sheet.has_tiers else [],
        "whole": whole,
        "oversees": oversees,
        "is_final": is_final,
        "chart": bar_chart(bars, title="总分", unit="分") if len(bars) > 1 else "",
        "course": _course(assessment) if oversees else "",
        "grades": _grades(assessment, standing) if oversees and len(standing) > 1 else [],
        "of_heads": assessment.audience == Audience.ENTERPRISES,
        "of_officers": assessment.audience == Audience.OFFICERS,
        "is_private": assessment.audience in PRIVATE,
        "moves": available(user, assessment),
        "may_score": runs(user, assessment.organization_id) and assessment.status == Status.RUNNING,
        "missing": actions.unjudged(assessment) if assessment.status == Status.RUNNING and oversees else [],
        "changes": changes,
        "appeals": (
            [] if assessment.status not in OUT else assessment_appeals(assessment) if oversees else []
        ),
        "reason_form": ReasonForm(),
        "transitions": assessment.transitions.select_related("by") if oversees else [],
        "may_export": user.has_perm(Permission.RUN_ASSESSMENT) or user.has_perm(Permission.ADOPT_ASSESSMENT),
    }
    return render(request, "assessment/detail.html", context)


def _why(line: dict[str, Any]) -> str:
    """What keeps a unit out of the ranking; it stands last in the words of its result."""
    return "" if line["rank"] or line["unit"].exclusion else line["words"].rpartition("；")[2]


def _shared(standing: list[dict[str, Any]]) -> tuple[str, int] | None:
    """What keeps many units out of the ranking alike, and how many: said once above the table, not line by line."""
    common = Counter(why for each in standing if (why := _why(each))).most_common(1)
    return common[0] if common and common[0][1] >= MANY_ALIKE else None


def _grades(assessment: Assessment, standing: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """How many came to each grade, best first."""
    held = [each["grade"] for each in standing]
    known = [label for label, _ in assessment.sheet.terms.grades]
    order = [*known, *sorted(set(held) - set(known))]
    return [(label, held.count(label)) for label in order if held.count(label)]


def assessment_appeals(assessment: Assessment) -> list[Any]:
    from ..models import Appeal

    return list(
        Appeal.objects.filter(unit__assessment=assessment).select_related(
            "unit__organization", "item", "unit__assessment"
        )
    )


def line_of(score: UnitScore, *, is_final: bool) -> dict[str, Any]:
    """A unit's line: as frozen, or, once the result is out, as it stands after changes."""
    unit = score.unit
    if is_final and unit.score is not None:
        return {
            "unit": unit, "score": unit.score, "basic": unit.basic, "plus": unit.plus, "minus": unit.minus,
            "grade": unit.grade, "rank": unit.rank, "vetoed": unit.vetoed, "words": unit.words,
            "frozen": score.score, "changed": unit.score != score.score or unit.grade != score.grade,
        }  # fmt: skip
    return {
        "unit": unit, "score": score.score, "basic": score.basic, "plus": score.plus, "minus": score.minus,
        "grade": score.grade, "rank": score.rank, "vetoed": score.vetoed, "words": score.words, "frozen": score.score,
        "changed": False,
    }  # fmt: skip


def _tell_losses(
    standing: list[dict[str, Any]], snapshot: Snapshot | None, mine: set[int], *, is_final: bool
) -> None:
    """Beside each unit one may open: the items that cost it most, each leading to its rows. Two queries at most."""
    lost: dict[int, list[ItemScore]] = {}
    if snapshot is not None:
        held = (
            ScoreChange.objects.filter(unit__in=mine).values_list("unit", "item", "new") if is_final else []
        )
        changed = {(unit, item): new for unit, item, new in held}
        rows = ItemScore.objects.filter(
            unit_score__snapshot=snapshot, unit_score__unit__in=mine, item__kind=ItemKind.BASIC, applies=True
        ).select_related("item", "unit_score")  # fmt: skip
        for row in rows.filter(got__lt=F("full")).order_by("pk"):
            unit = row.unit_score.unit_id
            row.lost = row.full - changed.get((unit, row.item_id), row.got)  # type: ignore[attr-defined]
            if row.lost > 0:  # type: ignore[attr-defined]
                lost.setdefault(unit, []).append(row)
    for each in standing:
        its = sorted(lost.get(each["unit"].pk, []), key=lambda row: -row.lost)  # type: ignore[attr-defined]
        each["why"] = _why(each)
        each["losses"], each["more"] = its[:MOST_LOSSES], max(0, len(its) - MOST_LOSSES)


def _course(assessment: Assessment) -> Any:
    """How best, middle and worst stood at each snapshot of the year."""
    scores: dict[Any, list[float]] = {}
    for until, score in (
        UnitScore.objects.filter(snapshot__assessment=assessment, rank__isnull=False)
        .order_by("snapshot__until", "snapshot_id")
        .values_list("snapshot__until", "score")
    ):
        scores.setdefault(until, []).append(float(score))
    if len(scores) < 2:
        return ""
    labels = [f"{day:%m-%d}" for day in scores]
    ordered = [sorted(each) for each in scores.values()]
    lines = [
        Series("最高", [each[-1] for each in ordered]),
        Series("中位", [each[len(each) // 2] for each in ordered]),
        Series("最低", [each[0] for each in ordered]),
    ]
    return line_chart(lines, labels, title="各次计分的最高、中位、最低分", unit="分")


@require_POST
@require(Permission.RUN_ASSESSMENT, Permission.ADOPT_ASSESSMENT)
def move(request: Request, pk: int, move: str) -> HttpResponse:
    """One move of an assessment, by its name."""
    assessment, user = assessment_or_404(request, pk), user_of(request)
    reason = request.POST.get("reason", "")[:1000]
    alone: dict[str, Callable[[], object]] = {
        Move.RETURN: lambda: actions.send_back(assessment, by=user, reason=reason),
        Move.ADOPT: lambda: actions.adopt(assessment, by=user),
        Move.CANCEL: lambda: actions.cancel_assessment(assessment, by=user, reason=reason),
    }
    light = alone.get(move)
    if light is None and not heavy.is_heavy(move):
        raise Http404
    try:
        if light is None:
            job = heavy.do(assessment, move, by=user)
            if job is not None:
                return redirect(job)
        else:
            light()
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, heavy.said(move))
    return redirect(assessment)
