"""The nightly backup, in a process of its own: the worker goes on folding figures meanwhile.

It is begun at its moment or in the hours after it, as long as the night is. One that was missed is not made up for
while people work; the examination names it, and the next night brings one.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import structlog
from django.conf import settings

from bihuan.core.nights import DAY, last_moment, length, start_behind
from bihuan.operations.models import Backup

log = structlog.get_logger("bihuan.backup")
RETRY = dt.timedelta(hours=1)  # after a failure
_under_way: subprocess.Popen[bytes] | None = None


def is_due(now: dt.datetime) -> bool:
    """Whether the moment has just passed and nothing good, running or just failed stands since."""
    if not settings.BACKUP_DIR:
        return False
    moment = last_moment(now, settings.BACKUP_AT)
    if now >= moment + length():
        return False
    since = Backup.objects.filter(started_at__gte=moment)
    if since.exclude(status=Backup.Status.FAILED).exists():
        return False
    return not since.filter(started_at__gt=now - RETRY).exists()


def last_due(now: dt.datetime) -> dt.datetime:
    """The latest moment whose backup should have been begun by now, its hours being over."""
    moment = last_moment(now, settings.BACKUP_AT)
    return moment if now >= moment + length() else moment - DAY


def backup_due(now: dt.datetime) -> bool:
    """The worker's round: start the backup when it is due; returns whether one was started."""
    global _under_way
    if _under_way is not None:
        code = _under_way.poll()
        if code is None:
            return False
        if code:
            log.error("backup_failed", code=code)
        _under_way = None
    if not is_due(now):
        return False
    command = [sys.executable, "-m", "bihuan.config.cli", "backup", settings.BACKUP_DIR, "--prune"]
    if settings.BACKUP_KEY_FILE:
        command += ["--key", settings.BACKUP_KEY_FILE]
    _under_way = start_behind(command, quiet=True)
    return True
