"""Text that remembers where each of its characters came from, however often it is edited.

Reading a document means many small repairs: blanks joined, page numbers dropped, pinyin notes removed, traditional
characters replaced. After all of them an element must still point into the text as the file holds it, and nothing may
disappear unrecorded: every stretch an edit drops is kept in `dropped` with its reason.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from bihuan.plans.model import Span

DROPPED_KINDS = {
    "blank": "空白与换行",
    "furniture": "网页导航、广告、打印按钮等",
    "page": "页码、页眉、页脚",
    "pinyin": "夹注的拼音",
    "markup": "网页或 Markdown 标记",
    "revision": "修订中删去的文字",
    "comment": "批注",
    "hidden": "隐藏文字",
    "contents": "目录",
    "note": "脚注、尾注",
    "repeat": "重复的行",
    "lost": "无法恢复的损坏字符",
}


class Dropped(NamedTuple):
    """A stretch of the original that is not part of the text any more; `kind` is a key of `DROPPED_KINDS`."""

    span: Span
    kind: str


class Edit(NamedTuple):
    """Replace text[start:end] by `new`. A removal (or a shorter replacement) names its reason in `kind`."""

    start: int
    end: int
    new: str
    kind: str = "blank"


@dataclass(frozen=True)
class Mapped:
    """`text`, and for each of its characters the half-open range of the original it stands for."""

    original: str
    text: str
    starts: array
    ends: array
    dropped: list[Dropped] = field(default_factory=list)

    @classmethod
    def of(cls, original: str) -> Mapped:
        """Begin with text as it was found: every character stands for itself."""
        count = len(original)
        return cls(original, original, array("L", range(count)), array("L", range(1, count + 1)))

    def edited(self, edits: Iterable[Edit]) -> Mapped:
        """Apply edits given in order, none overlapping. Raises ValueError when two overlap.

        A replacement of the same length maps character by character, any other as a whole.
        """
        pieces: list[str] = []
        starts, ends = array("L"), array("L")
        dropped = list(self.dropped)
        cursor = 0
        for start, end, new, kind in edits:
            if start < cursor or end < start:
                raise ValueError(f"edit {start}-{end} overlaps the one before it")
            pieces += (self.text[cursor:start], new)
            starts += self.starts[cursor:start]
            ends += self.ends[cursor:start]
            if len(new) == end - start:
                starts += self.starts[start:end]
                ends += self.ends[start:end]
            elif new:
                place = self.to_original(Span(start, end))
                starts += array("L", [place.start] * len(new))
                ends += array("L", [place.end] * len(new))
            elif end > start:
                dropped.append(Dropped(self.to_original(Span(start, end)), kind))
            cursor = end
        if not cursor and not pieces:
            return self
        pieces.append(self.text[cursor:])
        starts += self.starts[cursor:]
        ends += self.ends[cursor:]
        return Mapped(self.original, "".join(pieces), starts, ends, dropped)

    def sub(
        self, pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str], kind: str = "blank"
    ) -> Mapped:
        """Replace every match of a pattern; removals are recorded as `kind`."""
        make = new if callable(new) else (lambda match: match.expand(new))
        found = (Edit(m.start(), m.end(), make(m), kind) for m in pattern.finditer(self.text))
        return self.edited(edit for edit in found if edit.new != self.text[edit.start : edit.end])

    def to_original(self, span: Span) -> Span:
        """Return the range of the original that text[span] stands for; an empty span keeps its position."""
        start, end = span
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else len(self.original)
            return Span(at, at)
        return Span(self.starts[start], self.ends[end - 1])

    def from_original(self, span: Span) -> Span:
        """Return the stretch of the text that stands for a range of the original; empty where all of it was dropped."""
        start = bisect_right(self.ends, span.start)
        # A character inserted at this very place stands for nothing; the text it was put before comes after it.
        while start < len(self.starts) and self.starts[start] == self.ends[start] < span.end:
            start += 1
        return Span(start, max(start, bisect_left(self.starts, span.end, start)))

    def excerpt(self, span: Span) -> Mapped:
        """Return a stretch of the text alone; `original` stays whole, `dropped` holds what fell within the stretch."""
        start, end = span
        place = self.to_original(span)
        inside = [
            part for part in self.dropped if place.start <= part.span.start and part.span.end <= place.end
        ]
        return Mapped(
            self.original, self.text[start:end], self.starts[start:end], self.ends[start:end], inside
        )
