"""Reporting obligations: who sends what to whom by when, one entry per printed time phrase (CONVENTION C4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bihuan.plans.model import Report, Span
from bihuan.plans.recurrence import rrule_of
from bihuan.plans.units import ELLIPTIC, is_collective, looks_like_unit, split_units

_NOT_REPORT = r"(?<![举汇日周旬月季年简通情预申填上海电警呈公虚谎瞒漏墙画])"
_VERB = re.compile(
    r"(?:报送|上报|呈报)(?!制度|机制|工作机制|渠道|要求|系统|平台|流程|工作(?:制度|机制|的))(?![、的](?!通知))|(?<!形成)(?<!撰写)书面(?:报告|汇报)|反馈(?=[至给到]|[\u4e00-\u9fff]{0,6}(?:市|区|县|省|州|办|局|组|部|科|处|中心))"
    r"|(?:抄送|发送|发|交|送|传|提交|反馈|报送)(?:至|到|给)|提交(?=[\u4e00-\u9fff]{2,12}(?:办|局|组|部|科|处|中心|会)|[\u4e00-\u9fff]{0,10}(?:总结|小结|报表|台账)(?:材料|报告)?(?:[，,。；;]|$))|填报(?!制度|要求)"
    r"|(?<=向)[\u4e00-\u9fff（()）]{2,24}?(?:专题|书面|统一|集中|定期)?(?:报告|汇报|报送)|(?<![工周月季日年总情结查测分析])报告(?=[至给市区县省])"
    rf"|{_NOT_REPORT}报(?![告表送])(?=至|给|到|经|我|本|[市区县省州镇乡旗](?!级|场)|国务院|所在|属地|分管|主管|主要|上级|公司|集团|学校|局|工作专班|专班|领导小组|安委|办公室"
    r"|[\u4e00-\u9fff]{2,16}(?:办公室|专班|领导小组|安委会|安委办|指挥部|小组|备案|备查|汇总|审定|审核|邮箱|处|室)|[\u4e00-\u9fff]{2,10}(?:局|部|办|科|股|中心|公司|政府|委)(?:[，,。；;（(]|备案|汇总|$))"
)
# Whatever is sent is sent by one of these words; the full grammar is tried only where one stands.
_ANY_VERB = re.compile(r"报|反馈|提交|发至|发到|发给|交至|交到|交给|送至|送到|送给|传至|传到|传给")
_CLOCK = r"(?:\s?(?:上午|下午|中午|晚上?|早上?)?(?:下班|\s?\d{1,2}\s?(?:[:：]\s?\d{2}|[时点](?:\d{1,2}分|半)?)(?:整)?)?)"
_WEEKDAY = r"(?:\s?[（(](?:星期|周)[一二三四五六日天][）)])?"
_DAY = rf"\d{{1,2}}\s?[日号]{_WEEKDAY}"
_DAYS = rf"(?:\d{{1,2}}、)*{_DAY}(?:[、和及]{_DAY})*"
_PART = r"(?:底|末|初|上旬|中旬|下旬)"
_BEFORE = r"\s?(?:之?前|以前|之内|以内|内)"
_DATE = rf"(?:(?:19|20)\d\d\s?年\s?)?(?<!\d)\d{{1,2}}\s?月份?\s?(?:{_DAY}|{_PART})"
_EVERY = r"每(?:个)?(?:工作日|日|天|两周|双周|周|星期|半个?月|[两双]个?月|旬|月|季度?|半年|年)度?"
_WEEKLY_DAYS = r"[一二三四五六日天](?:[、和及](?:周|星期)?[一二三四五六日天])*"
_RECURRING = (
    rf"{_EVERY}(?:的)?(?:(?<=[周期])(?:{_WEEKLY_DAYS}|末)|(?:末次月|末月|首月|次月|下月|第[一二三]个月|最后一个月|下一?个?季度首月|下一?个?月|次年|末|底|初)?(?:的)?"
    rf"(?:{_DATE}(?:[、和及]{_DATE})*|\d{{1,2}}月(?:、\d{{1,2}}月)*{_PART}|{_DAYS}|月?{_PART}|最后[一1]个?(?:工作日|天|日|(?:周|星期)[一二三四五六日天])|[前第]?[一二三四五六\d]{{1,2}}个?(?:工作日|(?:周|星期)[一二三四五六日天])"
    r"|(?:结束)?后(?:的)?(?:的)?\s?\d{1,2}个?(?:工作)?[日天])?)?"
    rf"{_CLOCK}(?:{_BEFORE})?"
)
_RELATIVE = rf"(?:次|下|本|当)(?:个)?(?:月|季度?|周|星期|年)(?:末|初|首月|底)?(?:的)?(?:{_DAYS}|\d{{1,2}}个?工作日|{_WEEKLY_DAYS}|末|底)?{_CLOCK}(?:{_BEFORE})"
_DEADLINE = (
    rf"{_DATE}(?:、{_DATE})*{_CLOCK}{_BEFORE}|(?:19|20)\d\d\s?年(?:底|末){_BEFORE}|(?<![今明去本])(?:年底|月底|月末|季末|季度末|年末|年中){_BEFORE}|[今明本]年(?:底|末){_BEFORE}"
    rf"|(?<=[月季度年])(?:末|底){_BEFORE}"
)
_TIME = re.compile(rf"(?P<recurring>{_RECURRING})|(?P<relative>{_RELATIVE})|(?P<deadline>{_DEADLINE})")
# A day named without 前: 于6月底和7月底报送.
_ON = re.compile(
    rf"(?:(?<=[于在])|(?<=[底末旬日]和)|(?<=[底末旬日]、)){_DATE}(?={_CLOCK}(?:[，、和及]|分别|将|向|报|书面|集中|统一|{_DATE}))"
)
_BY_PERIOD = re.compile(
    r"(?:按(?:日|天|周|旬|月|季度?|年度?|半年)(?:度)?|逐[日周月季]|[一每](?:日|周|月|季)一)(?=报|向|将|上报|汇总|书面|统一|填报)"
)
_ORDER = re.compile(r"(?:建立|实行|执行|落实|坚持|健全|严格|推行|实施|完善|启动)[^。；;\n]{0,60}")
_REGIME_WORD = re.compile(
    r"(?<![每本各当次下上])(?:(?:日|双周|周|旬|半月|月|季度?|半年|年)(?:报告|报送|汇报|报(?![到道名告送表]))|[一每](?:日|周|月|季)一报)(?=[^，。；;\n]{0,16}?(?:制度|机制|制(?![定度造])))"
)
_EVENT = re.compile(
    r"(?:接到|收到|发生|事故|结束|完成|印发|下发|发布|之日|检查|整改)[\u4e00-\u9fff]{0,8}(?:后|起)(?:的)?\s?$"
)
_ONCE = re.compile(r"召开|检查|督查|通报|至少|不少于|一次|1次|[2-9两三]次|调度|抽查|巡查|开展|培训|演练")

_SUBJECT = re.compile(
    r"(?P<who>[\u4e00-\u9fff（()）、/“”]{2,60}?)(?=(?:(?<![主需重])要|(?<![供响反适])应(?!急)|须|需|于|每|在(?!建)|将|按|请|自|从|负责|务必|对(?!外)|定期|根据|结合|汇总|制定|组织(?!部)|明确|确定|指定|认真|及时|完成|开展|报(?![社告])|向|建立(?!行)|做好|落实|通过|集中|统一|把|依托|梳理|形成|安排|填报|上报|提交|全面|分别|立即|\d|实行))"
)
_TO = re.compile(
    r"(?:报送|上报|呈报|书面报告|反馈|报告|报|抄送|发送|提交|发|交|送|传)\s?(?:至|给|到|经)?\s?(?P<to>[\u4e00-\u9fff、（()）/]{2,40}?)(?=[，,。；;\n]|备案|备查|汇总|审定|审核|存档|审批|同意|研究|邮箱|$|指定|[（(]联系|电子)"
)
_TOWARDS = re.compile(
    r"(?:向|给)(?P<to>[\u4e00-\u9fff、（()）]{2,40}?)(?:书面|集中|统一|及时|按时|汇总|专题|定期|如实)?(?:报送|上报|报告|汇报|反馈|提交|填报|报(?=[\u4e00-\u9fff《]))"
)
_TO_END = re.compile(r"(?:处|室|人|邮箱|平台|系统|公司|学校|上级|我局|我办|我委|我科|本局|联络员)$")
_STOP = re.compile(r"[。\n]")
_PART_STOP = re.compile(r"[；;]")


@dataclass
class _Context:
    """What a sentence has said so far: its first sender, and the receiver of the part before."""

    who: tuple[str, Span] | None = None


def find_reports(text: str, parts: list[Span]) -> list[Report]:
    """Return the reporting obligations of the given stretches of text (the preamble, each item) in printed order."""
    found: list[Report] = []
    for start, end in parts:
        for first, stop in _pieces(text, start, end, _STOP):
            context = _Context()
            for left, right in _pieces(text, first, stop, _PART_STOP):
                if right - left <= 1200:
                    found.extend(_in_part(text, left, right, context))
    return found


def _pieces(text: str, start: int, end: int, mark: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    cursor = start
    for match in mark.finditer(text, start, end):
        if match.start() > cursor:
            yield cursor, match.start()
        cursor = match.end()
    if cursor < end:
        yield cursor, end


def _in_part(text: str, start: int, end: int, context: _Context) -> list[Report]:
    """Read the stretch between two semicolons: its times, each with the sender and receiver that apply to it."""
    if not _ANY_VERB.search(text, start, end):
        return []
    verbs = list(_VERB.finditer(text, start, end))
    times = _times(text, start, end, verbs) + _regimes(text, start, end)
    if not times:
        return []
    times.sort(key=lambda time: time[1])
    found: list[Report] = []
    receiver: tuple[str, Span] | None = None
    for i, (when, place, rule) in enumerate(times):
        stop = times[i + 1][1].start if i + 1 < len(times) else end
        context.who = _who(text, start, place.start) or context.who or _who(text, place.end, end, last=False)
        if verbs:
            begin = place.start if i else start
            receiver = _recipient(text, begin, stop) or _recipient(text, place.start, end) or receiver
        spans: dict[str, list[Span]] = {"when": [place]}
        if context.who:
            spans["who"] = [context.who[1]]
        if receiver:
            spans["to"] = [receiver[1]]
        left = start
        while left < end and text[left].isspace():
            left += 1
        found.append(
            Report(
                who=context.who[0] if context.who else None,
                to=receiver[0] if receiver else None,
                when=when,
                span=Span(left, end),
                confidence=0.9 if rule == "report.deadline" else 0.75,
                rule=rule,
                rrule=rrule_of(when, text[start:end]),
                field_spans=spans,
            )
        )
    return found


def _times(text: str, start: int, end: int, verbs: list[re.Match[str]]) -> list[tuple[str, Span, str]]:
    if not verbs:
        return []
    last = verbs[-1]
    strong: list[tuple[str, Span, str]] = []
    weak: list[tuple[str, Span, str]] = []
    for match in _TIME.finditer(text, start, end):
        if match.start() > last.start() and match.start() - last.end() > 30:
            continue
        if _EVENT.search(text, max(start, match.start() - 16), match.start()):
            continue
        span = Span(match.start(), match.end() - (len(match.group()) - len(match.group().rstrip())))
        when = text[span.start : span.end]
        bare = match.lastgroup == "recurring" and re.fullmatch(rf"{_EVERY}(?:的)?", when)
        if not bare:
            between = text[match.end() : last.start()]
            ending = when.endswith(("前", "内"))
            if match.lastgroup == "recurring" and not ending and _ONCE.search(between):
                continue
            strong.append((when, span, "report.deadline" if ending else "report.recurring"))
        elif (verb := next((v for v in verbs if v.start() >= match.end()), None)) and not _ONCE.search(
            text[match.end() : verb.start()]
        ):
            weak.append((when, span, "report.recurring"))
    for match in [*_ON.finditer(text, start, end), *_BY_PERIOD.finditer(text, start, end)]:
        span = Span(*match.span())
        free = not any(span.start < s.end and s.start < span.end for _, s, _ in strong)
        if free and match.end() <= last.end() and last.start() - match.end() <= 40:
            rule = "report.recurring" if match.re is _BY_PERIOD else "report.deadline"
            strong.append((match.group(), span, rule))
    # 每旬报送进度，每月2日前报送小结: a bare recurrence counts beside another time when a verb of its own follows it.
    places = sorted(span.start for _, span, _ in [*strong, *weak])
    for when, span, rule in weak:
        following = next((start for start in places if start > span.start), None)
        alone = following is None and not strong
        owned = any(span.end <= verb.start() < (following or 0) for verb in verbs)
        if alone or owned or (following is None and any(verb.start() >= span.end for verb in verbs)):
            strong.append((when, span, rule))
    return strong


def _regimes(text: str, start: int, end: int) -> list[tuple[str, Span, str]]:
    """Return the ordered regimes of a stretch (实行日报告、周报制度), each word its own time phrase."""
    found = {}
    for order in _ORDER.finditer(text, start, end):
        for word in _REGIME_WORD.finditer(text, order.start(), min(end, order.end())):
            found[word.start()] = (word.group(), Span(*word.span()), "report.regime")
    return list(found.values())


def _recipient(text: str, start: int, end: int) -> tuple[str, Span] | None:
    """Return the receiver: 向X报送…, 报送X, 报送总结至X; what is sent is no receiver."""
    towards = _TOWARDS.search(text, start, end)
    if towards and (looks_like_unit(towards["to"]) or _TO_END.search(towards["to"])):
        return towards["to"], Span(*towards.span("to"))
    for verb in _VERB.finditer(text, start, end):
        for first in (verb.start(), max(verb.start(), verb.end() - 3)):
            match = _TO.match(text, first, end)
            if not match:
                continue
            place = Span(*match.span("to"))
            through = re.search(r"[至给](?=[\u4e00-\u9fff（(]{2,}$)", match["to"])
            if through:
                place = Span(place.start + through.end(), place.end)
            name = text[place.start : place.end]
            directed = re.search(r"[至给到]\s?$", text[match.start() : place.start])
            if name not in ("指定", "电子", "指定电子") and (
                directed or looks_like_unit(name) or _TO_END.search(name)
            ):
                return name, place
    return None


_OPENING = re.compile(r"[，,：:]|[)）]\s{0,3}(?=各)|后(?=[\u4e00-\u9fff]{2,12}于)")


def _who(text: str, start: int, end: int, *, last: bool = True) -> tuple[str, Span] | None:
    """Return the sender of a time phrase: the units that open the last clause before `end` which begins with units."""
    found = None
    for first in [start, *[m.end() for m in _OPENING.finditer(text, start, end)][:12]]:
        while first < end and text[first] in " \u3000\t“（(由请":
            first += 1
        subject = _subject(text, first, min(len(text), end + 2))
        if subject and subject[1].end <= end:
            found = subject
            if not last:
                break
    return found


_VERBS_AFTER = _SUBJECT.pattern[_SUBJECT.pattern.index("(?=") :]
_ENDS = re.compile(_VERBS_AFTER)


def _subject(text: str, first: int, end: int) -> tuple[str, Span] | None:
    """Return the units that open text[first:end] and are followed by what they shall do."""
    for verb in _ENDS.finditer(text, first + 2, min(end, first + 62)):
        names = text[first : verb.start()]
        if re.search(r"[^\u4e00-\u9fff（()）、/“”]", names):
            return None
        if _are_units(names):
            return names, Span(first, verb.start())
    return None


def _are_units(names: str) -> bool:
    if re.match(r"(?:要|应|并|将|对|按|于|每|各自|坚持|建立|请)", names):
        return False
    units = [name for name, _ in split_units(names, 0, len(names))]
    known = [
        looks_like_unit(name) or bool(ELLIPTIC.fullmatch(name)) or is_collective(name) is not None
        for name in units
    ]
    return bool(units) and all(known)
