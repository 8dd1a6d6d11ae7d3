"""Engineering projects as data (R238, R240, R242, R243): kinds, who pays, what money is for, when gas may be let in.

Every row carries its source, from when it holds, and whether that was verified. A key once used keeps its words, so
that what was entered under it stays readable.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from .records import Provenance, is_in_force, load, provenance

PUBLIC, ENTERPRISE, RESIDENTS = "public", "enterprise", "residents"
SIDES = {PUBLIC: "财政资金", ENTERPRISE: "企业资金", RESIDENTS: "居民分摊", "other": "其他"}
LISTS = ("kinds", "sources", "purposes", "checks", "care", "benefits", "services")


@dataclass(frozen=True)
class Choice(Provenance):
    """One row of a list: `unit` and `gas_on` of a kind of project, `side` of a source, `asks` of a check."""

    key: str
    label: str
    unit: str = ""
    gas_on: bool = False
    side: str = ""
    asks: str = ""


@cache
def every(name: str) -> tuple[Choice, ...]:
    """All rows of a list, whenever they hold. Raises KeyError for a list there is not."""
    return tuple(
        Choice(
            key=row["key"],
            label=row["label"],
            unit=row.get("unit", ""),
            gas_on=row.get("gas_on", False),
            side=row.get("side", ""),
            asks=row.get("asks", ""),
            **provenance(row),
        )
        for row in load("projects")[name]
    )


def in_force_on(name: str, on: dt.date) -> list[Choice]:
    """The rows of a list that hold on a day, in their order."""
    return [row for row in every(name) if is_in_force(row, on)]


def choices(name: str, on: dt.date) -> list[tuple[str, str]]:
    """(key, words) of a list as a form offers it on a day."""
    return [(row.key, row.label) for row in in_force_on(name, on)]


def label(name: str, key: str) -> str:
    """The words of a key; the key itself where the list has lost it."""
    return next((row.label for row in every(name) if row.key == key), key)


def row(name: str, key: str) -> Choice | None:
    """One row of a list, or None."""
    return next((each for each in every(name) if each.key == key), None)


def leverage(public: Decimal, own: Decimal) -> Decimal | None:
    """How many yuan of enterprises' own money stand beside one public yuan (R237), to two places; None without any."""
    return (own / public).quantize(Decimal("0.01")) if public > 0 else None
