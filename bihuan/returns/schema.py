"""What a definition of a return (报表) says, as data: period, who owes it, cut-off, items, cross-checks, layout.

Read from the shipped files, from a plan's reporting rules or from the page where an office makes its own; the same
reading for all three, so that what is accepted can be counted. Pure: which measures exist is told by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .expressions import Expression, ExpressionError, parse
from .periods import KINDS, RECURRING, PeriodError, check_anchor

MAX_ITEMS, MAX_CHECKS, MAX_GROUPS = 120, 80, 60
WINDOWS = {
    "period": "本期",
    "year": "年初累计",
    "campaign": "行动开始以来",
    "ever": "历史累计",
    "opening": "期初",
}
OWERS = {"self": "收报单位自己", "office": "下级安委办", "locality": "乡镇街道", "department": "部门"}
DIMENSIONS = {"kind": "对象类型", "department": "主管部门", "locality": "乡镇街道", "source": "来源"}
SEVERITIES = {"error": "不符不能签报", "warning": "不符须说明"}
EVIDENCE = {"": "不要求", "optional": "可附", "required": "必附"}
SIGNERS = {"officer": "经办人或负责人", "leader": "主要负责人"}
TOTAL, WHOLE = "total", ""  # keys of the rows that stand for all
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_NAME_KEY = re.compile(r"[a-z][a-z0-9_.]{0,59}\Z")
_RESERVED = frozenset({"and", "prev", "lastyear"})


class SchemaError(ValueError):
    """The definition cannot be used. ``str()`` is Chinese and names the place."""


@dataclass(frozen=True)
class MeasureTerms:
    """What a definition has to know of a measure: which filters and dimensions it takes, and whether sums make sense."""

    label: str
    unit: str
    filters: frozenset[str]
    dimensions: frozenset[str]
    additive: bool
    is_stock: bool


@dataclass(frozen=True)
class Item:
    """One figure of each row: counted by a measure, worked out by a formula, or filled in by hand."""

    key: str
    label: str
    unit: str = ""
    measure: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    window: str = "period"
    formula: Expression | None = None
    evidence: str = ""
    digits: int = 0
    optional: bool = False
    additive: bool = True
    hint: str = ""

    @property
    def is_manual(self) -> bool:
        return not self.measure and self.formula is None

    @property
    def how(self) -> str:
        return "填报" if self.is_manual else "计算" if self.formula else "取数"


@dataclass(frozen=True)
class Check:
    """A relation every row must satisfy (勾稽), with what to say and what to do when it does not."""

    expression: Expression
    message: str
    remedy: str = ""
    severity: str = "error"


@dataclass(frozen=True)
class Group:
    """A row of the table: the members of the dimension it stands for; `key` TOTAL is all of them."""

    key: str
    label: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Rows by a dimension. Without groups there is one row for each member that has figures."""

    dimension: str
    groups: tuple[Group, ...]
    total: str = "合计"


