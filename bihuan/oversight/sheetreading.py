"""An upper level's score sheet and its opinion, read from the sheet they sent: whole or not at all, row by row (invariant 6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Generic, TypeVar

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import resolve_unit
from bihuan.core.sheets import (
    FieldSpec,
    SheetError,
    Table,
    mark_rows,
    match_columns,
    missing_required,
    read_table,
)
from bihuan.registry.models import Enterprise

from .actions.lines import LineGiven
from .models import OversightFinding
from .shipped import OTHER, categories

Issues = dict[int, list[tuple[str, str]]]
Given = TypeVar("Given")
LINES = (
    FieldSpec("section", "类别", ("一级指标", "指标类别", "项目", "考核项目", "大类")),
    FieldSpec(
        "text",
        "检查内容",
        ("考核内容", "检查项目", "内容", "二级指标", "考核指标", "检查要点"),
        required=True,
    ),
    FieldSpec("standard", "评分标准", ("评分办法", "扣分标准", "考核标准", "检查方法", "评分细则")),
    FieldSpec("points", "分值", ("满分", "标准分", "分数", "权重")),
)
FINDINGS = (
    FieldSpec(
        "description", "问题", ("反馈问题", "存在问题", "问题描述", "具体问题", "问题表现"), required=True
    ),
    FieldSpec("organization", "责任单位", ("整改单位", "牵头单位", "整改责任单位", "责任部门")),
    FieldSpec("enterprise", "企业", ("企业名称", "被检查单位", "涉及企业")),
    FieldSpec("demand", "整改要求", ("整改措施", "要求", "整改意见")),
    FieldSpec("due_on", "整改期限", ("整改时限", "完成时限", "期限", "完成时间")),
    FieldSpec("level", "层面", ("层级", "问题层面")),
    FieldSpec("code", "问题分类", ("分类", "问题类型", "类型")),
)
_DAY = re.compile(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})")
_LEVELS = {label: value for value, label in OversightFinding.Level.choices} | {
    "政府": "government", "部门": "department", "街道": "locality", "乡镇": "locality", "乡镇街道层面": "locality",
    "属地": "locality", "企业": "enterprise",
}  # fmt: skip
_BY_KIND: dict[str, str] = {
    Organization.Kind.OFFICE: "government",
    Organization.Kind.DEPARTMENT: "department",
    Organization.Kind.LOCALITY: "locality",
}


@dataclass(frozen=True)
class Told:
    """One finding as a row tells it."""

    description: str
    level: str
    code: str
    demand: str
    organization: Organization | None
    enterprise: Enterprise | None
    due_on: dt.date | None


@dataclass
class Reading(Generic[Given]):
    """What a sheet said: the rows, or what is wrong with which; `marked` is the user's own sheet saying so."""

    rows: list[Given] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    marked: bytes = b""


def read_lines(data: bytes, name: str) -> Reading[LineGiven]:
    """The lines of a score sheet. A merged first column means “as above”."""
    above = ""

    def one(cells: dict[str, str], say: Callable[[str, str], None]) -> LineGiven | None:
        nonlocal above
        above = cells.get("section", "") or above
        text = cells.get("text", "")
        if not text:
            if any(cells.get(key) for key in ("standard", "points")):
                say("text", "没有检查内容")
            return None
        if len(text) > 300:
            say("text", "超过 300 字，请拆开")
        points = None
        if given := cells.get("points", "").removesuffix("分").strip():
            try:
                points = Decimal(given).quantize(Decimal("0.01"))
            except InvalidOperation:
                say("points", f"“{given}”不是数字")
            else:
                if not 0 <= points < 10000:
                    say("points", "分值应在 0 到 9999 之间")
        return LineGiven(text, above[:60], cells.get("standard", "")[:500], points)

    return _read(data, name, LINES, one)


def read_told(data: bytes, name: str, *, user: User, code: str, on: dt.date) -> Reading[Told]:
    """The problems of an opinion, each with whom it is about. `code` is the area of the office that receives."""

    def one(cells: dict[str, str], say: Callable[[str, str], None]) -> Told | None:
        words = cells.get("description", "")
        if not words:
            say("description", "没有写问题")
            return None
        if len(words) > 500:
            say("description", "超过 500 字，请精简")
        body = enterprise = None
        if firm := cells.get("enterprise", ""):
            found = list(Enterprise.objects.visible_to(user).filter(name=firm)[:2]) or list(
                Enterprise.objects.visible_to(user).filter(credit_code=firm)[:2]
            )
            if len(found) != 1:
                say("enterprise", f"没有找到名称或者信用代码是“{firm}”的企业")
            else:
                enterprise = found[0]
        unit = cells.get("organization", "")
        if unit:
            body = resolve_unit(unit, code)
            if body is None and enterprise is None:
                say("organization", f"没有找到“{unit}”，请写单位全称或简称")
        if body is None and enterprise is None and not (unit or firm):
            say("organization", "没有写由哪个单位整改")
        level = (
            "enterprise" if enterprise else _BY_KIND.get(body.kind, "department") if body else "department"
        )
        if wanted := cells.get("level", ""):
            if wanted not in _LEVELS:
                say("level", f"“{wanted}”不认识，可以写政府、部门、街道、企业")
            elif (_LEVELS[wanted] == "enterprise") != (enterprise is not None):
                say("level", "企业层面的写明企业，其他层面的不写")
            else:
                level = _LEVELS[wanted]
        due = None
        if text := cells.get("due_on", ""):
            due = _day(text)
            if due is None:
                say("due_on", f"“{text}”不是日期，请写成 2026-12-31")
            elif due < on:
                say("due_on", f"{due} 已经过去")
        sort = cells.get("code", "")
        return Told(
            words, level, sort if sort in categories() else OTHER, cells.get("demand", "")[:300],
            None if enterprise else body, enterprise, due,
        )  # fmt: skip

    return _read(data, name, FINDINGS, one)


def _read(
    data: bytes,
    name: str,
    specs: tuple[FieldSpec, ...],
    one: Callable[[dict[str, str], Callable[[str, str], None]], Given | None],
) -> Reading[Given]:
    try:
        table = read_table(data, name)
    except SheetError as error:
        return Reading(problems=[str(error)])
    columns = match_columns(table.headers, specs)
    lacking = missing_required(columns, specs)
    if lacking:
        known = "、".join(each.label for each in specs)
        return Reading(problems=[f"没有找到“{lacking[0].label}”这一列，请在表头写明；认识的列有：{known}"])
    rows, issues = _rows(table, columns, {each.name: each.label for each in specs}, one)
    if not issues:
        return Reading(rows=rows)
    told = [
        f"第 {number} 行{f'“{label}”' if label else ''}：{words}"
        for number, found in sorted(issues.items())
        for label, words in found
    ]
    return Reading(problems=told, marked=mark_rows(data, name, issues))


def _rows(
    table: Table,
    columns: dict[str, str],
    labels: dict[str, str],
    one: Callable[[dict[str, str], Callable[[str, str], None]], Given | None],
) -> tuple[list[Given], Issues]:
    rows: list[Given] = []
    issues: Issues = {}
    for row in table.rows:
        cells = {key: row.cells.get(header, "").strip() for key, header in columns.items()}

        def say(key: str, words: str, number: int = row.number) -> None:
            issues.setdefault(number, []).append((columns.get(key, labels.get(key, "")), words))

        given = one(cells, say)
        if given is not None:
            rows.append(given)
    return rows, issues


def _day(text: str) -> dt.date | None:
    found = _DAY.search(text)
    if found is None:
        return None
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
