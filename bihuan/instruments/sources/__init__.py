"""Conditions a trigger may look for: each knows how to find, between two days, the matters of a region that met it.

A source tells the past exactly: what it finds for a day is what the round of the next morning would have found. It
therefore reads lines and histories, not the present state of records. Packages above register theirs with
`register_source`; those of the packages below are in this package and registered by `register_shipped`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bihuan.core.errors import Refused

Row = tuple[str, str, str]  # chain, words, address


@dataclass(frozen=True)
class Matter:
    """One thing that met a condition on a day.

    `key` names it for ever ("duties.duty:42"): it fires once a period. `region` is the smallest place it lies in,
    `organization_id` who answers, `department_id` the line department. `rows` are the records behind it when it is more
    than one; it stands for itself when there are none.
    """

    key: str
    on: dt.date
    words: str
    region: str
    url: str = ""
    organization_id: int | None = None
    department_id: int | None = None
    rows: tuple[Row, ...] = ()

    def behind(self) -> tuple[Row, ...]:
        """The records behind it, in words."""
        return self.rows or ((self.key, self.words, self.url),)


Find = Callable[[Mapping[str, Any], str, dt.date, dt.date], Iterable[Matter]]


@dataclass(frozen=True)
class Parameter:
    """One setting of a condition: a number within bounds, or one of `choices`."""

    key: str
    label: str
    default: int | str
    minimum: int = 0
    maximum: int = 3650
    choices: tuple[tuple[str, str], ...] = ()

    def clean(self, value: Any) -> int | str:
        """`value` as the condition reads it. Raises Refused, naming the setting and what is allowed."""
        if self.choices:
            if str(value) not in {key for key, _ in self.choices}:
                raise Refused(f"“{self.label}”请在所列的几项中选择")
            return str(value)
        text = str(value).strip()
        if not (text.isascii() and text.isdecimal() and len(text) <= 6):
            raise Refused(f"“{self.label}”请填写整数，{self.minimum} 到 {self.maximum}")
        number = int(text)
        if not self.minimum <= number <= self.maximum:
            raise Refused(f"“{self.label}”应在 {self.minimum} 到 {self.maximum} 之间，现为 {number}")
        return number


@dataclass(frozen=True)
class Source:
    """One kind of condition."""

    key: str
    label: str
    find: Find
    parameters: tuple[Parameter, ...] = ()

    def clean(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a version, complete. Raises Refused."""
        return {each.key: each.clean(given.get(each.key, each.default)) for each in self.parameters}

    def sentence(self, parameters: Mapping[str, Any]) -> str:
        """The condition with its settings in one line."""
        said = []
        for each in self.parameters:
            value = parameters.get(each.key, each.default)
            shown = dict(each.choices).get(str(value), value) if each.choices else value
            said.append(f"{each.label} {shown}")
        return f"{self.label}（{'，'.join(said)}）" if said else self.label


_SOURCES: dict[str, Source] = {}


def register_source(key: str, label: str, find: Find, parameters: Iterable[Parameter] = ()) -> None:
    """Make a condition known; called in `AppConfig.ready`.

    `find(parameters, region, since, until)` yields matters whose day lies between both days (included), each day a
    whole day that has passed.
    """
    _SOURCES[key] = Source(key, label, find, tuple(parameters))


def sources() -> list[Source]:
    """Every condition known, by label."""
    return sorted(_SOURCES.values(), key=lambda each: each.label)


def source_of(key: str) -> Source:
    """One condition. Raises Refused for one this version does not know."""
    try:
        return _SOURCES[key]
    except KeyError as error:
        raise Refused(f"本版本没有“{key}”这种条件来源") from error


def register_shipped() -> None:
    """Make the conditions of the packages below known."""
    from . import accidents, campaigns, duties, hazards

    for module in (accidents, hazards, duties, campaigns):
        module.register()


__all__ = [
    "Find",
    "Matter",
    "Parameter",
    "Row",
    "Source",
    "register_shipped",
    "register_source",
    "source_of",
    "sources",
]
