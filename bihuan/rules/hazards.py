"""Hazard grades and the criteria by which a hazard is judged major (隐患等级与重大隐患判定)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from bihuan.rules.records import Provenance, UnknownRule, is_in_force, load, provenance


@dataclass(frozen=True)
class Grade(Provenance):
    """A hazard grade: general or major."""

    key: str
    label: str
    meaning: str


@dataclass(frozen=True)
class Criterion(Provenance):
    """One circumstance that makes a hazard major. ``text`` is our short wording, not the document's."""

    code: str
    domain: str
    text: str


@dataclass(frozen=True)
class Standard(Provenance):
    """One version of a sector's document with criteria.

    ``criteria`` may be empty: the document applies but waits to be entered, and ``note`` says so. Nothing of an
    earlier version stands in for it.
    """

    key: str
    label: str
    note: str
    criteria: tuple[Criterion, ...]


@cache
def grades() -> tuple[Grade, ...]:
    """Return the grades, general first."""
    return tuple(
        Grade(key=row["key"], label=row["label"], meaning=row["meaning"], **provenance(row))
        for row in load("hazards")["grades"]
    )


def grade(key: str) -> Grade:
    """Return the grade named general or major. Raises UnknownRule."""
    for each in grades():
        if each.key == key:
            return each
    raise UnknownRule(f"没有名为“{key}”的隐患等级，可用：general、major")


def domains(on: dt.date | None = None) -> dict[str, str]:
    """Return {key: Chinese label} of all domains; with ``on`` only those with criteria to choose on that day."""
    return {each.key: each.label for each in standards(on) if on is None or each.criteria}


@cache
def all_standards() -> tuple[Standard, ...]:
    """Return every version of every domain's document in document order."""
    found: list[Standard] = []
    for entry in load("hazards")["domains"]:
        common = {name: entry[name] for name in ("source", "doc_no", "effective_from", "effective_to")}
        rows = tuple(
            Criterion(
                code=row["code"],
                domain=entry["key"],
                text=row["text"],
                **provenance({**common, "verified": row["verified"]}),
            )
            for row in entry["criteria"]
        )
        checked = bool(rows) and all(each.verified for each in rows)
        found.append(
            Standard(
                key=entry["key"],
                label=entry["label"],
                note=entry["note"],
                criteria=rows,
                **provenance({**common, "verified": checked}),
            )
        )
    return tuple(found)


def standards(on: dt.date | None = None) -> tuple[Standard, ...]:
    """Return the documents in force on ``on``, also those still waiting to be entered; None is all versions."""
    return tuple(each for each in all_standards() if on is None or is_in_force(each, on))


@cache
def all_criteria() -> tuple[Criterion, ...]:
    """Return every version of every criterion in document order."""
    return tuple(row for each in all_standards() for row in each.criteria)


def criteria(domain: str, on: dt.date) -> tuple[Criterion, ...]:
    """Return the criteria of ``domain`` (gas, chemicals, industry…) in force on ``on``. Raises UnknownRule."""
    if domain not in domains():
        raise UnknownRule(f"没有“{domain}”领域的重大隐患判定标准，可用：{'、'.join(domains())}")
    return tuple(each for each in all_criteria() if each.domain == domain and is_in_force(each, on))


def criterion(code: str, on: dt.date) -> Criterion:
    """Return the criterion ``code`` (G5-1, C20) in force on ``on``. Raises UnknownRule."""
    for each in all_criteria():
        if each.code == code and is_in_force(each, on):
            return each
    raise UnknownRule(f"判定条款“{code}”不存在或在{on.isoformat()}没有生效，请从判定标准列表中选择")
