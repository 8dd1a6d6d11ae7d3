"""What a second writing changes against the text people have made of the first, piece by piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_PIECE = re.compile(r"[^。；\n]*[。；\n]?")
SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True)
class Piece:
    """A stretch of text: `same` in both, `gone` from the present one, or `new` in the fresh one."""

    kind: str
    text: str


def differences(present: str, fresh: str) -> list[Piece]:
    """Both texts laid over each other by sentences and half sentences, in reading order; joined they give both back."""
    old, new = (_PIECE.findall(text)[:-1] if text else [] for text in (present, fresh))
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece(SAME, "".join(old[a:b])))
            continue
        if a < b:
            found.append(Piece(GONE, "".join(old[a:b])))
        if c < d:
            found.append(Piece(NEW, "".join(new[c:d])))
    return found
