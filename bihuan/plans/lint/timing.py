"""Phases that overlap, leave gaps or contradict what is said of them; what is due before publication or after the end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from bihuan.plans.lint.days import Printed, Stretch, resolve, stretches
from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding
from bihuan.plans.model import Phase, Report, Span, Task
from bihuan.plans.numerals import chinese_number

_NO_YEAR = 2001  # a year for counting days when none is printed; only differences are used
_LENGTH = re.compile(
    r"(?:为期|历时|为时|集中|利用|(?<=[，,。；;、再争将划）)])用|(?:整治|阶段|活动|行动|排查)(?:总)?(?:时间|时长|周期)(?:为|共))\s?(?P<about>约|近|大约)?"
    r"(?P<n>\d{1,3}|[一二两三四五六七八九十]{1,3}|半)\s?个?(?P<unit>月|星期|季度|天|日|周|年)(?!份|度|底|末|初|\d)"
    r"(?P<more>[^，。；,;]{0,3}(?:左右|上下))?"
)
# What lasts so long is an event within the phase, not the phase.
_EVENT = re.compile(
    r"的?[^，,。；;]{0,8}(?:培训|宣传|学习|演练|竞赛|公示|宣讲|试点|调研|比武|试运行|督导|督查|活动|轮训|培训班)"
)
# A date before which something came to be is no deadline (2000年底前建成的).
_HISTORY = re.compile(
    r"(?:之|以)?前?(?:已|建成|竣工|投入|投用|取得|开工|成立|排查|发现|批准|审批|形成|出厂|注册|安装|颁发|建设的|生产的|设立|存在)"
)
_COUNT = re.compile(
    r"(?:分(?:为|成)?|按(?:照)?|聚焦|共|划分为)\s?(?P<n>[一二两三四五六七八九]|\d)\s?个?(?:阶段|步骤|时间段|步(?!伐))"
)
_OVERALL_TITLE = re.compile(
    r"(?P<n>[一二两三四五六七八九十])年(?:行动|计划|攻坚|提升|整治)?[\u4e00-\u9fff]{0,10}"
    r"[（(](?P<a>(?:19|20)\d\d)\s?年?\s?(?:-{1,2}|—{1,2}|–|~|～|至)\s?(?P<b>(?:19|20)\d\d)\s?年?[）)]"
)
_YEARS = re.compile(
    r"[（(](?P<a>(?:19|20)\d\d)\s?年?\s?(?:-{1,2}|—{1,2}|–|~|～|至)\s?(?P<b>(?:19|20)\d\d)\s?年?[）)]"
)
_OVERALL_VERB = re.compile(
    r"[，,]?(?:期间)?[，,]?(?:在[^，。；,;]{1,20}?)?[，,]?(?:集中|全面|统一)?(?:组织|开展|实施|进行)"
)
_OVERALL_HEADING = re.compile(r"^(?:整治|实施|活动|行动|工作|治理|检查)?(?:时间|时限|期限|周期)$")


@dataclass(frozen=True)
class _Timed:
    """A phase with its printed period and the days it covers; `open` has no printed end."""

    phase: Phase
    stretch: Stretch
    start: date
    end: date
    open: bool


def _timed(draft: Draft) -> list[list[_Timed]]:
    """Return the phases with both ends, grouped by the item they stand in; named years are no sequence of items.

    The printed period says how exact it is; where the phase's own dates differ from it, somebody corrected them, and
    they count.
    """
    groups: dict[str, list[_Timed]] = defaultdict(list)
    year: int | None = None
    for phase in draft.plan.phases:
        if phase.rule == "phase.named_year":
            continue
        group = groups[phase.no.rpartition("/")[0] or "-"]
        stretch, endless = _printed_period(draft, phase)
        if not stretch:
            continue
        base = stretch.start.year or year or draft.year or _NO_YEAR
        days = resolve(stretch, base)
        if days and group and not stretch.start.year and (group[-1].start - days[0]).days > 180:
            # The next January after a printed November, its year left out.
            days = resolve(stretch, base + 1)
        elif phase.start and phase.end and days != (phase.start, phase.end) and phase.start <= phase.end:
            days = phase.start, phase.end
        if not days:
            continue
        start, end = days
        year = end.year if stretch.end.year or stretch.start.year else year
        group.append(_Timed(phase, stretch, start, end, endless))
    return list(groups.values())


def _printed_period(draft: Draft, phase: Phase) -> tuple[Stretch | None, bool]:
    """Return a phase's period as printed and whether its end is open; dates without a printed place are exact days."""
    places = phase.field_spans.get("period")
    if not places:
        if not phase.start or not phase.end:
            return None, False
        place = phase.field_spans.get("name", [phase.span])[0]
        start, end = (Printed(place, day.year, day.month, day.day) for day in (phase.start, phase.end))
        return Stretch(place, start, end, joined=True), False
    found = stretches(draft.text, places[0])
    words = places[0].of(draft.text)
    if not found or (not found[0].joined and re.search(r"前|即日|印发之日", words)):
        return None, False
    return found[0], not found[0].joined and bool(re.search(r"起|以后|之后|开始|长期", words))


