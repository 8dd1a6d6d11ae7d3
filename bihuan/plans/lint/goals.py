"""Targets, and what the plan demands of others without having it itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from bihuan.plans.lint.draft import Draft, Item
from bihuan.plans.lint.finding import Finding
from bihuan.plans.model import Span

_GOAL_TITLE = re.compile(
    r"^(?:工作|总体|主要|整治|行动|治理|年度|具体|阶段)?(?:工作)?目标(?:任务|要求|指标)?$"
)
_MEASURED = re.compile(
    r"\d+(?:\.\d+)?\s?[%％‰]|百分之|\d+\s?(?:个|家|处|户|项|起|人|套|台|座|公里|万|亿|栋|批|件|条|次|名|所|辆)"
    r"|[一二三四五六七八九两十]级|零(?:死亡|事故|发生|增长|容忍)|(?:全覆盖|全部|清零|“?零”?发生|归零)|下降|翻番|[一二三四五六七八九]成|倍|控制(?:数|指标|在[^。；;]{0,20}(?:目标|指标)(?:以内|之内))"
)
_FULL = re.compile(r"全覆盖|(?:率|比例)[^。；，,;]{0,6}?(?:达到?|为|实现)\s?100\s?[%％]")
_BASE = re.compile(
    r"底数|底册|摸底|摸排|普查|台账|建档|登记造册|\d+\s?余?(?:家|户|处|栋|个|座|辆|人|所|台)|清单|全面排查|名录"
)
_RATE = re.compile(
    r"(?P<what>[\u4e00-\u9fff、]{2,24}?(?:率|比例|比重))[^\u4e00-\u9fff。；;，,\d]{0,2}(?:要|应|须|均|全部)?(?:达到?|不低于|不少于|超过|提高到|提升到|提高至|保持在|为|控制在|高于|至少)*\s?(?P<n>\d{1,3}(?:\.\d+)?)\s?[%％]"
)
_COUNT = re.compile(
    r"(?P<verb>建成|培育|创建|打造|新建|改造|新增|建设|完成|整治|配备)(?P<what>[\u4e00-\u9fff]{2,16}?)(?:至少|不少于|共)?\s?(?P<n>\d{1,6})\s?(?P<unit>个|家|处|座|户|台|套|公里|名|栋|所|条)"
)
_WHEN = re.compile(
    r"(?:19|20)\d\d\s?年|\d{1,2}\s?月|年底|第[一二三四]季度|阶段|季度|上半年|下半年|其中|首批|第[一二三]批|至[^。]{0,6}年"
)
_DEMANDED = r"时间表|路线图|任务书|施工图|责任清单|责任人|责任链"
_TIMETABLE = re.compile(rf"(?:{_DEMANDED})(?:[、和及与]{{1,2}}(?:{_DEMANDED}))+|时间表|路线图|任务书|施工图")
_OWNERS = re.compile(r"责任清单|责任人|责任单位|任务书|责任链")


class _Stated(NamedTuple):
    number: str
    when: str
    span: Span


def _goals(draft: Draft) -> list[Item]:
    """Return the items that hold the plan's targets."""
    return [item for item in draft.items if _GOAL_TITLE.match(item.heading.title.strip(" 。：:"))]


def check_measure(draft: Draft) -> Iterator[Finding]:
    """Report a statement of targets without one number, grade, percentage or zero to measure it by."""
    for item in _goals(draft):
        span = item.heading.span
        words = span.of(draft.plain)
        if item.heading.rank > 2 or len(words) < 30 or _MEASURED.search(words):
            continue
        if any(span.covers(target.span) for target in draft.plan.targets):
            continue
        yield draft.finding(
            "target.qualitative",
            "warning",
            Span(item.heading.marker.start, item.heading.title_span.end),
            f"“{draft.quote(item.heading.title_span)}”中没有一个可以核对的数字。",
            "补写可以核对的指标，如“到×年×月底，排查覆盖率达到100%，隐患整改率不低于95%，重大事故隐患全部销号”。",
        )


def check_base(draft: Draft) -> Iterator[Finding]:
    """Advise where a target demands all of something and the plan neither gives the total nor has it counted."""
    if _BASE.search(draft.plain, *draft.body):
        return
    for item in _goals(draft):
        match = _FULL.search(draft.plain, *item.heading.span)
        if match:
            yield draft.finding(
                "target.no_base",
                "advice",
                Span(*match.span()),
                f"要求“{match.group()}”，全文没有对象总数，也没有安排摸清底数。",
                "写明总数（如“全市××家”），或增加“×月底前摸清底数、建立台账”的任务。",
            )


def check_contradiction(draft: Draft) -> Iterator[Finding]:
    """Report one indicator with two numbers, one of them among the targets.

    Numbers of different years, months or stages are no contradiction; nor are those of two tasks, which may mean
    different trades.
    """
    goals = [item.heading.span for item in _goals(draft)]
    stated: dict[str, list[_Stated]] = defaultdict(list)
    for sentence in draft.sentences(draft.body):
        for pattern in (_RATE, _COUNT):
            for match in pattern.finditer(draft.plain, *sentence):
                what = re.sub(r"^(?:其中|确保|力争|实现|使|全市|全县|全区|各地|、)+", "", match["what"])
                name = what if pattern is _RATE else f"{match['verb']}{what}{match['unit']}"
                if len(what) < 2 or (pattern is _RATE and len(what) <= 4):
                    continue  # 整改率 alone does not say of what
                when = "|".join(_WHEN.findall(draft.text[sentence.start : match.end()]))
                stated[name].append(_Stated(match["n"], when, Span(*match.span())))
    for name, places in stated.items():
        first = places[0]
        for other in places[1:]:
            if not any(goal.covers(first.span) or goal.covers(other.span) for goal in goals):
                continue
            if float(other.number) != float(first.number) and (
                not first.when or not other.when or first.when == other.when
            ):
                yield draft.finding(
                    "target.contradiction",
                    "error",
                    other.span,
                    f"“{name}”前面写的是“{draft.quote(first.span, 40)}”，这里是“{draft.quote(other.span, 40)}”。",
                    f"统一为“{draft.quote(first.span, 40)}”，或写明两个数字分别对应的时间。",
                )


def check_demands(draft: Draft) -> Iterator[Finding]:
    """Report a plan that asks others for 时间表, 路线图 or 责任清单 and has neither dates nor owners itself (D2)."""
    match = _TIMETABLE.search(draft.plain, *draft.body)
    if not match or not draft.plan.tasks:
        return
    dated = any(p.start or p.end for p in draft.plan.phases) or any(t.due for t in draft.plan.tasks)
    owned = any(t.lead or t.responsible or t.support for t in draft.plan.tasks) or len(draft.plan.duties) >= 2
    lacks = ([] if dated else ["时间安排"]) + ([] if owned else ["责任分工"])
    sentence = draft.sentence_at(match.start())
    if not owned and dated and not _OWNERS.search(draft.text, *sentence):
        return
    if lacks:
        yield draft.finding(
            "plan.no_timetable",
            "warning",
            Span(*match.span()),
            f"要求制定“{match.group()}”，方案自身却没有{'和'.join(lacks)}。",
            "先在本方案中写明"
            + "、".join(
                {"时间安排": "各阶段起止时间和任务完成时限", "责任分工": "每项任务的牵头单位和配合单位"}[x]
                for x in lacks
            )
            + "。",
        )


CHECKS = (check_measure, check_base, check_contradiction, check_demands)
