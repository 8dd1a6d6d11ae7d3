"""Chinese numerals as they number headings and years, and the single characters that enclose a number."""

import unicodedata
from functools import lru_cache

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
CIRCLED = (
    {chr(0x2460 + i): i + 1 for i in range(20)}
    | {chr(0x3251 + i): i + 21 for i in range(15)}
    | {chr(0x2776 + i): i + 1 for i in range(10)}
)
# ⑴ to ⒇, ⒈ to ⒛, ㈠ to ㈩, Ⅰ to Ⅻ: one character for a bracketed, dotted or Roman number.
ENCLOSED = {chr(0x2474 + i): i + 1 for i in range(20)}
DOTTED = {chr(0x2488 + i): i + 1 for i in range(20)}
ENCLOSED_CHINESE = {chr(0x3220 + i): i + 1 for i in range(10)}
ROMAN = {chr(0x2160 + i): i + 1 for i in range(12)}


def chinese_number(text: str) -> int | None:
    """Return the value of a heading numeral from 一 to 九十九, or None when it is not one."""
    if not text:
        return None
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return DIGITS.get(text) if len(text) == 1 else None
    high = DIGITS.get(tens) if tens else 1
    low = DIGITS.get(ones) if ones else 0
    if high is None or low is None:
        return None
    return high * 10 + low


@lru_cache(maxsize=1024)
def any_number(text: str) -> int | None:
    """Return the value of a heading numeral in any script (三, 3, ３, ③, ㈢, Ⅲ), or None."""
    for table in (CIRCLED, ENCLOSED, DOTTED, ENCLOSED_CHINESE, ROMAN):
        if text in table:
            return table[text]
    folded = unicodedata.normalize("NFKC", text)
    return int(folded) if folded.isdecimal() and len(folded) <= 4 else chinese_number(text)


def chinese_year(text: str) -> int | None:
    """Return the year written digit by digit (二〇二四 -> 2024), or None."""
    if len(text) != 4 or any(c not in DIGITS for c in text):
        return None
    return int("".join(str(DIGITS[c]) for c in text))
