"""What a measure is, whom it is read for, and the two shapes most of them have: a rate and a number of pieces."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.core.errors import Refused

from ..workflow import Audience

Row = tuple[Any, str]  # key of the record, what was wrong with it (or what it is)
RATE, PIECES = "%", "件"
BODIES = frozenset({Audience.LOCALITIES, Audience.DEPARTMENTS})
PLACES_AND_FIRMS = BODIES | {Audience.ENTERPRISES}
ALL = frozenset(Audience)


@dataclass(frozen=True)
class Unit:
    """One of those assessed, as a measure needs to know it. `key` is how the reading is handed back."""

    key: int
    organization: int
    kind: str
    region: str
    user: int | None = None


@dataclass(frozen=True)
class Window:
    """The days counted, both included. What fell due on the last day is late only once that day is over."""

    since: dt.date
    until: dt.date
    today: dt.date = field(default_factory=timezone.localdate)

    @property
    def lapsed(self) -> dt.date:
        """Deadlines before this day have passed."""
        return min(self.until + dt.timedelta(days=1), self.today)

    @property
    def year(self) -> int:
        return self.until.year


@dataclass(frozen=True)
class Reading:
    """What was found of one unit: a value (None: nothing to measure), of how many rows, the rows that cost points, and
    the keys of all rows a rate is counted over (pieces have no others than those that cost points)."""

    value: Decimal | None
    counted: int = 0
    rows: tuple[Row, ...] = ()
    note: str = ""
    whole: tuple[Any, ...] = ()


NOTHING = Reading(None)
Read = Callable[[Sequence[Unit], Window], dict[int, Reading]]


@dataclass(frozen=True)
class Measure:
    """One entry of the vocabulary. `model` names what the rows are; `smaller`: the less the better."""

    key: str
    label: str
    unit: str
    audiences: frozenset[str]
    model: str
    words: str
    read: Read
    smaller: bool = False


MEASURES: dict[str, Measure] = {}


def register(measure: Measure) -> Measure:
    """Make a measure known. Raises ValueError for a key taken by another."""
    if measure.key in MEASURES and MEASURES[measure.key] is not measure:
        raise ValueError(f"measure {measure.key} is taken")
    MEASURES[measure.key] = measure
    return measure


def measure_of(key: str) -> Measure:
    """The measure of that key. Raises Refused for one that is not in the vocabulary."""
    if key not in MEASURES:
        raise Refused(f"没有名为“{key}”的计算指标，请在细则里改选")
    return MEASURES[key]


def measures_for(audience: str) -> list[Measure]:
    """What items for these units may be computed from, in the order of registration."""
    return [each for each in MEASURES.values() if audience in each.audiences]


def read_all(keys: Iterable[str], units: Sequence[Unit], window: Window) -> dict[str, dict[int, Reading]]:
    """Every measure once, for all units; what a measure does not speak of reads as nothing."""
    found = {}
    for key in dict.fromkeys(keys):
        given = measure_of(key).read(units, window)
        found[key] = {unit.key: given.get(unit.key, NOTHING) for unit in units}
    return found


@dataclass(frozen=True)
class Paths:
    """Through which column rows belong to a unit, by the kind of unit; "" where they cannot."""

    locality: str = "locality_id"
    department: str = "department_id"
    enterprise: str = "enterprise__organization_id"
    person: str = ""
    county: str = "county_id"

    @classmethod
    def body(cls, column: str = "organization_id", person: str = "") -> Paths:
        """Rows that name the organization itself."""
        return cls(column, column, column, person, "")


def dimensions(units: Sequence[Unit], paths: Paths) -> list[tuple[str, dict[Any, int]]]:
    """The columns to group by, each with the unit its values stand for."""
    found: dict[str, dict[Any, int]] = {}
    value: int | str
    by_body = paths.locality == paths.department
    for unit in units:
        if unit.user is not None:
            path, value = paths.person, unit.user
        elif by_body:
            path, value = paths.department, unit.organization
        elif unit.kind == Organization.Kind.LOCALITY:
            path, value = paths.locality, unit.region
        elif unit.kind == Organization.Kind.OFFICE:
            path, value = paths.county, unit.region
        elif unit.kind == Organization.Kind.ENTERPRISE:
            path, value = paths.enterprise, unit.organization
        else:
            path, value = paths.department, unit.organization
        if path:
            found.setdefault(path, {})[value] = unit.key
    return list(found.items())


def rate(
    rows: QuerySet[Any],
    units: Sequence[Unit],
    *,
    good: Q,
    paths: Paths,
    names: Sequence[str],
    note: Callable[..., str],
    key: str = "pk",
    bad_share: bool = False,
) -> dict[int, Reading]:
    """The share of rows that are good (or, with `bad_share`, that are not), in percent; the others are the rows behind.

    Three queries for each way rows belong to units.
    """
    fine = Case(When(good, then=Value(1)), default=Value(0), output_field=IntegerField())
    found: dict[int, Reading] = {}
    for path, whose in dimensions(units, paths):
        mine = rows.filter(**{f"{path}__in": list(whose)}).annotate(fine=fine)
        counts: dict[Any, list[int]] = {}
        for value, is_fine, count in (
            mine.order_by().values_list(path, "fine").annotate(n=Count("pk", distinct=True))
        ):
            counts.setdefault(value, [0, 0])[is_fine] += count
        behind: dict[Any, list[Row]] = {}
        for value, pk, *told in mine.filter(fine=0).order_by("pk").values_list(path, key, *names).distinct():
            behind.setdefault(value, []).append((pk, note(*told)))
        everything: dict[Any, dict[Any, None]] = {}
        for value, pk in mine.order_by(key).values_list(path, key).distinct():
            everything.setdefault(value, {})[pk] = None
        for value, (bad, good_ones) in counts.items():
            whole = bad + good_ones
            share = Decimal(bad if bad_share else good_ones) * 100 / whole
            found[whose[value]] = Reading(
                share, whole, tuple(behind.get(value, ())), whole=tuple(everything[value])
            )
    return found  # fmt: skip


def pieces(
    rows: QuerySet[Any],
    units: Sequence[Unit],
    *,
    paths: Paths,
    names: Sequence[str],
    note: Callable[..., str],
    key: str = "pk",
) -> dict[int, Reading]:
    """How many rows there are; every unit that rows can belong to has a number, 0 as well. One query for each way."""
    found: dict[int, Reading] = {}
    for path, whose in dimensions(units, paths):
        behind: dict[Any, list[Row]] = {value: [] for value in whose}
        for value, pk, *told in (
            rows.filter(**{f"{path}__in": list(whose)})
            .order_by("pk")
            .values_list(path, key, *names)
            .distinct()
        ):
            behind[value].append((pk, note(*told)))
        for value, its in behind.items():
            found[whose[value]] = Reading(Decimal(len(its)), len(its), tuple(its))
    return found


def day(value: Any) -> str:
    """A day as a note says it."""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    return value.isoformat() if value else "无"


def merged(readings: Iterable[Mapping[int, Reading]]) -> dict[int, Reading]:
    """Numbers of pieces of several sources added up."""
    found: dict[int, Reading] = {}
    for each in readings:
        for key, given in each.items():
            have = found.get(key, Reading(Decimal(0)))
            found[key] = Reading(
                (have.value or Decimal(0)) + (given.value or Decimal(0)),
                have.counted + given.counted,
                have.rows + given.rows,
                whole=have.whole + given.whole,
            )
    return found  # fmt: skip
