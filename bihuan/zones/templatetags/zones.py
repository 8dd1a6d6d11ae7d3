"""What every page with a map needs."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def map_tiles() -> SafeString:
    """The tile layers the operator named, as data attributes; nothing without them."""
    if not settings.MAP_TILES:
        return SafeString("")
    return format_html(
        ' data-tiles="{}" data-approval="{}"', json.dumps(settings.MAP_TILES), settings.MAP_APPROVAL
    )


@register.filter
def geojson(value: Any) -> str:
    """A geometry for a data attribute."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
