"""Zones: areas drawn by roads (东起…南至…西至…北至…), named for short (以下简称“禁燃区”), or listed by name (R008).

A zone may hold parts (（一）城市中心区域：…；（二）南部区域：…), a part its own boundary or again parts in its bracket.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bihuan.plans.claims import Claims
from bihuan.plans.model import Span, Zone
from bihuan.plans.outline import Outline
from bihuan.plans.sections import kind_of

_SIDE = r"(?:东南|东北|西南|西北|东|南|西|北)(?:面|侧|边|部)?"
_BOUND = re.compile(
    rf"(?P<side>{_SIDE})(?:起自?|至|到|临|抵|邻|接|靠|沿|以)\s?(?P<place>(?=[^，,；;。、）)\s]))"
)
_NEXT_BOUND = re.compile(rf"\s*[，,、；;和及与]?\s*(?={_SIDE}(?:起自?|至|到|临|抵|邻|接|靠|沿|以))")
_AREA = r"(?:区域|片区|园区|新区|景区|城区|辖区|区|地带|范围|圈|路段|水域|街区|带)"
_ALIAS = re.compile(
    rf"[（(]\s?(?:以下|下)(?:统一?)?(?:简称|称)(?:为)?[：:]?\s?[“\"‘']?(?P<alias>[^”\"’'（）()]{{2,16}}?{_AREA})[”\"’']?\s?[)）]"
)
_PART = re.compile(
    r"[（(]\s?(?:[一二三四五六七八九十]{1,3}|\d{1,2})\s?[)）]|(?<![\d.])\d{1,2}[.．、](?!\d)|[①-⑳]"
)
_DEFINES = re.compile(
    r"[，,]?(?:是指|为|是|包括|范围为|具体为|分为|划定为|四至)?[：:]?(?=.{0,60}[东南西北](?:起|至|到|临))"
)
_EXCLUDED = re.compile(
    r"[（(]?(?:不(?:包括|包含|含)|除去?)(?P<what>[^（）()，,。；;]{2,40}?)(?:以外|之外|外)?(?=[，,。；;）)]|$)"
)
_INCLUDES = re.compile(r"^(?:主要|具体|分别)?(?:包括|包含|为|是|含)[：:]?")
_PLACE = re.compile(
    r"(?:区|园|村|镇|街道|社区|乡|县|市|景区|路|街|大道|广场|港|码头|河段|流域|岛|库区|路段|工业园|基地|城)$"
)
_CLOSERS = {"（": "）", "(": ")"}


def find_zones(outline: Outline, text: str) -> list[Zone]:
    """Return the zones of a plan in printed order; parts stand inside their zone."""
    found: list[Zone] = []
    regions = _scope_regions(outline, text)
    for alias in _ALIAS.finditer(text, 0, outline.body.end or len(text)):
        region = next((span for span in regions if span.start <= alias.start() < span.end), None)
        if any(zone.alias == alias["alias"] for zone in found):
            continue
        if region or _DEFINES.match(text, alias.end()):
            found.append(_named_zone(text, alias, region or Span(0, outline.body.end or len(text))))
    claims = Claims(Span(0, len(text)), [zone.span for zone in found])
    for first, last in _boundary_runs(text, 0, outline.body.end or len(text)):
        if claims.leave_at(first):
            found.append(_bounded(text, first, last, _name_before(text, first, 0)))
            claims.add(found[-1].span)
    return sorted(found, key=lambda zone: zone.span)


def _scope_regions(outline: Outline, text: str) -> list[Span]:
    """Return the stretches below headings of scope (整治范围, 管控区域); the outermost heading only."""
    found: list[Span] = []
    for node in outline.walk():
        title = text[node.title.start : node.title.end]
        if kind_of(title) == "scope" and not any(span.covers(Span(node.start, node.end)) for span in found):
            found.append(Span(node.title.end, node.end))
    return found


def _named_zone(text: str, alias: re.Match[str], region: Span) -> Zone:
    """Read the zone a sentence gives a short name to, with the parts that follow in the same sentence."""
    start = max(text.rfind(mark, region.start, alias.start()) + 1 for mark in "。；;\n")
    start = max(start, region.start)
    while start < alias.start() and (text[start].isspace() or text[start] in "：:"):
        start += 1
    lead = re.compile(r"[：:]|为|是|包括").search(text, alias.end(), min(region.end, alias.end() + 6))
    body = lead.end() if lead else alias.end()
    stop = _sentence_end(text, body, region.end)
    parts = _parts(text, body, stop)
    boundary: dict[str, list[str]] = {}
    if not parts:
        run = next(iter(_boundary_runs(text, body, stop)), None)
        boundary = _boundary(text, *run) if run else {}
        parts = [] if run else _listed(text, body, stop)
    return Zone(
        name=text[start : alias.start()].strip(' “”"'),
        alias=alias["alias"],
        boundary=boundary,
        parts=parts,
        exclusions=_exclusions(text, body, stop),
        span=Span(start, stop),
        confidence=0.9 if parts or boundary else 0.7,
        rule="zone.named",
    )


def _sentence_end(text: str, start: int, end: int) -> int:
    """Return where the sentence ends; numbered parts on lines of their own still belong to it."""
    stop = start
    while stop < end:
        mark = re.compile(r"[。\n]").search(text, stop, end)
        if not mark:
            return end
        behind = re.compile(r"\s*").match(text, mark.end(), end)
        follow = behind.end() if behind else mark.end()
        if not _PART.match(text, follow, end):
            return mark.start()
        stop = mark.end()
    return end


def _parts(text: str, start: int, end: int) -> list[Zone]:
    """Read numbered parts: name, colon, then a boundary or a list of places."""
    marks = [m for m in _PART.finditer(text, start, end) if _believed(text, m, start)]
    if len(marks) < 2:
        return []
    found = []
    for i, mark in enumerate(marks):
        stop = marks[i + 1].start() if i + 1 < len(marks) else end
        while stop > mark.end() and text[stop - 1] in "；;。，, \n\t\u3000":
            stop -= 1
        colon = re.compile(r"[：:]").search(text, mark.end(), stop)
        name = text[mark.end() : colon.start()].strip() if colon else ""
        inside = colon.end() if colon else mark.end()
        found.append(_part(text, name, inside, stop, mark.start()))
    return [zone for zone in found if zone]


def _believed(text: str, mark: re.Match[str], start: int) -> bool:
    return (
        mark.start() == start
        or text[mark.start() - 1] in "：:；;。，,\n \u3000"
        or text[mark.start()] in "（(①②③④⑤⑥⑦⑧⑨⑩"
    )


def _part(text: str, name: str, start: int, end: int, begin: int) -> Zone:
    first = next(iter(_boundary_runs(text, start, end)), None)
    if first and not text[start : first[0]].strip(" ：:"):
        zone = _bounded(text, *first, name)
        return replace(zone, span=Span(begin, end))
    listed = _listed(text, start, end)
    if not name and len(listed) == 1:
        return replace(listed[0], span=Span(begin, end))
    return Zone(name, "", {}, listed, _exclusions(text, start, end), Span(begin, end), 0.8, "zone.listed")


def _listed(text: str, start: int, end: int) -> list[Zone]:
    """Read places separated by 、 or ，; what stands in a place's bracket is its boundary or its parts."""
    lead = _INCLUDES.match(text[start:end].lstrip())
    if lead:
        start += len(text[start:end]) - len(text[start:end].lstrip()) + lead.end()
    found = []
    for left, right in _pieces(text, start, end):
        bracket = re.compile(r"[（(]").search(text, left, right)
        name = text[left : bracket.start() if bracket else right].strip()
        if not (2 <= len(name) <= 30) or _EXCLUDED.match(name):
            continue
        if not bracket:
            if _PLACE.search(name):
                found.append(Zone(name, "", {}, [], [], Span(left, right), 0.75, "zone.listed"))
            continue
        inside, close = bracket.end(), right - 1 if text[right - 1] in "）)" else right
        run = next(iter(_boundary_runs(text, inside, close)), None)
        if run:
            found.append(replace(_bounded(text, *run, name), span=Span(left, right)))
        elif _PLACE.search(name):
            below = _listed(text, inside, close)
            found.append(
                Zone(
                    name,
                    "",
                    {},
                    below,
                    _exclusions(text, inside, close),
                    Span(left, right),
                    0.75,
                    "zone.listed",
                )
            )
    return found


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a list at 、，；和以及 outside brackets."""
    found, depth, begin = [], 0, start
    for i in range(start, end):
        if text[i] in "（(":
            depth += 1
        elif text[i] in "）)":
            depth = max(0, depth - 1)
        elif depth == 0 and text[i] in "、，,；;。\n":
            found.append((begin, i))
            begin = i + 1
    found.append((begin, end))
    return [(left, right) for left, right in found if text[left:right].strip()]


def _boundary_runs(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches that draw a boundary: at least three sides, one right behind the other."""
    runs: list[tuple[int, int]] = []
    group: list[tuple[int, int, str]] = []
    for match in _BOUND.finditer(text, start, end):
        stop = _place_end(text, match.end(), end)
        gap = text[group[-1][1] : match.start()] if group else ""
        if group and gap.strip("，,、；;和及与 \n\u3000") == "":
            group.append((match.start(), stop, match["side"][:1]))
            continue
        runs += _closed(group)
        group = [(match.start(), stop, match["side"][:1])]
    return runs + _closed(group)


