"""What is shipped as data: the points a locality is looked at for, and the meetings an office usually holds."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from bihuan.rules.records import Provenance, in_force, provenance

OTHER = "其他"


@dataclass(frozen=True)
class Point:
    """One point of a locality's own duties."""

    code: str
    section: str
    category: str
    question: str
    basis: str


@dataclass(frozen=True)
class Points(Provenance):
    """One version of the list."""

    items: tuple[Point, ...]


@dataclass(frozen=True)
class ShippedSeries:
    """A meeting an office may take over. `seats` are kinds of organizations that belong to it."""

    name: str
    kind: str
    rhythm: str
    chair_title: str
    basis: str
    seats: tuple[str, ...]


@cache
def _read(name: str) -> dict[str, Any]:
    text = resources.files("bihuan.oversight").joinpath("data", name).read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


@cache
def _versions() -> tuple[Points, ...]:
    return tuple(
        Points(items=tuple(Point(**item) for item in row["items"]), **provenance(row))
        for row in _read("duties.json")["versions"]
    )


def points(on: dt.date) -> tuple[Point, ...]:
    """The points in force on a day. Raises rules.records.UnknownRule when there are none."""
    return in_force(_versions(), on, what="属地职责检查表").items


def categories() -> list[str]:
    """What problems are sorted by."""
    found: list[str] = _read("duties.json")["categories"]
    return found


def category_of(code: str, on: dt.date) -> str:
    """The sort of problem a point belongs to; the code itself where it is one."""
    found = next((each.category for each in points(on) if each.code == code), "")
    return found or (code if code in categories() else OTHER)


def shipped_series(on: dt.date) -> list[ShippedSeries]:
    """The meetings in force on a day."""
    found = []
    for row in _read("meetings.json")["series"]:
        ends = row["effective_to"]
        if row["effective_from"] <= on.isoformat() and (ends is None or on.isoformat() <= ends):
            found.append(
                ShippedSeries(
                    row["name"],
                    row["kind"],
                    row["rhythm"],
                    row["chair_title"],
                    row["basis"],
                    tuple(row["seats"]),
                )
            )
    return found
