"""The attributes of a kind of object: what is asked, what may stand there, how it reads. No database.

They are kept as JSON Schema (draft 2020-12): one object, closed, whose properties are texts, choices, dates, whole
numbers, numbers, yes or no, and lists of choices. Its own words: `x-unit`, `x-group`, `x-order` (a stored object
keeps no order). One home of the rules for the form and for imported columns.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from django.core.exceptions import ValidationError
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from . import cleaning

Type = Literal["text", "choice", "choices", "integer", "number", "yes_no", "date"]
Value = str | int | float | bool | list[str]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPE_LABELS: dict[str, str] = {
    "text": "文字",
    "choice": "单选",
    "choices": "多选",
    "integer": "整数",
    "number": "数值",
    "yes_no": "是否",
    "date": "日期",
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,6})?")
TEXT_LIMIT = 200
MAX_FIELDS = 60
YES = frozenset({"是", "有", "已", "yes", "y", "true", "1", "√"})
NO = frozenset({"否", "无", "没有", "未", "no", "n", "false", "0", "×"})
BETWEEN = re.compile(r"[、，,;；/]")


@dataclass(frozen=True)
class Attribute:
    """One thing asked of a kind: its name in the record, what people call it, what may stand there."""

    name: str
    label: str
    type: Type
    choices: tuple[str, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    help: str = ""
    group: str = ""

    @property
    def heading(self) -> str:
        """The label with its unit, as columns are headed: 气瓶存量（kg）."""
        return f"{self.label}（{self.unit}）" if self.unit else self.label

    @property
    def type_label(self) -> str:
        """How it is filled in, in Chinese."""
        return TYPE_LABELS[self.type]

    @property
    def bounds(self) -> str:
        """What a number may be, in words; empty without bounds."""
        low = "" if self.minimum is None else f"不小于{plain_number(self.minimum)}"
        high = "" if self.maximum is None else f"不大于{plain_number(self.maximum)}"
        return "，".join(part for part in (low, high) if part)

    def words(self, value: Any) -> str:
        """A value as people read it; empty for nothing."""
        if value is None or value == "" or value == []:
            return ""
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, list):
            return "、".join(map(str, value))
        return f"{plain_number(value)}{self.unit}" if isinstance(value, float) else f"{value}{self.unit}"

    def read(self, text: str) -> Value | None:
        """What a cell or a filled-in field says; None for unknown (R271). Raises ValidationError in Chinese."""
        if self.type == "yes_no":
            key = cleaning.fold(text)
            if not key or (key not in NO and cleaning.is_unknown(text)):
                return None
            if key in YES or key in NO:
                return key in YES
            raise ValidationError(f"{self.label}“{text[:20]}”请填是或否")
        if cleaning.is_unknown(text) and cleaning.fold(text) not in {cleaning.fold(c) for c in self.choices}:
            return None
        match self.type:
            case "choice":
                return self._chosen(text)
            case "choices":
                said = [self._chosen(part) for part in BETWEEN.split(text) if part.strip()]
                return [choice for choice in self.choices if choice in said] or None
            case "integer" | "number":
                return self._number(text)
            case "date":
                day = cleaning.clean_date(text, self.label)
                return day.isoformat() if day else None
        return cleaning.clean_words(text, self.label, TEXT_LIMIT)

    def problem(self, value: Any) -> str:
        """Why a stored value does not fit this attribute; empty when it does."""
        try:
            again = self.read("、".join(value) if isinstance(value, list) else self._as_text(value))
        except ValidationError as error:
            return "；".join(error.messages)
        return "" if again == value and type(again) is type(value) else f"{self.label}的原值不合现行要求"

    def _as_text(self, value: Any) -> str:
        if isinstance(value, bool):
            return "是" if value else "否"
        return plain_number(value) if isinstance(value, float) else str(value)

    def _chosen(self, text: str) -> str:
        key = cleaning.fold(text)
        for choice in self.choices:
            if cleaning.fold(choice) == key:
                return choice
        raise ValidationError(
            f"{self.label}“{text.strip()[:20]}”不在可选项中，请填：{'、'.join(self.choices)}"
        )

    def _number(self, text: str) -> int | float:
        plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
        if self.unit:
            plain = plain.removesuffix(unicodedata.normalize("NFKC", self.unit)).strip()
        kind = "整数" if self.type == "integer" else "数字"
        unit = f"，单位为{self.unit}" if self.unit else ""
        if not NUMBER.fullmatch(plain) or (self.type == "integer" and "." in plain):
            raise ValidationError(f"{self.label}“{text[:20]}”不是{kind}，请只填{kind}{unit}，不知道的留空")
        value: int | float = int(plain) if self.type == "integer" else float(plain)
        if self.minimum is not None and value < self.minimum:
            raise ValidationError(f"{self.label}{plain}小于下限{plain_number(self.minimum)}，请核对{unit}")
        if self.maximum is not None and value > self.maximum:
            raise ValidationError(f"{self.label}{plain}超过上限{plain_number(self.maximum)}，请核对{unit}")
        return value


def to_schema(attributes: Sequence[Attribute], *, title: str = "") -> dict[str, Any]:
    """The JSON Schema of these attributes."""
    properties: dict[str, Any] = {}
    for order, attribute in enumerate(attributes, start=1):
        entry: dict[str, Any] = {"title": attribute.label, **_type_of(attribute), "x-order": order}
        if attribute.minimum is not None:
            entry["minimum"] = attribute.minimum
        if attribute.maximum is not None:
            entry["maximum"] = attribute.maximum
        for key, words in (
            ("description", attribute.help),
            ("x-unit", attribute.unit),
            ("x-group", attribute.group),
        ):
            if words:
                entry[key] = words
        properties[attribute.name] = entry
    return {
        "$schema": DIALECT,
        "type": "object",
        "title": title,
        "additionalProperties": False,
        "properties": properties,
        "required": [attribute.name for attribute in attributes if attribute.required],
    }


def _type_of(attribute: Attribute) -> dict[str, Any]:
    match attribute.type:
        case "choice":
            return {"type": "string", "enum": list(attribute.choices)}
        case "choices":
            items = {"type": "string", "enum": list(attribute.choices)}
            return {"type": "array", "items": items, "uniqueItems": True, "minItems": 1}
        case "integer" | "number":
            return {"type": attribute.type}
        case "yes_no":
            return {"type": "boolean"}
        case "date":
            return {"type": "string", "format": "date"}
    return {"type": "string", "maxLength": TEXT_LIMIT, "minLength": 1}


def from_schema(schema: Mapping[str, Any]) -> tuple[Attribute, ...]:
    """The attributes of a schema, in order. Raises ValidationError for one outside the subset."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        raise ValidationError(f"属性定义不是有效的JSON Schema：{error.message[:120]}") from error
    needed = set(schema.get("required", ()))
    found = []
    entries = schema.get("properties", {}).items()
    for name, entry in sorted(entries, key=lambda pair: (pair[1].get("x-order", 0), pair[0])):
        type_, choices = _read_type(name, entry)
        found.append(
            Attribute(
                name=name,
                label=entry.get("title", name),
                type=type_,
                choices=choices,
                unit=entry.get("x-unit", ""),
                minimum=entry.get("minimum"),
                maximum=entry.get("maximum"),
                required=name in needed,
                help=entry.get("description", ""),
                group=entry.get("x-group", ""),
            )
        )
    return tuple(found)


