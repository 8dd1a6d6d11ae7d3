"""A book as an XLSForm: one group per section, one question per item, follow-ups for value, remark and photo.

What XLSForm knows stands in its own columns (label, hint, guidance_hint, constraint), everything else in columns
``bind::bihuan:…``, which other programs carry along or pass by. The constraint of a measured value does not keep a bad
value out, it keeps the verdict honest: beyond the bound the item must have been judged 不合格.
"""

from __future__ import annotations

import io

import xlsxwriter

from bihuan.checklists.structure import Basis, Book, Item, Measure, Section, check, unit_label
from bihuan.checklists.units import plain
from bihuan.checklists.xlsform.workbook import CHOICES, NAMESPACE, OWN, SETTINGS, SURVEY

VERDICTS = "pass_fail_na"
PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "na"
CHOICE_ROWS = ((VERDICTS, PASS, "合格"), (VERDICTS, FAIL, "不合格"), (VERDICTS, NOT_APPLICABLE, "不适用"))
OWN_COLUMNS = (
    "link", "basis", "source", "verified", "dispositions", "severity", "criterion_code", "kinds", "proof", "photo", "when", "authority", "unit",
)  # fmt: skip
COLUMNS = (
    "type", "name", "label", "hint", "guidance_hint", "required", "relevant", "constraint", "constraint_message",
    *(f"{OWN}{name}" for name in OWN_COLUMNS),
)  # fmt: skip
_WIDTHS = {"label": 48, "hint": 48, "guidance_hint": 40, "relevant": 26, "constraint": 34, "type": 24}
Row = dict[str, str]


def export_form(book: Book) -> bytes:
    """Return ``book`` as an xlsx with the sheets survey, choices and settings. Raises InvalidBook."""
    check(book)
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    survey = [row for section in book.sections for row in _section_rows(section)]
    _write(workbook, SURVEY, COLUMNS, survey)
    choices = ("list_name", "name", "label")
    _write(workbook, CHOICES, choices, [dict(zip(choices, row, strict=True)) for row in CHOICE_ROWS])
    settings = {
        "form_title": book.title,
        "form_id": book.key,
        "version": str(book.version),
        "namespaces": f'bihuan="{NAMESPACE}"',
        "attribute::bihuan:note": book.note,
    }
    _write(workbook, SETTINGS, tuple(settings), [settings])
    workbook.close()
    return out.getvalue()


def name_of(code: str) -> str:
    """Return the question name of a section or item code: GAS-USE-03 is gas_use_03."""
    return code.lower().replace("-", "_")


def hint_of(item: Item) -> str:
    """Return criterion and method as one line, as `xlsform.own` takes it apart again."""
    method = f"方法：{'、'.join(item.method)}" if item.method else ""
    if item.criterion and method:
        return f"{item.criterion}（{method}）"
    return item.criterion or method


def constraint_of(measure: Measure, question: str) -> str:
    """Return the XPath a value must fulfil unless ``question`` was judged 不合格; below zero nothing is measured."""
    if measure.comparator == "between" and measure.upper is not None:
        demand = f"(. >= {plain(measure.number)} and . <= {plain(measure.upper)})"
    else:
        demand = f". {measure.comparator} {plain(measure.number)}"
    honest = f"{demand} or ${{{question}}} = '{FAIL}'"
    return honest if measure.unit == "Cel" else f". >= 0 and ({honest})"


def _section_rows(section: Section) -> list[Row]:
    name = name_of(section.code)
    rows: list[Row] = [
        {"type": "begin_group", "name": name, "label": section.title, f"{OWN}link": section.link},
    ]
    for item in section.items:
        rows += _item_rows(item)
    return [*rows, {"type": "end_group", "name": name}]


def _item_rows(item: Item) -> list[Row]:
    name = name_of(item.code)
    rows: list[Row] = [
        {
            "type": f"select_one {VERDICTS}",
            "name": name,
            "label": item.text,
            "hint": hint_of(item),
            "guidance_hint": item.guidance,
            "required": "yes",
            f"{OWN}basis": "；".join(basis_cell(basis) for basis in item.basis),
            f"{OWN}source": item.source,
            f"{OWN}verified": "yes" if item.verified else "no",
            f"{OWN}dispositions": "；".join(str(step) for step in item.dispositions),
            f"{OWN}severity": item.severity,
            f"{OWN}criterion_code": item.criterion_code,
            f"{OWN}kinds": " ".join(item.kinds),
            f"{OWN}proof": item.proof,
            f"{OWN}photo": item.photo,
            f"{OWN}when": item.when,
            f"{OWN}authority": item.authority,
        }
    ]
    if item.measure is not None:
        rows.append(
            {
                "type": "decimal",
                "name": f"{name}_value",
                "label": f"{item.measure.label}（{unit_label(item.measure)}）",
                "relevant": f"${{{name}}} != '{NOT_APPLICABLE}'",
                "constraint": constraint_of(item.measure, name),
                "constraint_message": f"标准是{item.measure.demand}，实测超出时请把这一项判为不合格",
                f"{OWN}unit": item.measure.unit,
            }
        )
    failed = f"${{{name}}} = '{FAIL}'"
    return [
        *rows,
        {"type": "text", "name": f"{name}_remark", "label": "问题描述", "relevant": failed},
        {
            "type": "image",
            "name": f"{name}_photo",
            "label": "现场照片",
            "relevant": failed if item.photo == "failed" else f"${{{name}}} != '{NOT_APPLICABLE}'",
        },
    ]


def basis_cell(basis: Basis) -> str:
    """Return a basis so that its three parts can be told apart again: 安全生产法||第三十六条."""
    return f"{basis.title}|{basis.doc_no}|{basis.article}"


def _write(workbook: xlsxwriter.Workbook, name: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    page = workbook.add_worksheet(name)
    bold = workbook.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1})
    for index, column in enumerate(columns):
        page.set_column(index, index, _WIDTHS.get(column, 18))
        page.write_string(0, index, column, bold)
    page.freeze_panes(1, 0)
    for number, row in enumerate(rows, start=1):
        for index, column in enumerate(columns):
            # Written as strings, so that no text becomes a formula, a link or a number.
            if text := row.get(column, ""):
                page.write_string(number, index, text)
