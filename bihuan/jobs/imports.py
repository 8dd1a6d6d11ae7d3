"""Imports as background jobs: the batch keeps what became of the rows, the job how far it is and whether to stop."""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import reverse

from bihuan.attachments import imports
from bihuan.attachments.models import ImportBatch
from bihuan.core.errors import Refused

from .actions import resume as resume_job
from .actions import start
from .models import Job
from .running import Kind, Progress, context_of
from .running import register as register_kind

KIND = "import"


def register() -> None:
    """Let jobs run the batches that people confirm."""
    register_kind(Kind(KIND, "导入表格", _run, _stopped, moved=_moved))
    imports.run_with(_launch)


def job_of(batch: ImportBatch) -> Job | None:
    """The job that imports a batch, None before its columns are confirmed."""
    return Job.objects.filter(pk=batch.pk, kind=KIND).select_related("owner").first()


def progress_of(batch: ImportBatch) -> dict[str, Any]:
    """What the batch's page shows of its job: nothing before there is one."""
    job = job_of(batch)
    return context_of(job) if job else {"job": None}


def _launch(batch: ImportBatch) -> None:
    """A batch and its job share their id: a batch has one job for all its life."""
    known = job_of(batch)
    if known is not None:
        resume_job(known, by=batch.by)
        return
    page = imports.importer_for(batch.target).page
    start(
        KIND, title=f"导入“{batch.file.name}”", by=batch.by, parameters={"target": batch.target}, total=batch.total,
        pk=batch.pk, url=reverse(page, args=[batch.pk]),
    )  # fmt: skip


def _batch(pk: uuid.UUID) -> ImportBatch:
    return ImportBatch.objects.select_related("file", "by").get(pk=pk)


def _run(progress: Progress) -> str:
    batch = _batch(progress.job.pk)
    imports.run_batch(batch, imports.importer_for(batch.target), by=batch.by, watcher=progress)
    if batch.status != ImportBatch.Status.DONE:
        raise Refused(batch.message)
    return batch.message


def _stopped(job: Job) -> str:
    batch = _batch(job.pk)
    imports.stop(batch)
    return batch.message


def _moved(job: Job) -> None:
    """The batch follows its job when it fails before or goes on after the importer had its say."""
    batches = ImportBatch.objects.filter(pk=job.pk).exclude(status=ImportBatch.Status.DONE)
    if job.state == Job.State.FAILED:
        batches.update(status=ImportBatch.Status.FAILED, message=job.message)
    elif job.state == Job.State.WAITING:
        batches.update(status=ImportBatch.Status.RUNNING, message="", finished_at=None)