def _days(start: date, end: date) -> str:
    if start == end:
        return f"{start.month}月{start.day}日"
    if start.year == _NO_YEAR:
        return f"{start.month}月{start.day}日至{end.month}月{end.day}日"
    return f"{start.year}年{start.month}月{start.day}日至{end.year}年{end.month}月{end.day}日"


def check_past(draft: Draft) -> Iterator[Finding]:
    """Report deadlines that had passed, and phases that had begun, on the day of publication.

    A phase printed by month has begun only when its month is over: 4月 is no contradiction to a signature of 3 April.
    """
    published = draft.published
    if not published:
        return
    day = f"{published.year}年{published.month}月{published.day}日"
    past_phases = set()
    for group in _timed(draft):
        for timed in group:
            latest = timed.stretch.start.last(timed.start.year)
            if latest and latest < published:
                past_phases.add(timed.phase.span.start)
                whole = timed.end < published and not timed.open
                yield draft.finding(
                    "phase.begun",
                    "warning",
                    timed.stretch.span,
                    f"“{timed.phase.name}”{'已在' if whole else '从'}{timed.stretch.span.of(draft.text)}"
                    f"{'结束' if whole else '开始'}，而方案{day}才印发。",
                    f"把起始时间改为印发之日以后，如“自印发之日起至{timed.end.year}年{timed.end.month}月”。"
                    if not whole
                    else "顺延该阶段时间；如果工作确已做完，在正文中说明。",
                )
    ends = {phase.span.start for phase in draft.plan.phases} | past_phases
    told: list[Span] = []
    for task in draft.plan.tasks:
        if task.due and task.due < published and task.span.start not in ends:
            place = _deadline_place(draft, task)
            if task.due.year < published.year - 3 or _HISTORY.match(draft.text, place.end):
                continue
            told.append(place)
            yield draft.finding(
                "date.past",
                "error",
                place,
                f"完成时限{task.due.year}年{task.due.month}月{task.due.day}日早于印发日期{day}。",
                "改为印发之后的日期；确已完成的，改写为已完成的情况。",
            )
    for report in draft.plan.reports:
        deadline = report_day(draft, report)
        place = report.field_spans.get("when", [report.span])[0]
        if any(place.start < span.end and span.start < place.end for span in told):
            continue  # the item that orders the return has been told already
        if deadline and deadline < published:
            yield draft.finding(
                "date.past",
                "error",
                place,
                f"报送时限“{report.when}”早于印发日期{day}。",
                "改为印发之后的日期。",
            )


def _deadline_place(draft: Draft, task: Task) -> Span:
    """Return where a task's deadline is printed, else the task's first words."""
    for place in task.field_spans.get("due", []):
        found = stretches(draft.text, place)
        if found:
            return found[-1].span
    return Span(task.span.start, min(task.span.end, task.span.start + 30))


def report_day(draft: Draft, report: Report) -> date | None:
    """Return the day a single return is due; recurring ones and those without a month have none."""
    if re.match(r"^(?:每|次|当|下|月|季|年)", report.when) or not draft.year:
        return None
    found = [s for s in stretches(report.when, Span(0, len(report.when))) if s.end.month]
    return found[-1].end.last(draft.year) if found else None


def check_sequence(draft: Draft) -> Iterator[Finding]:
    """Report consecutive phases that overlap or leave days uncovered.

    Phases printed by month are compared by month. One shared day or month at the seam is a warning too: two gates
    cannot be open at once (R018).
    """
    for group in _timed(draft):
        for before, after in pairwise(group):
            if (
                before.open
                or before.end < before.start
                or after.start < before.start
                or after.end < after.start
            ):
                continue
            if after.end < before.end and before.start <= after.start and not after.open:
                continue  # a window inside a longer phase
            if after.start <= before.end:
                stop = min(before.end, after.end)
                shared = _days(after.start, stop)
                yield draft.finding(
                    "phase.overlap",
                    "warning",
                    after.stretch.span,
                    f"“{before.phase.name}”与“{after.phase.name}”的时间重叠（{shared}）。",
                    _begin_after(before, after),
                )
            elif (after.start - before.end).days > 1:
                lost = before.end + timedelta(days=1)
                yield draft.finding(
                    "phase.gap",
                    "warning",
                    after.stretch.span,
                    f"“{before.phase.name}”与“{after.phase.name}”之间有空档（{_days(lost, after.start - timedelta(days=1))}）。",
                    _begin_after(before, after),
                )


