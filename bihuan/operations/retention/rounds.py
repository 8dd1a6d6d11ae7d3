"""Clearing what may go: reported first, approved by a person or by setting, put aside and read back, then deleted."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from bihuan.accounts.queries import service_user
from bihuan.archive.retention import objections
from bihuan.archive.sources import MODELS, WRITTEN
from bihuan.audit.actions import Actor, record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.core.nights import last_moment, night_of
from bihuan.operations.models import RetentionRun

from .policy import Policy, policies

BATCH = 1000
DIRECTORY = "retained"  # below the data directory; backups take it along
Status = RetentionRun.Status


@transaction.atomic
def report(now: dt.datetime | None = None) -> RetentionRun:
    """Count what may be cleared today and keep the count; a report nobody approved is replaced."""
    moment = now or timezone.now()
    lines: list[dict[str, Any]] = [
        {
            "key": policy.key,
            "title": policy.title,
            "basis": policy.basis,
            "verified": policy.verified,
            "keep_days": policy.keep_days,
            "cutoff": policy.cutoff(moment).isoformat(),
            "count": sum(rows.count() for rows in policy.rows(policy.cutoff(moment))),
        }
        for policy in policies(timezone.localdate(moment))
    ]
    RetentionRun.objects.filter(status=Status.REPORTED).update(status=Status.REPLACED)
    run = RetentionRun.objects.create(made_at=moment, lines=lines, total=sum(line["count"] for line in lines))
    record(
        "operations.retention_report", run, by=service_user(), summary=f"保存期限报告：到期 {run.total} 条"
    )
    return run


@transaction.atomic
def approve(run: RetentionRun, *, by: Actor) -> None:
    """Say yes to exactly this report. Raises IllegalMove when it is no longer the one that waits."""
    now = timezone.now()
    changed = RetentionRun.objects.filter(pk=run.pk, status=Status.REPORTED).update(
        status=Status.APPROVED, approved_by_id=by.pk, approved_by_name=by.full_name, approved_at=now
    )
    if not changed:
        raise IllegalMove("这份报告已批准或已被新的报告取代，请刷新后再看")
    run.refresh_from_db()
    record("operations.retention_approve", run, by=by, summary=f"批准清理到期记录 {run.total} 条")


def carry_out(run: RetentionRun) -> list[dict[str, Any]]:
    """Clear what an approved report named, up to its cutoffs and not a row newer; safe to run again when interrupted.

    Raises IllegalMove when the report was not approved, Refused when a put-aside file cannot be read back as written.
    """
    if run.status != Status.APPROVED:
        raise IllegalMove("这份报告没有批准，不能清理")
    now = timezone.now()
    in_force = {policy.key: policy for policy in policies(timezone.localdate(now))}
    results = []
    for line in run.lines:
        policy = in_force.get(line["key"])
        if policy is None:
            continue
        # A period made longer since the report counts; a shorter one does not.
        cutoff = min(dt.datetime.fromisoformat(line["cutoff"]), policy.cutoff(now))
        results.append({"key": policy.key, "title": policy.title, **_clear(policy, cutoff, run)})
    with transaction.atomic():
        run.status, run.applied_at, run.results = Status.APPLIED, now, results
        run.save()
        gone = sum(int(each["deleted"]) for each in results)
        record("operations.retention_apply", run, by=service_user(), summary=f"清理到期记录 {gone} 条")
    return results


def _clear(policy: Policy, cutoff: dt.datetime, run: RetentionRun) -> dict[str, Any]:
    deleted, files, held = 0, [], []
    for rows in policy.rows(cutoff):
        if reasons := objections_to(rows):
            held += reasons
            continue
        if policy.put_aside and rows.exists():
            kept = put_aside(policy, rows, run)
            files.append(kept["file"])
            ids = _ids_in(Path(settings.DATA_DIR) / DIRECTORY / str(kept["file"]))
        else:
            ids = (pk for (pk,) in rows.values_list("pk").iterator(chunk_size=BATCH))
        for batch in _batches(ids):
            # The cutoff once more: a row touched since the file was written stays.
            with transaction.atomic():
                deleted += rows.filter(pk__in=batch).count()
                rows.filter(pk__in=batch).order_by().delete()
    return {"deleted": deleted, "files": files, "held": held}


def objections_to(rows: QuerySet) -> list[str]:
    """Why the archive says rows must stay: of what it keeps, only months that are safely there may go; [] when they may.

    No table of the archive is among what the shipped rules clear; a rule added some day comes through here too.
    """
    stream = next((name for name, model in MODELS.items() if model is rows.model), "")
    if not stream:
        return []
    months = (
        rows.order_by().annotate(month=TruncMonth(WRITTEN[stream])).values_list("month", flat=True).distinct()
    )
    return [reason for month in sorted(months) for reason in objections(stream, f"{month:%Y-%m}")]


def put_aside(policy: Policy, rows: QuerySet, run: RetentionRun) -> dict[str, Any]:
    """Write rows to a packed file, one JSON line each, and read it back; returns its name, count and digest.

    Raises Refused when what is read is not what was written.
    """
    directory = Path(settings.DATA_DIR) / DIRECTORY
    directory.mkdir(mode=0o700, exist_ok=True)
    name = f"{policy.key}-{run.pk}-{rows.model._meta.db_table}.jsonl.gz"
    written, count = hashlib.sha256(), 0
    incoming = directory / f".{name}"
    with gzip.open(incoming, "wb") as out:
        for values in rows.values().iterator(chunk_size=BATCH):
            line = json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n"
            out.write(line)
            written.update(line)
            count += 1
    with incoming.open("rb") as file:
        os.fsync(file.fileno())
    read, lines = hashlib.sha256(), 0
    with gzip.open(incoming, "rb") as back:
        for line in back:
            read.update(line)
            lines += 1
    if (lines, read.hexdigest()) != (count, written.hexdigest()):
        incoming.unlink()
        raise Refused(f"{name} 写下后读不回原样，没有清理，请检查磁盘")
    incoming.replace(directory / name)
    (directory / name).chmod(0o600)
    return {"file": name, "count": count, "sha256": written.hexdigest()}


def _ids_in(path: Path) -> Iterator[Any]:
    """The keys of the rows in a put-aside file: only what was written down is deleted."""
    with gzip.open(path, "rb") as file:
        for line in file:
            yield json.loads(line)["id"]


def _batches(ids: Iterator[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for pk in ids:
        batch.append(pk)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def retention_due(now: dt.datetime) -> None:
    """The worker's round, at night: what was approved is carried out, then one report; BIHUAN_RETENTION_AUTO approves it."""
    if night_of(now) is None:
        return
    for run in RetentionRun.objects.filter(status=Status.APPROVED).order_by("pk"):
        carry_out(run)
    if RetentionRun.objects.filter(made_at__gte=last_moment(now, settings.NIGHT[0])).exists():
        return
    run = report(now)
    if settings.RETENTION_AUTO and run.total:
        approve(run, by=service_user())
