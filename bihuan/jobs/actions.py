"""Asking for long work, stopping it, going on with it; and the housekeeping of what is left over."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bihuan.accounts.models import User
from bihuan.core.errors import IllegalMove

from . import results
from .models import Job
from .running import enqueue, follow, kind_of

log = structlog.get_logger(__name__)
MAX_ATTEMPTS = 5
LOST_AFTER = dt.timedelta(seconds=90)
GIVEN_UP = "后台多次中断，已停下；已完成的部分保留，可点“继续”，仍不行请联系系统管理员"
KEPT_FOR = dt.timedelta(days=180)  # as long as logs are kept by law (网络安全法 21 条)


@transaction.atomic
def start(
    kind: str,
    *,
    title: str,
    by: User,
    parameters: dict[str, Any],
    total: int = 0,
    unit: str = "行",
    url: str = "",
    pk: uuid.UUID | None = None,
    queued: bool = True,
) -> Job:
    """Put a job into the queue and return it. `url` is the page that shows it, its own unless given; `pk` an id that
    the record it works on already has. One that is not `queued` is run by the caller at once; should the caller die,
    it is found as lost and queued then.
    """
    now = timezone.now()
    job = Job.objects.create(
        pk=pk or uuid.uuid4(), kind=kind, title=title[:200], owner=by, parameters=parameters, total=total, unit=unit, url=url,
        created_at=now, moved_at=now,
    )  # fmt: skip
    kind_of(job)
    if queued:
        enqueue(job)
    return job


@transaction.atomic
def cancel(job: Job, *, by: User) -> None:
    """Ask a job to stop; one that still waits stops at once. Raises PermissionDenied, IllegalMove when it has ended."""
    if job.owner_id != by.pk:
        raise PermissionDenied
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING)
    message = kind_of(job).stopped(job)[:300]
    if waiting.update(state=Job.State.STOPPED, message=message, finished_at=now):
        job.state, job.message = Job.State.STOPPED, message
        follow(job)
        return
    if not Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_wanted=True):
        raise IllegalMove("这个任务已经结束，不需要停止")


@transaction.atomic
def resume(job: Job, *, by: User) -> None:
    """Go on from where a job stopped or failed. Raises PermissionDenied, IllegalMove."""
    if job.owner_id != by.pk:
        raise PermissionDenied
    moved = Job.objects.filter(pk=job.pk, state__in=[Job.State.STOPPED, Job.State.FAILED]).update(
        state=Job.State.WAITING, cancel_wanted=False, message="", finished_at=None, attempts=0, runner="",
        moved_at=timezone.now(), rate=None, remaining=None,
    )  # fmt: skip
    if not moved:
        raise IllegalMove("这个任务没有停止或中断，不需要继续")
    job.refresh_from_db()
    follow(job)
    enqueue(job)


def tidy(now: dt.datetime) -> int:
    """Put lost jobs back into the queue, take expired results away, forget old jobs; returns how many were touched.

    A job is lost when nobody has moved it for a while and the queue no longer knows of it, or has given it up.
    """
    touched = 0
    for job in Job.objects.unfinished().filter(moved_at__lt=now - LOST_AFTER).select_related("owner"):
        if _is_queued(job):
            continue
        touched += 1
        with transaction.atomic():
            same = Job.objects.unfinished().filter(pk=job.pk, moved_at=job.moved_at)
            if job.attempts >= MAX_ATTEMPTS:
                if same.update(state=Job.State.FAILED, finished_at=now, message=GIVEN_UP):
                    job.state, job.message = Job.State.FAILED, GIVEN_UP
                    follow(job)
            elif same.update(state=Job.State.WAITING, moved_at=now):
                enqueue(job)
        log.warning("job.lost", job=str(job.pk), attempts=job.attempts)
    for job in Job.objects.filter(expires_at__lt=now):
        results.discard(job)
        Job.objects.filter(pk=job.pk).update(expires_at=None, result_size=0, result_name="")
        touched += 1
    for job in Job.objects.exclude(state__in=[Job.State.WAITING, Job.State.RUNNING]).filter(
        created_at__lt=now - KEPT_FOR
    ):
        results.discard(job)
        job.delete()
        touched += 1
    return touched


def _is_queued(job: Job) -> bool:
    if not job.task:
        return False
    waiting = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
    return DBTaskResult.objects.filter(pk=job.task, status__in=waiting).exists()
