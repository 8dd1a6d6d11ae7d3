"""Filling in the attributes of a record: what a form or a row says of them, put into it and said in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import repeat
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from bihuan.core.sheets import FieldSpec

from .attributes import Attribute
from .models import Enterprise, EnterpriseKind, Premises
from .schemas import all_in_force

Change = list[str]
Issues = list[tuple[str, str]]
PREFIX = "attr."  # column names of an import, and of the fields of a form


@dataclass(frozen=True)
class Filled:
    """What somebody says of a record's attributes, by the version in force; None takes a value away."""

    version: int
    attributes: tuple[Attribute, ...]
    values: Mapping[str, Any]

    def stored(self) -> dict[str, Any]:
        """What a record that had nothing before keeps."""
        return {name: value for name, value in self.values.items() if value is not None}


def fill(record: Enterprise | Premises, filled: Filled) -> list[Change]:
    """Put what is said into a record (not saved here) and say what changed. What no longer fits goes, and is named."""
    known = {attribute.name: attribute for attribute in filled.attributes}
    before = record.attributes
    kept = {name: value for name, value in before.items() if name in known and not known[name].problem(value)}
    after = {name: value for name, value in (kept | dict(filled.values)).items() if value is not None}
    if after == before and (record.attributes_version == filled.version or not after):
        return []
    changes = []
    for name in [*known, *(name for name in before if name not in known)]:
        if before.get(name) != after.get(name):
            attribute = known.get(name) or Attribute(name, name, "text")
            changes.append(
                [attribute.label, attribute.words(before.get(name)), attribute.words(after.get(name))]
            )
    if record.attributes_version != filled.version:
        changes.append(["属性表版本", str(record.attributes_version or ""), str(filled.version)])
    record.attributes, record.attributes_version = after, filled.version
    return changes


def empty(record: Enterprise | Premises) -> list[Change]:
    """Take away the attributes of the kind a record had before (not saved here)."""
    if not record.attributes and record.attributes_version is None:
        return []
    words = "、".join(f"{name}：{value}" for name, value in record.attributes.items())
    record.attributes, record.attributes_version = {}, None
    return [["专有属性", words[:500], ""]] if words else []


UNKNOWN = "unknown"
UNREAD = object()  # attributes about which a row has something to hear


def offers_of(attribute: Attribute) -> list[tuple[str, str]]:
    """What a list can be narrowed by: the choices, yes or no, and what nobody knows yet; numbers and words are not."""
    if attribute.type in ("choice", "choices"):
        return [*((each, each) for each in attribute.choices), (UNKNOWN, "未填")]
    return [("yes", "是"), ("no", "否"), (UNKNOWN, "未填")] if attribute.type == "yes_no" else []


def fitting(attribute: Attribute, value: str) -> Q:
    """Records whose attribute is one of the offers."""
    path = f"attributes__{attribute.name}"
    if value == UNKNOWN:
        return ~Q(attributes__has_key=attribute.name)
    if attribute.type == "yes_no":
        return Q(**{path: value == "yes"})
    if attribute.type == "choices":
        # Place by place: not every database can ask whether a list contains something.
        return reduce(or_, (Q(**{f"{path}__{place}": value}) for place in range(len(attribute.choices))))
    return Q(**{path: value})


def column_specs() -> tuple[FieldSpec, ...]:
    """The import columns of all kinds' attributes: one for each heading, whatever kinds share it."""
    headings: dict[str, str] = {}
    for _, attributes in all_in_force().values():
        for attribute in attributes:
            headings.setdefault(attribute.heading, attribute.label)
    return tuple(
        FieldSpec(f"{PREFIX}{heading}", heading, () if label == heading else (label,))
        for heading, label in headings.items()
    )


