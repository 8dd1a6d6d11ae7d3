"""Numeric targets: counts and percentages to be reached, as printed and short (CONVENTION C5, R006)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bihuan.plans.claims import Claims
from bihuan.plans.model import Span, Target
from bihuan.plans.numerals import chinese_number
from bihuan.plans.outline import Node, Outline
from bihuan.plans.sections import kind_of

_COUNTED = (
    r"(?:名|人(?:次)?|家|个(?!月|工作日|小时|时间段|方面|环节|环境|百分点|阶段|专题|一律|必须|严禁|重点任务|专项|问题|领域|行业|部分|等级)|处|户|套|台|支|组|座|所|辆|艘|公里|千米|米(?!以[上下内])"
    r"|万人|万户|万家|亩|公顷|吨|间|条(?!硬|措施|意见|规定)|对(?!违|存|辖)|只|道|批次|平方米|立方米|平方公里|具|盏|口|孔|株|棵|班(?!组)|件套|千瓦|兆瓦|车次|项目|场(?!所)|份|块|面(?!积)|根|张|幅|盒|篇|项(?!目|措施|制度|要求|内容|重点|规定|职责|机制|原则)|起(?=以内|以下|左右|以上|$|[，。；、]))"
)
_NUM = r"(?:(?<=[少于低])[一二两三四五六七八九十百]{1,4}|\d{1,12}(?:,\d{3})*(?:\.\d{1,9})?\s?(?:余)?(?:[万亿千百])?)"
_PERCENTAGE = r"(?:\d{1,12}(?:\.\d{1,9})?\s?(?:[%％‰]|个百分点)|百分之[一二三四五六七八九十百点零]+)"
_VERBS = (
    r"(?:建成|建立|创建|培育|打造|完成|关闭|淘汰|新建|改造|更新|整治|培训|选树|评选|推广|组建|新增|建设|减少|配备|设置|增设|安装|抽检|抽查|治理|拆除|撤并|撤销|压减|压降|退出|取缔|搬迁|迁建|修建|布设|配置|加装|更换"
    r"|改建|扩建|选派|招聘|举办|开展|组织|培养|孵化|引进|认定|验收|清淤|疏浚|清理|清除|销号|补种|发放|投放|覆盖|实现|达到?|控制|提升|检查|排查|聘请|储备|购置|采购|硬化|开通|打通|完善|查处|曝光|公布|发放|张贴|悬挂|编制|征集|立案|办理|选拔|遴选|扶持|资助|支持|开工|竣工|投产|吸纳|帮扶|救助|筛查|施工|轮训|复训|解决|招募|招收|查扣|查获|查办|破获|打掉|收缴|关停|报废|回收|拆解|栽植|走访|派驻|印制|制作|惠及|配套)"
)
_AT_LEAST = re.compile(
    rf"(?:每(?:个|家|所|名|处|镇|乡|县|村|社区|专业|单位|企业|班组|辆|座|站|区|市|科室|车间|矿|栋|校)?[\u4e00-\u9fff]{{0,6}}(?:[（(][^（）()\n]{{1,8}}[）)])?)?"
    rf"(?:至少|最少)(?:要|应|须)?(?:配备|建成|创建|培育|打造|完成|培训|设置|设立|确定|选树|评选|培养|推广|组建|建立|达到|有|开展|组织|抽检|抽查|检查|配足|安排|新增|举办|聘请|储备)?"
    rf"\s?(?:(?P<percent>{_PERCENTAGE})|(?:{_NUM}|[一二两三四五六七八九十]{{1,3}})\s?{_COUNTED})"
)
# 90%以上的规模企业完成创建: the share stands first, what it is a share of after it.
_SHARE_FIRST = re.compile(
    rf"{_PERCENTAGE}(?:以上|及以上)?的[\u4e00-\u9fffA-Za-z0-9]{{2,24}}?(?:完成|达到|达标|建成|实现|通过|配备|建立|纳入|接入|安装|签订|落实)[^，,。；;、：:\n（()）]{{0,20}}"
)
# Every target prints one of these; most items hold none and need no closer look.
_ANY_COUNT = re.compile(r"\d|百分之|至少|最少|不少于|不低于|不超过")
# 摸排率、鉴定率、整改率三个100%: the sum of a list of rates. Where 即 or a colon follows, the rates stand one by one.
_ALL_FULL = re.compile(
    r"(?:(?<=确保)|(?<=实现)|(?<=做到)|(?<=达到)|(?<![\u4e00-\u9fff])(?!确保|实现|做到|达到))[\u4e00-\u9fff]{2,20}?[率面](?:[、和及][\u4e00-\u9fff]{2,20}?[率面]){1,6}(?:实现|达到|均达到?)?[“”]?[两三四五六2-6]个\s?[“”]?100\s?[%％][“”]?"
)
_OPENING_COUNT = re.compile(
    rf"(?<=[，,、；;。])(?:完成(?:在运)?)?{_NUM}\s?{_COUNTED}[^，,。；;、：:\n（）()]{{0,20}}[（(][^（）()\n]{{2,16}}[）)]"
    r"(?:(?!等)[^，,。；;、：:\n]){0,30}"
)
# 每个县（市、区）打造3个样板工地, 在两村各建1个收储点: so many for each.
_FOR_EACH = re.compile(
    rf"(?:每(?:个|家|所|座)?[\u4e00-\u9fff]{{1,6}}(?:[（(][^（）()\n]{{1,8}}[）)])?|在[\u4e00-\u9fff、]{{2,20}}各)"
    rf"(?:打造|建成|创建|培育|建立|新建|设立|选树|组建|建设|设置|配备|建)\s?{_NUM}\s?{_COUNTED}(?:[\u4e00-\u9fff“”]{{2,16}}(?=[，,。；;、\n]|\Z))?"
)
# 3500辆在用校车全部安装终端: all of a printed number.
_ALL_OF = re.compile(
    rf"(?:(?<=[。；;，,\n：:])|\A)[\u4e00-\u9fff]{{0,6}}{_NUM}\s?{_COUNTED}[\u4e00-\u9fff]{{2,16}}?(?:全部|均)(?:完成|安装|达到|达标|建成|配备|接入|纳入|整改|改造|实现|签订|落实)[^，,。；;、：:\n（()）]{{0,20}}"
)
_GOAL_COUNT = re.compile(rf"(?<=等){_NUM}\s?{_COUNTED}[^，,。；;：:\n]{{2,50}}")
_PERCENT = re.compile(
    rf"(?:达到?|不低于|不少于|不小于|不超过|不高于|大于|高于|超过|低于|≥|>=|≤|>|提高|提升|上升|增长|增加|下降|降低|减少|压减|压降|下浮|完成|控制在|保持在?|稳定在|维持在|实现|为|(?<=[率比量数例度])|(?<=[\u4e00-\u9fff])(?={_PERCENTAGE}(?:完成|整改|覆盖|到位|签订|建档|落实|安装|配备|接入|检查|闭环|达标|持证|纳入|销号)))"
    rf"(?:到|至|了|约|近)?\s?{_PERCENTAGE}(?:\s?[-—~～至到和、]\s?{_PERCENTAGE})*\s?(?:左右|以上|以内|以下|及以上|之内)?"
)
_COUNT = re.compile(
    rf"(?:{_VERBS}(?:[^，,。；;、：:\n\d]{{0,24}}?)|[\u4e00-\u9fff]{{2,16}}?)(?:不少于|不低于|不超过|至少|达到?|约|控制在|减少到|压减到|压减至|增加到|≥)?\s?{_NUM}\s?{_COUNTED}(?:左右|以上|以内|以下|及以上)?(?:[、和]{_NUM}\s?{_COUNTED}(?=[、，,。；;和（(]|\Z))*"
)
_LEAD = re.compile(
    r"^(?:[^，,]{0,14}?(?:确保|力争|努力实现|努力|实现|使(?!用)得?|争取|要求|做到|将|鼓励并|每年)(?=[\u4e00-\u9fff“])|(?:到|至|在|于)?(?:(?:19|20)\d\d\s?年)?\s?\d{1,2}\s?月(?:份)?(?:\d{1,2}\s?[日号]|底|末|上旬|中旬|下旬)?(?:之?前|以前|，)?"
    r"|(?:到|至|在)?(?:19|20)\d\d年?(?:年?[底末])?(?:之?前|以前)?[，,]?|(?:今|本|当|明)?年内?(?![底末])(?=[\u4e00-\u9fff])(?!度|均|平)|(?:今|本|当|明)?年[底末](?:之?前|以前)?|其中|同时|并且?|且|和(?!谐)|以及|通过[^，,]{2,12}?(?:整治|行动|治理)[，,]?|[\d一二三四五两]{1,2}年内|每年|一是|二是|三是|四是|累计(?=完成|建成))+"
)
_PLACE_FIRST = re.compile(rf"^在[^，,]{{1,16}}?(?={_VERBS})")
_NOT_A_TARGET = re.compile(
    r"学时|课时|小时|[0-9一二两三]次|(?<![三两双])轮(?![胎船换椅机渡])|(?<!\d)批(?!次|发|准)|一批次|零(?![售件部散星])|标准限值|国家标准|浓度|爆炸下限|含量|采购规模|费用|万元|亿元|利率|罚款|罚金|奖励|(?<!查)扣分?|坡度|间距|湿度|温度|载荷|净宽|宽度|高度|直径|容积|距离|压力|超过[^，]{0,8}的|的企业$|的单位$|人以[上下](?!$)|层以上|层以下"
)
_PAST = re.compile(
    r"已(?!成立|建成的)|截至|截止|目前|现有|现存|共有|发现|存在|原有|查处了|涉及|(?<!人均)上报|占[^，。达]{0,10}$|为辖区|我[市县区]现"
)
_CONDITION = re.compile(r"^(?:的(?!目标|要求|任务)|时[，,]|，应|，要求|者|及以上的)")
_SHORTFALL = re.compile(
    r"(?:未|没有?|不)(?:达到|达|完成)|(?:(?<!不)低于|未达|达不到|不足|(?<!不)超过)[^，,]{0,6}$|对[^，,]{0,20}(?:低于|未达到|超过|不足)"
)


def find_targets(outline: Outline, text: str) -> list[Target]:
    """Return the targets of the plan's goals and work items, in printed order."""
    found: list[Target] = []
    for node in outline.walk():
        start, end = (node.title.start, node.own.end)
        kind = _kind(node, text)
        if kind in ("cost", "scope") or not _ANY_COUNT.search(text, start, end):
            continue
        claims = Claims(Span(start, max(start, end)))
        patterns = [
            (_ALL_FULL, "target.percent", 0.8),
            (_OPENING_COUNT, "target.counted", 0.7),
            (_AT_LEAST, "target.at_least", 0.9),
            (_ALL_OF, "target.counted", 0.7),
            (_FOR_EACH, "target.verb_count", 0.75),
            (_SHARE_FIRST, "target.percent", 0.75),
        ]
        if kind == "goals":
            patterns.append((_GOAL_COUNT, "target.goal_count", 0.6))
        for pattern, rule, confidence in patterns:
            for match in pattern.finditer(text, start, end):
                target = _whole(text, match, rule, confidence)
                if target and claims.take(target.span):
                    found.append(target)
        last = start
        for piece in _pieces(text, start, end):
            goes_on = last > start and not _SENTENCE_END.search(text, last, piece.start)
            target = _in_piece(text, piece, goes_on=goes_on)
            if target and claims.take(target.span):
                found.append(target)
                last = target.span.end
    return sorted(found, key=lambda target: target.span)


