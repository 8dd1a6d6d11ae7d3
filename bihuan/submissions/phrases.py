"""What the wording of a paper upward must not do: a report that asks, a request that asks twice. Pure.

《党政机关公文处理工作条例》（中办发〔2012〕14号）第十五条：请示应当一文一事，不得在报告等非请示性公文中夹带请示事项，原则上主送
一个上级机关；第十四条：一般不得越级行文，特殊情况需要越级行文的，应当同时抄送被越过的机关。
"""

from __future__ import annotations

import re

# How a text asks for a decision. Longer phrases stand first, so that what is told is what was read.
_ASKS = re.compile(
    "妥否|当否|可否|是否妥当|"
    "请(?:予|予以|给予|求)?(?:审批|批准|批示|批复|核准|审定|审议|指示|裁定|支持|解决|研究决定|明确|同意|答复)|"
    "(?:恳请|敬请|特请|望请|拟请|提请|商请)(?!示)|望予(?:批准|批复|支持|解决)|予以(?:批准|批复|支持)为盼|"
    "(?:现|特|一并)请示"
)
# 请审阅、请阅示 close a report and ask for nothing; so does what others asked of the unit.
_HARMLESS = re.compile(
    "请(?:审阅|阅示|阅知|查收)|(?:已|曾|前期|此前)(?:经|向)?[^。；，]{0,12}(?:请示|报请|提请)"
)
_MATTER = re.compile(
    r"(?:^|\n|[。；：])\s*(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d{1,2}[.．、])"
)
_ALSO = re.compile("(?:另外|此外|同时|一并|还)，?(?:再)?(?:恳请|请予|请求|申请|请示|提请|请批准)")
# 和 and 及 stand in the names of single bodies (住房和城乡建设厅、应急及消防局); only what surely joins two is told.
_SEVERAL = re.compile("[、，,;；]|以及|并报|并转")


def asking_words(text: str) -> list[str]:
    """The words by which a text asks for a decision, each once, in the order they stand; [] when it asks nothing."""
    spared = [each.span() for each in _HARMLESS.finditer(text)]
    found: dict[str, None] = {}
    for each in _ASKS.finditer(text):
        if not any(start <= each.start() < end for start, end in spared):
            found[each.group()] = None
    return list(found)


def several_matters(ask: str) -> bool:
    """Whether what is asked seems to be more than one matter: numbered, or with an “另请” behind it."""
    return len(_MATTER.findall(ask)) > 1 or bool(_ALSO.search(ask))


def names_several(addressee: str) -> bool:
    """Whether the name of an addressee outside names more than one body."""
    return bool(_SEVERAL.search(addressee.strip()))


def remarks(form: str, *, title: str, situation: str, ask: str) -> list[str]:
    """What is to be looked at again before a paper goes up, in sentences; nothing is held up by them.

    `form` is "request" or "situation".
    """
    found = []
    if form == "situation":
        words = asking_words("\n".join([title, situation, ask]))
        if words:
            quoted = "、".join(f"“{each}”" for each in words[:5])
            found.append(
                f"报告里出现了请求答复的话（{quoted}）。报告不得夹带请示事项，上级不对报告作批复；"
                "需要答复的，请另写请示（《党政机关公文处理工作条例》第十五条）"
            )
        if "请示报告" in title or "请示" in title.replace("请示报告", ""):
            found.append("标题里写了“请示”，文种却是报告，请统一")
    else:
        if not asking_words(ask) and ask.strip():
            found.append("请示事项没有写明请求上级决定什么，建议写成“拟……，请予批准”")
        if several_matters(ask):
            found.append(
                "请示事项好像不止一件。请示应当一文一事，不同的事请分开写（《党政机关公文处理工作条例》第十五条）"
            )
        if "报告" in title:
            found.append("标题里写了“报告”，文种却是请示；请示和报告不能混用")
    return found
