"""Division codes as a tree (行政区划码): the code's length is its level, its prefix its ancestors.

Codes are stored trimmed: 53 province, 5397 city, 539701 county, 539701001 township, 539701001001 village
(GB/T 2260 and the 12-digit statistical code). Development zones and scenic areas carry a 6- or 9-digit
code of their own under the city or county they belong to.
"""

from __future__ import annotations

from typing import Literal

Level = Literal["province", "city", "county", "township", "village"]

LENGTHS: dict[int, Level] = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}
LEVEL_LABELS: dict[Level, str] = {
    "province": "省级",
    "city": "市级",
    "county": "县级",
    "township": "乡级",
    "village": "村级",
}


class BadRegionCode(ValueError):
    """Not a division code. ``str()`` is a Chinese sentence."""


def level_of(code: str) -> Level:
    """Return the level of a trimmed code by its length. Raises BadRegionCode."""
    if not (code.isascii() and code.isdigit()) or len(code) not in LENGTHS:
        raise BadRegionCode(
            f"区划码“{code}”应为2、4、6、9或12位数字（省、市、县、乡、村），请核对，六位或十二位补零的写法须先去零"
        )
    return LENGTHS[len(code)]


def normalize_region_code(text: str) -> str:
    """Return the trimmed form of a published code: 539700 becomes 5397, 539701000000 becomes 539701.

    Only whole levels of zeros at the end are removed. Raises BadRegionCode.
    """
    code = text.strip()
    if code.isascii() and code.isdigit():
        if len(code) == 12 and code.endswith("000"):
            code = code[:9]
        if len(code) == 9 and code.endswith("000"):
            code = code[:6]
        if len(code) == 6 and code.endswith("00"):
            code = code[:4]
        if len(code) == 4 and code.endswith("00"):
            code = code[:2]
    level_of(code)
    return code


def parent_of(code: str) -> str | None:
    """Return the code one level up, or None for a province. Raises BadRegionCode."""
    level_of(code)
    shorter = [length for length in LENGTHS if length < len(code)]
    return code[: max(shorter)] if shorter else None


def ancestors(code: str) -> list[str]:
    """Return the codes above ``code``, province first, itself not included. Raises BadRegionCode."""
    level_of(code)
    return [code[:length] for length in LENGTHS if length < len(code)]


def is_within(code: str, area: str) -> bool:
    """Whether ``code`` is ``area`` or lies under it."""
    return code.startswith(area)


def prefix_range(code: str) -> tuple[str, str]:
    """Return (low, high): everything at or under ``code`` has low <= its code < high.

    High consists of digits only, so the range holds under any database collation: ("5397", "5398"),
    ("5399", "54"). Raises BadRegionCode.
    """
    level_of(code)
    stem = code.rstrip("9")
    if not stem:
        return code, "A"  # 99 and the like do not exist; a letter sorts after every digit
    return code, stem[:-1] + str(int(stem[-1]) + 1)
