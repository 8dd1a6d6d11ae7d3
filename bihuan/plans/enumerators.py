"""Enumerators: every printed form of a number that may head an item, where such forms stand, and their order.

Official documents number in a fixed order of ranks (GB/T 9704-2012, 7.3.3): 一、 （一） 1. （1）, then ①. Around it stand
parts, chapters and articles (第一部分, 第一章, 第一条), decimals (1.1, 1.1.1), half brackets (1）), letters and bullets.
Finding one is not believing it: `outline` decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bihuan.plans.model import Span
from bihuan.plans.numerals import any_number

# Levels order the forms by depth; the official ranks are whole numbers, the others stand between them.
PART, CHAPTER, DIVISION = -2.0, -1.0, 0.0
SECTION, GROUP, ITEM, DECIMAL, SUBITEM, HALF, CIRCLED, LETTER, BULLET = (
    1.0,
    2.0,
    3.0,
    3.1,
    4.0,
    4.5,
    5.0,
    6.0,
    7.0,
)
STAGE = 8.0  # 第一阶段 has no depth of its own: it stands under whatever is open.

_CN = "一二三四五六七八九十"
_LINE = r"(?:(?<=\n)|\A)[ \t\u3000\xa0#*]{0,8}?"
# What a web page prints about itself in a list above the document: its date, its source, its buttons.
_PAGE_LINE = (
    r"\S\s{0,3}(?:(?:19|20)\d\d\s?[年.\-/]\s?\d{1,2}\s?[月.\-/]\s?\d{1,2}\s?日?[ \t]{0,4}(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?[ \t]{0,4}(?:\n|\Z)"
    r"|(?:信息来源|来源|作者|编辑|责任编辑|浏览次数|浏览量|浏览|点击数?|阅读次数|发布时间|发布日期|发布机构|发布人|时间|日期|索引号|主题分类|文号)\s?[:：]"
    r"|[【\[]?(?:字体|字号|打印|分享|收藏|关闭|下载)(?:[:：\]】]|文本|本页|\s))"
)
# After a number: 1.2031年…, 2.3月底前…
_YEAR = r"(?:(?:19|20)\d\d\s?年|\d{1,2}\s?月[\d底末上中下前至])"
_FORMS: list[tuple[str, float, str]] = [
    ("part", PART, rf"(?:{_LINE}|(?<=[。；]))第\s?[{_CN}\d]{{1,3}}\s?(?:部分|篇|编)(?=[ \u3000：:、，\n]|[\u4e00-\u9fff]{{2,20}}(?:\n|$))"),
    ("chapter", CHAPTER, rf"(?:{_LINE}|(?<=[。；]))第\s?[{_CN}\d]{{1,3}}\s?章(?=[ \u3000：:、]|[\u4e00-\u9fff])"),
    ("division", DIVISION, rf"(?:{_LINE}|(?<=[。；]))第\s?[{_CN}\d]{{1,3}}\s?节(?=[ \u3000：:、]|[\u4e00-\u9fff])"),
    ("article", SECTION, rf"{_LINE}第\s?[{_CN}\d]{{1,4}}\s?条(?=[ \u3000：:、]|[\u4e00-\u9fff])(?!款)"),
    ("section", SECTION, rf"(?<![第百{_CN}“‘])[{_CN}]{{1,3}}\s?[、.．](?:(?!\d)|(?={_YEAR}))"),
    ("section_weak", SECTION, rf"{_LINE}[{_CN}]{{1,3}}(?:\s?[:：,，]|[ \u3000]{{1,4}}(?=[\u4e00-\u9fff]{{2,24}}(?:\n|$)))"),
    ("lone_weak", SECTION, rf"{_LINE}(?:[{_CN}]{{1,3}}、?|0\d|PART[ .]?0?\d)[ \u3000]{{0,4}}(?=\n[ \u3000]{{0,8}}[\u4e00-\u9fff、，]{{2,24}}\n)"),
    ("roman", SECTION, rf"{_LINE}[Ⅰ-Ⅻ]\s?[、.．\u3000 ]"),
    ("group", GROUP, rf"[(（〔﹙][ \u3000]?[{_CN}]{{1,3}}[ \u3000]?[)）〕﹚][、.．:：]?|[㈠-㈩][、.．]?"),
    ("group_weak", GROUP, rf"{_LINE}[{_CN}]{{1,3}}[)）]"),
    ("subitem", SUBITEM, r"[(（﹙]\s?\d{1,2}\s?[)）﹚][、.．:：]?|[⑴-⒇][、.．]?"),
    ("item", ITEM, rf"(?<![\d.．A-Za-z第图表至\-—－–/×+±])\d{{1,2}}\s?[.．、](?:(?![\d.．])|(?={_YEAR}))|[⒈-⒛]"),
    ("item_weak", ITEM, rf"{_LINE}\d{{1,2}}(?:\s?[:：,，](?!\d)|[ \u3000]{{1,4}}(?=[\u4e00-\u9fff“《]))"),
    ("half", HALF, r"(?<![\d.．A-Za-z第（(])\d{1,2}[)）](?=[\u4e00-\u9fff“《])"),
    ("decimal", DECIMAL, rf"{_LINE}\d{{1,2}}(?:[.．]\d{{1,2}}){{1,3}}[.．、]?(?=[ \u3000\u4e00-\u9fff“《])"),
    ("stage", STAGE, rf"(?:{_LINE}|(?<=[。；;：:，,）)、.．])|(?<=[\u4e00-\u9fff][ \u3000]))(?=[ \u3000]{{0,4}}第[{_CN}\d](?:个)?(?:阶段|步(?!伐|骤[的是]))(?:[：:，,、（(\s]|[\u4e00-\u9fff]))"),
    ("circled", CIRCLED, r"[①-⑳㉑-㉟❶-❿]"),
    ("letter", LETTER, rf"{_LINE}[a-zA-Z][.．、)）](?=\s?[\u4e00-\u9fff])"),
    ("bullet", BULLET, rf"{_LINE}(?!{_PAGE_LINE})(?P<mark>[■◆●○▲△★☆※◇□▪▶➤►✦·•]|[-—–*](?= )|(?:——|--)(?=[\u4e00-\u9fff]))\s{{0,3}}(?=[\u4e00-\u9fff“《【（0-9])"),
    ("boxed", BULLET, rf"{_LINE}(?=【[\u4e00-\u9fff、]{{2,20}}】)"),
]  # fmt: skip
# Most places of a text begin none of the forms: they are passed over by their character alone.
_GATE = rf"(?:(?<=\n)|\A|(?=[{_CN}第\d \t\u3000\xa0(（〔﹙㈠-㈩①-⒛㉑-㉟❶-❿Ⅰ-Ⅻ]))"
MARKER = re.compile(_GATE + "(?:" + "|".join(f"(?P<{name}>{pattern})" for name, _, pattern in _FORMS) + ")")
LEVELS = {name: level for name, level, _ in _FORMS}
_DECIMAL_PATH = re.compile(r"\d{1,2}(?:[.．]\d{1,2})+")
_NUMERAL = re.compile(rf"[{_CN}]{{1,4}}|\d{{1,2}}|[①-⒛㈠-㈩㉑-㉟❶-❿Ⅰ-Ⅻ]")
# After the number, these words make it a reference to an item (按照第（三）项), not its beginning.
_REFERENCE = re.compile(
    r"项(?!目)|款(?!项)|》|条(?!件|例)|目(?!标|的|录|前)|类(?!别|型|似)|级(?!别|联)|种(?!植|养|类|子)"
)
SPACES = " \t\u3000\xa0#*>"
BLANKS = " \t\u3000\xa0"


@dataclass(slots=True)
class Enumerator:
    """A place that may begin an item. `previous` is the last printed character before it, "\\n" at a line start.

    `path` holds all components of a decimal (1.2.3 -> (1, 2, 3)); `after` is the next number of its level; `label` is what is printed, its closing mark dropped.
    """

    form: str
    level: float
    number: int
    label: str
    span: Span
    line_start: bool
    previous: str
    path: tuple[int, ...] = ()
    after: int | None = None


# The same few numbers head the items of every document.
@lru_cache(maxsize=1024)
def label_of(form: str, printed: str) -> str:
    """Return an enumerator as paths print it: 一、 -> 一, （一） -> （一）, 1） -> 1."""
    printed = printed.strip(SPACES + "\n")
    if form in ("stage", "bullet", "boxed"):
        return ""
    if form in ("group", "subitem"):
        return re.sub(r"\s|[、.．:：]$", "", printed)
    if form == "decimal":
        return printed.rstrip(".．、")
    return re.sub(r"[\s、.．,，:：)）]", "", printed)


def find_enumerators(text: str, start: int, end: int) -> list[Enumerator]:
    """Return every enumerator of text[start:end] in printed order, weak forms only where they continue a sequence."""
    found: list[Enumerator] = []
    for match in MARKER.finditer(text, start, end):
        # The outermost group closes last, whatever it holds.
        form = match.lastgroup or ""
        begin = match.start()
        while begin < match.end() and text[begin] in SPACES:
            begin += 1
        if form == "stage":
            begin = text.index("第", begin)
        printed = text[begin : match.end()]
        path: tuple[int, ...] = ()
        number: int | None
        if form == "stage":
            numeral = _NUMERAL.search(text, begin)
            number = any_number(numeral.group()) if numeral else None
        elif form in ("bullet", "boxed"):
            number = 1
        elif form == "letter":
            number = ord(printed[0].lower()) - ord("a") + 1
        elif form == "decimal":
            parts = re.findall(r"\d+", printed)
            path = tuple(int(p) for p in parts)
            number = path[-1]
        else:
            numeral = _NUMERAL.search(printed)
            number = any_number(numeral.group()) if numeral else None
        if not number or number > (200 if form == "article" else 60):
            continue
        before = begin - 1
        while before >= start and text[before] in SPACES:
            before -= 1
        line_start = before < start or text[before] == "\n"
        if not line_start and _REFERENCE.match(text, match.end()):
            continue
        level = LEVELS[form] + (0.1 * (len(path) - 2) if path else 0)
        found.append(
            Enumerator(
                form,
                level,
                number,
                label_of(form, printed),
                Span(begin, max(begin, match.end())),
                line_start,
                "\n" if line_start else text[before],
                path,
            )
        )
    return _without_strays(found, text)


def _without_strays(found: list[Enumerator], text: str) -> list[Enumerator]:
    """Drop weak forms (1 总则, 二：…, 3,…) and bullets that neither continue a sequence nor begin one."""
    kept: list[Enumerator] = []
    following: dict[float, int] = {}
    ahead: list[int | None] = []
    for enumerator in reversed(found):
        ahead.append(following.get(enumerator.level))
        following[enumerator.level] = enumerator.number
    ahead.reverse()
    last: dict[float, int] = {}
    marks: dict[str, int] = {}
    forms: dict[str, int] = {}
    for enumerator in found:
        if enumerator.form in ("bullet", "boxed"):
            mark = text[enumerator.span.start]
            marks[mark] = marks.get(mark, 0) + 1
    for i, (enumerator, after) in enumerate(zip(found, ahead, strict=True)):
        if enumerator.form in ("bullet", "boxed") and marks[text[enumerator.span.start]] < 2:
            continue
        if enumerator.form == "stage":
            around = (found[i - 1] if i else None, found[i + 1] if i + 1 < len(found) else None)
            if not _stage_begins(enumerator, *around, last.get(STAGE, 0), text):
                continue
        if enumerator.form.endswith("_weak"):
            # 1: alone is one where the document numbers with colons.
            begins = enumerator.number == 1 and (after == 2 or forms.get(enumerator.form, 0) >= 2)
            if not begins and enumerator.number != last.get(enumerator.level, -1) + 1:
                continue
            forms[enumerator.form] = forms.get(enumerator.form, 0) + 1
        last[enumerator.level] = enumerator.number
        enumerator.after = after
        kept.append(enumerator)
    return kept


def _stage_begins(
    stage: Enumerator, before: Enumerator | None, after: Enumerator | None, last: int, text: str
) -> bool:
    """Say whether 第一阶段 inside a line begins an item: as one of a sequence that is printed there.

    Right behind a number (1.第一阶段) it names that item, unless the other stages follow inside the same item.
    """
    followed = after is not None and after.form == "stage" and after.number == 2 and not after.line_start
    if before and before.form != "stage" and not text[before.span.end : stage.span.start].strip(BLANKS):
        return stage.number == 1 and followed
    if stage.line_start:
        return True
    return stage.number == last + 1 if stage.number > 1 else followed
