"""Which combinations of dimensions are kept apart, at which level of regions, and for how long: the one table.

Wide grains hold so many hazards per cell that every day may be kept for ever. In narrow ones most cells would hold a
single hazard, and days kept for ever would grow with the rows instead of the grid: they keep the running total, some of
them months, and single days only as long as a page looks back, plus all days to come. Whoever asks a narrow grain for
another past day is told that it is not kept (`NotKept`) and reads rows by index instead.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from .models import DIMENSIONS

LEVELS = ("province", "city", "county", "locality")
RECENT_DAYS = 70  # the trend of a campaign page looks back sixty days


class NotKept(LookupError):
    """No cells are kept for such a combination, or not for such a day."""


@dataclass(frozen=True)
class Keeping:
    """`days`: how many past days keep a cell of their own (None: all). Days to come and the running total always do."""

    days: int | None
    months: bool


WIDE = Keeping(None, months=True)
MONTHLY = Keeping(0, months=True)
RECENT = Keeping(RECENT_DAYS, months=False)
RECENT_MONTHLY = Keeping(RECENT_DAYS, months=True)
NOW = Keeping(0, months=False)


@dataclass(frozen=True)
class Grain:
    """One row of the table: `dimensions` are kept apart, all others summed over, in each region of `level`."""

    number: int
    dimensions: tuple[str, ...]
    level: str
    keeping: Keeping

    def keeps_day(self, day: dt.date, today: dt.date) -> bool:
        """Whether everything counted until the end of `day` can be told."""
        days = self.keeping.days
        return days is None or day >= today - dt.timedelta(days=days)


# Numbers are stored: new rows get new numbers, and no number is used twice.
_TABLE: dict[int, tuple[tuple[str, ...], tuple[Keeping | None, ...]]] = {
    10: ((), (WIDE, WIDE, WIDE, WIDE)),
    20: (("department_id",), (WIDE, WIDE, RECENT_MONTHLY, NOW)),
    30: (("campaign_id",), (WIDE, WIDE, RECENT_MONTHLY, RECENT)),
    40: (("campaign_id", "task_id"), (RECENT_MONTHLY, RECENT_MONTHLY, NOW, NOW)),
    50: (("campaign_id", "department_id"), (RECENT, RECENT, NOW, None)),
    60: (("kind",), (WIDE, WIDE, MONTHLY, NOW)),
    70: (("source",), (WIDE, WIDE, MONTHLY, NOW)),
}
GRAINS = tuple(
    Grain(number + offset, dimensions, level, keeping)
    for number, (dimensions, keepings) in _TABLE.items()
    for offset, (level, keeping) in enumerate(zip(LEVELS, keepings, strict=True))
    if keeping is not None
)
_BY_KEY = {(frozenset(grain.dimensions), grain.level): grain for grain in GRAINS}
BY_NUMBER = {grain.number: grain for grain in GRAINS}


def level_of(region: str) -> str:
    """province, city, county or locality, by the length of the code; a zone's six-digit code is its county."""
    return {2: "province", 4: "city", 6: "county"}.get(len(region), "locality")


def grain_of(dimensions: frozenset[str], level: str) -> Grain:
    """The grain that keeps exactly these dimensions apart. A task implies its campaign. Raises NotKept."""
    if "task_id" in dimensions:
        dimensions |= {"campaign_id"}
    try:
        return _BY_KEY[dimensions, level]
    except KeyError:
        names = "、".join(name for name in DIMENSIONS if name in dimensions)
        raise NotKept(f"no cells are kept by {names} in each {level}") from None
