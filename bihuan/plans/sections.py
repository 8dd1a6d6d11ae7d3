"""What a heading announces: work, phases, division of labour, goals, or an introduction that orders nothing."""

from __future__ import annotations

import re
from functools import lru_cache

KINDS = {
    "introduction": "指导思想、总体要求、工作原则等，不下达任务",
    "goals": "工作目标",
    "scope": "范围与对象",
    "cost": "经费",
    "phases": "实施步骤、时间安排",
    "duties": "部门分工、职责分工",
    "work": "任务、措施与要求",
}

_INTRODUCTION = re.compile(
    r"(?:指导思想|总体(?:要求|思想|思路)|工作思路|(?:基本|工作|总体|整治)?原则|工作背景|背景(?:情况|意义)?|编制依据|工作依据"
    r"|依据|重要意义|(?:重要)?意义|前言|引言|总则|适用范围|术语和?定义|名词解释|基本情况|现状)"
)
_GOALS = re.compile(
    r"(?:(?:工作|总体|主要|整治|行动|治理|年度|基本|预期|具体|阶段性?|创建|考核|任务)?(?:工作)?目标)(?:指标|要求)?"
)
_SCOPE = re.compile(
    r"(?:[\u4e00-\u9fff、]{0,12}(?:范围|对象)|(?:专项)?(?:排查|整治|检查|治理)(?:重点)?(?:区域|领域))"
    r"(?:[和与及、](?:重点)?(?:范围|对象|时间|时限|区域|重点))?"
)
_COST = re.compile(r"(?:费用|经费|资金)(?:构成|预算|概算|测算|来源|估算|安排)|投资(?:估算|概算)|采购清单")
_PHASES = re.compile(
    r"步骤|时间安排|进度安排|阶段安排|实施阶段|时间节点|时间步骤|工作进度|日程安排|时间进度|实施时间|推进安排|工作安排"
)
_DUTIES = re.compile(
    r"(?:职责|责任|部门|任务|工作)分工|(?:部门|单位|工作|成员单位)职责|职责任务|责任划分|职能分工"
)
_CLEAN = re.compile(r"[\s“”\"'（(].*$")


@lru_cache(maxsize=8192)
def kind_of(title: str) -> str:
    """Return the kind of section a heading announces (a key of `KINDS`).

    Headings that name two things (目标任务) count as work, because work left out is lost and work
    shown too much can be removed by hand.
    """
    plain = _CLEAN.sub("", title.strip()) or title.strip()
    plain = plain.rstrip("。：:；;")
    if _INTRODUCTION.fullmatch(plain):
        return "introduction"
    if _GOALS.fullmatch(plain) or re.fullmatch(
        r"(?:指导思想|总体要求|总体思路|基本原则)[和与及、].{0,6}(?:目标|原则)", plain
    ):
        return "goals"
    if _SCOPE.fullmatch(plain) and not plain.endswith("内容"):
        return "scope"
    if _COST.search(plain):
        return "cost"
    if _DUTIES.search(plain):
        return "duties"
    if _PHASES.search(plain):
        return "phases"
    return "work"


def orders_nothing(kind: str) -> bool:
    """Say whether items below a heading of this kind are not tasks."""
    return kind in ("introduction", "goals", "scope", "cost")
