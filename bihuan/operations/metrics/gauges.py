"""What stands in the database and on the disk, read at the moment Prometheus asks.

Nothing here counts the ledger: each figure is one index read, and counts that could grow are cut off at `MANY`.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bihuan.audit.models import Seal
from bihuan.duties.models import Duty
from bihuan.notifications.models import Delivery
from bihuan.operations import certificates
from bihuan.operations.heartbeat import latest
from bihuan.operations.models import Backup
from bihuan.operations.version import version
from bihuan.tally.models import Delta

MANY = 100_000
JOB_STATES = ("READY", "RUNNING", "FAILED")


class HouseCollector(Collector):
    """Collects when scraped; one object per scrape."""

    def collect(self) -> Iterable[Metric]:
        now = timezone.now()
        yield from self._jobs(now)
        yield from self._figures()
        yield from self._people(now)
        yield from self._keeping(now)
        yield from self._place()

    def _jobs(self, now: dt.datetime) -> Iterable[Metric]:
        jobs = GaugeMetricFamily("bihuan_jobs", "Background jobs by state.", labels=["state"])
        found = dict(
            DBTaskResult.objects.filter(status__in=JOB_STATES)
            .order_by()
            .values_list("status")
            .annotate(count=Count("pk"))
        )
        for state in JOB_STATES:
            jobs.add_metric([state.lower()], found.get(state, 0))
        yield jobs
        waiting = DBTaskResult.objects.ready().order_by("enqueued_at").first()
        age = (now - waiting.enqueued_at).total_seconds() if waiting else 0
        yield GaugeMetricFamily(
            "bihuan_oldest_waiting_job_seconds", "Age of the oldest job nobody has begun.", value=age
        )
        worker = latest()
        seen = (now - worker.seen_at).total_seconds() if worker else float("inf")
        yield GaugeMetricFamily(
            "bihuan_worker_age_seconds", "Since the background worker was last heard of.", value=seen
        )
        fold = worker.rounds.get("fold", {}).get("success_at") if worker else None
        folded = (now - dt.datetime.fromisoformat(fold)).total_seconds() if fold else float("inf")
        yield GaugeMetricFamily(
            "bihuan_fold_lag_seconds", "Since the worker last folded figures without an error.", value=folded
        )

        rounds = worker.rounds if worker else {}
        seconds = GaugeMetricFamily(
            "bihuan_round_last_seconds", "How long each round of the worker last took.", labels=["round"]
        )
        errors = GaugeMetricFamily(
            "bihuan_round_failing", "1 when a round of the worker last ended with an error.", labels=["round"]
        )
        for name, last in sorted(rounds.items()):
            seconds.add_metric([name], last["seconds"])
            errors.add_metric([name], 1 if last["error"] else 0)
        yield seconds
        yield errors

    def _figures(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "bihuan_pending_deltas",
            "Figures written and not yet folded (cut off at 100,000).",
            value=Delta.objects.order_by("pk").values("pk")[:MANY].count(),
        )

    def _people(self, now: dt.datetime) -> Iterable[Metric]:
        messages = GaugeMetricFamily(
            "bihuan_messages", "Mails and text messages not (yet) sent.", labels=["state"]
        )
        for state in (Delivery.Status.WAITING, Delivery.Status.FAILED):
            messages.add_metric(
                [state.value], Delivery.objects.filter(status=state).values("pk")[:MANY].count()
            )
        yield messages
        overdue = Duty.objects.overdue(on=timezone.localdate(now)).order_by().values("pk")[:MANY].count()
        yield GaugeMetricFamily(
            "bihuan_overdue_duties", "Open duties past their day (cut off at 100,000).", value=overdue
        )

    def _keeping(self, now: dt.datetime) -> Iterable[Metric]:
        sealed = Seal.objects.order_by("-day").values_list("day", flat=True).first()
        behind = (timezone.localdate(now) - sealed).days - 1 if sealed else 0
        yield GaugeMetricFamily(
            "bihuan_unsealed_days",
            "Finished days whose audit record is not sealed yet.",
            value=max(0, behind),
        )
        done = Backup.objects.filter(status=Backup.Status.DONE)
        last = done.order_by("-started_at").first()
        yield GaugeMetricFamily(
            "bihuan_backup_age_seconds",
            "Since the last good backup began.",
            value=(now - last.started_at).total_seconds() if last else float("inf"),
        )
        proved = done.exclude(verified_at=None).order_by("-verified_at").first()
        yield GaugeMetricFamily(
            "bihuan_backup_verified_age_seconds",
            "Since a backup was last proved restorable.",
            value=(now - proved.verified_at).total_seconds()
            if proved and proved.verified_at
            else float("inf"),
        )

    def _place(self) -> Iterable[Metric]:
        disk = shutil.disk_usage(settings.DATA_DIR)
        yield GaugeMetricFamily(
            "bihuan_disk_free_bytes", "Free on the data directory's disk.", value=disk.free
        )
        yield GaugeMetricFamily(
            "bihuan_disk_total_bytes", "Size of the data directory's disk.", value=disk.total
        )
        yield GaugeMetricFamily("bihuan_database_bytes", "Size of the database.", value=database_bytes())
        expiry = GaugeMetricFamily(
            "bihuan_certificate_expiry_timestamp_seconds", "When a certificate ends.", labels=["name"]
        )
        for found in certificates.configured():
            if found.ends_at is not None:
                expiry.add_metric([found.name], found.ends_at.timestamp())
        yield expiry
        info = GaugeMetricFamily("bihuan_build_info", "The version at work.", labels=["version"])
        info.add_metric([version()], 1)
        yield info


def database_bytes() -> int:
    """Size of the database in bytes: the file with its log, or what PostgreSQL says."""
    if connection.vendor == "sqlite":
        path = str(connection.settings_dict["NAME"])
        return sum(
            Path(f"{path}{tail}").stat().st_size for tail in ("", "-wal") if Path(f"{path}{tail}").exists()
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
