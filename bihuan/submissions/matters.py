"""重要事项清单 (R113): what must be asked or reported, by when, up to whom; shipped as data, replaced by an office's own rows."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from bihuan.accounts.models import Organization
from bihuan.duties import clock
from bihuan.rules import clocks
from bihuan.rules.calendar import Calendar
from bihuan.rules.records import Provenance, is_in_force, provenance
from bihuan.rules.regions import ancestors

from .workflow import Form

if TYPE_CHECKING:
    from .models import ImportantMatter

EITHER = "either"
OTHER = "other"
LEVELS = {"upper": "上一级", "city": "市级", "province": "省级", "visitor": "来检查的上级"}


@dataclass(frozen=True)
class Matter(Provenance):
    """One row of the list. `days` counts from the event to handing in, `answer_days` from receipt to the answer."""

    key: str
    name: str
    form: str
    days: int
    unit: clocks.Unit
    answer_days: int
    event: str
    level: str
    suggests: str
    ask: str
    edition: int = 0

    @property
    def form_words(self) -> str:
        return "请示或报告" if self.form == EITHER else str(Form(self.form).label)

    @property
    def level_words(self) -> str:
        return LEVELS.get(self.level, "上一级")

    @property
    def limit_words(self) -> str:
        """3个工作日内; 当日."""
        if not self.days:
            return "当日"
        return f"{self.days} 个工作日内" if self.unit == "working" else f"{self.days} 日内"

    def allows(self, form: str) -> bool:
        return self.form in {EITHER, form}

    def due(self, start: dt.date, *, using: Calendar | None = None) -> clocks.Due:
        """Until when it is to be asked or reported, counted from the day it came about; `using` is read once for many."""
        rule = clocks.ClockRule(
            key=f"submission.{self.key}", name=f"{self.name}{self.form_words}", days=self.days, unit=self.unit,
            roll=self.unit == "working", event=self.event, **self._origin(),
        )  # fmt: skip
        return clocks.due(rule, start, using or clock.calendar())

    def answer_due(self, start: dt.date) -> clocks.Due:
        """Until when the answer is owed, counted from the receipt."""
        rule = clocks.rule_for("submission.answer", start)
        if self.answer_days:
            rule = replace(rule, days=self.answer_days, name=f"{self.name}批复", **self._origin())
        return clocks.due(rule, start, clock.calendar())

    def _origin(self) -> dict[str, Any]:
        return {
            "source": self.source, "doc_no": self.doc_no, "effective_from": self.effective_from,
            "effective_to": self.effective_to, "verified": self.verified,
        }  # fmt: skip


@cache
def shipped() -> tuple[Matter, ...]:
    """Every version of every row that is shipped."""
    text = resources.files("bihuan.submissions").joinpath("data", "matters.json").read_text(encoding="utf-8")
    names = Matter.__dataclass_fields__.keys() - {"edition"}
    return tuple(
        Matter(**{**{name: row[name] for name in names if name in row}, **provenance(row)})
        for row in json.loads(text)["matters"]
    )


def matters_for(organization: Organization, on: dt.date) -> list[Matter]:
    """The list in force for a unit on a day: shipped rows, replaced and joined by those of the offices over it.

    A nearer office goes before a farther one, a later row before an earlier; a row given up takes what it replaces
    out of the list.
    """
    from .models import ImportantMatter

    found = {each.key: each for each in shipped() if is_in_force(each, on)}
    codes = [organization.region_id, *reversed(ancestors(organization.region_id))]
    rows = list(
        ImportantMatter.objects.filter(
            organization__region_id__in=codes,
            organization__kind=Organization.Kind.OFFICE,
            effective_from__lte=on,
        )
        .exclude(effective_to__lt=on)
        .select_related("organization")
    )
    rows.sort(key=lambda row: (-codes.index(row.organization.region_id), row.effective_from, row.pk))
    for row in rows:
        if row.is_dropped:
            found.pop(row.key, None)
        else:
            found[row.key] = of_row(row)
    last = found.pop(OTHER, None)
    return [*found.values(), *([last] if last else [])]


def of_row(row: ImportantMatter) -> Matter:
    """An office's own row as the list shows it."""
    known = next((each for each in shipped() if each.key == row.key), None)
    return Matter(
        key=row.key, name=row.name, form=row.form, days=row.days, unit="working" if row.unit == "working" else "natural",
        answer_days=row.answer_days, event=row.event, level=row.level, suggests=known.suggests if known else "",
        ask=row.ask, source=row.document, doc_no=f"{row.organization.short_name}清单", effective_from=row.effective_from,
        effective_to=row.effective_to, verified=True, edition=row.pk,
    )  # fmt: skip


def matter_for(key: str, organization: Organization, on: dt.date) -> Matter | None:
    """One row in force; None when there is none."""
    return next((each for each in matters_for(organization, on) if each.key == key), None)
