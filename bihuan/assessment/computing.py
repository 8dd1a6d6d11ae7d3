"""From measures and judgements to scores: the same steps for an interim score, the final one and a simulation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from bihuan.rules import scoring
from bihuan.rules.scoring import HIGHEST, VETO, Measured, Outcome, Scored, Terms, Total

from .measures import NOTHING as NOTHING_READ
from .measures import Reading, Unit, Window, measure_of, read_all
from .models import AssessedUnit, Assessment, Judgement, Sheet, SheetItem, Snapshot
from .workflow import ItemKind


@dataclass(frozen=True)
class Cell:
    """One item of one unit: what was found, how it scored, which rows stand behind it."""

    item: SheetItem
    measured: Measured
    scored: Scored
    rows: tuple[tuple[object, str], ...] = ()
    whole: tuple[object, ...] = ()


@dataclass(frozen=True)
class Card:
    """One unit with all its items and the total."""

    unit: AssessedUnit
    cells: list[Cell]
    total: Total
    rank: int | None = None


@dataclass
class Given:
    """What was given one unit for one item from each seat, its latest word, and the office's decision."""

    shares: dict[int, Decimal] = field(default_factory=dict)
    levels: dict[int, str] = field(default_factory=dict)
    decided: Decimal | None = None
    decided_level: str = ""


Judged = Mapping[tuple[int, int], Given]


def unit_of(row: AssessedUnit) -> Unit:
    """The unit as measures know it; needs the organization."""
    body = row.organization
    return Unit(row.pk, body.pk, body.kind, body.region_id, row.person_id)


def judged_in(
    assessment: Assessment, units: Iterable[AssessedUnit] | None = None
) -> dict[tuple[int, int], Given]:
    """Every seat's latest word, by unit and item. One query."""
    rows = Judgement.objects.filter(unit__assessment=assessment).order_by("id")
    if units is not None:
        rows = rows.filter(unit__in=[each.pk for each in units])
    found: dict[tuple[int, int], Given] = {}
    for row in rows:
        given = found.setdefault((row.unit_id, row.item_id), Given())
        if row.settles:
            given.decided, given.decided_level = row.share, row.level
        elif row.seat_id is not None:
            # A correction takes the place of the earlier word, not a new place in the order.
            given.shares[row.seat_id] = row.share
            given.levels[row.seat_id] = row.level
    return found  # fmt: skip


def outcome_of(sheet: Sheet, item: SheetItem, given: Given | None) -> Outcome:
    """What the assessors of one item came to. Plus, minus and veto items take one judgement: they state a fact."""
    given = given or Given()
    needed = sheet.judges if item.kind == ItemKind.BASIC else 1
    return scoring.settle(
        list(given.shares.values()), needed=needed, tolerance=sheet.tolerance, decided=given.decided
    )


def measured_of(sheet: Sheet, item: SheetItem, reading: Reading, given: Given | None) -> Measured:
    """The finding of one item, computed or judged, as the calculation reads it."""
    if item.is_computed:
        note = reading.note if item.kind == VETO else ""
        return Measured(reading.value, reading.counted, note=note)
    outcome = outcome_of(sheet, item, given)
    if outcome.share is None:
        return Measured(note="" if item.kind != ItemKind.BASIC else f"{outcome.words}，暂不计入基数")
    if item.kind == ItemKind.VETO:
        return Measured(Decimal(1) if outcome.share > 0 else Decimal(0), 1)
    if item.kind in {ItemKind.PLUS, ItemKind.MINUS}:
        level = given.decided_level or next(reversed(given.levels.values()), "") if given else ""
        if (item.rule_given or {}).get("kind") == HIGHEST:
            return Measured(level=level)
        return Measured(outcome.share, 1)
    return Measured(share=outcome.share, counted=1)


def cards_of(
    sheet: Sheet,
    items: Sequence[SheetItem],
    units: Sequence[AssessedUnit],
    readings: Mapping[str, Mapping[int, Reading]],
    judged: Judged,
) -> list[Card]:
    """Every unit scored and ranked within its tier. Raises ScoringError for a sheet that cannot score."""
    found = []
    for unit in units:
        cells = []
        for item in items:
            reading = readings.get(item.measure, {}).get(unit.pk, NOTHING_READ)
            measured = measured_of(sheet, item, reading, judged.get((unit.pk, item.pk)))
            label = measure_of(item.measure).unit if item.is_computed else ""
            scored = scoring.score_item(item.as_item(unit.tier, unit=label), measured)
            # What a judged item rests on are judgements, not rows.
            behind = (reading.rows, reading.whole) if item.is_computed else ((), ())
            cells.append(Cell(item, measured, scored, *behind))
        found.append(Card(unit, cells, scoring.total([each.scored for each in cells], sheet.terms)))
    return ranked(found)


