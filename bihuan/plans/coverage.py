"""What becomes of every character of a file: an element claims it, or it is unclassified, blank, or noise.

The cover is gapless by construction and is checked by a property test: nothing a file holds is ever lost silently.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from bihuan.plans.model import Plan, Span
from bihuan.plans.parts import PART_KINDS
from bihuan.plans.reading.mapped import DROPPED_KINDS

COVER_KINDS = {
    "title": "标题",
    "issuer": "发文单位",
    "doc_no": "发文字号",
    "issued_on": "成文日期",
    "heading": "编号与标题",
    "phase": "阶段",
    "task": "任务",
    "duty": "职责",
    "report": "报送",
    "target": "目标",
    "body": "机构",
    "announced": "仅宣布成立的机构",
    "zone": "区域",
    "object": "对象",
    "citation": "引用的文件",
    "fallback": "兜底条款",
    "batch": "批次",
    "form": "表格、文书样式",
    "part": "附件等材料",
    "elsewhere": "同一文件中的其他材料",
    "unclassified": "未归类文字",
    "blank": "空白与标点",
    "noise": "不属于正文的文字",
}
# What is neither word nor number: between two elements it belongs to nobody and needs nobody's attention.
BARE = frozenset(" \t\r\n\u3000\xa0。；;，,：:、.．（()）*#·•-—…!！?？“”\"'‘’【】[]〔〕《》〈〉/|")


class Covered(NamedTuple):
    """A stretch of the original and what it is; `kind` is a key of `COVER_KINDS`, `label` says which one."""

    span: Span
    kind: str
    label: str


def _elements(plan: Plan) -> Iterator[tuple[Span, str, str]]:
    """Yield what claims text, the coarse before the fine: where two overlap the later one has it."""
    for part in plan.parts:
        if part.span and part.kind in ("annex", "form"):
            yield part.span, "part", f"{PART_KINDS[part.kind]}：{part.title}"
    groups: list[tuple[str, list[Any], str]] = [
        ("form", plan.forms, "title"),
        ("object", plan.objects, "text"),
        ("zone", plan.zones, "name"),
        ("citation", plan.citations, "title"),
    ]
    for kind, elements, name in groups:
        for element in elements:
            yield element.span, kind, getattr(element, name)
    for heading in plan.headings:
        yield Span(heading.marker.start, heading.title_span.end), "heading", heading.title
    for phase in plan.phases:
        fields = [span for spans in phase.field_spans.values() for span in spans]
        for span in fields or [phase.span]:
            yield span, "phase", phase.name
    groups = [
        ("task", plan.tasks, "heading"),
        ("duty", plan.duties, "unit"),
        ("body", plan.bodies, "name"),
        ("announced", plan.announced, "name"),
        ("batch", plan.batches, "name"),
        ("fallback", plan.fallbacks, "text"),
        ("report", plan.reports, "when"),
        ("target", plan.targets, "text"),
    ]
    for kind, elements, name in groups:
        for element in elements:
            yield element.span, kind, getattr(element, name)
    for kind in ("title", "issuer", "doc_no"):
        field = getattr(plan, kind)
        if field:
            yield field.span, kind, field.value
    if plan.issued_on_span and plan.issued_on:
        yield plan.issued_on_span, "issued_on", plan.issued_on.isoformat()


def coverage(plan: Plan) -> list[Covered]:
    """Return stretches of the original, in order and without gap or overlap, that together are the whole of it."""
    text, original = plan.source.text, plan.source.original
    meanings: list[tuple[str, str]] = [("blank", ""), ("unclassified", "")]
    owners = array("L", [1]) * len(text)
    for start, end in _bare_runs(text):
        owners[start:end] = array("L", [0]) * (end - start)
    for span, kind, label in _elements(plan):
        start, end = max(span.start, 0), min(span.end, len(text))
        if start < end:
            owners[start:end] = array("L", [len(meanings)]) * (end - start)
            meanings.append((kind, label))
    return _in_original(plan, owners, meanings, len(original))


def _bare_runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the runs of blanks and punctuation that stand alone: whole lines, or between lines."""
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if all(character in BARE for character in line):
            yield start, min(end + 1, len(text))
        elif end < len(text):
            yield end, end + 1
        start = end + 1


def _in_original(plan: Plan, owners: array[int], meanings: list[tuple[str, str]], size: int) -> list[Covered]:
    mapped = plan.source.mapped
    if mapped is None:
        places = owners
    else:
        places = array("L", [0]) * size
        edge = mapped.to_original(Span(0, len(mapped.text)))
        for span, kind, label in _around(plan, edge, size):
            places[span.start : span.end] = array("L", [len(meanings)]) * (span.end - span.start)
            meanings.append((kind, label))
        for part in mapped.dropped:
            places[part.span.start : part.span.end] = array("L", [len(meanings)]) * (
                part.span.end - part.span.start
            )
            meanings.append(("noise", DROPPED_KINDS[part.kind]))
        for start, end, owner in zip(mapped.starts, mapped.ends, owners, strict=True):
            if end - start == 1:
                places[start] = owner
            elif start < end:
                places[start:end] = array("L", [owner]) * (end - start)
    return _runs(places, meanings, plan.source.original)


def _around(plan: Plan, edge: Span, size: int) -> Iterator[tuple[Span, str, str]]:
    """Yield what stands before and behind the text of this plan: the other parts of its file."""
    for start, end in ((0, edge.start), (edge.end, size)):
        if start >= end:
            continue
        if any(part.span is None for part in plan.parts):
            yield Span(start, end), "elsewhere", ""
        for part in plan.parts:
            span = Span(max(part.place.start, start), min(part.place.end, end))
            if part.span is None and span.start < span.end:
                yield span, "elsewhere", f"{PART_KINDS[part.kind]}：{part.title}"


def _runs(places: array[int], meanings: list[tuple[str, str]], original: str) -> list[Covered]:
    found: list[Covered] = []
    at = 0
    for owner, run in groupby(places):
        end = at + sum(1 for _ in run)
        kind, label = meanings[owner]
        if kind in ("unclassified", "blank"):
            bare = BARE.issuperset(original[at:end])
            if bare:
                kind = "blank"
            elif kind == "blank":
                # Markup that became a line break.
                kind, label = "noise", DROPPED_KINDS["markup"]
        if (
            found
            and (found[-1].kind, found[-1].label) == (kind, label)
            and kind in ("noise", "blank", "elsewhere")
        ):
            found[-1] = Covered(Span(found[-1].span.start, end), kind, label)
        else:
            found.append(Covered(Span(at, end), kind, label))
        at = end
    return found


def shares(covered: list[Covered]) -> dict[str, int]:
    """Return the number of characters of each kind, in the order of `COVER_KINDS`."""
    counts = dict.fromkeys(COVER_KINDS, 0)
    for span, kind, _ in covered:
        counts[kind] += span.end - span.start
    return {kind: count for kind, count in counts.items() if count}
