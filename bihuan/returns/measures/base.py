"""What can be counted (取数口径): a closed, typed vocabulary. A measure counts, and finds the rows it counted again.

Rows are bitemporal: the day a fact counts for, and the moment it was entered. A figure signed at a moment is true of
what had been entered by then, so its rows are found again by the same two limits, a year later as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import Q, QuerySet

from bihuan.accounts.models import User
from bihuan.accounts.scope import area_q

from ..schema import MeasureTerms

Filters = Mapping[str, tuple[str, ...]]
NO_FILTERS: Filters = {}


@dataclass(frozen=True)
class Scope:
    """Whose figures: everything under a region, or of one department within it; of one campaign, if given."""

    region: str
    department: int | None = None
    campaign: int | None = None

    def q(self, prefix: str = "", *, campaign: bool = True) -> Q:
        """The same as a condition on rows with ancestor columns."""
        query = area_q(self.region, prefix)
        if self.department is not None:
            query &= Q(**{f"{prefix}department": self.department})
        if campaign and self.campaign is not None:
            query &= Q(**{f"{prefix}campaign": self.campaign})
        return query


@dataclass(frozen=True)
class Ask:
    """One figure wanted: of a measure with its filters, over [since, until] (all time without `since`), for the
    members `values` of `dimension` (all of them together without)."""

    measure: str
    until: dt.date
    since: dt.date | None = None
    filters: Filters = field(default_factory=dict)
    dimension: str = ""
    values: tuple[str, ...] = ()

    def chosen(self, name: str) -> tuple[str, ...]:
        return self.filters.get(name, ())


@dataclass(frozen=True)
class Rows:
    """The rows behind a figure. `queryset` is not yet narrowed to what somebody may see; `amount` says what a row adds.

    `order` ends in a unique field; `columns` are (heading, how to say it of a row).
    """

    queryset: QuerySet[Any]
    order: tuple[str, ...]
    columns: tuple[tuple[str, Callable[[Any], Any]], ...]
    address: Callable[[Any], str]
    title: Callable[[Any], str]
    amount: Callable[[Any], Decimal] = lambda row: Decimal(1)

    def seen_by(self, user: User) -> QuerySet[Any]:
        """What the person may see of them (invariant 3)."""
        rows: Any = self.queryset
        narrowed: QuerySet[Any] = rows.visible_to(user)
        return narrowed


class Family(Protocol):
    """Measures that are counted together, over the same rows."""

    def count(self, asks: Sequence[Ask], scope: Scope, moment: dt.datetime | None) -> list[Decimal | None]:
        """One figure for each; as of now, or as of what had been entered by `moment`."""
        ...

    def rows(self, ask: Ask, scope: Scope, moment: dt.datetime) -> Rows | None:
        """The rows behind one figure as of `moment`; None when it stands on none."""
        ...


@dataclass(frozen=True)
class Measure:
    """One entry of the vocabulary. `note` is the counting rule in a sentence (口径); `is_given` says that it is set, and
    nothing that happened: a return is a zero return beside it."""

    key: str
    label: str
    unit: str
    note: str
    family: Family
    filters: frozenset[str] = frozenset()
    dimensions: frozenset[str] = frozenset()
    is_stock: bool = False
    additive: bool = True
    is_given: bool = False

    @property
    def terms(self) -> MeasureTerms:
        return MeasureTerms(
            self.label, self.unit, self.filters, self.dimensions, self.additive, self.is_stock
        )


_measures: dict[str, Measure] = {}
# What a filter may be set to, for pages and for words: name -> (label, choices).
_filters: dict[str, tuple[str, Callable[[], Iterable[tuple[str, str]]]]] = {}


def register(*measures: Measure) -> None:
    """Add measures; the same key again replaces it."""
    for measure in measures:
        _measures[measure.key] = measure


def register_filter(name: str, label: str, choices: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Say what a filter is called and may be set to."""
    _filters[name] = (label, choices)


def measure(key: str) -> Measure:
    """Raises KeyError for an unknown one; definitions are checked when they are read."""
    return _measures[key]


def measures() -> dict[str, Measure]:
    return dict(_measures)


def terms() -> dict[str, MeasureTerms]:
    """What a definition has to know of every measure."""
    return {key: each.terms for key, each in _measures.items()}


def filter_names() -> list[str]:
    """Every filter a measure may be narrowed by."""
    return list(_filters)


def filter_label(name: str) -> str:
    return _filters[name][0] if name in _filters else name


def filter_choices(name: str) -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in _filters[name][1]()] if name in _filters else []
