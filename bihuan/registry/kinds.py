"""The kinds of objects every installation begins with; the office gives each its usual department afterwards."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils import timezone

from .attributes import shipped_attributes, to_schema
from .models import EnterpriseKind, KindSchema


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
    ensure_schemas()
    return len(missing)


def ensure_schemas() -> int:
    """Publish the shipped attributes of kinds that have none yet; returns how many. An office's own draft stays."""
    labels = dict(EnterpriseKind.objects.values_list("key", "label"))
    have = set(KindSchema.objects.values_list("kind", flat=True))
    made = [
        KindSchema(
            kind_id=key,
            version=1,
            status=KindSchema.Status.PUBLISHED,
            schema=to_schema(attributes, title=labels[key]),
            note="系统提供",
            published_at=timezone.now(),
        )
        for key, attributes in shipped_attributes().items()
        if key in labels and key not in have
    ]
    KindSchema.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)
