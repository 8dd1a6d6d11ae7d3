"""Damaged text: names cut short, brackets that never close, characters lost, placeholders left, sentences without end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding
from bihuan.plans.lint.names import complete, is_department, same_unit
from bihuan.plans.model import Span
from bihuan.plans.units import UNIT_END, is_collective

_PAIRS = {
    "（": "）",
    "(": ")",
    "《": "》",
    "〈": "〉",
    "“": "”",
    "‘": "’",
    "【": "】",
    "〔": "〕",
    "「": "」",
    "『": "』",
}
_FOLD = str.maketrans("()", "（）")
_CLOSERS = {close: open_ for open_, close in _PAIRS.items()}
_MANY = 5
_POSTED = re.compile(r"(?:长|领导|负责人|负责同志|书记|主任|委员|成员|人员|代表|经理|员|师|官)$")
_PLACEHOLDER = re.compile(
    r"(?<![A-Za-zＡ-Ｚａ-ｚ])[xXｘＸ×]{2,}(?![A-Za-z\d])|(?<=[\u4e00-\u9fff])[*＊]{3,}(?=[\u4e00-\u9fff])|(?:[xXｘＸ×]\s?[年月日]){1,3}|[_＿]{4,}|[（(](?:待定|待补充|此处填写[^（）()]{0,20})[）)]|□{2,}"
)
_WIDE = re.compile(r"[。！？；：…）)”》」』】〕\]!?;:*>—]$")


def check_names(draft: Draft) -> Iterator[Finding]:
    """Report a unit name in a list that begins as a full name (市…) and breaks off before its 局, 委 or 队.

    Lists that shorten all their names on purpose (市环保、宣传、发改等部门) are left alone.
    """
    done: set[str] = set()
    for names, places in _lists(draft):
        full = [n for n in names if UNIT_END.search(n) or is_collective(n)]
        shortened = len(full) * 2 <= len(names)
        for name, place in zip(names, places, strict=False):
            short = re.sub(r"[（(][^（）()]*[）)]", "", name).strip()
            if not re.match(r"[省市县区州][\u4e00-\u9fff]{2,8}$", short):
                continue
            # 市住房和城乡 ends like a township, yet it is the beginning of one department only.
            begun = bool(complete(short)) and len(short) >= 4 and not is_department(short)
            if not begun and (shortened or UNIT_END.search(short)):
                continue
            if _POSTED.search(short) or is_collective(short) or short in done:
                continue
            done.add(short)
            others = {
                u
                for ns, _ in _lists(draft)
                for u in ns
                if (u != name and u.startswith(short)) or (same_unit(u, name) and UNIT_END.search(u))
            }
            whole = complete(short)
            if not whole and not others:
                continue
            proposal = f"补全为“{whole}”。" if whole else "核对原件后补全单位名称。"
            if others and not whole:
                proposal = f"补全为“{sorted(others)[0]}”。"
            yield draft.finding(
                "text.truncated",
                "error",
                place,
                f"“{name}”缺少结尾，不是完整的单位名称"
                + (f"（别处作“{sorted(others)[0]}”）。" if others else "。"),
                proposal,
            )
    members = [m for b in draft.plan.bodies for m in b.members]
    for duty in draft.plan.duties:
        place = duty.field_spans.get("unit", [duty.span])[0]
        unit = duty.unit
        whole = next((m for m in members if len(m) == len(unit) + 1 and m.endswith(unit)), "")
        if whole and re.search(r"[镇乡]$", unit) and unit not in members and unit not in done:
            done.add(unit)
            yield draft.finding(
                "text.truncated",
                "error",
                place,
                f"“{unit}”缺少开头，成员名单中作“{whole}”。",
                f"补全为“{whole}”。",
            )


def _lists(draft: Draft) -> Iterator[tuple[list[str], list[Span]]]:
    for body in draft.plan.bodies:
        yield body.members, body.field_spans.get("members", [])
    for task in draft.plan.tasks:
        names: list[str] = []
        places: list[Span] = []
        for role in ("lead", "support", "responsible"):
            spans = task.field_spans.get(role, [])
            if len(spans) == len(getattr(task, role)):
                names += getattr(task, role)
                places += spans
        yield names, places


def check_brackets(draft: Draft) -> Iterator[Finding]:
    """Report brackets and quotation marks without their other half, per paragraph; （ and ) together count as a pair.

    Many of them (a badly recognized scan) are one finding with their number.
    """
    damaged = [flag.span for flag in draft.plan.source.flags]
    lonely = sorted(
        position
        for span in _paragraphs(draft)
        for position in _lonely(draft.text, span)
        if not any(place.start <= position <= place.end for place in damaged)
    )
    if len(lonely) > _MANY:
        first = _bracket(draft, lonely[0])
        message = f"文中有 {len(lonely)} 处括号、引号不成对，第一处：{first.message}"
        yield draft.finding(first.code, first.severity, first.span, message, "逐处核对原件，补上或删去。")
        return
    for position in lonely:
        yield _bracket(draft, position)


def _lonely(text: str, span: Span) -> Iterator[int]:
    """Yield the positions of the brackets and quotation marks of a paragraph that have no other half."""
    open_: list[int] = []
    for i in range(*span):
        mark = text[i]
        if mark in _PAIRS:
            open_.append(i)
        elif mark in _CLOSERS:
            wanted = _CLOSERS[mark].translate(_FOLD)
            if any(text[j].translate(_FOLD) == wanted for j in open_):
                while text[open_[-1]].translate(_FOLD) != wanted:
                    yield open_.pop()
                open_.pop()
            elif not _enumerates(text, i) and not re.match(r"[A-Za-z]’[A-Za-z]", text[max(0, i - 1) : i + 2]):
                yield i
    yield from open_


def _paragraphs(draft: Draft) -> Iterator[Span]:
    cursor = 0
    for match in re.finditer(r"\n|\Z", draft.text[: draft.body.end]):
        if match.start() > cursor:
            yield Span(cursor, match.start())
        cursor = match.end()


def _enumerates(text: str, position: int) -> bool:
    """Say whether a closing bracket belongs to an enumerator, 1） or a), or to the rest of a pinyin note."""
    before = text[max(0, position - 6) : position]
    return bool(re.search(r"(?:^|[\s。；;：:，,])(?:\d{1,2}|[a-zA-Z①-⑳])$|[a-zà-ʯ]$", before))


def _bracket(draft: Draft, position: int) -> Finding:
    mark = draft.text[position]
    opening = mark in _PAIRS
    other = _PAIRS[mark] if opening else _CLOSERS[mark]
    span = (
        Span(position, min(position + 12, draft.sentence_at(position + 1).end))
        if opening
        else Span(max(0, position - 11), position + 1)
    )
    kind = "引号" if mark in "“”‘’「」『』" else "书名号" if mark in "《》〈〉" else "括号"
    return draft.finding(
        "text.bracket",
        "warning",
        span,
        f"{kind}“{mark}”没有与之成对的“{other}”。"
        if mark not in "“”"
        else f"{kind}{mark}没有与之成对的{other}。",
        f"在“{draft.quote(span)}”的引用或注释{'结束' if opening else '开始'}处补上{other}，或删去{mark}。",
    )


def check_flags(draft: Draft) -> Iterator[Finding]:
    """Report the places the reader flagged as damaged; many are one finding with their number."""
    flags = [f for f in draft.plan.source.flags if f.span.end > f.span.start]
    if len(flags) > _MANY:
        first = flags[0]
        yield draft.finding(
            "text.lost",
            "warning",
            first.span,
            f"文中有 {len(flags)} 处文字损坏或经过修复，第一处：{first.message}",
            "对照原件逐处核对，或换用没有损坏的文件。",
        )
        return
    for flag in flags:
        yield draft.finding("text.lost", "warning", flag.span, flag.message, "对照原件补全此处文字。")


def check_placeholders(draft: Draft) -> Iterator[Finding]:
    """Report placeholders left in the text (XX局, ×月×日); many are one finding with their number."""
    found = [
        Span(*m.span())
        for m in _PLACEHOLDER.finditer(draft.text, 0, draft.body.end)
        if m.group() in draft.plan.source.original  # else the reader's own sign for a lost character
    ]
    if not found:
        return
    more = f"，全文共 {len(found)} 处" if len(found) > 1 else ""
    yield draft.finding(
        "text.placeholder",
        "warning",
        found[0],
        f"“{found[0].of(draft.text)}”是没有填写的占位符{more}。",
        "填入实际的单位、日期、电话或数字。",
    )


def check_endings(draft: Draft) -> Iterator[Finding]:
    """Report paragraphs of running text that end without a full stop.

    Text whose lines are broken by width, or that never ends its paragraphs with a stop, says nothing about single ones.
    """
    running: list[tuple[Span, bool]] = []
    ends = {item.heading.title_span.end for item in draft.items}
    for span in _paragraphs(draft):
        if span.start < draft.preamble.end and span.end <= draft.preamble.end:
            continue
        words = span.of(draft.text).rstrip()
        if span.start + len(words) in ends or re.search(r"\.(?:pdf|docx?|wps|xlsx?|html?)$", words):
            continue
        if (
            len(words) >= 24
            and re.search(r"[。；;]", words)
            and not re.search(r"[:：]\s?[^。；;]{0,12}$", words)
        ):
            running.append((Span(span.start, span.start + len(words)), bool(_WIDE.search(words))))
    unfinished = [span for span, ended in running if not ended]
    if len(running) < 3 or len(unfinished) * 5 > len(running):
        return
    for span in unfinished:
        tail = Span(max(span.start, span.end - 16), span.end)
        yield draft.finding(
            "text.unfinished",
            "warning",
            tail,
            f"段落在“{draft.quote(tail)}”处结束，没有句号，可能漏排了文字。",
            "核对原件，补全文字；没有漏字的，补上句号。",
        )


CHECKS = (check_names, check_brackets, check_flags, check_placeholders, check_endings)