def _begin_after(before: _Timed, after: _Timed) -> str:
    following = before.end + timedelta(days=1)
    if following > after.end:
        earlier = after.start - timedelta(days=1)
        return f"把“{before.phase.name}”的结束时间提前到{earlier.month}月{earlier.day}日。"
    year = "" if following.year == _NO_YEAR else f"{following.year}年"
    start = f"{year}{following.month}月" + (
        f"{following.day}日" if after.stretch.by_day or following.day > 1 else ""
    )
    return f"把“{after.phase.name}”的起始时间改为“{start}”，与前一阶段首尾相接。"


def check_length(draft: Draft) -> Iterator[Finding]:
    """Report a stated length that its period contradicts: 9月16日-20日 and 10天; 3个月左右 over four months.

    With 左右 a fifth more or less is allowed. The length must stand in the phase's opening words, or in one sentence
    with the period.
    """
    used: set[int] = set()
    for group in _timed(draft):
        for timed in group:
            if timed.open:
                continue
            stop = min(timed.phase.span.end, timed.stretch.span.end + 160)
            opening = re.match(r"[^。；;]*[。；;]?[^。；;]*", draft.text[timed.stretch.span.end : stop])
            stop = timed.stretch.span.end + (opening.end() if opening else 0)
            match = _LENGTH.search(draft.text, timed.stretch.span.end, stop)
            if match and not _passing(draft, match):
                used.add(match.start())
                yield from _contradicts(draft, timed.stretch, timed.start, timed.end, match)
    for sentence in draft.sentences(draft.body):
        for match in _LENGTH.finditer(draft.text, *sentence):
            if match.start() in used or _passing(draft, match):
                continue
            for stretch in stretches(draft.text, sentence):
                near = (
                    abs(stretch.span.start - match.end()) < 30 or abs(match.start() - stretch.span.end) < 30
                )
                days = resolve(stretch, draft.year or _NO_YEAR)
                if stretch.joined and near and days:
                    yield from _contradicts(draft, stretch, *days, match)
    title = draft.plan.title
    match = _OVERALL_TITLE.search(title.value) if title else None
    if title and match:
        number, years = chinese_number(match["n"]), int(match["b"]) - int(match["a"]) + 1
        if number and number != years:
            yield draft.finding(
                "phase.length",
                "error",
                title.span,
                f"标题写“{match['n']}年”，而{match['a']}年至{match['b']}年是 {years} 年。",
                "改正年数或起止年份，使两者一致。",
            )


def _passing(draft: Draft, match: re.Match[str]) -> bool:
    """Say whether a length belongs to something else: an event of some days, a recurrence (每周用1天)."""
    before = draft.text[max(0, match.start() - 8) : match.start()]
    return bool(_EVENT.match(draft.text, match.end()) or re.search(r"每[^，,。；;]{0,6}$", before))


def _contradicts(
    draft: Draft, stretch: Stretch, start: date, end: date, match: re.Match[str]
) -> Iterator[Finding]:
    if end < start:
        return
    number = (
        0.5
        if match["n"] == "半"
        else int(match["n"])
        if match["n"].isdigit()
        else chinese_number(match["n"]) or 0
    )
    unit = match["unit"]
    days = (end - start).days + 1
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    rough = bool(match["about"] or match["more"])
    if unit in ("天", "日", "周", "星期"):
        stated = number * (1 if unit in ("天", "日") else 7)
        if not stretch.by_day:
            return
        actual, allowed, words = days, max(1, stated * 0.25 if rough else 1), f"{days}天"
    else:
        stated = number * {"月": 1, "季度": 3, "年": 12}[unit]
        if stretch.by_day:
            stated *= 30.4
            actual, allowed, words = days, max(4, stated * (0.25 if rough else 0.08)), f"{days}天"
        else:
            actual, allowed, words = months, stated * 0.2 if rough else 0, f"{months}个月"
    if not stated or abs(actual - stated) <= allowed:
        return
    yield draft.finding(
        "phase.length",
        "warning" if rough else "error",
        Span(stretch.span.start, match.end())
        if stretch.span.start < match.start() and match.end() - stretch.span.start < 120
        else Span(*match.span()),
        f"写明“{match.group().strip('，, ')}”，而{stretch.span.of(draft.text).strip()}共{words}。",
        f"按起止时间改为“{words}”，或按写明的时长调整起止时间。",
    )


