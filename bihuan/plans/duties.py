"""Division of labour: which unit is charged with what in a 部门分工 or 职责分工 section (R025, R027)."""

from __future__ import annotations

import re

from bihuan.plans.model import Duty, Span
from bihuan.plans.outline import Node, Outline, heading_of
from bihuan.plans.sections import kind_of
from bihuan.plans.units import is_collective, looks_like_unit, split_units

_VERB = re.compile(
    r"[，,：:]?(?:负责(?!人|同志|制(?![定订])|任)|作为|协助|配合|根据|结合|要(?!求|点|害)|应(?!急)|须|统筹|按照|按|依据|依法|会同|牵头|做好|加强|组织(?!部)|承担|督促|指导"
    r"|对|将|落实|具体|主要|履行|开展|监督|参与|支持|严格|制定|推动|推进|查处|打击|保障|提供"
    # Verbs that names of units hold too (宣传部, 机构编制部门) count only where no such name goes on.
    r"|(?:审核|审查|受理|汇总|收集|汇集|报告|报送|通报|编制|拟订|拟定|制订|建立|健全|完善|实施|执行|完成|排查|检查|巡查|核查|查验|抽查|清理|清查|整治|取缔|处置|处理|调查|侦办|侦查|协调|管理|管控|维护|宣传|发布|引导|深入|全面|及时|定期|抓好|确保|切实|强化|研究|提出|分别|共同|充分|发挥|承办|筹集|安排|拨付|落实)(?![\u4e00-\u9fff]{0,4}(?:局|委|部|办|中心|科|处|所|站|队|厅|会|院|组|机构)))"
)
_BY = re.compile(r"由(?P<units>[\u4e00-\u9fff、（()）]{2,40}?)(?=负责|牵头|依法|按|组织|承担|会同|实施|办理)")
_NO_CHARGE = re.compile(r"成立|设在|下设|组建")
_NOT_A_SUBJECT = re.compile(
    r"^(?:为|按照?|根据|在|需要?|对|对于|经(?=[\u4e00-\u9fff]{0,10}(?:同意|批准|研究|排查))|由|要|应|其他需|凡)|由"
)
_NO_NAME = re.compile(
    r"[“”《》\d]|^(?:明晰|明确|建立|健全|完善|加强|落实|强化|推动|压实|细化|制定|形成|构建)"
)
_STOP = re.compile(r"[。；;\n]")
_CLAUSE = re.compile(r"[，,：:]")


def find_duties(outline: Outline, text: str) -> list[Duty]:
    """Return one entry per charged unit, in printed order."""
    found: list[Duty] = []
    for node in outline.walk():
        if is_torn(node, text):
            found.extend(_from_item(node, text))
        if kind_of(text[node.title.start : node.title.end]) != "duties":
            continue
        lines = _unit_lines(text, node.title.end, node.end)
        items = [duty for child in node.children for duty in _from_item(child, text)]
        if not node.children:
            items = _from_sentences(text, node.title.end, node.end)
        found.extend(lines if len(lines) > len(items) else items)
    unique: dict[tuple[int, str], Duty] = {}
    for duty in found:
        unique.setdefault((duty.span.start, duty.unit), duty)
    return list(unique.values())


_UNIT_LINE = re.compile(
    r"(?:(?<=\n)|(?<=[。；;])|\A)[ \t\u3000]{0,8}(?:\d{1,2}[.．、]|[（(][一二三四五六七八九十]{1,2}[）)])?【?(?P<units>[\u4e00-\u9fff、，（）()及和与]{2,60}?)"
    # 市应急局：, 【市应急局】, and the name in a column of its own.
    r"(?:】[：:]?|\s?(?:[：:]|——|(?=\n))|(?:[ \u3000]{2,}|\t)(?=[\u4e00-\u9fff]))"
)


