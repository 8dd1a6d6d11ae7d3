"""Entering equipment and its inspections. The next day is reckoned from the rule unless the report names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.rules.equipment import equipment_rule, next_inspection

from .access import edit_scope
from .dues import drop_duties
from .models import Enterprise, EnterpriseChange, Equipment
from .noting import note

FIELDS = (
    "premises", "kind", "number", "name", "maker", "made_on", "installed_on", "last_inspected_on", "next_inspection_on",
    "next_is_given", "state",
)  # fmt: skip
TAKEN = "该企业已登记同种类、同编号的设备，请在原记录上修改"


def reckon_next(equipment: Equipment) -> None:
    """Set the next inspection by the rule of its kind, unless the report's own day stands (not saved here)."""
    if not equipment.next_is_given:
        equipment.next_inspection_on, _ = next_inspection(
            equipment.kind, timezone.localdate(), installed_on=equipment.installed_on,
            last_on=equipment.last_inspected_on,
        )  # fmt: skip


def save_equipment(
    values: Mapping[str, Any], *, by: User, enterprise: Enterprise, equipment: Equipment | None = None
) -> Equipment:
    """Enter a piece of equipment, or what is new of one. Entering an inspection ends the duty it was owed by.

    Raises PermissionDenied outside the edit scope, Refused for a number already entered or premises of another.
    """
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    premises = values.get("premises")
    if premises is not None and premises.enterprise_id != enterprise.pk:
        raise Refused("所选场所不属于这家企业，请重新选择")
    try:
        with transaction.atomic():
            return _save(values, by=by, enterprise=enterprise, equipment=equipment)
    except IntegrityError as error:
        raise Refused(TAKEN) from error


def _save(
    values: Mapping[str, Any], *, by: User, enterprise: Enterprise, equipment: Equipment | None
) -> Equipment:
    is_new = equipment is None
    current = (
        Equipment(enterprise=enterprise)
        if equipment is None
        else Equipment.objects.select_for_update().get(pk=equipment.pk)
    )
    changes = []
    # Only a report's own day is taken as given; any other is reckoned below.
    is_given = values.get("next_is_given", current.next_is_given)
    for name in FIELDS:
        if name == "next_inspection_on" and not is_given:
            continue
        if name in values and getattr(current, name) != values[name]:
            before = _words(current, name)
            setattr(current, name, values[name])
            changes.append([f"设备{_label(name)}", before, _words(current, name)])
    due_before = current.next_inspection_on
    reckon_next(current)
    if is_new:
        changes = [["设备", "", str(current)]]
    if not changes and current.next_inspection_on == due_before:
        return current
    current.save()
    _settle(current, by=by)
    what = EnterpriseChange.What.UPDATED
    verb = "登记" if is_new else "修改"
    note(enterprise, what, by=by, summary=f"{verb}“{enterprise}”的设备：{current}", changes=changes)
    return current


def _settle(equipment: Equipment, *, by: User) -> None:
    """End what is no longer owed: out of use, or inspected and not due again yet."""
    if equipment.state != Equipment.State.IN_USE:
        drop_duties([equipment], by=by)
        return
    today = timezone.localdate()
    rule = equipment_rule(equipment.kind, today)
    due = equipment.next_inspection_on
    if due is None or (due - today).days > rule.remind:
        finish_duty(equipment, Duty.Kind.EQUIPMENT_CHECK, by=by)


def _label(name: str) -> str:
    return str(Equipment._meta.get_field(name).verbose_name).removeprefix("设备")  # type: ignore[union-attr]


def _words(equipment: Equipment, name: str) -> str:
    if name == "kind":
        return equipment.kind_label if equipment.kind else ""
    if name == "state":
        return str(equipment.get_state_display())
    value = getattr(equipment, name)
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)
