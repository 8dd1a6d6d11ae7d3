"""How long work tells whoever watches how far it is, and is told to end. Lower packages know only this much of jobs."""

from __future__ import annotations

from typing import Protocol


class Interrupted(Exception):
    """The work has to end here. What is committed stays; nothing else may be caught as an error of the work."""


class Watcher(Protocol):
    """Whom work reports to. Both methods may raise Interrupted; neither may be called inside a transaction."""

    def begin(self, stage: str, *, total: int, done: int = 0) -> None:
        """Enter a stage of so much work (0: not known), so much of it done earlier."""
        ...

    def step(self, done: int) -> None:
        """Say how much of the stage is done now; cheap enough for every batch."""
        ...


class Unwatched:
    """Nobody is watching."""

    def begin(self, stage: str, *, total: int, done: int = 0) -> None:
        """Not noted."""

    def step(self, done: int) -> None:
        """Not noted."""
