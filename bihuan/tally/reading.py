"""One statement per question: cells and pending deltas are seen at the same moment, so half a fold is never seen.

A question names the dimensions it fixes, those it compares, the regions, and the points in time it wants sums for. Up
to the end of a day is: the running total, corrected by the days between that day and the mark it reaches to; for days
long past whole months and the days of the month. Either way a number of cells fixed by the grid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, router
from django.utils import timezone

from .figures import Figures
from .grains import Grain, NotKept, grain_of, level_of
from .models import EVER, METRICS, Cell, Delta, Mark
from .statements import day as date_of
from .statements import region_of

NEAR_DAYS = 31
ONE_DAY = dt.timedelta(days=1)
_MARK = f"COALESCE((SELECT max(counted_to) FROM {Mark._meta.db_table}), %s)"  # noqa: S608
_PLUS = ", ".join(METRICS)
_MINUS = ", ".join(f"-{metric}" for metric in METRICS)
_SUMS = ", ".join(f"SUM({metric})" for metric in METRICS)
NO_MEMBER = {"campaign_id": 0, "task_id": 0, "department_id": 0, "kind": "", "source": ""}
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """What is asked: `fixed` dimensions by value, `compared` dimensions, regions by code or all `under` a code.

    `level` is needed without `regions`; an empty `under` is everywhere. With `per_region` the answer keeps regions apart.
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    regions: Sequence[str] = ()
    under: str = ""
    level: str = ""
    per_region: bool = False

    def by_level(self) -> dict[str, list[str]]:
        """The levels the question touches, each with the codes asked for (none: everything under `under`)."""
        if self.level:
            return {self.level: list(self.regions)}
        found: dict[str, list[str]] = {}
        for code in self.regions:
            found.setdefault(level_of(code), []).append(code)
        return found

    @property
    def dimensions(self) -> frozenset[str]:
        return frozenset(self.compared) | frozenset(name for name, value in self.fixed.items() if value)


