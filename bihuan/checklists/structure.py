"""What a checklist is made of: book (检查表), section (环节), item (检查项), measure (数值标准), ladder (处置阶梯).

Values only: no database, no files. A section stands for one link of the chain an object passes through (R053), an item
for one thing that must be so, answered 合格, 不合格 or 不适用 (R052, R054-R058).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bihuan.checklists.conditions import NotACondition, parse
from bihuan.checklists.units import COUNTED, UNITS, label, plain, quantity, why_impossible
from bihuan.plans.dispositions import CODES
from bihuan.rules.hazards import all_criteria

# The chain of R053, with the links it has outside gas; the order is the one in which a checklist is walked.
LINKS: dict[str, str] = {
    "trade": "经营",
    "filling": "充装",
    "production": "生产",
    "storage": "储存",
    "circulation": "流通",
    "transport": "运输",
    "testing": "检测",
    "use": "使用",
    "work": "作业",
    "supervision": "监管",
}
COMPARATORS: dict[str, str] = {
    "<=": "不大于",
    ">=": "不小于",
    "<": "小于",
    ">": "大于",
    "=": "等于",
    "between": "介于",
}
# How an item is judged: looking, papers, asking, instrument or trial, tape measure.
METHODS = ("看", "查", "问", "测", "量")
SEVERITIES: dict[str, str] = {"minor": "轻微", "ordinary": "一般", "serious": "严重"}
# When a photo is owed: with every failed answer, or whatever the answer.
PHOTO_RULES: dict[str, str] = {"failed": "不合格时拍照", "always": "每次拍照"}
# What kind of text the demand rests on: the weaker the source, the less it carries a penalty.
SOURCES = (
    "法律", "行政法规", "部门规章", "规范性文件", "国家标准", "行业标准", "地方要求", "通行做法", "导入",
)  # fmt: skip

MAX_SECTIONS, MAX_ITEMS = 200, 2000
LONGEST: dict[str, int] = {
    "text": 200,
    "criterion": 300,
    "guidance": 500,
    "proof": 300,
    "title": 100,
    "note": 500,
    "when": 200,
    "authority": 40,
}
LONGEST_LABEL = 60  # of what is measured
GOOD_LENGTH = 60  # what an inspector reads at a glance on a phone
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SECTION = re.compile(r"[A-Z][A-Z0-9]{1,7}-[A-Z0-9]{1,8}")
_ITEM = re.compile(r"[A-Z][A-Z0-9]{1,7}-[A-Z0-9]{1,8}-\d{2,3}")
_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_")  # how a workbook writes a sign it cannot hold
_FAULT = re.compile(r"^(?:未|没有|无|存在|缺少|违规|擅自|私自)")


@dataclass(frozen=True)
class Basis:
    """A law or standard with its number and the article the demand rests on, "" where not known."""

    title: str
    doc_no: str = ""
    article: str = ""

    def __str__(self) -> str:
        number = f"（{self.doc_no}）" if self.doc_no else ""
        return f"《{self.title}》{number}{self.article}"


@dataclass(frozen=True)
class Disposition:
    """A rung of the ladder of consequences: a word of `plans.dispositions.CODES`, and when it is reached."""

    word: str
    condition: str = ""

    @property
    def code(self) -> str:
        return CODES[self.word][0]

    def __str__(self) -> str:
        return f"{self.word}（{self.condition}）" if self.condition else self.word


@dataclass(frozen=True)
class Measure:
    """A numeric demand (R055): ``label`` compared with ``number`` (and ``upper`` for between, both included)."""

    label: str
    comparator: str
    number: Decimal
    unit: str
    upper: Decimal | None = None

    @property
    def demand(self) -> str:
        """不大于 2 m; 0.5 m 至 1 m."""
        if self.comparator == "between" and self.upper is not None:
            return f"{quantity(self.number, self.unit)} 至 {quantity(self.upper, self.unit)}"
        return f"{COMPARATORS[self.comparator]} {quantity(self.number, self.unit)}"

    def __str__(self) -> str:
        return f"{self.label} {self.demand}"


@dataclass(frozen=True)
class Item:
    """One thing that must be so.

    ``criterion`` says in words when it is fulfilled, ``measure`` the same as a number; ``criterion_code`` names the
    criterion of `rules.hazards` under which a failure is a major hazard; ``kinds`` are keys of registry kinds, none
    meaning every kind, and ``when`` narrows them by attributes (`conditions`); ``authority`` carries the ladder out (R054);
    ``guidance`` tells an enterprise how to put it right, ``proof`` which photo or paper shows it.
    """

    code: str
    text: str
    criterion: str = ""
    measure: Measure | None = None
    method: tuple[str, ...] = ()
    basis: tuple[Basis, ...] = ()
    source: str = "导入"
    verified: bool = False
    dispositions: tuple[Disposition, ...] = ()
    severity: str = "ordinary"
    criterion_code: str = ""
    kinds: tuple[str, ...] = ()
    guidance: str = ""
    proof: str = ""
    photo: str = "failed"
    when: str = ""
    authority: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a book: one link of the chain, under one heading."""

    code: str
    title: str
    link: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Book:
    """A checklist in one version. ``key`` is stable over versions, like the codes of its items."""

    key: str
    title: str
    version: int
    sections: tuple[Section, ...]
    note: str = ""

    def items(self) -> Iterator[tuple[Section, Item]]:
        """Yield every item with its section, in order."""
        for section in self.sections:
            for item in section.items:
                yield section, item

    def find(self, code: str) -> Item | None:
        """Return the item ``code``, or None."""
        return next((item for _, item in self.items() if item.code == code), None)

    def for_kinds(self, kinds: frozenset[str]) -> tuple[tuple[Section, Item], ...]:
        """Return the items that concern an object of any of ``kinds``: theirs, and those for every kind."""
        return tuple(
            (section, item) for section, item in self.items() if not item.kinds or kinds & set(item.kinds)
        )


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: book, section, item."""

    book: str
    section: str
    item: str
    text: str

    def __str__(self) -> str:
        section = f"“{self.section}”一节" if self.section else ""
        item = f"检查项 {self.item}" if self.item else ""
        return "，".join(part for part in (f"检查表“{self.book}”", section, item) if part) + f"：{self.text}"


class InvalidBook(ValueError):
    """The book cannot be used. ``problems`` are all that was found, ``str()`` is one Chinese sentence per line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def check(book: Book) -> Book:
    """Return ``book`` if it can be used. Raises InvalidBook with everything that is wrong."""
    found = problems(book)
    if found:
        raise InvalidBook(found)
    return book


