"""How often a place has been visited this year, by whom, and up to which limit: read before anybody goes again (R059).

Every agency counts, whoever asks: a visit is a burden for the place also when the reader may not open its record. A joint
visit of which several bodies keep a record is one visit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from bihuan.registry.models import Enterprise
from bihuan.rules import visitplans as rules

from .kinds import OWN
from .models import Inspection


@dataclass(frozen=True)
class Made:
    """The visits of one kind by one body in a year, and `together` those of the kind by all bodies.

    `cap` is the limit of the kind over all bodies together, None for none; `is_full` when they have reached it.
    """

    kind: str
    label: str
    organization: str
    count: int
    together: int
    last: dt.date
    cap: int | None
    is_full: bool


# Records of one day at one place are one visit when they are joint ones.
_VISITS = Count("pk", filter=~Q(kind=Inspection.Kind.JOINT)) + Count(
    "inspected_on", filter=Q(kind=Inspection.Kind.JOINT), distinct=True
)


def _of_year(day: dt.date) -> QuerySet[Inspection]:
    """Visits of authorities in the year up to a day; what an enterprise checks itself is none."""
    rows = Inspection.objects.filter(inspected_on__gte=dt.date(day.year, 1, 1), inspected_on__lte=day)
    return rows.exclude(kind__in=OWN).order_by()


def visits_this_year(enterprise: Enterprise, on: dt.date | None = None) -> list[Made]:
    """Visits to an enterprise this calendar year by kind and body, the most frequent first."""
    day = on or timezone.localdate()
    made = _of_year(day).filter(enterprise=enterprise)
    rows = made.values_list("kind", "organization__short_name").annotate(
        count=_VISITS, last=Max("inspected_on")
    )
    labels = dict(Inspection.Kind.choices)
    totals = dict(made.values_list("kind").annotate(count=_VISITS))
    found = []
    for kind, body, count, last in sorted(rows, key=lambda row: (-row[2], row[0], row[1])):
        limit = rules.cap(kind, day)
        most = limit.per_year if limit else None
        is_full = most is not None and totals[kind] >= most
        found.append(Made(kind, str(labels.get(kind, kind)), body, count, totals[kind], last, most, is_full))
    return found


def counts_this_year(pks: Iterable[int], on: dt.date | None = None) -> dict[int, int]:
    """How many visits each enterprise has had this year; those without any are left out."""
    rows = _of_year(on or timezone.localdate()).filter(enterprise__in=list(pks))
    return dict(rows.values_list("enterprise").annotate(count=_VISITS))


def counts_of_kind(pks: Iterable[int], kind: str, on: dt.date | None = None) -> dict[int, int]:
    """How many visits of one kind each enterprise has had this year; those without any are left out."""
    rows = _of_year(on or timezone.localdate()).filter(enterprise__in=list(pks), kind=kind)
    return dict(rows.values_list("enterprise").annotate(count=_VISITS))


def at_cap(pks: Iterable[int], kind: str, on: dt.date | None = None) -> set[int]:
    """Which enterprises have had as many visits of a kind this year as its limit allows."""
    day = on or timezone.localdate()
    limit = rules.cap(kind, day)
    if limit is None:
        return set()
    return {pk for pk, count in counts_of_kind(pks, kind, day).items() if count >= limit.per_year}


def over_cap(enterprise: Enterprise, kind: str, on: dt.date | None = None) -> str:
    """Words for a kind whose limit of the year is reached at this enterprise, "" while there is room."""
    day = on or timezone.localdate()
    limit = rules.cap(kind, day)
    if limit is None:
        return ""
    made = _of_year(day).filter(enterprise=enterprise, kind=kind).aggregate(count=_VISITS)["count"]
    if made < limit.per_year:
        return ""
    label = Inspection.Kind(kind).label
    return f"今年已有 {made} 次{label}，上限 {limit.per_year} 次（{limit.doc_no}）"


def sentence(made: list[Made], kind: str) -> str:
    """All visits of the year in a sentence, with a warning where the kind now meant is at its limit; "" for none."""
    if not made:
        return ""
    by_body: dict[str, int] = {}
    for each in made:
        by_body[each.organization] = by_body.get(each.organization, 0) + each.count
    who = "、".join(f"{name} {count} 次" for name, count in sorted(by_body.items(), key=lambda row: -row[1]))
    same = next((each for each in made if each.kind == kind and each.is_full), None)
    full = f"；{same.label}已到上限 {same.cap} 次" if same else ""
    total = sum({each.kind: each.together for each in made}.values())
    once = "（联合检查各单位合计一次）" if total < sum(by_body.values()) else ""
    return f"今年已受检 {total} 次：{who}{once}{full}"
