"""Assessments: the list, arranging, the ranking, a unit's card that explains every point, the rows behind."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Holding, Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.core.charts import Bar, Series, bar_chart, line_chart
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions
from ..computing import unit_of
from ..forms import AssessmentForm, AssessorForm, ReasonForm, UnitForm
from ..measures import RATE, Window, measure_of, whole_of
from ..models import (
    AssessedUnit,
    Assessment,
    Assessor,
    ItemScore,
    Judgement,
    ScoreChange,
    Snapshot,
    UnitScore,
)
from ..standing import adopts, available, may_appeal, office_run_by, represents, runs, sees_ranking
from ..workflow import OUT, Audience, ItemKind, Move, SnapshotKind, Status
from . import page_of, slice_of, user_of

MOST_BARS = 60
MOST_LOSSES = 3  # items named beside a unit in the ranking; its card has them all
MOST_OFFERED = 300


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
        Assessor.objects.filter(user=user, assessment__status=Status.RUNNING)
        .select_related("assessment")
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
    units = list(assessment.units.select_related("organization", "assessment__sheet"))
    words = request.GET.get("q", "").strip()[:40]
    bodies = actions.bodies_for(assessment, words) if assessment.status == Status.DRAFT else []
    context = {
        "assessment": assessment,
        "units": [(unit, UnitForm(unit=unit)) for unit in units],
        "bodies": bodies[:MOST_OFFERED],
        "offered": len(bodies),
        "q": words,
        "people": _people_for(assessment) if assessment.audience == Audience.OFFICERS and assessment.status == Status.DRAFT else [],
        "seats": assessment.assessors.select_related("user", "organization"),
        "form": form,
        "is_draft": assessment.status == Status.DRAFT,
        "is_open": assessment.status in {Status.DRAFT, Status.RUNNING},
        "moves": available(user, assessment),
    }  # fmt: skip
    return render(request, "assessment/arrange.html", context, status=status)


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
        return f"已指定{seat.user.full_name}"
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
    standing = [_standing(score, is_final=is_final) for score in rows]
    standing.sort(key=lambda each: (each["unit"].tier != "key", each["rank"] or 10**6, -each["score"]))
    mine = set(
        AssessedUnit.objects.visible_to(user).filter(assessment=assessment).values_list("pk", flat=True)
    )
    _tell_losses(standing, snapshot, mine, is_final=is_final)
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
        "standing": standing,
        "mine": mine,
        "tiers": list(tiers) if assessment.sheet.has_tiers else [],
        "whole": whole,
        "oversees": oversees,
        "is_final": is_final,
        "chart": bar_chart(bars, title="总分", unit="分") if len(bars) > 1 else "",
        "course": _course(assessment) if oversees else "",
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


def assessment_appeals(assessment: Assessment) -> list[Any]:
    from ..models import Appeal

    return list(
        Appeal.objects.filter(unit__assessment=assessment).select_related(
            "unit__organization", "item", "unit__assessment"
        )
    )


def _standing(score: UnitScore, *, is_final: bool) -> dict[str, Any]:
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
        each["why"] = each["words"].rpartition("；")[2]  # what keeps it out of the ranking stands last
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
    doing = {
        Move.START: lambda: actions.start_assessment(assessment, by=user),
        Move.FREEZE: lambda: actions.freeze(assessment, by=user),
        Move.RETURN: lambda: actions.send_back(assessment, by=user, reason=reason),
        Move.ADOPT: lambda: actions.adopt(assessment, by=user),
        Move.PUBLISH: lambda: actions.publish(assessment, by=user),
        Move.FINALIZE: lambda: actions.finalize(assessment, by=user),
        Move.CANCEL: lambda: actions.cancel_assessment(assessment, by=user, reason=reason),
        "snapshot": lambda: actions.take_interim(assessment, by=user),
    }.get(move)
    if doing is None:
        raise Http404
    try:
        doing()
    except Refused as error:
        messages.warning(request, str(error))
    else:
        said = "已做一次过程计分" if move == "snapshot" else f"已{Move(move).label}"
        messages.success(request, said)
    return redirect(assessment)


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
                "opens": bool(row.against) or bool(item.is_computed and row.counted and measure_of(item.measure).unit == RATE),
            }
        )  # fmt: skip
    appeals = list(unit.appeals.select_related("item")) if assessment.status in OUT else []
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
        "recommendations": unit.recommendations.select_related("decided_by") if assessment.status == Status.FINAL else [],
        "shows_judging": oversees,
    }  # fmt: skip
    return render(request, "assessment/card.html", context)


def reasons_for(unit: AssessedUnit) -> dict[int, list[Judgement]]:
    """What was seen of each judged item: everybody's last word, and the office's where it settled."""
    last: dict[tuple[int, int, bool], Judgement] = {}
    for row in Judgement.objects.filter(unit=unit).order_by("pk"):
        last[row.item_id, row.by_id, row.settles] = row
    found: dict[int, list[Judgement]] = {}
    for row in last.values():
        found.setdefault(row.item_id, []).append(row)
    return found


def _standing_of(unit: AssessedUnit, score: UnitScore, *, is_final: bool) -> dict[str, Any]:
    score.unit = unit
    return _standing(score, is_final=is_final)


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
    has_whole = measure is not None and measure.unit == RATE and score.counted > 0
    whole = has_whole and request.GET.get("which") == "all"
    listed = told
    if whole and measure is not None:
        taken = timezone.localdate(snapshot.taken_at)
        window = Window(unit.assessment.period_from, snapshot.until, taken)
        notes = {str(key): note for key, note in told}
        listed = [
            [key, notes.get(str(key), "计入基数，没有失分")]
            for key in whole_of(measure, unit_of(unit), window)
        ]
    page = slice_of(request, listed)
    found: dict[Any, Any] = {}
    if measure is not None and page.items:
        # Only what the person may open themselves is named and linked; the frozen note stands for the rest.
        manager: Any = apps.get_model(measure.model)._default_manager
        seen = manager.visible_to(user) if hasattr(manager, "visible_to") else manager.all()
        keys = [key for key, _ in page.items]
        found = {row.pk: row for row in seen.filter(pk__in=keys)}
    by_key = {str(key): row for key, row in found.items()}
    entries = [
        {
            "number": key,
            "note": note,
            "url": _address(by_key.get(str(key))),
            "name": _name(by_key.get(str(key))),
        }
        for key, note in page.items
    ]
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
