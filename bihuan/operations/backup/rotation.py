"""Which backups stay: the newest of each of the last days, weeks and months that have one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any


def keepers(taken: Iterable[dt.datetime], *, daily: int, weekly: int, monthly: int) -> set[dt.datetime]:
    """The moments to keep. Counts are of days (weeks, months) that have a backup, so a pause deletes nothing.

    The newest one always stays.
    """
    newest_first = sorted(set(taken), reverse=True)
    kept = set(newest_first[:1])
    kept |= _newest_per(newest_first, lambda moment: moment.date(), daily)
    kept |= _newest_per(newest_first, lambda moment: moment.isocalendar()[:2], weekly)
    kept |= _newest_per(newest_first, lambda moment: (moment.year, moment.month), monthly)
    return kept


def _newest_per(
    newest_first: Sequence[dt.datetime], period: Callable[[dt.datetime], Any], count: int
) -> set[dt.datetime]:
    chosen: dict[Any, dt.datetime] = {}
    for moment in newest_first:
        chosen.setdefault(period(moment), moment)
    return set(sorted(chosen.values(), reverse=True)[:count])
