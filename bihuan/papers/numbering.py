"""Numbers of papers: one running number per organization and year, one case one number (文书字号).

The code words and the pattern are dated data (`data/numbering.json`): they differ from place to place.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from bihuan.accounts.models import Organization
from bihuan.rules.records import in_force, provenance

from .models import OFFICIAL_KINDS, Paper, PaperSequence


@dataclass(frozen=True)
class CodeWord:
    """The word a kind of paper is numbered under, e.g. 检记."""

    kind: str
    word: str
    source: str
    doc_no: str
    effective_from: dt.date
    effective_to: dt.date | None
    verified: bool


@dataclass(frozen=True)
class Pattern:
    """How a number is written; `repeat` is used from the second paper of a kind in one case."""

    pattern: str
    repeat: str
    source: str
    doc_no: str
    effective_from: dt.date
    effective_to: dt.date | None
    verified: bool


@dataclass(frozen=True)
class Number:
    """A number as allotted: its text and the parts it is made of."""

    text: str
    year: int
    seq: int
    ordinal: int


@cache
def _data() -> dict[str, Any]:
    text = resources.files("bihuan.papers").joinpath("data", "numbering.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def code_word(kind: str, on: dt.date) -> str:
    """Return the word for ``kind`` in force on ``on``. Raises rules.records.UnknownRule when there is none."""
    words = [
        CodeWord(kind=row["kind"], word=row["word"], **provenance(row))
        for row in _data()["words"]
        if row["kind"] == kind
    ]
    return in_force(words, on, what=f"文书代字 {kind}").word


def write_number(prefix: str, kind: str, *, year: int, seq: int, ordinal: int, on: dt.date) -> str:
    """Return the number as printed: a form's is （青石）应急检记〔2026〕12号, a document's 云安办通〔2026〕12号."""
    patterns = [
        Pattern(pattern=row["pattern"], repeat=row["repeat"], **provenance(row))
        for row in _data()["patterns"]
        if row["key"] == ("official" if kind in OFFICIAL_KINDS else "number")
    ]
    pattern = in_force(patterns, on, what="文书字号式样")
    template = pattern.pattern if ordinal == 1 else pattern.repeat
    return template.format(prefix=prefix, word=code_word(kind, on), year=year, seq=seq, ordinal=ordinal)


def allot(
    organization: Organization, kind: str, *, on: dt.date, case_of: Paper | None = None, prefix: str = ""
) -> Number:
    """Take the next number; papers of one case (`case_of`) share year and sequence. `prefix` replaces the
    organization's own: enterprises have no 文书代字 of theirs.

    Must run in the transaction that creates the paper: the row of the sequence stays locked until it ends, so a
    rollback gives the number back and nobody ever skips or shares one.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a number must be allotted inside the transaction that creates its paper")
    prefix = prefix or organization.paper_prefix or organization.short_name
    own_case = case_of is not None and case_of.organization_id == organization.pk
    # An UPDATE locks the row on either database; on SQLite a transaction that writes is alone anyway.
    PaperSequence.objects.bulk_create(
        [PaperSequence(organization=organization, year=on.year)], ignore_conflicts=True
    )
    row = PaperSequence.objects.filter(
        organization=organization, year=case_of.case_year if case_of and own_case else on.year
    )
    if case_of is not None and own_case:
        row.update(last=F("last"))
        year, seq = case_of.case_year, case_of.case_seq
        last = Paper.objects.filter(
            organization=organization, case_year=year, case_seq=seq, kind=kind
        ).aggregate(last=Max("ordinal"))["last"]
        ordinal = (last or 0) + 1
    else:
        row.update(last=F("last") + 1)
        year, seq, ordinal = on.year, row.get().last, 1
    return Number(write_number(prefix, kind, year=year, seq=seq, ordinal=ordinal, on=on), year, seq, ordinal)
