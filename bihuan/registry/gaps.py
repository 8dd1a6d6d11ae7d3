"""Filters of the registry's list that other modules of the registry bring: who is missing, which grade."""

from __future__ import annotations

import re

from django.db.models import Exists, OuterRef
from django.utils import timezone

from bihuan.accounts.models import User

from .filters import ExtraFilter
from .models import EnterpriseGrading, EnterpriseQuerySet
from .responsibilities import MISSING, unsettled, without

ANY = "any"
_YEAR = re.compile(r"20\d\d")
GAPS = {**MISSING, ANY: "责任有缺"}
GRADES = {"A": "A级", "B": "B级", "C": "C级", "D": "D级", "none": "未分级"}


def _narrow_gap(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    return without(objects, value, on=timezone.localdate()) if value in GAPS else None


def _narrow_grade(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in GRADES:
        return None
    current = EnterpriseGrading.objects.filter(enterprise=OuterRef("pk"), is_current=True)
    return objects.filter(~Exists(current) if value == "none" else Exists(current.filter(grade=value)))


GAP = ExtraFilter(
    "gap", "责任", _narrow_gap, lambda value, user: GAPS.get(value, ""), lambda user: list(GAPS.items())
)
GRADE = ExtraFilter(
    "grade",
    "分级",
    _narrow_grade,
    lambda value, user: GRADES.get(value, ""),
    lambda user: list(GRADES.items()),
)


def _narrow_entered(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    return objects.filter(created_at__year=int(value)) if _YEAR.fullmatch(value) else None


# These two are reached from the census: its figures open the list.
ENTERED = ExtraFilter("entered", "登记年份", _narrow_entered, lambda value, user: f"{value}年")


def _narrow_settled(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    return unsettled(objects) if value == "no" else None


SETTLED = ExtraFilter("settled", "乡镇街道", _narrow_settled, lambda value, user: "待定")
