"""Where a job's files lie: one directory per job below the data directory, gone when the result expires."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from .models import Job

RESULT = "result"


def directory(job: Job) -> Path:
    """The job's own directory, made when first asked for."""
    place = Path(settings.DATA_DIR) / "jobs" / str(job.pk)
    place.mkdir(parents=True, exist_ok=True)
    return place


def result_path(job: Job) -> Path:
    """The finished file; whether it is there yet is for the caller to see."""
    return directory(job) / RESULT


def discard(job: Job) -> None:
    """Remove everything the job has written."""
    shutil.rmtree(Path(settings.DATA_DIR) / "jobs" / str(job.pk), ignore_errors=True)
