"""Automatic numbering of Word paragraphs: the numbers Word draws but does not write into the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "零一二三四五六七八九"
_CHINESE = {
    "chineseCounting", "chineseCountingThousand", "chineseLegalSimplified", "ideographDigital", "japaneseCounting",
    "taiwaneseCounting", "taiwaneseCountingThousand",
}  # fmt: skip


@dataclass(frozen=True)
class _Level:
    start: int
    form: str
    text: str


def _value(element: etree._Element | None, default: str = "") -> str:
    return (element.get(f"{W}val") or default) if element is not None else default


def _integer(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,6}", text) else default


def chinese_counting(number: int) -> str:
    """Return a counting numeral up to 99 (23 -> 二十三); larger numbers in digits."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")


def _printed(number: int, form: str) -> str:
    if form in _CHINESE:
        return chinese_counting(number)
    if form in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if form == "decimalFullWidth":
        return "".join(chr(ord(c) + 0xFEE0) for c in str(number))
    if form == "lowerLetter" and 1 <= number <= 26:
        return chr(96 + number)
    if form == "upperLetter" and 1 <= number <= 26:
        return chr(64 + number)
    return str(number)


class Numbering:
    """Counts list paragraphs in document order and draws their labels."""

    def __init__(self, numbering: etree._Element, styles: etree._Element | None):
        self._levels: dict[str, dict[int, _Level]] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._style_lists: dict[str, tuple[str, int]] = {}
        for abstract in numbering.iter(f"{W}abstractNum"):
            levels = {}
            for level in abstract.iter(f"{W}lvl"):
                depth = _integer(level.get(f"{W}ilvl") or "0", 0)
                levels[depth] = _Level(
                    _integer(_value(level.find(f"{W}start"), "1"), 1),
                    _value(level.find(f"{W}numFmt"), "decimal"),
                    _value(level.find(f"{W}lvlText")),
                )
            self._levels[abstract.get(f"{W}abstractNumId") or ""] = levels
        for num in numbering.iter(f"{W}num"):
            identity = num.get(f"{W}numId") or ""
            self._abstract[identity] = _value(num.find(f"{W}abstractNumId"))
            for override in num.iter(f"{W}lvlOverride"):
                depth = _integer(override.get(f"{W}ilvl") or "0", 0)
                start = override.find(f"{W}startOverride")
                if start is not None:
                    self._starts[identity, depth] = _integer(_value(start, "1"), 1)
        if styles is not None:
            self._read_styles(styles)

    def _read_styles(self, styles: etree._Element) -> None:
        for style in styles.iter(f"{W}style"):
            properties = style.find(f"{W}pPr/{W}numPr")
            if properties is not None:
                identity = _value(properties.find(f"{W}numId"))
                depth = _integer(_value(properties.find(f"{W}ilvl"), "0"), 0)
                self._style_lists[style.get(f"{W}styleId") or ""] = (identity, depth)

    def label_of(self, paragraph: etree._Element) -> str:
        """Return the label Word draws before a paragraph ("（一）"), counting it; "" when there is none."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return ""
        own = properties.find(f"{W}numPr")
        style = _value(properties.find(f"{W}pStyle"))
        inherited, depth = self._style_lists.get(style, ("", 0))
        identity = inherited
        if own is not None:
            identity = _value(own.find(f"{W}numId"), inherited)
            depth = _integer(_value(own.find(f"{W}ilvl"), str(depth)), depth)
        abstract = self._abstract.get(identity, "")
        levels = self._levels.get(abstract, {})
        level = levels.get(depth)
        if not identity or identity == "0" or level is None or level.form in ("bullet", "none"):
            return ""
        # Lists that share a definition count on together unless they restart explicitly.
        key = identity if any(number == identity for number, _ in self._starts) else f"abstract:{abstract}"
        counts = self._counts.setdefault(key, {})
        start = self._starts.get((identity, depth), level.start)
        counts[depth] = counts.get(depth, start - 1) + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]

        def part(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            number = counts.get(at, levels[at].start if at in levels else 1)
            return _printed(number, levels[at].form if at in levels else "decimal")

        return re.sub(r"%([1-9])", part, level.text)
