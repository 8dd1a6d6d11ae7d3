"""Doing a job in a worker: kinds of jobs, the claim, progress that is written down, and every way a job can end.

At least once: a worker that dies is replaced by the reaper, and the next one goes on from the last checkpoint. Of two
that run the same job only the later one is let through; the earlier notices at its next step.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_tasks import task

from bihuan.core.errors import Refused
from bihuan.core.progress import Interrupted
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from . import results
from .estimate import Pace
from .models import Job

log = structlog.get_logger(__name__)
QUEUE = "long"
WRITE_SECONDS = 0.5  # progress is written at most this often
LONG_SECONDS = 10.0  # whoever waited longer is told when it ends
# Set when the worker is asked to stop: jobs under way go back to the queue at their next step.
stopping = threading.Event()


class Stopped(Interrupted):
    """The owner asked the job to stop."""


class HandedBack(Interrupted):
    """This worker is shutting down; another goes on."""


class Overtaken(Interrupted):
    """Another worker has taken the job over; this one leaves it alone."""


class Progress:
    """What a running job reports to, and what asks it to end. Call `step` outside transactions."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.checkpoint: dict[str, Any] = dict(job.checkpoint)
        self._pace = Pace(time.monotonic(), job.done)
        self._written = time.monotonic()
        self._saved = self.checkpoint

    def begin(self, stage: str, *, total: int, done: int = 0) -> None:
        """Enter a stage of so much work, so much of it done earlier. Written at once; raises like `step`."""
        self.job.stage, self.job.total, self.job.done = stage, total, done
        self._pace = Pace(time.monotonic(), done)
        self._write(rate=None, remaining=None)

    def step(self, done: int, checkpoint: dict[str, Any] | None = None) -> None:
        """Say how much is done now, and from where to go on after an interruption.

        Raises Stopped, HandedBack or Overtaken when the job has to end here; what was done so far stays.
        """
        now = time.monotonic()
        self.job.done = done
        if checkpoint is not None:
            self.checkpoint = checkpoint
        if now - self._written < WRITE_SECONDS and not stopping.is_set():
            return
        self._pace.note(now, done)
        self._write(rate=self._pace.rate, remaining=self._pace.remaining(self.job.total))
        if stopping.is_set():
            raise HandedBack

    def _write(self, *, rate: float | None, remaining: float | None) -> None:
        self._written = time.monotonic()
        job = self.job
        changes: dict[str, Any] = {
            "stage": job.stage, "done": job.done, "total": job.total, "rate": rate, "remaining": remaining,
            "moved_at": timezone.now(),
        }  # fmt: skip
        if self.checkpoint is not self._saved:
            changes["checkpoint"] = job.checkpoint = self._saved = self.checkpoint
        mine = Job.objects.filter(pk=job.pk, runner=job.runner, state=Job.State.RUNNING)
        if mine.filter(cancel_wanted=False).update(**changes):
            return
        if mine.update(**changes):
            raise Stopped
        raise Overtaken


@dataclass(frozen=True)
class Kind:
    """A kind of job. `run` does it and returns what to say at the end; `stopped` says what became of the part done."""

    key: str
    label: str
    run: Callable[[Progress], str]
    stopped: Callable[[Job], str]
    permission: str = ""  # still needed to take the result away
    moved: Callable[[Job], None] | None = None  # keeps the record the job works on in step with its state


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known to the worker; called in `AppConfig.ready`."""
    _KINDS[kind.key] = kind


def kind_of(job: Job) -> Kind:
    """The job's kind. Raises Refused for one this version does not know."""
    try:
        return _KINDS[job.kind]
    except KeyError as error:
        raise Refused(f"本版本没有“{job.kind}”这种后台任务，请联系系统管理员") from error


def label_of(job: Job) -> str:
    """What sort of work it is, without its contents."""
    kind = _KINDS.get(job.kind)
    return kind.label if kind else job.kind


