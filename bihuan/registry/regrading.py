"""Grades of many enterprises: how they stand by kind, and reckoning them all anew from the facts of the day (R043).

Grades experts have set stay theirs; whoever has no facts that weigh is not graded.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind as JobKind
from bihuan.jobs.running import Progress
from bihuan.rules.enterprisegrades import GRADES

from . import grading
from .access import edit_scope
from .models import Enterprise, EnterpriseGrading, EnterpriseQuerySet, MajorUnit, RiskPoint

JOB = "registry.regrade"
BATCH = 200


def by_kind(user: User) -> list[dict[str, Any]]:
    """How many supervised enterprises of each kind have which grade; `none` is how many have none."""
    seen = Enterprise.objects.visible_to(user).supervised()
    totals = {
        kind: {"kind": kind, "label": label, "total": total, **dict.fromkeys(GRADES, 0)}
        for kind, label, total in seen.order_by("kind__position", "kind_id")
        .values_list("kind_id", "kind__label")
        .annotate(Count("pk"))
    }
    graded = EnterpriseGrading.objects.filter(is_current=True, enterprise__in=seen.order_by().values("pk"))
    for kind, grade, count in (
        graded.order_by().values_list("enterprise__kind", "grade").annotate(Count("pk"))
    ):
        if grade in GRADES:
            totals[kind][grade] = count
    for row in totals.values():
        row["none"] = row["total"] - sum(row[grade] for grade in GRADES)
    return list(totals.values())


def gradable(user: User) -> EnterpriseQuerySet:
    """What the person keeps and there is something to grade by: risk points, units, or a grade already."""
    scope = edit_scope(user)
    if scope.is_empty:
        return Enterprise.objects.none()
    mine = Enterprise.objects.within_scope_of(user, Permission.EDIT_REGISTRY).supervised()
    current = EnterpriseGrading.objects.filter(enterprise=OuterRef("pk"), is_current=True)
    facts = (
        Q(Exists(RiskPoint.objects.filter(enterprise=OuterRef("pk"), is_active=True)))
        | Q(Exists(MajorUnit.objects.filter(enterprise=OuterRef("pk"), is_active=True)))
        | Q(Exists(current))
    )
    return mine.filter(facts).exclude(Exists(current.filter(is_override=True)))


def start_regrading(*, by: User) -> Job:
    """Reckon everything one keeps. Raises PermissionDenied for somebody who keeps nothing."""
    if edit_scope(by).is_empty:
        raise PermissionDenied
    return start(JOB, title="重新计算企业分级", by=by, parameters={}, unit="家")


def _run(progress: Progress) -> str:
    job = progress.job
    if not job.owner.has_perm(Permission.EDIT_REGISTRY):
        raise Refused("您的岗位已不能维护底册")
    rows = gradable(job.owner)
    last, moved, done = (
        job.checkpoint.get("at", 0),
        job.checkpoint.get("moved", 0),
        job.checkpoint.get("done", 0),
    )
    progress.begin("逐家计算", total=done + rows.filter(pk__gt=last).count(), done=done)
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        for enterprise in batch:
            moved += grading.regrade_if_moved(enterprise, by=job.owner)
            last, done = enterprise.pk, done + 1
            progress.step(done, {"at": last, "moved": moved, "done": done})
    job.done = job.total = done
    return f"计算 {done} 家，{moved} 家的分级或得分有变化"


def _stopped(job: Job) -> str:
    return "已计算的留着；继续时从下一家做起"


REGRADE = JobKind(JOB, "重新计算企业分级", _run, _stopped, permission=Permission.EDIT_REGISTRY)
