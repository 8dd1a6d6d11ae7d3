"""Background work: queued jobs, and what the clock brings round (folding figures, pressing duties, sealing days).

Jobs go through the django-tasks database backend. A worker that dies leaves its job marked as running for ever;
`reap` returns such a job to the queue. Jobs are therefore written to be run twice.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import django
import structlog

log = structlog.get_logger("bihuan.worker")
MAX_ATTEMPTS = 5
LEASE_SECONDS = 3600  # for workers on other machines, whose processes cannot be looked at


@dataclass
class Periodic:
    """Something to do every `seconds`; an error is logged and does not stop the others."""

    name: str
    seconds: float
    action: Callable[[], object]
    next_at: float = field(default=0.0)

    def run_if_due(self, now: float) -> None:
        if now < self.next_at:
            return
        from bihuan.operations.heartbeat import timed

        self.next_at = now + self.seconds
        try:
            timed(self.name, self.action)
        except Exception:
            log.exception("periodic_failed", job=self.name)


def _boot_of(pid: int) -> str:
    """When a process started, so that a reused process number is not mistaken for the old one; "" if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def worker_id() -> str:
    """This worker's name: machine, process number, and when the process started."""
    return f"{socket.gethostname()[:30]}/{os.getpid()}/{_boot_of(os.getpid())}"


def is_gone(name: str) -> bool:
    """Whether a worker of this machine no longer runs. Workers elsewhere are judged by their lease only."""
    host, _, rest = name.partition("/")
    pid, _, boot = rest.partition("/")
    if host != socket.gethostname()[:30] or not pid.isdigit():
        return False
    return _boot_of(int(pid)) != boot


def reap() -> int:
    """Return jobs of dead workers to the queue; after five attempts a job is given up. Returns how many were found."""
    from django.utils import timezone
    from django_tasks_db.models import DBTaskResult

    found = 0
    expired = timezone.now() - dt.timedelta(seconds=LEASE_SECONDS)
    for job in DBTaskResult.objects.running():
        last_worker = job.worker_ids[-1] if job.worker_ids else ""
        if not (is_gone(last_worker) or (job.started_at and job.started_at < expired)):
            continue
        found += 1
        given_up = len(job.worker_ids) >= MAX_ATTEMPTS
        changes = (
            {"status": "FAILED", "finished_at": timezone.now()}
            if given_up
            else {"status": "READY", "started_at": None}
        )
        DBTaskResult.objects.running().filter(pk=job.pk, worker_ids=job.worker_ids).update(**changes)
        log.warning("job_reaped", job=str(job.pk), path=job.task_path, given_up=given_up)
    return found


def main() -> int:
    """`bihuan worker`: run until told to stop; a short job under way is finished first, a long one handed back."""
    django.setup()
    from django.db import close_old_connections
    from django.utils import timezone

    from bihuan.archive.nightly import archive_due
    from bihuan.assessment.actions import take_monthly
    from bihuan.audit.actions import seal_due
    from bihuan.batches.actions import open_late
    from bihuan.config.runner import Runner
    from bihuan.core.partitions import keep_ahead
    from bihuan.core.statistics import refresh_statistics
    from bihuan.duties.sweep import sweep
    from bihuan.exchange.rounds import begin_round
    from bihuan.instruments.actions import supervise
    from bihuan.jobs import running as long_work
    from bihuan.jobs.actions import tidy
    from bihuan.listings.actions import keep_listings
    from bihuan.lookback.actions import find_recurrences
    from bihuan.notifications.delivery import send_due
    from bihuan.office.owing import open_due as open_office
    from bihuan.operations.backup.schedule import backup_due
    from bihuan.operations.heartbeat import beat
    from bihuan.operations.retention.rounds import retention_due
    from bihuan.oversight.owing import open_due as open_oversight
    from bihuan.papers.printing import warm as warm_printing
    from bihuan.planning.joint import settle_unanswered
    from bihuan.planning.visits import open_visits
    from bihuan.pledges.actions import open_certificate_dues
    from bihuan.projects.actions import open_reports
    from bihuan.registry.dues import open_dues
    from bihuan.registry.lives import settle_lives
    from bihuan.returns.actions import check_due as check_returns
    from bihuan.returns.actions import open_due as open_returns
    from bihuan.submissions.owing import open_matters
    from bihuan.tally.actions import fold_all
    from bihuan.zones.membership import catch_up as settle_zones

    name, started_at = worker_id(), timezone.now()
    queues = [
        Runner(
            queue_names=wanted, interval=0.5, batch=True, backend_name="default", startup_delay=False,
            max_tasks=None, worker_id=name, excluded_queue_names=excluded,
        )
        for wanted, excluded in ((["*"], [long_work.QUEUE]), ([long_work.QUEUE], []))
    ]  # fmt: skip
    stopping = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        for queue in queues:
            queue.running = False
        long_work.stopping.set()
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    reap()
    runners = [threading.Thread(target=queue.run, name="jobs", daemon=True) for queue in queues]
    for runner in runners:
        runner.start()
    rounds = [
        Periodic("fold", 1, fold_all),
        Periodic("reap", 15, reap),
        Periodic("jobs", 30, lambda: tidy(timezone.now())),
        Periodic("sweep", 60, lambda: sweep(timezone.now())),
        Periodic("dues", 3600, lambda: open_dues(timezone.now())),
        Periodic("certificates", 3600, lambda: open_certificate_dues(timezone.now())),
        Periodic("late", 3600, lambda: open_late(timezone.now())),
        Periodic("instruments", 600, lambda: supervise(timezone.now())),
        Periodic("listings", 3600, lambda: keep_listings(timezone.now())),
        Periodic("recurrences", 3600, lambda: find_recurrences(timezone.now())),
        Periodic("visits", 3600, lambda: open_visits(timezone.now()) + settle_unanswered(timezone.now())),
        Periodic("returns", 300, lambda: open_returns(timezone.now())),
        Periodic("restated", 120, lambda: check_returns(timezone.now())),
        Periodic("lives", 600, lambda: settle_lives(timezone.now())),
        Periodic("send", 60, lambda: send_due(timezone.now())),
        Periodic("seal", 300, lambda: seal_due(timezone.now())),
        Periodic("partitions", 3600, keep_ahead),
        Periodic("statistics", 3600, refresh_statistics),
        Periodic("backup", 60, lambda: backup_due(timezone.now())),
        Periodic("retention", 600, lambda: retention_due(timezone.now())),
        Periodic("archive", 600, lambda: archive_due(timezone.now())),
        Periodic("assessment", 3600, take_monthly),
        Periodic("office", 3600, lambda: open_office(timezone.now())),
        Periodic("oversight", 3600, lambda: open_oversight(timezone.now())),
        Periodic("projects", 3600, lambda: open_reports(timezone.now())),
        Periodic("submissions", 3600, lambda: open_matters(timezone.now())),
        Periodic("zones", 600, lambda: settle_zones(on=timezone.localdate())),
        Periodic("exchange", 30, begin_round),
        Periodic("heartbeat", 5, lambda: beat(name, started_at=started_at)),
    ]
    warm_printing()
    log.info("worker_started", worker=name)
    while not stopping.wait(0.5):
        if not all(runner.is_alive() for runner in runners):
            log.error("job_runner_died")
            return 1
        for job in rounds:
            job.run_if_due(time.monotonic())
        close_old_connections()
    for runner in runners:
        runner.join(timeout=60)
    return 0