def _kind(node: Node, text: str) -> str:
    branch: Node | None = node
    while branch:
        kind = kind_of(text[branch.title.start : branch.title.end])
        if kind in ("cost", "scope", "introduction", "goals"):
            return kind
        branch = branch.parent
    return "work"


_ORDERS = re.compile(
    r"(?:加强|开展|完善|推进|强化|健全|深化|落实|做好|加大|持续|严格|建立|加快|规范|提升(?!率)|组织|制定|督促|推动|实施)"
)


_NEXT_SHARE = re.compile(_PERCENTAGE)
# 分别完成30个、25个: the counts of one target for several years or places.
_NEXT_BARE = re.compile(rf"{_NUM}\s?{_COUNTED}(?=[、，,。；;和（(]|\Z)")


# 资助200名技能人才和100名工匠: two counts, each with its noun.
_NEXT_COUNT = re.compile(rf"{_NUM}\s?{_COUNTED}[\u4e00-\u9fff]{{2}}")
_COUNT_BEFORE = re.compile(rf"{_NUM}\s?{_COUNTED}[\u4e00-\u9fff]{{2,24}}$")


_PIECE_MARK = re.compile(r"[（()），,。；;：:\n！!、和及]")


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the stretches that may hold one target each.

    A 、 parts two targets (改造42公里、新建3座); before the number it only lists subjects (排查率、鉴定率均达到100%).
    """
    cursor, depth = start, 0
    for i in [*(mark.start() for mark in _PIECE_MARK.finditer(text, start, end)), end]:
        c = text[i] if i < end else "\n"
        if c in "（(" and i - cursor < 80:
            depth += 1
        elif c in "）)":
            depth = max(0, depth - 1)
        elif c in "，,。；;：:\n！!" and (depth == 0 or c in "。\n"):
            if c == "," and text[i - 1].isdigit() and i + 1 < end and text[i + 1].isdigit():
                continue
            yield Span(cursor, i)
            cursor, depth = i + 1, 0
        elif (
            c == "、"
            and depth == 0
            and not _NEXT_SHARE.match(text, i + 1, end)
            and not _NEXT_BARE.match(text, i + 1, end)
            and (re.search(r"\d|百分之", text[cursor:i]) or _ORDERS.match(text, cursor, i) or i - cursor > 60)
        ) or (
            c in "和及"
            and depth == 0
            and _NEXT_COUNT.match(text, i + 1, end)
            and _COUNT_BEFORE.search(text, max(cursor, i - 60), i)
        ):
            yield Span(cursor, i)
            cursor = i + 1


# 组建消防队 配备队员不少于25人: a heading that lost its line break stands before the order.
_HEADING_BEFORE = re.compile(rf"[\u4e00-\u9fff]{{4,16}}[ \u3000]{{1,4}}(?={_VERBS})")
_SENTENCE_END = re.compile(r"[。；;\n]")
_BARE_COUNT = re.compile(rf"{_NUM}\s?{_COUNTED}(?=[\u4e00-\u9fff]{{2}})(?!以[上下内外])")


def _in_piece(text: str, piece: Span, *, goes_on: bool) -> Target | None:
    """Read one stretch as a target: a percentage with its subject, or a count with its verb.

    A bare count with its noun is one where it `goes_on` the list of the same sentence (选拔100名正职、200名副职).
    """
    start, end = piece
    while start < end and (text[start] in " \u3000" or (text[start] == "“" and "”" not in text[start:end])):
        start += 1
    if (
        end - start < 4
        or end - start > 120
        or not re.search(r"\d|百分之|(?:不少于|不低于|不超过)[一二两三四五六七八九十]", text[start:end])
    ):
        return None
    lead = _LEAD.match(text[start:end])
    if lead and lead.end() < end - start - 3:
        start += lead.end()
    place = _PLACE_FIRST.match(text[start:end])
    if place:
        start += place.end()
    heading = _HEADING_BEFORE.match(text, start, end)
    if heading:
        start = heading.end()
    match = _PERCENT.search(text, start, end)
    rule = "target.percent"
    if match:
        if match.start() - start < 2:
            return None
    else:
        match = _COUNT.match(text, start, end) or _after_subject(text, start, end)
        rule = "target.verb_count"
        bare = _BARE_COUNT.match(text, start, end) if goes_on else None
        if not bare and not (match and _promises(text, start, match)):
            return None
        match = bare or match
        assert match
    stop = match.end()
    if rule == "target.verb_count" or _SHARED_ACTION.match(text, stop, end):
        stop = _object_end(text, stop, end)
    printed = text[start:stop].strip()
    context = text[max(piece.start, start - 12) : start]
    if _NOT_A_TARGET.search(printed) or _PAST.search(text[piece.start : stop]) or _PAST.search(context):
        return None
    if _CONDITION.match(text[match.end() : match.end() + 6]) or _SHORTFALL.search(printed):
        return None
    if re.search(r"占[^，。达]{0,10}[%％]", printed) or len(printed) > 70:
        return None
    return _target(
        printed, Span(start, start + len(printed)), 0.85 if rule == "target.percent" else 0.7, rule
    )


_SHARED_ACTION = re.compile(
    r"完成|整改|覆盖|到位|签订|建档|落实|安装|配备|接入|检查|闭环|达标|持证|纳入|销号"
)
_STRONG_COUNT = re.compile(
    rf"(?:不少于|不低于|不超过|至少|达到?|控制在|压减到|压减至|≥)\s?{_NUM}\s?{_COUNTED}"
)


def _after_subject(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the count of a piece whose subject stands before it (报警器安装不少于2000只)."""
    return _STRONG_COUNT.search(text, start, end) if end - start < 60 else None


