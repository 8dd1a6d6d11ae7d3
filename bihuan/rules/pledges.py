"""Promise forms (承诺书) as data: what a form asks, the coded types of use, and how an office writes its own.

The shipped form is the fire self-check promise (R068-R072): 22 types of use in two families, three persons, two
tables. Every form has one table of hazards already corrected and one of hazards not yet corrected, because their
rows mean something to the ledger; it may add fields and plain tables of its own.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .records import Provenance, UnknownRule, in_force, is_in_force, load, provenance

FIELD_KINDS = {
    "text": "一行文字",
    "long": "多行文字",
    "number": "数字",
    "date": "日期",
    "yes_no": "是或否",
    "choice": "选一项",
}
TABLE_ROLES = {"corrected": "已整改的隐患", "uncorrected": "未整改的隐患", "plain": "其他表格"}
MAX_FIELDS, MAX_TABLES, MAX_COLUMNS, MAX_PERSONS = 30, 6, 8, 5


class BadForm(ValueError):
    """A form definition that cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class Use(Provenance):
    """One coded type of use (使用性质); `kinds` are registry kinds it is proposed for."""

    code: str
    label: str
    family: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """Somebody the form names. Who `signs` is the one whose signature stands under it."""

    key: str
    label: str
    help: str = ""
    required: bool = True
    asks_id: bool = False
    signs: bool = False


