"""What operations listens to: failed logins are counted, jobs are timed and carry the request id they came from."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django_tasks.signals import task_finished, task_started

from . import jobs
from .metrics import instruments


def connect() -> None:
    """Called once when the apps are ready."""
    user_logged_in.connect(_logged_in, dispatch_uid="operations.logged_in")
    user_login_failed.connect(_login_failed, dispatch_uid="operations.login_failed")
    task_started.connect(jobs.started, dispatch_uid="operations.job_started")
    task_finished.connect(jobs.finished, dispatch_uid="operations.job_finished")


def _logged_in(sender: object, **_: Any) -> None:
    instruments.LOGINS.labels(outcome="success").inc()


def _login_failed(sender: object, **_: Any) -> None:
    instruments.LOGINS.labels(outcome="failure").inc()
