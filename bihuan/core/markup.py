"""The small pieces of markup that stand on a page by the dozen: icons, badges, clocks, choices.

They are written here and not as templates because every page has so many of them that the template engine would spend
more on them than on everything else. Whatever comes from outside is escaped here; the answers are safe to join.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from bihuan.rules import clocks

DASH = "—"
NOTHING = SafeString(f'<span class="muted">{DASH}</span>')


def icon(name: str) -> SafeString:
    """One icon of the sprite static/icons.svg by its symbol id, decorative: the word stands beside it."""
    return SafeString(
        '<svg class="icon" aria-hidden="true" focusable="false">'
        f'<use href="{static("icons.svg")}#{conditional_escape(name)}"></use></svg>'
    )


def badge(text: Any, tone: str = "", icon: str = "", title: str = "") -> SafeString:
    """A word with a meaning; `tone` is red, orange, yellow, blue, green, outline or ask, grey without."""
    kind = f"badge is-{conditional_escape(tone)}" if tone else "badge"
    return _badge(kind, text, icon, title)


def clock(state: str, text: Any, title: str = "") -> SafeString:
    """How a clock stands; `state` is overdue, urgent, soon, normal, paused, done or unheld."""
    icon = "clock-pause" if state == "paused" else ""
    return _badge(f"badge clock clock-{conditional_escape(state)}", text, icon, title)


def _badge(kind: str, text: Any, symbol: str, title: str) -> SafeString:
    hint = f' title="{conditional_escape(title)}"' if title else ""
    before = icon(symbol) if symbol else ""
    return SafeString(f'<span class="{kind}"{hint}>{before}{conditional_escape(text)}</span>')


def clock_of(
    due_on: dt.date | None,
    done_on: dt.date | None = None,
    paused: bool = False,
    held: bool = True,
    today: dt.date | None = None,
) -> SafeString:
    """The badge of a clock by its dates. One that nobody holds says so first, unless it is done: that must be put right."""
    today = today or timezone.localdate()
    title = f"期限 {cn_date(due_on)}" if due_on else ""
    if done_on is not None:
        late = due_on is not None and done_on > due_on
        return clock("done", "逾期办结" if late else "按期办结", title)
    if not held:
        return clock("unheld", "无人承办", title)
    if paused:
        return clock("paused", "暂停中", title)
    state: str = clocks.state(due_on, today)
    if state == "approaching":
        state = "urgent" if days_left(due_on, today) in (0, 1) else "soon"
    return clock(state, due_words(due_on, today), title)


def options(choices: Iterable[tuple[Any, Any]], chosen: Any = None) -> SafeString:
    """The <option>s of a <select> from pairs of value and label, the chosen value marked."""
    return SafeString(
        "".join(
            f'<option value="{conditional_escape(value)}"{" selected" if value == chosen else ""}>'
            f"{conditional_escape(label)}</option>"
            for value, label in choices
        )
    )


def days_left(due_on: dt.date | None, today: dt.date | None = None) -> int | None:
    """Natural days until `due_on`: 0 today, negative once overdue, None without a date."""
    if due_on is None:
        return None
    return clocks.days_left(due_on, today or timezone.localdate())


def due_words(due_on: dt.date | None, today: dt.date | None = None) -> str:
    """The same in words: 剩 3 天, 今天到期, 逾期 2 天, 未设期限."""
    left = days_left(due_on, today)
    if left is None:
        return "未设期限"
    if left == 0:
        return "今天到期"
    return f"剩 {left} 天" if left > 0 else f"逾期 {-left} 天"


def cn_date(value: dt.date | dt.datetime | None) -> str:
    """2026年11月21日, a moment with its time in Asia/Shanghai: 2026年11月21日16:05. — for None."""
    if not value:
        return DASH
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"
    return f"{value.year}年{value.month}月{value.day}日"


def clock_sentence(explanation: dict[str, Any] | None) -> str:
    """The sentence that derives a due date from its stored explanation, or says where a given date comes from."""
    if not explanation:
        return ""
    return clocks.sentence(explanation) if "rule" in explanation else str(explanation["summary"])


def percent_text(ratio: Decimal) -> str:
    shown = (ratio * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{shown.normalize():f}%" if shown == shown.to_integral_value() else f"{shown}%"


def percent_of(part: Any, whole: Any) -> str:
    """``part`` of ``whole`` as percentage: {{ closed|percent_of:found }}; — when there is no whole."""
    if part is None or not whole:
        return DASH
    return percent_text(Decimal(str(part)) / Decimal(str(whole)))


def figure(value: Any) -> str:
    """A number with thousands separators (83,786), — for None. Zero is 0: silence is not zero."""
    if value is None or value == "":
        return DASH
    return f"{value:,}"


def money(value: Any) -> str:
    """An amount of yuan to the cent with thousands separators (80,000.00), — for None."""
    return DASH if value is None or value == "" else f"{value:,.2f}"


def map_shapes(areas: Iterable[Any]) -> SafeString:
    """The areas of components/map_svg.html, each a link with its name and value; `text` is written instead where both are too long."""
    parts = []
    for area in areas:
        name, value = conditional_escape(area["name"]), conditional_escape(area["value"])
        said = f"{name}：{value}"
        written = conditional_escape(area["text"]) if "text" in area else f"{name} {value}"
        parts.append(
            f'<a href="{conditional_escape(area["url"])}" aria-label="{said}">'
            f'<path class="heat-{conditional_escape(area["tone"])}" d="{conditional_escape(area["path"])}"><title>{said}</title></path>'
            f'<text x="{conditional_escape(area["x"])}" y="{conditional_escape(area["y"])}" aria-hidden="true">{written}</text></a>'
        )
    return SafeString("".join(parts))


def map_rows(areas: Iterable[Any]) -> SafeString:
    """The same areas as rows of a table."""
    return SafeString(
        "".join(
            f'<tr><th scope="row"><a href="{conditional_escape(area["url"])}">{conditional_escape(area["name"])}</a></th>'
            f'<td class="num">{conditional_escape(area["value"])}</td></tr>'
            for area in areas
        )
    )
