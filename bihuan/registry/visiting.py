"""What whoever keeps visits tells the registry: when a place was last visited, and how a visit begins.

visiting.register(SOURCE)   # in AppConfig.ready of the app that keeps visits
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bihuan.accounts.models import User

from .models import Enterprise, Plate


@dataclass(frozen=True)
class Visit:
    """A visit that took place."""

    on: dt.date
    url: str
    words: str


class Visits(Protocol):
    """Where visits are kept."""

    def last_days(self, pks: Iterable[int]) -> dict[int, dt.date]:
        """The day of the last official visit to each enterprise; nobody's scope is asked: it is told to anybody."""
        ...

    def since(self, enterprise: Enterprise, day: dt.date, user: User) -> list[Visit]:
        """Visits to an enterprise from a day on that the person may see, the latest first."""
        ...

    def starts(self, enterprise: Enterprise, user: User) -> list[tuple[str, str]]:
        """(label, address) of every way this person may begin a visit there now; empty if they may not."""
        ...

    def starts_by_plate(self, plate: Plate, user: User) -> list[tuple[str, str]]:
        """The same for whoever sees nothing of the place but its plate: a gas company at a user of its own."""
        ...


class _None:
    def last_days(self, pks: Iterable[int]) -> dict[int, dt.date]:
        return {}

    def since(self, enterprise: Enterprise, day: dt.date, user: User) -> list[Visit]:
        return []

    def starts(self, enterprise: Enterprise, user: User) -> list[tuple[str, str]]:
        return []

    def starts_by_plate(self, plate: Plate, user: User) -> list[tuple[str, str]]:
        return []


_SOURCE: list[Visits] = [_None()]


def register(source: Visits) -> None:
    """Say where visits are kept; there is one such place."""
    _SOURCE[0] = source


def visits() -> Visits:
    """Where visits are kept."""
    return _SOURCE[0]
