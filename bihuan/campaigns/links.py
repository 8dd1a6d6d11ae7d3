"""Where figures open: the ledger and the list of inspections, filtered to exactly the rows behind a number."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse


@cache
def _address(name: str) -> str:
    """The address of a list; it never changes, and a matrix asks for it a thousand times."""
    return reverse(name)


def _filtered(name: str, filters: dict[str, Any]) -> str:
    chosen = {key.rstrip("_"): value for key, value in filters.items() if value not in (None, "", 0)}
    return f"{_address(name)}?{urlencode(chosen)}" if chosen else _address(name)


def ledger_url(**filters: Any) -> str:
    """The hazard ledger with these filters; empty ones are left out."""
    return _filtered("hazards:ledger", filters)


def inspections_url(**filters: Any) -> str:
    """The list of inspections with these filters; `from_` is the parameter `from`."""
    return _filtered("inspections:list", filters)


def registry_url(**filters: Any) -> str:
    """The registry of enterprises with these filters."""
    return _filtered("registry:list", filters)
