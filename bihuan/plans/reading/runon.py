"""Paragraph breaks for text that lost them: OCR and copies that print a whole plan as one line.

The outline tells which enumerators are real; a break goes before each of them, behind a section's title that runs
into its text, and around title, salutation, signature and annexes. Nothing but newlines is added (a blank in their
place goes), and each leads to an empty place of the original.
"""

from __future__ import annotations

import re
from itertools import islice

from bihuan.plans.header import read_header
from bihuan.plans.outline import ANNEX, RANK_CIRCLED, RANK_SECTION, Outline, build_outline
from bihuan.plans.reading.mapped import Edit, Mapped

# A paragraph of a plan seldom fills more than a page; a line longer than this with enumerators inside has lost breaks.
LONG_LINE = 600
_BLANK = " \t\u3000\xa0"
_ENDS = "。；;！？：:）)”】"
_ENUMERATOR = re.compile(
    r"(?<=[。；;！？：:）)”】 \u3000])(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}[.．、])"
)
_NOTICE = re.compile(r"[》〉]?\s?的\s?通知")
_SALUTATION = re.compile(
    r"[ \u3000]{0,4}[\u4e00-\u9fff][^。：:；;\n]{1,90}[：:](?=[ \u3000]{0,4}[\u4e00-\u9fff《“])"
)


def split_run_on(mapped: Mapped) -> tuple[Mapped, int]:
    """Insert the lost breaks; return the text and how many there were."""
    text = mapped.text
    if not _has_lost_breaks(text):
        return mapped, 0
    outline = build_outline(text)
    places = sorted(at for at in _places(text, outline) if 0 < at < len(text))
    edits, cursor = [], 0
    for at in places:
        start = at
        while start > cursor and text[start - 1] in _BLANK:
            start -= 1
        if at <= cursor or start == 0 or text[start - 1] == "\n" or text[at] == "\n":
            continue
        edits.append(Edit(start, at, "\n"))
        cursor = at
    return (mapped.edited(edits) if edits else mapped), len(edits)


def _has_lost_breaks(text: str) -> bool:
    """Say whether several enumerators stand inside lines far too long for a paragraph."""
    start = 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        inside = _ENUMERATOR.finditer(text, start, stop) if stop - start >= LONG_LINE else ()
        if sum(1 for _ in islice(inside, 3)) == 3:
            return True
        start = stop + 1
    return False


def _places(text: str, outline: Outline) -> set[int]:
    """Return the offsets a break belongs at."""
    places: set[int] = set()
    nodes = list(outline.walk())
    for node in nodes:
        before = (
            text[: node.start].rstrip(_BLANK)[-1:]
            if node.start < 200
            else text[node.start - 40 : node.start].rstrip(_BLANK)[-1:]
        )
        # A circled number behind a comma counts parts of one sentence.
        if node.rank < RANK_CIRCLED or before in _ENDS:
            places.add(node.start)
        end = node.title.end
        if node.rank == RANK_SECTION and end < node.own.end and text[end] not in "。：:；;，,、\n":
            while end < node.own.end and text[end] in _BLANK:
                end += 1
            places.add(end)
    if not nodes:
        return places
    header = read_header(text, nodes[0].start, nodes[-1].start, outline.body.end)
    if header.title:
        end = header.title.span.end
        if header.title.rule == "head.title.published":
            notice = _NOTICE.match(text, end)
            end = notice.end() if notice else 0
        else:
            places.add(header.title.span.start)
        if end:
            places.add(_skip(text, end))
            greeting = _SALUTATION.match(text, end)
            if greeting:
                places.add(_skip(text, greeting.end()))
    if header.doc_no:
        places.add(_skip(text, header.doc_no.span.end))
    if header.issuer and header.issuer.rule == "head.signature" and header.issued_on_span:
        places |= {header.issuer.span.start, _skip(text, header.issued_on_span.end)}
    places |= {m.start() for m in ANNEX.finditer(text, nodes[-1].start) if m.group().strip(_BLANK)}
    return places


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at
