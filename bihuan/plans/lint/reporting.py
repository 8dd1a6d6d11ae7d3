"""Reporting rules: to whom, on which day, and not after the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bihuan.plans.lint.bodies import kind_of
from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding
from bihuan.plans.lint.names import mentions, same_unit
from bihuan.plans.lint.timing import report_day
from bihuan.plans.model import Report, Span

_VAGUE = re.compile(
    r"(?P<word>定期|不定期|及时|适时|按时|按期|随时|按要求)(?P<between>[^，,。；;\n]{0,40}?)(?P<verb>报送|上报|报告(?=[^，,。；;\n]{0,16}(?:办公室|专班|领导小组|局|委|部门|政府))|报(?=市|县|区|省|州|领导小组|专班|工作专班|安委))"
)
_EVENT = re.compile(
    r"事故|险情|突发|灾情|异常|线索|案件|重大(?:问题|情况|事项|隐患)|信息(?:系统|平台)|重要(?:事项|情况)|紧急|发现|接到|发生|苗头|遇到|倾向"
)
_REGULAR = re.compile(
    r"每(?:日|天|周|旬|月|季|半年|年)|(?:日|周|旬|月|季|年)报|月底|月末|\d{1,2}\s?[日号]|底前|年底|季末|日前"
)
_DAY = re.compile(r"\d|末|底|初|每日|每天|日报|逐日|周[一二三四五六日天]|工作日|当日|次日")
_RECEIVER = re.compile(
    r"(?:报送|上报|反馈|报告|报|送|交|提交|汇总)(?:至|给|到|经)?\s?[\u4e00-\u9fff]{0,12}?(?:安委|办公室|专班|领导小组|指挥部|局|委|部门|厅|政府|科|处|办|邮箱|备案|联系人|平台|系统|公司|部)|(?:向|给)[\u4e00-\u9fff]{2,24}(?:报|提交|反馈)"
)
_END = re.compile(r"(?:办公室|办|小组|专班|指挥部|联席会议|局|委|科|处|室|中心)$")
_KNOWN = re.compile(
    r"安委|安全生产委员会|政府|党委|本级|同级|上级|主管|所在地|属地|省|国务院|部委|应急管理部|有关|相关|各"
)
_SUMMARY = re.compile(r"总结|评估|成效")


def _sentence(draft: Draft, report: Report) -> Span:
    place = report.field_spans.get("when", [report.span])[0]
    return draft.sentence_at(place.start)


def check_vague(draft: Draft) -> Iterator[Finding]:
    """Report 定期报送 and 及时报送 without a day; events (事故, 线索) are rightly reported at once."""
    for match in _VAGUE.finditer(draft.plain, *draft.body):
        sentence = draft.sentence_at(match.start())
        paragraph = draft.paragraph_at(match.start())
        if any(
            _DAY.search(r.when)
            for r in draft.plan.reports
            if paragraph.covers(r.span) and r.span.end > r.span.start
        ):
            continue
        clause = draft.text[max(sentence.start, match.start() - 40) : min(sentence.end, match.end() + 16)]
        after = draft.text[match.end() : min(sentence.end, match.end() + 16)]
        if (
            _EVENT.search(clause)
            or _REGULAR.search(sentence.of(draft.text))
            or re.match(r"[^，,]{0,4}(?:制度|机制|渠道)", after)
        ):
            continue
        yield draft.finding(
            "report.no_day",
            "warning",
            Span(*match.span()),
            f"“{draft.quote(Span(*match.span()), 40)}”没有写明哪一天报。",
            f"把“{match['word']}”改为“每月25日前”一类的具体时间。",
        )


def check_recurring(draft: Draft) -> Iterator[Finding]:
    """Report recurring returns without a day (每月报送, 周报制度)."""
    for report in draft.plan.reports:
        if report.rule not in ("report.recurring", "report.regime") and not re.match(r"^每", report.when):
            continue
        if _DAY.search(report.when):
            continue
        place = report.field_spans.get("when", [report.span])[0]
        proposal = (
            "改为“每周五17时前”"
            if "周" in report.when
            else "改为“每季度末月25日前”"
            if "季" in report.when
            else "改为“每月25日前”"
        )
        yield draft.finding(
            "report.no_day",
            "warning",
            place,
            f"“{report.when}”报送，没有写明是哪一天。",
            f"{proposal}一类的具体时间。",
        )


def check_receiver(draft: Draft) -> Iterator[Finding]:
    """Report returns without a receiver."""
    reported: set[Span] = set()
    for report in draft.plan.reports:
        sentence = _sentence(draft, report)
        if report.to or sentence in reported or _RECEIVER.search(draft.text, *sentence):
            continue
        reported.add(sentence)
        place = report.field_spans.get("when", [report.span])[0]
        yield draft.finding(
            "report.no_receiver",
            "warning",
            place,
            f"“{draft.quote(sentence, 40)}”没有写明报给谁。",
            "补写接收单位，如“报送市安委会办公室”。",
        )


def check_known(draft: Draft) -> Iterator[Finding]:
    """Report receivers that the plan neither sets up nor names anywhere else; committees and governments exist anyway."""
    done: set[str] = set()
    for report in draft.plan.reports:
        receiver = (report.to or "").strip()
        receiver = re.sub(r"(?:备案|汇总|审核|审定)$", "", receiver)
        if (
            len(receiver) < 3
            or receiver in done
            or not _END.search(receiver)
            or _KNOWN.search(receiver)
            or "、" in receiver
        ):
            continue
        done.add(receiver)
        issuer = draft.plan.issuer.value if draft.plan.issuer else ""
        sentence = _sentence(draft, report)
        elsewhere = draft.text[: sentence.start] + "\n" + draft.text[sentence.end :]
        core = re.sub(r"^(?:全)?[市县区州]|办公室$|办$", "", receiver)
        kind = re.search(r"领导小组|专班|指挥部|联席会议|小组", receiver)
        if next(mentions(receiver, Span(0, len(receiver))), None):
            continue  # a desk of a department
        if kind and any(kind_of(b.name) for b in draft.plan.bodies):
            continue  # another name for the body the plan sets up: body.two_names
        if (kind and kind.group() in elsewhere) or (not kind and len(core) >= 2 and core in elsewhere):
            continue
        if same_unit(receiver, issuer) or (issuer and issuer.endswith(core)):
            continue
        units = [u for t in draft.plan.tasks for u in (*t.lead, *t.support, *t.responsible)]
        if any(same_unit(receiver, u) for u in units):
            continue
        place = report.field_spans.get("to", [report.span])[0]
        yield draft.finding(
            "report.unknown_receiver",
            "warning",
            place,
            f"报送给“{receiver}”，但方案没有设立这个机构，别处也没有提到它。",
            "改为方案中设立的机构，或在组织领导部分写明成立该机构。",
        )


def check_late(draft: Draft) -> Iterator[Finding]:
    """Report returns due after the end of the last phase; a closing summary has 60 days."""
    ends = [p.end for p in draft.plan.phases]
    if not ends or not all(ends):
        return
    last = max(end for end in ends if end)
    for report in draft.plan.reports:
        day = report_day(draft, report)
        grace = timedelta(days=60 if _SUMMARY.search(draft.text, *_sentence(draft, report)) else 0)
        if day and day > last + grace:
            yield _late(draft, report.field_spans.get("when", [report.span])[0], report, last)


def _late(draft: Draft, place: Span, report: Report, last: date) -> Finding:
    return draft.finding(
        "report.late",
        "warning",
        place,
        f"要求{report.when}报送，而最后一个阶段到{last.year}年{last.month}月{last.day}日就结束了。",
        f"改为{last.month}月{last.day}日之前的日期，或延长最后一个阶段。",
    )


CHECKS = (check_vague, check_recurring, check_receiver, check_known, check_late)
