"""Filters and tags every template may use without loading them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import QueryDict
from django.template.context import RequestContext
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from bihuan.core.beside import Link, offers, offers_of
from bihuan.core.markup import (
    DASH,
    badge,
    clock,
    clock_of,
    clock_sentence,
    cn_date,
    days_left,
    due_words,
    figure,
    icon,
    map_rows,
    map_shapes,
    money,
    options,
    percent_of,
    percent_text,
)
from bihuan.core.sealing import draft_seal
from bihuan.rules import clocks, codes
from bihuan.rules.risk import risk_colour

register = template.Library()

# --- pieces of markup (core.markup) -----------------------------------------------------------

register.simple_tag(icon)
register.simple_tag(badge)
register.simple_tag(clock, name="clock")
register.simple_tag(clock_of, name="clock_badge")
register.filter(cn_date)
register.filter(days_left)
register.filter(due_words)
register.filter(clock_sentence)
register.filter(figure)
register.filter(money)
register.filter(percent_of)
register.filter(map_shapes)
register.filter(map_rows)


@register.simple_tag(takes_context=True, name="draft_seal")
def draft_seal_of(context: RequestContext) -> str:
    """The key of the reader's drafts on this device: <form data-draft-key="…" data-draft-seal="{% draft_seal %}">."""
    user = getattr(context.get("request"), "user", None)
    return draft_seal(user.pk) if user is not None and user.is_authenticated else ""


@register.filter(name="options")
def options_of(choices: Iterable[tuple[Any, Any]], chosen: Any = None) -> SafeString:
    """The options of a select: <select name="level">{{ choices.level|options:filters.level }}</select>."""
    return options(choices, chosen)


# --- clocks ----------------------------------------------------------------------------------


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


@register.filter
def percent(ratio: Any) -> str:
    """A ratio as percentage: 0.8061 is 80.6%, 0.5 is 50%, None is —. One decimal, integers without .0."""
    if ratio is None or ratio == "":
        return DASH
    try:
        return percent_text(Decimal(str(ratio)))
    except InvalidOperation:
        return DASH


# --- grades ----------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def beside(context: RequestContext, record: Any) -> SafeString:
    """What packages above offer to do with a record, as buttons of its page: {% beside hazard %} (core.beside)."""
    request = context.get("request")
    if request is None or record is None:
        return mark_safe("")
    return _buttons(offers(record, request.user))


@register.simple_tag(takes_context=True)
def beside_all(context: RequestContext, label: str, key: Any) -> SafeString:
    """The same for several records of one body at once: {% beside_all "duties.late" body.organization_id %}."""
    request = context.get("request")
    if request is None or not key:
        return mark_safe("")
    return _buttons(offers_of(f"{label}:{key}", request.user))


def _buttons(links: Iterable[Link]) -> SafeString:
    return SafeString(
        "".join(
            f'<a class="btn btn-plain" href="{conditional_escape(link.url)}">{icon(link.icon) if link.icon else ""}'
            f"{conditional_escape(link.label)}</a>"
            for link in links
        )
    )


@register.simple_tag
def risk_badge(key: str | None) -> SafeString:
    """A risk colour with its word: {% risk_badge enterprise.risk %}; empty says 未评定."""
    if not key:
        return badge("未评定风险")
    colour = risk_colour(key)
    return badge(f"{colour.label}风险", colour.key)


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


@register.simple_tag
def map_tiles() -> SafeString:
    """The tile layers the operator named (BIHUAN_MAP_TILES), as attributes of an element with a map; nothing without."""
    if not settings.MAP_TILES:
        return SafeString("")
    return format_html(
        ' data-tiles="{}" data-approval="{}"', json.dumps(settings.MAP_TILES), settings.MAP_APPROVAL
    )
