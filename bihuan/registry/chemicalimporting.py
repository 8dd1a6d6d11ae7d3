"""Chemicals from a table: a row is one chemical at one place of an enterprise that is in the registry already (R048).

A unit that a row names and nobody has entered is entered with it, if the row says of which type it is. The same table
again changes nothing: a chemical is meant by enterprise, name, unit and place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.imports import Issues, Prepared, RowRefused, SheetRows
from bihuan.core.errors import Refused
from bihuan.core.sheets import FieldSpec
from bihuan.rules.majorhazards import UNIT_KINDS
from bihuan.rules.majortables import factor_set

from . import cleaning, risks
from .access import import_scope
from .models import Chemical, Enterprise, MajorUnit
from .riskforms import check_cas
from .rowcells import Cells, chosen, required
from .rowenterprises import CREDIT_CODE, ENTERPRISE, RowEnterprises

SPECS: tuple[FieldSpec, ...] = (
    ENTERPRISE,
    CREDIT_CODE,
    FieldSpec("name", "品名", ("化学品名称", "危险化学品名称", "危化品名称", "物料名称", "名称"), True),
    FieldSpec("cas", "CAS号", ("CAS", "CAS NO", "CAS编号")),
    FieldSpec("state", "形态", ("物态", "状态", "物理状态"), True),
    FieldSpec("categories", "危险性类别", ("类别符号", "危险类别")),
    FieldSpec(
        "design_maximum", "设计最大量（吨）", ("设计最大量", "最大储量", "最大储存量", "设计储量"), True
    ),
    FieldSpec("actual", "实际储量（吨）", ("实际储量", "实际量", "现有储量")),
    FieldSpec("unit", "单元名称", ("单元", "重大危险源单元")),
    FieldSpec("unit_kind", "单元类型", ()),
    FieldSpec("place", "存放位置", ("存放地点", "储存地点", "储存位置", "部位")),
    FieldSpec("premises", "所在场所", ()),
    FieldSpec("is_key", "重点监管", ("是否重点监管", "重点监管危险化学品")),
)
STATES = {"气": "gas", "气态": "gas", "气体": "gas", "液": "liquid", "液态": "liquid", "液体": "liquid", "固": "solid", "固态": "solid", "固体": "solid"}  # fmt: skip
KINDS = {
    "生产": "production",
    "生产单元": "production",
    "储存": "storage",
    "储存单元": "storage",
    "存储": "storage",
}
YES_NO = {"是": True, "否": False, "√": True, "有": True, "无": False}
AMOUNT = re.compile(r"(\d{1,10}(?:\.\d{1,4})?)(?:t|吨)?", re.IGNORECASE)


@dataclass(frozen=True)
class ChemicalRow:
    """A sound row: which enterprise, what it says of the chemical, the unit by name and by type should it be new."""

    enterprise: int
    values: dict[str, Any]
    unit: str
    unit_kind: str


class ChemicalImporter:
    """See attachments.imports.Importer."""

    target = "registry.chemical"
    page = "registry:chemical_batch"
    fields: Sequence[FieldSpec] = SPECS

    def prepare(self, rows: SheetRows, by: User) -> Prepared:
        """Check every row; the enterprise is meant by its code, else by its name if only one is called so."""
        prepared = Prepared()
        scope = import_scope(by)
        categories = frozenset(factor_set(timezone.localdate()).categories)
        seen: dict[tuple[Any, ...], int] = {}
        coming: set[tuple[int, str]] = set()  # units that earlier rows bring
        for piece in rows.pieces():
            all_rows = list(piece)
            known = RowEnterprises([row.values for row in all_rows], scope, by)
            for row in all_rows:
                parsed, issues = _parse(row.values, known, categories, coming)
                if parsed is not None:
                    key = (
                        parsed.enterprise,
                        parsed.values["name"],
                        parsed.unit,
                        parsed.values.get("place", ""),
                    )
                    if key in seen:
                        issues = [
                            (
                                "name",
                                f"与第{seen[key]}行重复，只导入了第{seen[key]}行；分处存放的请写明存放位置",
                            )
                        ]
                    seen.setdefault(key, row.number)
                    if not issues and parsed.unit:
                        coming.add((parsed.enterprise, parsed.unit))
                if issues or parsed is None:
                    prepared.errors[row.number] = issues
                else:
                    prepared.rows.append((row.number, parsed))
        return prepared

    def save_rows(self, rows: list[ChemicalRow], by: User) -> tuple[int, int, int]:
        """Save sound rows through the same actions as the forms, then reckon each unit met once. Raises RowRefused."""
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        enterprises = Enterprise.objects.select_related("organization", "department").in_bulk(
            [row.enterprise for row in rows]
        )
        units: dict[int, MajorUnit] = {}
        for row in rows:
            try:
                counts[_save(row, enterprises[row.enterprise], units, by)] += 1
            except (Refused, PermissionDenied) as error:
                raise RowRefused(str(error) or "已不在您的管理范围内", "enterprise") from error
        for unit in units.values():
            risks.reckon(unit, by=by)
        return counts["created"], counts["updated"], counts["unchanged"]


def _save(row: ChemicalRow, enterprise: Enterprise, units: dict[int, MajorUnit], by: User) -> str:
    """created, updated or unchanged; a unit that has to be reckoned is put among `units`."""
    unit = None
    if row.unit:
        unit = MajorUnit.objects.filter(enterprise=enterprise, name=row.unit).first()
        if unit is None:
            unit = risks.save_unit(enterprise, {"name": row.unit, "kind": row.unit_kind}, by=by)
    held = Chemical.objects.filter(
        enterprise=enterprise, name=row.values["name"], unit=unit, place=row.values.get("place", "")
    ).first()
    if held is not None and all(getattr(held, name) == value for name, value in row.values.items()):
        return "unchanged"
    risks.save_chemical(enterprise, {**row.values, "unit": unit}, by=by, chemical=held, reckoning=False)
    if unit is not None:
        units[unit.pk] = unit
    return "created" if held is None else "updated"


def _parse(
    texts: Mapping[str, str],
    known: RowEnterprises,
    categories: frozenset[str],
    coming: set[tuple[int, str]],
) -> tuple[ChemicalRow | None, Issues]:
    cells = Cells(texts)
    values: dict[str, Any] = {"is_present": True}
    enterprise = cells.take("enterprise", lambda text: known.find(text, cells.text("credit_code")))
    values["name"] = cells.take("name", _name)
    values["state"] = cells.take("state", _state)
    values["design_maximum"] = cells.take(
        "design_maximum", partial(_amount, label="设计最大量", least=Decimal("0.0001"))
    )
    optional: dict[str, Callable[[str], Any]] = {
        "cas": check_cas,
        "categories": partial(_categories, known=categories),
        "actual": partial(_amount, label="实际储量", least=Decimal(0)),
        "place": partial(cleaning.clean_words, label="存放位置", limit=120),
        "is_key": _yes_no,
    }
    for name, read in optional.items():
        if cells.says(name):
            values[name] = cells.take(name, read)
    unit, unit_kind = "", ""
    if cells.says("unit"):
        unit = cells.take("unit", partial(cleaning.clean_words, label="单元名称", limit=80)) or ""
    if cells.says("unit_kind"):
        unit_kind = cells.take("unit_kind", _unit_kind) or ""
    if enterprise is not None:
        if cells.says("premises"):
            values["premises"] = cells.take("premises", lambda text: known.place(enterprise, text))
        is_there = (enterprise.pk, unit) in coming or known.unit(enterprise, unit) is not None
        if unit and not unit_kind and not is_there:
            cells.issues.append(
                ("unit", f"“{enterprise}”还没有名为“{unit[:20]}”的单元，请补填单元类型，或先登记单元")
            )
    if cells.issues or enterprise is None:
        return None, cells.issues
    return ChemicalRow(enterprise.pk, values, unit, unit_kind), []


_name = partial(required, label="品名", limit=80, remedy="请按安全技术说明书填写")
_state = partial(chosen, choices=STATES, label="形态", offered="气态、液态、固态")
_unit_kind = partial(chosen, choices=KINDS, label="单元类型", offered="、".join(UNIT_KINDS.values()))
_yes_no = partial(chosen, choices=YES_NO, label="重点监管", offered="是、否")


def _amount(text: str, *, label: str, least: Decimal) -> Decimal:
    plain = "".join(unicodedata.normalize("NFKC", text).replace(",", "").split())
    found = AMOUNT.fullmatch(plain)
    if found is None:
        raise ValidationError(f"{label}“{text[:20]}”不是吨数，请只填数字，最多四位小数，公斤请折成吨")
    amount = Decimal(found[1])
    if amount < least:
        raise ValidationError(f"{label}应大于0，请按设计最大储存量填写")
    return amount


def _categories(text: str, *, known: frozenset[str]) -> list[str]:
    symbols = list(dict.fromkeys(filter(None, re.split(r"[\s、，,;；/]+", text.strip().upper()))))
    if unknown := [symbol for symbol in symbols if symbol not in known]:
        raise ValidationError(
            f"没有“{'、'.join(unknown)[:30]}”这个类别，请填J1、W5.1这样的符号，表1列名的品种可不填"
        )
    return symbols
