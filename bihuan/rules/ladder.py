"""The escalation ladder (催办阶梯): who hears of a duty, and when, counted from its due date. Own rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from bihuan.rules.records import Provenance, is_in_force, load, provenance


@dataclass(frozen=True)
class LadderStep(Provenance):
    """One rung: ``offset_days`` natural days after the due date (negative: before it).

    ``action`` is remind, urge, report or escalate; ``audience`` names roles: holder, organization_leader,
    office (the campaign's own office), superior_office. ``unheld`` rungs apply to duties nobody holds.
    """

    kind: str
    offset_days: int
    action: str
    label: str
    audience: tuple[str, ...]
    unheld: bool

    @property
    def key(self) -> str:
        """A stable name of the rung, to remember that it was climbed."""
        side = "unheld" if self.unheld else "held"
        return f"{self.kind}.{side}.{self.action}.{self.offset_days:+d}"


@cache
def all_steps() -> tuple[LadderStep, ...]:
    """Return every rung of every ladder."""
    return tuple(
        LadderStep(
            kind=row["kind"],
            offset_days=row["offset_days"],
            action=row["action"],
            label=row["label"],
            audience=tuple(row["audience"]),
            unheld=row["unheld"],
            **provenance(row),
        )
        for row in load("ladder")["steps"]
    )


def ladder_for(kind: str, on: dt.date, *, held: bool = True) -> tuple[LadderStep, ...]:
    """Return the rungs for a kind of duty, earliest first; an unlisted kind climbs the 'default' ladder."""
    steps = [step for step in all_steps() if step.unheld != held and is_in_force(step, on)]
    mine = [step for step in steps if step.kind == kind] or [step for step in steps if step.kind == "default"]
    return tuple(sorted(mine, key=lambda step: step.offset_days))
