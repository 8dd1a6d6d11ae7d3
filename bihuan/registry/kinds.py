"""The kinds of objects: those every installation begins with, and what an office adds to them or changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import Refused

from .access import keeps_kinds
from .attributes import shipped_attributes, to_schema
from .models import EnterpriseKind, KindSchema

KIND_FIELDS = ("label", "sector", "keywords", "default_department", "default_risk")


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


@transaction.atomic
def save_kind(values: Mapping[str, Any], *, by: User, kind: EnterpriseKind | None = None) -> EnterpriseKind:
    """Add a kind of object or change what one is called and how plans mention it; its key stands for good.

    Raises PermissionDenied, Refused for a key or a name that another kind has, or a plan word that means another one.
    """
    if not keeps_kinds(by):
        raise PermissionDenied
    row = kind or EnterpriseKind(key=values["key"])
    others = EnterpriseKind.objects.exclude(pk=row.pk)
    if kind is None and EnterpriseKind.objects.filter(pk=row.pk).exists():
        raise Refused(f"代码“{row.pk}”已有类型使用，请换一个")
    if others.filter(label=values["label"]).exists():
        raise Refused(f"已有名为“{values['label']}”的类型，请修改原类型或换一个名称")
    known = set(row.keywords)  # words that several shipped kinds share stay as they are
    for name in KIND_FIELDS:
        if name in values:
            setattr(row, name, values[name])
    taken = {word: other for other in others for word in (*other.keywords, other.label)}
    if met := [f"“{word}”（{taken[word]}）" for word in row.keywords if word in taken and word not in known]:
        raise Refused(f"方案用词{'、'.join(met)}已属于别的类型，同一个词只能指一种")
    if kind is None:
        row.position = (others.aggregate(last=Max("position"))["last"] or 0) + 1
    try:
        with transaction.atomic():
            row.save(force_insert=kind is None)
    except IntegrityError as error:
        raise Refused(f"代码“{row.pk}”已有类型使用，请换一个") from error
    record(
        "registry.kind", row, by=by, summary=f"{'修改' if kind else '新增'}对象类型“{row}”",
        payload={"label": row.label, "sector": row.sector, "keywords": row.keywords, "risk": row.default_risk},
    )  # fmt: skip
    return row
