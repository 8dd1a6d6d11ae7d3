"""Names of units: comparing, recognising and splitting them as attributions print them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from bihuan.plans.model import Span

_SUFFIX = (
    r"(?:人民政府|政府|管委会|管理委员会|委员会|办公室|办公厅|办事处|街道办|安委办|安委会|领导小组|工作组|工作专班|专班|指挥部|大队|支队|总队|中队"
    r"|(?<![格布全大当])局|(?<!客|大|餐)厅|委|(?<![督承举严交查代兴开催包联申照补])办|(?<![内外局底顶头上下干])(?<!(?<!安)全)部|部门|单位|公司|集团|企业|矿区|中心|医院|学院|大学|学校|院"
    r"|(?<![场厕住哨])所|站|(?<![部排车纵])队|(?<![多少各一两数之何远好某到查])处|科|室|股|(?<![机社大晚聚集宴动例])会|(?<!会)社|(?:银|支|分|商|总|人)行|海关|法院|检察院"
    r"|妇联|残联|工商联|文联|侨联|社联|电视台|广播台|气象台|地震台|港|厂|矿|林场|农场|库区|(?<!部)署|庭|园|馆|联盟|运营商|机构|机关|党组织|支部|党委|村[（(]居[）)]"
    r"|街道|乡镇|镇|乡|村|社区|(?<![全本])县|(?<![全本城])市|(?<![全本辖小厂库校罐市城])区|园区|片区|开发区|景区|度假区|服务商|(?<![地多双各对])方|组|项目部|班组|车间|工段|分局|县区|镇街|属地|各地|各方|地方)"
)
UNIT_END = re.compile(_SUFFIX + r"(?:[（(〔\[［][^（）()〔〕\[\]［］]{1,14}[）)〕\]］])?$")

# Departments as lists shorten them (公安、应急、住建等部门): the line of work alone, with or without its level.
_LINES_OF_WORK = (
    r"(?:公安|交警|应急|应急管理|安监|安全监管|安全生产监管|消防|消防救援|住建|建设|住房和?城乡建设|住房|房管|规划|自然资源|自规|国土|国土资源|生态环境|环保|环境保护"
    r"|交通|交通运输|公路|海事|铁路|民航|邮政|城管|城市管理|综合执法|市政|园林|环卫|市场监管|市监|工商|质监|质检|特检|食药监|药监|卫健|卫生|卫生健康|卫计|计生|疾控"
    r"|教育|教体|体育|科技|民政|财政|审计|税务|国资|发改|发展改革|发展和改革|工信|工业和?信息化|经信|经贸|经发|商务|粮食|物价|文旅|文化|旅游|文化和?旅游|文体|文广|广电|新闻出版"
    r"|农业|农业农村|农机|渔业|畜牧|水利|水务|林业|林草|气象|地震|司法|人社|人力资源|人力资源和?社会保障|医保|退役军人|统计|大数据|数据|信访|网信|宣传|组织|统战|政法|纪检|监察|编办"
    r"|民族|宗教|民宗|民族宗教|妇联|残联|工会|共青团|团委|法院|检察|检察院|行政审批|政务服务|人防|供销|烟草|供电|电力|能源|通信|电信|移动|联通|铁塔|燃气|供水|金融|银行|银保监|保险|海关"
    r"|机关事务|国安|武警|煤炭|煤管|盐务|港航|航道|水文|地矿|矿管|劳动|劳动监察|文物|档案|史志|公积金|招商|投促|环境|安全|规建|社保|乡村振兴|扶贫|移民|外事|台办|侨务|保密)"
)
ELLIPTIC = re.compile(
    rf"(?:国家|中央|省级?|市级?|县级?|区级?|州级?|旗|镇|各级|各|属地|当地)?{_LINES_OF_WORK}"
)

_LEVEL = r"(?:中央|国家|省|市|县|区|州|盟|旗|乡|镇|街道|集团|公司|全市|全县|全区|本级|镇街)(?:级|直|属|委)?"
_COLLECTIVES = (
    (
        "localities",
        re.compile(
            r"(?:各)?(?:乡镇|镇街|镇乡|街镇|乡|镇|街乡镇|镇区)(?:党委)?(?:人民政府|政府)?[（(、/]?(?:街道|园区|街办|开发区|农场)(?:办事处|办)?[）)]?(?:人民政府|政府|办事处)?"
            r"|各?街道(?:办事处)?[（(、/]?(?:乡镇|镇|乡)[）)]?(?:人民政府|政府)?"
            r"|各?(?:镇街|街镇|镇办|乡办|镇乡|乡镇街道?|乡镇办|街乡镇|街乡)(?:区|道)?(?:政府)?|各?属地(?:党委)?(?:政府|单位|管理单位|镇街|乡镇|街道)?|各地(?:区|方)?|各片区(?:管理局)?"
            r"|各(?:市|州|盟)?、?县?[（(]?市?、?区?[）)]?(?:区)?(?:党委|委)?(?:人民政府|政府)?|各(?:[市县区旗州]、){1,3}[市县区旗](?:党委)?(?:人民政府|政府)?|各(?:县区|市县|县市区|区县|旗县|旗县区|市区|市地|市州|市、州|地级以上市|设区市|县[（(]市、区[）)]|市[（(]县、区[）)])(?:党委)?(?:人民政府|政府)?"
            r"|各级(?:党委)?(?:人民)?政府|各级党委和?政府|地方各级(?:人民政府|党委政府)|地方(?:人民)?政府"
            r"|(?:有关|相关|沿线|沿海)?各?(?:(?:市|州)?、?县[（(](?:市、)?区[）)]|县[（(]市[）)]区?|县区|区县|市县|镇[（(]街道[）)]|乡镇[（(]街道[）)])(?:党委)?(?:人民政府|政府)?"
            r"|(?:各(?:功能区|园区|开发区|工业园区|产业园区|经济功能区)|功能区)(?:党工委)?(?:管委会)?"
            r"|各?(?:县|市|区|旗)级以上(?:地方)?(?:各级)?人民政府"
        ),
    ),
    ("townships", re.compile(r"各?(?:乡镇|镇|乡|乡[（(]镇[）)])(?:党委)?(?:人民)?(?:政府)?")),
    ("streets", re.compile(r"各?(?:街道|街道办事处|街道办|办事处)")),
    (
        "members",
        re.compile(
            r"(?:各|有关|其他)?(?:[\u4e00-\u9fff]{0,16}(?:领导小组|专班|安委会|委员会|指挥部|联席会议))?(?:各|其他)?(?:有关|相关)?成员单位"
        ),
    ),
    (
        "departments",
        re.compile(
            rf"(?:各级)?(?:{_LEVEL})?(?:各|有关|相关|各有关|各相关|其他有关|其他相关|其他|各级各|各行业主管|行业主管|各行业|各级|各级有关|各级相关|各职能|各主管|各业务|业务|负有安全生产监督管理职责的|负有安全监管职责的)"
            r"(?:职能|主管|监管|行业|行业主管|责任|业务|行业监管|行业管理|科室|处室)?(?:、责任|、有关)?(?:部门单位|单位部门|部门和单位|部门及单位|部门（单位）|部门\(单位\)|部门、?单位|委办局|委、办、局|部门|单位|成员|科室|处室|股室)"
            rf"|(?:{_LEVEL})(?:行业)?(?:主管|监管|职能)?(?:部门|单位)|行业(?:主管|监管)部门|主管部门|监管部门|职能部门"
        ),
    ),
)


def normalize_unit(name: str) -> str:
    """Return the comparison key of a unit name: width folded, spaces and outer punctuation gone.

    A 省, 市 or 县 in front stays, for 省应急厅 and 市应急局 are two units. Example: "市 应急局（市安委办）" ->
    "市应急局(市安委办)".
    """
    folded = unicodedata.normalize("NFKC", name)
    return re.sub(r"\s+", "", folded).strip("、,，。;；:：").casefold()


@lru_cache(maxsize=4096)
def is_collective(name: str) -> str | None:
    """Say which group a collective name stands for: townships, streets, localities, departments or members.

    Returns None for the name of a single unit.
    """
    key = normalize_unit(name)
    for kind, pattern in _COLLECTIVES:
        if key and pattern.fullmatch(key):
            return kind
    return None


@lru_cache(maxsize=8192)
def looks_like_unit(name: str) -> bool:
    """Say whether a phrase can be the name of a unit (or a collective) by its last word."""
    name = name.strip()
    return 2 <= len(name) <= 36 and bool(UNIT_END.search(name)) and not re.search(r"[。；：:！？\d]", name)


_CONJUNCTION = re.compile(r"以及|和|及|与")
_TAIL = re.compile(
    r"等(?:\d{1,2}个|[一二三四五六七八九十多]{1,2}个)?(?:[\u4e00-\u9fff]{0,8}(?:部门|单位|方面|成员|企业|镇街|地|机构|委办局|乡镇|街道))?(?:负责同志|负责人)?$"
)
# 各县、市、区 and 各镇、街道 name one group; their 、 separates no units.
_LEVEL_LIST = re.compile(
    r"各(?:级|县|市|区|旗|州|盟|镇|乡){1,2}(?:、(?:县|市|区|旗|镇|乡)(?!级)(?![\u4e00-\u9fff]{2,}(?:局|委|办|厅))){1,3}"
)


def split_units(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Split text[start:end] into unit names at 、 and ，, and at 和, 及, 与, 以及 between two units.

    等 and what follows it is dropped; brackets protect what they hold; elliptic members (建设) stay.
    """
    return [(name, Span(place.start + start, place.end + start)) for name, place in _split(text[start:end])]


