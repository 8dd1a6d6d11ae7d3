"""Which rungs a duty climbs, and when the next one is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bihuan.rules.ladder import all_steps, ladder_for
from bihuan.rules.records import load

from .models import LadderStep


@dataclass(frozen=True)
class Rung:
    """One rung as the sweep uses it, from the table or from the shipped rules."""

    offset_days: int
    instrument: str
    label: str
    audiences: tuple[str, ...]
    drafts: str = ""  # the kind of supervision paper to draft here
    every: int | None = None  # climbed again so many days later, and again

    def last_day(self, due_on: dt.date, on: dt.date) -> dt.date | None:
        """The latest day up to `on` on which it is climbed; None before the first."""
        passed = (on - due_on).days - self.offset_days
        if passed < 0:
            return None
        rounds = passed // self.every * self.every if self.every else 0
        return due_on + dt.timedelta(days=self.offset_days + rounds)

    def next_day(self, due_on: dt.date, after: dt.date) -> dt.date | None:
        """The first day later than `after` on which it is climbed; None when it has been for the last time."""
        first = due_on + dt.timedelta(days=self.offset_days)
        if first > after:
            return first
        if not self.every:
            return None
        return first + dt.timedelta(days=((after - first).days // self.every + 1) * self.every)


EditedRung = tuple[str, bool, Rung]  # ladder, for a duty nobody holds, rung


class Ladders:
    """All ladders at one moment, read once per sweep or page; `edited` if the caller has read them already."""

    def __init__(self, on: dt.date, edited: Iterable[EditedRung] | None = None) -> None:
        self._on = on
        self._rows: dict[tuple[str, bool], list[Rung]] = {}
        if edited is None:
            edited = (
                (
                    row.ladder,
                    row.unheld,
                    Rung(
                        row.offset_days,
                        row.instrument,
                        row.label,
                        tuple(row.audiences),
                        row.drafts,
                        row.every,
                    ),
                )
                for row in LadderStep.objects.all()
            )
        for ladder, unheld, rung in edited:
            self._rows.setdefault((ladder, unheld), []).append(rung)
        self._edited = bool(self._rows)

    def rungs(self, ladder: str, *, held: bool) -> list[Rung]:
        """Rungs of one ladder, earliest first; an unlisted ladder climbs the default one."""
        if self._edited:
            rows = self._rows.get((ladder, not held)) or self._rows.get(("default", not held), [])
            return sorted(rows, key=lambda rung: rung.offset_days)
        return [
            Rung(step.offset_days, step.action, step.label, step.audience)
            for step in ladder_for(ladder, self._on, held=held)
        ]

    def next_step_on(self, ladder: str, due_on: dt.date | None, *, after: dt.date) -> dt.date | None:
        """The first rung day later than `after`, held or not: whoever sits in the chair may change meanwhile."""
        if due_on is None:
            return None
        rungs = {rung for held in (True, False) for rung in self.rungs(ladder, held=held)}
        days = [rung.next_day(due_on, after) for rung in rungs]
        return min((day for day in days if day is not None), default=None)

    def first_step_on(
        self, ladder: str, due_on: dt.date | None, *, on: dt.date, held: bool = True
    ) -> dt.date | None:
        """When a duty that begins (or is given this due date) on `on` is pressed first.

        One that is late from its first day has missed its rungs: it is pressed at once from the highest of them and
        goes on from there, so this is the day of that rung, which has passed. So is one that begins with an empty
        chair after the day on which that would have been told. For any other the opening itself has told the holder,
        and the rungs to come are enough.
        """
        if due_on is None:
            return None
        states = (True, False) if due_on < on else (() if held else (False,))
        missed = [
            max(days)
            for state in states
            if (
                days := [day for rung in self.rungs(ladder, held=state) if (day := rung.last_day(due_on, on))]
            )
        ]
        return min(missed) if missed else self.next_step_on(ladder, due_on, after=on)

    def reached(
        self, ladder: str, due_on: dt.date, *, since: dt.date, on: dt.date, held: bool
    ) -> Rung | None:
        """The highest rung whose day came between `since` and `on`, both included, or None.

        A job that was down for a week presses once, not seven times; a rung climbed before is not climbed again when
        the day of a rung for another state of the chair comes round.
        """
        climbed = [
            (day, rung.offset_days, rung)
            for rung in self.rungs(ladder, held=held)
            if (day := rung.last_day(due_on, on)) is not None and day >= since
        ]
        return max(climbed, key=lambda each: each[:2])[2] if climbed else None


def copy_shipped_ladder() -> None:
    """Copy the shipped rungs into the table, once, so that the office can edit them."""
    if LadderStep.objects.exists():
        return
    LadderStep.objects.bulk_create(
        LadderStep(
            ladder=step.kind,
            offset_days=step.offset_days,
            instrument=step.action,
            label=step.label,
            audiences=list(step.audience),
            unheld=step.unheld,
            source=step.source,
        )
        for step in all_steps()
    )


def drafting_rungs() -> tuple[tuple[str, bool, Rung], ...]:
    """The rungs that draft supervision papers, as shipped: in force only once an office has taken them over."""
    return tuple(
        (
            row["kind"],
            row["unheld"],
            Rung(
                row["offset_days"], LadderStep.Instrument.DRAFT, row["label"], tuple(row["audience"]), row["drafts"],
                row["every"],
            ),
        )
        for row in load("ladder")["drafting"]
    )  # fmt: skip