# 责任单位：… names who, it is nobody's name.
_ROLE_LABEL = re.compile(
    r"(?:责任|牵头|配合|主办|协办|参与|参加|协助|承办|主责|主管|落实|指导|实施|成员|组成|联系|报送|抄送|监督)(?:单位|部门|科室|处室|人|领导)$"
)


_PERSON = re.compile(r"(?:长|任|员|人|人员|同志)(?:职责)?$|职责|要求|目标|内容|重点|措施|时间|范围|是$")
_BEGINS_CHARGE = re.compile(r"\s{0,3}(?:主要)?(?:负责|牵头|协助|配合|组织|做好|统筹|指导|督促|参与|依法)")


def _unit_lines(text: str, start: int, end: int) -> list[Duty]:
    """Return the charges of paragraphs or sentences that each begin with their units (市公安局：1.… 2.…)."""
    heads: list[tuple[int, list[tuple[str, Span]], int]] = []
    for match in _UNIT_LINE.finditer(text, start, end):
        names = split_units(text, *match.span("units"))
        if _ROLE_LABEL.search(match["units"]):
            continue
        short = all(2 <= len(name) <= 8 for name, _ in names) and not _PERSON.search(match["units"])
        if short and match.group()[-1:] in "：:" and _BEGINS_CHARGE.match(text, match.end(), end):
            # 公安：负责… names a department by its field.
            heads.append((match.start(), names, match.end()))
            continue
        known = names and all(looks_like_unit(name) or is_collective(name) for name, _ in names)
        if known and not any(_NO_CHARGE.search(name) or len(name) > 26 for name, _ in names):
            heads.append((match.start(), names, match.end()))
    stops = [head[0] for head in heads[1:]] + [end] if heads else []
    return [
        _duty(text, name, place, begin, stop, "duty.item", 0.9)
        for (_, names, begin), stop in zip(heads, stops, strict=True)
        for name, place in names
    ]


def is_torn(node: Node, text: str) -> bool:
    """Say whether an item is one of a division of labour whose heading stands on a page that is missing."""
    if node.parent or node.is_section or text[node.title.end : node.title.end + 1] not in ("：", ":"):
        return False
    names = split_units(text, *node.title)
    return bool(names) and all(looks_like_unit(name) or is_collective(name) for name, _ in names)


def headed_by_units(node: Node, text: str) -> bool:
    """Say whether an item's heading is nothing but units (1.市公安局：…, （一）市公安局职责)."""
    heading, span = heading_of(text, node.content, 60)
    owned = _OF_DUTIES.search(heading)
    end = span.start + owned.start() if owned else span.end
    names = split_units(text, span.start, end)
    return end - span.start <= 40 and bool(names) and all(looks_like_unit(name) for name, _ in names)


def charges(node: Node, text: str) -> bool:
    """Say whether an item of a division of labour charges a unit: then it is a duty and no task."""
    return bool(_from_item(node, text))


_OF_DUTIES = re.compile(r"(?<![要落履实行])的?(?:主要|工作|具体)?职责(?:分工)?(?:是|为)?$")
_GENERIC = re.compile(
    r"^(?:各|有关|相关|市级|县级|区级)?(?:成员|责任|职能|监管|属地|参与|配合)?(?:单位|部门|属地|政府|企业|领导小组|办公室|专班|工作组)?$|领导小组|专班|指挥部|办公室$"
)


def _from_item(node: Node, text: str) -> list[Duty]:
    """Read an item headed by a unit (1.市公安局：负责…), or the sentences of any other item."""
    heading, span = heading_of(text, node.content, 60)
    owned = _OF_DUTIES.search(heading)
    if owned and _GENERIC.search(heading[: owned.start()]):
        # （一）成员单位职责 heads a list of units; whoever is charged stands below it.
        return [duty for child in node.children for duty in _from_item(child, text)]
    if owned:
        heading, span = heading[: owned.start()], Span(span.start, span.start + owned.start())
    names = split_units(text, span.start, span.end)
    if (
        len(heading) <= 40
        and names
        and all(looks_like_unit(name) or is_collective(name) for name, _ in names)
    ):
        start = span.end + (len(owned.group()) if owned else 0)
        while start < node.end and text[start] in "。：:；; \n\u3000":
            start += 1
        return [_duty(text, name, place, start, node.end, "duty.item", 0.95) for name, place in names]
    if node.children:
        return [duty for child in node.children for duty in _from_item(child, text)]
    return _from_sentences(text, node.marker.end, node.end)


