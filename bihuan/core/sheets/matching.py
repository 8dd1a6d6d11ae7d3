"""Matching a sheet's columns to our fields: by exact names and aliases, never by likeness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldSpec:
    """A field an import can fill: its code name, Chinese label, other names people use, whether required."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    required: bool = False


def match_columns(
    headers: Sequence[str], fields: Sequence[FieldSpec], remembered: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return {field name: header}, only where sure; no header serves two fields.

    ``remembered`` ({field name: header} confirmed by a person before) goes first, then the label, then
    aliases, then both without what stands in brackets (金额（万元） is 金额). Width, spaces, asterisks and
    colons do not matter. Two headers equally good for one field leave it open.
    """
    matched = {
        name: header
        for name, header in (remembered or {}).items()
        if header in headers and _known(name, fields)
    }
    for simplify in (_plain, _bare):
        for named in (_label_only, _all_names):
            for field in fields:
                if field.name in matched:
                    continue
                wanted = {simplify(name) for name in named(field)}
                fitting = [h for h in headers if h not in matched.values() and simplify(h) in wanted]
                if len(fitting) == 1:
                    matched[field.name] = fitting[0]
    return matched


def missing_required(mapping: Mapping[str, str], fields: Sequence[FieldSpec]) -> list[FieldSpec]:
    """Return the required fields no column was found for."""
    return [field for field in fields if field.required and field.name not in mapping]


def _known(name: str, fields: Sequence[FieldSpec]) -> bool:
    return any(field.name == name for field in fields)


def _label_only(field: FieldSpec) -> tuple[str, ...]:
    return (field.label,)


def _all_names(field: FieldSpec) -> tuple[str, ...]:
    return (field.label, *field.aliases)


def _plain(text: str) -> str:
    return re.sub(r"[\s*:：·]", "", unicodedata.normalize("NFKC", text)).casefold()


def _bare(text: str) -> str:
    return re.sub(r"[(\[【〔].*?[)\]】〕]", "", _plain(text))
