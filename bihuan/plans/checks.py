"""Check items inside a task: what to look for, the numeric bound, and the ladder of consequences (R052, R054, R055)."""

from __future__ import annotations

import re

from bihuan.plans.model import CheckItem, Span

# (word of the ladder, how texts print it); order of printing is kept in the item.
LADDER = (
    ("立即改正", r"立即(?:改正|整改|停止违法行为)|立行立改|当场改正|及时改正"),
    ("限期改正", r"限期(?!拆除|内)[\u4e00-\u9fff]{2}|责令改正"),
    ("限期拆除", r"限期拆除|强制拆除|责令拆除"),
    ("责令停止使用", r"责令停止使用|停止使用"),
    (
        "责令停产停业",
        r"停产停业|停产整顿|停业整顿|停工整改|停产整改|停止生产|停产停工|停工整顿|停止生产销售|暂时停产",
    ),
    (
        "关停取缔",
        r"责令关停|依法关停|依法关闭|予以关闭|关闭取缔|依法取缔|予以取缔|坚决取缔|提请关闭|提请[^，。；]{0,6}关闭",
    ),
    ("查封扣押", r"查封|扣押"),
    ("没收", r"没收"),
    ("行政处罚", r"行政处罚|依法处罚|(?:实施|从重|依法)处罚|一案双罚"),
    ("罚款", r"罚款|处以罚"),
    ("暂扣许可证", r"暂扣[^，。；]{0,12}(?:证|照)"),
    ("吊销", r"吊销"),
    ("联合惩戒", r"联合惩戒|失信|黑名单"),
    ("追究刑责", r"刑事责任|追究刑责|移送司法|移交司法"),
    ("移交", r"移交(?!司法)|移送(?!司法)|抄告"),
    ("报废召回", r"报废|召回|下架"),
    ("追究责任", r"追究[^，。；]{0,10}责任(?<!刑事责任)|问责|追责"),
)
_LADDER = [(word, re.compile(pattern)) for word, pattern in LADDER]
_AGGRAVATED = re.compile(
    r"^[，,、]?\s*(?:且|并且|其中)?(?:情节(?:特别)?(?:较重|严重|恶劣)|构成犯罪|逾期(?:仍)?(?:不|未|拒不)(?:改正|整改|完成整改)|拒不(?:改正|整改)|影响恶劣|造成[^，。]{0,10}后果"
    r"|不能立即整改(?:到位)?|涉嫌犯罪|触犯刑律|存在问题|符合条件)的?$"
)
_CONSEQUENCE = re.compile(
    r"(?:要|应当?|一律|必须|须|坚决)?(?:依法)?(?:依规)?(?:从严|从重|从快|严厉|严肃|坚决|立即|及时|当场){0,3}"
    r"(?:责令|立行立改|改正|整改|停止|处以|限期|吊销|查处|移送|移交|没收|取缔|关闭|处罚|打击|追究|停止使用|查封)"
)
_NUMBER = (
    r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百]+)\s?"
    r"(?:%|％|℃|°C|k?[gG]|千克|公斤|吨|毫?米|厘米|[cmk]?m(?:²|³|2|3)?|平方米|立方米|升|L|ml|MPa|kPa|Pa|kV|千伏|kW|千瓦|V|A|人|名|个|具|瓶|只|台|层|天|日|小时|分钟|年|个月|次)"
)
CRITERION = re.compile(
    r"(?P<subject>[\u4e00-\u9fff]{0,6}?(?:量|长度|距离|间距|宽度|高度|厚度|深度|面积|容积|浓度|压力|温度|数量|人数|层数|年限|时间|净距|重|电压|直径|坡度)?)"
    rf"(?P<bound>超过|大于|高于|不足|小于|低于|少于|未达到?|达到|不少于|不低于|不大于|不小于|不超过|多于|超出|≥|≤|>|<)\s?{_NUMBER}(?:以上|以下|及以上|及以下)?"
)
_MEASURE = re.compile(
    r"(?:总|净|单)?(?:净宽|净高|净距|储存量|存放量|使用量|存储量|流量|重量|长度|距离|间距|宽度|高度|厚度|深度|面积|容积|容量|浓度|压力|温度|数量|人数|层数|年限|时间|净距|电压|直径|坡度)$"
)
_NO_CONDITION = re.compile(r"要加大|要依法|(?:发现|存在问题|有问题)$")


def ladder_of(text: str) -> list[str]:
    """Return the consequences named in a clause, in printed order and each once."""
    hits = []
    for word, pattern in _LADDER:
        match = pattern.search(text)
        if match:
            hits.append((match.start(), word))
    return [word for _, word in sorted(hits)]


def criterion_of(text: str) -> str:
    """Return the first numeric bound of a clause as printed (连接软管长度超过2米 -> 长度超过2米), or ""."""
    match = CRITERION.search(text)
    if not match:
        return ""
    subject = match["subject"]
    measure = _MEASURE.search(subject)
    lead = measure.group() if measure else ""
    return lead + text[match.start("bound") : match.end()]


def check_items(text: str, start: int, end: int) -> list[CheckItem]:
    """Return the check items of a task: one per condition that ends in 的 and has a consequence in its sentence."""
    items: list[CheckItem] = []
    for first, last in _sentences(text, start, end):
        sentence = text[first:last]
        if "的" not in sentence and not _CONSEQUENCE.search(sentence):
            continue
        ladder = ladder_of(sentence)
        if not ladder:
            continue
        cut = _consequence_start(sentence)
        if cut is None:
            continue
        for left, right in _conditions(sentence[:cut]):
            clause = sentence[left:right]
            if len(clause) < 4 or _AGGRAVATED.match(clause) or _NO_CONDITION.search(clause):
                continue
            items.append(CheckItem(clause, criterion_of(clause), ladder, Span(first + left, first + right)))
    return items


