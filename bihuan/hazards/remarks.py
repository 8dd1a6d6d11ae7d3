"""What higher apps notice of a hazard's evidence, for whoever reviews it: words, never a bar.

remarks.register(source)   # in AppConfig.ready; source(hazard, user) yields Remark
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bihuan.accounts.models import User

from .models import Hazard
from .workflow import Status

REVIEWED = (Status.REINSPECTING, Status.ACCEPTING)


@dataclass(frozen=True)
class Remark:
    """One remark: a short label, the reason in words, and where to look."""

    label: str
    words: str
    url: str = ""


Source = Callable[[Hazard, User], Iterable[Remark]]
_SOURCES: list[Source] = []


def register(source: Source) -> None:
    """Let a higher app remark on hazards under review."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def remarks_on(hazard: Hazard, user: User) -> list[Remark]:
    """Everything noticed of a hazard while somebody has to judge it; links only where `user` may go."""
    if hazard.status not in REVIEWED:
        return []
    return [remark for source in _SOURCES for remark in source(hazard, user)]
