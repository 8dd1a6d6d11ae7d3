"""Chinese numerals as they number headings and years."""

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
CIRCLED = {chr(0x2460 + i): i + 1 for i in range(20)}


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


def chinese_year(text: str) -> int | None:
    """Return the year written digit by digit (二〇二四 -> 2024), or None."""
    if len(text) != 4 or any(c not in DIGITS for c in text):
        return None
    return int("".join(str(DIGITS[c]) for c in text))
