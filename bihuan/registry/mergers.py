"""Reading what a merger kept: the record that went, as it stood, and what moved along (R050)."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User

from .models import Enterprise, Merger
from .panels import Panel, PanelRow

SHOWN = 5
# What the kept record says of itself in other words, or nothing people would read.
_PASSED_OVER = frozenset({"id", "organization", "attributes", "attributes_version", "source_crs", "city"})


def record_words(merger: Merger) -> list[tuple[str, str]]:
    """(label, words) of the fields of the record that went, as they stood; empty ones are left out."""
    rows = []
    for field in Enterprise._meta.concrete_fields:
        value = merger.record.get(field.name)
        if field.name in _PASSED_OVER or value in (None, "", False):
            continue
        rows.append((str(field.verbose_name), _words(field, value)))
    return rows


def _words(field: models.Field, value: Any) -> str:
    if field.is_relation:
        related: Any = field.related_model
        found = related._base_manager.filter(pk=value).first()
        return str(found) if found is not None else f"编号{value}（已不在册）"
    if value is True:
        return "是"
    return str(dict(field.flatchoices).get(value, value))


def moved_words(merger: Merger) -> list[tuple[str, int]]:
    """(name of the record, how many) of everything that hung on the record that went."""
    return [(str(apps.get_model(label)._meta.verbose_name), len(pks)) for label, pks in merger.moved.items()]


def mergers_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """Which other records this one was made of; nothing where it was one from the start."""
    rows = [
        PanelRow(
            merger.old_name, f"原编号{merger.old_id}", reverse("registry:merger", args=[merger.pk]),
            note=f"{timezone.localtime(merger.at):%Y-%m-%d}并入，{merger.reason}",
        )
        for merger in enterprise.mergers.all()[:SHOWN]
    ]  # fmt: skip
    return Panel("并入的记录", rows) if rows else None
