"""Acting as of an earlier moment: the demo city's past is made by the real actions wherever they are quick enough."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.db import connection
from django.utils import timezone


@contextmanager
def as_of(moment: dt.datetime) -> Iterator[None]:
    """Let `timezone.now()` say `moment` within the block, so that an action stamps its rows with that time.

    What the actions leave for after the commit (telling people) runs at the end of the block, at that time too:
    the whole city is one transaction, and its messages must not all bear the hour of loading.
    """
    with mock.patch.object(timezone, "now", return_value=moment):
        earlier = len(connection.run_on_commit)
        yield
        while len(connection.run_on_commit) > earlier:
            # Django keeps (savepoints, function, robust) here; its type stubs know of two only.
            connection.run_on_commit.pop(earlier)[1]()


def moment_in(day: dt.date, rng: random.Random, first: int = 9, last: int = 17) -> dt.datetime:
    """Some second of the hours from `first` to `last` of `day`, local time."""
    return dt.datetime.combine(
        day,
        dt.time(rng.randint(first, last - 1), rng.randint(0, 59), rng.randint(0, 59)),
        tzinfo=timezone.get_default_timezone(),
    )


def at_hour(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """The given time of `day`, local time."""
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=timezone.get_default_timezone())
