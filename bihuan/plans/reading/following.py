"""How reading a long document tells whoever follows it how far it is, keeps what cost much, and is told to end."""

from __future__ import annotations

from typing import Protocol


class Follower(Protocol):
    """Whom reading reports to. `begin` and `step` may raise: the reading ends there, its programs with it."""

    def begin(self, stage: str, pages: int) -> None:
        """Enter a stage of so many pages (0: not known)."""
        ...

    def step(self, pages: int) -> None:
        """So many pages of the stage are read; also called now and then while a page takes long."""
        ...

    def kept(self, name: str) -> bytes | None:
        """What an earlier reading of the same bytes kept under this name."""
        ...

    def keep(self, name: str, data: bytes) -> None:
        """Keep what is not to be worked out twice."""
        ...


class Nobody:
    """Nobody follows, nothing is kept."""

    def begin(self, stage: str, pages: int) -> None:
        """Not noted."""

    def step(self, pages: int) -> None:
        """Not noted."""

    def kept(self, name: str) -> bytes | None:
        """Nothing is."""
        return None

    def keep(self, name: str, data: bytes) -> None:
        """Let go."""