def ranked(cards: Sequence[Card]) -> list[Card]:
    """The cards with their ranks: within the tier, leaving out who is excluded by hand or for want of a base."""
    groups = {card.unit.pk: card.unit.tier for card in cards}
    totals = {card.unit.pk: card.total for card in cards if not card.unit.exclusion}
    places = scoring.ranked_in_groups(totals, {pk: groups[pk] for pk in totals})
    return [Card(card.unit, card.cells, card.total, places.get(card.unit.pk)) for card in cards]


def window_of(assessment: Assessment, on: dt.date) -> Window:
    """The days a score of that day counts."""
    return Window(assessment.period_from, assessment.until(on), timezone.localdate())


def compute(assessment: Assessment, *, on: dt.date) -> list[Card]:
    """Score every unit as of a day, from the ledger as it stands now. Queries do not grow with the units."""
    sheet = assessment.sheet
    items = list(sheet.items.all())
    units = list(assessment.units.select_related("organization").order_by("pk"))
    keys = [item.measure for item in items if item.is_computed]
    readings = read_all(keys, [unit_of(each) for each in units], window_of(assessment, on))
    return cards_of(sheet, items, units, readings, judged_in(assessment))


# Simulation: the last snapshot scored once more under other weights and cut-offs.


@dataclass(frozen=True)
class Basis:
    """What a simulation starts from: a snapshot's findings by unit and item key, and what could not be brought over."""

    snapshot: Snapshot
    units: list[AssessedUnit]
    measured: dict[tuple[int, str], Measured]
    totals: dict[int, Total]
    unknown: list[str]


def basis_for(sheet: Sheet, items: Sequence[SheetItem]) -> Basis | None:
    """The latest snapshot of an assessment of the same kind by the same body, with items it did not have read anew.

    An item is known by its key and its measure. A computed one that is new is read for the days of that snapshot; a
    judged one that is new has no judgement and is named in `unknown`. None when there is nothing to start from.
    """
    snapshot = (
        Snapshot.objects.filter(
            assessment__organization=sheet.organization_id, assessment__audience=sheet.audience
        )
        .exclude(assessment__status="cancelled")
        .select_related("assessment__sheet")
        .order_by("-until", "-id")
        .first()
    )
    if snapshot is None:
        return None
    units: dict[int, AssessedUnit] = {}
    measured: dict[tuple[int, str], Measured] = {}
    totals: dict[int, Total] = {}
    known: set[tuple[str, str]] = set()
    scores = snapshot.scores.select_related("unit__organization").prefetch_related("items__item")
    for score in scores:
        unit = score.unit
        units[unit.pk] = unit
        totals[unit.pk] = Total(
            score.base, score.got, score.basic, score.plus, score.minus, score.score, score.grade, score.vetoed,
            score.rank is not None, score.words,
        )  # fmt: skip
        for row in score.items.all():
            known.add((row.item.key, row.item.measure))
            measured[unit.pk, row.item.key] = measured_again(row.item, row)
    unknown = []
    fresh = [item for item in items if (item.key, item.measure) not in known]
    window = Window(snapshot.assessment.period_from, snapshot.until, timezone.localdate())
    readings = read_all(
        [item.measure for item in fresh if item.is_computed], [unit_of(each) for each in units.values()], window
    )  # fmt: skip
    for item in fresh:
        if not item.is_computed and item.kind == ItemKind.BASIC:
            unknown.append(item.name)
        for pk in units:
            reading = readings.get(item.measure, {}).get(pk, NOTHING_READ)
            measured[pk, item.key] = Measured(reading.value, reading.counted)
    return Basis(snapshot, list(units.values()), measured, totals, unknown)


def measured_again(item: SheetItem, row: object) -> Measured:
    """The finding kept in a snapshot."""
    note = ""
    value, counted, share, level = row.value, row.counted, row.share, row.level  # type: ignore[attr-defined]
    if not item.is_computed and item.kind == ItemKind.BASIC and share is None:
        note = "没有评定，不计入基数"
    return Measured(value, counted, share, level, note)


def simulate(
    basis: Basis, items: Sequence[SheetItem], terms: Terms, *, tiers: Mapping[int, str] | None = None
) -> list[scoring.Moved]:
    """How the snapshot's ranking would move under these items and terms. Writes nothing. Raises ScoringError."""
    after: dict[int, Total] = {}
    for unit in basis.units:
        tier = (tiers or {}).get(unit.pk, unit.tier)
        scored = [
            scoring.score_item(
                item.as_item(tier, unit=measure_of(item.measure).unit if item.is_computed else ""),
                basis.measured.get((unit.pk, item.key), Measured()),
            )
            for item in items
        ]
        after[unit.pk] = scoring.total(scored, terms)
    included = {unit.pk for unit in basis.units if not unit.exclusion}
    groups = {unit.pk: unit.tier for unit in basis.units if unit.pk in included}
    before = {pk: total for pk, total in basis.totals.items() if pk in included}
    return scoring.compare(before, {pk: total for pk, total in after.items() if pk in included}, groups)
