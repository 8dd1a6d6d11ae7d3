"""Check items inside a task: what to look for, the numeric bound, and the ladder of consequences (R052, R054, R055)."""

from __future__ import annotations

import re

from bihuan.plans.criteria import find_criteria
from bihuan.plans.dispositions import AGGRAVATED, LADDER, ladder_of, ladder_steps, names_rung
from bihuan.plans.model import CheckItem, Span
from bihuan.plans.objects import object_hints

__all__ = ["LADDER", "check_items", "criterion_of", "ladder_of", "object_hints"]

_CONSEQUENCE = re.compile(
    r"(?=[要应一必须坚依从严立及当责改整停处限吊查移没取关打追暂采给警撤并])"
    r"(?:要|应当?|一律|必须|须|坚决)?(?:依法)?(?:依规)?(?:从严|从重|从快|严厉|严肃|坚决|立即|及时|当场){0,3}"
    r"(?:责令|立行立改|改正|整改|停止|处以|限期|吊销|查处|移送|移交|没收|取缔|关闭|处罚|打击|追究|停止使用|查封|暂扣|采取|给予|警告|撤出|处\d|并处)"
)
_MEASURE = re.compile(
    r"(?:总|净|单)?(?:净宽|净高|净距|储存量|存放量|使用量|存储量|流量|重量|长度|距离|间距|宽度|高度|厚度|深度|面积|容积|容量|浓度|压力|温度|数量|人数|层数|年限|时间|净距|电压|直径|坡度)$"
)
_NO_CONDITION = re.compile(
    r"要加大|要依法|(?:发现|存在问题|有问题)$|^(?:按照?|根据|坚持|本着|遵循)|应当?(?:按照|及时|严格|依法)"
)
# What a campaign does stands before what it finds: 加强检查，发现无证上岗的.
_FINDS = re.compile(r"^.*[，,](?:对发现的?|如发现|凡发现|凡是?|发现|对于?|(?=发生))(?=[\u4e00-\u9fff]{4})")


def criterion_of(text: str) -> str:
    """Return the first numeric bound of a clause as printed (连接软管长度超过2米 -> 长度超过2米), or ""."""
    found = find_criteria(text, 0, len(text), in_fault=True)
    if not found:
        return ""
    criterion = found[0]
    measure = _MEASURE.search(criterion.subject)
    if not criterion.text.startswith(criterion.subject):
        return criterion.text
    return criterion.text[measure.start() if measure else len(criterion.subject) :]


def check_items(text: str, start: int, end: int) -> list[CheckItem]:
    """Return the check items of a task: one per condition that ends in 的 and has a consequence in its sentence."""
    items: list[CheckItem] = []
    if not names_rung(text, start, end):
        return items
    for first, last in _sentences(text, start, end):
        if not names_rung(text, first, last):
            continue
        sentence = text[first:last]
        if "的" not in sentence and not _CONSEQUENCE.search(sentence):
            continue
        ladder = ladder_of(sentence)
        if not ladder:
            continue
        cut = _consequence_start(sentence)
        if cut is None:
            continue
        conditions = _conditions(sentence[:cut])
        behind = max((right for _, right in conditions), default=cut)
        steps = ladder_steps(text, first + behind, last)
        for left, right in conditions:
            clause = sentence[left:right]
            if len(clause) < 4 or AGGRAVATED.match(clause) or _NO_CONDITION.search(clause):
                continue
            items.append(
                CheckItem(
                    clause,
                    criterion_of(clause),
                    ladder,
                    Span(first + left, first + right),
                    find_criteria(text, first + left, first + right, in_fault=True),
                    steps,
                )
            )
    return items


_COMMA = re.compile(r"[，,]")
_STOP = re.compile(r"[。；;\n]")


def _sentences(text: str, start: int, end: int):
    """Yield the sentences; one that only aggravates the one before (情节严重的…) is joined to it."""
    pending: list[int] | None = None
    cursor = start
    stops = [m.start() for m in _STOP.finditer(text, start, end)] + [end]
    for stop in stops:
        piece = text[cursor:stop].strip()
        if pending and piece and AGGRAVATED.match(_COMMA.split(piece, maxsplit=1)[0]):
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
            r"[\s，,、]*(?:(?:加强|强化|加大|严格|深化|开展)[^，,。]{2,40}[，,]对|以及|或者?|对于?|凡是?|若|如|发现|对发现|经排查)?",
            text[left:right],
        )
        left += lead.end() if lead else 0
        finds = _FINDS.match(text[left:right])
        left += finds.end() if finds else 0
        if right > left:
            cleaned.append((left, right))
    return cleaned


_ANOTHER_FAULT = re.compile(
    r"[，,](?=未|违规|擅自|非法|违法|无证|超|拒不)|、(?=未|私接|私拉|擅自|违规|非法|存放|堵塞|占用)"
)


def _apart(text: str, conditions: list[tuple[int, int]]):
    """Cut a condition where a comma begins another fault of its own (…,未…,违规…)."""
    for left, right in conditions:
        cursor = left
        bounds = [criterion.span for criterion in find_criteria(text, left, right, in_fault=True)]
        for match in re.compile("[，,、]").finditer(text, left, right):
            # A comma parts two bounds: some stand wholly before it, some wholly behind.
            bounded = bounds and cursor <= bounds[-1].start and match.end() <= bounds[-1].start
            bounded = bounded and any(cursor <= span.start and span.end <= match.start() for span in bounds)
            if not bounded and not _ANOTHER_FAULT.match(text, match.start(), right):
                continue
            if match.start() - cursor >= 6 and right - match.end() >= 4:
                yield cursor, match.start()
                cursor = match.end()
        yield cursor, right
