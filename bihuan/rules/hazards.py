"""Hazard grades and the criteria by which a hazard is judged major (隐患等级与重大隐患判定)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from bihuan.rules.records import UnknownRule, is_in_force, load, provenance


@dataclass(frozen=True)
class Grade:
    """A hazard grade: general or major."""

    key: str
    label: str
    meaning: str
    source: str
    doc_no: str
    effective_from: dt.date
    effective_to: dt.date | None
    verified: bool


@dataclass(frozen=True)
class Criterion:
    """One circumstance that makes a hazard major. ``text`` is our short wording, not the document's."""

    code: str
    domain: str
    text: str
    source: str
    doc_no: str
    effective_from: dt.date
    effective_to: dt.date | None
    verified: bool


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


@cache
def domains() -> dict[str, str]:
    """Return {key: Chinese label} of the domains that have criteria."""
    return {entry["key"]: entry["label"] for entry in load("hazards")["domains"]}


@cache
def all_criteria() -> tuple[Criterion, ...]:
    """Return every version of every criterion in document order."""
    found: list[Criterion] = []
    for entry in load("hazards")["domains"]:
        common = {name: entry[name] for name in ("source", "doc_no", "effective_from", "effective_to")}
        for row in entry["criteria"]:
            record = {**common, "verified": row["verified"]}
            found.append(
                Criterion(code=row["code"], domain=entry["key"], text=row["text"], **provenance(record))
            )
    return tuple(found)


def criteria(domain: str, on: dt.date) -> tuple[Criterion, ...]:
    """Return the criteria of ``domain`` (gas, chemicals) in force on ``on``. Raises UnknownRule."""
    if domain not in domains():
        raise UnknownRule(f"没有“{domain}”领域的重大隐患判定标准，可用：{'、'.join(domains())}")
    return tuple(each for each in all_criteria() if each.domain == domain and is_in_force(each, on))


def criterion(code: str, on: dt.date) -> Criterion:
    """Return the criterion ``code`` (G5-1, C20) in force on ``on``. Raises UnknownRule."""
    for each in all_criteria():
        if each.code == code and is_in_force(each, on):
            return each
    raise UnknownRule(f"判定条款“{code}”不存在或在{on.isoformat()}没有生效，请从判定标准列表中选择")
