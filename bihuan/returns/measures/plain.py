"""Measures over rows that carry their own dates: one query says which rows, the same one is counted and shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Model, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from .base import Ask, Rows, Scope

Select = Callable[[Ask, Scope, dt.datetime], QuerySet[Any]]


@dataclass(frozen=True)
class Plain:
    """`select` gives the rows of one measure; `summed` is the column added up (rows are counted without), divided by
    `per`; `dimensions` maps a dimension to its column. `amount` names what is summed on the rows shown, where that is
    not the same column."""

    select: Select
    show: Callable[[QuerySet[Any]], Rows]
    summed: str = ""
    per: int = 1
    amount: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)

    def count(self, asks: Sequence[Ask], scope: Scope, moment: dt.datetime | None) -> list[Decimal | None]:
        """One query for each window, filter and dimension; see `Family.count`."""
        now = moment or timezone.now()
        kept: dict[tuple[Any, ...], dict[str, Decimal]] = {}
        found: list[Decimal | None] = []
        total = Sum(self.summed, default=0) if self.summed else Count("pk", distinct=True)
        for ask in asks:
            key = (ask.measure, ask.since, ask.until, tuple(sorted(ask.filters.items())), ask.dimension)
            if key not in kept:
                whole = Ask(ask.measure, ask.until, ask.since, ask.filters)
                rows = self.select(whole, scope, now).order_by()
                if ask.dimension:
                    column = self.dimensions[ask.dimension]
                    kept[key] = {
                        str(row[column]): Decimal(row["total"])
                        for row in rows.values(column).annotate(total=total)
                    }
                else:
                    kept[key] = {"": Decimal(rows.aggregate(total=total)["total"] or 0)}
            members = ask.values if ask.dimension else ("",)
            found.append(
                sum((kept[key].get(member, Decimal(0)) for member in members), Decimal(0)) / self.per
            )
        return found

    def rows(self, ask: Ask, scope: Scope, moment: dt.datetime) -> Rows | None:
        """See `Family.rows`."""
        found = self.select(Ask(ask.measure, ask.until, ask.since, ask.filters), scope, moment)
        if ask.dimension:
            found = found.filter(**{f"{self.dimensions[ask.dimension]}__in": ask.values})
        shown = self.show(found)
        if not self.summed:
            return shown
        return Rows(
            shown.queryset, shown.order, shown.columns, shown.address, shown.title,
            lambda row: Decimal(getattr(row, self.amount or self.summed) or 0) / self.per,
        )  # fmt: skip


def within(ask: Ask, name: str) -> dict[str, Any]:
    """The window as conditions on a date column."""
    limits: dict[str, Any] = {f"{name}__lte": ask.until}
    if ask.since:
        limits[f"{name}__gte"] = ask.since
    return limits


def stood(line: type[Model], subject: str, moment: dt.datetime, column: str = "to_status") -> Subquery:
    """What the last line of a row (the outer query's) said of it at a moment: its status, or another column of the line."""
    lines = line._default_manager.filter(**{subject: OuterRef("pk")}, at__lte=moment).order_by("-id")
    return Subquery(lines.values(column)[:1])
