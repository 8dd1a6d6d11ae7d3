"""Searching for long patterns only around the words they cannot do without."""

from __future__ import annotations

import re
from collections.abc import Iterator


def found_around(
    pattern: re.Pattern[str], core: re.Pattern[str], reach: int, text: str, start: int, end: int
) -> Iterator[re.Match[str]]:
    """Yield what `pattern.finditer` finds in text[start:end].

    Every match must hold a match of `core` that begins at most `reach` characters behind its own beginning. A pattern
    that may begin with any word is costly to try everywhere; its core is rare and quickly found.
    """
    at = start
    while place := core.search(text, at, end):
        match = pattern.search(text, max(at, place.start() - reach), end)
        if not match:
            return
        yield match
        at = match.end()
