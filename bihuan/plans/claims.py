"""Which characters of a text are claimed already, so that two rules never read the same words."""

from __future__ import annotations

from collections.abc import Iterable

from bihuan.plans.model import Span


class Claims:
    """One mark per character of a stretch: a question costs no more than the words asked about, however many claims stand."""

    def __init__(self, stretch: Span, spans: Iterable[Span] = ()):
        self._start = stretch.start
        self._marks = bytearray(max(0, stretch.end - stretch.start))
        self.ends: set[int] = set()
        self.end = stretch.start
        for span in spans:
            self.add(span)

    def _within(self, span: Span) -> tuple[int, int]:
        first = max(0, span.start - self._start)
        return first, max(first, min(span.end - self._start, len(self._marks)))

    def add(self, span: Span) -> None:
        """Claim the characters of a span."""
        first, last = self._within(span)
        self._marks[first:last] = b"\x01" * (last - first)
        self.ends.add(span.end)
        self.end = max(self.end, span.end)

    def leave(self, span: Span) -> bool:
        """Say whether no character of a span is claimed."""
        return self._marks.find(1, *self._within(span)) < 0

    def leave_at(self, offset: int) -> bool:
        """Say whether the character at an offset is not claimed."""
        return self.leave(Span(offset, offset + 1))

    def take(self, span: Span) -> bool:
        """Claim a span and return True, unless some of it is claimed already."""
        if not self.leave(span):
            return False
        self.add(span)
        return True
