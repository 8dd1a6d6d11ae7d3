"""The signs on a hazard, for its page."""

from __future__ import annotations

from django import template

from ..markup import clock_cell, status_badge

register = template.Library()
register.filter(status_badge)
register.filter(clock_cell)