def _promises(text: str, start: int, match: re.Match[str]) -> bool:
    """Say whether a count is something to be reached: by its verb, or as one of a list that began with a verb."""
    if _STRONG_COUNT.search(match.group()) or re.match(_VERBS, match.group()):
        return not re.match(r"(?:开展|组织|检查|排查|完善|覆盖|清理|实现)", match.group()) or bool(
            re.search(r"不少于|至少|达到|不低于|人次|万人|万户", match.group())
        )
    if re.search(
        r"关闭|完成|建成|新建|改造|培训|新增|建设|减少(?!了)|整治|淘汰|撤并|拆除|安装|配备|清淤|创建|更新|培育|打造|引进|培养|选拔|遴选|评选|扶持|资助|开工|竣工|吸纳|救助|筛查|施工|轮训|搬迁",
        match.group(),
    ):
        return True
    before = max(text.rfind(c, max(0, start - 40), start) for c in "。；;，,\n：:")
    listed = text[max(before, 0) + 1 : start]
    return (
        listed.endswith("、")
        and bool(re.match(rf"(?:[^、]{{0,14}})?{_VERBS}", listed))
        and bool(re.search(r"\d", listed))
    )


# 23个重点乡镇（街道）调查: a short bracket inside the noun belongs to it.
_COUNTED_NOUN = re.compile(
    r"[^，,。；;、：:\n（()）]{0,28}(?:[（(][\u4e00-\u9fff、]{1,8}[）)](?=[\u4e00-\u9fff])[^，,。；;、：:\n（()）]{1,20})?"
)


