"""Putting hundreds of enterprises into a round at once, by kind, grade, place and department (R124)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from bihuan.accounts.models import User
from bihuan.accounts.scope import area_q
from bihuan.core.errors import IllegalMove, Refused
from bihuan.registry.models import Enterprise

from ..models import AssessedUnit, Assessment
from ..workflow import Audience, ReviewBody, Status
from .rounds import assign_reviewers, check_runs, put_in

MOST = 3000  # of one round; a body of that size is cut by place or kind


@dataclass(frozen=True)
class Selection:
    """Which enterprises: everything that is given must hold, nothing given takes all."""

    kinds: Sequence[str] = ()
    risks: Sequence[str] = ()
    localities: Sequence[str] = ()
    department: int = 0


@dataclass(frozen=True)
class Found:
    """What a selection comes to: how many could be put in, how many have no account and cannot answer."""

    ready: int
    without_account: int


def chosen(assessment: Assessment, selection: Selection) -> QuerySet[Enterprise]:
    """The enterprises in operation under the assessing body's region that the selection names."""
    rows = Enterprise.objects.supervised().filter(area_q(assessment.organization.region_id))
    if selection.kinds:
        rows = rows.filter(kind__in=selection.kinds)
    if selection.risks:
        rows = rows.filter(risk__in=selection.risks)
    if selection.localities:
        rows = rows.filter(locality__in=selection.localities)
    if selection.department:
        rows = rows.filter(department=selection.department)
    return rows


def count_chosen(assessment: Assessment, selection: Selection) -> Found:
    """How many a selection would put in. Two queries."""
    rows = chosen(assessment, selection)
    fresh = rows.exclude(organization=None).exclude(organization__in=assessment.units.values("organization"))
    return Found(fresh.count(), rows.filter(organization=None).count())


@transaction.atomic
def add_chosen(assessment: Assessment, selection: Selection, *, review_by: str, by: User) -> int:
    """Put all of them in, each assigned to the body that judges it; returns how many.

    Raises PermissionDenied, IllegalMove once it has begun, Refused for another audience, none or too many.
    """
    check_runs(assessment, by)
    status = Assessment.objects.select_for_update().values_list("status", flat=True).get(pk=assessment.pk)
    if status != Status.DRAFT:
        raise IllegalMove(f"{assessment}已经启动，不能再改考核对象")
    if assessment.audience != Audience.ENTERPRISES:
        raise Refused("只有企业主要负责人的考核按范围编入企业")
    if review_by not in ReviewBody.values:
        raise Refused("请选择由谁审核")
    bodies = list(
        chosen(assessment, selection)
        .exclude(organization=None)
        .exclude(organization__in=assessment.units.values("organization"))
        .order_by("locality_id", "pk")
        .values_list("organization_id", flat=True)[: MOST + 1]
    )
    if not bodies:
        raise Refused("这个范围里没有可以编入的企业：没有企业账号的先在企业资料里开通账号")
    if len(bodies) > MOST:
        raise Refused(f"一次考核最多 {MOST} 家，请按地区或类型分开编入")
    rows = [AssessedUnit(assessment=assessment, organization_id=body) for body in bodies]
    assign_reviewers(assessment, rows, review_by)
    return put_in(assessment, rows, by=by)
