"""When heavy work that nobody waits for is done: at night, and behind everything else.

A service first started in the morning waits for its night; a night that was missed is made up for in the next one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

NICENESS = 15
DAY = dt.timedelta(days=1)


def length() -> dt.timedelta:
    """How long the night of BIHUAN_NIGHT is; it may pass midnight."""
    began, ended = (dt.timedelta(hours=hour, minutes=minute) for hour, minute in settings.NIGHT)
    return (ended - began) % DAY


def last_moment(now: dt.datetime, at: tuple[int, int]) -> dt.datetime:
    """The latest time the clock showed `at` (hour and minute, local time), `now` included."""
    local = timezone.localtime(now)
    moment = local.replace(hour=at[0], minute=at[1], second=0, microsecond=0)
    return moment if moment <= local else moment - DAY


def night_of(now: dt.datetime) -> dt.date | None:
    """The day the night around `now` began on; None by day."""
    began = last_moment(now, settings.NIGHT[0])
    return began.date() if now < began + length() else None


def last_night(now: dt.datetime) -> dt.datetime:
    """When the latest night that is over began."""
    began = last_moment(now, settings.NIGHT[0])
    return began if now >= began + length() else began - DAY


def start_behind(command: Sequence[str], *, quiet: bool = False) -> subprocess.Popen[bytes]:
    """Start one of our own commands, which yields the processor to everything else; it may speak unless `quiet`."""
    child = subprocess.Popen(  # noqa: S603 - our own modules
        command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL if quiet else None
    )
    # Ended already, or not ours to lower: the work itself matters more.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
    return child
