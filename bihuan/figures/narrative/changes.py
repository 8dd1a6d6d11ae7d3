"""How a number changed, in the words reports use (domain rules §1.3): 同比, 环比, 持平, small bases without a percentage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Below this a percentage misleads: from 1 to 3 is no “上升200%”. A convention of this software, not of a document.
TINY = 10


@dataclass(frozen=True)
class Change:
    """`words` without a subject (上升12.5%, 增加3起, 持平); `is_percent` says which of the two it is."""

    words: str
    difference: Decimal
    is_percent: bool


def change(now: Decimal | None, before: Decimal | None, unit: str) -> Change | None:
    """From `before` to `now`; None when either is not known. A base of zero gets no percentage (增加N起)."""
    if now is None or before is None:
        return None
    difference = now - before
    if not difference:
        return Change("持平", difference, False)
    up, size = difference > 0, abs(difference)
    if unit in ("%", "个百分点"):
        points = shown(size, 1)
        if points == "0":
            return Change("基本持平", difference, False)
        return Change(f"{'提高' if up else '降低'}{points}个百分点", difference, False)
    if before < TINY:
        return Change(f"{'增加' if up else '减少'}{shown(size)}{unit}", difference, False)
    percent = shown(size / before * 100, 1)
    if percent == "0":  # less than one in two thousand
        return Change("基本持平", difference, False)
    return Change(f"{'上升' if up else '下降'}{percent}%", difference, True)


def shown(value: Decimal, digits: int | None = None) -> str:
    """A number as printed: rounded half up, no trailing zeros (domain rules §2.3)."""
    if digits is not None:
        value = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
