"""The tables behind major-hazard installations: critical amounts, factors, grades, as dated data.

Read from ``data/majorhazards.json``. Two sets: GB 18218-2018, and for archives before 2019-03-01
GB 18218-2009 with the factors of 原总局令第40号.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from bihuan.rules.records import Provenance, in_force, load, provenance


def plain(text: str) -> str:
    """Return a substance's name for comparing: full width, spaces and case evened out, 、 as comma."""
    folded = unicodedata.normalize("NFKC", text).upper().replace("、", ",").replace(";", ",")
    return "".join(folded.split()).replace("[", "(").replace("]", ")")


@dataclass(frozen=True)
class NamedSubstance:
    """One row of table 1: a substance with its critical amount in tonnes.

    ``categories`` serve to look up beta while the enterprise has not reported the substance's own.
    """

    row: int
    name: str
    aliases: tuple[str, ...]
    cas: tuple[str, ...]
    quantity: Decimal
    categories: tuple[str, ...]
    verified: bool
    plain_name: str
    plain_names: frozenset[str]
    plain_stem: str


@dataclass(frozen=True)
class Category:
    """One hazard category: critical amount (table 2, tonnes) and beta (table 4)."""

    symbol: str
    label: str
    quantity: Decimal
    factor: Decimal
    verified: bool


@dataclass(frozen=True)
class GasFactor:
    """Beta of a toxic gas by name (table 3); goes before its category."""

    name: str
    factor: Decimal
    verified: bool
    plain_names: frozenset[str]


@dataclass(frozen=True)
class Exposure:
    """Alpha for so many people living within 500 m outside the boundary; both ends count."""

    least: int
    most: int | None
    label: str
    factor: Decimal


@dataclass(frozen=True)
class GradeBand:
    """A grade and the least R that reaches it."""

    grade: int
    label: str
    least: Decimal


@dataclass(frozen=True)
class Variant(Provenance):
    """One reading of factors on which transcriptions of a standard disagree."""

    key: str
    label: str
    factors: Mapping[str, Decimal]
    default: bool
    note: str


@dataclass(frozen=True)
class FactorSet(Provenance):
    """One version of the whole standard."""

    key: str
    label: str
    tables: Mapping[str, str]
    categories_note: str
    names: tuple[NamedSubstance, ...]
    categories: Mapping[str, Category]
    gases: tuple[GasFactor, ...]
    exposures: tuple[Exposure, ...]
    grades: tuple[GradeBand, ...]
    variants: tuple[Variant, ...]

    def named(self, text: str) -> list[NamedSubstance]:
        """Return the rows bearing this name, alias or CAS number; a full name goes before an alias."""
        wanted = plain(text)
        exact = [each for each in self.names if each.plain_name == wanted]
        return exact or [each for each in self.names if wanted in each.plain_names]

    def exposure_of(self, population: int) -> Exposure:
        """Return the row of alpha for a number of people, which must not be negative."""
        return next(
            each
            for each in self.exposures
            if each.least <= population and (each.most is None or population <= each.most)
        )

    def grade_of(self, r: Fraction) -> GradeBand:
        """Return the gravest grade whose least R is reached."""
        return next(each for each in self.grades if r >= each.least)


@cache
def factor_sets() -> tuple[FactorSet, ...]:
    """Return every version of the standard."""
    return tuple(_set(entry) for entry in load("majorhazards")["sets"])


def factor_set(on: dt.date) -> FactorSet:
    """Return the version in force on ``on``. Raises UnknownRule before 2011-12-01."""
    return in_force(factor_sets(), on, what="危险化学品重大危险源辨识与分级")


def variants(on: dt.date) -> tuple[Variant, ...]:
    """Return the readings that may be chosen on ``on``; exactly one is the default."""
    return factor_set(on).variants


def _set(entry: dict[str, Any]) -> FactorSet:
    return FactorSet(
        key=entry["key"],
        label=entry["label"],
        tables=entry["tables"],
        categories_note=entry["categories_note"],
        names=tuple(_named(row) for row in entry["names"]),
        categories={
            row["symbol"]: Category(
                row["symbol"], row["label"], Decimal(row["quantity"]), Decimal(row["factor"]), row["verified"]
            )
            for row in entry["categories"]
        },
        gases=tuple(
            GasFactor(row["name"], Decimal(row["factor"]), row["verified"], _plain_all(row))
            for row in entry["gases"]
        ),
        exposures=tuple(
            Exposure(row["least"], row["most"], row["label"], Decimal(row["factor"]))
            for row in entry["exposure"]
        ),
        grades=tuple(
            sorted(
                (GradeBand(row["grade"], row["label"], Decimal(row["least"])) for row in entry["grades"]),
                key=lambda band: band.grade,
            )
        ),
        variants=tuple(
            Variant(
                key=row["key"],
                label=row["label"],
                factors={symbol: Decimal(factor) for symbol, factor in row["factors"].items()},
                default=row["default"],
                note=row["note"],
                **provenance(row),
            )
            for row in entry["variants"]
        ),
        **provenance(entry),
    )


def _named(row: dict[str, Any]) -> NamedSubstance:
    name = plain(row["name"])
    return NamedSubstance(
        row=row["row"],
        name=row["name"],
        aliases=tuple(row["aliases"]),
        cas=tuple(row["cas"]),
        quantity=Decimal(row["quantity"]),
        categories=tuple(row["categories"]),
        verified=row["verified"],
        plain_name=name,
        plain_names=_plain_all(row) | frozenset(row["cas"]),
        plain_stem=name.split("(")[0],
    )


def _plain_all(row: dict[str, Any]) -> frozenset[str]:
    return frozenset(plain(name) for name in (row["name"], *row["aliases"]))
