"""Badges of the registry."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import timezone

from bihuan.core.templatetags.bihuan import due_words

from ..filters import EXPIRING_DAYS
from ..models import Permit

register = template.Library()


@register.inclusion_tag("components/badge.html")
def permit_badge(permit: Permit, today: dt.date | None = None) -> dict[str, str]:
    """How a permit with an end stands: 已过期3天, 还有12天, 有效. The last day itself is still valid."""
    today = today or timezone.localdate()
    assert permit.valid_to is not None
    left = (permit.valid_to - today).days
    title = f"{permit}，有效期至{permit.valid_to.isoformat()}"
    if left < 0:
        return {"text": f"已过期{-left}天", "tone": "red", "title": title, "icon": ""}
    if left <= EXPIRING_DAYS:
        return {"text": due_words(permit.valid_to, today), "tone": "orange", "title": title, "icon": ""}
    return {"text": "有效", "tone": "green", "title": title, "icon": ""}