def _object_end(text: str, stop: int, end: int) -> int:
    """Return where the thing counted ends: after its noun (78公里波形护栏安装), not at a further order."""
    rest = _COUNTED_NOUN.match(text, stop, end)
    return rest.end() if rest else stop


def _whole(text: str, match: re.Match[str], rule: str, confidence: float) -> Target | None:
    printed = match.group().strip()
    start = match.start() + match.group().index(printed)
    if _NOT_A_TARGET.search(printed) or _CONDITION.match(text[match.end() : match.end() + 6]):
        return None
    return _target(printed, Span(start, start + len(printed)), confidence, rule)


_VALUE = re.compile(
    rf"(?P<percent>{_PERCENTAGE})|(?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?|(?<=[少于低备立定有置])[一二两三四五六七八九十百]{{1,4}}|(?<=[一-龥])[一二两三四五六七八九十]{{1,3}}(?=名|家|支))\s?(?:余)?(?P<scale>[万亿千百])?\s?(?P<unit>{_COUNTED})"
)
_SCALE = {"万": 1e4, "亿": 1e8, "千": 1e3, "百": 1e2}


def _target(printed: str, span: Span, confidence: float, rule: str) -> Target:
    number, unit = value_of(printed)
    return Target(printed, span, confidence, rule, number, unit, comparator_of(printed))


