"""Snapshots: interim scores of a month, the frozen result, its adoption, publication and end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import service_user
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.core.digest import content_hash
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.clock import due as clock_due
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.rules import scoring
from bihuan.rules.scoring import Scored

from .. import keysets, wording
from ..computing import Card, compute, judged_in, outcome_of
from ..models import (
    Appeal,
    AssessedUnit,
    Assessment,
    AssessmentTransition,
    ItemScore,
    ScoreChange,
    ScoreRows,
    SelfReport,
    Snapshot,
    UnitScore,
)
from ..standing import may_move, runs
from ..workflow import AppealStatus, Audience, ItemKind, Move, SnapshotKind, Status
from .following import recommend
from .reporting import miss_reports, owe_signing
from .rounds import duty_kind, move_assessment, tell_units


def take_interim(assessment: Assessment, *, by: User, on: dt.date | None = None) -> Snapshot:
    """An interim score as of a day (by default today), frozen; a further one of the same day gets its number.

    Raises PermissionDenied, IllegalMove unless it is running, Refused for a day outside the period.
    """
    if not (runs(by, assessment.organization_id) or by.is_service):
        raise PermissionDenied
    if assessment.status != Status.RUNNING:
        raise IllegalMove(f"{assessment}不在考核中，不能做过程计分")
    return _take(assessment, SnapshotKind.INTERIM, by=by, on=on or timezone.localdate())


def take_monthly(today: dt.date | None = None) -> int:
    """The worker's round: on the first days of a month, every running assessment is scored as of the month's end.

    Run twice, it does nothing the second time. Returns how many snapshots were taken.
    """
    today = today or timezone.localdate()
    end = today.replace(day=1) - dt.timedelta(days=1)
    waiting = (
        Assessment.objects.filter(status=Status.RUNNING, period_from__lte=end, period_to__gte=end)
        .exclude(snapshots__until__gte=end)
        .select_related("sheet", "organization")
    )
    taken = 0
    for assessment in waiting:
        take_interim(assessment, by=service_user(), on=end)
        taken += 1
    return taken


@transaction.atomic
def _take(assessment: Assessment, kind: str, *, by: User, on: dt.date) -> Snapshot:
    if on < assessment.period_from:
        raise Refused(f"考核期从 {assessment.period_from} 起，还没有可以计算的日子")
    if on > timezone.localdate():
        raise Refused("计分日在今天之后，请核对")
    until = assessment.until(on)
    try:
        cards = compute(assessment, on=until)
    except scoring.ScoringError as error:
        raise Refused(f"{assessment.sheet}不能计分：{error}") from error
    rounds = Snapshot.objects.filter(assessment=assessment, kind=kind, until=until).count()
    snapshot = Snapshot(
        assessment=assessment, kind=kind, until=until, round=rounds + 1, taken_at=timezone.now(), by=by,
        digest=digest_of(cards),
    )  # fmt: skip
    try:
        with transaction.atomic():
            snapshot.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("刚刚有人做过同一天的计分，请刷新查看") from error
    _store(snapshot, cards)
    record("assessment.snapshot", snapshot, by=by, summary=f"{snapshot}：{len(cards)} 个考核对象")
    return snapshot


def digest_of(cards: Sequence[Card]) -> str:
    """What a snapshot says, in one number: every finding, point and row."""
    said = [
        [
            card.unit.pk,
            f"{card.total.score:.2f}",
            card.total.grade,
            card.rank,
            [
                [
                    cell.item.pk,
                    f"{cell.scored.got:.2f}",
                    cell.scored.applies,
                    [list(row) for row in cell.rows],
                    keysets.pack(cell.whole),
                ]
                for cell in card.cells
            ],
        ]
        for card in cards
    ]
    return content_hash(said)


def _store(snapshot: Snapshot, cards: Sequence[Card]) -> None:
    """Write everything in a fixed number of statements."""
    scores = UnitScore.objects.bulk_create(
        UnitScore(
            snapshot=snapshot, unit=card.unit, base=card.total.base, got=card.total.got, basic=card.total.basic,
            plus=card.total.plus, minus=card.total.minus, score=card.total.score, grade=card.total.grade, rank=card.rank,
            vetoed=card.total.vetoed, words=card.total.words[:600],
        )
        for card in cards
    )  # fmt: skip
    cells = [(score, cell) for score, card in zip(scores, cards, strict=True) for cell in card.cells]
    items = ItemScore.objects.bulk_create(
        [
            ItemScore(
                unit_score=score, item=cell.item, full=cell.scored.full, got=cell.scored.got, applies=cell.scored.applies,
                value=None if cell.measured.value is None else cell.measured.value.quantize(Decimal("0.0001")),
                counted=cell.measured.counted, against=len(cell.rows),
                share=None if cell.measured.share is None else cell.measured.share.quantize(Decimal("0.0001")),
                level=cell.measured.level, words=cell.scored.words[:400],
            )
            for score, cell in cells
        ],
        batch_size=500,
    )  # fmt: skip
    ScoreRows.objects.bulk_create(
        [
            ScoreRows(score=item, rows=[list(row) for row in cell.rows], whole=keysets.pack(cell.whole))
            for item, (_, cell) in zip(items, cells, strict=True)
            if cell.rows or cell.whole
        ],
        batch_size=200,
    )


def unjudged(assessment: Assessment) -> list[str]:
    """Which basic items still want a judgement, as sentences: item, and how many units wait or differ."""
    items = list(assessment.sheet.items.filter(measure="", kind=ItemKind.BASIC))
    units = list(assessment.units.all())
    judged = judged_in(assessment)
    found = []
    for item in items:
        states = [
            outcome_of(assessment.sheet, item, judged.get((unit.pk, item.pk))).state
            for unit in units
            if item.full(unit.tier) > 0
        ]
        waiting, apart = states.count(scoring.WAITING), states.count(scoring.APART)
        if waiting:
            found.append(f"“{item.name}”还有 {waiting} 个对象没有评完")
        if apart:
            found.append(f"“{item.name}”有 {apart} 个对象评分分歧没有核定")
    return found


@transaction.atomic
def freeze(assessment: Assessment, *, by: User) -> Snapshot:
    """The year's scores as of now, for good; then the leader adopts them or sends them back.

    Raises PermissionDenied, IllegalMove, Refused while the period runs or a judged item is open.
    """
    if not may_move(by, Move.FREEZE, assessment):
        raise PermissionDenied
    if timezone.localdate() < assessment.period_to:
        raise Refused(f"考核期到 {assessment.period_to} 才满，现在只能做过程计分")
    # Held from here on: a word given now would come between what was looked at and what is counted.
    Assessment.objects.select_for_update().get(pk=assessment.pk)
    missing = unjudged(assessment)
    if missing:
        raise Refused("；".join(missing))
    move_assessment(assessment, Move.FREEZE, by=by, frozen_by=by)
    miss_reports(assessment, by=by)
    snapshot = _take(assessment, SnapshotKind.FINAL, by=by, on=assessment.period_to)
    settle_result(assessment, by=by)
    for seat in assessment.assessors.all():
        finish_duty(seat, duty_kind(seat), by=by)
    return snapshot


def final_snapshot(assessment: Assessment) -> Snapshot | None:
    """The frozen result the assessment stands on: the last one taken."""
    return assessment.snapshots.filter(kind=SnapshotKind.FINAL).order_by("-id").first()


def settle_result(assessment: Assessment, *, by: User) -> None:
    """The standing result of every unit: the frozen scores with the changes made since, summed by the same rules. What
    is new of a unit is recorded with it."""
    snapshot = final_snapshot(assessment)
    if snapshot is None:
        raise IllegalMove(f"{assessment}还没有定格计分")
    sheet = assessment.sheet
    changed = {
        (change.unit_id, change.item_id): change
        for change in ScoreChange.objects.filter(unit__assessment=assessment).order_by("id")
    }
    totals: dict[int, scoring.Total] = {}
    units: dict[int, AssessedUnit] = {}
    for score in snapshot.scores.select_related("unit").prefetch_related("items__item"):
        unit = score.unit
        scored = []
        for row in score.items.all():
            change = changed.get((unit.pk, row.item_id))
            got = row.got if change is None else change.new
            scored.append(
                Scored(
                    row.item.as_item(unit.tier),
                    row.full,
                    got,
                    row.applies or change is not None,
                    row.words,
                    row.value,
                )
            )
        units[unit.pk], totals[unit.pk] = unit, scoring.total(scored, sheet.terms)
    included = {pk: total for pk, total in totals.items() if not units[pk].exclusion}
    ranks = scoring.ranked_in_groups(included, {pk: units[pk].tier for pk in included})
    before = {pk: unit.signed_content() for pk, unit in units.items()}
    for pk, unit in units.items():
        total = totals[pk]
        unit.basic, unit.plus, unit.minus, unit.score = total.basic, total.plus, total.minus, total.score
        unit.grade, unit.vetoed, unit.words, unit.rank = (
            total.grade,
            total.vetoed,
            total.words[:600],
            ranks.get(pk),
        )
    AssessedUnit.objects.bulk_update(
        units.values(), ["basic", "plus", "minus", "score", "grade", "vetoed", "words", "rank"]
    )
    for pk, unit in units.items():
        if unit.signed_content() != before[pk]:
            record("assessment.result", unit, by=by, summary=f"{unit.words[:60]}，{unit.grade}")


@transaction.atomic
def send_back(assessment: Assessment, *, by: User, reason: str) -> AssessmentTransition:
    """The leader wants it scored anew; the frozen scores stay beside the next ones."""
    return move_assessment(assessment, Move.RETURN, by=by, reason=reason, frozen_by=None)


@transaction.atomic
def adopt(assessment: Assessment, *, by: User) -> AssessmentTransition:
    """The leader adopts the frozen result. Raises PermissionDenied (also for whoever froze it), IllegalMove."""
    if not may_move(by, Move.ADOPT, assessment):
        raise PermissionDenied
    return move_assessment(assessment, Move.ADOPT, by=by, adopted_by=by, adopted_at=timezone.now())


@transaction.atomic
def publish(assessment: Assessment, *, by: User) -> AssessmentTransition:
    """Tell those assessed; they may appeal until the clock `assessment.appeal` ends."""
    if not may_move(by, Move.PUBLISH, assessment):
        raise PermissionDenied
    today = timezone.localdate()
    due = clock_due("assessment.appeal", today)
    line = move_assessment(
        assessment,
        Move.PUBLISH,
        by=by,
        published_on=today,
        appeal_by=due.due_on,
        appeal_clock=due.explanation,
    )
    if assessment.audience == Audience.ENTERPRISES:
        # The head signs for the notice or objects to it; whoever wins gets another one at the end.
        units = _with_bodies(assessment)
        _notices(assessment, units, by=by, on=today)
        owe_signing(units, by=by)
    transaction.on_commit(
        partial(
            tell_units,
            assessment.pk,
            f"考核结果公布：{assessment.title}",
            f"有异议的请在 {due.due_on} 前提出申辩，逾期不再受理。",
            f"assessment:{assessment.pk}:published",
        )
    )
    return line


def _with_bodies(assessment: Assessment) -> list[AssessedUnit]:
    """All units with what a notice needs of them."""
    units = list(assessment.units.select_related("organization__region", "reviewer").order_by("pk"))
    for unit in units:
        unit.assessment = assessment
    return units


@transaction.atomic
def finalize(assessment: Assessment, *, by: User) -> AssessmentTransition:
    """The end: every unit gets its notice, and what follows from its result is proposed to the leader.

    Raises PermissionDenied, IllegalMove, Refused while units may still appeal or an appeal is undecided.
    """
    if not may_move(by, Move.FINALIZE, assessment):
        raise PermissionDenied
    today = timezone.localdate()
    if assessment.appeal_by is not None and today <= assessment.appeal_by:
        raise Refused(f"申辩期到 {assessment.appeal_by} 才满，还不能定稿")
    waiting = Appeal.objects.filter(unit__assessment=assessment, status=AppealStatus.PENDING).count()
    if waiting:
        raise Refused(f"还有 {waiting} 件申辩没有答复，不能定稿")
    line = move_assessment(assessment, Move.FINALIZE, by=by, final_on=today)
    units = _with_bodies(assessment)
    recommend(assessment, units, on=today)
    if assessment.audience == Audience.ENTERPRISES:
        changed = set(ScoreChange.objects.filter(unit__assessment=assessment).values_list("unit", flat=True))
        units = [unit for unit in units if unit.pk in changed]
        owe_signing(units, by=by)
    _notices(assessment, units, by=by, on=today)
    transaction.on_commit(
        partial(
            tell_units,
            assessment.pk,
            f"考核结果已定：{assessment.title}",
            "结果通知书已制发，请签收。",
            f"assessment:{assessment.pk}:final",
        )
    )
    return line


def _notices(assessment: Assessment, units: Sequence[AssessedUnit], *, by: User, on: dt.date) -> None:
    """Number and serve the notice of the result of each of these units; it becomes the one that counts.

    Of a single officer it goes to the officer's leaders through the card, and is no paper of the whole body.
    """
    snapshot = final_snapshot(assessment)
    if snapshot is None or not units:
        return
    of_heads = assessment.audience == Audience.ENTERPRISES
    scores = {
        score.unit_id: score
        for score in snapshot.scores.filter(unit__in=units).prefetch_related("items__item", "unit")
    }
    changes: dict[int, list[ScoreChange]] = {}
    for change in ScoreChange.objects.filter(unit__assessment=assessment).select_related("item"):
        changes.setdefault(change.unit_id, []).append(change)
    sizes = dict(
        assessment.units.filter(rank__isnull=False).order_by().values_list("tier").annotate(n=Count("pk"))
    )
    reported = {
        each.unit_id: each for each in SelfReport.objects.filter(unit__in=units).prefetch_related("lines")
    }
    for unit in units:
        content = wording.result_notice(
            assessment, unit, scores[unit.pk], changes.get(unit.pk, []), of=sizes.get(unit.tier, 0), on=on,
            report=reported.get(unit.pk),
        )  # fmt: skip
        person = unit.person_id is not None
        paper = issue_paper(
            Paper.Kind.APPRAISAL_RESULT if of_heads else Paper.Kind.ASSESSMENT_RESULT, subject=unit,
            organization=assessment.organization, recipient=None if person else unit.organization,
            recipient_name=unit.name if person else unit.organization.name,
            place=place_of((assessment if person else unit).organization.region), content=content,
            permission=Permission.RUN_ASSESSMENT, by=by,
        )  # fmt: skip
        unit.paper = paper
        AssessedUnit.objects.filter(pk=unit.pk).update(paper=paper)
