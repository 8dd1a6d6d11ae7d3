"""The source text as HTML: cut wherever anything begins or ends, so that a page can light every part by its place.

Each piece carries `data-at` and `data-to` (offsets in `PlanDocument.text`, end exclusive) and the classes of what covers
it. What the reading left out of the original stands between the pieces, hidden until asked for.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from bihuan.plans.checks import LADDER

from .models import PlanDocument, PlanFinding, PlanItem
from .originals import Omission, omissions

_MEASURES = re.compile("|".join(pattern for _, pattern in LADDER))
_UNIT_FIELDS = ("lead", "support", "responsible", "units", "unit", "who")
_TITLE = '<h2 id="p{}">{}{}</h2>'
_PARAGRAPH = '<p id="p{}">{}{}</p>'
_MARK = '<a class="mark is-{}" href="#finding-{}" data-finding="{}" title="{}：{}"><span aria-hidden="true">{}</span><span class="visually-hidden">体检{}：{}</span></a>'
_SIGNS = {"error": "✕", "warning": "!", "advice": "i"}


class Mark(NamedTuple):
    """A stretch and the class it gives to the pieces under it."""

    start: int
    end: int
    name: str


def loose_spans(document: PlanDocument, items: Iterable[PlanItem]) -> list[tuple[int, int]]:
    """The stretches no live element claims: unclassified at first reading, or of an element removed since."""
    rows = list(items)
    live = sorted(item.whole for item in rows if item.whole and item.state != PlanItem.State.REMOVED)
    open_spans = [(start, end) for start, end in document.compiled.get("unclassified", [])]
    open_spans += [item.whole for item in rows if item.whole and item.state == PlanItem.State.REMOVED]
    found: list[tuple[int, int]] = []
    for start, end in sorted(open_spans):
        cursor = max(start, found[-1][1]) if found else start
        for left, right in live:
            if right <= cursor or left >= end:
                continue
            if left > cursor:
                found.append((cursor, left))
            cursor = max(cursor, right)
        if cursor < end:
            found.append((cursor, end))
    return [(start, end) for start, end in found if document.text[start:end].strip("　 \n。；;，,：:、")]


def marks_of(
    document: PlanDocument, items: Sequence[PlanItem], findings: Iterable[PlanFinding]
) -> list[Mark]:
    """Everything that is shown in the source, in the order of the text."""
    text = document.text
    found: list[Mark] = []
    for item in items:
        if not item.whole or item.state == PlanItem.State.REMOVED:
            continue
        found.append(Mark(*item.whole, "is-section" if item.kind == PlanItem.Kind.SECTION else "is-claimed"))
        for name, places in item.spans.items():
            if name == "whole":
                continue
            kind = "is-unit" if name in _UNIT_FIELDS else "is-due" if name == "due" else ""
            found += [Mark(place[0], place[1], kind) for place in places]
        if item.spans.get("check_items"):
            found += [Mark(*match.span(), "is-measure") for match in _MEASURES.finditer(text, *item.whole)]
    found += [Mark(start, end, "is-loose") for start, end in loose_spans(document, items)]
    # A place where something is missing has no characters of its own; the one after it shows it.
    flags = document.reading.get("flags", [])
    found += [Mark(start, max(end, start + 1), "is-flag") for start, end, *_ in flags]
    found += [Mark(row.start, row.end, f"is-{row.severity}") for row in findings if row.is_open]
    return sorted(mark for mark in found if mark.start < mark.end)


def source_html(
    document: PlanDocument, items: Sequence[PlanItem], findings: Sequence[PlanFinding]
) -> SafeString:
    """Render the source of a draft."""
    text = document.text
    title = document.compiled.get("head", {}).get("title") or {}
    title_start = (title.get("span") or [-1])[0]
    marks = marks_of(document, items, findings)
    edges = sorted({edge for mark in marks for edge in mark[:2]})
    left_out = omissions(document.original, document.reading)
    gaps = {left.at for left in left_out}
    flags = document.reading.get("flags", [])
    opened = sorted((row for row in findings if row.is_open), key=lambda row: row.start)
    paragraphs: list[SafeString] = []
    start, first = 0, 0
    active: list[Mark] = []
    for line in text.split("\n"):
        end = start + len(line)
        inner = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        cuts = sorted({start, *inner, *(gap for gap in gaps if start < gap < end), end})
        pieces: list[SafeString] = []
        for left, right in itertools.pairwise(cuts):
            while first < len(marks) and marks[first].start <= left:
                active.append(marks[first])
                first += 1
            active = [mark for mark in active if mark.end > left]
            if left in gaps:
                pieces.append(_omitted(left_out, left))
            damage = next((flag[3] for flag in flags if flag[0] <= left < max(flag[1], flag[0] + 1)), "")
            pieces.append(_piece(text, left, right, {mark.name for mark in active}, damage))
        beside = [row for row in opened if start <= row.start < max(end, start + 1)]
        shape = _TITLE if start == title_start else _PARAGRAPH
        paragraphs.append(format_html(shape, start, _margin(beside), mark_safe("".join(pieces))))  # noqa: S308
        start = end + 1
    if -1 in gaps:
        paragraphs.append(format_html("<p>{}</p>", _omitted(left_out, -1)))
    return mark_safe("".join(paragraphs))  # noqa: S308


def _piece(text: str, left: int, right: int, names: set[str], damage: str) -> SafeString:
    shown = " ".join(sorted(name for name in names if name))
    return format_html(
        '<span class="span{}" data-at="{}" data-to="{}"{}>{}</span>',
        f" {shown}" if shown else "",
        left,
        right,
        format_html(' title="{}"', damage) if damage else "",
        text[left:right],
    )


def _omitted(left_out: Iterable[Omission], at: int) -> SafeString:
    return format_html_join(
        "",
        '<del class="noise" title="原文中略去：{}">{}</del>',
        ((each.reason, each.words) for each in left_out if each.at == at),
    )


def _margin(findings: Sequence[PlanFinding]) -> SafeString:
    if not findings:
        return SafeString("")
    marks = format_html_join(
        "",
        _MARK,
        (
            (
                row.severity, row.pk, row.pk, row.get_severity_display(), row.message,
                _SIGNS.get(row.severity, "i"), row.get_severity_display(), row.message,
            )
            for row in findings
        ),
    )  # fmt: skip
    return format_html('<span class="marks">{}</span>', marks)