def _read_type(name: str, entry: Mapping[str, Any]) -> tuple[Type, tuple[str, ...]]:
    match entry.get("type"):
        case "string" if "enum" in entry:
            return "choice", tuple(entry["enum"])
        case "string":
            return ("date" if entry.get("format") == "date" else "text"), ()
        case "array" if "enum" in entry.get("items", {}):
            return "choices", tuple(entry["items"]["enum"])
        case "integer":
            return "integer", ()
        case "number":
            return "number", ()
        case "boolean":
            return "yes_no", ()
    raise ValidationError(f"属性“{name}”的类型不在支持范围（文字、单选、多选、整数、数值、是否、日期）")


def check_definition(attributes: Sequence[Attribute]) -> None:
    """Refuse attributes that cannot be asked so: doubled names, choices missing, bounds crossed."""
    problems: list[str] = []
    if len(attributes) > MAX_FIELDS:
        problems.append(f"属性有{len(attributes)}项，超过{MAX_FIELDS}项上限，请精简")
    for what, words in (("代码", [a.name for a in attributes]), ("名称", [a.heading for a in attributes])):
        doubled = sorted({word for word in words if words.count(word) > 1})
        if doubled:
            problems.append(f"{what}重复：{'、'.join(doubled)}")
    for attribute in attributes:
        problems += [f"“{attribute.label}”：{problem}" for problem in _doubts(attribute)]
    if problems:
        raise ValidationError(problems)


def _doubts(attribute: Attribute) -> list[str]:
    found = []
    if not NAME.fullmatch(attribute.name):
        found.append("代码须以小写字母开头，只含小写字母、数字和下划线，不超过40位")
    chosen = attribute.type in ("choice", "choices")
    if chosen and len(attribute.choices) < 2:
        found.append("单选和多选须有两个以上选项")
    if len(set(attribute.choices)) < len(attribute.choices):
        found.append("选项重复")
    if any(BETWEEN.search(choice) for choice in attribute.choices):
        found.append("选项里不能有顿号、逗号、分号和斜线，它们用来分隔选项")
    if not chosen and attribute.choices:
        found.append("只有单选和多选可以有选项")
    measured = attribute.type in ("integer", "number")
    if not measured and (attribute.unit or attribute.minimum is not None or attribute.maximum is not None):
        found.append("只有整数和数值可以有单位和上下限")
    if (
        attribute.minimum is not None
        and attribute.maximum is not None
        and attribute.minimum > attribute.maximum
    ):
        found.append("下限大于上限")
    return found


