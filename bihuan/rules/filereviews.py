"""The form by which case files are looked through (案卷评查表): lines with standards and points, as dated data (R126)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from bihuan.rules.records import Provenance, in_force, load, provenance


class ReviewError(ValueError):
    """Points that the form does not allow. ``str()`` is a Chinese sentence naming the line."""


@dataclass(frozen=True)
class FormLine:
    """One line of the form: what is looked at, by what standard, for how many points."""

    key: str
    name: str
    standard: str
    points: Decimal


@dataclass(frozen=True, kw_only=True)
class FileForm(Provenance):
    """One version of the form."""

    key: str
    title: str
    lines: tuple[FormLine, ...]

    def as_json(self) -> dict[str, Any]:
        """What is kept beside the files drawn by it: the form as it was."""
        return {
            "key": self.key, "title": self.title, "source": self.source, "doc_no": self.doc_no,
            "verified": self.verified, "lines": [lined(each) for each in self.lines],
        }  # fmt: skip


def lined(line: FormLine) -> dict[str, Any]:
    """A line as plain data."""
    return {"key": line.key, "name": line.name, "standard": line.standard, "points": str(line.points)}


def lines_of(kept: Mapping[str, Any]) -> list[FormLine]:
    """The lines of a form that was kept."""
    return [
        FormLine(str(row["key"]), str(row["name"]), str(row["standard"]), Decimal(str(row["points"])))
        for row in kept.get("lines", ())
    ]


@cache
def _forms() -> tuple[FileForm, ...]:
    return tuple(
        FileForm(
            key=row["key"],
            title=row["title"],
            lines=tuple(
                FormLine(line["key"], line["name"], line["standard"], Decimal(str(line["points"])))
                for line in row["lines"]
            ),
            **provenance(row),
        )
        for row in load("filereviews")["forms"]
    )


def file_form(on: dt.date, key: str = "inspection") -> FileForm:
    """The form in force on a day. Raises UnknownRule."""
    return in_force((each for each in _forms() if each.key == key), on, what="案卷评查表")


def share_of(lines: list[FormLine], given: Mapping[str, Decimal]) -> Decimal:
    """What a file came to, in percent of all points. Raises ReviewError for a line left out or beyond its points."""
    got = Decimal(0)
    for line in lines:
        points = given.get(line.key)
        if points is None:
            raise ReviewError(f"“{line.name}”还没有评分")
        if not points.is_finite() or not Decimal(0) <= points <= line.points:
            raise ReviewError(f"“{line.name}”应在 0 到 {line.points:f} 分之间")
        got += points
    whole = sum((line.points for line in lines), Decimal(0))
    if not whole:
        raise ReviewError("评查表没有分值，请核对评查标准")
    return (got * 100 / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP)
