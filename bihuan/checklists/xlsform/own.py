"""Our own export read back. What a person changed in the sheet counts; what was broken is named by row."""

from __future__ import annotations

import re
from dataclasses import replace

from bihuan.checklists.structure import Basis, Book, Disposition, InvalidBook, Item, Measure, Section, check
from bihuan.checklists.units import label as unit_label_of
from bihuan.checklists.xlsform.constraints import NotUnderstood, bounds_of
from bihuan.checklists.xlsform.workbook import (
    NAMESPACE,
    OWN,
    SETTINGS,
    SURVEY,
    FormError,
    FormRow,
    Notice,
    Workbook,
)
from bihuan.checklists.xlsform.writing import COLUMNS, VERDICTS

_HINT = re.compile(r"(?P<criterion>.*)（方法：(?P<method>[^（）]*)）")
_STEP = re.compile(r"(?P<word>[^（）]+)(?:（(?P<condition>[^（）]*)）)?")
_FOLLOW_UPS = ("_remark", "_photo")


def is_own(form: Workbook) -> bool:
    """Whether the workbook says of itself that it is an export of a book."""
    return NAMESPACE in form.setting("namespaces")


def read_own(form: Workbook) -> Book:
    """Return the exported book. Raises FormError naming sheet and row of everything that cannot be read."""
    faults: list[Notice] = []
    if missing := [column for column in COLUMNS if column not in form.headers[SURVEY]]:
        raise FormError([Notice(SURVEY, 1, f"缺少列“{'”“'.join(missing)}”，请从原导出文件补回，不要删列")])
    version = form.setting("version")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        faults.append(Notice(SETTINGS, 2, f"版本号“{version}”不是整数"))
    sections = _sections(form.survey, faults)
    if faults:
        raise FormError(faults)
    book = Book(
        form.setting("form_id"),
        form.setting("form_title"),
        int(version),
        tuple(sections),
        form.setting("attribute::bihuan:note"),
    )
    try:
        return check(book)
    except InvalidBook as error:
        rows = {
            code_of(row["name"]): row.number for row in form.survey if row["type"].startswith("select_one")
        }
        for row in form.survey:
            if row["type"] == "begin_group":
                rows.setdefault(row["label"] or code_of(row["name"]), row.number)
        raise FormError(
            [Notice(SURVEY, rows.get(each.item or each.section, 0), str(each)) for each in error.problems]
        ) from error


def code_of(name: str) -> str:
    """Return the code of a question name: gas_use_03 is GAS-USE-03."""
    return name.upper().replace("_", "-")


def _sections(rows: list[FormRow], faults: list[Notice]) -> list[Section]:
    sections: list[Section] = []
    opened: FormRow | None = None
    items: list[Item] = []
    for row in rows:
        kind, name = row["type"], row["name"]
        if kind == "begin_group":
            if opened:
                faults.append(Notice(SURVEY, row.number, f"上一节（第{opened.number}行）没有 end_group"))
            opened, items = row, []
        elif kind == "end_group":
            if opened is None:
                faults.append(Notice(SURVEY, row.number, "end_group 前面没有 begin_group"))
                continue
            sections.append(
                Section(code_of(opened["name"]), opened["label"], opened[f"{OWN}link"], tuple(items))
            )
            opened = None
        elif kind == f"select_one {VERDICTS}":
            if opened is None:
                faults.append(Notice(SURVEY, row.number, f"检查项“{row['label']}”不在任何一节里"))
            items.append(_item(row, faults))
        elif kind == "decimal" and items and name == f"{_name(items[-1])}_value":
            measure = _measure(row, faults)
            items[-1] = _with_measure(items[-1], measure)
        elif not (items and name in {f"{_name(items[-1])}{end}" for end in _FOLLOW_UPS}):
            faults.append(
                Notice(SURVEY, row.number, f"类型“{kind}”的“{name}”不属于前面的检查项，请删去或放回原处")
            )
    if opened:
        faults.append(Notice(SURVEY, opened.number, f"“{opened['label']}”一节没有 end_group"))
    return sections


def _name(item: Item) -> str:
    return item.code.lower().replace("-", "_")


def _item(row: FormRow, faults: list[Notice]) -> Item:
    criterion, method = row["hint"], ""
    if match := _HINT.fullmatch(criterion):
        criterion, method = match["criterion"], match["method"]
    elif criterion.startswith("方法："):
        criterion, method = "", criterion.removeprefix("方法：")
    if row[f"{OWN}verified"] not in ("yes", "no"):
        faults.append(Notice(SURVEY, row.number, f"{OWN}verified 列只能填 yes 或 no"))
    return Item(
        code=code_of(row["name"]),
        text=row["label"],
        criterion=criterion,
        method=tuple(method.split("、")) if method else (),
        basis=tuple(_basis(cell, row, faults) for cell in _parts(row[f"{OWN}basis"])),
        source=row[f"{OWN}source"],
        verified=row[f"{OWN}verified"] == "yes",
        dispositions=tuple(_disposition(cell, row, faults) for cell in _parts(row[f"{OWN}dispositions"])),
        severity=row[f"{OWN}severity"],
        criterion_code=row[f"{OWN}criterion_code"],
        kinds=tuple(row[f"{OWN}kinds"].split()),
        guidance=row["guidance_hint"],
        proof=row[f"{OWN}proof"],
        photo=row[f"{OWN}photo"] or "failed",
        when=row[f"{OWN}when"],
        authority=row[f"{OWN}authority"],
    )


def _parts(cell: str) -> list[str]:
    return cell.split("；") if cell else []


def _basis(cell: str, row: FormRow, faults: list[Notice]) -> Basis:
    parts = cell.split("|")
    if len(parts) != 3:
        faults.append(Notice(SURVEY, row.number, f"依据“{cell}”须写成“名称|文号|条款”，没有的留空"))
        return Basis(cell)
    return Basis(*parts)


def _disposition(cell: str, row: FormRow, faults: list[Notice]) -> Disposition:
    match = _STEP.fullmatch(cell)
    if not match:
        faults.append(Notice(SURVEY, row.number, f"处置“{cell}”须写成“处置（条件）”"))
        return Disposition(cell)
    return Disposition(match["word"], match["condition"] or "")


def _measure(row: FormRow, faults: list[Notice]) -> Measure | None:
    unit = row[f"{OWN}unit"]
    if not unit:
        faults.append(Notice(SURVEY, row.number, f"{OWN}unit 列是空的，请填单位符号"))
        return None
    try:
        bounds = bounds_of(row["constraint"], may_be_negative=unit == "Cel")
    except NotUnderstood as error:
        faults.append(Notice(SURVEY, row.number, f"{error}，请按导出时的写法填写 constraint 列"))
        return None
    what = row["label"].removesuffix(f"（{unit_label_of(unit)}）")
    return Measure(what, bounds.comparator, bounds.number, unit, bounds.upper)


def _with_measure(item: Item, measure: Measure | None) -> Item:
    return replace(item, measure=measure)
