"""Equipment that must be inspected at intervals (设备定期检验): kinds, intervals, when somebody is reminded.

A report that names the next day goes before any interval; see ``data/equipment.json``.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

from bihuan.rules.calendar import add_months
from bihuan.rules.records import Provenance, UnknownRule, in_force, load, provenance


@dataclass(frozen=True)
class EquipmentRule(Provenance):
    """One version of a kind of equipment: months to the first inspection after it was put into use, then between two.

    ``remind``: days before the next inspection at which it becomes a duty.
    """

    key: str
    label: str
    aliases: tuple[str, ...]
    first_months: int
    months: int
    remind: int


@cache
def equipment_rules() -> tuple[EquipmentRule, ...]:
    """Return every version of every kind of equipment."""
    plain = ("key", "label", "first_months", "months", "remind")
    return tuple(
        EquipmentRule(**{name: row[name] for name in plain}, aliases=tuple(row["aliases"]), **provenance(row))
        for row in load("equipment")["equipment"]
    )


def equipment_kinds() -> dict[str, str]:
    """Return {key: Chinese label} of all kinds of equipment."""
    return {rule.key: rule.label for rule in equipment_rules()}


def find_equipment_kind(text: str) -> str | None:
    """Return the key of the kind called so (its label, key or another common name); None if unknown."""
    wanted = _plain(text)
    for rule in equipment_rules():
        if wanted in {_plain(name) for name in (rule.key, rule.label, *rule.aliases)}:
            return rule.key
    return None


def equipment_rule(key: str, on: dt.date) -> EquipmentRule:
    """Return the rule for a kind of equipment in force on ``on``. Raises UnknownRule."""
    mine = [rule for rule in equipment_rules() if rule.key == key]
    if not mine:
        raise UnknownRule(f"没有名为“{key}”的设备种类，可用：{'、'.join(equipment_kinds().values())}")
    return in_force(mine, on, what=mine[0].label)


def next_inspection(
    key: str, on: dt.date, *, installed_on: dt.date | None, last_on: dt.date | None
) -> tuple[dt.date | None, dict[str, Any]]:
    """Return the day by which the next inspection is due by the rule in force on ``on``, with its explanation.

    Counted from the last inspection, before the first one from the day it was put into use; None when neither is
    known. Raises UnknownRule.
    """
    rule = equipment_rule(key, on)
    start, months, of = (
        (last_on, rule.months, "上次检验") if last_on else (installed_on, rule.first_months, "投用")
    )
    due = add_months(start, months) if start else None
    return due, {
        "due_on": due.isoformat() if due else None,
        "from": of,
        "start": start.isoformat() if start else None,
        "months": months,
        "source": rule.source,
        "doc_no": rule.doc_no,
        "verified": rule.verified,
    }


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
