"""Verification in the background, because reading the whole record takes its time."""

from __future__ import annotations

from dataclasses import asdict

import structlog
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from .actions import Actor, record
from .models import Verification
from .verification import VerifyReport, verify

log = structlog.get_logger(__name__)


@transaction.atomic
def start_verification(*, by: Actor, files: bool = False) -> Verification:
    """Note that a check was asked for and hand it to the worker; the asking is itself on record."""
    run = Verification.objects.create(
        asked_by_id=by.pk, asked_by_name=by.full_name, with_files=files, started_at=timezone.now()
    )
    record("audit.verify", run, by=by, summary=f"发起审计核验{'（含附件文件）' if files else ''}")
    transaction.on_commit(lambda: run_verification.enqueue(run.pk))
    return run


@task()
def run_verification(pk: int) -> int:
    """The background job; running it again overwrites an unfinished result, never a finished one."""
    run = Verification.objects.get(pk=pk)
    if run.finished_at is not None:
        return run.finding_count
    try:
        finish(run, verify(files=run.with_files))
    except Exception:
        log.exception("audit.verification_failed", verification=pk)
        Verification.objects.filter(pk=pk).update(
            status=Verification.Status.FAILED, finished_at=timezone.now()
        )
        raise
    return run.finding_count


def finish(run: Verification, report: VerifyReport) -> None:
    """Keep what a check found."""
    run.status = Verification.Status.CLEAN if report.is_clean else Verification.Status.FINDINGS
    run.events, run.chains = report.events, report.chains
    run.subjects, run.seals = report.subjects, report.seals
    run.findings = [asdict(finding) for finding in report.findings]
    run.finding_count, run.finished_at = report.count, timezone.now()
    run.save()
