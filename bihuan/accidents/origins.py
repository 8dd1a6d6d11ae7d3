"""What higher apps know of an accident besides: that its inquiry is listed, or may be.

origins.register(source)   # in AppConfig.ready; source(accident, user) yields hazards.origins.Origin
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bihuan.accounts.models import User
from bihuan.hazards.origins import Origin

from .models import Accident

Source = Callable[[Accident, User], Iterable[Origin]]
_SOURCES: list[Source] = []


def register(source: Source) -> None:
    """Let a higher app say where an accident stands."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def origins_of(accident: Accident, user: User) -> list[Origin]:
    """Everything known besides the register of accidents, as far as `user` may see it."""
    return [origin for source in _SOURCES for origin in source(accident, user)]
