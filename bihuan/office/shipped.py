"""Shipped data of the office's own work: why something was not done, and from when on a signal is worth a look."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from bihuan.rules.records import Provenance, provenance


@dataclass(frozen=True)
class Cause(Provenance):
    """One kind of reason why an item was not done (原因类别)."""

    key: str
    label: str
    hint: str


@dataclass(frozen=True)
class SignalRule(Provenance):
    """How often within how many days before a person is asked whether conduct should be looked into."""

    key: str
    label: str
    least: int
    days: int
    misconduct: str


@cache
def _data() -> dict[str, Any]:
    text = resources.files("bihuan.office").joinpath("data", "causes.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _holds(rule: Provenance, on: dt.date) -> bool:
    return rule.effective_from <= on and (rule.effective_to is None or on <= rule.effective_to)


def causes(on: dt.date) -> list[Cause]:
    """The kinds of reasons in force on a day, in their order."""
    rows = [
        Cause(key=row["key"], label=row["label"], hint=row["hint"], **provenance(row))
        for row in _data()["causes"]
    ]
    return [each for each in rows if _holds(each, on)]


@cache
def cause_labels() -> dict[str, str]:
    """The words of every kind of reason there ever was, by its key."""
    return {row["key"]: row["label"] for row in _data()["causes"]}


def signal_rules(on: dt.date) -> list[SignalRule]:
    """The signals in force on a day, in their order."""
    rows = [
        SignalRule(
            key=row["key"], label=row["label"], least=row["least"], days=row["days"],
            misconduct=row["misconduct"], **provenance(row),
        )
        for row in _data()["signals"]
    ]  # fmt: skip
    return [each for each in rows if _holds(each, on)]
