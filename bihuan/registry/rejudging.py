"""Judging anew under cut-offs that have changed: every current judgement of an area, one by one, in the background.

What was judged before stays as history; values, danger and outright circumstances are those of the judgement before.
Grades set by experts stay theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind as JobKind
from bihuan.jobs.running import Progress

from . import grading, policies, risks
from .models import EnterpriseGrading, RiskAssessment, RiskPolicy

JOB = "registry.rejudge"
BATCH = 200
Method = RiskPolicy.Method


def start_rejudging(policy: RiskPolicy, *, by: User) -> Job:
    """Begin judging anew by a policy. Raises PermissionDenied outside one's area, Refused while it is not in force."""
    if not policies.may_set(policy, by):
        raise PermissionDenied
    today = timezone.localdate()
    if policy.from_on > today or (policy.to_on is not None and policy.to_on < today):
        raise Refused("这一口径今天没有生效，不能据以重新评价")
    title = f"按“{policy}”重新评价"
    return start(JOB, title=title, by=by, parameters={"policy": policy.pk}, unit="条")


def waiting(policy: RiskPolicy) -> QuerySet[RiskAssessment] | QuerySet[EnterpriseGrading]:
    """Current judgements of its area that were made by other cut-offs."""
    if policy.method == Method.GRADE:
        lies = policies.ruled_by(policy, "enterprise__")
        graded = EnterpriseGrading.objects.filter(lies, is_current=True, is_override=False)
        return graded.filter(~Q(explanation__policy=policy.key))
    lies = policies.ruled_by(policy, "point__enterprise__")
    judged = RiskAssessment.objects.filter(lies, is_current=True, method=policy.method, point__is_active=True)
    return judged.filter(~Q(explanation__policy=policy.key))


def _run(progress: Progress) -> str:
    job = progress.job
    policy = RiskPolicy.objects.select_related("region").get(pk=job.parameters["policy"])
    if not policies.may_set(policy, job.owner):
        raise Refused("您的岗位已不能设定评价口径")
    rows = waiting(policy)
    progress.begin("逐条重新评价", total=rows.count(), done=0)
    done = 0
    for row in _after(rows, job.checkpoint.get("at", 0)):
        if policy.method == Method.GRADE:
            grading.regrade(row.enterprise, by=job.owner)  # type: ignore[union-attr]
        else:
            _judge(row, by=job.owner)  # type: ignore[arg-type]
        done += 1
        progress.step(done, {"at": row.pk})
    job.done = job.total = done
    return f"重新评价 {done} 条，原评价留作历史"


def _after(
    rows: QuerySet[RiskAssessment] | QuerySet[EnterpriseGrading], last: int
) -> Iterator[RiskAssessment | EnterpriseGrading]:
    """Each row there is at the beginning, once: what is judged anew gets a higher number."""
    highest = rows.aggregate(last=Max("pk"))["last"] or 0
    while True:
        batch: list[RiskAssessment | EnterpriseGrading] = list(
            rows.filter(pk__gt=last, pk__lte=highest).order_by("pk")[:BATCH]
        )
        if not batch:
            return
        yield from batch
        last = batch[-1].pk


def _judge(row: RiskAssessment, *, by: User) -> None:
    risks.assess(
        row.point, danger=row.danger, method=row.method, values=row.values, policy="",
        direct=row.explanation.get("direct", []), by=by, on=timezone.localdate(),
    )  # fmt: skip


def _stopped(job: Job) -> str:
    return "已重新评价的留着；继续时从下一条做起"


REJUDGE = JobKind(JOB, "按新口径重新评价", _run, _stopped, permission=Permission.SET_POLICIES)
