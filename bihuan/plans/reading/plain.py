"""Plain text and Markdown: front matter, stray tags, marks, hard-wrapped lines. Every removal is a recorded edit."""

from __future__ import annotations

import html
import re

from bihuan.plans.reading.extracted import Extracted
from bihuan.plans.reading.mapped import Edit, Mapped

_HTML = re.compile(r"<\s*(?:!doctype\s+html|html|head|body)\b", re.I)
_TAG = re.compile(
    r"</?(?:div|p|span|br|table|tr|td|th|tbody|strong|b|i|u|font|center|h[1-6]|img|a|hr)\b[^<>]{0,600}>", re.I
)
_BREAKING_TAG = re.compile(r"</?(?:div|p|br|tr|table|h[1-6]|hr|center)\b[^<>]{0,600}>", re.I)
_FRONT_MATTER = re.compile(r"\A\s{0,4}---[ \t]*\n.{0,2000}?\n---[ \t]*\n", re.S)
_HEADING_MARK = re.compile(r"(?m)^[ \t]{0,3}#{1,6}(?=\s|$)[ \t]*")
_EMPHASIS = re.compile(r"\*\*(?P<words>[^*\n]{1,400}?)\*\*")
_LINK = re.compile(
    r"\[(?P<words>[^\[\]\n]{0,200})\]\([^()\s]{1,400}(?:\([^()\s]{0,200}\)[^()\s]{0,200}){0,4}\)"
)
_RULE = re.compile(r"(?m)^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_RETURNS = re.compile(r"\r\n|[\r\f\x0b]")


def looks_like_html(text: str) -> bool:
    """Say whether text is a whole web page rather than prose with a few tags."""
    return bool(_HTML.search(text[:4000]))


def read_plain(text: str) -> Extracted:
    """Read text; stray tags and Markdown marks are removed, lines broken at page width joined."""
    notices: list[str] = []
    mapped = Mapped.of(text).sub(_RETURNS, "\n") if _RETURNS.search(text) else Mapped.of(text)
    if "<" in text and _TAG.search(text):
        mapped = mapped.sub(_FRONT_MATTER, "", "markup")
        mapped = mapped.sub(_BREAKING_TAG, "\n", "markup")
        mapped = mapped.sub(_TAG, "", "markup")
        notices.append("已去除文本中夹带的网页标记。")
    elif text.lstrip().startswith("---"):
        mapped = mapped.sub(_FRONT_MATTER, "", "markup")
    if "&" in text:
        mapped = mapped.sub(_ENTITY, lambda match: html.unescape(match.group()))
    if _HEADING_MARK.search(mapped.text) or "**" in mapped.text:
        mapped = mapped.sub(_HEADING_MARK, "", "markup")
        mapped = _marks_off(mapped, _EMPHASIS)
        mapped = _marks_off(mapped, _LINK)
        mapped = mapped.sub(_RULE, "", "markup")
    return Extracted(unwrapped(mapped), notices)


def _marks_off(mapped: Mapped, pattern: re.Pattern[str]) -> Mapped:
    """Remove what a pattern matches around its group `words`; the words keep their own places."""
    edits: list[Edit] = []
    for match in pattern.finditer(mapped.text):
        edits += (
            Edit(match.start(), match.start("words"), "", "markup"),
            Edit(match.end("words"), match.end(), "", "markup"),
        )
    return mapped.edited(edits) if edits else mapped


_STARTS_ITEM = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.．]|[(（][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}[.．、]|[①-⑳]|第[一二三四五六七八九十]{1,3}[章节条步]|附\s?件|[-•·●]\s)"
)


def unwrapped(mapped: Mapped) -> Mapped:
    """Join lines that were broken at page width: most lines are full and end inside a sentence.

    Text whose lines are whole paragraphs is left alone.
    """
    lines = mapped.text.split("\n")
    widths = [_width(line) for line in lines]
    printed = [w for w in widths if w]
    if len(printed) < 8:
        return mapped
    longest = sorted(printed)[int(len(printed) * 0.95)]
    full = [w >= longest - 6 for w in widths]
    if longest > 140 or longest < 30 or sum(full) < len(printed) * 0.35:
        return mapped
    return joined_lines(mapped, full, [line.startswith(("\u3000\u3000", "    ")) for line in lines])


def joined_lines(mapped: Mapped, full: list[bool], indented: list[bool]) -> Mapped:
    """Join every line to the one before when that one is full and this one begins no paragraph.

    Where paragraphs are indented the indent decides; otherwise a full line that ends a sentence ends a paragraph.
    """
    lines = mapped.text.split("\n")
    trust_indent = sum(indented) >= len(lines) * 0.08
    edits: list[Edit] = []
    at = 0
    for i, line in enumerate(lines):
        if i and full[i - 1] and line.strip() and not indented[i]:
            before = lines[i - 1].rstrip()
            ends_item = before.endswith(("。", "；", "：", "）", ")")) and _STARTS_ITEM.match(line)
            ended = before.endswith("。") and not trust_indent
            if not ends_item and not ended:
                trailing = len(lines[i - 1]) - len(before)
                leading = len(line) - len(line.lstrip())
                # Words of Latin letters broken between lines keep a blank between them.
                apart = before[-1:].isascii() and line.lstrip()[:1].isascii() and before[-1:].isalpha()
                edits.append(Edit(at - 1 - trailing, at + leading, " " if apart else "", "blank"))
        at += len(line) + 1
    return mapped.edited(edits) if edits else mapped


def _width(line: str) -> int:
    """Display width in half-width columns."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in line.rstrip())