def value_of(printed: str) -> tuple[float | None, str]:
    """Return number and unit of a printed target: 百分之九十五 -> (95.0, "%"), 1.6万户 -> (16000.0, "户")."""
    match = _VALUE.search(printed)
    if not match:
        return None, ""
    if match["percent"]:
        percent = match["percent"]
        unit = "个百分点" if "百分点" in percent else "‰" if "‰" in percent else "%"
        if percent.startswith("百分之"):
            whole, _, part = percent.removeprefix("百分之").partition("点")
            full = chinese_number(whole)
            digits = "".join(
                str("零一二三四五六七八九".index(c)) for c in part if c in "零一二三四五六七八九"
            )
            return (float(f"{full}.{digits or 0}") if full is not None else None), unit
        return float(re.match(r"[\d.]+", percent).group()), unit  # type: ignore[union-attr]
    counted = match["number"].replace("两", "二")
    number = chinese_number(counted) if not counted[0].isdigit() else float(counted.replace(",", ""))
    value = (number or 0.0) * _SCALE.get(match["scale"] or "", 1)
    return value, match["unit"]


def comparator_of(printed: str) -> str:
    """Return ">=", "<=" or "=" for what a target demands of its number, "" where it does not say.

    A fall of 15 % is reached by at least 15 %: 下降15% is ">=".
    """
    if re.search(
        r"以内|以下|不超过|不高于|不大于|控制在|≤|<=|低于(?<!不低于)|减少到|压减到|压减至|降至|下降到|下降至|降低到|降低至",
        printed,
    ):
        return "<="
    if re.search(
        r"不低于|不少于|不小于|至少|最少|以上|≥|>=|力争|超过|大于|高于|下降|降低|减少|压减|提高|提升|增长|上升|新增|增加",
        printed,
    ):
        return ">="
    if re.search(r"达到?|为|完成|建成|保持|实现|率\s?\d|率100", printed):
        return ">=" if re.search(r"达到?", printed) else "="
    return ""
