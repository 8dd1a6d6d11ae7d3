"""What follows from a visit in higher apps, in the same transaction: a plan is fulfilled.

following.register(act)   # in AppConfig.ready; act(inspection, by=user)
"""

from __future__ import annotations

from typing import Protocol

from bihuan.accounts.models import User

from .models import Inspection


class Act(Protocol):
    """What a higher app does when a visit has been recorded."""

    def __call__(self, inspection: Inspection, *, by: User) -> None: ...


_ACTS: list[Act] = []


def register(act: Act) -> None:
    """Let a higher app act on every visit recorded."""
    if act not in _ACTS:
        _ACTS.append(act)


def follow(inspection: Inspection, *, by: User) -> None:
    """Let everybody act on a visit that was just recorded."""
    for act in _ACTS:
        act(inspection, by=by)