def context_of(job: Job) -> dict[str, Any]:
    """What `jobs/_job.html` shows of a job; for every page that includes it."""
    return {"job": job, "label": label_of(job), "outlook": job.outlook(timezone.now())}


def follow(job: Job) -> None:
    """Let the record a job works on know that its state has changed, in the same transaction."""
    kind = _KINDS.get(job.kind)
    if kind is not None and kind.moved is not None:
        kind.moved(job)


def enqueue(job: Job) -> None:
    """Hand the job to the workers once the present transaction commits."""

    def send() -> None:
        result = run_job.enqueue(str(job.pk))
        Job.objects.filter(pk=job.pk).update(task=str(result.id))

    transaction.on_commit(send)


@task(queue_name=QUEUE)
def run_job(job_id: str) -> str:
    """Run or go on with one job until it ends in whatever way. Safe to run again, and twice at once."""
    job = _claim(uuid.UUID(job_id))
    if job is None:
        return "nothing to do"
    try:
        kind = kind_of(job)
        message = kind.run(Progress(job))
        _end(job, Job.State.DONE, message)
    except Overtaken:
        log.warning("job.overtaken", job=job_id)
    except Stopped:
        _end(job, Job.State.STOPPED, kind_of(job).stopped(job))
    except HandedBack:
        _hand_back(job)
    except Refused as error:
        _end(job, Job.State.FAILED, str(error))
    except Exception:
        log.exception("job.failed", job=job_id, kind=job.kind)
        _end(
            job,
            Job.State.FAILED,
            f"做到第 {job.done:,} {job.unit}时出错，已完成的部分保留；可点“继续”，仍不行请联系系统管理员",
        )
    job.refresh_from_db()
    return job.state


def _claim(pk: uuid.UUID) -> Job | None:
    now = timezone.now()
    token = str(uuid.uuid4())
    claimed = (
        Job.objects.unfinished()
        .filter(pk=pk)
        .update(
            state=Job.State.RUNNING, runner=token, attempts=F("attempts") + 1, moved_at=now, rate=None, remaining=None,
            started_at=Coalesce("started_at", now),
        )
    )  # fmt: skip
    return Job.objects.select_related("owner").get(pk=pk) if claimed else None


def _end(job: Job, state: str, message: str) -> None:
    """Write the end down, unless somebody else runs the job by now, and tell whoever had to wait long."""
    now = timezone.now()
    has_result = state == Job.State.DONE and job.result_name
    changes: dict[str, Any] = {
        "state": state, "message": message[:300], "done": job.done, "total": job.total, "finished_at": now,
        "moved_at": now, "cancel_wanted": False, "remaining": None,
        "expires_at": now + dt.timedelta(days=settings.JOB_RESULT_DAYS) if has_result else None,
    }  # fmt: skip
    if has_result:
        changes |= {
            "result_name": job.result_name, "result_type": job.result_type,
            "result_size": results.result_path(job).stat().st_size, "checkpoint": {},
        }  # fmt: skip
    with transaction.atomic():
        if not Job.objects.filter(pk=job.pk, runner=job.runner, state=Job.State.RUNNING).update(**changes):
            log.warning("job.overtaken", job=str(job.pk))
            return
        job.state, job.message = state, message[:300]
        follow(job)
        if (now - job.created_at).total_seconds() >= LONG_SECONDS and state != Job.State.STOPPED:
            transaction.on_commit(lambda: _tell(job, state, message))


def _tell(job: Job, state: str, message: str) -> None:
    notify(
        [job.owner], category=Message.Category.RESULT, title=f"{job.title}：{Job.State(state).label}"[:120],
        body=message, url=job.get_absolute_url(), key=f"jobs:{job.pk}:{job.attempts}",
    )  # fmt: skip


def _hand_back(job: Job) -> None:
    with transaction.atomic():
        mine = Job.objects.filter(pk=job.pk, runner=job.runner, state=Job.State.RUNNING)
        if mine.update(
            state=Job.State.WAITING, runner="", rate=None, remaining=None, attempts=F("attempts") - 1
        ):
            enqueue(job)
