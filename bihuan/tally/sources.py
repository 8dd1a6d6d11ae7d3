"""Where figures come from, to count them again: each app says in SQL what its rows amount to.

A source is read in chunks of its keys, so that the database sorts in memory and progress can be told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .models import DIMENSIONS, METRICS, PLACES

# The columns a source's rows have, in any order; what it does not count is 0, what it does not know is 0 or "".
COLUMNS = ("day", *DIMENSIONS, *PLACES, *METRICS)


@dataclass(frozen=True)
class Source:
    """`table` and `key` tell the range of keys; `changes(first, last, vendor)` is a SELECT of COLUMNS over that range.

    Dates and places must never be null. Rows of one range must not depend on rows of another.
    """

    label: str
    table: str
    changes: Callable[[int, int, str], str]
    key: str = "id"


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add what an app counts; called once at start, the same table again replaces it."""
    _sources[source.table] = source


def registered() -> list[Source]:
    return list(_sources.values())
