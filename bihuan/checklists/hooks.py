"""How higher apps hear of the library without it knowing them: registered in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable

from bihuan.accounts.models import User

from .models import BookVersion

# (version put in force, who did it); runs inside the transaction of the act.
Listener = Callable[[BookVersion, User], None]

_LISTENERS: list[Listener] = []


def on_publish(listener: Listener) -> None:
    """Register what a newly published version brings with it."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)


def published(version: BookVersion, *, by: User) -> None:
    """Tell everyone who registered that a version was put in force."""
    for listener in _LISTENERS:
        listener(version, by)