def validate(schema: Mapping[str, Any], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with stored attributes as (name, sentence), judged by the published schema itself.

    The name is empty for what concerns the whole. What is required and missing is told by `missing`.
    """
    labels = {attribute.name: attribute for attribute in from_schema(schema)}
    found = []
    judge = Draft202012Validator(dict(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in judge.iter_errors(dict(values)):
        name = str(error.absolute_path[0]) if error.absolute_path else ""
        if error.validator == "required":
            continue
        if error.validator == "additionalProperties":
            extra = "、".join(sorted(set(values) - set(labels)))
            found.append(("", f"属性表里没有：{extra}"))
        else:
            attribute = labels[name]
            found.append((name, attribute.problem(values[name]) or f"{attribute.label}不合要求"))
    return found


def missing(attributes: Iterable[Attribute], values: Mapping[str, Any]) -> list[Attribute]:
    """Required attributes nothing is known of."""
    return [attribute for attribute in attributes if attribute.required and attribute.name not in values]


@dataclass(frozen=True)
class Upgrade:
    """What carrying a record to another version means: what stays, what no longer fits, what is newly missing."""

    kept: dict[str, Any]
    dropped: list[tuple[str, str]]  # (label or name, why) of values that do not fit any more
    missing: list[Attribute]


def upgrade(before: Sequence[Attribute], after: Sequence[Attribute], values: Mapping[str, Any]) -> Upgrade:
    """Carry stored attributes from one version to another. Nothing is guessed: what does not fit is named."""
    known, old = {each.name: each for each in after}, {each.name: each for each in before}
    kept: dict[str, Any] = {}
    dropped: list[tuple[str, str]] = []
    for name, value in values.items():
        attribute = known.get(name)
        if attribute is None:
            label = old[name].label if name in old else name
            dropped.append(
                (label, f"原值“{old[name].words(value) if name in old else value}”，新版没有这一项")
            )
        elif problem := attribute.problem(value):
            dropped.append((attribute.label, f"{problem}（原值“{attribute.words(value)}”）"))
        else:
            kept[name] = value
    return Upgrade(kept, dropped, missing(after, kept))


def differences(before: Sequence[Attribute], after: Sequence[Attribute]) -> list[str]:
    """What one version asks otherwise than another, a sentence for each attribute, new ones first."""
    old, new = {each.name: each for each in before}, {each.name: each for each in after}
    added = [f"新增“{each.heading}”（{_asked_words(each)}）" for each in after if each.name not in old]
    gone = [f"不再登记“{each.heading}”" for each in before if each.name not in new]
    changed = [
        f"“{old[name].heading}”：{'，'.join(words)}"
        for name, each in new.items()
        if name in old and (words := _changed_words(old[name], each))
    ]
    return [*added, *changed, *gone]


def _asked_words(attribute: Attribute) -> str:
    return "，".join(
        filter(None, (attribute.type_label, attribute.bounds, "必填" if attribute.required else ""))
    )


def _changed_words(old: Attribute, new: Attribute) -> list[str]:
    words = []
    if old.heading != new.heading:
        words.append(f"改称“{new.heading}”")
    if old.type != new.type:
        words.append(f"由{old.type_label}改为{new.type_label}")
    more = [choice for choice in new.choices if choice not in old.choices]
    less = [choice for choice in old.choices if choice not in new.choices]
    if old.choices and new.choices:
        words += [f"选项增加{'、'.join(more)}"] if more else []
        words += [f"选项去掉{'、'.join(less)}"] if less else []
    if old.bounds != new.bounds:
        words.append(f"由{old.bounds or '不限大小'}改为{new.bounds or '不限大小'}")
    if old.required != new.required:
        words.append("改为必填" if new.required else "改为可不填")
    return words


@cache
def shipped_attributes() -> dict[str, tuple[Attribute, ...]]:
    """The attributes every installation begins with, by kind."""
    text = files("bihuan.registry").joinpath("data/attributes.json").read_text("utf-8")
    return {kind: tuple(_shipped(row) for row in rows) for kind, rows in json.loads(text)["kinds"].items()}


def _shipped(row: Mapping[str, Any]) -> Attribute:
    return Attribute(**{**row, "choices": tuple(row.get("choices", ()))})


def plain_number(value: float) -> str:
    """A number without exponent and without zeros nobody needs: 120, 0.5."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
