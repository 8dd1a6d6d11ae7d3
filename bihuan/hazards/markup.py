"""Rows of the ledger and the signs on a hazard, written by functions because a page has fifty of them (core.markup)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Mapping
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from bihuan.core.markup import NOTHING, badge, clock_of, clock_sentence

from .models import Hazard
from .workflow import RUNNING, Level, Status

SHOWN = 60
# What a row shows, and what the ledger is ordered by.
COLUMNS = (
    "description", "level", "status", "round", "found_on", "due_on", "closed_on", "clock", "is_supervised",
    "enterprise__name", "locality__short_name",
)  # fmt: skip
_TONES = {
    Status.CLOSED: "green",
    Status.RECTIFYING: "blue",
    Status.PLANNING: "blue",
    Status.DISMISSED: "",
}


def status_badge(hazard: Hazard) -> SafeString:
    """The status in words."""
    symbol = "check" if hazard.status == Status.CLOSED else ""
    return badge(hazard.get_status_display(), _TONES.get(Status(hazard.status), "yellow"), symbol)


def clock_cell(hazard: Hazard, today: dt.date) -> SafeString:
    """How the enterprise's clock stands; pressing it says why."""
    if hazard.status in RUNNING:
        sign = clock_of(hazard.due_on, today=today)
        if not (hazard.clock or {}).get("rule"):
            return sign
        why = conditional_escape(clock_sentence(hazard.clock))
        return SafeString(
            f'<details class="explain is-inline"><summary>{sign}</summary><div><p>{why}</p></div></details>'
        )
    return clock_of(hazard.due_on, done_on=hazard.closed_on, today=today) if hazard.closed_on else NOTHING


def ledger_rows(
    hazards: Iterable[Hazard],
    waits_for: Mapping[int, str],
    *,
    today: dt.date,
    with_pick: bool,
    taken: Container[int] = (),
) -> SafeString:
    """The <tr>s of the ledger; `waits_for` says by primary key who must act next, `with_pick` adds a box to pick.

    What is in `taken` takes one away from the figure the rows stand behind, and says so.
    """
    return SafeString(
        "\n".join(
            _row(each, waits_for.get(each.pk, ""), today, with_pick, each.pk in taken) for each in hazards
        )
    )


def _row(hazard: Hazard, waits_for: str, today: dt.date, with_pick: bool, is_taken: bool) -> str:
    number, text = conditional_escape(hazard.number), hazard.description
    if len(text) > SHOWN:
        text = Truncator(text).chars(SHOWN)
    pick = (
        f'<td class="pick"><input type="checkbox" name="pick" value="{hazard.pk:d}" data-part="row"'
        f' aria-label="选择 {number}"></td>'
        if with_pick
        else ""
    )
    waiting = conditional_escape(waits_for) if waits_for else NOTHING
    less = f" {badge('减 1', 'orange')}" if is_taken else ""
    return (
        f'<tr>{pick}<td><div class="pe-5 pe-sm-0"><a class="row-link" href="{conditional_escape(hazard.get_absolute_url())}">'
        f'{conditional_escape(text)}</a> <span class="sub">{number}{_signs(hazard)}{less}</span></div></td>'
        f'<td>{conditional_escape(hazard.enterprise.name)}<span class="sub">{conditional_escape(hazard.locality.short_name)}</span></td>'
        f'<td data-label="状态">{status_badge(hazard)}</td>'
        f'<td data-label="期限">{clock_cell(hazard, today)}</td>'
        f'<td data-label="现由谁办">{waiting}</td>'
        f'<td class="num d-none d-sm-table-cell">{hazard.found_on.isoformat()}</td></tr>'
    )


def _signs(hazard: Hazard) -> str:
    signs: list[Any] = []
    if hazard.level == Level.MAJOR:
        signs.append(badge("重大", "red"))
    if hazard.is_supervised:
        signs.append(badge("挂牌督办", "red"))
    if hazard.round > 1:
        signs.append(badge("改后反弹", "orange"))
    return "".join(f" {sign}" for sign in signs)
