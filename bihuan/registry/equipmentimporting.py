"""Equipment from a table: a row is one piece at one enterprise that is in the registry already (invariant 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.imports import Issues, Prepared, RowRefused, SheetRows
from bihuan.core.errors import Refused
from bihuan.core.sheets import FieldSpec
from bihuan.rules.equipment import equipment_kinds, find_equipment_kind

from . import cleaning
from .access import import_scope
from .equipmentforms import problems_of
from .equipping import save_equipment
from .models import Enterprise, Equipment
from .rowcells import Cells, chosen, required
from .rowenterprises import CREDIT_CODE, ENTERPRISE, RowEnterprises

SPECS: tuple[FieldSpec, ...] = (
    ENTERPRISE,
    CREDIT_CODE,
    FieldSpec("kind", "设备种类", ("设备类别", "种类", "设备类型"), True),
    FieldSpec(
        "number", "设备编号", ("使用登记证号", "使用登记证编号", "出厂编号", "设备代码", "注册代码"), True
    ),
    FieldSpec("name", "设备名称", ("名称",)),
    FieldSpec("premises", "所在场所", ("使用地点", "安装地点")),
    FieldSpec("maker", "制造单位", ("生产厂家", "制造厂家", "厂家")),
    FieldSpec("made_on", "制造日期", ("出厂日期",)),
    FieldSpec("installed_on", "投用日期", ("安装日期", "启用日期", "投入使用日期")),
    FieldSpec("last_inspected_on", "上次检验", ("上次检验日期", "检验日期", "最近检验日期")),
    FieldSpec("next_inspection_on", "下次检验", ("下次检验日期", "检验有效期至", "有效期至")),
    FieldSpec("state", "设备状态", ("状态", "使用状态")),
)
STATES = {"在用": "in_use", "使用": "in_use", "停用": "stopped", "报废": "scrapped", "注销": "scrapped"}
DAYS = {spec.name: spec.label for spec in SPECS if spec.name.endswith("_on")}


@dataclass(frozen=True)
class EquipmentRow:
    """A sound row: which enterprise, and what it says of the piece; an empty cell says nothing."""

    enterprise: int
    values: dict[str, Any]


class EquipmentImporter:
    """See attachments.imports.Importer."""

    target = "registry.equipment"
    page = "registry:equipment_batch"
    fields: Sequence[FieldSpec] = SPECS

    def prepare(self, rows: SheetRows, by: User) -> Prepared:
        """Check every row; the enterprise is meant by its code, else by its name if only one is called so."""
        prepared = Prepared()
        scope, on = import_scope(by), timezone.localdate()
        seen: dict[tuple[int, str, str], int] = {}
        for piece in rows.pieces():
            all_rows = list(piece)
            known = RowEnterprises([row.values for row in all_rows], scope, by)
            for row in all_rows:
                parsed, issues = _parse(row.values, known, on)
                if parsed is not None:
                    key = (parsed.enterprise, parsed.values["kind"], parsed.values["number"])
                    if key in seen:
                        issues = [("number", f"与第{seen[key]}行重复，只导入了第{seen[key]}行，请删去或改正")]
                    seen.setdefault(key, row.number)
                if issues or parsed is None:
                    prepared.errors[row.number] = issues
                else:
                    prepared.rows.append((row.number, parsed))
        return prepared

    def save_rows(self, rows: list[EquipmentRow], by: User) -> tuple[int, int, int]:
        """Save sound rows through the same action as the form; (created, updated, unchanged). Raises RowRefused."""
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        enterprises = Enterprise.objects.in_bulk([row.enterprise for row in rows])
        for row in rows:
            enterprise = enterprises[row.enterprise]
            held = Equipment.objects.filter(
                enterprise=enterprise, kind=row.values["kind"], number=row.values["number"]
            ).first()
            before = held.updated_at if held else None
            try:
                saved = save_equipment(row.values, by=by, enterprise=enterprise, equipment=held)
            except (Refused, PermissionDenied) as error:
                raise RowRefused(str(error) or "已不在您的管理范围内", "enterprise") from error
            counts[
                "created" if held is None else "updated" if saved.updated_at != before else "unchanged"
            ] += 1
        return counts["created"], counts["updated"], counts["unchanged"]


def _parse(
    texts: Mapping[str, str], known: RowEnterprises, on: dt.date
) -> tuple[EquipmentRow | None, Issues]:
    cells = Cells(texts)
    values: dict[str, Any] = {}
    enterprise = cells.take("enterprise", lambda text: known.find(text, cells.text("credit_code")))
    values["kind"] = cells.take("kind", _kind)
    values["number"] = cells.take("number", _number)
    for name, label, limit in (("name", "设备名称", 80), ("maker", "制造单位", 120)):
        if cells.text(name):
            values[name] = cells.take(name, partial(cleaning.clean_words, label=label, limit=limit))
    for name, label in DAYS.items():
        day = cells.take(name, partial(cleaning.clean_date, label=label))
        if day is not None:
            values[name] = day
    if "next_inspection_on" in values:
        values["next_is_given"] = True  # the report says so
    elif "last_inspected_on" in values:
        values["next_is_given"] = False  # a new inspection, whose next day follows the rule
    if cells.says("state"):
        values["state"] = cells.take("state", _state)
    if enterprise is not None and cells.says("premises"):
        values["premises"] = cells.take("premises", lambda text: known.place(enterprise, text))
    cells.issues += problems_of(values, on=on)
    if cells.issues or enterprise is None:
        return None, cells.issues
    return EquipmentRow(enterprise.pk, values), []


def _kind(text: str) -> str:
    key = find_equipment_kind(text)
    if key is None:
        raise ValidationError(f"设备种类“{text[:20]}”无法识别，可填：{'、'.join(equipment_kinds().values())}")
    return key


_number = partial(required, label="设备编号", limit=80, remedy="请填使用登记证号，没有的填出厂编号")
_state = partial(chosen, choices=STATES, label="设备状态", offered="在用、停用、报废")
