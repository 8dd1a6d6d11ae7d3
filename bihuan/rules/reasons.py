"""Typed reasons for sending something back (退回理由)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from bihuan.rules.records import Provenance, UnknownRule, is_in_force, load, provenance


@dataclass(frozen=True)
class Reason(Provenance):
    """Why something was sent back. ``remedy`` tells the other side what to do; ``needs_text`` asks for words."""

    key: str
    label: str
    remedy: str
    needs_text: bool


@cache
def all_reasons() -> tuple[Reason, ...]:
    """Return every reason in the order shown to people."""
    return tuple(
        Reason(
            key=row["key"],
            label=row["label"],
            remedy=row["remedy"],
            needs_text=row["needs_text"],
            **provenance(row),
        )
        for row in load("reasons")["send_back"]
    )


def send_back_reasons(on: dt.date) -> tuple[Reason, ...]:
    """Return the reasons that may be chosen on ``on``."""
    return tuple(each for each in all_reasons() if is_in_force(each, on))


def reason(key: str) -> Reason:
    """Return the reason ``key``, also a retired one. Raises UnknownRule."""
    for each in all_reasons():
        if each.key == key:
            return each
    raise UnknownRule(f"没有名为“{key}”的退回理由，请从列表中选择")
