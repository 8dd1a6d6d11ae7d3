"""A form made elsewhere (ODK, Kobo) as a book: verdict questions become items, groups sections, bounds measures.

Nothing is dropped in silence: a row that has no place in a checklist is named with its number and what became of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bihuan.checklists.structure import Book, InvalidBook, Item, Measure, Section, check
from bihuan.checklists.units import symbol_of
from bihuan.checklists.xlsform.constraints import NotUnderstood, bounds_of
from bihuan.checklists.xlsform.workbook import CHOICES, SURVEY, FormError, FormRow, Imported, Notice, Workbook

PASS_WORDS = frozenset({
    "pass", "passed", "ok", "yes", "y", "true", "compliant", "合格", "符合", "是", "正常", "通过", "达标",
})  # fmt: skip
FAIL_WORDS = frozenset({
    "fail", "failed", "no", "n", "false", "noncompliant", "non_compliant", "not_ok", "不合格", "不符合", "否", "异常",
    "不正常", "不通过", "不达标",
})  # fmt: skip
SKIP_WORDS = frozenset({"na", "n/a", "n_a", "not_applicable", "不适用", "无此项", "不涉及"})
# What every visit records anyway.
METADATA = frozenset({
    "start", "end", "today", "deviceid", "username", "phonenumber", "simserial", "subscriberid", "email", "audit",
    "start-geopoint",
})  # fmt: skip
FOLLOW_UPS = frozenset({"text", "note", "image", "photo", "audio", "video", "file"})
NUMBERS = frozenset({"decimal", "integer", "int", "range"})
TYPE_NAMES = {
    "select_multiple": "多选题", "select_one": "单选题", "text": "文字题", "note": "说明文字", "image": "照片题",
    "photo": "照片题", "geopoint": "定位题", "geotrace": "轨迹题", "geoshape": "区域题", "date": "日期题",
    "datetime": "日期时间题", "time": "时间题", "barcode": "扫码题", "calculate": "计算项", "acknowledge": "确认题",
    "hidden": "隐藏项", "rank": "排序题", "audio": "录音题", "video": "录像题", "file": "文件题",
}  # fmt: skip
_ALIASES = (
    (re.compile(r"^(?:begin|end) (group|repeat)$"), lambda m: m.group().replace(" ", "_")),
    (re.compile(r"^(?:add )?select one (?:prompt )?(?:from |using )?"), lambda m: "select_one "),
    (
        re.compile(r"^(?:add )?select (?:multiple|all that apply) (?:prompt )?(?:from |using )?"),
        lambda m: "select_multiple ",
    ),
    (re.compile(r"^select1 "), lambda m: "select_one "),
)
_UNIT = re.compile(
    r"[（(\[【]\s*(?:单位[:：]?)?\s*(?P<unit>[^（）()\[\]【】]{1,8})\s*[）)\]】]\s*[:：？?]?$|单位[:：]\s*(?P<said>\S{1,8})$"
)
_ASKS_FOR_FAULT = re.compile(r"是否(?:存在|有)|有无|有没有|存在.{0,30}(?:吗|么|？|\?)")
_REFERENCE = re.compile(r"\$\{\s*([^{}\s]{1,100})\s*\}")
_UNGROUPED = "未分组"
# Beyond these a form is broken, or made to keep a reader busy.
MAX_NAME, MAX_DEPTH = 100, 20


@dataclass(frozen=True)
class Defaults:
    """What a foreign form does not say: key of the book, prefix of its codes, link of its sections, kinds."""

    key: str
    prefix: str
    link: str
    kinds: tuple[str, ...]


@dataclass
class _Group:
    title: str
    row: int
    is_repeat: bool


@dataclass
class _Question:
    """An item in the making, with the row it stands in."""

    row: int
    item: Item


@dataclass
class _Reader:
    form: Workbook
    defaults: Defaults
    language: str
    verdicts: dict[str, frozenset[str]]
    faults: list[Notice] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    stack: list[_Group] = field(default_factory=list)
    sections: dict[str, list[_Question]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    known: dict[str, _Question] = field(default_factory=dict)  # by the name other rows refer to

    def tell(self, row: FormRow, text: str) -> None:
        self.notices.append(Notice(SURVEY, row.number, text))

    def blame(self, row: FormRow, text: str) -> None:
        self.faults.append(Notice(SURVEY, row.number, text))

    def words(self, row: FormRow, column: str) -> str:
        """The text of a column in the form's language, on one line."""
        return (
            " ".join((row[f"{column}::{self.language}"] or row[column]).split())
            .lstrip("'")
            .replace("${", "{")
        )

    def add(self, row: FormRow, item: Item) -> None:
        title = " / ".join(group.title for group in self.stack)[:100].strip() or _UNGROUPED
        questions = self.sections.setdefault(title, [])
        question = _Question(row.number, item)
        questions.append(question)
        self.known.setdefault(row["name"], question)


