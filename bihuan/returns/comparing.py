"""How a figure changed, in the words reports use (domain rules §1.3): 同比, 环比, tiny bases without a percentage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Below this a percentage misleads: from 1 to 3 is no “上升200%”. A convention of this software, not of a document.
TINY = 10


@dataclass(frozen=True)
class Change:
    """`words` without a subject (上升12.5%, 增加3起, 持平); `percent` is None for tiny or missing bases."""

    words: str
    difference: Decimal | None
    percent: Decimal | None
    direction: int  # 1 up, -1 down, 0 the same or unknown


UNKNOWN = Change("", None, None, 0)


def change(now: Decimal | None, before: Decimal | None, unit: str = "") -> Change:
    """From `before` to `now`. A base of nothing gets no percentage (增加N起); rates differ by percentage points."""
    if now is None or before is None:
        return UNKNOWN
    difference = now - before
    if not difference:
        return Change("持平", difference, Decimal(0) if before else None, 0)
    up = difference > 0
    if unit in ("%", "个百分点"):
        return Change(
            f"{'上升' if up else '下降'}{shown(abs(difference), 1)}个百分点",
            difference,
            None,
            1 if up else -1,
        )
    if abs(before) < TINY:
        return Change(
            f"{'增加' if up else '减少'}{shown(abs(difference))}{unit}", difference, None, 1 if up else -1
        )
    percent = (difference / abs(before) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Change(
        f"{'上升' if up else '下降'}{shown(abs(percent), 1)}%", difference, percent, 1 if up else -1
    )


def shown(value: Decimal | None, digits: int | None = None) -> str:
    """A figure as printed: rounded half up, whole numbers without .0 (domain rules §2.3)."""
    if value is None:
        return ""
    if digits is not None:
        value = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
