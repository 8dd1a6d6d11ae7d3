"""Two signed returns of one body that say different things of the same figure (表间不一致): same question, same days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bihuan.accounts.models import User

from .counting import ask_of
from .figures import Figure, ReturnFigures, figures_of
from .models import Period, Return
from .workflow import FILED

MOST = 2000  # other returns of the same days, of all bodies of a period


@dataclass(frozen=True)
class Conflict:
    """One figure signed twice, differently; each opens its own rows as of its own signing."""

    record: Return
    own: Figure
    other: Figure
    other_record: Return


def conflicts_of(period: Period, records: Iterable[Return], user: User) -> dict[int, list[Conflict]]:
    """Of each signed return, where it contradicts what the same body signed in another return that ends on the same day,
    as far as the person may see that other one.

    Two returns are counted at different moments, so both may have been right: the page shows both with their rows.
    """
    own = {record.organization_id: record for record in records if record.is_filed and record.current}
    others = (
        Return.objects.visible_to(user)
        .filter(
            period__last=period.last,
            organization__in=list(own),
            status__in=list(FILED),
            current__isnull=False,
        )
        .exclude(period=period)
        .select_related("period__version", "period__definition__campaign", "organization__region", "current")
        .order_by("organization_id", "pk")[:MOST]
    )
    by_body: dict[int, list[Return]] = defaultdict(list)
    for other in others:
        by_body[other.organization_id].append(other)
    found: dict[int, list[Conflict]] = {}
    for body, its in by_body.items():
        record = own[body]
        if conflicts := _between(record, its):
            found[record.pk] = conflicts
    return found


def _between(record: Return, others: Sequence[Return]) -> list[Conflict]:
    questions = _questions(figures_of(record, record.current))
    found = []
    for other in others:
        for question, figure in _questions(figures_of(other, other.current)).items():
            own = questions.get(question)
            if own is not None and (own.value or Decimal(0)) != (figure.value or Decimal(0)):
                found.append(Conflict(record, own, figure, other))
    return found


def _questions(sheet: ReturnFigures) -> dict[Any, Figure]:
    """The counted figures of the whole, by what was asked: of whom, what, over which days, with which filters."""
    row, scope = sheet.rows[0], sheet.filling.scope
    found: dict[Any, Figure] = {}
    for item in sheet.items:
        if item.measure:
            ask = ask_of(item, row, sheet.filling)
            asked = (ask.measure, ask.since, ask.until, tuple(sorted(ask.filters.items())), scope)
            found[asked] = sheet.figure(row, item)
    return found
