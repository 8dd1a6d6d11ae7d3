"""Which known unit a printed name means (R270): exact names, learned aliases, and the grammar of agency names.

A name settles on a unit only when exactly one fits; several are returned as candidates, and a name that merely looks
alike is never taken for the unit.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from bihuan.plans.agencies import ENDINGS, FORMER, LINES, WHOLE
from bihuan.plans.units import normalize_unit

HOW = {
    "exact": "名称或简称相同",
    "learned": "以往校核时认定",
    "alias": "登记的别名",
    "former": "曾用名，或机构改革前的名称",
    "grammar": "按机构简称规则相同",
    "bracket": "括号内外的名称之一相符",
    "abbreviation": "简称各字依次出自全称",
    "elliptic": "省略了“局”“委”等结尾",
    "ambiguous": "不止一个单位相符",
    "similar": "只是字面相近",
    "none": "没有相符的单位",
}
_LEVELS = "自治区|自治州|自治县|省|市|州|盟|地区|县|区|旗|镇|乡|街道"
# 市场, 市政, 市容 and 区划 begin names of agencies; there the first character is no level.
_LEVEL_FIRST = re.compile(
    rf"(?P<level>{_LEVELS})(?!场监|场发展|政(?!府|务|法|协)|容|划|域)(?:级)?(?=.{{2,}})"
)
_PLACE_FIRST = re.compile(
    rf"(?P<place>[\u4e00-\u9fff]{{2,7}}?)(?P<level>{_LEVELS})(?!场监|场发展|政(?!府|务|法|协)|容|划|域)(?=.{{2,}})"
)
_TOWNSHIP = re.compile(r"(?P<place>[\u4e00-\u9fff]{2,6}?)(?P<level>街道|镇|乡)(?:人民政府|政府|办事处|办)?")
_BRACKET = re.compile(r"^(?P<main>.+?)\((?P<other>[^()]{2,20})\)$")
_ELLIPTIC_LIMIT = 8
SIMILAR = 0.62


@dataclass(frozen=True)
class Alias:
    """Another name of a unit; `learned` when a person matched it before. Dates say when it was in office."""

    name: str
    learned: bool = False
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class KnownUnit:
    """A unit of the installation. `key` is whatever the caller identifies it by; `place` its region (云溪市)."""

    key: Hashable
    name: str
    short_name: str = ""
    place: str = ""
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True)
class Match:
    """The answer for one printed name: a unit or None, how it was found (a key of `HOW`), and what else fits."""

    unit: KnownUnit | None
    how: str
    confidence: float
    candidates: tuple[KnownUnit, ...] = ()


@dataclass(frozen=True)
class Form:
    """A name taken apart: place without its level word, level (市, 县 …), line of work in its full form, ending."""

    place: str
    level: str
    line: str
    ending: str
    former: bool = False


_LINE_OF = {variant: forms[0] for forms in LINES for variant in forms}
_WHOLE_OF = {variant: forms[0] for forms in WHOLE for variant in forms}
_ENDING_OF: dict[str, str] = {}
for _forms in ENDINGS:
    for _variant in _forms:
        _ENDING_OF.setdefault(_variant, _forms[0])
_ENDINGS_BY_LENGTH = sorted(_ENDING_OF, key=len, reverse=True)


@lru_cache(maxsize=4096)
def take_apart(name: str) -> Form:
    """Take a name apart: 云溪市住建局 -> place 云溪, level 市, line 住房和城乡建设, ending 局.

    What no rule knows keeps its own words as its line, so that only equal words match.
    """
    rest = normalize_unit(name)
    place = level = ""
    township = _TOWNSHIP.fullmatch(rest)
    if township:
        return Form(township["place"], township["level"], "乡镇街道", "")
    first = _LEVEL_FIRST.match(rest)
    with_place = _PLACE_FIRST.match(rest)
    if first:
        level, rest = first["level"], rest[first.end() :]
        with_place = None
    elif with_place and not _known(rest):
        place, level, rest = with_place["place"], with_place["level"], rest[with_place.end() :]
    if rest in _WHOLE_OF:
        return Form(place, level, _WHOLE_OF[rest], "")
    for ending in _ENDINGS_BY_LENGTH:
        if not rest.endswith(ending) or rest == ending:
            continue
        work = rest[: -len(ending)]
        if work in _LINE_OF:
            return Form(place, level, _LINE_OF[work], _ENDING_OF[ending])
        if work in FORMER:
            return Form(place, level, FORMER[work][0], _ENDING_OF[ending], True)
    if rest in _LINE_OF and len(rest) <= _ELLIPTIC_LIMIT:
        return Form(place, level, _LINE_OF[rest], "?")
    if rest in FORMER:
        return Form(place, level, FORMER[rest][0], "?", True)
    return Form(place, level, rest, "")


def _known(rest: str) -> bool:
    """Say whether a name without place is already one the tables know (城市管理局 begins with no place)."""
    if rest in _WHOLE_OF or rest in _LINE_OF or rest in FORMER:
        return True
    return any(
        rest.endswith(ending) and (rest[: -len(ending)] in _LINE_OF or rest[: -len(ending)] in FORMER)
        for ending in _ENDINGS_BY_LENGTH
    )


@dataclass
class _Entry:
    unit: KnownUnit
    form: Form
    names: list[str] = field(default_factory=list)


class UnitNames:
    """The names of an installation's units, ready to say which one a plan means.

    `home` is the place of the plan (云溪市): a name without place or level means the unit of that place first.
    """

    def __init__(self, known: Iterable[KnownUnit], home: str = "") -> None:
        self._home = home
        self._entries: list[_Entry] = []
        self._exact: dict[str, list[KnownUnit]] = {}
        self._aliases: dict[str, list[tuple[Alias, KnownUnit]]] = {}
        self._by_line: dict[str, list[_Entry]] = {}
        for unit in known:
            names = [name for name in dict.fromkeys((unit.name, unit.short_name)) if name]
            for name in names:
                self._exact.setdefault(normalize_unit(name), []).append(unit)
            for alias in unit.aliases:
                self._aliases.setdefault(normalize_unit(alias.name), []).append((alias, unit))
            for name in names:
                entry = _Entry(
                    unit, _placed(take_apart(name), unit.place), [normalize_unit(n) for n in names]
                )
                self._entries.append(entry)
                self._by_line.setdefault(entry.form.line, []).append(entry)

    def match(self, name: str, *, on: date | None = None) -> Match:
        """Return the unit a printed name means on a day, or the candidates among which a person decides."""
        key = normalize_unit(name)
        if not key:
            return Match(None, "none", 0.0)
        found = self._settled(key, on)
        if found:
            return found
        bracket = _BRACKET.match(key)
        if bracket:
            inner = [m for m in (self._settled(bracket[part], on) for part in ("main", "other")) if m]
            units = _unique(m.unit for m in inner if m.unit)
            if len(units) == 1:
                return Match(units[0], "bracket", 0.9)
            if units:
                return Match(None, "ambiguous", 0.0, tuple(units))
        short = self._abbreviated(key)
        if len(short) == 1:
            return Match(short[0], "abbreviation", 0.75)
        if short:
            return Match(None, "ambiguous", 0.0, tuple(short))
        similar = self._similar(key)
        return Match(None, "similar" if similar else "none", 0.0, tuple(similar))

    def _settled(self, key: str, on: date | None) -> Match | None:
        """Return the match by names, aliases or grammar; candidates when several fit; None when nothing does."""
        exact = _unique(self._exact.get(key, ()))
        if exact:
            return self._one(exact, "exact", 1.0)
        aliases = self._aliases.get(key, ())
        valid = [(alias, unit) for alias, unit in aliases if _in_office(alias, on)]
        for how, units in (
            ("learned", [unit for alias, unit in valid if alias.learned]),
            ("alias", [unit for _, unit in valid]),
            ("former", [unit for _, unit in aliases]),
        ):
            if units:
                return self._one(_unique(units), how, {"learned": 0.98, "alias": 0.97, "former": 0.9}[how])
        form = take_apart(key)
        entries = [entry for entry in self._by_line.get(form.line, ()) if _compatible(form, entry.form)]
        if not entries:
            return None
        how = "former" if form.former else "elliptic" if form.ending == "?" else "grammar"
        confidence = {"former": 0.85, "elliptic": 0.7, "grammar": 0.95}[how]
        return self._one(_unique(entry.unit for entry in entries), how, confidence)

    def _one(self, units: list[KnownUnit], how: str, confidence: float) -> Match:
        """Settle on the only unit, or on the only one of the plan's own place; otherwise leave candidates."""
        if len(units) == 1:
            return Match(units[0], how, confidence)
        home = [unit for unit in units if self._home and unit.place == self._home]
        if len(home) == 1:
            return Match(home[0], how, round(confidence * 0.9, 3), tuple(u for u in units if u != home[0]))
        return Match(None, "ambiguous", 0.0, tuple(units))

    def _abbreviated(self, key: str) -> list[KnownUnit]:
        """Return the units whose full name holds the characters of a short one in order (文广旅局)."""
        form = take_apart(key)
        if len(form.line) < 3 or len(key) > 10:
            return []
        return _unique(
            entry.unit
            for entry in self._entries
            if _levels_agree(form, entry.form)
            and any(_is_short_for(form.line, _bare(name)) for name in entry.names)
        )

    def _similar(self, key: str) -> list[KnownUnit]:
        rated: list[tuple[float, int, KnownUnit]] = []
        matcher = difflib.SequenceMatcher(None, "", key, autojunk=False)
        for i, entry in enumerate(self._entries):
            for name in entry.names:
                matcher.set_seq1(name)
                if matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR:
                    ratio = matcher.ratio()
                    if ratio >= SIMILAR:
                        rated.append((-ratio, i, entry.unit))
        return _unique(unit for _, _, unit in sorted(rated, key=lambda r: r[:2]))[:3]


