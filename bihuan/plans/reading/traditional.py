"""Traditional characters written as simplified ones, each still leading to the one the file holds.

Only text that is traditional as a whole is converted: a single 於 or 乾 in a simplified text is a name or a quotation.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opencc import OpenCC

from bihuan.plans.reading.mapped import Edit, Mapped

# Frequent characters that a simplified text never holds.
_SIGNS = frozenset(
    "產責實關於處開應將經進發現場險歷學說領導機構團際點們這國務單質監檢標準預請與為來時個對業區縣強動會員環節問題"
    "報設規範運輸調證條據訓備維護電氣鎮鄉門長車間網絡絕貫徹書記總結達轉變輕嚴罰從隱隊級細則審議號爲裏衞啓"
)
_SIGN = re.compile(f"[{''.join(sorted(_SIGNS))}]")


@lru_cache(maxsize=1)
def _converters() -> tuple[OpenCC, OpenCC]:
    # Web pages mix the glyphs of Hong Kong (衞) with the usage of Taiwan (著力): each table knows one of them.
    return OpenCC("hk2s"), OpenCC("tw2s")


def _convert(text: str) -> str:
    for converter in _converters():
        text = converter.convert(text)
    return text


def is_traditional(text: str) -> bool:
    """Say whether a text as a whole is written in traditional characters."""
    sample = text[:20_000]
    found = len(_SIGN.findall(sample))
    return found >= 3 and found * 40 > len(sample)


@lru_cache(maxsize=8192)
def _character(character: str) -> str:
    simplified = _convert(character)
    return simplified if len(simplified) == 1 else character


def simplify(text: str) -> str:
    """Return text in simplified characters, of exactly the same length.

    Phrases decide between two readings of a character (乾燥, 乾隆); a line whose conversion changes its length is
    converted character by character.
    """
    text = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text) if not _encodes(text) else text
    whole = _convert(text)
    if len(whole) == len(text):
        return whole
    lines = []
    for line in text.split("\n"):
        converted = _convert(line)
        lines.append(converted if len(converted) == len(line) else "".join(map(_character, line)))
    return "\n".join(lines)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_simplified(mapped: Mapped) -> tuple[Mapped, int]:
    """Convert a traditional text; return it and the number of characters that changed (0: it was not traditional)."""
    if not is_traditional(mapped.text):
        return mapped, 0
    simplified = simplify(mapped.text)
    changed = sum(old != new for old, new in zip(mapped.text, simplified, strict=True))
    return mapped.edited([Edit(0, len(simplified), simplified)]), changed
