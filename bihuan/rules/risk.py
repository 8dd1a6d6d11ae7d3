"""The four risk colours (安全风险四色) of dual prevention: red, orange, yellow, blue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bihuan.rules.records import Provenance, UnknownRule, load, provenance


@dataclass(frozen=True)
class RiskColour(Provenance):
    """One grade of risk: rank 1 is the gravest."""

    key: str
    rank: int
    label: str
    colour_label: str
    controlled_at: str


@cache
def risk_colours() -> tuple[RiskColour, ...]:
    """Return the four colours, gravest first."""
    rows = (
        RiskColour(
            key=row["key"],
            rank=row["rank"],
            label=row["label"],
            colour_label=row["colour_label"],
            controlled_at=row["controlled_at"],
            **provenance(row),
        )
        for row in load("risk")["colours"]
    )
    return tuple(sorted(rows, key=lambda colour: colour.rank))


def risk_colour(key: str) -> RiskColour:
    """Return the colour named red, orange, yellow or blue. Raises UnknownRule."""
    for colour in risk_colours():
        if colour.key == key:
            return colour
    raise UnknownRule(f"没有名为“{key}”的风险等级，可用：red、orange、yellow、blue")


def gravest(keys: list[str]) -> str | None:
    """Return the gravest of the colours, the grade of a place holding them all; None for none."""
    return min(keys, key=lambda key: risk_colour(key).rank, default=None)
