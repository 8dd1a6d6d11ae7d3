"""Reading the rule data: one loader, one way to choose the version in force."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Protocol, TypeVar


class UnknownRule(LookupError):
    """No rule of that name, or none in force on that day. ``str()`` is a Chinese sentence."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a record comes from, from when to when it holds (both ends included), and whether that was verified."""

    source: str
    doc_no: str
    effective_from: dt.date
    effective_to: dt.date | None
    verified: bool


class Dated(Protocol):
    """What every versioned rule has; both ends of the period are included."""

    @property
    def effective_from(self) -> dt.date: ...
    @property
    def effective_to(self) -> dt.date | None: ...


D = TypeVar("D", bound=Dated)


@cache
def load(name: str) -> dict[str, Any]:
    """Return the parsed ``data/<name>.json``. Read once per process; callers must not change it."""
    text = resources.files("bihuan.rules").joinpath("data", f"{name}.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def provenance(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the five fields every record must carry, typed; a missing one is a KeyError at load time."""
    until = record["effective_to"]
    return {
        "source": record["source"],
        "doc_no": record["doc_no"],
        "effective_from": dt.date.fromisoformat(record["effective_from"]),
        "effective_to": dt.date.fromisoformat(until) if until else None,
        "verified": bool(record["verified"]),
    }


def is_in_force(rule: Dated, on: dt.date) -> bool:
    """Whether ``rule`` applies to an act of the day ``on``; both ends of the period count."""
    return rule.effective_from <= on and (rule.effective_to is None or on <= rule.effective_to)


def in_force(rules: Iterable[D], on: dt.date, *, what: str) -> D:
    """Return the one version in force on ``on``; the latest begun wins should two overlap.

    Raises UnknownRule, naming ``what`` and the day, when there is none: nothing is guessed.
    """
    versions = [rule for rule in rules if is_in_force(rule, on)]
    if not versions:
        raise UnknownRule(f"规则“{what}”在{on.isoformat()}没有生效的版本，请在规则库补录该日期适用的版本")
    return max(versions, key=lambda rule: rule.effective_from)