class Reader:
    """Gathers the parts of one statement; `rows` sends it."""

    def __init__(self, question: Question, *, by_start: bool = False) -> None:
        self.question = question
        self.by_start = by_start
        self.today = timezone.localdate()
        self._parts: list[str] = []
        self._values: list[Any] = []
        self._connection = connections[router.db_for_read(Cell)]
        # What is summed up to a day has no start of its own.
        self._no_start = (
            f"{date_of(EVER)}::date" if self._connection.vendor == "postgresql" else date_of(EVER)
        )

    # --- points in time ----------------------------------------------------------------------------------

    def until(self, tag: int, day: dt.date) -> None:
        """Everything counted until the end of `day`, under `tag`. Raises NotKept when a narrow grain cannot tell."""
        for level, codes in self.question.by_level().items():
            grain = grain_of(self.question.dimensions, level)
            self._until(tag, day, grain, codes)
            self._pending(tag, level, codes, "day <= %s", [day], start=self._no_start)

    def _until(self, tag: int, day: dt.date, grain: Grain, codes: list[str]) -> None:
        never = self._no_start
        near = day >= self.today - dt.timedelta(days=NEAR_DAYS)
        if grain.keeps_day(day, self.today) and (near or grain.keeping.days is not None):
            self._cells(tag, grain, codes, "span = 'all' AND start = %s", [EVER], start=never)
            # Usually the mark is today and so is the day: then neither of these two is even begun.
            between = "span = 'day' AND {mark} < %s AND start > {mark} AND start <= %s"
            self._cells(tag, grain, codes, between.format(mark=_MARK), [EVER, day, EVER, day], start=never)
            between = "span = 'day' AND {mark} > %s AND start <= {mark} AND start > %s"
            self._cells(
                tag, grain, codes, between.format(mark=_MARK), [EVER, day, EVER, day], start=never, minus=True
            )
            return
        month = (day + ONE_DAY).replace(day=1)  # the first month that is not whole
        whole_days = grain.keeping.days is None
        if not grain.keeping.months or not (whole_days or month == day + ONE_DAY):
            raise NotKept(f"{grain.dimensions} in each {grain.level} is not kept for {day}")
        self._cells(tag, grain, codes, "span = 'month' AND start < %s", [month], start=never)
        if month <= day:
            between = "span = 'day' AND start >= %s AND start <= %s"
            self._cells(tag, grain, codes, between, [month, day], start=never)

    def days(self, tag: int, since: dt.date, until: dt.date) -> None:
        """Each day of [since, until] by itself. Raises NotKept."""
        for level, codes in self.question.by_level().items():
            grain = grain_of(self.question.dimensions, level)
            if not grain.keeps_day(since - ONE_DAY, self.today):
                raise NotKept(f"{grain.dimensions} in each {grain.level} keeps no days from {since}")
            between = "span = 'day' AND start >= %s AND start <= %s"
            self._cells(tag, grain, codes, between, [since, until], start="start")
            self._pending(tag, level, codes, "day >= %s AND day <= %s", [since, until], start="day")

    def months(self, tag: int, first: dt.date, last: dt.date) -> None:
        """Each whole month of [first, last] (both first days of months) by itself, under a day within it. Raises NotKept."""
        after = (last + 31 * ONE_DAY).replace(day=1)
        for level, codes in self.question.by_level().items():
            grain = grain_of(self.question.dimensions, level)
            if not grain.keeping.months:
                raise NotKept(f"{grain.dimensions} in each {grain.level} keeps no months")
            between = "span = 'month' AND start >= %s AND start <= %s"
            self._cells(tag, grain, codes, between, [first, last], start="start")
            self._pending(tag, level, codes, "day >= %s AND day < %s", [first, after], start="day")

    # --- parts -------------------------------------------------------------------------------------------

    def _cells(
        self,
        tag: int,
        grain: Grain,
        codes: list[str],
        when: str,
        values: list[Any],
        *,
        start: str,
        minus: bool = False,
    ) -> None:
        question = self.question
        where, given = [f"grain = {grain.number}"], list[Any]()
        self._place("region", codes, where, given)
        for name, nothing in NO_MEMBER.items():
            if name not in question.compared:
                where.append(f"{name} = %s")
                given.append(question.fixed.get(name) or nothing)
        if "task_id" in question.compared:
            where.append("task_id <> 0")  # lets the planner use the partial index of matrices
        metrics = _MINUS if minus else _PLUS
        self._add(tag, "region", start, metrics, Cell._meta.db_table, [*where, when], given + values)

    def _pending(
        self, tag: int, level: str, codes: list[str], when: str, values: list[Any], *, start: str
    ) -> None:
        question, region = self.question, region_of(level)
        where, given = list[str](), list[Any]()
        self._place(region, codes, where, given)
        for name, value in question.fixed.items():
            if value:
                where.append(f"{name} = %s")
                given.append(value)
        for name in question.compared:
            where.append(f"{name} <> %s")
            given.append(NO_MEMBER[name])
        self._add(tag, region, start, _PLUS, Delta._meta.db_table, [*where, when], given + values)

    def _place(self, column: str, codes: list[str], where: list[str], given: list[Any]) -> None:
        if codes:
            where.append(f"{column} IN ({', '.join(['%s'] * len(codes))})")
            given += codes
        elif self.question.under:
            where.append(f"{column} >= %s AND {column} < %s")
            given += [self.question.under, _after(self.question.under)]

    def _add(
        self, tag: int, region: str, start: str, metrics: str, table: str, where: list[str], values: list[Any]
    ) -> None:
        columns = [f"{tag} AS tag", *self.question.compared]
        if self.question.per_region:
            columns.append(f"{region} AS region")
        if self.by_start:
            columns.append(f"{start} AS start")
        self._parts.append(f"SELECT {', '.join(columns)}, {metrics} FROM {table} WHERE {' AND '.join(where)}")  # noqa: S608
        self._values += values

    # --- the answer --------------------------------------------------------------------------------------

    def rows(self) -> Iterable[tuple[Key, Figures]]:
        """((tag, compared…, region if per_region, start if by_start), sums); combinations without anything are absent."""
        if not self._parts:
            return
        names = ["tag", *self.question.compared]
        names += ["region"] * self.question.per_region + ["start"] * self.by_start
        group = ", ".join(names)
        # The first part names the columns of all.
        parts = " UNION ALL ".join(self._parts)
        statement = f"SELECT {group}, {_SUMS} FROM ({parts}) AS parts GROUP BY {group}"  # noqa: S608
        width = len(names)
        is_text = self._connection.vendor == "sqlite"
        with self._connection.cursor() as cursor:
            cursor.execute(statement, [_plain(value) if is_text else value for value in self._values])
            for row in cursor.fetchall():
                key = row[:width]
                if self.by_start and isinstance(key[-1], str):
                    key = (*key[:-1], dt.date.fromisoformat(key[-1]))
                yield key, Figures(*map(int, row[width:]))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _after(code: str) -> str:
    """The first code after everything that begins with `code`."""
    return str(int(code) + 1).zfill(len(code))
