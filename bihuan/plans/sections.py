"""What a heading announces: work, phases, division of labour, goals, or an introduction that orders nothing."""

from __future__ import annotations

import re
from functools import lru_cache

KINDS = {
    "introduction": "指导思想、总体要求、工作原则等，不下达任务",
    "goals": "工作目标",
    "scope": "范围与对象",
    "cost": "经费",
    "situation": "基本情况、存在问题、工作成效，只作陈述",
    "phases": "实施步骤、时间安排",
    "duties": "部门分工、职责分工",
    "work": "任务、措施与要求",
}

_INTRODUCTION = re.compile(
    r"(?:指导思想|总体(?:要求|思想|思路)|工作思路|(?:基本|工作|总体|整治)?原则|工作背景|背景(?:情况|意义)?|编制依据|工作依据"
    r"|依据|(?:重要|重大)?意义|前言|引言|总则|适用范围|术语(?:和?定义)?|名词解释|有关说明|编制说明|整治依据|检查依据|指导方针)"
)
_SITUATION = re.compile(
    r"(?:[\u4e00-\u9fffx×X\d]{0,12}(?:基本|总体|工作|开展|进展|完成|有关|事故|主要|企业)(?:工作)?(?:情况|概况)|(?:现状|概况|形势)(?:和|与|及)?(?:分析|形势|问题)?"
    r"|(?:存在|面临|发现|突出|主要)的?(?:存在的?|突出的?|主要的?|共性)?(?:问题|困难|不足|短板)(?:和|与|及)?(?:不足|困难|原因|短板|分析)?"
    r"|[\u4e00-\u9fffx×X\d]{0,8}(?:(?:19|20)\d\d|[x×X]{2,4}|上半|下半|去)年(?:度)?[\u4e00-\u9fff]{0,8}(?:总结|回顾|情况|成效)|工作回顾"
    r"|(?:主要|取得的?|工作)(?:做法|成效|成绩|经验|亮点)(?:和|与|及)?(?:成效|做法|经验)?|原因分析|事故教训|背景情况)"
)
_GOALS = re.compile(
    r"(?:(?:工作|总体|主要|整治|行动|治理|年度|基本|预期|具体|阶段性?|创建|考核|任务)?(?:工作)?目标)(?:指标|要求)?|(?:预期|预计)(?:的)?(?:效果|成效|成果)"
)
_SCOPE = re.compile(
    r"(?:[\u4e00-\u9fff、]{0,12}(?:范围|对象)|(?:专项)?(?:排查|整治|检查|治理)(?:重点)?(?:区域|领域))"
    r"(?:[和与及、](?:重点)?(?:范围|对象|时间|时限|区域|重点))?"
)
_COST = re.compile(r"(?:费用|经费|资金)(?:构成|预算|概算|测算|来源|估算|安排)|投资(?:估算|概算)|采购清单")
_PHASES = re.compile(
    r"步骤|(?:时间|进度|阶段|日程|推进|工作|时序|整治|行动|实施|活动)(?:工作)?(?:和|与|及)?(?:时间|进度|阶段|步骤)?安排|(?:实施|工作|整治|行动|活动|推进)阶段$"
    r"|阶段划分|时间(?:节点|步骤|进度|要求|划分)|工作进度|(?:实施|整治|检查|排查|行动|活动|工作|开展|治理|起止|执行)时间|^时间|进度(?:计划|要求)|实施计划|工作流程|方法步骤"
)
_DUTIES = re.compile(
    r"(?:职责|责任|部门|任务|工作|职能)分工$|(?:职责|责任|任务|工作)分工(?!方案|表|情况)|部门分工|(?:部门|单位|成员|工作|主要|各方|岗位|相关|职能)(?:的)?(?:主要|工作|具体)?职责"
    r"|职责(?:任务|划分|要求|和任务|及任务)|责任划分|职能分工|分工(?:和|与|及|、)职责|职责(?:和|与|及|、)分工|(?:和|与|及|、)职责$|^职责$"
)
# 活动内容与责任分工: what is to be done stands first, the shares in brackets behind it.
_WORK_AND_SHARES = re.compile(r"(?:内容|任务|措施|项目|重点)(?:和|与|及|、)(?:职责|责任|任务|部门)?分工$")
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
    if _SITUATION.fullmatch(plain):
        return "situation"
    if _COST.search(plain):
        return "cost"
    if _DUTIES.search(plain) and not _WORK_AND_SHARES.search(plain):
        return "duties"
    if _PHASES.search(plain):
        return "phases"
    return "work"


_OPENING_CHAPTER = re.compile(
    r"总\s{0,2}则|附\s{0,2}则|(?:工作|编制)?(?:背景|依据)(?:情况)?|(?:重要|重大)?意义|前言|引言|术语(?:和?定义)?|名词解释|适用范围|编制说明"
)


def is_frame_chapter(title: str) -> bool:
    """Say whether a chapter opens or closes a document (总则, 背景, 附则): nothing below it orders work."""
    return bool(_OPENING_CHAPTER.fullmatch(title.strip(" 。：:")))


# A section title inside a run-on text is believed by one of these words.
ANNOUNCES_SECTION = re.compile(
    r"目标|要求|任务|措施|安排|步骤|保障|组织|领导|范围|对象|内容|思想|思路|原则|分工|职责|构成|方式|重点|机制|实施|费用|监督|考核|附则|时间|背景|总则|责任|阶段"
)
_SECTION_LINE = re.compile(
    r"(?:[\u4e00-\u9fff]{2,10}(?:思想|目标|要求|任务|措施|安排|步骤|原则|范围|对象|内容|分工|职责|保障|机构|时间|方式|方法|重点|机制|报送|背景)"
    r"|组织(?:领导|实施|保障)|(?:监督|督导|检查|评估)考核|考核(?:评估|奖惩|问责)|总\s{0,2}则|附\s{0,2}则|(?:整治|检查|排查)(?:项目|标准)|责任追究|(?:任务|目标)和要求)[:：]?"
)


def is_section_line(line: str) -> bool:
    """Say whether a line that prints no number is a section heading by its words alone (工作目标, 【保障措施】)."""
    return bool(_SECTION_LINE.fullmatch(line.strip("【】 \u3000*#")))
