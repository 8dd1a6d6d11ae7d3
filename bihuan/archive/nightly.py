"""The worker's nightly run: once a day after three in the morning, in a process of its own, never in the way of others."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import structlog
from django.conf import settings
from django.utils import timezone

from . import manifest as lists
from .writing import root

log = structlog.get_logger("bihuan.archive")
HOUR = 3
_child: subprocess.Popen[bytes] | None = None


def archive_due(now: dt.datetime) -> bool:
    """Start today's run when it is time and none has been today; returns whether one was started.

    The day is noted before it starts, so that a run that fails is tried again tomorrow and not every minute.
    """
    global _child
    if _child is not None and _child.poll() is None:
        return False
    if _child is not None and _child.returncode:
        log.error("archive_failed", code=_child.returncode)
    _child = None
    local = timezone.localtime(now)
    mark = root() / "last-run"
    today = local.date().isoformat()
    if local.hour < HOUR or (mark.exists() and mark.read_text("ascii") == today):
        return False
    root().mkdir(parents=True, exist_ok=True, mode=0o700)
    mark.write_text(today, "ascii")
    _child = subprocess.Popen(
        [sys.executable, "-m", "bihuan.config.cli", "archive", "run"], cwd=settings.BASE_DIR
    )
    return True


def age(now: dt.datetime) -> dt.timedelta | None:
    """How long ago the archive was last added to; None when it never was. For health checks."""
    written = lists.load(root()).written_at
    return now - dt.datetime.fromisoformat(written) if written else None
