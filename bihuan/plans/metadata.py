"""What a web page or a database of law prints about a document above it: number, issuer, dates, subject, validity.

Such a block stands before the title: cells in boxes (【发文字号】 云政办〔2031〕11号), labels with a colon, or a label on one
line and its value on the next. It is no part of the document: its labels head no items and its words make no title. What
it says serves where the document itself is silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bihuan.plans.dates import DATE
from bihuan.plans.model import Span
from bihuan.plans.title_words import PAPER_WORDS, TITLE_SUFFIX

_KINDS: dict[str, tuple[str, ...]] = {
    "doc_no": ("发文字号", "文件编号", "文件文号", "公文文号", "文书号", "文号", "发文文号", "文件字号"),
    "issuer": (
        *("发文单位", "发文机关", "发文机构", "发布单位", "发布机构", "发布机关", "发布部门", "颁发部门", "颁发单位", "颁发机关"),
        *("颁布单位", "颁布部门", "颁布机关", "制定机关", "制定单位", "印发单位", "印发机关", "公布机关"),
    ),
    "day": (
        *("成文日期", "成文时间", "印发日期", "印发时间", "发文日期", "发文时间", "签发日期", "颁发时间", "颁发日期"),
        *("颁布时间", "颁布日期", "发布日期", "发布时间", "公布日期", "公布时间", "生成日期"),
    ),
    "title": ("标题", "名称", "文件名称", "法规名称", "公文名称", "文件标题", "法规标题"),
    "other": (
        *("索引号", "信息索引号", "信息索引", "文件类型", "公文种类", "文种", "主题分类", "信息分类", "体裁分类", "组配分类", "内容分类"),
        *("实施时间", "实施日期", "施行日期", "施行时间", "生效日期", "生效时间", "失效日期", "失效时间", "废止日期", "效力属性"),
        *("效力状态", "效力级别", "效力等级", "效力", "时效性", "时效", "有效性", "是否有效", "文件状态", "法规类别", "所属类别"),
        *("公开方式", "公开形式", "公开类别", "公开范围", "公开程序", "公开时限", "公开属性", "公开主体", "主题词", "关键词"),
        *("统一编号", "统一登记号", "登记号", "登记编号", "服务对象", "地域", "专业属性", "信息来源", "正文", "内容概述", "概述"),
    ),
}  # fmt: skip
_KIND_OF = {label: kind for kind, labels in _KINDS.items() for label in labels}
_LABEL = "|".join(
    r"[ \u3000]{0,2}".join(label) for label in sorted(_KIND_OF, key=lambda label: (-len(label), label))
)
# In a box, before a colon, before a blank and a value, or alone on its line.
_ENTRY = re.compile(
    rf"(?:(?<=\n)|\A|(?<=[ \t\u3000|】]))[ \t\u3000*•·|]{{0,8}}"
    rf"(?:[【\[]\s?(?P<boxed>{_LABEL})\s?[】\]]\s{{0,2}}[:：]?|(?P<named>{_LABEL})(?:\s{{0,2}}[:：]|(?=[ \t\u3000|]{{1,8}}\S)|(?=[ \t]{{0,8}}\n)))"
)
_SENTENCE = re.compile(r"。|[\n ][一二三四五六七八九十]{1,2}、")
_TITLE = re.compile(rf"(?:{PAPER_WORDS}|公告|预案){TITLE_SUFFIX}$")
_SHAPES = {
    "doc_no": re.compile(r"号$"),
    "issuer": re.compile(r"^[\u4e00-\u9fff、（）() ]{2,40}(?<!方案)(?<!通知)(?<!意见)(?<!计划)(?<!办法)$"),
    "day": re.compile(r"^[\d〇○零一二三四五六七八九]{4}"),
    "title": _TITLE,
}
_SPACES = " \t\u3000|*\xa0"
# The block is near the top; a label further down is a field of a form.
_REACH = 2500


@dataclass(frozen=True)
class Entry:
    """One label with its value. `kind` is doc_no, issuer, day, title or other; `place` is the value without blanks."""

    kind: str
    label: str
    value: str
    place: Span
    span: Span


def read_metadata(text: str) -> list[Entry]:
    """Return the labels and values printed above a document; none unless at least two of them stand there."""
    sentence = _SENTENCE.search(text, 0, _REACH)
    end = sentence.start() if sentence else min(len(text), _REACH)
    found = list(_ENTRY.finditer(text, 0, end))
    if len(found) < 2:
        return []
    entries = []
    for match, following in zip(found, [*found[1:], None], strict=True):
        label = re.sub(r"\s", "", match["boxed"] or match["named"])
        kind = _KIND_OF[label]
        limit = min(_line_end(text, match.end()), following.start() if following else len(text))
        place = _stripped(text, Span(match.end(), limit))
        if not place.of(text) and text.startswith("\n", limit):
            below = Span(limit + 1, _line_end(text, limit + 1))
            if not (following and following.start() <= below.start) and _fits(kind, below.of(text).strip()):
                place = _stripped(text, below)
        place = _cut(text, place, kind)
        if label == "正文":
            place = Span(match.end(), match.end())
        entries.append(
            Entry(kind, label, place.of(text), place, Span(match.start(), max(match.end(), place.end)))
        )
    return entries


def _fits(kind: str, line: str) -> bool:
    """Say whether a line may be the value of the label above it, and is not the title of the document already."""
    shape = _SHAPES.get(kind)
    return bool(shape.search(line)) if shape else len(line) <= 40 and not _TITLE.search(line)


def _cut(text: str, place: Span, kind: str) -> Span:
    """Return the part of a value that can belong to its label, where a lost line break may have added more."""
    if kind == "day":
        day = DATE.search(text, place.start, place.end)
        return Span(*day.span()) if day else Span(place.start, place.start)
    if len(place.of(text)) > 90 or "。" in place.of(text):
        return Span(place.start, place.start)
    return place


def without_metadata(text: str, entries: list[Entry]) -> str:
    """Return the text with the entries blanked out, every other character where it was."""
    for entry in entries:
        blank = re.sub(r"[^\n]", " ", entry.span.of(text))
        text = text[: entry.span.start] + blank + text[entry.span.end :]
    return text


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _stripped(text: str, span: Span) -> Span:
    start, end = span
    while start < end and text[start] in _SPACES:
        start += 1
    while end > start and text[end - 1] in _SPACES:
        end -= 1
    return Span(start, end)
