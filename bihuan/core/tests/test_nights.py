"""Heavy work has its hours; what was missed waits for the next ones."""

import datetime as dt
import os
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from bihuan.config import environment as env
from bihuan.core.nights import NICENESS, last_moment, last_night, length, night_of, start_behind


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-11-{text}:00+08:00")


@pytest.mark.parametrize(
    ("night", "now", "began_on"),
    [
        (((2, 0), (5, 0)), "22T01:59", None),
        (((2, 0), (5, 0)), "22T02:00", "2026-11-22"),
        (((2, 0), (5, 0)), "22T04:59", "2026-11-22"),
        (((2, 0), (5, 0)), "22T05:00", None),
        (((2, 0), (5, 0)), "22T09:00", None),
        (((23, 30), (4, 0)), "22T23:40", "2026-11-22"),
        (((23, 30), (4, 0)), "23T03:59", "2026-11-22"),
        (((23, 30), (4, 0)), "23T04:00", None),
    ],
)
def test_night_and_day(settings, night, now, began_on):
    settings.NIGHT = night
    found = night_of(local(now))
    assert (found.isoformat() if found else None) == began_on


def test_the_latest_night_that_is_over(settings):
    settings.NIGHT = ((2, 0), (5, 0))
    assert length() == dt.timedelta(hours=3)
    assert last_night(local("22T09:00")) == local("22T02:00")
    assert last_night(local("22T03:00")) == local("21T02:00")
    assert last_moment(local("22T01:00"), (2, 30)) == local("21T02:30")


def test_the_setting(monkeypatch):
    assert env.night("BIHUAN_NIGHT", "02:00-05:00") == ((2, 0), (5, 0))
    for wrong in ("02:00", "2-5", "02:00-25:00", "02:00-02:00", "02:00 05:00"):
        monkeypatch.setenv("BIHUAN_NIGHT", wrong)
        with pytest.raises(ImproperlyConfigured, match="BIHUAN_NIGHT"):
            env.night("BIHUAN_NIGHT", "02:00-05:00")


def test_a_child_yields_to_everybody_else():
    child = start_behind([sys.executable, "-c", "input()"], quiet=True)
    try:
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == NICENESS
    finally:
        child.kill()
        child.wait()
