"""Numeric criteria: what is compared, how, with which number, in which unit (R055).

Chinese prints the comparison before the number (超过2米, 不少于2名) or after it (10人以上, 24小时内). 以上, 以下, 以内 include the
number, 超过, 不满 do not (民法典第1259条); a negation turns a comparison round (不得小于 is at least).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from bihuan.plans.model import Criterion, Span
from bihuan.plans.numerals import DIGITS

# Symbol, then how texts print it, longest first. Symbols follow GB 3100; counted things get a word.
UNITS: dict[str, tuple[str, ...]] = {
    "%": ("个百分点", "百分点", "%", "％"),
    "mg/m3": ("毫克/立方米", "毫克每立方米", "mg/m³", "mg/m3"),
    "km/h": ("公里/小时", "千米/小时", "公里每小时", "km/h"),
    "m/s": ("米/秒", "米每秒", "m/s"),
    "m2": ("平方米", "平米", "㎡", "m²", "m2"),
    "m3": ("立方米", "m³", "m3", "方"),
    "km2": ("平方公里", "平方千米", "km²", "km2"),
    "mu": ("亩",),
    "km": ("公里", "千米", "km"),
    "mm": ("毫米", "mm", "㎜"),
    "cm": ("厘米", "公分", "cm"),
    "m": ("米", "m"),
    "t": ("吨", "t"),
    "kg": ("公斤", "千克", "kg", "KG", "Kg"),
    "g": ("克", "g"),
    "mL": ("毫升", "ml", "mL"),
    "L": ("公升", "升", "L"),
    "MPa": ("兆帕", "MPa", "Mpa"),
    "kPa": ("千帕", "kPa"),
    "Pa": ("帕", "Pa"),
    "kV": ("千伏", "kV", "KV"),
    "V": ("伏", "V"),
    "A": ("安培", "A"),
    "MW": ("兆瓦", "MW"),
    "kW": ("千瓦", "kW", "KW"),
    "Cel": ("摄氏度", "℃", "°C", "度"),
    "lx": ("勒克斯", "lx"),
    "dB": ("分贝", "dB"),
    "class_hour": ("学时", "课时"),
    "min": ("分钟",),
    "h": ("个小时", "小时", "h"),
    "working_day": ("个工作日", "工作日"),
    "d": ("个自然日", "自然日", "日", "天"),
    "week": ("个星期", "周"),
    "month": ("个月",),
    "year": ("周年", "周岁", "年"),
    "CNY": ("亿元", "万元", "元"),
    "time": ("次", "遍", "轮"),
    "storey": ("层",),
    "bed": ("张床位", "床位", "张床", "床"),
    "household": ("户",),
    "person": ("名", "人"),
    "piece": (
        "个", "具", "瓶", "只", "台", "套", "辆", "艘", "座", "栋", "幢", "间", "处", "家", "条", "项", "部", "支", "份",
        "起", "所", "口", "根", "块", "盏", "组",
    ),
}  # fmt: skip
_SYMBOL = {printed: symbol for symbol, words in UNITS.items() for printed in words}
_COUNTED = {"person", "piece", "storey", "household", "bed", "time"}
_SCALE = {"万元": 10_000, "亿元": 100_000_000}

# Bounded, so that a long run of digits costs no more than its length.
_DIGITS = r"(?<!\d)(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?:\.\d{1,6})?"
_CHINESE = r"[〇零一二两三四五六七八九十百千万]{1,9}|半"
_NUMBER = rf"(?:±?{_DIGITS}(?:\s?[万亿]|\s?[百千](?![米克伏瓦帕]))?|{_CHINESE})"
_UNIT = "|".join(sorted((re.escape(word) for word in _SYMBOL), key=len, reverse=True))
# 万 counts only when the unit is not 万元 itself; letters must not run on into a longer word (GB, APP).
_QUANTITY = rf"(?P<number>{_NUMBER})\s?(?P<unit>(?:{_UNIT})(?![A-Za-z])|(?=以上|以下))"
_PERCENT_OF = r"百分之(?P<share>[零一二两三四五六七八九十百]{1,5}(?:点[零一二三四五六七八九]{1,3})?)"
_LIMIT = r"(?P<limit>\s?(?:[（(]含[）)])?(?:及其?|或者?|和)?(?:以上|以下|以内|之内|以外|之外)|\s?内(?!部|容|外|网|设)|\s?[（(]含[）)])"

_PREFIX: tuple[tuple[str, str], ...] = (
    (">=", r"不(?:得|应|能|宜|可|准|许)?(?:少于|低于|小于|短于|不足|轻于|窄于)"),
    ("<=", r"不(?:得|应|能|宜|可|准|许)?(?:超过|超出|高于|大于|多于|长于|突破)|严禁超过|禁止超过"),
    (">=", r"大于(?:或者?)?等于|大于或等于|至少|最少|起码|≥|⩾|＞="),
    ("<=", r"小于(?:或者?)?等于|小于或等于|至多|最多|最高不?|≤|⩽|控制在"),
    ("<", r"未达到?|达不到|没有达到|不足|不满|未满|小于|低于|少于|短于|[<＜]"),
    (">", r"超过|超出|大于|高于|多于|长于|[>＞]"),
    (">=", r"达到|满"),
)
_COMPARE = "|".join(f"(?P<c{i}>{pattern})" for i, (_, pattern) in enumerate(_PREFIX))
# A verb and the thing it buys may stand between 至少 and the number: 至少配备2名.
_VERB = r"(?:有|为|到|了|要|需|应|再|配备|配置|配足|设置|设立|设|安排|指定|明确|建成|建设|建立|开展|组织|进行|召开|检查|培训|演练|保持|预留|抽查|排查|明确|确定|选派|聘请|完成|举办|储备|存放|留存|保存){0,2}"
_RANGE_JOIN = r"\s?(?:-{1,2}|—{1,2}|–|−|~|～|至|到)\s?"
# 超过爆炸下限的25%, 超过核定载重30%: what the share is taken of.
_BASE = r"(?:(?:爆炸下限|额定|核定|设计|标准|规定|限值|平均|法定|允许)[\u4e00-\u9fff]{0,6}?的?)?"
# A place where none of these forms can begin is passed over by its character alone.
_BEFORE = re.compile(
    rf"(?=[不严禁大至最起小控未达没低少短超高多长满≥⩾＞≤⩽<＜>])(?:{_COMPARE})\s?{_VERB}{_BASE}\s?(?:{_QUANTITY}|{_PERCENT_OF}){_LIMIT}?"
)
_AFTER = re.compile(rf"(?=[±\d〇零一二两三四五六七八九十百千万半]){_QUANTITY}{_LIMIT}")
_RANGE = re.compile(
    rf"(?=[±\d〇零一二两三四五六七八九十百千万半])(?P<low>{_NUMBER})\s?(?P<lowunit>{_UNIT})?(?:{_RANGE_JOIN}|(?:[（(]含[）)])?以上[、，,]?)"
    rf"(?P<number>{_NUMBER})\s?(?P<unit>(?:{_UNIT}))(?![A-Za-z])(?P<limit>以下|以内|之间)?"
)
_EQUAL = re.compile(
    rf"(?=[应须必要标统为是等=＝])(?:应当?|须|必须|要求|标准|统一)?(?:为|是|等于|=|＝)\s?{_QUANTITY}(?!以)"
)
# Every criterion prints a number; most stretches hold none.
_ANY_NUMBER = re.compile(r"[\d〇零一二两三四五六七八九十百千万半]")
_MEASURE = re.compile(
    r"(?:量|重|净宽|净高|净距|宽|高|长|厚|深|距|径|积|长度|距离|间距|宽度|高度|厚度|深度|面积|容积|容量|浓度|压力|温度|湿度|速度|车速|时速|流速|流量|数量|人数"
    r"|层数|年限|期限|时间|时长|学时|电压|电流|直径|坡度|比例|比率|率|占比|含量|限值|值|金额|年龄|载荷|负荷|功率|照度|噪声|总数|频次|寿命)$"
)
_PER = re.compile(
    r"每(?:一?年度?|一?季度?|半年|个?月|一?周|一?日|天|一?班次?|次|个班|人|台|辆|处|个[\u4e00-\u9fff]{1,6}?(?=至少|不少于|不低于|不得|配备|应|要|须)|[万千百]?人|\d+平方米)(?=[\u4e00-\u9fff\d])"
)
_CLAUSE = "。；;，,：:、\n（）()《》“”\"'！？!?·→"
_LEAD = re.compile(
    r"^(?:对于?|推动|督促|指导|凡是?|若|如果?|其中|其|且|但|并且?|而|及(?!时)|以及|或者?|和|与|未|应当?|要(?!求)|须|必须|确保|保证|做到|严禁|禁止|不得|将|把|按|该|即|所有|经(?![营济办])|发现|存在|在(?!建|岗|册)|有(?![限效害毒])|的|使(?!用))+"
)
_TRAIL = re.compile(
    r"(?:应当?|须|必须|需|要|得|在|为|达到?|均|都|一般|原则上|分别|严格|不|每次|每年|每月|每季度|每半年|每人|每周|累计|已|仍|不宜|不应)+$"
)
_BARE_VERB = re.compile(
    r"^(?:配备|配置|设置|设立|安排|开展|组织|进行|培训|建成|完成|指定|设|有|每|单位|检查|应有|保持|建立|存放|使用)*$"
)
# The things a counted unit counts stand behind it: 2名专职安全员.
_COUNTED_THING = re.compile(
    r"^的?(?P<thing>[\u4e00-\u9fff]{2,14}?)(?=的|参加|参与|到|组成|负责|进行|开展|和|及|且|并|以上|从事|培训合格|[，,。；;、（(：:\n]|$)"
)
_PERIOD_OF_TIME = {"h", "min", "d", "working_day", "week", "month"}
# Words before a stretch of time that make it a date, a plan period or a recurrence, not a limit.
_NOT_A_LIMIT = re.compile(
    r"(?:月|季度?|年|周|初|末|底|前|近|过去|最近|用|再用|为期|第|近年|头|前后|历时|[（(])\s?$"
)
# 一个月内发生两次: the stretch counts events, it bounds nothing.
_WINDOW = re.compile(r"发生|出现|累计|连续|再次|多次|被")
_GRADE_AHEAD = re.compile(r"^\s?(?:级|类|等|期|季度|月|批|届|号|线|档|星|五|环|体|轮驱|委|新|化)")
_DEATHS = re.compile(r"(?:死亡|重伤|受伤|死|伤)\s?$")


def decimal_of(printed: str) -> Decimal | None:
    """Return the value of a printed number: 1,200, 2.5, 3万, 一百二十, 半, or None when it is not one."""
    plain = re.sub(r"[\s,±]", "", printed)
    factor = 1
    if re.match(r"\d", plain) and plain[-1] in "万亿千百":
        factor = {"百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}[plain[-1]]
        plain = plain[:-1]
    if plain == "半":
        return Decimal("0.5")
    try:
        return Decimal(plain) * factor
    except InvalidOperation:
        return _chinese_decimal(plain)


def _chinese_decimal(text: str) -> Decimal | None:
    whole, _, fraction = text.partition("点")
    total, section, digit = 0, 0, 0
    for position, c in enumerate(whole):
        if c in DIGITS:
            digit = DIGITS[c]
        elif c in "十百千":
            section += (digit or (1 if not section and position == 0 else 0)) * {
                "十": 10,
                "百": 100,
                "千": 1000,
            }[c]
            digit = 0
        elif c == "万":
            total += (section + digit) * 10_000
            section = digit = 0
        else:
            return None
    value = Decimal(total + section + digit)
    if fraction:
        value += Decimal("0." + "".join(str(DIGITS.get(c, 0)) for c in fraction))
    return value if whole else None


def symbol_of(printed: str) -> str:
    """Return the symbol of a printed unit (公斤 -> kg), or "" when it is none."""
    return _SYMBOL.get(printed, "")


def find_criteria(text: str, start: int, end: int, *, in_fault: bool = False) -> list[Criterion]:
    """Return the numeric criteria printed in text[start:end], in order.

    `in_fault` says that the stretch describes a violation (a condition that ends in 的 before its consequence): there
    a bare 超过 or 小于 tells what is wrong. Elsewhere it does so only where the comparison is not a demand.
    """
    if not _ANY_NUMBER.search(text, start, end):
        return []
    found: list[Criterion] = []
    # One mark per character: comparing spans pair by pair would be quadratic.
    taken = bytearray(max(end - start, 0))
    for pattern, read in (
        (_RANGE, _read_range),
        (_BEFORE, _read_before),
        (_AFTER, _read_after),
        (_EQUAL, _read_equal),
    ):
        for match in pattern.finditer(text, start, end):
            span = Span(match.start(), match.end())
            if any(taken[span.start - start : span.end - start]):
                continue
            criterion = read(text, match, start, end, in_fault)
            if criterion:
                found.append(criterion)
                taken[span.start - start : span.end - start] = b"\1" * (span.end - span.start)
    return sorted(found, key=lambda criterion: criterion.span)


def _read_before(text: str, match: re.Match[str], start: int, end: int, in_fault: bool) -> Criterion | None:
    index = next(i for i in range(len(_PREFIX)) if match[f"c{i}"])
    comparator, word = _PREFIX[index][0], match[f"c{index}"]
    if word == "满" and not (match["limit"] or text.startswith("的", match.end())):
        return None
    if word == "达到" and text[match.start() - 1 : match.start()] in "不未":
        return None
    limit = match["limit"] or ""
    if word in ("达到", "满") and limit.endswith("下"):
        comparator = "<="
    value, printed, symbol = _quantity(match)
    if value is None or not _plausible(text, match, symbol, printed):
        return None
    if not printed and not limit:
        return None
    demanded = comparator in ("<=", ">=") or re.search(
        r"(?:应当?|必须|须|要|需|要求|确保)$", text[max(start, match.start() - 3) : match.start()]
    )
    # 员工超过30人的企业 is a class of enterprises, 软管超过2米的 a violation.
    attributive = re.compile(r"\s?的[\u4e00-\u9fff]").match(text, match.end(), end)
    return _criterion(
        text, match, comparator, value, None, symbol, printed, start, end,
        is_fault=in_fault if word in ("达到", "满") else not demanded and (in_fault or not attributive),
        rule="criterion.before",
    )  # fmt: skip


def _read_after(text: str, match: re.Match[str], start: int, end: int, in_fault: bool) -> Criterion | None:
    limit = re.sub(r"\s", "", match["limit"])
    value, printed, symbol = _quantity(match)
    if value is None or not printed or not _plausible(text, match, symbol, printed):
        return None
    before = text[max(start, match.start() - 6) : match.start()]
    if limit in ("以外", "之外"):
        comparator = ">"
    elif "上" in limit:
        comparator = ">="
    elif "含" in limit and not limit.endswith(("下", "内")):
        return None
    else:
        comparator = "<="
    if symbol in _PERIOD_OF_TIME or symbol == "year":
        if limit.strip() in ("内", "以内", "之内"):
            if symbol == "year" or _NOT_A_LIMIT.search(before) or _WINDOW.match(text, match.end()):
                return None
        elif re.search(r"(?:月|年)\s?$", before) and symbol == "d":
            return None
    elif limit.strip() == "内":
        return None
    return _criterion(
        text, match, comparator, value, None, symbol, printed, start, end, is_fault=in_fault, rule="criterion.after"
    )  # fmt: skip


def _read_range(text: str, match: re.Match[str], start: int, end: int, in_fault: bool) -> Criterion | None:
    low, high = decimal_of(match["low"]), decimal_of(match["number"])
    printed = match["unit"]
    symbol = symbol_of(printed)
    if low is None or high is None or low >= high:
        return None
    if match["lowunit"] and symbol_of(match["lowunit"]) != symbol:
        return None
    above = "以上" in match.group()
    before = _subject_before(text, match.start(), start)[0]
    stated = (
        above
        or match["limit"]
        or _MEASURE.search(before)
        or re.search(
            r"(?:控制|保持|介于|范围)(?:在|为)?$", text[max(start, match.start() - 6) : match.start()]
        )
    )
    # Bare 10-15日 and 2-3名 are dates and rough counts.
    if not stated or (symbol in ("d", "year", "month", "time", "working_day") and not above):
        return None
    if not _plausible(text, match, symbol, printed):
        return None
    scale = _SCALE.get(printed, 1)
    return _criterion(
        text, match, "range", low * scale, high * scale, symbol, printed, start, end, is_fault=in_fault,
        rule="criterion.range",
    )  # fmt: skip


def _read_equal(text: str, match: re.Match[str], start: int, end: int, in_fault: bool) -> Criterion | None:
    value, printed, symbol = _quantity(match)
    subject = _subject_before(text, match.start(), start)[0]
    if (
        value is None
        or not printed
        or symbol in ("d", "month", "year", "time")
        or not _MEASURE.search(subject)
    ):
        return None
    if symbol in _COUNTED and not re.match(r"应|须|必|要", match.group()):
        return None
    return _criterion(
        text, match, "=", value, None, symbol, printed, start, end, is_fault=in_fault, rule="criterion.equal"
    )  # fmt: skip


def _quantity(match: re.Match[str]) -> tuple[Decimal | None, str, str]:
    groups = match.groupdict()
    if groups.get("share"):
        return _chinese_decimal(groups["share"]), "百分之", "%"
    value = decimal_of(groups["number"])
    printed = groups["unit"] or ""
    if value is not None:
        value *= _SCALE.get(printed, 1)
    return value, printed, symbol_of(printed)


def _plausible(text: str, match: re.Match[str], symbol: str, printed: str) -> bool:
    """Say whether the number is a bound at all: no grade, date, accident count, plan period or part of a longer number."""
    groups = match.groupdict()
    name = "number" if groups.get("number") else "share"
    first = match.start("low") if groups.get("low") else match.start(name)
    before = text[max(0, first - 1) : first]
    if before and (before in "第〔[.．０" or (before.isdigit() and match.start() == first)):
        return False
    stop = match.end("unit") if groups.get("unit") else match.end()
    if (
        not groups.get("limit")
        and _GRADE_AHEAD.match(text[stop : stop + 3])
        and symbol in ("", "person", "piece")
    ):
        return False
    number = groups.get("number") or ""
    if printed in ("年", "度", "方", "组", "部", "日", "所", "口", "项", "个", "家", "起", "处", "条", "份") and number in (
        "一", "两", "千", "万", "百", "十", "半",
    ) and match.re is _AFTER:  # fmt: skip
        return False
    if symbol == "year" and re.fullmatch(r"(?:19|20)\d\d", number):
        return False
    if printed == "日" and re.search(r"月\s?$", text[max(0, first - 2) : first]):
        return False
    if printed == "度" and re.match(r"[的地]", text[stop : stop + 1] or ""):
        return False
    return not _DEATHS.search(text[max(0, first - 3) : first])


def _subject_before(text: str, position: int, start: int) -> tuple[str, int]:
    """Return the phrase right before a comparison and where it begins: back to the clause's beginning."""
    left = position
    while left > start and position - left < 24 and text[left - 1] not in _CLAUSE:
        left -= 1
    phrase = text[left:position].rstrip()
    cut = max(phrase.rfind(mark) for mark in ("的", "未", "且", "而", "但"))
    if 0 <= cut < len(phrase) - 1:
        left += cut + 1
        phrase = phrase[cut + 1 :]
    lead = _LEAD.match(phrase)
    if lead:
        left += lead.end()
        phrase = phrase[lead.end() :]
    trail = _TRAIL.search(phrase)
    if trail and trail.start() > 0:
        phrase = phrase[: trail.start()]
    elif trail:
        phrase = ""
    return phrase.strip(), left