@dataclass(frozen=True)
class Field:
    """One further question; `choices` only for kind choice."""

    key: str
    label: str
    kind: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Table:
    """A table of rows; `columns` stand beside what its role asks anyway."""

    key: str
    title: str
    role: str
    columns: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A promise form, whole."""

    title: str
    basis: str
    statement: str
    asks_use: bool
    valid_months: int
    persons: tuple[Person, ...]
    fields: tuple[Field, ...]
    tables: tuple[Table, ...]
    remarks: str

    @property
    def signer(self) -> Person:
        """The person whose signature stands under it."""
        return next(each for each in self.persons if each.signs)

    def table(self, key: str) -> Table | None:
        return next((each for each in self.tables if each.key == key), None)

    def to_json(self) -> dict[str, Any]:
        """Plain data that `read` takes back unchanged."""
        plain: dict[str, Any] = asdict(self)
        for table in plain["tables"]:
            table["columns"] = list(table["columns"])
        return plain


def families(on: dt.date) -> dict[str, str]:
    """The families of types of use in force on a day: key → label, in printed order."""
    rows = load("pledges")["families"]
    return {row["key"]: row["label"] for row in rows if _lives(row, on)}


def uses(on: dt.date) -> list[Use]:
    """The types of use in force on a day, in the order of their codes."""
    rows = [
        Use(row["code"], row["label"], row["family"], tuple(row["kinds"]), **provenance(row))
        for row in load("pledges")["uses"]
    ]
    return [each for each in rows if is_in_force(each, on)]


def use(code: str, on: dt.date) -> Use:
    """The type of use of a code. Raises UnknownRule with a Chinese sentence when there is none on that day."""
    found = [each for each in uses(on) if each.code == code]
    if not found:
        raise UnknownRule(f"使用性质代码“{code}”不存在，请在 22 类中选择")
    return in_force(found, on, what=f"使用性质 {code}")


def use_of_kind(kind: str, on: dt.date) -> str:
    """The code proposed for a kind of the registry, or "" when a person has to choose."""
    return next((each.code for each in uses(on) if kind in each.kinds), "")


def shipped() -> dict[str, tuple[Definition, str]]:
    """The forms every installation begins with: key → (definition, source)."""
    return {row["key"]: (read(row), row["source"]) for row in load("pledges")["forms"]}


def valid_until(signed_on: dt.date, months: int) -> dt.date:
    """The last day a promise signed on a day stands: so many months later, the day before (R: yearly renewal)."""
    number = signed_on.year * 12 + signed_on.month - 1 + months
    year, month = divmod(number, 12)
    first = dt.date(year, month + 1, 1)
    following = dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first + dt.timedelta(days=min(signed_on.day, (following - first).days) - 1) - dt.timedelta(days=1)


def read(data: Mapping[str, Any]) -> Definition:
    """A definition from plain data. Raises BadForm naming the place and the remedy; nothing is guessed."""
    persons = tuple(_person(each) for each in _rows(data, "persons", "人员", MAX_PERSONS))
    fields = tuple(_field(each, "栏目") for each in _rows(data, "fields", "栏目", MAX_FIELDS))
    tables = tuple(_table(each) for each in _rows(data, "tables", "表格", MAX_TABLES))
    months = data.get("valid_months", 12)
    if not isinstance(months, int) or isinstance(months, bool) or not 1 <= months <= 36:
        raise BadForm("有效期应为 1 至 36 个月的整数")
    definition = Definition(
        title=_text(data, "title", "承诺书名称", 80),
        basis=_text(data, "basis", "依据", 200, required=False),
        statement=_text(data, "statement", "承诺内容", 1000),
        asks_use=bool(data.get("asks_use", False)),
        valid_months=months,
        persons=persons,
        fields=fields,
        tables=tables,
        remarks=_text(data, "remarks", "说明栏名称", 40, required=False) or "需要说明的情况",
    )
    _whole(definition)
    return definition


def _whole(definition: Definition) -> None:
    if sum(each.signs for each in definition.persons) != 1:
        raise BadForm("须有且只有一名签字人，请在人员里勾选一名“签字”")
    for what, keys in (
        ("人员", [each.key for each in definition.persons]),
        ("栏目", [each.key for each in definition.fields]),
        ("表格", [each.key for each in definition.tables]),
    ):
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise BadForm(f"{what}代码“{'、'.join(sorted(twice))}”重复，请改成不同的代码")
    roles = [each.role for each in definition.tables]
    for role in ("corrected", "uncorrected"):
        if roles.count(role) != 1:
            raise BadForm(f"须有且只有一张“{TABLE_ROLES[role]}”表，登记的隐患才能进台账")


def _rows(data: Mapping[str, Any], name: str, what: str, most: int) -> list[Mapping[str, Any]]:
    rows = data.get(name, [])
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise BadForm(f"{what}应为一组记录")
    if len(rows) > most:
        raise BadForm(f"{what}最多 {most} 个，现有 {len(rows)} 个，请删减")
    return list(rows)


def _key(row: Mapping[str, Any], what: str) -> str:
    key = row.get("key", "")
    if (
        not isinstance(key, str)
        or not (1 <= len(key) <= 30)
        or not key.isascii()
        or not key.replace("_", "").isalnum()
    ):
        raise BadForm(f"{what}的代码应为 1 至 30 个字母、数字或下划线")
    return key


def _text(row: Mapping[str, Any], name: str, what: str, most: int, *, required: bool = True) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise BadForm(f"{what}应为文字")
    value = value.strip()
    if not _is_plain(value):
        raise BadForm(f"{what}里有不能显示的字符，请重新输入")
    if required and not value:
        raise BadForm(f"请填写{what}")
    if len(value) > most:
        raise BadForm(f"{what}不超过 {most} 字，现有 {len(value)} 字")
    return value


def _is_plain(text: str) -> bool:
    """Whether every sign can be stored and printed: no control signs, no halves of a sign."""
    return all(sign == "\n" or unicodedata.category(sign) not in {"Cc", "Cs", "Cn"} for sign in text)


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        key=_key(row, "人员"),
        label=_text(row, "label", "人员称谓", 30),
        help=_text(row, "help", "人员说明", 60, required=False),
        required=bool(row.get("required", True)),
        asks_id=bool(row.get("asks_id", False)),
        signs=bool(row.get("signs", False)),
    )


def _field(row: Mapping[str, Any], what: str) -> Field:
    label = _text(row, "label", f"{what}名称", 60)
    kind = row.get("kind", "text")
    if kind not in FIELD_KINDS:
        raise BadForm(f"{what}“{label}”的类型不认识，可用：{'、'.join(FIELD_KINDS.values())}")
    given = row.get("choices", ())
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        raise BadForm(f"{what}“{label}”的选项应为一组文字")
    choices = tuple(each.strip() for each in given if each.strip())
    if not all(_is_plain(each) and len(each) <= 60 for each in choices):
        raise BadForm(f"{what}“{label}”的选项不超过 60 字，且不能有不能显示的字符")
    if kind == "choice" and len(choices) < 2:
        raise BadForm(f"{what}“{label}”是选择题，请至少给两个选项")
    if kind != "choice" and choices:
        raise BadForm(f"{what}“{label}”不是选择题，不要填选项")
    return Field(
        _key(row, what), label, kind, bool(row.get("required", False)), choices, _text(row, "help", f"{what}说明", 100, required=False)
    )  # fmt: skip


def _table(row: Mapping[str, Any]) -> Table:
    title = _text(row, "title", "表格名称", 60)
    role = row.get("role", "plain")
    if role not in TABLE_ROLES:
        raise BadForm(f"表格“{title}”的用途不认识，可用：{'、'.join(TABLE_ROLES.values())}")
    columns = tuple(
        _field(each, f"表格“{title}”的列")
        for each in _rows(row, "columns", f"表格“{title}”的列", MAX_COLUMNS)
    )
    if role == "plain" and not columns:
        raise BadForm(f"表格“{title}”没有列，请至少加一列")
    keys = [each.key for each in columns]
    if len(set(keys)) != len(keys):
        raise BadForm(f"表格“{title}”的列代码重复，请改成不同的代码")
    return Table(_key(row, "表格"), title, role, columns)


def answer_problem(field: Field, value: str) -> str | None:
    """Why an answer does not fit its field, as a sentence; None when it does. Empty is fine unless required."""
    text = value.strip()
    if not text:
        return f"请填写“{field.label}”" if field.required else None
    if len(text) > 500:
        return f"“{field.label}”不超过 500 字"
    if field.kind == "number":
        sign = text.removeprefix("-").replace(".", "", 1)
        if not (sign.isascii() and sign.isdecimal()):
            return f"“{field.label}”应为数字"
    elif field.kind == "date":
        try:
            dt.date.fromisoformat(text)
        except ValueError:
            return f"“{field.label}”应为日期，如 2026-11-21"
    elif field.kind == "yes_no" and text not in {"是", "否"}:
        return f"“{field.label}”请选是或否"
    elif field.kind == "choice" and text not in field.choices:
        return f"“{field.label}”请在选项里选一个"
    return None


def _lives(row: Mapping[str, Any], on: dt.date) -> bool:
    facts = provenance(dict(row))
    until = facts["effective_to"]
    return bool(facts["effective_from"] <= on and (until is None or on <= until))
