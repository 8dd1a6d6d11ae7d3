"""The kinds of zones every installation begins with; the office may add its own."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from .models import ZoneKind


@cache
def shipped() -> list[dict[str, Any]]:
    """{key, label, tone, about} of each shipped kind."""
    text = files("bihuan.zones").joinpath("data/kinds.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def ensure_zone_kinds() -> int:
    """Add the shipped kinds that are missing; returns how many. What the office has changed stays."""
    have = set(ZoneKind.objects.values_list("key", flat=True))
    missing = [
        ZoneKind(position=position, **row)
        for position, row in enumerate(shipped(), start=1)
        if row["key"] not in have
    ]
    ZoneKind.objects.bulk_create(missing)
    return len(missing)
