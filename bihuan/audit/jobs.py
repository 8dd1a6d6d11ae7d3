"""Verification in the background, because reading the whole record takes its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from .actions import Actor, chain_of, record
from .models import Event, Verification
from .verification import VerifyReport, Watcher, verify

Launch = Callable[[Verification, Any], None]
Shown = Callable[[Verification, Any], dict[str, Any]]
_RUNNER: list[tuple[Launch, Shown]] = []


def run_with(launch: Launch, shown: Shown) -> None:
    """Say who runs checks, called inside the transaction that asks for one, and what a page shows of one to a person;
    the package of background jobs does.
    """
    _RUNNER[:] = [(launch, shown)]


@transaction.atomic
def start_verification(*, by: Actor, files: bool = False) -> Verification:
    """Note that a check was asked for and hand it to the worker; the asking is itself on record."""
    run = Verification.objects.create(
        asked_by_id=by.pk, asked_by_name=by.full_name, with_files=files, started_at=timezone.now()
    )
    record("audit.verify", run, by=by, summary=f"发起审计核验{'（含附件文件）' if files else ''}")
    _RUNNER[0][0](run, by)
    return run


def run_verification(run: Verification, watcher: Watcher, reached: dict[str, Any]) -> str:
    """Check everything, or go on with it, and keep what was found; returns what to say. A finished one stays as it is."""
    if run.finished_at is None:
        finish(run, verify(files=run.with_files, watcher=watcher, reached=reached))
    found = "未发现问题" if run.status == Verification.Status.CLEAN else f"发现 {run.finding_count} 处问题"
    return f"核对 {run.events:,} 条审计记录，到 #{asked_in(run)} 为止：{found}"


def interrupt(pk: int) -> None:
    """A check that was stopped or failed says so; nothing of it counts until it is gone on with."""
    runs = Verification.objects.filter(pk=pk, finished_at=None)
    runs.update(status=Verification.Status.FAILED, finished_at=timezone.now())


def go_on(pk: int) -> None:
    """A check that was interrupted runs again."""
    runs = Verification.objects.filter(pk=pk, status=Verification.Status.FAILED)
    runs.update(status=Verification.Status.RUNNING, finished_at=None)


def finish(run: Verification, report: VerifyReport) -> None:
    """Keep what a check found."""
    run.status = Verification.Status.CLEAN if report.is_clean else Verification.Status.FINDINGS
    run.events, run.chains = report.events, report.chains
    run.subjects, run.seals = report.subjects, report.seals
    run.findings = [asdict(finding) for finding in report.findings]
    run.finding_count, run.finished_at = report.count, timezone.now()
    run.save()


def asked_in(run: Verification) -> int:
    """The number of the event by which the check was asked for: everything recorded before it has been read."""
    found = Event.objects.filter(chain=chain_of(run), seq=1).values_list("id", flat=True).first()
    return found or 0


def progress_of(run: Verification, by: Any) -> dict[str, Any]:
    """What the page of a check shows of its progress to this person; its `job` is None where there is nothing to show."""
    return _RUNNER[0][1](run, by)
