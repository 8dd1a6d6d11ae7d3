"""Whole numbers in Chinese characters, as headings and counts are numbered."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """Return 1 to 9999 as people count: 一, 十, 十一, 二十, 一百零五. Raises ValueError outside."""
    if not 1 <= number <= 9999:
        raise ValueError(f"{number} cannot be written as a numeral here")
    words, pending = "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        if digit:
            words += ("零" if pending and words else "") + DIGITS[digit] + name
        pending = not digit
    return words.removeprefix("一") if 10 <= number < 20 else words
