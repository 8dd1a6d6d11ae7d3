"""The rows of home pages."""

from __future__ import annotations

from django import template

from ..markup import campaign_rows, standing_rows, wall_shapes

register = template.Library()
register.filter(standing_rows)
register.filter(campaign_rows)
register.filter(wall_shapes)
