"""Filters and tags every template may use without loading them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import partial
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.http import QueryDict
from django.template.context import RequestContext
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from bihuan.rules import clocks, codes
from bihuan.rules.risk import risk_colour

register = template.Library()

DASH = "—"
# --- clocks ----------------------------------------------------------------------------------


@register.filter
def days_left(due_on: dt.date | None, today: dt.date | None = None) -> int | None:
    """Natural days until ``due_on``: 0 today, negative once overdue, None without a date."""
    if due_on is None:
        return None
    return clocks.days_left(due_on, today or timezone.localdate())


@register.filter
def due_words(due_on: dt.date | None, today: dt.date | None = None) -> str:
    """The same in words: 剩 3 天, 今天到期, 逾期 2 天, 未设期限."""
    left = days_left(due_on, today)
    if left is None:
        return "未设期限"
    if left == 0:
        return "今天到期"
    return f"剩 {left} 天" if left > 0 else f"逾期 {-left} 天"


@register.inclusion_tag("components/clock_badge.html")
def clock_badge(
    due_on: dt.date | None,
    done_on: dt.date | None = None,
    paused: bool = False,
    held: bool = True,
    today: dt.date | None = None,
) -> dict[str, Any]:
    """How a clock stands: {% clock_badge hazard.due_on done_on=hazard.closed_on paused=p held=h %}.

    A clock nobody holds says so first, unless it is done: that is what must be put right.
    """
    today = today or timezone.localdate()
    state = clocks.state(due_on, today, done_on=done_on, paused=paused)
    title = f"期限 {cn_date(due_on)}" if due_on else ""
    if done_on is not None:
        late = due_on is not None and done_on > due_on
        return {"state": "done", "text": "逾期办结" if late else "按期办结", "title": title}
    if not held:
        return {"state": "unheld", "text": "无人承办", "title": title}
    if paused:
        return {"state": "paused", "text": "暂停中", "title": title}
    if state == "approaching":
        state_name = "urgent" if days_left(due_on, today) in (0, 1) else "soon"
    else:
        state_name = state
    return {"state": state_name, "text": due_words(due_on, today), "title": title}


@register.inclusion_tag("components/explain.html")
def clock_explain(explanation: dict[str, Any]) -> dict[str, Any]:
    """Why a clock says what it says: {% clock_explain duty.clock %}.

    The explanation is what rules.clocks stored, or, for a date that was given and not derived (a plan's own
    deadline), a `summary` sentence and its `source`.
    """
    if "rule" not in explanation:
        return {"summary": explanation["summary"], "lines": [], "source": explanation.get("source", "")}
    return {
        "summary": f"期限 {explanation['due_on']}",
        "lines": [*clocks.lines(explanation), f"日历：{clocks.calendars(explanation)}"],
        "source": clocks.basis(explanation),
    }


@register.filter
def clock_sentence(explanation: dict[str, Any] | None) -> str:
    """The sentence that derives a due date from its stored explanation, or says where a given date comes from."""
    if not explanation:
        return ""
    return clocks.sentence(explanation) if "rule" in explanation else str(explanation["summary"])


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


@register.inclusion_tag("components/badge.html")
def risk_badge(key: str | None) -> dict[str, Any]:
    """A risk colour with its word: {% risk_badge enterprise.risk %}; empty says 未评定."""
    if not key:
        return {"text": "未评定风险"}
    colour = risk_colour(key)
    return {"tone": colour.key, "text": f"{colour.label}风险"}


@register.filter
def heat_cells(cells: Iterable[Any]) -> SafeString:
    """The cells of one row of components/matrix.html. Written here because a matrix has thousands of them, and the
    template engine would spend more on them than on the rest of the page."""
    parts = []
    for cell in cells:
        read = cell.get if isinstance(cell, dict) else partial(getattr, cell)
        title, url, text = read("title", ""), read("url", ""), conditional_escape(read("text", ""))
        hint = f' title="{conditional_escape(title)}"' if title else ""
        inner = f'<a href="{conditional_escape(url)}">{text}</a>' if url else f"<span>{text}</span>"
        parts.append(f'<td class="heat-{conditional_escape(read("tone", "none"))}"{hint}>{inner}</td>')
    return mark_safe("".join(parts))  # noqa: S308 - every part was escaped


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


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: RequestContext, page: Any, summary: str = "") -> dict[str, Any]:
    """Links to the pages around a core.paging.KeysetPage: {% pager page summary="共 2,508 项" %}."""
    return {
        "first_url": querystring(context) if "cursor" in context["request"].GET else "",
        "previous_url": querystring(context, cursor=page.previous_cursor) if page.previous_cursor else "",
        "next_url": querystring(context, cursor=page.next_cursor) if page.next_cursor else "",
        "summary": summary,
    }


# --- data for scripts ------------------------------------------------------------------------


@register.filter
def json_attr(value: Any) -> str:
    """JSON for a data attribute: data-series="{{ series|json_attr }}"; the template escapes it.

    For larger data use Django's json_script, which a strict content policy allows too.
    """
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