def problems(book: Book) -> tuple[Problem, ...]:
    """Return what makes the book unusable, in its own order; nothing for a good one."""
    found: list[Problem] = []

    def say(text: str, section: Section | None = None, item: Item | None = None) -> None:
        where = (section.title or section.code) if section else ""
        found.append(Problem(book.title or book.key, where, item.code if item else "", text))

    if not _KEY.fullmatch(book.key):
        say(f"标识“{book.key}”须以小写字母开头，只含小写字母、数字和下划线，不超过40个字符")
    if isinstance(book.version, bool) or book.version < 1:
        say(f"版本号是{book.version}，须为从1开始的整数")
    for why in head_problems(book):
        say(why)
    if not book.sections:
        say("没有任何一节，请至少编一节")
    if len(book.sections) > MAX_SECTIONS or sum(len(section.items) for section in book.sections) > MAX_ITEMS:
        say(f"超过{MAX_SECTIONS}节或{MAX_ITEMS}项，请拆成几张检查表")
    seen: set[str] = set()
    for section in book.sections:
        if not _SECTION.fullmatch(section.code):
            say(f"节号“{section.code}”须像 GAS-USE 这样，两段大写字母或数字用短横连接", section)
        if section.code in seen:
            say(f"节号“{section.code}”重复", section)
        seen.add(section.code)
        if section.link not in LINKS:
            say(f"环节“{section.link}”不在链条中，可用：{'、'.join(LINKS)}", section)
        for why in _text_problems(("标题", section.title, "title", True)):
            say(why, section)
        if not section.items:
            say("没有检查项，请补充或删去这一节", section)
        for item in section.items:
            if item.code in seen:
                say("编号重复，检查项的编号在整张表里只能用一次", section, item)
            seen.add(item.code)
            if not _ITEM.fullmatch(item.code) or not item.code.startswith(f"{section.code}-"):
                say(f"编号须为“{section.code}-”加两三位数字，如 {section.code}-01", section, item)
            for why in _item_problems(item):
                say(why, section, item)
    return tuple(found)


def head_problems(book: Book) -> tuple[str, ...]:
    """Return what is wrong with title and note, the part of a draft that must hold from the beginning."""
    return tuple(_text_problems(("标题", book.title, "title", True), ("说明", book.note, "note", False)))


def advice(book: Book) -> tuple[Problem, ...]:
    """Return what makes an item worse than it could be: wording, missing grounds, criterion and measure apart."""
    return tuple(
        Problem(book.title, section.title, item.code, text)
        for section, item in book.items()
        for text in _item_advice(item)
    )


