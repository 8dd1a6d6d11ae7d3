"""The original beside the text: which characters of the file an element stands for, and what was left out where.

A reading is stored as plain JSON (`PlanDocument.reading`), so that the pages need neither the file nor a reader again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

from bihuan.plans import SourceText, Span
from bihuan.plans.model import Flag
from bihuan.plans.reading.mapped import DROPPED_KINDS, Mapped

Reading = dict[str, Any]

# Blanks and line breaks are left out everywhere and tell nobody anything.
UNTOLD = "blank"


class Omission(NamedTuple):
    """A stretch of the original left out of the text: before which character of the text, what, and why."""

    at: int
    words: str
    reason: str


def reading_of(source: SourceText) -> Reading:
    """What has to be kept of a reading: the correspondence in runs, what was dropped, what is damaged."""
    found: Reading = {"kind": source.kind, "flags": [[*f.span, f.kind, f.message] for f in source.flags]}
    if source.mapped is not None:
        found["runs"] = _runs(source.mapped)
        found["dropped"] = [
            [*dropped.span, dropped.kind]
            for dropped in sorted(source.mapped.dropped)
            if dropped.kind != UNTOLD
        ]
    return found


def _runs(mapped: Mapped) -> list[list[int]]:
    """Runs of the text: [start, start in the original, length] where character stands for character, and with the
    width in the original behind where the run stands for its stretch as a whole."""
    runs: list[list[int]] = []
    for at, (start, end) in enumerate(zip(mapped.starts, mapped.ends, strict=True)):
        last = runs[-1] if runs else None
        if (end - start == 1 and last and len(last) == 3 and start == last[1] + last[2]) or (
            last and len(last) == 4 and [start, end - start] == [last[1], last[3]]
        ):
            last[2] += 1
        else:
            runs.append([at, start, 1] if end - start == 1 else [at, start, 1, end - start])
    return runs


def original_span(reading: Reading, span: Span) -> Span:
    """The range of the original a stretch of the text stands for; the same range when nothing was changed."""
    runs = reading.get("runs")
    if not runs or span.start >= span.end:
        return span
    return Span(_place(runs, span.start)[0], _place(runs, span.end - 1)[1])


def _place(runs: list[list[int]], at: int) -> tuple[int, int]:
    text, start, _, *width = runs[bisect_right(runs, at, key=lambda run: run[0]) - 1]
    if width:
        return start, start + width[0]
    return start + at - text, start + at - text + 1


def omissions(original: str, reading: Reading) -> list[Omission]:
    """What was left out, in the order of the text."""
    runs = reading.get("runs") or []
    starts = [run[1] for run in runs]
    found = []
    for start, end, kind in reading.get("dropped", []):
        index = bisect_left(starts, end)
        # Dropped inside a run only where the run was cut, so the next run begins after it; at the end there is none.
        at = runs[index][0] if index < len(runs) else -1
        words = original[start:end].strip()
        if words:
            found.append(Omission(at, words, DROPPED_KINDS.get(kind, kind)))
    return found


def source_of(text: str, reading: Reading, notices: list[str]) -> SourceText:
    """The source as the compiler takes it, without the way back to the original."""
    flags = [Flag(Span(start, end), kind, message) for start, end, kind, message in reading.get("flags", [])]
    return SourceText(text, reading.get("kind", "text"), list(notices), flags)
