"""What the law asks of the head of an enterprise (主要负责人, 安全生产法 第二十一条), as dated data (R124)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from bihuan.rules.records import Provenance, in_force, is_in_force, load, provenance


@dataclass(frozen=True, kw_only=True)
class HeadDuty(Provenance):
    """One duty of the head, in the order of the law."""

    key: str
    number: int
    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SelfCheckCadence(Provenance):
    """In how many months an enterprise must have checked itself at least once."""

    every_months: int


@cache
def _duties() -> tuple[HeadDuty, ...]:
    return tuple(
        HeadDuty(key=row["key"], number=row["number"], name=row["name"], text=row["text"], **provenance(row))
        for row in load("headduties")["duties"]
    )


def head_duties(on: dt.date) -> list[HeadDuty]:
    """The duties in force on a day, in the order of the law; none before the law that is known."""
    return sorted((each for each in _duties() if is_in_force(each, on)), key=lambda each: each.number)


def head_duty(key: str, on: dt.date) -> HeadDuty | None:
    """One duty as it was in force on a day; None for an unknown key or before it was law."""
    return next((each for each in head_duties(on) if each.key == key), None)


@cache
def _cadences() -> tuple[SelfCheckCadence, ...]:
    return tuple(
        SelfCheckCadence(every_months=row["every_months"], **provenance(row))
        for row in load("headduties")["self_checks"]
    )


def self_check_cadence(on: dt.date) -> SelfCheckCadence:
    """How often an enterprise checks itself, by the rule in force on a day. Raises UnknownRule."""
    return in_force(_cadences(), on, what="企业自查周期")
