"""Tables of contents (目录): headings with page numbers before the text; they head nothing themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bihuan.plans.model import Span

_PAGE = re.compile(r"[-—]?(\d{1,3})[-—]?")
_BLANKS = " \t\u3000\xa0"
_LEADERS = _BLANKS + ".．·…⋯-—_"
_HEADING = re.compile(r"目[ \t\u3000]{0,6}[录次]")


def without_contents(text: str) -> str:
    """Return the text with its tables of contents blanked out, every other character where it was.

    Three lines in a row with page numbers are one; two are enough below 目录.
    """
    run: list[tuple[Span, int]] = []
    heading: Span | None = None
    pieces: list[str] = []
    cursor = 0
    for place, line in _lines(text):
        page = _page(line)
        if page is not None and (not run or run[-1][1] <= page):
            run.append((place, page))
            continue
        if len(run) >= (2 if heading else 3):
            start = heading.start if heading else run[0][0].start
            end = run[-1][0].end
            pieces += [text[cursor:start], re.sub(r"[^\n]", " ", text[start:end])]
            cursor = end
        run = [(place, page)] if page is not None else []
        heading = place if _HEADING.fullmatch(line) else None
    return "".join(pieces) + text[cursor:] if pieces else text


def _lines(text: str) -> Iterator[tuple[Span, str]]:
    """Yield the lines that are not blank, and an empty one behind the last."""
    start = 0
    for raw in text.split("\n"):
        line = raw.strip(_BLANKS)
        if line:
            yield Span(start, start + len(raw)), line
        start += len(raw) + 1
    yield Span(len(text), len(text)), ""


def _page(line: str) -> int | None:
    """Return the page number a line of contents ends with: a short title, leaders or a wide blank, then the number."""
    if not 4 <= len(line) <= 160 or not (line[-1].isdigit() or line[-1] in "-—"):
        return None
    for width in range(5, 0, -1):
        number = _PAGE.fullmatch(line[-width:])
        title = line[:-width].rstrip(_LEADERS)
        leaders = line[len(title) : len(line) - width]
        if (
            number
            and 2 <= len(title) <= 60
            and (len(leaders) >= 3 or "\t" in leaders or len(leaders.strip()) >= 2 or leaders == "  ")
        ):
            return int(number[1]) if not re.search(r"[。；]", title) else None
    return None
