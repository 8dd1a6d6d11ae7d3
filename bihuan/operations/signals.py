"""What operations listens to: failed logins are counted, jobs are timed and carry the request id they came from; an
upgrade, however it was started, ends with right figures and a whole index of words.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_migrate
from django_tasks.signals import task_finished, task_started

from bihuan.search.agreement import fill_if_incomplete
from bihuan.tally.rebuild import rebuild_if_stale

from . import jobs
from .metrics import instruments


def connect() -> None:
    """Called once when the apps are ready."""
    user_logged_in.connect(_logged_in, dispatch_uid="operations.logged_in")
    user_login_failed.connect(_login_failed, dispatch_uid="operations.login_failed")
    post_migrate.connect(_migrated, dispatch_uid="operations.migrated")
    task_started.connect(jobs.started, dispatch_uid="operations.job_started")
    task_finished.connect(jobs.finished, dispatch_uid="operations.job_finished")


def _migrated(sender: Any, using: str = DEFAULT_DB_ALIAS, **told: Any) -> None:
    """Count figures and write the index of words again where a migration has asked for it; also after an interruption.

    Once; not while the schema is only partly what the models say, nor when tables were emptied.
    """
    if sender.label != "tally" or using != DEFAULT_DB_ALIAS or "plan" not in told:
        return
    executor = MigrationExecutor(connections[using])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        rebuild_if_stale()
        fill_if_incomplete()


def _logged_in(sender: object, **_: Any) -> None:
    instruments.LOGINS.labels(outcome="success").inc()


def _login_failed(sender: object, **_: Any) -> None:
    instruments.LOGINS.labels(outcome="failure").inc()
