"""Who stands above whom: division codes decide, never a setting (R262)."""

from __future__ import annotations

from typing import Literal

Relation = Literal["upper", "lower", "same", "aside"]
UPPER, LOWER, SAME, ASIDE = "upper", "lower", "same", "aside"
WORDS: dict[str, str] = {UPPER: "上级", LOWER: "下级", SAME: "同一区划", ASIDE: "相邻区划"}
UP, DOWN = frozenset({UPPER}), frozenset({LOWER})
LEVELS = UP | DOWN | {SAME}
ANYWHERE = LEVELS | {ASIDE}
_MIRROR: dict[str, Relation] = {UPPER: "lower", LOWER: "upper", SAME: "same", ASIDE: "aside"}


def relation(own: str, theirs: str) -> Relation:
    """What the installation of region `theirs` is to that of region `own`."""
    if own == theirs:
        return "same"
    if theirs.startswith(own):
        return "lower"
    return "upper" if own.startswith(theirs) else "aside"


def mirrored(one: str) -> Relation:
    """What we are to somebody who is `one` to us."""
    return _MIRROR[one]


def is_within(region: str, area: str) -> bool:
    """Whether a division lies in an area, itself included."""
    return region.startswith(area)