def _item_problems(item: Item) -> Iterator[str]:
    yield from _text_problems(
        ("检查内容", item.text, "text", True),
        ("判定标准", item.criterion, "criterion", False),
        ("整改指引", item.guidance, "guidance", False),
        ("整改证明", item.proof, "proof", False),
        ("适用条件", item.when, "when", False),
        ("处置机关", item.authority, "authority", False),
    )
    if "方法：" in item.criterion:
        yield "判定标准里不要写“方法：”，检查方法另填"
    if wrong := [each for each in item.method if each not in METHODS]:
        yield f"检查方法“{'、'.join(wrong)}”不认识，可用：{'、'.join(METHODS)}"
    if len(set(item.method)) < len(item.method):
        yield "检查方法重复"
    if item.severity not in SEVERITIES:
        yield f"严重程度“{item.severity}”不认识，可用：{'、'.join(SEVERITIES)}"
    try:
        parse(item.when)
    except NotACondition as error:
        yield str(error)
    if item.photo not in PHOTO_RULES:
        yield f"拍照要求“{item.photo}”不认识，可用：{'、'.join(PHOTO_RULES)}"
    if item.source not in SOURCES:
        yield f"来源“{item.source}”不认识，可用：{'、'.join(SOURCES)}"
    for basis in item.basis:
        if not basis.title:
            yield "依据缺少文件名称"
        if any(
            not _is_clean(part) or set(part) & set("|；")
            for part in (basis.title, basis.doc_no, basis.article)
        ):
            yield f"依据“{basis}”含有不能用的符号（竖线、分号、换行、“${{”）"
    for step in item.dispositions:
        if step.word not in CODES:
            yield f"处置“{step.word}”不在处置阶梯里，可用：{'、'.join(CODES)}"
        if not _is_clean(step.condition) or set(step.condition) & set("；（）"):
            yield f"处置条件“{step.condition}”含有不能用的符号（分号、括号、换行、“${{”）"
    for kind in item.kinds:
        if not _KEY.fullmatch(kind):
            yield f"适用类别“{kind}”不是类别的标识"
    if item.criterion_code and item.criterion_code not in {each.code for each in all_criteria()}:
        yield f"重大隐患判定条款“{item.criterion_code}”不存在，请从判定标准列表中选择"
    if item.measure is not None:
        yield from _measure_problems(item.measure)


def _measure_problems(measure: Measure) -> Iterator[str]:
    if not measure.label or not _is_clean(measure.label) or len(measure.label) > LONGEST_LABEL:
        yield f"数值标准须写明量的是什么，不超过{LONGEST_LABEL}字"
    if measure.comparator not in COMPARATORS:
        yield f"比较符“{measure.comparator}”不认识，可用：{'、'.join(COMPARATORS)}"
        return
    if measure.unit not in UNITS:
        yield f"单位“{measure.unit}”不认识，请用单位表里的符号，如 m、kg、person"
        return
    for number in (measure.number, measure.upper):
        if number is None:
            continue
        if why := why_impossible(number, measure.unit):
            yield f"标准值 {number} {why}"
            return
        if number.adjusted() > 11 or -int(number.as_tuple().exponent) > 6:
            yield f"标准值 {number} 过长，整数不超过12位，小数不超过6位"
    if (measure.comparator == "between") != (measure.upper is not None):
        yield "“介于”要有上下两个数，其他比较只有一个数"
    elif measure.upper is not None and measure.upper <= measure.number:
        yield "“介于”的上限须大于下限"
    # Every length is at least nothing: such a bound judges nothing, or says 不大于 in a long way.
    if measure.comparator in (">=", "between") and measure.number == 0 and measure.unit != "Cel":
        yield f"下限为0等于没有下限{'，请改用“不大于”' if measure.comparator == 'between' else ''}"


def _item_advice(item: Item) -> Iterator[str]:
    if len(item.text) > GOOD_LENGTH:
        yield f"检查内容有{len(item.text)}字，在手机上看不完，请控制在{GOOD_LENGTH}字以内"
    if _FAULT.match(item.text):
        yield "检查内容写的是毛病，请改成应当做到的样子，使“合格”就是做到了"
    if not item.method:
        yield "没有写检查方法"
    if not item.basis:
        yield "没有写依据"
    if not item.dispositions:
        yield "没有写发现问题怎么处置"
    if not item.guidance or not item.proof:
        yield "没有写企业怎么改、拿什么证明"
    if item.criterion_code and item.severity != "serious":
        yield "不合格即为重大隐患的检查项，严重程度应为“严重”"
    if item.measure is not None:
        said = item.text + item.criterion
        numbers = [item.measure.number, *([item.measure.upper] if item.measure.upper is not None else [])]
        # Counted things bring their own measure word: 2 具, 2 处.
        if any(
            (f"{plain(number)} " if item.measure.unit in COUNTED else quantity(number, item.measure.unit))
            not in said
            for number in numbers
        ):
            yield f"文字里找不到数值标准“{item.measure.demand}”，请让文字与数值一致"
        if item.measure.unit not in COUNTED and not set(item.method) & {"量", "测", "查"}:
            yield "有数值标准却没有“量”“测”“查”的方法"


def _text_problems(*fields: tuple[str, str, str, bool]) -> Iterator[str]:
    for name, text, limit, needed in fields:
        if needed and not text:
            yield f"{name}是空的"
        elif not _is_clean(text):
            yield f"{name}“{text}”首尾不能有空格，中间不能换行，不能以单引号开头，不能含“${{”"
        elif len(text) > LONGEST[limit]:
            yield f"{name}有{len(text)}字，超过{LONGEST[limit]}字"


def _is_clean(text: str) -> bool:
    """One line that a spreadsheet gives back as it took it."""
    return (
        text == text.strip()
        and text.isprintable()
        and not text.startswith("'")
        and "${" not in text
        and not _ESCAPED.search(text)
    )


def unit_label(measure: Measure) -> str:
    """Return the unit of a measure as a page shows it."""
    return label(measure.unit)