def read_foreign(form: Workbook, defaults: Defaults) -> Imported:
    """Return the book a foreign form amounts to, with notices. Raises FormError."""
    reader = _Reader(form, defaults, _language(form), {})
    reader.verdicts = _verdict_lists(form, reader.language)
    _tell_languages(reader)
    for row in form.survey:
        _take(reader, row)
    for group in reader.stack:
        reader.faults.append(Notice(SURVEY, group.row, f"“{group.title}”分组没有对应的 end_group"))
    sections = {title: questions for title, questions in reader.sections.items() if questions}
    if not sections and not reader.faults:
        reader.faults.append(
            Notice(SURVEY, 0, "没有可作检查项的题目；检查项应为单选题，选项是“合格、不合格”或“是、否”")
        )
    if reader.faults:
        raise FormError(reader.faults)
    return Imported(_book(reader, sections), is_own=False, notices=tuple(reader.notices))


def _book(reader: _Reader, sections: dict[str, list[_Question]]) -> Book:
    form, defaults = reader.form, reader.defaults
    version = form.setting("version")
    number = int(version) if version.isascii() and version.isdigit() and 0 < len(version) < 10 else 1
    if version and str(number) != version:
        reader.notices.append(Notice("settings", 2, f"版本“{version}”不是从1开始的整数，导入后记为第1版"))
    reader.notices.append(
        Notice(SURVEY, 0, "表单不分环节、不写依据和处置，各节环节按导入时的选择填写，依据和处置请逐项补上")
    )
    built: list[Section] = []
    rows: dict[str, int] = {}
    for place, (title, questions) in enumerate(sections.items(), start=1):
        code = f"{defaults.prefix}-S{place:02d}"
        items = tuple(
            replace(question.item, code=f"{code}-{index:02d}")
            for index, question in enumerate(questions, start=1)
        )
        built.append(Section(code, title, defaults.link, items))
        rows |= {item.code: question.row for item, question in zip(items, questions, strict=True)}
    title = " ".join(form.setting("form_title").split()) or "导入的检查表"
    book = Book(defaults.key, title, max(number, 1), tuple(built))
    try:
        return check(book)
    except InvalidBook as error:
        raise FormError(
            [Notice(SURVEY, rows.get(each.item, 0), str(each)) for each in error.problems]
        ) from error


def _language(form: Workbook) -> str:
    """The language to take labels in: Chinese if there is one, else the form's own default, else the first."""
    languages = [
        header.removeprefix("label::") for header in form.headers[SURVEY] if header.startswith("label::")
    ]
    chinese = [each for each in languages if re.search(r"chinese|中文|汉|\bzh|（zh|\(zh", each)]
    default = form.setting("default_language").lower().replace(" ", "")
    return next(iter([*chinese, *(each for each in languages if each == default), *languages]), "")


def _tell_languages(reader: _Reader) -> None:
    others = [
        header.removeprefix("label::")
        for header in reader.form.headers[SURVEY]
        if header.startswith("label::") and header != f"label::{reader.language}"
    ]
    if others:
        reader.notices.append(
            Notice(SURVEY, 1, f"表单有几种语言，只导入“{reader.language}”，未导入：{'、'.join(others)}")
        )


def _verdict_lists(form: Workbook, language: str) -> dict[str, frozenset[str]]:
    """Return {list: what its choices mean} for lists with one 合格, one 不合格 and at most a 不适用."""
    meanings: dict[str, list[str]] = {}
    for row in form.choices:
        name = row["list_name"]
        said = (row[f"label::{language}"] or row["label"]).strip().lower(), row["name"].strip().lower()
        for word in said:
            meaning = next(
                (
                    meaning
                    for meaning, words in (("pass", PASS_WORDS), ("fail", FAIL_WORDS), ("na", SKIP_WORDS))
                    if word in words
                ),
                "",
            )
            if meaning:
                break
        meanings.setdefault(name, []).append(meaning)
    return {
        name: frozenset(found)
        for name, found in meanings.items()
        if sorted(found) in (["fail", "pass"], ["fail", "na", "pass"])
    }


def _type_of(row: FormRow) -> tuple[str, str]:
    """Return a row's type in one spelling, and the list it chooses from."""
    text = " ".join(row["type"].split())
    lowered = text.lower()
    for pattern, spelled in _ALIASES:
        if match := pattern.match(lowered):
            # The name of the list keeps its own letters.
            text = spelled(match) + text[match.end() :]
            break
    kind, _, rest = text.partition(" ")
    return kind.lower(), rest.removesuffix(" or_other").strip()


