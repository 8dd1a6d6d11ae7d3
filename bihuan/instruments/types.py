"""Kinds of supervision papers as data: who drafts, to whom, the reply clock, when it is done, what follows when late.

Shipped in `data/types.json`; an office may write its own edition from a day on (`InstrumentEdition`), which then goes
before the shipped one for its papers. What was issued keeps the terms it was issued under.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.duties import clock
from bihuan.rules import clocks
from bihuan.rules.records import Provenance, UnknownRule, in_force, provenance

if TYPE_CHECKING:
    from .models import InstrumentEdition

PLACEHOLDERS = {
    "count": "所列事项的项数",
    "reply_due": "回复期限",
    "receipt_due": "签收期限",
    "issuer": "制发单位",
    "meeting": "约谈或到会说明的时间、地点",
}
_MARK = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, kw_only=True)
class InstrumentType(Provenance):
    """One kind of paper as in force on a day. `reply_clock` "" asks for no reply; `reply_days` is a local clock."""

    key: str
    paper: str
    label: str
    tone: str
    purpose: str
    draft_by: tuple[str, ...]
    recipients: tuple[str, ...]
    reply_clock: str
    closing: str
    escalates_to: str
    escalate_after: int
    opening: str
    demand: str
    consequence: str
    reply_days: int | None = None
    edition: int | None = None

    @property
    def is_meeting(self) -> bool:
        """Whether people are asked to come: a talk, or to explain themselves."""
        return "{meeting}" in self.opening

    @property
    def asks_reply(self) -> bool:
        return bool(self.reply_clock)

    def terms(self) -> dict[str, Any]:
        """What is kept with a paper issued under it."""
        return {
            "closing": self.closing, "escalates_to": self.escalates_to, "escalate_after": self.escalate_after,
            "source": self.source, "doc_no": self.doc_no, "edition": self.edition,
        }  # fmt: skip

    def reply_due(self, start: dt.date) -> clocks.Due | None:
        """Until when a reply is owed for a paper issued on `start`; None when none is."""
        if not self.reply_clock:
            return None
        rule = clocks.rule_for(self.reply_clock, start)
        if self.reply_days is not None:
            rule = replace(
                rule, days=self.reply_days, unit="natural", source=self.source, doc_no=self.doc_no, verified=False
            )  # fmt: skip
        return clocks.due(rule, start, clock.calendar())


@cache
def _shipped() -> tuple[InstrumentType, ...]:
    text = resources.files("bihuan.instruments").joinpath("data", "types.json").read_text(encoding="utf-8")
    names = InstrumentType.__dataclass_fields__.keys() - {"reply_days", "edition"}
    return tuple(
        InstrumentType(
            **{
                **{name: row[name] for name in names if name in row},
                **provenance(row),
                "draft_by": tuple(row["draft_by"]),
                "recipients": tuple(row["recipients"]),
            }
        )
        for row in json.loads(text)["types"]
    )


def labels() -> dict[str, str]:
    """{key: label} of every kind, in their order."""
    return {each.key: each.label for each in _shipped()}


def type_for(key: str, organization: Organization | None = None, on: dt.date | None = None) -> InstrumentType:
    """The kind `key` as in force for an issuing body on a day. Raises UnknownRule when there is none."""
    from .models import InstrumentEdition

    day = on or timezone.localdate()
    shipped = in_force([each for each in _shipped() if each.key == key], day, what=f"督办文书 {key}")
    if organization is None:
        return shipped
    own = (
        InstrumentEdition.objects.filter(organization=organization, kind=key, effective_from__lte=day)
        .exclude(effective_to__lt=day)
        .order_by("-effective_from", "-pk")
        .first()
    )
    return _edited(shipped, own) if own else shipped


def _edited(shipped: InstrumentType, own: InstrumentEdition) -> InstrumentType:
    return replace(
        shipped, opening=own.opening, demand=own.demand, consequence=own.consequence,
        reply_days=own.reply_days if shipped.reply_clock else None, escalates_to=own.escalates_to,
        escalate_after=own.escalate_after, source=own.document, doc_no="本单位版本",
        effective_from=own.effective_from, effective_to=own.effective_to, edition=own.pk,
    )  # fmt: skip


def kinds_of(organization: Organization) -> list[InstrumentType]:
    """The kinds a body may draft today."""
    return [type_for(each.key, organization) for each in _shipped() if organization.kind in each.draft_by]


def filled(words: str, values: Mapping[str, str]) -> str:
    """`words` with its placeholders filled in; the names are those of PLACEHOLDERS."""
    return _MARK.sub(lambda mark: values.get(mark[1], mark[0]), words)


def unknown_marks(words: str) -> list[str]:
    """Placeholders nobody knows, to be refused when an edition is written."""
    return [mark for mark in _MARK.findall(words) if mark not in PLACEHOLDERS]


__all__ = [
    "PLACEHOLDERS",
    "InstrumentType",
    "UnknownRule",
    "filled",
    "kinds_of",
    "labels",
    "type_for",
    "unknown_marks",
]
