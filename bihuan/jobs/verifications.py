"""Checks of the record as background jobs: the check keeps what was found, the job how far it is and whether to stop."""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit import jobs as checks
from bihuan.audit.models import Verification
from bihuan.core.errors import Refused

from .actions import start
from .models import Job
from .running import Kind, Progress, context_of
from .running import register as register_kind

KIND = "audit.verify"
_NAMES = uuid.UUID("5d0e6f0c-3f9b-4a53-9a57-0e0f4f6f6b11")


def register() -> None:
    """Let jobs run the checks that people ask for."""
    register_kind(Kind(KIND, "审计核验", _run, _stopped, moved=_moved))
    checks.run_with(_launch, _shown)


def _id(run: Verification) -> uuid.UUID:
    """A check has one job for all its life, found by the check's number."""
    return uuid.uuid5(_NAMES, str(run.pk))


def _launch(run: Verification, by: User) -> None:
    start(
        KIND, title="审计核验（含附件文件）" if run.with_files else "审计核验", by=by, parameters={"run": run.pk}, unit="条",
        pk=_id(run), url=f"{reverse('audit:verify')}?run={run.pk}",
    )  # fmt: skip


def _shown(run: Verification, by: User) -> dict[str, Any]:
    """The job, while it is not done and for its owner; others see the check."""
    job = Job.objects.visible_to(by).filter(pk=_id(run)).exclude(state=Job.State.DONE).first()
    return context_of(job) if job else {"job": None}


def _run(progress: Progress) -> str:
    job = progress.job
    if not job.owner.has_perm(Permission.VERIFY_AUDIT):
        raise Refused("您的岗位已不能核验审计记录")
    return checks.run_verification(
        Verification.objects.get(pk=job.parameters["run"]), progress, progress.checkpoint
    )


def _stopped(job: Job) -> str:
    return (
        f"已核对 {job.done:,} 条（{job.stage}），还不能下结论；继续时从这里接着核对"
        if job.done
        else "还没有开始核对"
    )


def _moved(job: Job) -> None:
    run = job.parameters["run"]
    if job.state in (Job.State.STOPPED, Job.State.FAILED):
        checks.interrupt(run)
    elif job.state == Job.State.WAITING:
        checks.go_on(run)
