"""Which objects are supervised above others, derived from criteria and never entered by hand (R045)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from bihuan.accounts.models import User

from .filters import ExtraFilter
from .models import (
    Chemical,
    Enterprise,
    EnterpriseGrading,
    EnterpriseQuerySet,
    KindSchema,
    MajorUnit,
    RiskProfile,
)

Meets = Callable[[], Q]


def _units(*grades: int) -> QuerySet[MajorUnit]:
    rows = MajorUnit.objects.filter(enterprise=OuterRef("pk"), is_active=True, is_major=True)
    return rows.filter(grade__in=grades) if grades else rows


def _graded(grade: str) -> QuerySet[EnterpriseGrading]:
    return EnterpriseGrading.objects.filter(enterprise=OuterRef("pk"), is_current=True, grade=grade)


def _asking(name: str) -> QuerySet[KindSchema, Any]:
    """Kinds that are asked for an attribute: elsewhere no record needs to be looked into."""
    return KindSchema.objects.in_force().filter(schema__properties__has_key=name).values("kind")


# Key: (words, condition). Higher apps add what they know with `register`.
_CRITERIA: dict[str, tuple[str, Meets]] = {
    "red": ("红色风险", lambda: Q(risk="red")),
    "orange": ("橙色风险", lambda: Q(risk="orange")),
    "grade_d": ("企业分级D级", lambda: Q(Exists(_graded("D")))),
    "grade_c": ("企业分级C级", lambda: Q(Exists(_graded("C")))),
    "unit": ("有重大危险源", lambda: Q(Exists(_units()))),
    "unit_high": ("有一、二级重大危险源", lambda: Q(Exists(_units(1, 2)))),
    "chemicals": (
        "涉及重点监管危险化学品",
        lambda: (
            Q(Exists(RiskProfile.objects.filter(enterprise=OuterRef("pk"), key_chemicals=True)))
            | Q(Exists(Chemical.objects.filter(enterprise=OuterRef("pk"), is_key=True, is_present=True)))
            | Q(kind__in=_asking("key_chemicals"), attributes__key_chemicals=True)
        ),
    ),
    "processes": (
        "涉及重点监管危险化工工艺",
        lambda: (
            Q(Exists(RiskProfile.objects.filter(enterprise=OuterRef("pk"), key_processes=True)))
            | Q(kind__in=_asking("key_processes"), attributes__has_key="key_processes")
        ),
    ),
}
USUAL = ("red", "grade_d", "unit", "chemicals", "processes")


def register(key: str, words: str, meets: Meets) -> None:
    """Add a criterion of another app, e.g. 未销号重大隐患; `meets` gives a condition on Enterprise rows."""
    _CRITERIA[key] = (words, meets)


def criteria() -> dict[str, str]:
    """{key: words} of every criterion."""
    return {key: words for key, (words, _) in _CRITERIA.items()}


def meeting(*keys: str) -> Q:
    """A condition on Enterprise rows: any of the criteria of these keys."""
    query = Q(pk__in=())
    for key in keys:
        query |= _CRITERIA[key][1]()
    return query


def narrow(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    """Objects that meet any of the criteria, named by keys with commas; None when none is known."""
    chosen = [key for key in value.split(",") if key in _CRITERIA]
    if not chosen:
        return None
    return objects.filter(meeting(*chosen))


def words_of(value: str, user: User) -> str:
    """The criteria in words."""
    return "或".join(_CRITERIA[key][0] for key in value.split(",") if key in _CRITERIA)


def reasons_of(pks: Iterable[int]) -> dict[int, list[str]]:
    """Why each of these objects would be on the list: every criterion it meets; one query for each criterion."""
    wanted = list(pks)
    reasons: dict[int, list[str]] = defaultdict(list)
    for words, meets in _CRITERIA.values():
        for pk in Enterprise.objects.filter(meets(), pk__in=wanted).values_list("pk", flat=True):
            reasons[pk].append(words)
    return reasons


CRITERIA = ExtraFilter("criteria", "重点监管", narrow, words_of)
