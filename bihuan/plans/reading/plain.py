"""Plain text and Markdown: front matter, hard-wrapped lines."""

from __future__ import annotations

import html
import re

from bihuan.plans.reading.extracted import Extracted
from bihuan.plans.reading.mapped import Mapped

_HTML = re.compile(r"<\s*(?:!doctype\s+html|html|head|body)\b", re.I)
_TAG = re.compile(
    r"</?(?:div|p|span|br|table|tr|td|strong|b|i|u|font|center|h[1-6]|img|a|hr)\b[^<>]{0,600}>", re.I
)
_BREAKING_TAG = re.compile(r"</?(?:div|p|br|tr|table|h[1-6]|hr|center)\b[^<>]{0,600}>", re.I)
_FRONT_MATTER = re.compile(r"\A\s{0,4}---[ \t]*\n.{0,2000}?\n---[ \t]*\n", re.S)
_HEADING_MARK = re.compile(r"^[ \t]{0,3}#{1,6}(?=\s|$)[ \t]*")
_EMPHASIS = re.compile(r"\*\*([^*\n]{1,400}?)\*\*")
_LINK = re.compile(r"\[([^\[\]\n]{0,200})\]\([^()\s]{1,400}(?:\([^()\s]{0,200}\)[^()\s]{0,200}){0,4}\)")


def looks_like_html(text: str) -> bool:
    """Say whether text is a whole web page rather than prose with a few tags."""
    return bool(_HTML.search(text[:4000]))


def read_plain(text: str) -> Extracted:
    """Read text; stray tags and Markdown marks are removed, lines broken at page width joined."""
    notices: list[str] = []
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\x0b", "\n")
    if "<" in text and _TAG.search(text):
        text = _FRONT_MATTER.sub("", text, count=1)
        text = _BREAKING_TAG.sub("\n", text)
        text = _TAG.sub("", text)
        notices.append("已去除文本中夹带的网页标记。")
    elif text.lstrip().startswith("---"):
        text = _FRONT_MATTER.sub("", text, count=1)
    if "&" in text:
        text = html.unescape(text)
    lines = text.split("\n")
    marked = sum(1 for line in lines if _HEADING_MARK.match(line))
    if marked or "**" in text:
        lines = [_EMPHASIS.sub(r"\1", _HEADING_MARK.sub("", line)) for line in lines]
        lines = [_LINK.sub(r"\1", line) for line in lines]
        lines = ["" if re.fullmatch(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*", line) else line for line in lines]
    return Extracted(Mapped.of("\n".join(unwrap(lines))), notices)


_STARTS_ITEM = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.．]|[(（][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}[.．、]|[①-⑳]|第[一二三四五六七八九十]{1,3}[章节条步]|附\s?件|[-•·●]\s)"
)


def unwrap(lines: list[str]) -> list[str]:
    """Join lines that were broken at page width: most lines are full and end inside a sentence.

    Text whose lines are whole paragraphs is left alone.
    """
    widths = [_width(line) for line in lines]
    printed = [w for w in widths if w]
    if len(printed) < 8:
        return lines
    longest = sorted(printed)[int(len(printed) * 0.95)]
    full = [w >= longest - 6 for w in widths]
    if longest > 140 or longest < 30 or sum(full) < len(printed) * 0.35:
        return lines
    return join_lines(lines, full, [line.startswith(("\u3000\u3000", "    ")) for line in lines])


def join_lines(lines: list[str], full: list[bool], indented: list[bool]) -> list[str]:
    """Join every line to the one before when that one is full and this one begins no paragraph.

    Where paragraphs are indented the indent decides; otherwise a full line that ends a sentence ends a paragraph.
    """
    trust_indent = sum(indented) >= len(lines) * 0.08
    joined: list[str] = []
    for i, line in enumerate(lines):
        before = joined[-1].rstrip() if joined else ""
        ends_item = before.endswith(("。", "；", "：", "）", ")")) and _STARTS_ITEM.match(line)
        ended = before.endswith("。") and not trust_indent
        if i and full[i - 1] and line.strip() and not (indented[i] or ends_item or ended):
            joined[-1] = before + line.strip()
        else:
            joined.append(line)
    return joined


def _width(line: str) -> int:
    """Display width in half-width columns."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in line.rstrip())