def _unique(units: Iterable[KnownUnit]) -> list[KnownUnit]:
    return list({unit.key: unit for unit in units}.values())


def _in_office(alias: Alias, on: date | None) -> bool:
    if on is None:
        return alias.valid_to is None
    return (alias.valid_from is None or alias.valid_from <= on) and (
        alias.valid_to is None or alias.valid_to >= on
    )


def _placed(form: Form, place: str) -> Form:
    """Give a name without place or level those of the unit's region: 应急局 of 云溪市 is 云溪 + 市."""
    region = re.fullmatch(rf"(?P<place>.+?)(?P<level>{_LEVELS})", place)
    if not region:
        return form
    return Form(
        form.place or region["place"], form.level or region["level"], form.line, form.ending, form.former
    )


def _levels_agree(printed: Form, known: Form) -> bool:
    if printed.place and known.place and printed.place != known.place:
        return False
    same = {printed.level, known.level}
    return (
        not printed.level
        or not known.level
        or len(same) == 1
        or same <= {"县", "自治县"}
        or same <= {"州", "自治州"}
    )


def _compatible(printed: Form, known: Form) -> bool:
    """Say whether a printed name may mean a known one: same line, no conflict of place, level or ending."""
    if not _levels_agree(printed, known):
        return False
    return printed.ending in ("?", known.ending) or not known.ending or known.ending == "?" or printed.former


def _bare(name: str) -> str:
    return (
        take_apart(name).line
        if not _known_line(name)
        else re.sub(rf"^.{{0,7}}?(?:{_LEVELS})(?=.{{3,}})", "", name)
    )


def _known_line(name: str) -> bool:
    return take_apart(name).line in _LINE_OF


def _is_short_for(short: str, full: str) -> bool:
    """Say whether `short` is `full` with characters left out: same first and last character, the rest in order."""
    if len(short) >= len(full) or short[0] != full[0] or short[-1] != full[-1]:
        return False
    rest = iter(full)
    return all(c in rest for c in short)