@dataclass(frozen=True)
class Cutoff:
    """Until when: a clock of the rules by key, or so many days of its own; counted from the last day of the period."""

    clock: str = ""
    days: int = 0
    unit: str = "natural"
    roll: bool = False
    basis: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading over several columns of the printed table."""

    label: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    """A definition, read and checked. `raw` is the data it was read from."""

    key: str
    name: str
    period: str
    anchor: int
    owers: tuple[str, ...]
    cutoff: Cutoff
    items: tuple[Item, ...]
    checks: tuple[Check, ...]
    blocks: tuple[Rows, ...]
    headings: tuple[Heading, ...]
    layout: str
    signer: str
    words: str
    words_required: bool
    source: str
    dated: str
    verified: bool
    notes: tuple[str, ...]
    raw: Mapping[str, Any]

    def item(self, key: str) -> Item | None:
        return next((item for item in self.items if item.key == key), None)

    @property
    def labels(self) -> dict[str, str]:
        return {item.key: item.label for item in self.items}

    @property
    def whole(self) -> Group:
        """The row that stands for everything."""
        return Group(TOTAL, self.blocks[0].total) if self.blocks else Group(WHOLE, "")

    @property
    def recurs(self) -> bool:
        return self.period in RECURRING


def read(data: Any, measures: Mapping[str, MeasureTerms]) -> Spec:
    """Read a definition. Raises SchemaError naming what is wrong and where."""
    given = _object(data, "报表定义")
    key = _text(given, "key", "报表代码", 60)
    if not _NAME_KEY.match(key):
        raise SchemaError(f"报表代码“{key}”应以小写字母开头，只用小写字母、数字、点和下划线")
    name = _text(given, "name", "报表名称", 80)
    period = _choice(given.get("period"), KINDS, "报送周期")
    try:
        anchor = check_anchor(period, _whole(given.get("anchor", 1), "周期起始日", 1, 28))
    except PeriodError as error:
        raise SchemaError(str(error)) from error
    owers = tuple(
        dict.fromkeys(_choice(each, OWERS, "报送单位") for each in _list(given, "owers", "报送单位", 8))
    )
    if not owers:
        raise SchemaError("请至少选一类报送单位")
    blocks = _blocks(given.get("rows"))
    items = _items(given, measures, blocks)
    items_by_key = {item.key: item for item in items}
    headings = tuple(
        Heading(
            _text(each, "label", f"第{number}个表头", 80),
            tuple(_known(str(one), items_by_key, f"第{number}个表头") for one in _list(each, "items", f"第{number}个表头", MAX_ITEMS)),
        )
        for number, each in enumerate(_list(given, "headings", "表头", MAX_ITEMS), 1)
    )  # fmt: skip
    return Spec(
        key=key, name=name, period=period, anchor=anchor, owers=owers, cutoff=_cutoff(given.get("cutoff")), items=items,
        checks=_checks(given, items_by_key), blocks=blocks, headings=headings,
        layout=_choice(given.get("layout", "table" if blocks else "list"), {"list": "逐项", "table": "表格"}, "版式"),
        signer=_choice(given.get("signer", "officer"), SIGNERS, "签报人"),
        words=_text(given, "words", "文字说明提示", 300, required=False),
        words_required=bool(given.get("words_required", False)),
        source=_text(given, "source", "依据", 300), dated=_text(given, "dated", "依据日期", 40, required=False),
        verified=bool(given.get("verified", False)),
        notes=tuple(str(each)[:300] for each in _list(given, "notes", "说明", 20)), raw=dict(given),
    )  # fmt: skip


def _items(
    given: Mapping[str, Any], measures: Mapping[str, MeasureTerms], blocks: tuple[Rows, ...]
) -> tuple[Item, ...]:
    listed = _list(given, "items", "指标", MAX_ITEMS)
    if not listed:
        raise SchemaError("报表还没有指标，请至少加一项")
    items: list[Item] = []
    keys: set[str] = set()
    for number, each in enumerate(listed, 1):
        item = _item(_object(each, f"第{number}项指标"), number, measures, blocks)
        if item.key in keys:
            raise SchemaError(f"第{number}项指标的代码“{item.key}”前面已经用过，请换一个")
        keys.add(item.key)
        items.append(item)
    for number, item in enumerate(items, 1):
        if item.formula is None:
            continue
        for name in item.formula.names:
            other = next((one for one in items if one.key == name), None)
            if other is None:
                raise SchemaError(f"第{number}项“{item.label}”的算式用到“{name}”，报表里没有这一项")
            if other.formula is not None:
                raise SchemaError(
                    f"第{number}项“{item.label}”的算式用到另一个算式“{other.label}”，请改用取数或填报的项"
                )
    return tuple(items)


def _item(
    each: Mapping[str, Any], number: int, measures: Mapping[str, MeasureTerms], blocks: tuple[Rows, ...]
) -> Item:
    place = f"第{number}项指标"
    key = _text(each, "key", f"{place}的代码", 40)
    if not _KEY.match(key) or key in _RESERVED:
        raise SchemaError(f"{place}的代码“{key}”应以小写字母开头，只用小写字母、数字和下划线")
    label = _text(each, "label", f"{place}的名称", 80)
    place = f"{place}“{label}”"
    measure = _text(each, "measure", f"{place}的指标", 60, required=False)
    formula_text = _text(each, "formula", f"{place}的算式", 400, required=False)
    if measure and formula_text:
        raise SchemaError(f"{place}既选了取数口径又写了算式，请留一个")
    digits = _whole(each.get("digits", 0), f"{place}的小数位", 0, 4)
    common: dict[str, Any] = {
        "key": key, "label": label, "digits": digits, "hint": _text(each, "hint", f"{place}的说明", 200, required=False),
        "optional": bool(each.get("optional", False)),
    }  # fmt: skip
    unit = _text(each, "unit", f"{place}的单位", 12, required=False)
    if formula_text:
        try:
            formula = parse(formula_text)
        except ExpressionError as error:
            raise SchemaError(f"{place}的算式有误：{error}") from error
        if formula.is_check:
            raise SchemaError(f"{place}的算式算不出数，应为加减乘除，不是比较")
        return Item(unit=unit, formula=formula, additive=False, **common)
    if not measure:
        return Item(
            unit=unit, evidence=_choice(each.get("evidence", ""), EVIDENCE, f"{place}的佐证"),
            additive=bool(each.get("additive", True)), **common,
        )  # fmt: skip
    terms = measures.get(measure)
    if terms is None:
        raise SchemaError(f"{place}的取数口径“{measure}”不存在，请从列表中选")
    filters = {}
    for name, values in _object(each.get("filters", {}), f"{place}的条件").items():
        if name not in terms.filters:
            raise SchemaError(f"{place}按“{terms.label}”取数，不能再按“{name}”筛选")
        chosen = values if isinstance(values, list) else [values]
        filters[name] = tuple(str(value)[:60] for value in chosen[:60])
    for block in blocks:
        if block.dimension not in terms.dimensions:
            raise SchemaError(
                f"{place}按“{terms.label}”取数，不能按{DIMENSIONS[block.dimension]}分行，请改为填报或换口径"
            )
    window = _choice(each.get("window", "period"), WINDOWS, f"{place}的统计时段")
    if window == "opening" and not terms.is_stock:
        raise SchemaError(f"{place}按“{terms.label}”取数，数的是一段时间里的事，没有期初数；期初只用于存量")
    return Item(
        unit=unit or terms.unit, measure=measure, filters=filters, window=window, additive=terms.additive, **common,
    )  # fmt: skip


def _checks(given: Mapping[str, Any], items: Mapping[str, Item]) -> tuple[Check, ...]:
    found = []
    for number, each in enumerate(_list(given, "checks", "勾稽关系", MAX_CHECKS), 1):
        place = f"第{number}条勾稽关系"
        row = _object(each, place)
        try:
            expression = parse(_text(row, "expression", f"{place}的算式", 400))
        except ExpressionError as error:
            raise SchemaError(f"{place}有误：{error}") from error
        if not expression.is_check:
            raise SchemaError(f"{place}不是比较，应写成 closed <= found 这样的关系")
        for name in expression.names:
            _known(name, items, place)
        message = _text(row, "message", f"{place}的提示", 200, required=False) or expression.said(
            {key: item.label for key, item in items.items()}
        )
        severity = _choice(row.get("severity", "error"), SEVERITIES, f"{place}的处理")
        found.append(
            Check(expression, message, _text(row, "remedy", f"{place}的办法", 200, required=False), severity)
        )
    return tuple(found)


def _blocks(data: Any) -> tuple[Rows, ...]:
    if not data:
        return ()
    blocks = tuple(_rows(each) for each in (data if isinstance(data, list) else [data])[:4])
    if len({block.dimension for block in blocks}) < len(blocks):
        raise SchemaError("分行依据重复了，每种只能用一次")
    return blocks


def _rows(data: Any) -> Rows:
    given = _object(data, "分行")
    groups: list[Group] = []
    for number, each in enumerate(_list(given, "groups", "分行", MAX_GROUPS), 1):
        row = _object(each, f"第{number}行")
        key = _text(row, "key", f"第{number}行的代码", 40)
        if not _KEY.match(key) or key == TOTAL or key in {group.key for group in groups}:
            raise SchemaError(f"第{number}行的代码“{key}”不能用或者重复了")
        values = tuple(str(value)[:40] for value in _list(row, "values", f"第{number}行的范围", 60))
        groups.append(Group(key, _text(row, "label", f"第{number}行的名称", 60), values))
    total = _text(given, "total", "合计行的名称", 40, required=False) or "合计"
    return Rows(_choice(given.get("dimension"), DIMENSIONS, "分行依据"), tuple(groups), total)


def _cutoff(data: Any) -> Cutoff:
    given = _object(data or {}, "截止时间")
    clock = _text(given, "clock", "时限", 40, required=False)
    if clock:
        return Cutoff(clock=clock)
    return Cutoff(
        days=_whole(given.get("days", 5), "截止天数", 1, 92),
        unit=_choice(
            given.get("unit", "natural"), {"natural": "自然日", "working": "工作日"}, "截止天数的单位"
        ),
        roll=bool(given.get("roll", False)),
        basis=_text(given, "basis", "截止依据", 120, required=False),
    )


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise SchemaError(f"{what}的格式不对，应为一组名称和值")
    return value


def _list(given: Mapping[str, Any], name: str, what: str, most: int) -> list[Any]:
    value = given.get(name, [])
    if not isinstance(value, list | tuple):
        raise SchemaError(f"{what}的格式不对，应为一列")
    if len(value) > most:
        raise SchemaError(f"{what}有{len(value)}项，最多{most}项")
    return list(value)


def _text(given: Any, name: str, what: str, most: int, *, required: bool = True) -> str:
    value = _object(given, what).get(name, "")
    if not isinstance(value, str):
        raise SchemaError(f"{what}应为文字")
    value = value.strip()
    if required and not value:
        raise SchemaError(f"{what}没有填写")
    if len(value) > most:
        raise SchemaError(f"{what}有{len(value)}字，最多{most}字")
    if any(ord(sign) < 32 for sign in value):
        raise SchemaError(f"{what}里有不能显示的字符")
    return value


def _whole(value: Any, what: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SchemaError(f"{what}应为{low}至{high}的整数")
    return value


def _choice(value: Any, choices: Mapping[str, str], what: str) -> str:
    if not isinstance(value, str) or value not in choices:
        names = "、".join(f"{label}（{key}）" for key, label in choices.items() if key)
        raise SchemaError(f"{what}应为{names}之一")
    return value


def _known(name: str, items: Mapping[str, Item], place: str) -> str:
    if name not in items:
        raise SchemaError(f"{place}用到“{name}”，报表里没有这一项")
    return name
