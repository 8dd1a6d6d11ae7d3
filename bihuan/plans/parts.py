"""Several documents in one file: collected samples, a notice with the plan it issues, annexes and forms.

A file is cut where a new document is announced: by a running title of a collection (范文一, 篇二), by the title that a
notice has just issued, by 附件 on a line of its own, or by a title after which the sections begin again at 一.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from bihuan.plans.contents import without_contents
from bihuan.plans.dates import CHINESE_DAY, NUMERIC_DAY
from bihuan.plans.metadata import read_metadata, without_metadata
from bihuan.plans.model import Part, SourceText, Span
from bihuan.plans.numerals import any_number
from bihuan.plans.reading.mapped import Mapped
from bihuan.plans.title_words import PLAN_WORDS, TITLE_SUFFIX

PART_KINDS = {
    "plan": "方案",
    "notice": "通知",
    "form": "表格、文书样式",
    "annex": "附件",
    "report": "总结、汇报",
    "other": "其他文字",
}

_CN = "一二三四五六七八九十"
_NUMBER = rf"[{_CN}\d]{{1,3}}"
_SAMPLE = re.compile(
    rf"[^。；，,]{{0,40}}?(?:范文|例文|样本)\s?[（(]?(?P<a>{_NUMBER})[）)]?\s?[:：]?"
    rf"|[【（(\[]?\s?(?:第(?P<b>{_NUMBER})篇|篇(?P<c>{_NUMBER}))\s?[】）)\]]?\s?[:：]?[^。；]{{0,50}}"
    rf"|[^。；，,]{{2,40}}?[（(【]?\s?篇(?P<d>{_NUMBER})\s?[】）)]?"
)
_ANNEX = re.compile(
    r"附\s{0,4}(?:件|表|录)\s{0,2}(?:\d{1,2}|[一二三四五六七八九十]{1,2})?\s{0,2}[:：.．、]?\s{0,2}(?P<title>[^\n]{0,80})"
)
_LISTED = re.compile(r"(?:\d{1,2}\s?[.．、]|附\s?[件表录])")
_PLAN = re.compile(rf"(?:{PLAN_WORDS}|安排|措施|预案|部署){TITLE_SUFFIX}(?:\d{{1,2}}|范文)?$")
_TITLE_RUN_ON = re.compile(rf"[^。；：:\n]{{4,88}}?(?:{PLAN_WORDS}){TITLE_SUFFIX}")
_NOTICE = re.compile(rf"(?:通知|通告|公告|函|决定|批复){TITLE_SUFFIX}$")
_REPORT = re.compile(rf"(?:总结|汇报|报告|情况|讲话|通报|小结|纪要){TITLE_SUFFIX}$")
_FORM = re.compile(
    rf"(?:表|书|单|卡|台账|登记簿|样式|样表|模板|式样|名册|回执|问卷)(?:\d{{1,2}})?{TITLE_SUFFIX}$"
)
# What a form prints and a text does not: labels with nothing behind them, rules to write on, boxes to tick.
_BLANK_FIELD = re.compile(
    r"(?:[:：]\s*$|_{3,}|[□☐]|签\s?[名字]|盖\s?章|印\s?鉴|年\s{1,6}月\s{1,6}日|序\s?号|填表|电\s?话)", re.M
)
_PAST = re.compile(
    r"今年以来|去年同期|上年同期|同比|截至目前|到目前|较上年|我们(?:通过|认真|坚持|结合|以)|共(?:发生|查处|完成|检查|排查|受理|培训|立案)|已(?:完成|落实|关闭|建立|实现)"
    r"|取得了|有力(?:地)?促进|(?:问题|隐患|案件)[\dx×]{1,6}(?:起|项|件|个|处)"
)
_ACCOUNT = re.compile(
    r"工作(?:开展|基本|完成|进展|落实)?情况|存在(?:的)?(?:主要)?(?:问题|不足|困难)|下一步(?:工作)?(?:打算|计划|思路|安排)|工作(?:思路|打算)|主要(?:成效|做法)|工作回顾"
)
_ORDERS = re.compile(
    r"(?:各|须|应|必须|一律|严禁|务必|负责|牵头|责令|限期|按职责分工|报送|为进一步|特制定|制定本)"
)
_SECTION = re.compile(rf"[ \t\u3000]{{0,4}}(?P<number>[{_CN}]{{1,3}})\s?[、.．]")
_SIGNED = re.compile(rf"(?:{NUMERIC_DAY}|{CHINESE_DAY})(?:印发)?\s*$")
_ISSUES = re.compile(
    r"(?:关于)?(?:印发|转发|下发|发布|实施)\s?[《〈]?(?P<title>[^《》〈〉。；\n]{4,120}?)[》〉]?\s?的\s?通知"
)
_TITLE_LIMIT = 70
# Where the title of an annex ends that ran into its text.
_TITLE_OVER = re.compile(rf"[。；：:\n]|(?<=[表单书册])[ \u3000]|(?:(?<=\S)(?=[{_CN}]、))")


def _is_signed(line: str) -> bool:
    """Say whether a line ends with the day a document was signed."""
    # Its last word decides for nearly every line.
    return line.rstrip().endswith(("日", "日印发")) and _SIGNED.search(line) is not None


@dataclass(frozen=True)
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def _lines_of(text: str) -> list[_Line]:
    lines, start = [], 0
    for raw in text.split("\n"):
        lines.append(_Line(start, raw))
        start += len(raw) + 1
    return lines


def separate(source: SourceText) -> list[Part]:
    """Return the documents and annexes of a file in printed order; together their spans cover the whole text.

    A file that holds nothing but one plan gives one part.
    """
    text = without_contents(without_metadata(source.text, read_metadata(source.text)))
    lines = _lines_of(text)
    cuts: dict[int, str] = {0: ""}
    for start, how in [*_samples(lines), *_issued_plan(text, lines), *_annexes(lines), *_restarts(lines)]:
        cuts.setdefault(start, how) if start else cuts.update({0: how})
    for start in [at for at, how in cuts.items() if how == "issued"]:
        # 附件 on the line above its title heads the plan itself.
        for at in [at for at, how in cuts.items() if how == "annex" and start - 12 <= at < start]:
            del cuts[at]
    places = [*sorted(cuts), len(text)]
    samples = any(how == "sample" for how in cuts.values())
    parts: list[Part] = []
    for start, end in pairwise(places):
        if not source.text[start:end].strip():
            continue
        part = _part(text, Span(start, end), cuts[start], samples, closed=cuts.get(end) == "restart")
        if cuts.get(end) == "issued":
            part = replace(part, kind="notice")
        parts.append(replace(part, place=source.to_original(Span(start, end))))
    return parts or [Part("other", "", Span(0, len(text)), Span(0, len(source.original)))]


def _samples(lines: list[_Line]) -> list[tuple[int, str]]:
    """Return the running titles of a collection: 范文1, 范文2 or （篇一）, （篇二）, counted from one."""
    found: list[tuple[int, str]] = []
    expected = 1
    for line in lines:
        if len(line.text) > _TITLE_LIMIT:
            continue
        match = _SAMPLE.fullmatch(line.text.strip())
        if not match:
            continue
        number = any_number(next(group for group in match.groups() if group))
        if number == expected:
            found.append((line.start, "sample"))
            expected += 1
    return found if len(found) > 1 else []


def _plain(title: str) -> str:
    return re.sub(r"[\s《》〈〉“”\"（）()〔〕\[\]、，,]", "", title)


def _issued_plan(text: str, lines: list[_Line]) -> list[tuple[int, str]]:
    """Return where the plan begins that the notice before it issues: its title alone on a line, or two."""
    notice = _ISSUES.search(text, 0, 6000)
    if not notice:
        return []
    title = _plain(notice["title"])
    for i, line in enumerate(lines):
        listed = line.text.lstrip().startswith("附")
        if line.start <= notice.end() or not line.text or listed or _is_signed(line.text):
            # 附件：… above the signature only lists the plan; the date of the signature is no part of its title.
            continue
        printed = _plain(line.text)
        joined = printed + _plain(lines[i + 1].text) if i + 1 < len(lines) else printed
        if len(printed) >= 4 and (
            _same_title(printed, title)
            or (len(printed) < len(title) and _same_title(joined, title))
            or (len(title) >= 10 and printed.startswith(title) and len(line.text) > _TITLE_LIMIT)
        ):
            return [(line.start, "issued")]
    return []


def _same_title(printed: str, title: str) -> bool:
    """Say whether a title line is the title cited: the same, or shorter by the name of the place before it."""
    if printed == title:
        return True
    shorter, longer = sorted((printed, title), key=len)
    return len(shorter) >= 8 and longer.endswith(shorter) and bool(_PLAN.search(shorter))


def _annexes(lines: list[_Line]) -> list[tuple[int, str]]:
    """Return where annexes begin: 附件 on a line of its own, not the list of annexes above the signature.

    Behind the signature whatever begins with 附件 is one, even if its title ran into its text.
    """
    found: list[tuple[int, str]] = []
    signed = False
    for i, line in enumerate(lines):
        text = line.text.strip()
        signed = signed or (len(text) <= 80 and _is_signed(text))
        if not text.startswith("附"):
            continue
        match = _ANNEX.fullmatch(text) or (_ANNEX.match(text) if signed else None)
        if not match or (not signed and (len(text) > 60 or re.search(r"[。；]", text))):
            continue
        if _is_list_of_annexes(lines, i):
            continue
        found.append((line.start, "annex"))
    return found


def _is_list_of_annexes(lines: list[_Line], at: int) -> bool:
    """Say whether only names of annexes stand between this line and the signature or the end."""
    seen = 0
    for line in lines[at + 1 : at + 26]:
        text = line.text.strip()
        if not text:
            continue
        seen += 1
        if _is_signed(text):
            return seen <= 24
        if re.fullmatch(r"附\s?[件表录]\s{0,2}\d{0,2}[:：]?", text) and seen > 1:
            return True
        if not _LISTED.match(text) and (len(text) > 45 or re.search(r"[。；]", text)):
            return False
    return seen == 0


def _restarts(lines: list[_Line]) -> list[tuple[int, str]]:
    """Return titles after which the sections begin again at 一 although the document before was closed."""
    found: list[tuple[int, str]] = []
    highest, signed, title = 0, False, -1
    for i, line in enumerate(lines):
        text = line.text.strip()
        if not text:
            continue
        section = _SECTION.match(line.text)
        if section:
            number = any_number(section["number"]) or 0
            if number == 1 and highest >= 2 and signed and title >= 0:
                found.append((lines[title].start, "restart"))
                highest = 1
            elif number == highest + 1:
                highest = number
            if number == highest:
                signed, title = False, -1
        elif len(text) <= 60 and _is_signed(text):
            signed, title = True, -1
        elif signed and title < 0 and 6 <= len(text) <= _TITLE_LIMIT and not re.search(r"[。；，]", text):
            title = i if _PLAN.search(text) or _NOTICE.search(text) or _REPORT.search(text) else -1
    return found


def _part(text: str, span: Span, how: str, in_collection: bool, *, closed: bool) -> Part:
    body = span.of(text)
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    title, content = _title_of(lines, how)
    kind = _kind_of(title, content, how)
    issues = _ISSUES.search(title) if kind == "notice" and not closed else None
    if issues and _PLAN.search(issues["title"]) and sum(bool(_SECTION.match(line)) for line in lines) >= 2:
        # The notice prints its plan under the citation, without a title of its own.
        kind, title = "plan", issues["title"]
    if in_collection and not how:
        kind, title = "other", lines[0][:_TITLE_LIMIT]
    return Part(kind, title, span, span)


def _title_of(lines: list[str], how: str) -> tuple[str, list[str]]:
    """Return the title of a part and the lines below it."""
    if how == "annex":
        annex = _ANNEX.match(lines[0])
        own = annex["title"].strip() if annex else ""
        if own:
            name = _TITLE_OVER.split(own)[0]
            return name, [lines[0][lines[0].index(name) + len(name) :], *lines[1:]]
        return (lines[1], lines[2:]) if len(lines) > 1 and len(lines[1]) <= _TITLE_LIMIT else ("", lines[1:])
    if how:
        joined = lines[0] + lines[1] if len(lines) > 1 and how == "issued" else lines[0]
        whole = joined if not _PLAN.search(lines[0]) and _PLAN.search(joined) else lines[0]
        if len(whole) > 90:
            run_on = _TITLE_RUN_ON.match(whole)
            whole = run_on.group() if run_on else whole[:90]
        return whole, lines[1:]
    run_on = _TITLE_RUN_ON.match(lines[0]) if lines and len(lines[0]) > 90 else None
    if run_on and lines[0][run_on.end() :][:1] in (" ", "\u3000"):
        return run_on.group(), lines
    for i, line in enumerate(lines[:14]):
        if len(line) > 90 or re.search(r"[。；：:]", line) or _SECTION.match(line):
            continue
        joined = line + lines[i + 1] if "关于" in line and i + 1 < len(lines) else line
        for printed in (line, joined):
            if (_PLAN.search(printed) or _NOTICE.search(printed) or _REPORT.search(printed)) and len(
                printed
            ) <= 90:
                return printed, lines[i + 1 :]
    return "", lines


def _kind_of(title: str, lines: list[str], how: str) -> str:
    body = "\n".join(lines)
    size = max(len(body), 1)
    past, orders = len(_PAST.findall(body)), len(_ORDERS.findall(body))
    # An account of what was done, whatever the heading of the collection calls it.
    told = size > 400 and past * 1000 >= 2 * size and past > orders / 2
    if how == "annex":
        blanks = len(_BLANK_FIELD.findall(body))
        short = sum(len(line) <= 30 for line in lines)
        if _FORM.search(title) and (blanks >= 2 or not lines or short >= 0.5 * len(lines)):
            return "form"
        return "form" if blanks >= 4 and blanks * 60 >= size else "annex"
    account = sum(bool(_SECTION.match(line) and _ACCOUNT.search(line[:24])) for line in lines)
    if _REPORT.search(title) or told or (account >= 2 and past >= 2 and not _PLAN.search(title)):
        return "report"
    if _NOTICE.search(title):
        return "notice"
    if _PLAN.search(title) or how == "issued":
        return "plan"
    sections = sum(bool(_SECTION.match(line)) for line in lines)
    if sections >= 2 or orders >= 3:
        return "plan"
    return "report" if past > orders else "other"


def documents(parts: list[Part]) -> list[list[Part]]:
    """Group parts into documents: a plan with its notice before it and its annexes behind it."""
    groups: list[list[Part]] = []
    for part in parts:
        follows = part.kind in ("annex", "form") or (
            # A notice and the plan it issues are one document; so is whatever has no heading of its own.
            groups and part.kind == "plan" and groups[-1][-1].kind == "notice" and len(groups[-1]) == 1
        )
        if groups and follows:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def main_document(groups: list[list[Part]]) -> list[Part]:
    """Return the document a file is about: the first plan, else the first notice, else the first of all.

    A short text that only looks like one yields to a document three times as long.
    """
    for kind in ("plan", "notice", "report"):
        found = [group for group in groups if any(part.kind == kind for part in group)]
        if found:
            longest = max(found, key=_length)
            return longest if _length(longest) > 3 * _length(found[0]) else found[0]
    return groups[0]


def _length(group: list[Part]) -> int:
    """Return the length of a document without its annexes."""
    return sum(part.place.end - part.place.start for part in group if part.kind not in ("annex", "form"))


def missing_pieces(parts: list[Part]) -> tuple[int, int] | None:
    """Return how many documents the head of a collection promises (范例6篇) and how many are there, if fewer."""
    samples = [part for part in parts if _SAMPLE.fullmatch(part.title)]
    promised = re.search(r"(?:范文|范例|例文|样本|精选|合集)\D{0,6}(\d{1,2})\s?篇", parts[0].title)
    if promised and 1 < len(samples) < int(promised[1]):
        return int(promised[1]), len(samples)
    return None


def excerpt(source: SourceText, span: Span) -> SourceText:
    """Return one part of a file as a text of its own, every character still leading to the original."""
    start, end = span
    while end > start and source.text[end - 1].isspace():
        end -= 1
    mapped = (source.mapped or Mapped.of(source.text)).excerpt(Span(start, end))
    place = mapped.to_original(Span(0, end - start))
    tables = [table for table in source.tables if place.covers(table.span)]
    flags = [
        flag._replace(span=Span(flag.span.start - start, flag.span.end - start))
        for flag in source.flags
        if start <= flag.span.start and flag.span.end <= end
    ]
    return replace(source, text=source.text[start:end], mapped=mapped, flags=flags, tables=tables)
