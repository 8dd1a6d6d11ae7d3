"""Where the ladder hands over to the papers that press (督办文书): they live upstairs and are told here.

A rung may name a kind of paper. When it is climbed, a draft is put before the office in the same transaction; people
sign it. What kinds there are is asked upstairs as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bihuan.accounts.models import User

from .ladder import Rung
from .models import Duty, DutyStep


@dataclass(frozen=True)
class Drafter:
    """`kinds` are (key, label) of the papers a rung may draft; `draft` puts one before the office that answers."""

    kinds: Callable[[], list[tuple[str, str]]]
    draft: Callable[[Duty, Rung, DutyStep, User], None]


_DRAFTERS: list[Drafter] = []


def register_drafter(drafter: Drafter) -> None:
    """Say what rungs may draft and how; called in `AppConfig.ready`."""
    _DRAFTERS.append(drafter)


def kinds_to_draft() -> list[tuple[str, str]]:
    """Every kind of paper a rung may name."""
    return [kind for drafter in _DRAFTERS for kind in drafter.kinds()]


def draft_for(duty: Duty, rung: Rung, step: DutyStep, *, by: User) -> None:
    """Draft the paper a rung names, in the sweep's transaction; a kind nobody knows any more drafts nothing."""
    for drafter in _DRAFTERS:
        if any(key == rung.drafts for key, _ in drafter.kinds()):
            drafter.draft(duty, rung, step, by)
