"""What higher apps know of where a hazard comes from or stands besides: the visit it was found on, the promise that names it.

origins.register(source)   # in AppConfig.ready; source(hazard, user) yields Origin
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bihuan.accounts.models import User

from .models import Hazard


@dataclass(frozen=True)
class Origin:
    """One fact on the hazard's page; `url` only where the reader may go, `act` where it is a button of the page too."""

    label: str
    words: str
    url: str = ""
    act: str = ""


Source = Callable[[Hazard, User], Iterable[Origin]]
_SOURCES: list[Source] = []


def register(source: Source) -> None:
    """Let a higher app say where a hazard stands."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def origins_of(hazard: Hazard, user: User) -> list[Origin]:
    """Everything known besides the ledger, as far as `user` may see it."""
    return [origin for source in _SOURCES for origin in source(hazard, user)]