def _take(reader: _Reader, row: FormRow) -> None:
    kind, listed = _type_of(row)
    name = row["name"]
    if not kind:
        reader.tell(row, "没有写题型（type 列是空的），未导入")
        return
    if len(name) > MAX_NAME:
        reader.blame(row, f"题目名称有{len(name)}个字符，超过{MAX_NAME}个，请改短")
        return
    if name and kind not in ("end_group", "end_repeat"):
        if name in reader.names:
            reader.blame(row, f"题目名称“{name}”与第{reader.names[name]}行重复，请改名")
        reader.names.setdefault(name, row.number)
    if kind in ("begin_group", "begin_repeat"):
        _open(reader, row, kind)
    elif kind in ("end_group", "end_repeat"):
        _close(reader, row, kind)
    elif kind == "select_one" and listed in reader.verdicts:
        _take_item(reader, row, listed)
    elif kind in NUMBERS:
        _take_number(reader, row)
    elif kind in METADATA:
        reader.tell(row, f"“{kind}”由系统自动记录，不用导入")
    elif kind in FOLLOW_UPS and _asked_about(reader, row):
        return  # every failed item takes a remark and photos here
    elif kind in ("select_one", "select_multiple") and listed not in {
        each["list_name"] for each in reader.form.choices
    }:
        reader.blame(row, f"选项表“{listed}”在 {CHOICES} 表里找不到，请核对名称")
    elif kind == "select_one":
        reader.tell(row, f"单选题“{reader.words(row, 'label')}”的选项不是合格与不合格（或是与否），未导入")
    else:
        named = TYPE_NAMES.get(kind, f"题型“{kind}”的")
        reader.tell(row, f"{named}“{reader.words(row, 'label') or name}”在检查表里没有对应，未导入")


def _open(reader: _Reader, row: FormRow, kind: str) -> None:
    title = reader.words(row, "label") or row["name"] or _UNGROUPED
    if len(reader.stack) == MAX_DEPTH:
        raise FormError([Notice(SURVEY, row.number, f"分组套了{MAX_DEPTH}层以上，请减少层数")])
    reader.stack.append(_Group(title, row.number, kind == "begin_repeat"))
    if kind == "begin_repeat":
        reader.tell(row, f"重复组“{title}”按普通分组导入，同类对象有几个时请分几次检查")
    if row["relevant"]:
        reader.tell(row, f"分组“{title}”的显示条件未导入")


def _close(reader: _Reader, row: FormRow, kind: str) -> None:
    if not reader.stack:
        reader.blame(row, f"{kind} 前面没有对应的 begin")
    elif reader.stack.pop().is_repeat != (kind == "end_repeat"):
        reader.blame(row, f"{kind} 与前面的 begin 不配对")


def _take_item(reader: _Reader, row: FormRow, listed: str) -> None:
    label = reader.words(row, "label")
    if not label:
        reader.blame(row, "检查项没有文字（label 列是空的），请补上")
        return
    if _ASKS_FOR_FAULT.search(label):
        reader.tell(row, f"“{label}”像是问有没有毛病，答“是”会记为合格，请把文字改成应当做到的样子")
    if row["relevant"]:
        reader.tell(row, f"“{label}”的显示条件未导入，不涉及时请选“不适用”")
    if row["type"].rstrip().lower().endswith("or_other"):
        reader.tell(row, f"“{label}”的“其他”选项未导入")
    reader.add(row, _worded(reader, row, label))


def _asked_about(reader: _Reader, row: FormRow) -> _Question | None:
    """The item a follow-up belongs to: the one its condition names, or whose name its own begins with."""
    for name in _REFERENCE.findall(row["relevant"]):
        if name in reader.known:
            return reader.known[name]
    name = row["name"]
    while "_" in name:
        name = name.rpartition("_")[0]
        if name in reader.known:
            return reader.known[name]
    return None


def _take_number(reader: _Reader, row: FormRow) -> None:
    """A number with a bound is the measure of the item it follows, or an item of its own."""
    label = reader.words(row, "label")
    measure, why = _measure(reader, row, label)
    target = _asked_about(reader, row)
    if measure is None:
        lost = "数值标准未导入" if target else "这道题不能判定合格与否，未导入"
        reader.tell(row, f"数值题“{label}”{why}，{lost}")
    elif target is not None:
        if target.item.measure is not None:
            reader.tell(row, f"“{target.item.text}”已有一个数值标准，“{label}”未导入")
            return
        target.item = replace(target.item, measure=measure)
    else:
        reader.add(row, replace(_worded(reader, row, label), measure=measure))


def _worded(reader: _Reader, row: FormRow, label: str) -> Item:
    return Item(
        code="",
        text=label,
        criterion=reader.words(row, "hint").replace("方法：", "方法:"),
        kinds=reader.defaults.kinds,
        guidance=reader.words(row, "guidance_hint"),
    )


def _measure(reader: _Reader, row: FormRow, label: str) -> tuple[Measure | None, str]:
    """Return the measure a numeric row sets, or None with the reason."""
    if not label:
        return None, "没有文字"
    if not row["constraint"]:
        return None, "没有约束（constraint）"
    match = _UNIT.search(label) or _UNIT.search(reader.words(row, "hint"))
    unit = symbol_of(match["unit"] or match["said"]) if match else ""
    if not match or not unit:
        return None, "看不出单位，请在文字末尾用括号写明，如“长度（m）”"
    try:
        bounds = bounds_of(row["constraint"], may_be_negative=unit == "Cel")
    except NotUnderstood as error:
        return None, f"的{error}"
    what = label[: match.start()].strip() if label.endswith(match.group()) else label
    return Measure((what or label)[:60], bounds.comparator, bounds.number, unit, bounds.upper), ""
