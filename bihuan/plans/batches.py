"""Batches: the same work done group after group, each with its own deadlines and windows (R019)."""

from __future__ import annotations

import re
from datetime import date

from bihuan.plans.deadlines import deadlines, last_deadline
from bihuan.plans.model import Batch, BatchStep, Span
from bihuan.plans.numerals import chinese_number
from bihuan.plans.outline import Node, Outline
from bihuan.plans.periods import own_period

_NUMBERED = re.compile(r"第(?P<number>[一二三四五六七八九十]{1,2}|\d{1,2})批(?:次)?|首批")
# 每批、分批、分期分批 state the principle; 一批 (公开曝光一批) counts nothing.
_PRINCIPLE = re.compile(
    r"分期[、，]?分批|分批[、，]?分期|分批次?(?=[\u4e00-\u9fff]{2}|[，,])|分[一二三四五六七八九两]批"
)
_TITLE = re.compile(r"《[^《》\n]*》")
_STOP = "。；;\n"


def find_batches(outline: Outline, text: str, own_year: int | None) -> list[Batch]:
    """Return the batches in the order of their numbers, each with its steps; the bare principle comes first."""
    titles = [Span(m.start(), m.end()) for m in _TITLE.finditer(text)]
    end = outline.body.end or len(text)
    leaves = [node for node in outline.walk() if not node.children]
    steps: dict[int, list[BatchStep]] = {}
    names: dict[int, str] = {}
    for match in _NUMBERED.finditer(text, 0, end):
        if any(span.start <= match.start() < span.end for span in titles):
            continue
        number = _number(match)
        if not number:
            continue
        span = _clause(text, match.start(), end)
        if any(step.span == span for step in steps.get(number, [])):
            continue
        names.setdefault(number, match.group())
        steps.setdefault(number, []).append(_step(text, span, leaves, own_year))
    principle = next(
        (
            m
            for m in _PRINCIPLE.finditer(text, 0, end)
            if not any(s.start <= m.start() < s.end for s in titles)
        ),
        None,
    )
    found = [
        Batch(names[number], number, steps[number], steps[number][0].span, 0.85, "batch.numbered")
        for number in sorted(steps)
    ]
    if principle:
        place = Span(principle.start(), principle.end())
        found.insert(0, Batch(principle.group(), 0, [], place, 0.7, "batch.principle"))
    return found


def _number(match: re.Match[str]) -> int | None:
    if match.group() == "首批":
        return 1
    printed = match["number"]
    return int(printed) if printed.isdigit() else chinese_number(printed)


def _clause(text: str, position: int, end: int) -> Span:
    """Return the sentence around a mention; a bracket that closes it (（2031年3月底前）) stays with it."""
    start = max(text.rfind(mark, 0, position) for mark in _STOP) + 1
    stop = min((at for mark in _STOP if (at := text.find(mark, position, end)) >= 0), default=end)
    while start < position and text[start].isspace():
        start += 1
    while stop > position and text[stop - 1].isspace():
        stop -= 1
    return Span(start, stop)


def _step(text: str, span: Span, leaves: list[Node], own_year: int | None) -> BatchStep:
    leaf = next((node for node in leaves if node.start <= span.start < node.end), None)
    start = max(span.start, leaf.marker.end) if leaf else span.start
    due: date | None = None
    begin: date | None = None
    latest = last_deadline(deadlines(text, start, span.end, own_year))
    # The window of the whole item stands in its closing bracket, behind a later sentence of the same item.
    window = own_period(text, start, min(leaf.end, span.end + 200) if leaf else span.end, own_year)
    if latest:
        due = latest[0]
    elif window:
        begin, due = window.start, window.end
    place = Span(start, span.end)
    return BatchStep(place.of(text).strip(), begin, due, leaf.path if leaf else "", place)
