"""Every free text of every record replaced by one bad word, as if people had typed it everywhere."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.db import models

APPS = (
    "accounts", "attachments", "audit", "campaigns", "duties", "hazards", "inspections", "notifications", "papers", "registry",
)  # fmt: skip
# Text the software makes and reads itself: keys, hashes, addresses, codes.
OURS = re.compile(
    r"^(act|chain|client_id|code|content_hash|credit_code|criterion_code|digest|email|fingerprint|from_status|hash|"
    r"instrument|ip|key|kind|media_type|metric|move|original_sha256|page|password|path|previous_hash|query|recurrence|request_id|"
    r"risks|root|session_key|sha256|sm3|source|subject|target|to_status|url|username|digest_of)$"
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _fields(model: type[models.Model]) -> list[models.Field]:
    return [
        field
        for field in model._meta.concrete_fields
        if type(field) in (models.CharField, models.TextField)
        and not (field.primary_key or field.unique or field.choices or OURS.match(field.name))
    ]


def _told_apart(model: type[models.Model]) -> set[str]:
    """Columns that may not say the same in two rows of one place."""
    together = [each.fields for each in model._meta.constraints if isinstance(each, models.UniqueConstraint)]
    return {name for names in (*together, *model._meta.unique_together) for name in names}


def _bad(value: Any, word: str) -> Any:
    if isinstance(value, str):
        return word if CHINESE.search(value) else value
    if isinstance(value, list):
        return [_bad(each, word) for each in value]
    if isinstance(value, dict):
        return {key: _bad(each, word) for key, each in value.items()}
    return value


def poison(words: tuple[str, ...]) -> int:
    """Write into every text column the first of `words` that fits, and into every Chinese text inside JSON.

    What must differ between rows ends in the key of its row. Returns how many columns were written.
    """
    written = 0
    for name in APPS:
        for model in apps.get_app_config(name).get_models():
            for field in _fields(model):
                word = next((each for each in words if len(each) <= (field.max_length or 10_000)), None)
                if word is None:
                    continue
                rows = model._base_manager.exclude(**{field.name: ""})
                if field.name in _told_apart(model):
                    for pk in rows.values_list("pk", flat=True):
                        written += rows.filter(pk=pk).update(
                            **{field.name: f"{word}{pk}"[-(field.max_length or 10_000) :]}
                        )
                else:
                    written += bool(rows.update(**{field.name: word}))
            for field in model._meta.concrete_fields:
                if isinstance(field, models.JSONField):
                    for row in model._base_manager.all():
                        setattr(row, field.name, _bad(getattr(row, field.name), words[0]))
                        model._base_manager.filter(pk=row.pk).update(**{field.name: getattr(row, field.name)})
    return written
