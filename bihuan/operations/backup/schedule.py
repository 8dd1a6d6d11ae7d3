"""The nightly backup, in a process of its own: the worker goes on folding figures meanwhile."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import structlog
from django.conf import settings
from django.utils import timezone

from bihuan.operations.models import Backup

log = structlog.get_logger("bihuan.backup")
RETRY = dt.timedelta(hours=1)  # after a failure
_under_way: subprocess.Popen[bytes] | None = None


def is_due(now: dt.datetime) -> bool:
    """Whether today's moment has passed and nothing good, running or just failed stands since."""
    if not settings.BACKUP_DIR:
        return False
    hour, minute = settings.BACKUP_AT
    local = timezone.localtime(now)
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if local < moment:
        moment -= dt.timedelta(days=1)
    since = Backup.objects.filter(started_at__gte=moment)
    if since.exclude(status=Backup.Status.FAILED).exists():
        return False
    return not since.filter(started_at__gt=now - RETRY).exists()


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
    _under_way = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module
    return True
