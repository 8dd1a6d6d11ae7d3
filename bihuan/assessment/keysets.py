"""The keys of all rows a rate was counted over, kept small: what is frozen with a score so that it opens the same rows
years later. Whole numbers are kept as gaps and runs in base 36, everything else as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class DamagedKeys(ValueError):
    """A text that `pack` did not write. ``str()`` is a Chinese sentence."""


def pack(keys: Iterable[Any]) -> str:
    """The keys, each once, in ascending order, as one short text; "" for none."""
    given = list(dict.fromkeys(keys))
    if not given:
        return ""
    if not all(type(each) is int and each >= 0 for each in given):
        return "=" + json.dumps(sorted(map(str, given)), ensure_ascii=False)
    parts, last = [], -1
    for first, until in _runs(sorted(given)):
        more = f"+{_base36(until - first)}" if until > first else ""
        parts.append(_base36(first - last - 1) + more)
        last = until
    return ",".join(parts)


def unpack(text: str) -> list[Any]:
    """The keys again. Raises DamagedKeys."""
    if not text:
        return []
    try:
        if text.startswith("="):
            return [str(each) for each in json.loads(text[1:])]
        keys: list[Any] = []
        last = -1
        for part in text.split(","):
            gap, _, more = part.partition("+")
            first = last + 1 + int(gap, 36)
            last = first + (int(more, 36) if more else 0)
            keys.extend(range(first, last + 1))
    except ValueError as error:
        raise DamagedKeys("定格的记录清单已损坏，请联系系统管理员核对备份") from error
    return keys


def _runs(ordered: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for each in ordered:
        if runs and each == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], each)
        else:
            runs.append((each, each))
    return runs


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if not number:
            return text