def _sentences(text: str, start: int, end: int):
    """Yield the sentences; one that only aggravates the one before (情节严重的…) is joined to it."""
    pending: list[int] | None = None
    cursor = start
    stops = [m.start() for m in re.compile(r"[。；;\n]").finditer(text, start, end)] + [end]
    for stop in stops:
        piece = text[cursor:stop].strip()
        opening = re.split(r"[，,]", piece, maxsplit=1)[0]
        if pending and piece and _AGGRAVATED.match(opening):
            pending[1] = stop
        elif piece:
            if pending:
                yield pending[0], pending[1]
            pending = [cursor, stop]
        cursor = stop + 1
    if pending:
        yield pending[0], pending[1]


def _consequence_start(sentence: str) -> int | None:
    """Return where the consequence of a sentence begins, or None when it has none."""
    best = None
    for match in _CONSEQUENCE.finditer(sentence):
        before = sentence[: match.start()].rstrip("，, ")
        if not before:
            return None
        if before.endswith(("的", "行为", "问题", "情形", "现象")) or sentence[match.start() - 1] in "，,：:":
            best = match.start()
            break
    return best


def _conditions(text: str) -> list[tuple[int, int]]:
    """Cut the part before the consequence at every 的, that closes a condition."""
    found, cursor = [], 0
    for match in re.finditer(r"的(?:行为|问题|情形|现象)?(?:，|,|、|以及|或者?|$)", text):
        piece_start = cursor
        cursor = match.end()
        found.append((piece_start, match.start()))
    rest = text[cursor:].strip(" ，,要应当")
    if rest and len(rest) >= 6 and not found:
        found.append((cursor, cursor + len(text[cursor:].rstrip(" ，,"))))
    cleaned = []
    for left, right in _apart(text, found):
        lead = re.match(
            r"[\s，,、]*(?:(?:加强|强化|加大|严格|深化|开展)[^，,。]{2,40}[，,]对|以及|或者?|对于?|凡|若|如|发现|对发现|经排查)?",
            text[left:right],
        )
        left += lead.end() if lead else 0
        if right > left:
            cleaned.append((left, right))
    return cleaned


_BOUND = re.compile(rf"(?:超过|大于|高于|不足|小于|低于|少于|未达到?|多于)\s?{_NUMBER}")
_ANOTHER_FAULT = re.compile(
    r"[，,](?=未|违规|擅自|非法|违法|无证|超|拒不)|、(?=未|私接|私拉|擅自|违规|非法|存放|堵塞|占用)"
)


def _apart(text: str, conditions: list[tuple[int, int]]):
    """Cut a condition where a comma begins another fault of its own (…,未…,违规…)."""
    for left, right in conditions:
        cursor = left
        for match in re.compile("[，,、]").finditer(text, left, right):
            bounded = _BOUND.search(text, cursor, match.start()) and _BOUND.search(text, match.end(), right)
            if not bounded and not _ANOTHER_FAULT.match(text, match.start(), right):
                continue
            if match.start() - cursor >= 6 and right - match.end() >= 4:
                yield cursor, match.start()
                cursor = match.end()
        yield cursor, right


_OBJECT = re.compile(
    r"(?:(?:[“\"]?(?:九小|三小|六小|小散远)[”\"]?场所)|人员密集场所|公共娱乐场所|"
    r"(?:餐饮|城镇燃气经营|管道燃气经营|瓶装液化石油气经营|燃气经营|燃气充装|城镇燃气充装|气瓶充装|充装|燃气具生产|液化石油气生产|燃气|危险货物运输|道路运输|客运|货运|运输|"
    r"危险化学品(?:生产|经营|使用|储存|运输)?|危化品(?:生产|经营|使用|储存|运输)?|化工(?:医药)?|医药|烟花爆竹(?:生产|经营|批发|零售)?|民爆|"
    r"金属冶炼|冶金|有色|建材|机械|轻工|纺织|工贸|粉尘涉爆|涉氨制冷|铝加工|钢铁|建筑施工|施工|物业(?:服务)?|电力|水利|渔业|港口|仓储(?:物流)?|物流|劳动密集型|高危|矿山|非煤矿山|煤矿|油气管道|外包)"
    r"(?:重点)?(?:企业|单位|门店|商户|站点|网点)"
    r"|非煤矿山|煤矿|尾矿库|露天矿山|加油站|加气站|加油加气站|储配站|气化站|液化气站|化工园区|工业园区|油气管道|燃气管道|餐饮场所|"
    r"检验检测机构|特种设备(?:使用|生产|检验)(?:单位|机构)|(?:中小)?学校|幼儿园|托育机构|校外培训机构|医院|医疗机构|养老机构|福利机构|民政服务机构|旅游景区|星级(?:宾馆|饭店)|宾馆|旅馆|民宿|农家乐|商场|超市|"
    r"集贸市场|农贸市场|大型商业综合体|商业综合体|影剧院|网吧|歌舞厅|KTV|文物保护单位|文博单位|宗教活动场所|高层建筑|自建房|群租房|出租房|厂房仓库|建筑工地|施工现场|在建工程|地下工程|"
    r"危险化学品重大危险源|有限空间(?:作业)?|渔船|客船|客运车辆|校车|货车|农机|电梯|锅炉|压力容器|气瓶|电动自行车)"
)


def object_hints(text: str) -> list[str]:
    """Return the kinds of enterprise, place or equipment a task names, each once, longest word per place."""
    found: list[str] = []
    for match in _OBJECT.finditer(text):
        word = re.sub('[“”"]', "", match.group())
        if word not in found:
            found.append(word)
    return found[:12]
