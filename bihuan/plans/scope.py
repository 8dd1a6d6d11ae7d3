"""What the campaign is aimed at: 整治范围, 整治对象, with what is included and what is left out (R007, R009, R010)."""

from __future__ import annotations

import re

from bihuan.plans.around import found_around
from bihuan.plans.claims import Claims
from bihuan.plans.model import ObjectScope, Span, Zone
from bihuan.plans.objects import object_hints
from bihuan.plans.outline import Node, Outline
from bihuan.plans.sections import kind_of
from bihuan.plans.zones import alias_names

_SUBJECT = (
    r"(?:本次|此次|这次)?(?:[\u4e00-\u9fff、]{0,10}?(?:排查|整治|检查|治理|适用|服务|行动|实施|监管|管控|抽查|督导|覆盖|执法|指导服务|普查|摸排))?"
    r"(?:、[\u4e00-\u9fff]{2})?(?:的|工作)?(?:重点)?(?:企业|单位|场所)?(?:范围|对象)(?:和重点)?"
)
_STATES = re.compile(
    rf"{_SUBJECT}(?:主要|具体)?(?:为|是|包括|包含|涵盖|限于|确定为|如下)[：:]?\s?(?P<what>[^。\n]{{4,}})"
)
# The words every such statement holds, and how far before them its subject may begin (counted from _SUBJECT).
_STATED = re.compile(r"(?:范围|对象)(?:和重点)?(?:主要|具体)?(?:为|是|包括|包含|涵盖|限于|确定为|如下)")
_LONGEST_SUBJECT = 40
_LEAD = re.compile(rf"\s*(?:{_SUBJECT}(?:主要|具体)?(?:为|是|包括|包含|涵盖|确定为|如下)?[：:]?\s?)?")
_FOLLOWING = re.compile(r"(?:如下|以下[\u4e00-\u9fff]{0,10}|下列[\u4e00-\u9fff]{0,10})[：:]?$")
_EXCEPT = re.compile(
    r"除(?P<before>[^，,。；;除]{2,40}?)(?:以外|之外|外)(?!部|来|资|包|用|墙|卖|贸|地)"
    r"|(?:，|,|。|（|\(|；|;)?(?:但)?不(?:包括|包含|含)(?P<not>[^。；;，,（）()]{2,60})"
    r"|[，,（(](?P<after>[^，,。；;（）()]{2,40}?)除外"
)
_INCLUDING = re.compile(
    r"(?:主要|具体|重点)?(?:包括|包含|涵盖|特别是|尤其是)(?:但不限于)?[：:]?(?P<what>[^。；;]{2,200})"
)
_AND = re.compile(r"以及|及其|和|及|与")
_ETC = re.compile(r"等(?:[\u4e00-\u9fff]{0,12})?$")
_VERB = re.compile(r"(?:要|应|须|开展|加强|推进|落实|督促|组织|确保)[\u4e00-\u9fff]{2}")


def find_objects(outline: Outline, text: str, zones: list[Zone]) -> list[ObjectScope]:
    """Return the stated objects of the campaign in printed order; what only draws a zone is none."""
    found: list[ObjectScope] = []
    claims = Claims(Span(0, len(text)))
    aliases = alias_names(zones)
    for node in outline.walk():
        title = text[node.title.start : node.title.end]
        if kind_of(title) == "scope" and claims.leave_at(node.start):
            section = _of_section(node, text, zones, aliases)
            found += section
            for scope in section:
                claims.add(scope.span)
    stop = outline.body.end or len(text)
    for match in found_around(_STATES, _STATED, _LONGEST_SUBJECT, text, 0, stop):
        span = Span(*match.span("what"))
        if claims.leave(span) and not _draws(zones, span) and not _VERB.match(match["what"]):
            found.append(_scope(text, span, aliases, "object.sentence", 0.85))
            claims.add(found[-1].span)
    return sorted(found, key=lambda scope: scope.span)


def _of_section(node: Node, text: str, zones: list[Zone], aliases: list[str]) -> list[ObjectScope]:
    """Read a scope section: each sentence of its own text, each item below it."""
    stretches = [_own(node)]
    stretches += [Span(*below.own) for below in node.walk() if below is not node]
    found = []
    for stretch in stretches:
        for left, right in _sentences(text, stretch):
            lead = _LEAD.match(text, left, right)
            left = lead.end() if lead and lead.end() < right else left
            piece = text[left:right]
            bare = _FOLLOWING.search(piece)
            if len(piece) < 4 or (bare and bare.end() - bare.start() >= len(piece) - 8):
                continue
            if not _draws(zones, Span(left, right)):
                found.append(_scope(text, Span(left, right), aliases, "object.section", 0.9))
    return found


def _own(node: Node) -> Span:
    """Return the text of a heading itself: behind its title when the title is a line, else all up to the first child."""
    return Span(node.title.end, node.own.end)


def _sentences(text: str, span: Span) -> list[tuple[int, int]]:
    found, cursor = [], span.start
    for stop in [*(m.start() for m in re.compile(r"[。\n]").finditer(text, *span)), span.end]:
        left, right = cursor, stop
        while left < right and text[left] in " \t\u3000：:；;，,。、":
            left += 1
        while right > left and text[right - 1] in " \t\u3000；;，,：:":
            right -= 1
        if right - left >= 4:
            found.append((left, right))
        cursor = stop + 1
    return found


def _draws(zones: list[Zone], span: Span) -> bool:
    return any(zone.span.start < span.end and span.start < zone.span.end for zone in zones)


def _scope(text: str, span: Span, aliases: list[str], rule: str, confidence: float) -> ObjectScope:
    piece = span.of(text)
    exclusions: list[str] = []
    for match in _EXCEPT.finditer(piece):
        exclusions += _names(next(value for value in match.groups() if value))
    listed = _INCLUDING.search(_EXCEPT.sub("", piece))
    includes = _names(listed["what"]) if listed else []
    return ObjectScope(
        text=piece,
        includes=includes,
        exclusions=exclusions,
        kinds=object_hints("对" + _EXCEPT.sub("", piece)),
        zone=next((alias for alias in aliases if alias in piece), ""),
        span=span,
        confidence=confidence,
        rule=rule,
    )


def _names(text: str) -> list[str]:
    """Split a list of things at 、 and at the conjunction before the last one; 等 and what follows is dropped."""
    depth, begin, pieces = 0, 0, []
    for i, c in enumerate(text):
        depth += (c in "（(") - (c in "）)")
        if depth <= 0 and c in "、，,":
            pieces.append(text[begin:i])
            begin = i + 1
    pieces.append(text[begin:])
    last = _AND.split(pieces[-1], maxsplit=1)
    if len(last) == 2 and len(last[0]) >= 2 and len(last[1]) >= 2:
        pieces[-1:] = last
    names = [_ETC.sub("", piece).strip(" 。；;：:（()）") for piece in pieces]
    return [name for name in names if len(name) >= 2]
