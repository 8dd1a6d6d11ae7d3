"""What the figure check reports: relations that hold and relations that do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "sum": "分项与合计",
    "rate": "比率",
    "share": "占比",
    "change": "增减与同期",
    "base": "增减幅与整数基数",
    "parts_change": "分项与总体的增减幅",
    "rest": "已办与剩余",
    "part": "分项不大于总数",
    "shares": "各项占比合计",
}


@dataclass(frozen=True)
class Relation:
    """One arithmetic relation of the text.

    `statement` says in Chinese what was computed and what the text says; `spans` are the printed numbers involved,
    the stated one (which a finding doubts) first. `difference` is computed minus stated, as printed there.
    """

    kind: str
    statement: str
    spans: tuple[tuple[int, int], ...]
    stated: str
    computed: str
    difference: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the relation as JSON values."""
        return {
            "kind": self.kind,
            "title": KINDS[self.kind],
            "statement": self.statement,
            "stated": self.stated,
            "computed": self.computed,
            "difference": self.difference,
            "spans": [list(span) for span in self.spans],
        }


@dataclass(frozen=True)
class FigureReport:
    """`findings` do not add up; `confirmed` do. What could not be told is in neither."""

    findings: list[Relation] = field(default_factory=list)
    confirmed: list[Relation] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "findings": [relation.to_json() for relation in self.findings],
            "confirmed": [relation.to_json() for relation in self.confirmed],
        }