def overall(draft: Draft) -> tuple[date, date, str] | None:
    """Return the plan's own period as printed in its title, its preamble or an item that gives the time of the whole."""
    title = draft.plan.title
    match = _YEARS.search(title.value) if title else None
    if match:
        return date(int(match["a"]), 1, 1), date(int(match["b"]), 12, 31), match.group()
    places = list(draft.sentences(draft.preamble))
    for item in draft.items:
        if (
            item.heading.rank <= 2
            and _OVERALL_HEADING.match(item.heading.title.strip())
            and not item.children
        ):
            places.append(
                Span(item.heading.title_span.end, min(item.own.end, item.heading.title_span.end + 60))
            )
    for i, place in enumerate(places):
        for stretch in stretches(draft.plain, place):
            labelled = i >= len(places) - 1 and place.start >= draft.preamble.end
            if (
                not stretch.joined
                or not stretch.end.month
                or (not labelled and not _OVERALL_VERB.match(draft.text, stretch.span.end))
            ):
                continue
            days = resolve(stretch, draft.year or _NO_YEAR)
            if days and days[0] <= days[1]:
                return *days, stretch.span.of(draft.text)
    return None


def check_outside(draft: Draft) -> Iterator[Finding]:
    """Report phases that lie outside the period the plan gives itself."""
    whole = overall(draft)
    if not whole:
        return
    first, last, words = whole
    for group in _timed(draft):
        for timed in group:
            late = timed.end > last and not timed.open
            if timed.start < first or late or timed.start > last:
                yield draft.finding(
                    "phase.outside",
                    "error",
                    timed.stretch.span,
                    f"“{timed.phase.name}”（{timed.stretch.span.of(draft.text)}）超出方案的总时间{words}。",
                    f"把该阶段调整到{_days(first, last)}之内，或修改总时间。",
                )


def check_after_end(draft: Draft) -> Iterator[Finding]:
    """Report tasks due after the last phase has ended."""
    ends = [phase.end for phase in draft.plan.phases]
    reversed_ = any(p.start and p.end and p.end < p.start for p in draft.plan.phases)
    if not ends or not all(ends) or reversed_:
        return
    last = max(end for end in ends if end)
    for task in draft.plan.tasks:
        if (
            task.due
            and task.due > last
            and not any(p.span.start == task.span.start for p in draft.plan.phases)
        ):
            if any(
                report.span.start < task.span.end and task.span.start < report.span.end
                for report in draft.plan.reports
            ):
                continue  # told by report.late
            yield draft.finding(
                "task.late",
                "warning",
                _deadline_place(draft, task),
                f"完成时限{task.due.year}年{task.due.month}月{task.due.day}日在最后一个阶段结束（{last.year}年{last.month}月{last.day}日）之后。",
                f"提前到{last.month}月{last.day}日以前；确需延续的，写明转入常态化工作。",
            )


def check_reversed(draft: Draft) -> Iterator[Finding]:
    """Report periods whose end comes before their start; a missing year is read as the next one where that is likely."""
    for stretch in stretches(draft.plain, draft.body):
        if not stretch.joined:
            continue
        days = resolve(stretch, draft.year or _NO_YEAR)
        if not days:
            continue
        start, end = days
        wrapped = stretch.end.year is None and stretch.start.year is None and end.year > start.year
        if end < start or (wrapped and (end - start).days > 270):
            yield draft.finding(
                "phase.reversed",
                "error",
                stretch.span,
                f"“{stretch.span.of(draft.text)}”的结束时间早于开始时间。",
                "对调起止时间；跨年的，在结束时间前写明年份。",
            )


def check_count(draft: Draft) -> Iterator[Finding]:
    """Report a stated number of phases that differs from those listed below it."""
    groups: dict[str, list[Phase]] = defaultdict(list)
    for phase in draft.plan.phases:
        if phase.no:
            groups[phase.no.rpartition("/")[0]].append(phase)
    for group in groups.values():
        first = group[0].span.start
        section = draft.section_of(first)
        if not section:
            continue
        match = _COUNT.search(draft.text, section.span.start, first)
        if not match and len(groups) == 1:
            match = next(
                (m for m in _COUNT.finditer(draft.text, 0, first) if m.group().startswith("分")), None
            )
        if not match:
            continue
        number = int(match["n"]) if match["n"].isdigit() else chinese_number(match["n"])
        if number and number != len(group):
            yield draft.finding(
                "phase.count",
                "error",
                Span(*match.span()),
                f"写明“{match.group()}”，实际列出 {len(group)} 个：{'、'.join(p.name for p in group)}。",
                f"改为“{match.group().replace(match['n'], _counted(len(group), match['n']))}”，或补齐、合并阶段。",
            )


def _counted(number: int, like: str) -> str:
    return (
        str(number) if like.isdigit() else "零一两三四五六七八九十"[number] if number <= 10 else str(number)
    )


CHECKS = (
    check_past,
    check_sequence,
    check_length,
    check_outside,
    check_after_end,
    check_reversed,
    check_count,
)
