"""The worker's nightly run: once a night, in a process of its own, never in the way of others."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import structlog

from bihuan.core.nights import last_night, night_of, start_behind

from . import manifest as lists
from .writing import root

log = structlog.get_logger("bihuan.archive")
_child: subprocess.Popen[bytes] | None = None


def archive_due(now: dt.datetime) -> bool:
    """Start tonight's run when it is night and none has been tonight; returns whether one was started.

    The night is noted before it starts, so that a run that fails is tried again in the next one and not every minute.
    """
    global _child
    if _child is not None and _child.poll() is None:
        return False
    if _child is not None and _child.returncode:
        log.error("archive_failed", code=_child.returncode)
    _child = None
    night = night_of(now)
    mark = root() / "last-run"
    if night is None or (mark.exists() and mark.read_text("ascii") == night.isoformat()):
        return False
    root().mkdir(parents=True, exist_ok=True, mode=0o700)
    mark.write_text(night.isoformat(), "ascii")
    _child = start_behind([sys.executable, "-m", "bihuan.config.cli", "archive", "run"])
    return True


def age(now: dt.datetime) -> dt.timedelta | None:
    """How long ago the archive was last added to; None when it never was. For health checks."""
    written = lists.load(root()).written_at
    return now - dt.datetime.fromisoformat(written) if written else None


def missed_since(now: dt.datetime, installed_at: dt.datetime | None) -> dt.datetime | None:
    """When the latest night that is over began, if nothing has been archived since; None when nothing was missed.

    An installation is not asked about nights before it was there.
    """
    night = last_night(now)
    written = lists.load(root()).written_at
    done_at = dt.datetime.fromisoformat(written) if written else installed_at
    return night if done_at is not None and done_at < night else None
