"""Chemicals and processes under key supervision (重点监管危险化学品、危险化工工艺): two of 两重点一重大 (R042).

The lists came in batches; a batch is a dated record with its rows. An entry is met by its name, another common name
or its CAS number, never by likeness: 氨 is listed, 氨水 is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bihuan.rules.majortables import plain
from bihuan.rules.records import Provenance, is_in_force, load, provenance


@dataclass(frozen=True)
class Listed(Provenance):
    """One row of a batch. ``plain_names`` are its names evened out for comparing; ``cas`` is empty for processes."""

    row: int
    name: str
    aliases: tuple[str, ...]
    batch: str
    cas: tuple[str, ...]
    plain_names: frozenset[str]

    @property
    def short(self) -> str:
        """The name of a process without the word 工艺, as attributes of records say it."""
        return self.name.replace("工艺", "", 1)

    @property
    def basis(self) -> str:
        """Where it is listed, in Chinese: 首批第2项，安监总管三〔2011〕95号."""
        doubt = "" if self.verified else "，待核对原文"
        return f"{self.batch}第{self.row}项 {self.name}，{self.doc_no}{doubt}"


@cache
def key_chemicals() -> tuple[Listed, ...]:
    """Return every listed chemical of every batch, in the order of the lists."""
    return _rows("chemicals")


@cache
def key_processes() -> tuple[Listed, ...]:
    """Return every listed process of every batch, in the order of the lists."""
    return _rows("processes")


def find_key_chemical(name: str, cas: str, on: dt.date) -> Listed | None:
    """Return the row in force on ``on`` that lists a chemical of this name or CAS number; None if none does."""
    return next(
        (each for each in key_chemicals() if is_in_force(each, on) and _is_meant(each, name, cas)), None
    )


def find_key_process(name: str, on: dt.date) -> Listed | None:
    """Return the row in force on ``on`` that lists a process of this name, with or without 工艺; None if none does."""
    return next(
        (each for each in key_processes() if is_in_force(each, on) and _is_meant(each, name, "")), None
    )


def _is_meant(listed: Listed, name: str, cas: str) -> bool:
    return plain(name) in listed.plain_names or (bool(cas) and cas in listed.cas)


def _rows(table: str) -> tuple[Listed, ...]:
    return tuple(_listed(row, batch) for batch in load("keysupervised")[table] for row in batch["rows"])


def _listed(row: Mapping[str, Any], batch: Mapping[str, Any]) -> Listed:
    return Listed(
        row=row["row"],
        name=row["name"],
        aliases=tuple(row["aliases"]),
        batch=batch["label"],
        cas=tuple(row.get("cas", ())),
        plain_names=frozenset(plain(name) for name in (row["name"], *row["aliases"])),
        **provenance(batch),
    )