def _duty(text: str, unit: str, place: Span, start: int, end: int, rule: str, confidence: float) -> Duty:
    charge = text[start:end].strip("，,：: \n\u3000")
    return Duty(unit, charge, Span(place.start, end), confidence, rule, {"unit": [place]})


def _from_sentences(text: str, start: int, end: int) -> list[Duty]:
    found: list[Duty] = []
    seen: set[str] = set()
    cursor = start
    for stop in [m.start() for m in _STOP.finditer(text, start, end)] + [end]:
        for duty in _from_sentence(text, cursor, stop):
            if duty.rule != "duty.by" or duty.unit not in seen:
                found.append(duty)
                seen.add(duty.unit)
        cursor = stop + 1
    return found


def _from_sentence(text: str, start: int, end: int) -> list[Duty]:
    while start < end and text[start] in " \u3000。，,：:":
        start += 1
    found: list[Duty] = []
    if not _NO_CHARGE.search(text, start, min(end, start + 200)):
        starts = [start] + [
            m.end() for i, m in enumerate(_CLAUSE.finditer(text, start, end)) if i < 8 or m.group() in ":："
        ]
        for first in starts:
            charged = _labelled(text, first, end) or _charged(text, first, end)
            # A second unit in the same sentence is charged only where a colon or semicolon begins anew.
            if charged and (not found or text[first - 1] in ":："):
                found.extend(charged)
    for match in _BY.finditer(text, start, end):
        for name, place in split_units(text, match.start("units"), match.end("units")):
            if looks_like_unit(name) and name not in [duty.unit for duty in found]:
                charge_start = start if text.startswith(("负责", "牵头"), match.end()) else match.end()
                found.append(_by(text, name, place, charge_start, start, end))
    return found


def _by(text: str, name: str, place: Span, charge_start: int, start: int, end: int) -> Duty:
    return Duty(name, text[charge_start:end].strip(), Span(start, end), 0.8, "duty.by", {"unit": [place]})


def _labelled(text: str, start: int, end: int) -> list[Duty]:
    """Read a clause that names its units before a colon: "X、Y：汇总情况"."""
    colon = re.compile(r"[\u4e00-\u9fff、（）()及和与]{2,60}[：:]").match(text, start, end)
    if not colon or colon.end() >= end or _ROLE_LABEL.search(text[start : colon.end() - 1]):
        return []
    units = split_units(text, start, colon.end() - 1)
    if not units or not all(looks_like_unit(name) or is_collective(name) for name, _ in units):
        return []
    return [_duty(text, name, place, colon.end(), end, "duty.sentence", 0.85) for name, place in units]


def _charged(text: str, start: int, end: int) -> list[Duty]:
    """Read a clause that begins with its units: "X、Y负责…"."""
    for verb in _VERB.finditer(text, start, min(end, start + 60)):
        if verb.start() - start < 2:
            continue
        if _NOT_A_SUBJECT.search(text[start : verb.start()]):
            return []
        comma = _CLAUSE.search(text, verb.end(), end)
        if text[(comma.start() if comma else end) - 1] == "的":
            return []
        units = split_units(text, start, verb.start())
        if units and all(looks_like_unit(name) or is_collective(name) for name, _ in units):
            if any(len(name) > 26 or _NO_NAME.search(name) for name, _ in units):
                return []
            return [
                _duty(text, name, place, verb.start(), end, "duty.sentence", 0.85) for name, place in units
            ]
    return []
