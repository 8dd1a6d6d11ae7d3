"""What all readers share: blanks, web furniture, pinyin notes, widths, and flags for what cannot be repaired (R269).

Every step edits a `Mapped`, so that each character of the result leads to the original and whatever was taken out
stands in `dropped` with its reason. A step that finds nothing to do costs one search.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bihuan.plans.model import Flag, Span
from bihuan.plans.reading.furniture import is_furniture
from bihuan.plans.reading.garbled import Damage, repair
from bihuan.plans.reading.mapped import Edit, Mapped
from bihuan.plans.reading.runon import split_run_on
from bihuan.plans.reading.traditional import to_simplified

_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\x00-\x08\x0e-\x1f\x7f]+")
_BLANKS = " \t\u3000\xa0\u2002\u2003\u2009\u2000\u2001\u2004-\u2008\u202f\u205f"
_BLANK_RUN = re.compile(rf"[{_BLANKS}]{{2,}}")
_STRIP = " \t\u3000\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u202f\u205f\r"

_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
# A note may also follow a letter: the second byte of a character whose first was read with the one before it.
_PINYIN = re.compile(
    rf"(?<=[\u4e00-\u9fff])[(（]\s?[a-zA-Z{_TONES}üńňǹḿ]{{1,7}}\s?[)）]"
    rf"|(?<=[\u4e00-\u9fff)）][A-Za-z@\[\]\\^_`{{|}}~])[(（]\s?[a-zü]{{0,4}}[{_TONES}][a-zü]{{0,4}}\s?[)）]"
)
_TONED = re.compile(rf"[{_TONES}]")

_WIDE = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u2e80-\u2fdf\uf900-\ufaff]")
_SYMBOL_BULLET = re.compile(r"(?:(?<=\n)|\A)[ \t\u3000]{0,8}[\uf020-\uf0ff][ \t\u3000]{0,4}")

_LOST = re.compile(r"[\ufffd\ue000-\uf8ff]+|(?<=[\u4e00-\u9fff、，“（])□+(?=[\u4e00-\u9fff，。、；”）])")
_BROKEN = re.compile(r"[\ufffd\ue000-\uf8ff□]")
_BOX = "□"
_BOXES = re.compile(r"□+")


def clean(mapped: Mapped) -> tuple[Mapped, list[Flag], list[str]]:
    """Return the text with one paragraph per line, flags for damaged places, and notices about what was done."""
    notices: list[str] = []
    mapped = mapped.sub(_BREAKS, "\n")
    mapped = mapped.sub(_INVISIBLE, "")
    mapped = mapped.sub(_SYMBOL_BULLET, "", "furniture")
    mapped, notes = _without_pinyin(mapped)
    mapped, damages = repair(mapped)
    mapped, converted = to_simplified(mapped)
    mapped = _with_usual_widths(mapped)
    mapped, furniture = _lines(mapped)
    mapped, breaks = split_run_on(mapped)
    flags = _flags(mapped, damages)
    if furniture:
        notices.append(f"已略去 {furniture} 行网页导航、字体、编辑等无关文字。")
    if notes:
        notices.append(f"已去除 {notes} 处夹注的拼音。")
    if converted:
        notices.append("原文为繁体字，已转换为简体字；原文保留，可逐字对照。")
    if breaks:
        notices.append(f"原文缺少换行，已在 {breaks} 处条目前分段；文字未作改动。")
    realigned = sum(damage.kind == "realigned" for damage in damages)
    if realigned:
        notices.append(
            f"有 {realigned} 处文字因字节错位成为乱码，已按字节恢复，缺字以“{_BOX}”表示，请对照原件核对。"
        )
    garbled = sum(flag.kind == "garbled" for flag in flags)
    if garbled:
        notices.append(f"有 {garbled} 处文字疑似乱码，无法恢复，已按原样保留并标出，请对照原件核对。")
    lost = sum(flag.kind == "lost" and not _inside(flag, flags) for flag in flags)
    if lost:
        notices.append(f"有 {lost} 处文字在原文件中已损坏（显示为方框或问号），无法恢复，请对照原件核对。")
    return mapped, flags, notices


def _without_pinyin(mapped: Mapped) -> tuple[Mapped, int]:
    """Remove pinyin notes (區(qū)); only when toned notes show that the text is annotated."""
    if not _TONED.search(mapped.text):
        return mapped, 0
    notes = list(_PINYIN.finditer(mapped.text))
    if sum(1 for note in notes if _TONED.search(note.group())) < 5:
        return mapped, 0
    return mapped.edited(Edit(note.start(), note.end(), "", "pinyin") for note in notes), len(notes)


def _with_usual_widths(mapped: Mapped) -> Mapped:
    """Write full-width digits and letters in half width, radicals as characters; brackets and commas stay as printed."""
    if not _WIDE.search(mapped.text):
        return mapped
    folded = _WIDE.sub(lambda m: _one(unicodedata.normalize("NFKC", m.group()), m.group()), mapped.text)
    return mapped.edited([Edit(0, len(folded), folded)])


def _one(folded: str, printed: str) -> str:
    return folded if len(folded) == 1 else printed


def _lines(mapped: Mapped) -> tuple[Mapped, int]:
    """Strip every line, join runs of blanks, drop empty, repeated and furniture lines; count the last."""
    edits: list[Edit] = []
    furniture, last, size = 0, "", len(mapped.text)
    gaps = _BLANK_RUN.search(mapped.text) is not None
    for start, stop in _line_places(mapped.text):
        raw = mapped.text[start:stop]
        line = raw.strip(_STRIP)
        kind = "blank" if not line else "furniture" if is_furniture(line) else ""
        # Web pages print the title twice.
        if not kind and line == last and len(line) >= 6:
            kind = "repeat"
        if kind:
            furniture += kind == "furniture"
            # A line goes with the break before it; above the first line that stays there is none to spare.
            place = (start - 1, stop) if last else (start, min(stop + 1, size))
            if place[0] < place[1]:
                edits.append(Edit(*place, "", kind))
            continue
        last = line
        left = start + len(raw) - len(raw.lstrip(_STRIP))
        right = left + len(line)
        if left > start:
            edits.append(Edit(start, left, ""))
        edits += [
            Edit(left + run.start(), left + run.end(), "\u3000" if "\u3000" in run.group() else " ")
            for run in (_BLANK_RUN.finditer(line) if gaps else ())
        ]
        if right < stop:
            edits.append(Edit(right, stop, ""))
    return (mapped.edited(edits) if edits else mapped), furniture


def _line_places(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start <= len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _flags(mapped: Mapped, damages: list[Damage]) -> list[Flag]:
    """Place the damages in the finished text and add what is visibly broken there."""
    flags, missing = [], set()
    for damage in damages:
        place = mapped.from_original(damage.span)
        if place.start < place.end:
            flags.append(Flag(place, damage.kind, damage.message))
        if damage.kind == "realigned":
            missing |= {Span(*m.span()) for m in _BOXES.finditer(mapped.text, place.start, place.end)}
    line_end, choices = -1, False
    # Nearly every text is whole: one look for the few characters that damage leaves spares the closer search.
    for match in _LOST.finditer(mapped.text) if _BROKEN.search(mapped.text) else ():
        if match.start() > line_end:
            line_end, choices = _choices(mapped.text, match.start())
        if match.group()[0] != _BOX or not choices:
            missing.add(Span(*match.span()))
    flags += [Flag(span, "lost", "此处文字在原文件中已丢失，请对照原件补录") for span in missing]
    return sorted(flags, key=lambda flag: (flag.span.start, -flag.span.end, flag.kind))


def _choices(text: str, at: int) -> tuple[int, bool]:
    """Return where the line around a box ends and whether its boxes are to be ticked: it is short or prints several
    at short distance.
    """
    left = text.rfind("\n", 0, at) + 1
    right = text.find("\n", at)
    line = text[left : right if right >= 0 else len(text)]
    return left + len(line), len(line) <= 12 or len(re.findall(r"□[^□]{1,12}(?=□)", line)) >= 2


def _inside(flag: Flag, flags: list[Flag]) -> bool:
    return any(other.kind == "realigned" and other.span.covers(flag.span) for other in flags)
