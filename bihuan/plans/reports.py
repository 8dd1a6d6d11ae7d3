"""Reporting obligations: who sends what to whom by when, one entry per printed time phrase (CONVENTION C4)."""

from __future__ import annotations

import re

from bihuan.plans.model import Report, Span

_VERB = re.compile(
    r"(?:报送|上报)(?!制度|机制|工作机制|渠道|[、的])|书面报告|反馈(?=[至给]|[市区县省州])|报告(?=[至给市区县省])"
    r"|(?<![举汇日周月季年简通情警预申填上海电])报(?=至|给|经|我|[市区县省州镇乡]|国务院|工作专班|专班|领导小组|安委|办公室|[\u4e00-\u9fff]{2,10}(?:办公室|专班|领导小组|安委会|安委办|备案)|[\u4e00-\u9fff]{2,10}(?:局|部|办|科|处|室|中心|公司)(?:[，,。；;]|备案|汇总|$))"
)
_RECURRENCE = (
    r"(?:每(?:日|天|周[一二三四五六日天]?|个?月|个?季度?|半年|年)度?|按(?:日|周|月|季度?)|逐月|逐日)"
)
_DAY = r"\d{1,2}\s?[日号]"
_DEADLINE = re.compile(
    rf"(?:{_RECURRENCE}(?:的|末|初)?(?:次|当|下|第一个|首|末)?(?:个?月)?|(?:次|当|下|本)(?:个?月|季度?|年|周)(?:末|初|首月)?|(?:月|季度?|季|年|半年)末(?:次月)?)?"
    rf"(?:"
    rf"(?:(?:19|20)\d\d\s?年\s?)?(?<!\d)\d{{1,2}}\s?月(?:份)?(?:\s?{_DAY}|底|末|上旬|中旬|下旬)(?:、\d{{1,2}}\s?月(?:\s?{_DAY}|底|末))*(?:之?前|以前)"
    rf"|(?:19|20)\d\d\s?年(?:底|末)(?:之?前|以前)|年底(?:之?前|以前)"
    rf"|(?<=[周月度年末初]){_DAY}(?:下班|中午|上午)?(?:\d{{1,2}}[时点])?(?:之?前|以前|内)"
    rf"|(?<=[周])[一二三四五六日天]?(?:下班|中午|上午|下午)?(?:\d{{1,2}}[时点:：]?\d{{0,2}})?(?:之?前|以前)"
    rf"|(?<=周[一二三四五六日天])(?:下班|中午|上午|下午)?(?:\d{{1,2}}[时点:：]?\d{{0,2}})?(?:之?前|以前)"
    rf"|(?<=[月季年度])(?:底|末|初)(?:之?前|以前)"
    rf"|\d{{1,2}}\s?个?工作日(?<=[末初度月]\d个工作日)内"
    rf")"
)
_BARE = re.compile(_RECURRENCE + r"(?:末|底|初)?")
_REGIME = re.compile(
    r"(?:建立|实行|执行|落实|坚持|健全|严格)[^。；;，,\n]{0,22}?(?P<when>日报|周报|旬报|月报|季报|半年报|年报)(?:告|送|表)?(?:制度|机制|制)?"
)
_EVENT = re.compile(r"后(?:的)?\s?$")
_SUBJECT = re.compile(
    r"(?P<who>[^，,。；;：:]{2,44}?)(?:要|应当?|须|需|务必|请|于|将|负责|每|在|按|自|从)(?!求|急|点|任)"
)
_WHO_END = re.compile(
    r"(?:部门|单位|局|厅|委|办|政府|管委会|办公室|专班|领导小组|指挥部|公司|企业|乡镇|街道|办事处|成员|县区|地区|各地|市区|部|会|专班|院|校|站|队|片区|园区|区|县|市|镇|乡|[）)])$"
)
_TO = re.compile(
    r"(?:报送|上报|书面报告|反馈|报告|报)\s?(?:至|给|到|经)?(?P<to>[\u4e00-\u9fff、（()）]{2,36}?)(?=[，,。；;\n]|备案|汇总|审定|审核|$|邮箱|，)"
)

_STOP = re.compile(r"[。；;\n]")
_TOWARDS = re.compile(
    r"(?:向|给)(?P<to>[\u4e00-\u9fff、（()）]{2,36}?)(?:书面|集中|统一|及时|按时|汇总|专题)?(?:报送|上报|书面报告|反馈|报告|提交)"
)
_WEEKDAY = dict(zip("一二三四五六日天", ("MO", "TU", "WE", "TH", "FR", "SA", "SU", "SU"), strict=True))


