"""Asking the tally cube for many figures at once: one statement for all windows and members that share their filters."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from bihuan.tally.figures import NOTHING, Figures
from bihuan.tally.queries import NotKept
from bihuan.tally.reading import ONE_DAY, Key, Question, Reader

from .base import Ask, Scope

_NAMES = {"kind": "kind", "source": "source", "department": "department_id"}
Window = tuple[dt.date | None, dt.date]


def from_cube(asks: Sequence[Ask], scope: Scope) -> list[Figures | None]:
    """What the cube keeps of each; None where no cells are kept, to be counted from rows."""
    found: list[Figures | None] = [None] * len(asks)
    together: dict[tuple[Any, ...], dict[Window, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, ask in enumerate(asks):
        same = (ask.dimension, ask.chosen("kind"), ask.chosen("source"))
        together[same][ask.since, ask.until].append(number)
    today = timezone.localdate()
    for same, by_window in together.items():
        if any(until > today for _, until in by_window):
            continue  # the cube knows promises of days to come; a report never speaks of them
        try:
            _read(asks, scope, same, by_window, found)
        except NotKept:
            for numbers in by_window.values():
                for number in numbers:
                    found[number] = None
    return found


def _read(
    asks: Sequence[Ask],
    scope: Scope,
    same: tuple[Any, ...],
    by_window: dict[Window, list[int]],
    found: list[Figures | None],
) -> None:
    dimension, kinds, sources = same
    fixed: dict[str, Any] = {"department_id": scope.department or 0, "campaign_id": scope.campaign or 0}
    compared: list[str] = []
    wanted = {"kind": kinds, "source": sources}
    for name, chosen in wanted.items():
        if name == dimension:
            if chosen:
                raise NotKept(f"{name} is compared and filtered at once")
        elif len(chosen) == 1:
            fixed[name] = chosen[0]
        elif chosen:
            compared.append(name)
    regions = [scope.region]
    if dimension == "locality":
        regions = list(
            dict.fromkeys(v for numbers in by_window.values() for n in numbers for v in asks[n].values)
        )
    elif dimension:
        if dimension == "department" and scope.department:
            raise NotKept("one department is not compared with others")
        compared.append(_NAMES[dimension])
    if not regions:
        for numbers in by_window.values():
            for number in numbers:
                found[number] = NOTHING
        return
    question = Question(
        {name: value for name, value in fixed.items() if value}, tuple(compared), regions,
        per_region=dimension == "locality",
    )  # fmt: skip
    reader, days = Reader(question), dict[dt.date, int]()
    for since, until in by_window:
        for day in (until, since - ONE_DAY if since else until):
            if day not in days:
                days[day] = len(days)
                reader.until(days[day], day)
    by_tag: dict[int, list[tuple[Key, Figures]]] = defaultdict(list)
    for key, figures in reader.rows():
        by_tag[key[0]].append((key[1:], figures))
    for (since, until), numbers in by_window.items():
        ends = _by_member(by_tag[days[until]], compared, dimension, wanted)
        starts = _by_member(by_tag[days[since - ONE_DAY]], compared, dimension, wanted) if since else {}
        for number in numbers:
            members = asks[number].values if dimension else ("",)
            end = sum_of(ends.get(member, NOTHING) for member in members)
            start = sum_of(starts.get(member, NOTHING) for member in members)
            found[number] = (end - start).with_stock_of(end)


def _by_member(
    cells: list[tuple[Key, Figures]], compared: list[str], dimension: str, wanted: dict[str, Any]
) -> dict[str, Figures]:
    """Sums by member of the dimension ("" without one), of the members the filters let through."""
    sums: dict[str, Figures] = defaultdict(Figures)
    for key, figures in cells:
        # Where regions are kept apart, the region is the last part of the key.
        if all(str(key[place]) in wanted[name] for place, name in enumerate(compared) if wanted.get(name)):
            sums[str(key[-1]) if dimension else ""] += figures
    return sums


def sum_of(figures: Any) -> Figures:
    total = NOTHING
    for each in figures:
        total += each
    return total
