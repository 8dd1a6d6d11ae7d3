"""What the office has entered about time: calendar corrections and edited ladders, cached by their content.

Every act needs them and they change a few times a year. A cache that is told of changes would have to be told in
every process; this one is keyed by what the tables say at the moment of the act, which the act reads along with its
own row, so it cannot be wrong. The tables are a few dozen rows at most and usually empty.
"""

from __future__ import annotations

import datetime as dt
import json
from functools import lru_cache
from typing import Any

from bihuan.core.statements import is_postgresql
from bihuan.rules.calendar import Calendar
from bihuan.rules.clocks import Due, rule_for
from bihuan.rules.clocks import due as derive

from .ladder import Ladders, Rung
from .models import CalendarDay, CalendarYear, LadderStep


class Terms:
    """Calendar and ladders as entered at one moment; derived dates are kept, they are asked for again and again."""

    def __init__(self, days: list[list[Any]], years: list[int], rungs: list[list[Any]]) -> None:
        overrides = {dt.date.fromisoformat(day): bool(working) for day, working in days}
        self.calendar = Calendar(overrides, published_years=years)
        self._rungs = [
            (ladder, bool(unheld), Rung(offset, instrument, label, tuple(audiences), drafts, every))
            for ladder, unheld, offset, instrument, label, drafts, every, audiences in rungs
        ]
        self._due: dict[tuple[str, dt.date], Due] = {}
        self._steps: dict[tuple[str, dt.date | None, dt.date], dt.date | None] = {}

    def due(self, rule_key: str, start: dt.date) -> Due:
        """When `rule_key`, in force on `start`, falls due counted from `start`; its explanation is not to be changed."""
        known = self._due.get((rule_key, start))
        if known is None:
            known = derive(rule_for(rule_key, start), start, self.calendar)
            _keep(self._due, (rule_key, start), known)
        return known

    def next_step_on(self, ladder: str, due_on: dt.date | None, *, after: dt.date) -> dt.date | None:
        """The first rung day later than `after`; see `Ladders.next_step_on`."""
        key = (ladder, due_on, after)
        if key not in self._steps:
            _keep(self._steps, key, Ladders(after, self._rungs).next_step_on(ladder, due_on, after=after))
        return self._steps[key]

    def first_step_on(
        self, ladder: str, due_on: dt.date | None, *, on: dt.date, held: bool = True
    ) -> dt.date | None:
        """When a duty that begins on `on` is pressed first; see `Ladders.first_step_on`."""
        if due_on is None or (held and due_on >= on):
            return self.next_step_on(ladder, due_on, after=on)
        return Ladders(on, self._rungs).first_step_on(ladder, due_on, on=on, held=held)


def _keep(known: dict[Any, Any], key: Any, value: Any) -> None:
    if len(known) >= 4096:
        known.clear()
    known[key] = value


def terms_sql() -> str:
    """An expression whose text is everything the office has entered about time; for `terms_of`."""
    days, years, rungs = (model._meta.db_table for model in (CalendarDay, CalendarYear, LadderStep))
    step = "ladder, unheld, offset_days, instrument, label, drafts, every"
    if is_postgresql():
        parts = (
            f"SELECT json_agg(json_build_array(day, working) ORDER BY day) FROM {days}",  # noqa: S608
            f"SELECT json_agg(year ORDER BY year) FROM {years}",  # noqa: S608
            f"SELECT json_agg(json_build_array({step}, audiences) ORDER BY id) FROM {rungs}",  # noqa: S608
        )
        return f"json_build_array(({parts[0]}), ({parts[1]}), ({parts[2]}))::text"
    parts = (
        f"SELECT json_group_array(json_array(day, working)) FROM (SELECT * FROM {days} ORDER BY day)",  # noqa: S608
        f"SELECT json_group_array(year) FROM (SELECT year FROM {years} ORDER BY year)",  # noqa: S608
        f"SELECT json_group_array(json_array({step}, json(audiences))) FROM (SELECT * FROM {rungs} ORDER BY id)",  # noqa: S608
    )
    return f"json_array(json(({parts[0]})), json(({parts[1]})), json(({parts[2]})))"


@lru_cache(maxsize=16)
def terms_of(entered: str) -> Terms:
    """The terms a text of `terms_sql` stands for."""
    days, years, rungs = json.loads(entered)
    return Terms(days or [], years or [], rungs or [])
