"""What must not reach a log: phone numbers, identity numbers, addresses of mail, values quoted by the database.

Names of people are never logged by our code (ids are); this catches what libraries and error messages carry along.
No Django in here: the settings use it before anything is set up.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

_EDGE = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_PATTERNS = [
    # 18 signs of an identity number before the 11 of a phone: the longer one first
    (re.compile(rf"{_EDGE[0]}\d{{17}}[\dXx]{_EDGE[1]}"), "[证件号]"),
    (re.compile(rf"{_EDGE[0]}1[3-9]\d{{9}}{_EDGE[1]}"), "[手机号]"),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "[邮箱]"),
    # PostgreSQL quotes the value that was there already: DETAIL:  Key (username)=(zhang) already exists.
    (re.compile(r"Key \(([^)]*)\)=\(.*?\)(?= |\n|$)"), r"Key (\1)=(…)"),
    (re.compile(r"Failing row contains \(.*?\)\.?(?=\n|$)"), "Failing row contains (…)"),
]


def masked(text: str) -> str:
    """`text` with personal data replaced by what it was."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value


def mask_personal(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor: last before a line becomes JSON."""
    for key, value in event.items():
        event[key] = _cleaned(value)
    return event
