"""Background jobs as seen from outside: each carries the id of the request that asked for it, and is timed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog
from django_tasks_db.backend import DatabaseBackend as PlainBackend

from .metrics import instruments

if TYPE_CHECKING:  # the queue is named in the settings and may be made before any model can be
    from django_tasks_db.models import DBTaskResult

log = structlog.get_logger("bihuan.job")
CONTEXT = "context"
_begun: dict[str, float] = {}


class DatabaseBackend(PlainBackend):
    """Queues in the database and notes beside the arguments which request the job comes from."""

    def _task_to_db_task(self, task: Any, args: Any, kwargs: Any) -> DBTaskResult:
        row: DBTaskResult = super()._task_to_db_task(task, args, kwargs)
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            row.args_kwargs = {**row.args_kwargs, CONTEXT: {"request_id": request_id}}
            row.save(update_fields=["args_kwargs"])
        return row


def started(sender: object, task_result: Any, **_: Any) -> None:
    """A job begins in this thread: its log lines, and the audit events it writes, carry its origin."""
    row = getattr(task_result, "db_result", None)
    origin = (row.args_kwargs.get(CONTEXT) or {}) if row is not None else {}
    if row is not None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job=str(task_result.id), **origin)
    _begun[str(task_result.id)] = time.monotonic()


def finished(sender: object, task_result: Any, **_: Any) -> None:
    """A job ended, well or badly: one log line and one observation."""
    seconds = time.monotonic() - _begun.pop(str(task_result.id), time.monotonic())
    outcome = str(task_result.status.value).lower()
    instruments.JOBS.labels(task=task_result.task.module_path, outcome=outcome).observe(seconds)
    if getattr(task_result, "db_result", None) is not None:
        log.info("job", task=task_result.task.module_path, outcome=outcome, seconds=round(seconds, 3))
        structlog.contextvars.clear_contextvars()
