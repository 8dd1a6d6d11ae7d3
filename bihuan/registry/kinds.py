"""The kinds of objects every installation begins with; the office gives each its usual department afterwards."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from .models import EnterpriseKind


@cache
def shipped() -> list[dict[str, Any]]:
    """{key, label, sector, risk, keywords} of each shipped kind; `keywords` are the words plans use for it."""
    text = files("bihuan.registry").joinpath("data/kinds.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def ensure_kinds() -> int:
    """Add the shipped kinds that are missing; returns how many. What the office has changed stays."""
    have = set(EnterpriseKind.objects.values_list("key", flat=True))
    missing = [
        EnterpriseKind(
            key=row["key"],
            label=row["label"],
            sector=row["sector"],
            keywords=row["keywords"],
            default_risk=row["risk"],
            position=position,
        )
        for position, row in enumerate(shipped(), start=1)
        if row["key"] not in have
    ]
    EnterpriseKind.objects.bulk_create(missing)
    return len(missing)
