"""The sector packs shipped with the library (行业检查表包): JSON files in our own words, each item with its ground.

A pack states its documents, ladders and who carries them out once and lets items name them; `load` puts them together, checks the book and
answers for what it says: an item without ground, ladder or guidance does not ship.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from bihuan.checklists.structure import (
    Basis,
    Book,
    Disposition,
    InvalidBook,
    Item,
    Measure,
    Problem,
    Section,
    advice,
    check,
)

KEYS = ("gas", "chemicals", "fire", "construction", "small_places")


class UnknownPack(LookupError):
    """There is no such pack. ``str()`` is a Chinese sentence."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def load(key: str) -> Book:
    """Return the shipped pack ``key``. Raises UnknownPack, and InvalidBook for a file that does not hold."""
    if key not in KEYS:
        raise UnknownPack(f"没有名为“{key}”的行业检查表包，可用：{'、'.join(KEYS)}")
    path = resources.files("bihuan.checklists").joinpath("data", "packs", f"{key}.json")
    book = read(json.loads(path.read_text("utf-8")))
    if found := advice(book):
        raise InvalidBook(found)
    return book


def load_all() -> tuple[Book, ...]:
    """Return every shipped pack, in the order of KEYS."""
    return tuple(load(key) for key in KEYS)


def read(pack: dict[str, Any]) -> Book:
    """Return the book of a parsed pack. Raises InvalidBook: what is missing or wrong, by section and item."""
    try:
        sections = tuple(_section(pack, section) for section in pack["sections"])
        book = Book(pack["key"], pack["title"], pack["version"], sections, pack.get("note", ""))
    except KeyError as error:
        problem = Problem(pack.get("title", ""), "", "", f"缺少字段“{error.args[0]}”，请对照其他行业包补上")
        raise InvalidBook((problem,)) from error
    return check(book)


def _section(pack: dict[str, Any], section: dict[str, Any]) -> Section:
    items = tuple(_item(pack, section, row) for row in section["items"])
    return Section(section["code"], section["title"], section["link"], items)


def _item(pack: dict[str, Any], section: dict[str, Any], row: dict[str, Any]) -> Item:
    def blame(text: str) -> InvalidBook:
        return InvalidBook((Problem(pack["title"], section["title"], row.get("code", ""), text),))

    try:
        unknown = [basis["title"] for basis in row["basis"] if basis["title"] not in pack["documents"]]
        if unknown:
            raise blame(f"依据“{'、'.join(unknown)}”不在本包的文件表（documents）里")
        if row["ladder"] not in pack["ladders"]:
            raise blame(f"处置阶梯“{row['ladder']}”不在本包的阶梯表（ladders）里")
        return Item(
            code=row["code"],
            text=row["text"],
            criterion=row["criterion"],
            measure=_measure(row["measure"]) if "measure" in row else None,
            method=tuple(row["method"]),
            basis=tuple(
                Basis(basis["title"], pack["documents"][basis["title"]], basis.get("article", ""))
                for basis in row["basis"]
            ),
            source=row["source"],
            verified=row["verified"],
            dispositions=tuple(
                Disposition(step["word"], step.get("condition", ""))
                for step in pack["ladders"][row["ladder"]]
            ),
            severity=row["severity"],
            criterion_code=row.get("criterion_code", ""),
            kinds=tuple(row["kinds"]),
            guidance=row["guidance"],
            proof=row["proof"],
            photo=row.get("photo", "failed"),
            when=row.get("when", ""),
            authority=row.get("authority") or pack["authorities"][row["ladder"]],
        )
    except KeyError as error:
        raise blame(f"缺少字段“{error.args[0]}”") from error
    except ArithmeticError as error:
        raise blame("数值标准不是数，请写成像 2.5 这样的数字") from error


def _measure(row: dict[str, str]) -> Measure:
    """Numbers stand in the file as text, so that no binary fraction comes between."""
    upper = Decimal(row["upper"]) if "upper" in row else None
    return Measure(row["label"], row["comparator"], Decimal(row["number"]), row["unit"], upper)