def _closed(group: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
    return [(group[0][0], group[-1][1])] if len({side for _, _, side in group}) >= 3 else []


def _place_end(text: str, start: int, end: int) -> int:
    """Return where the roads of one side end: before the next side, at a closing mark, or after 40 characters."""
    stop = start
    while stop < end and stop - start < 40:
        if text[stop] in "。；;）)\n：:" or (stop > start and _NEXT_BOUND.match(text, stop, end)):
            break
        if text[stop] in "，,（(" and not re.compile(
            r"[，,]\s?[^，,。；;]{2,12}(?:路|街|大道|河|巷|线|道)(?=[，,、；;。）)])"
        ).match(text, stop, end):
            break
        stop += 1
    return stop


def _boundary(text: str, start: int, end: int) -> dict[str, list[str]]:
    sides: dict[str, list[str]] = {}
    for match in _BOUND.finditer(text, start, end):
        stop = _place_end(text, match.end(), end)
        side = re.sub(r"[面侧边部]$", "", match["side"])
        places = [
            p.strip()
            for p in re.split(r"[、，,]|(?<=路)和|(?<=街)和|以及", text[match.end() : stop])
            if p.strip()
        ]
        places = [
            re.sub(
                r"(?:为界|为止|止|一线|为边界|以内|之内|范围内|内)?(?:的?(?:区域|范围|围合区域|合围区域))?$",
                "",
                place,
            )
            or place
            for place in places
        ]
        sides.setdefault(side, []).extend(places)
    return sides


def _bounded(text: str, first: int, last: int, name: str) -> Zone:
    begin = first
    at = text.rfind(name, max(0, first - len(name) - 4), first) if name else -1
    if at >= 0:
        begin = at
    closing = re.compile(r"[）)]").match(text, last)
    exclusions = _exclusions(text, last, _sentence_end(text, last, min(len(text), last + 60)))
    return Zone(
        name,
        "",
        _boundary(text, first, last),
        [],
        exclusions,
        Span(begin, closing.end() if closing and begin < first and "（" in text[begin:first] else last),
        0.9,
        "zone.bounded",
    )


def _name_before(text: str, position: int, start: int) -> str:
    """Return the name printed right before a boundary (经济开发区（东起…, 中心城区：东起…), or ""."""
    left = position
    while left > start and text[left - 1] in "（(：:为 即是":
        left -= 1
    if left == position:
        return ""
    begin = left
    while begin > start and left - begin < 24 and text[begin - 1] not in "，,。；;、：:\n（）()“”":
        begin -= 1
    return re.sub(
        r"^(?:以下|下列|包括|将|在|对|清理|整治|排查|划定|位于|开展|加强|确定)+", "", text[begin:left].strip()
    )


def _exclusions(text: str, start: int, end: int) -> list[str]:
    """Return what is taken out again: 不含…, 除…外."""
    return [match["what"].strip() for match in _EXCLUDED.finditer(text, start, end)]


def alias_names(zones: list[Zone]) -> list[str]:
    """Return the short names of the zones, for texts that speak of 禁燃区内."""
    return [zone.alias for zone in zones if zone.alias]
