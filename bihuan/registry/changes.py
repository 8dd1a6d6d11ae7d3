"""Putting new values into a record and saying in words what became different."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from django.db import models

from bihuan.accounts.models import Organization
from bihuan.accounts.scope import place_of

from .filling import empty, fill
from .models import Enterprise

Change = list[str]  # [label, before, after]

# The fields a person fills in. Status has its own action, the account too.
FIELDS = (
    "name",
    "credit_code",
    "code_unchecked",
    "code_unchecked_reason",
    "kind",
    "department",
    "locality",
    "address",
    "longitude",
    "latitude",
    "risk",
    "employees",
    "remark",
)
MIRRORED = frozenset({"name", "locality"})  # what the account's organization repeats


def apply_values(enterprise: Enterprise, values: Mapping[str, Any]) -> list[Change]:
    """Set the given fields and return what changed, in words. The ancestor columns follow the locality."""
    changes: list[Change] = []
    places = [(name, getattr(enterprise, name)) for name in ("longitude", "latitude")]
    if any(name in values and values[name] != before for name, before in places):
        enterprise.source_crs = values.get("source_crs", "")
    kind_before = enterprise.kind_id
    for name in (*FIELDS, "status"):
        if name not in values:
            continue
        before, after = getattr(enterprise, name, None) if _is_set(enterprise, name) else None, values[name]
        if before == after:
            continue
        old_words = words_of(enterprise, name, before)
        setattr(enterprise, name, after)
        changes.append([label_of(name), old_words, words_of(enterprise, name, after)])
        if name == "locality":
            place = place_of(after)
            enterprise.city_id, enterprise.county_id = place.city_id, place.county_id or after.code
    if kind_before is not None and kind_before != enterprise.kind_id:
        changes += empty(enterprise)
    if (filled := values.get("attributes")) is not None:
        changes += fill(enterprise, filled)
    return changes


def _is_set(enterprise: Enterprise, name: str) -> bool:
    """A new record has no kind or locality yet, and reading one would raise."""
    field = _field(name)
    return not field.is_relation or getattr(enterprise, field.attname) is not None


@cache
def _field(name: str) -> models.Field:
    return cast(models.Field, Enterprise._meta.get_field(name))


@cache
def label_of(name: str) -> str:
    """The Chinese label of a field."""
    return str(_field(name).verbose_name)


@cache
def _labels(name: str) -> dict[str, str]:
    return dict(_field(name).flatchoices)


def words_of(enterprise: Enterprise, name: str, value: Any) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if name in {"risk", "status"}:
        return str(_labels(name).get(value, value))
    return str(value)


def summary_of(changes: list[Change]) -> str:
    """名称、地址: the labels, for one line of the record."""
    return "、".join(dict.fromkeys(label for label, _, _ in changes))


def mirror(enterprise: Enterprise, organization: Organization) -> None:
    """Let the account's organization carry the enterprise's name and place (not saved here)."""
    organization.name = enterprise.name
    organization.short_name = enterprise.name[:60]
    organization.region_id = enterprise.locality_id
