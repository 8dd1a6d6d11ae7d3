"""Badges of the registry."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from bihuan.core.markup import badge, due_words

from ..dues import doubts_of, state_of
from ..filters import EXPIRING_DAYS
from ..models import Permit, RiskColour

register = template.Library()


@register.simple_tag
def permit_badge(permit: Permit, today: dt.date | None = None) -> SafeString:
    """How a permit with an end stands: 已过期3天, 还有12天, 有效. The last day itself is still valid."""
    today = today or timezone.localdate()
    assert permit.valid_to is not None
    left = (permit.valid_to - today).days
    title = f"{permit}，有效期至{permit.valid_to.isoformat()}"
    if left < 0:
        return badge(f"已过期{-left}天", "red", title=title)
    if left <= EXPIRING_DAYS:
        return badge(due_words(permit.valid_to, today), "orange", title=title)
    return badge("有效", "green", title=title)


@register.simple_tag
def permit_doubts(permit: Permit) -> list[str]:
    """What cannot be right about a permit, as sentences."""
    return doubts_of(permit, timezone.localdate())


@register.simple_tag
def permit_words(permit: Permit) -> str:
    """How a permit stands, in the sentence that names its rule."""
    return state_of(permit, timezone.localdate()).sentence()


@register.simple_tag
def risk_badge(colour: str) -> SafeString:
    """One of the four colours of risk: 红, 橙, 黄, 蓝."""
    return badge(RiskColour(colour).label, colour)


@register.filter
def tonnes(value: Decimal | None) -> str:
    """An amount without zeros nobody needs and without powers of ten: 13.5, 60; — for unknown."""
    return "—" if value is None else f"{value.normalize():f}"
