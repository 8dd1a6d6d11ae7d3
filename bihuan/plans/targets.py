"""Numeric targets: counts and percentages to be reached, as printed and short (CONVENTION C5, R006)."""

from __future__ import annotations

import re
from bisect import bisect_left

from bihuan.plans.model import Span, Target
from bihuan.plans.outline import Node, Outline
from bihuan.plans.sections import kind_of, orders_nothing

_COUNTED = r"(?:名|人(?!次)|家|个(?!月|工作日|小时|时间段|方面|环节|环境|百分点)|处|户|套|台|支|组|座|所|辆|艘|公里|千米|万人|万户|万家|亩|吨|支队伍|间|条(?!硬)|对)"
_NUM = r"(?:\d+(?:\.\d+)?(?:余)?(?:万)?)"
_AT_LEAST = re.compile(
    rf"(?:每(?:个|家|所|名|处|镇|乡|县|村|社区|专业|单位|企业|班组)?[\u4e00-\u9fff]{{0,6}})?"
    rf"(?:至少|不少于|不低于|力争|新增|累计)(?:配备|建成|创建|培育|打造|完成|培训|设置|设立|确定|选树|评选|培养|推广|组建|建立|达到|有)?"
    rf"\s?{_NUM}\s?{_COUNTED}"
)
_PERCENT = re.compile(
    r"[^，,。；;：:、\n]{2,30}?(?:达到?|不低于|不少于|提高到?|提升至?|完成|控制在|下降|降低|减少|增长|保持在?|为|(?<=率))\s?(?:了)?(?:至|到)?\s?(?:\d+(?:\.\d+)?\s?[%％]|百分之[一二三四五六七八九十百]+)(?:以上|以内|以下|及以上)?"
)
_VERB_COUNT = re.compile(
    rf"(?<!已)(?:建成|创建|培育|打造|完成|关闭|淘汰|新建|改造|更新|整治|培训|选树|评选|推广|组建|新增|建设)(?:在运|不少于|至少|约|全[市县区省])?\s?{_NUM}\s?{_COUNTED}[^，,。；;、：:\n]{{0,28}}"
)
_NOUN_COUNT = re.compile(
    rf"(?<!已)(?:建成|创建|培育|打造|新建|改造|更新|选树|评选|推广|组建|新增|建设|培训)[^，,。；;、：:\n\d]{{2,16}}(?:不少于|至少|达到?)?\s?{_NUM}\s?{_COUNTED}(?:以上)?"
)
_OPENING_COUNT = re.compile(
    rf"(?<=[，,、；;。])(?:完成(?:在运)?)?{_NUM}\s?{_COUNTED}[^，,。；;、：:\n（）()]{{0,20}}[（(][^（）()\n]{{2,16}}[）)]"
    r"(?:(?!等)[^，,。；;、：:\n]){0,30}"
)
_GOAL_COUNT = re.compile(rf"(?<=等){_NUM}\s?{_COUNTED}[^，,。；;：:\n]{{2,50}}")
_LEAD = re.compile(
    r"^(?:[^，,]{0,12}?(?:确保|力争|努力|实现|使|要|将)|到(?:19|20)\d\d年底?|(?:19|20)\d\d年底?前?|年内|年底前|其中|同时|并|且|和|以及)+"
)
_NOT_A_TARGET = re.compile(
    r"学时|课时|小时|[0-9一二两三]次|轮|批|零|标准限值|国家标准|浓度|爆炸下限|含量|采购规模|费用|万元|亿元|利率|的企业|的单位"
)


def find_targets(outline: Outline, text: str) -> list[Target]:
    """Return the targets of the plan's goals and work items, in printed order."""
    found: list[Target] = []
    for node in outline.walk():
        start, end = (node.title.start, node.own.end)
        kind = _kind(node, text)
        if kind in ("cost", "scope", "introduction"):
            continue
        patterns = [
            (_AT_LEAST, "target.at_least", 0.9),
            (_PERCENT, "target.percent", 0.85),
            (_OPENING_COUNT, "target.counted", 0.7),
        ]
        if kind == "goals":
            patterns.append((_GOAL_COUNT, "target.goal_count", 0.6))
        patterns.append((_NOUN_COUNT, "target.verb_count", 0.7))
        patterns.append((_VERB_COUNT, "target.verb_count", 0.7))
        taken = _Taken()
        for pattern, rule, confidence in patterns:
            for match in pattern.finditer(text, start, end):
                target = _target(text, match, rule, confidence)
                if target and taken.claim(target.span):
                    found.append(target)
    return sorted(found, key=lambda target: target.span)


class _Taken:
    """Disjoint spans in order, so that two patterns never claim the same words."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def claim(self, span: Span) -> bool:
        """Keep the span and return True, unless it overlaps one already kept."""
        at = bisect_left(self._spans, span)
        if at < len(self._spans) and self._spans[at].start < span.end:
            return False
        if at and self._spans[at - 1].end > span.start:
            return False
        self._spans.insert(at, span)
        return True


def _kind(node: Node, text: str) -> str:
    branch: Node | None = node
    while branch:
        kind = kind_of(text[branch.title.start : branch.title.end])
        if orders_nothing(kind):
            return kind
        branch = branch.parent
    return "work"


def _target(text: str, match: re.Match[str], rule: str, confidence: float) -> Target | None:
    start, end = match.span()
    printed = match.group()
    if rule == "target.percent":
        lead = _LEAD.match(printed)
        if lead and lead.end() < len(printed) - 3:
            start += lead.end()
    printed = text[start:end].strip()
    if _NOT_A_TARGET.search(printed) or re.search(r"占[^，。]{0,10}[%％]", printed):
        return None
    after = text[end : end + 4]
    if rule == "target.percent" and after.startswith(("的", "时", "，应", "，要求")):
        return None
    return Target(printed, Span(start, start + len(printed)), confidence, rule)