def _criterion(
    text: str,
    match: re.Match[str],
    comparator: str,
    value: Decimal,
    upper: Decimal | None,
    symbol: str,
    printed: str,
    start: int,
    end: int,
    *,
    is_fault: bool,
    rule: str,
) -> Criterion:
    subject, left = _subject_before(text, match.start(), start)
    per = ""
    for period in _PER.finditer(text, max(start, match.start() - 30), match.end()):
        if not re.search(f"[{_CLAUSE}]", text[period.end() : match.start()].replace("，", "")):
            per = period.group()
    subject = _PER.sub("", subject) if per else subject
    own = bool(subject) and not _BARE_VERB.match(subject)
    if not own or (symbol in _COUNTED and not _MEASURE.search(subject)):
        thing = _COUNTED_THING.match(text[match.end() : min(end, match.end() + 24)])
        if thing and not (own and re.search(r"(?:数|人员|员工|职工|单位)$", subject)):
            subject, own = thing["thing"], False
    begin = left if own and subject and text.startswith(subject, left) else match.start()
    return Criterion(
        subject=subject,
        comparator=comparator,
        value=value,
        unit=symbol,
        printed_unit=printed,
        text=text[begin : match.end()],
        span=Span(begin, match.end()),
        confidence=0.9 if _MEASURE.search(subject) else 0.75,
        rule=rule,
        upper=upper,
        per=per,
        is_fault=is_fault,
    )
