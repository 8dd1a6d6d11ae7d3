"""Automatic numbering of Word paragraphs: the numbers Word draws but does not write into the text.

Counting follows ECMA-376 part 1, 17.9: levels count per list definition, deeper levels start again below a shallower
one, a list instance may start a level anew (startOverride) or bring its own level, a style may carry the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{W}val"
_NUMBERED, _STYLED, _LIST, _DEPTH = f"{W}numPr", f"{W}pStyle", f"{W}numId", f"{W}ilvl"
_DIGITS = "零一二三四五六七八九"
_LEGAL_SIMPLIFIED = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_LEGAL_TRADITIONAL = str.maketrans("零一二三四五六七八九十百千", "零壹貳參肆伍陸柒捌玖拾佰仟")
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
          (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_PLACE = re.compile(r"%([1-9])")
_BARE = re.compile(r"[0-9A-Za-z\u4e00-\u9fff\uff10-\uff19]$")
MAX_LEVELS = 9


@dataclass(frozen=True)
class _Level:
    start: int
    form: str
    text: str
    restart: int | None = None
    legal: bool = False
    apart: bool = True


def _value(element: etree._Element | None, default: str = "") -> str:
    return (element.get(_VAL) or default) if element is not None else default


def _integer(text: str, default: int) -> int:
    return int(text) if len(text) <= 7 and text.removeprefix("-").isdecimal() else default


def chinese_counting(number: int) -> str:
    """Return a counting numeral up to 9999 (23 -> 二十三, 105 -> 一百零五); larger numbers in digits."""
    if not 0 <= number <= 9999:
        return str(number)
    if number < 10:
        return _DIGITS[number]
    printed, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            printed += ("零" if gap and printed else "") + _DIGITS[digit] + name
        gap = not digit
    return printed.removeprefix("一") if printed.startswith("一十") else printed


def _digits(number: int) -> str:
    return "".join("〇" if c == "0" else _DIGITS[int(c)] for c in str(number))


def _row(first: str) -> Callable[[int], str]:
    """Signs that follow each other in Unicode from `first` on; beyond twenty plain digits."""
    return lambda number: chr(ord(first) + number - 1) if 1 <= number <= 20 else str(number)


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda number: signs[(number - 1) % len(signs)] if number > 0 else str(number)


def _letters(first: str) -> Callable[[int], str]:
    """Letters as Word counts them: a to z, then aa, bb."""
    return lambda n: chr(ord(first) + (n - 1) % 26) * ((n - 1) // 26 + 1) if 0 < n <= 780 else str(n)


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    printed = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        printed += sign * count
    return printed


def _full_width(number: int) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in str(number))


_FORMS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(
        ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting", "taiwaneseCountingThousand",
         "koreanCounting"),
        chinese_counting,
    ),
    **dict.fromkeys(("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital", "koreanDigital2"), _digits),
    "chineseLegalSimplified": lambda n: chinese_counting(n).translate(_LEGAL_SIMPLIFIED),
    "ideographLegalTraditional": lambda n: chinese_counting(n).translate(_LEGAL_TRADITIONAL),
    "japaneseLegal": lambda n: chinese_counting(n).translate(_LEGAL_TRADITIONAL),
    "ideographTraditional": _cycle("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _cycle("子丑寅卯辰巳午未申酉戌亥"),
    "decimalEnclosedCircle": _row("①"),
    "decimalEnclosedCircleChinese": _row("①"),
    "decimalEnclosedParen": _row("⑴"),
    "decimalEnclosedFullstop": _row("⒈"),
    "ideographEnclosedCircle": lambda n: chr(0x3280 + n - 1) if 1 <= n <= 10 else str(n),
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalZero": lambda n: f"{n:02d}",
    "numberInDash": lambda n: f"- {n} -",
    "lowerLetter": _letters("a"),
    "upperLetter": _letters("A"),
    "lowerRoman": lambda n: _roman(n).lower(),
    "upperRoman": _roman,
}  # fmt: skip


def printed(number: int, form: str) -> str:
    """Return a number as Word prints it in one of its number formats; plain digits for a format not known."""
    return _FORMS.get(form, str)(number)


class Numbering:
    """Counts list paragraphs in document order and draws their labels."""

    def __init__(self, numbering: etree._Element, styles: etree._Element | None):
        self._levels: dict[str, dict[int, _Level]] = {}
        self._definitions: dict[str, etree._Element] = {}
        self._style_level: dict[tuple[str, str], int] = {}
        self._abstract: dict[str, str] = {}
        self._own_levels: dict[tuple[str, int], _Level] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()
        self._style_lists: dict[str, tuple[str, int | None]] = {}
        self._based_on: dict[str, str] = {}
        self._of_style: dict[str, tuple[str, int]] = {}
        if styles is not None:
            self._read_styles(styles)
        self._read_definitions(numbering)

    def _read_definitions(self, numbering: etree._Element) -> None:
        linked: dict[str, str] = {}
        borrowed: dict[str, str] = {}
        for abstract in numbering.iterchildren(f"{W}abstractNum"):
            identity = abstract.get(f"{W}abstractNumId") or ""
            self._definitions[identity] = abstract
            for style in abstract.iter(f"{W}pStyle"):
                self._style_level[identity, _value(style)] = _depth(style.getparent())
            if link := _value(abstract.find(f"{W}styleLink")):
                linked[link] = identity
            if link := _value(abstract.find(f"{W}numStyleLink")):
                borrowed[identity] = link
        for num in numbering.iterchildren(f"{W}num"):
            identity = num.get(f"{W}numId") or ""
            abstract_id = _value(num.find(f"{W}abstractNumId"))
            # A list may borrow its levels from a list style, which belongs to another definition.
            abstract_id = linked.get(borrowed.get(abstract_id, ""), abstract_id)
            self._abstract[identity] = abstract_id
            for override in num.iterchildren(f"{W}lvlOverride"):
                depth = _depth(override)
                start = override.find(f"{W}startOverride")
                if start is not None:
                    self._starts[identity, depth] = _integer(_value(start, "1"), 1)
                own = override.find(f"{W}lvl")
                if own is not None:
                    self._own_levels[identity, depth] = _level(own)

    def _read_styles(self, styles: etree._Element) -> None:
        name = f"{W}styleId"
        for base in styles.iter(f"{W}basedOn"):
            self._based_on[base.getparent().get(name) or ""] = _value(base)
        for properties in styles.iter(f"{W}numPr"):
            style = next(properties.iterancestors(f"{W}style"), None)
            if style is None or properties.getparent().getparent() is not style:
                continue
            depth = properties.find(f"{W}ilvl")
            self._style_lists[style.get(name) or ""] = (
                _value(properties.find(f"{W}numId")),
                None if depth is None else _integer(_value(depth, "0"), 0),
            )

    def _list_of_style(self, style: str) -> tuple[str, int]:
        """Return (numId, level) a style brings along, its own or that of a style it is based on."""
        if style in self._of_style:
            return self._of_style[style]
        found, depth, seen, at = "", None, set(), style
        while at and at not in seen:
            seen.add(at)
            own, own_depth = self._style_lists.get(at, ("", None))
            depth = own_depth if depth is None else depth
            if own:
                found = own
                # A heading style names only the list; the level that names the style is its level.
                if depth is None:
                    depth = self._style_level.get((self._abstract.get(own, ""), at))
                break
            at = self._based_on.get(at, "")
        linked = self._style_level.get((self._abstract.get(found, ""), style))
        self._of_style[style] = found, (linked if linked is not None else depth) or 0
        return self._of_style[style]

    def label_of(self, properties: etree._Element | None) -> str:
        """Count the paragraph with these properties (w:pPr) and return the label Word draws ("（一）"), or ""."""
        if properties is None:
            return ""
        own = style = None
        for child in properties:
            if child.tag == _NUMBERED:
                own = child
            elif child.tag == _STYLED:
                style = child
        if own is None and style is None:
            return ""
        identity, depth = self._list_of_style(_value(style)) if style is not None else ("", 0)
        if own is not None:
            given = {child.tag: child.get(_VAL) or "" for child in own}
            if given.get(_LIST, identity) != identity:
                identity, depth = given[_LIST], 0
            depth = _integer(given.get(_DEPTH, ""), depth)
        level = self._level_at(identity, depth)
        if level is None or identity == "0" or level.form in ("bullet", "none"):
            return ""
        abstract = self._abstract[identity]
        counts = self._counts.setdefault(abstract, {})
        start = self._starts.get((identity, depth))
        if start is not None and (identity, depth) not in self._begun:
            counts[depth] = start
        else:
            counts[depth] = counts.get(depth, level.start - 1 if start is None else start - 1) + 1
        self._begun.add((identity, depth))
        for deeper in [d for d in counts if d > depth] if len(counts) > 1 else ():
            below = self._level_at(identity, deeper)
            if below is None or below.restart is None or depth < below.restart:
                del counts[deeper]
        return self._drawn(identity, level, counts)

    def _level_at(self, identity: str, depth: int) -> _Level | None:
        own = self._own_levels.get((identity, depth))
        return own or self._levels_of(self._abstract.get(identity, "")).get(depth)

    def _levels_of(self, abstract: str) -> dict[int, _Level]:
        """Read the levels of a definition when its first paragraph comes: most definitions of a file are unused."""
        levels = self._levels.get(abstract)
        if levels is None:
            definition = self._definitions.get(abstract)
            elements = [] if definition is None else definition.iterchildren(f"{W}lvl")
            levels = self._levels[abstract] = {_depth(element): _level(element) for element in elements}
        return levels

    def _drawn(self, identity: str, level: _Level, counts: dict[int, int]) -> str:
        def part(match: re.Match[str]) -> str:
            depth = int(match.group(1)) - 1
            at = self._level_at(identity, depth)
            number = counts.get(depth, at.start if at else 1)
            return printed(number, "decimal" if level.legal or at is None else at.form)

        label = _PLACE.sub(part, level.text)
        # Word sets the label apart by a tab; a closing mark (、.）) does so in plain text, a bare number does not.
        return label + " " if level.apart and _BARE.search(label) else label


def _depth(element: etree._Element) -> int:
    return min(MAX_LEVELS, max(0, _integer(element.get(f"{W}ilvl") or "0", 0)))


def _level(element: etree._Element) -> _Level:
    form = element.find(f"{W}numFmt")
    if form is None:
        # Word wraps formats newer than 2007 in an alternative (mc:AlternateContent); the first choice is the real one.
        form = next(element.iter(f"{W}numFmt"), None)
    restart = element.find(f"{W}lvlRestart")
    legal = element.find(f"{W}isLgl")
    level = _Level(
        _integer(_value(element.find(f"{W}start"), "1"), 1),
        _value(form, "decimal"),
        _value(element.find(f"{W}lvlText")),
        legal=legal is not None and _value(legal, "1") not in ("0", "false", "off"),
        apart=_value(element.find(f"{W}suff"), "tab") != "nothing",
    )
    return level if restart is None else replace(level, restart=_integer(_value(restart, "0"), 0))