class AttributeColumns:
    """Reads the attribute columns of a table; what a text means is asked once for each kind and column."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[int, tuple[Attribute, ...], dict[str, Attribute]]] = {
            kind: (version, attributes, {f"{PREFIX}{each.heading}": each for each in attributes})
            for kind, (version, attributes) in all_in_force().items()
        }
        self._known: dict[tuple[str, str, str], tuple[Any, str]] = {}

    def read(self, kind: EnterpriseKind, cells: Sequence[tuple[str, str]]) -> tuple[Filled | None, Issues]:
        """What a row says, cells as (column name, text); None when it says nothing. Every objection is named.

        Whoever brings a column is asked: an attribute that is required must be filled in where its column is there.
        """
        version, attributes, columns = self._asked.get(kind.pk, (0, (), {}))
        values: dict[str, Any] = {}
        issues: Issues = []
        for column, text in cells:
            value, problem = self._look(kind, column, text, columns.get(column))
            if problem:
                issues.append((column, problem))
            elif value is not None:
                values[columns[column].name] = value
        if issues or not values:
            return None, issues
        return Filled(version, attributes, values), []

    def read_all(
        self, kinds: Sequence[EnterpriseKind | Any], columns: Mapping[str, Sequence[str]]
    ) -> list[Filled | Any]:
        """The same for many rows that are at hand as columns: one Filled or None for each, UNREAD where there is
        anything to object to. What a column says is asked once for each different text of a kind.
        """
        read: list[Filled | Any] = [None] * len(kinds)
        if not columns:
            return read
        places: dict[EnterpriseKind, list[int]] = {}
        for place, kind in enumerate(kinds):
            if isinstance(kind, EnterpriseKind):
                places.setdefault(kind, []).append(place)
        for kind, mine in places.items():
            self._read_kind(kind, mine, columns, read)
        return read

    def _read_kind(
        self,
        kind: EnterpriseKind,
        places: Sequence[int],
        columns: Mapping[str, Sequence[str]],
        read: list[Any],
    ) -> None:
        version, attributes, asked = self._asked.get(kind.pk, (0, (), {}))
        said: dict[str, list[Any]] = {}
        unread: set[int] = set()
        for column, texts in columns.items():
            attribute = asked.get(column)
            own = [texts[place] for place in places]
            known = {text: self._look(kind, column, text, attribute) for text in set(own)}
            if any(problem for _, problem in known.values()):
                unread.update(place for place, text in zip(places, own, strict=True) if known[text][1])
            if attribute is not None and any(value is not None for value, _ in known.values()):
                said[attribute.name] = [known[text][0] for text in own]
        names = [attribute.name for attribute in attributes if attribute.name in said]
        rows = zip(*(said[name] for name in names), strict=True) if names else repeat((), len(places))
        for place, row in zip(places, rows, strict=True):
            values = {name: value for name, value in zip(names, row, strict=True) if value is not None}
            read[place] = Filled(version, attributes, values) if values else None
        for place in unread:
            read[place] = UNREAD

    def _look(
        self, kind: EnterpriseKind, column: str, text: str, attribute: Attribute | None
    ) -> tuple[Any, str]:
        key = (kind.pk, column, text)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _meaning(kind, column, text, attribute)
        return found


def _meaning(kind: EnterpriseKind, column: str, text: str, attribute: Attribute | None) -> tuple[Any, str]:
    if attribute is None:
        if not text.strip() or text.strip() in {"/", "-", "—"}:
            return None, ""
        return None, f"“{kind}”没有“{column.removeprefix(PREFIX)}”这一项，请清空这一格，或核对类型"
    return answered(attribute, lambda: attribute.read(text))


def answered(attribute: Attribute, read: Callable[[], Any]) -> tuple[Any, str]:
    """(value, problem) of one attribute, by the one rule for forms and tables."""
    try:
        value = read()
    except ValidationError as error:
        return None, "；".join(error.messages)
    if value is None and attribute.required:
        return None, f"{attribute.label}须填写，请补填"
    return value, ""
