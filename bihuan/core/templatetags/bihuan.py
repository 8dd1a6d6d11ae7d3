"""Filters and tags every template may use without loading them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.http import QueryDict
from django.template.context import RequestContext
from django.utils import timezone

from bihuan.rules import clocks, codes
from bihuan.rules.risk import risk_colour

register = template.Library()

DASH = "—"
STATE_WORDS = {"done": "已办结", "paused": "暂停计时"}
STATE_TONES = {"normal": "grey", "approaching": "orange", "overdue": "red", "done": "green", "paused": "blue"}


# --- clocks ----------------------------------------------------------------------------------


@register.filter
def days_left(due_on: dt.date | None, today: dt.date | None = None) -> int | None:
    """Natural days until ``due_on``: 0 today, negative once overdue, None without a date."""
    if due_on is None:
        return None
    return clocks.days_left(due_on, today or timezone.localdate())


@register.filter
def due_words(due_on: dt.date | None, today: dt.date | None = None) -> str:
    """The same in words: 还有3天, 今天到期, 逾期2天, 未设期限."""
    left = days_left(due_on, today)
    if left is None:
        return "未设期限"
    if left == 0:
        return "今天到期"
    return f"还有{left}天" if left > 0 else f"逾期{-left}天"


@register.inclusion_tag("core/_clock_badge.html")
def clock_badge(
    due_on: dt.date | None,
    done_on: dt.date | None = None,
    paused: bool = False,
    explanation: dict[str, Any] | None = None,
    today: dt.date | None = None,
) -> dict[str, Any]:
    """A badge for a clock: {% clock_badge hazard.due_on done_on=hazard.closed_on explanation=hazard.clock %}.

    With an explanation (as stored by rules.clocks) the badge opens to the sentence that derives the date.
    """
    today = today or timezone.localdate()
    state = clocks.state(due_on, today, done_on=done_on, paused=paused)
    return {
        "state": state,
        "tone": STATE_TONES[state],
        "words": STATE_WORDS.get(state) or due_words(due_on, today),
        "due_on": due_on,
        "sentence": clocks.sentence(explanation) if explanation else "",
    }


@register.filter
def clock_sentence(explanation: dict[str, Any] | None) -> str:
    """The sentence that derives a due date from its stored explanation."""
    return clocks.sentence(explanation) if explanation else ""


# --- people ----------------------------------------------------------------------------------


@register.filter
def mask_phone(number: str | None) -> str:
    """199****1234."""
    return codes.mask_phone(number or "")


@register.filter
def mask_id(number: str | None) -> str:
    """110105********002X."""
    return codes.mask_id(number or "")


@register.filter
def mask_name(name: str | None) -> str:
    """王**."""
    return codes.mask_name(name or "")


# --- figures and dates -----------------------------------------------------------------------


def _percent_text(ratio: Decimal) -> str:
    shown = (ratio * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{shown.normalize():f}%" if shown == shown.to_integral_value() else f"{shown}%"


@register.filter
def percent(ratio: Any) -> str:
    """A ratio as percentage: 0.8061 is 80.6%, 0.5 is 50%, None is —. One decimal, integers without .0."""
    if ratio is None or ratio == "":
        return DASH
    try:
        return _percent_text(Decimal(str(ratio)))
    except InvalidOperation:
        return DASH


@register.filter
def percent_of(part: Any, whole: Any) -> str:
    """``part`` of ``whole`` as percentage: {{ closed|percent_of:found }}; — when there is no whole."""
    if part is None or not whole:
        return DASH
    return _percent_text(Decimal(str(part)) / Decimal(str(whole)))


@register.filter
def figure(value: Any) -> str:
    """A number with thousands separators (83,786), — for None. Zero is 0: silence is not zero."""
    if value is None or value == "":
        return DASH
    return f"{value:,}"


@register.filter
def cn_date(value: dt.date | dt.datetime | None) -> str:
    """2026年11月21日, a moment with its time in Asia/Shanghai: 2026年11月21日16:05. — for None."""
    if not value:
        return DASH
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"
    return f"{value.year}年{value.month}月{value.day}日"


# --- grades ----------------------------------------------------------------------------------


@register.inclusion_tag("core/_risk_badge.html")
def risk_badge(key: str | None) -> dict[str, Any]:
    """A risk colour with its word: {% risk_badge enterprise.risk %}; empty says 未评定."""
    if not key:
        return {"tone": "grey", "words": "未评定风险"}
    colour = risk_colour(key)
    return {"tone": colour.key, "words": f"{colour.label}风险"}


# --- addresses -------------------------------------------------------------------------------


def _query(context: RequestContext) -> QueryDict:
    query = context["request"].GET.copy()
    # A position in a list is meaningless in a differently filtered list.
    query.pop("cursor", None)
    return query


def _href(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def querystring(context: RequestContext, **changes: Any) -> str:
    """The current query with parameters replaced, or removed where None; paging starts anew.

    <a href="{% querystring status='overdue' township=None %}">
    """
    query = _query(context)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        elif isinstance(value, list | tuple):
            query.setlist(name, [str(item) for item in value])
        else:
            query[name] = str(value)
    return _href(query)


@register.simple_tag(takes_context=True)
def query_toggle(context: RequestContext, name: str, value: Any) -> str:
    """The current query with one value of a many-valued parameter added, or removed if present (chips)."""
    query = _query(context)
    values = query.getlist(name)
    text = str(value)
    query.setlist(name, [each for each in values if each != text] if text in values else [*values, text])
    return _href(query)


@register.inclusion_tag("core/_pager.html", takes_context=True)
def pager(context: RequestContext, page: Any) -> dict[str, Any]:
    """Links to the pages around a core.paging.KeysetPage: {% pager page %}."""
    return {
        "page": page,
        "first": querystring(context) if "cursor" in context["request"].GET else "",
        "previous": querystring(context, cursor=page.previous_cursor) if page.previous_cursor else "",
        "next": querystring(context, cursor=page.next_cursor) if page.next_cursor else "",
    }


# --- data for scripts ------------------------------------------------------------------------


@register.filter
def json_attr(value: Any) -> str:
    """JSON for a data attribute: data-series="{{ series|json_attr }}"; the template escapes it.

    For larger data use Django's json_script, which a strict content policy allows too.
    """
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