# A plan names the same units in bracket after bracket.
@lru_cache(maxsize=2048)
def _split(text: str) -> tuple[tuple[str, Span], ...]:
    start, end = 0, len(text)
    pieces: list[tuple[int, int]] = []
    depth, begin = 0, start
    whole = [m.span() for m in _LEVEL_LIST.finditer(text, start, end)]
    for i in range(start, end):
        c = text[i]
        if c in "（(〔":
            depth += 1
        elif c in "）)〕":
            depth = max(0, depth - 1)
        elif depth == 0 and c in "、，,；;/" and not any(first < i < last for first, last in whole):
            pieces.append((begin, i))
            begin = i + 1
    pieces.append((begin, end))
    units: list[tuple[str, Span]] = []
    for first, last in pieces:
        for left, right in _columns(text, first, last):
            units.extend(_split_conjunction(text, left, right))
    return tuple(units)


_TOKEN = re.compile(r"\S+")


def _columns(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Part units that only a gap separates (应急局 公安局); a gap inside a name (市 应急局) parts nothing."""
    tokens = list(_TOKEN.finditer(text, start, end))
    if len(tokens) < 2 or not all(
        len(t.group()) > 2 and looks_like_unit(_TAIL.sub("", t.group())) for t in tokens
    ):
        return [(start, end)]
    return [token.span() for token in tokens]


def _split_conjunction(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    piece = text[start:end]
    for match in _CONJUNCTION.finditer(piece):
        left = piece[: match.start()].strip()
        right = _TAIL.sub("", piece[match.end() :].strip())
        if looks_like_unit(left) and looks_like_unit(right) and not _inside_name(left, right):
            return _trimmed(text, start, start + match.start()) + _split_conjunction(
                text, start + match.end(), end
            )
        elliptic = len(left) in (2, 3, 4) and len(right) in (2, 3, 4) and match.group() != "以及"
        if elliptic and not _COMPOSITE.search(piece) and not UNIT_END.search(right):
            return _trimmed(text, start, start + match.start()) + _trimmed(text, start + match.end(), end)
    return _trimmed(text, start, end)


# Departments whose own names hold a conjunction; their short forms must not be split.
_COMPOSITE = re.compile(
    r"发展(?:和|与)改革|住房(?:和|与)?城乡|工业和信息|人力资源和社|文化和旅游|自然资源和规划|卫生和计|农业和农村|商务和|科学和|教育和体|财政和|经济和信息|退役军人和|民族和宗教|规划和自然|园林和|水利和|交通和"
)
_WHOLE_NAME = re.compile(
    r"(?:局|厅|委|办|部|部门|单位|政府|办事处|办公室|公司|集团|企业|中心|大队|支队|总队|中队|街道|乡镇|镇|会|院|学校|社|队|站|所|科|室|股|台|妇联|残联|工商联|银行|支行|海关|区|县区|小组|专班|指挥部|车间|矿|厂|检察院|法院|村（居）|社区)(?:[（(〔][^（）()〔〕]{1,14}[）)〕])?$"
)


def _inside_name(left: str, right: str) -> bool:
    """Say whether the conjunction belongs to one name: 市农业农村和水务局 must stay whole."""
    if is_collective(left) or is_collective(right):
        return False
    return len(left) < 3 or not _WHOLE_NAME.search(left)


def _trimmed(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    while start < end and text[start].isspace():
        start += 1
    name = text[start:end].rstrip()
    name = _TAIL.sub("", name).rstrip()
    lead = re.match(
        r"(?:(?:以上|上述|本项|此项|该项)(?:工作|任务|各项|措施|事项)*(?:均|都)?由|由|以及|和|及|与|分别由|主要由|其中|各自)(?=[\u4e00-\u9fff]{2})",
        name,
    )
    if lead and not name.startswith(("和平", "和田", "及第")):
        start, name = start + lead.end(), name[lead.end() :]
    name = name.strip("“”\"' \u3000")
    return [(name, Span(start, start + len(name)))] if name else []