def find_reports(text: str, parts: list[Span]) -> list[Report]:
    """Return the reporting obligations of the given stretches of text (the preamble, each item) in printed order."""
    found: list[Report] = []
    for start, end in parts:
        cursor = start
        for match in _STOP.finditer(text, start, end):
            found.extend(_in_sentence(text, cursor, match.start()))
            cursor = match.end()
        found.extend(_in_sentence(text, cursor, end))
    return found


def _in_sentence(text: str, start: int, end: int) -> list[Report]:
    if end - start > 1200:
        return []
    times: list[tuple[str, Span, str]] = []
    verb = _VERB.search(text, start, end)
    if verb:
        last_verb = list(_VERB.finditer(text, start, end))[-1]
        for match in _DEADLINE.finditer(text, start, end):
            near = match.start() < last_verb.start() or match.start() - last_verb.end() <= 30
            if near and not _EVENT.search(text, max(start, match.start() - 3), match.start()):
                times.append((match.group(), Span(*match.span()), "report.deadline"))
        if not times:
            for match in _BARE.finditer(text, start, last_verb.start()):
                between = text[match.end() : last_verb.start()]
                if not re.search(r"召开|检查|督查|通报|至少|不少于|一次|1次", between):
                    times.append((match.group(), Span(*match.span()), "report.recurring"))
                    break
    regime = _REGIME.search(text, start, end)
    if regime and not times:
        times.append((regime["when"], Span(*regime.span("when")), "report.regime"))
    if not times:
        return []
    who = _who(text, start, end)
    to = _recipient(text, start, end, verb) if verb else None
    spans: dict[str, list[Span]] = {}
    if who:
        spans["who"] = [who[1]]
    if to:
        spans["to"] = [Span(*to.span("to"))]
    context = text[start:end]
    left, right = _trim(text, start, end)
    return [
        Report(
            who=who[0] if who else None,
            to=to["to"] if to else None,
            when=when,
            span=Span(left, right),
            confidence=0.9 if rule == "report.deadline" else 0.75,
            rule=rule,
            rrule=rrule_of(when, context),
            field_spans={**spans, "when": [place]},
        )
        for when, place, rule in times
    ]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _recipient(text: str, start: int, end: int, verb: re.Match[str]) -> re.Match[str] | None:
    """Return the match whose group "to" is the receiver: 向X报送…, 报送X; what is sent is no receiver."""
    towards = _TOWARDS.search(text, start, end)
    if towards:
        return towards
    for match in _TO.finditer(text, verb.start(), end):
        directed = re.match(r"(?:报送|上报|书面报告|反馈|报告|报)\s?[至给到]", match.group())
        if directed or _WHO_END.search(match["to"]):
            return match
    return None


def _who(text: str, start: int, end: int) -> tuple[str, Span] | None:
    starts = [start, *[m.end() for m in re.compile(r"[，,：:]").finditer(text, start, end)][:6]]
    for first in starts:
        while first < end and text[first].isspace():
            first += 1
        match = _SUBJECT.match(text, first, end)
        if match and _WHO_END.search(match["who"]):
            return match["who"], Span(*match.span("who"))
    return None


def rrule_of(when: str, context: str = "") -> str:
    """Return the recurrence of a time phrase as an RFC 5545 rule, or "" for a single date.

    A phrase such as 次月5日前 takes its frequency from its sentence (每月…). Example: 每月25日前 ->
    FREQ=MONTHLY;BYMONTHDAY=25.
    """
    base = _frequency(when) or (_frequency(context) if re.match(r"[次当下本]|[月季年]", when) else "")
    if not base and re.match(r"(?:次|当|下|本)个?月|月", when):
        base = "FREQ=MONTHLY"
    if not base and "季" in when:
        base = "FREQ=MONTHLY;INTERVAL=3"
    if not base:
        return ""
    day = re.search(r"(\d{1,2})\s?[日号]", when)
    weekday = re.search(r"周([一二三四五六日天])", when)
    if base == "FREQ=WEEKLY" and weekday:
        return f"{base};BYDAY={_WEEKDAY[weekday.group(1)]}"
    if base == "FREQ=MONTHLY" and day:
        return f"{base};BYMONTHDAY={int(day.group(1))}"
    if base == "FREQ=MONTHLY" and re.search(r"月?[底末]", when):
        return f"{base};BYMONTHDAY=-1"
    return base


def _frequency(text: str) -> str:
    for pattern, rule in (
        (r"每[日天]|按日|逐日|日报", "FREQ=DAILY"),
        (r"每周|按周|周报", "FREQ=WEEKLY"),
        (r"每个?季|按季|季报", "FREQ=MONTHLY;INTERVAL=3"),
        (r"每半年|半年报", "FREQ=MONTHLY;INTERVAL=6"),
        (r"每个?月|按月|逐月|月报", "FREQ=MONTHLY"),
        (r"每年|年报", "FREQ=YEARLY"),
    ):
        if re.search(pattern, text):
            return rule
    return ""
