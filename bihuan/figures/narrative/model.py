"""The numbers a narrative is written from, and the sections it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Measure:
    """One figure of the whole: this period, the one before, the same a year ago; None is not known, never zero.

    `part_of` names the measure it is a part of (其中). `more_is` says whether more of it is better, worse or neither:
    "good", "bad" or "". `is_stock` counts at the end of the period instead of over it.
    """

    key: str
    label: str
    unit: str
    now: Decimal | None
    previous: Decimal | None = None
    year_ago: Decimal | None = None
    digits: int = 0
    part_of: str = ""
    more_is: str = ""
    is_stock: bool = False

    @property
    def is_rate(self) -> bool:
        return self.unit == "%"

    @property
    def is_distance(self) -> bool:
        """How far one rate lies from another, above it or below."""
        return self.unit == "个百分点"


@dataclass(frozen=True)
class Unit:
    """One of those compared: its figures by the keys of the measures, now and in the period before. `group` are those it
    is compared with (地区, 部门): the same hazard counts for its place and for its department."""

    name: str
    now: Mapping[str, Decimal | None]
    previous: Mapping[str, Decimal | None] = field(default_factory=dict)
    group: str = ""


@dataclass(frozen=True)
class Overdue:
    """What is past its day: whose it is, what, and since how many days."""

    unit: str
    what: str
    days: int


@dataclass(frozen=True)
class Report:
    """Everything a bulletin is written from. `area` is 全市 or 全县; `rank_by` the key by which units are compared,
    `found`, `fixed`, `overdue` and `checked` the keys with those meanings, "" when the definition has none."""

    area: str
    period: str
    until: str
    before: str
    measures: tuple[Measure, ...]
    units: tuple[Unit, ...] = ()
    rank_by: str = ""
    found: str = ""
    checked: str = ""
    overdue: str = ""
    longest: tuple[Overdue, ...] = ()
    owing: int = 0
    missing: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    restated: tuple[str, ...] = ()
    sent_back: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()  # not yet reported and still in time

    @property
    def groups(self) -> dict[str, list[Unit]]:
        """The units by group, in their order."""
        found: dict[str, list[Unit]] = {}
        for unit in self.units:
            found.setdefault(unit.group, []).append(unit)
        return found

    def measure(self, key: str) -> Measure | None:
        return next((measure for measure in self.measures if measure.key == key), None)


@dataclass(frozen=True)
class Section:
    """A heading and its paragraphs."""

    key: str
    heading: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)
