"""One element of a draft with what a person needs to judge it: units, deadline, place, bounds, what the checkup says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bihuan.accounts.models import Organization

from .models import PlanFinding, PlanItem, PlanUnit

# How sure the compiler is, in a word; people do not weigh percentages.
SURE, UNSURE = 0.9, 0.75


@dataclass(frozen=True)
class Chip:
    """A unit on a card: the words, and whether it leads or is still to be identified."""

    text: str
    is_lead: bool = False
    unit: PlanUnit | None = None
    suggestion: Organization | None = None
    title: str = ""

    @property
    def is_open(self) -> bool:
        return self.unit is not None


@dataclass(frozen=True)
class SectionCount:
    """How far one chapter is, and how much of what is left may be confirmed at one stroke."""

    done: int
    total: int
    confirmable: int


@dataclass(frozen=True)
class Card:
    """One element with what a person needs to judge it."""

    item: PlanItem
    chips: tuple[Chip, ...] = ()
    badge: str = ""
    tone: str = ""
    lines: tuple[str, ...] = ()
    deadline: str = ""
    kinds: tuple[str, ...] = ()
    place: str = ""
    rule: str = ""
    findings: tuple[PlanFinding, ...] = ()
    answered: tuple[PlanFinding, ...] = ()
    section: SectionCount | None = None

    @property
    def is_section(self) -> bool:
        return self.item.kind == PlanItem.Kind.SECTION

    @property
    def is_task(self) -> bool:
        return self.item.kind == PlanItem.Kind.TASK

    @property
    def is_open(self) -> bool:
        return self.item.state == PlanItem.State.PROPOSED

    @property
    def is_removed(self) -> bool:
        return self.item.state == PlanItem.State.REMOVED

    @property
    def asks(self) -> bool:
        """Whether it stops the way through the unresolved: to be confirmed, or with a unit nobody has identified."""
        return not self.is_removed and (self.is_open or any(chip.is_open for chip in self.chips))

    @property
    def doubt(self) -> str:
        """A word about how sure the compiler is, where it is not."""
        confidence = self.item.confidence
        if self.item.rule == "hand" or confidence >= SURE:
            return ""
        return "把握小" if confidence < UNSURE else "把握一般"

    @property
    def no(self) -> str:
        return str(self.item.data.get("no") or "") or str(self.item.get_kind_display())

    @property
    def title(self) -> str:
        return title_of(self.item)

    @property
    def marks(self) -> str:
        """Where its parts stand in the source, as JSON: [[field, start, end], …]."""
        named = [
            [name, *place]
            for name, places in self.item.spans.items()
            if name not in {"whole", "check_items"}
            for place in places
        ]
        return json.dumps(named, separators=(",", ":"))


def title_of(item: PlanItem) -> str:
    """What stands at the head of its card."""
    data: dict[str, Any] = item.data
    for name in ("heading", "name", "title", "unit", "when", "text"):
        if data.get(name):
            return str(data[name])
    return "（空白）"
