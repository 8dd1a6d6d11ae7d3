"""What came of a month's plans, unit by unit; each figure keeps the items behind it (R252)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bihuan.accounts.models import User
from bihuan.accounts.scope import area_q

from .models import PlanningUnit, WorkItem, WorkPlan
from .workflow import COUNTED, ItemStatus, PlanStatus

# The figures of a unit, in the order of the table: key, words.
CELLS: dict[str, str] = {
    "all": "计划事项",
    "finished": "已完成",
    "late": "其中逾期完成",
    "left": "未完成",
    "waiting": "待核查",
    "silent": "未自查",
    "carried": "结转事项",
    "delayed": "迟报自查",
}


def cells_of(rows: list[dict[str, Any]], report_due_on: dt.date, on: dt.date) -> dict[str, list[int]]:
    """The items of one unit, by figure; an item may stand in several."""
    found: dict[str, list[int]] = {key: [] for key in CELLS}
    for row in rows:
        pk, status = row["pk"], row["status"]
        found["all"].append(pk)
        if status == ItemStatus.FINISHED:
            found["finished"].append(pk)
            if row["done_on"] > row["due_on"]:
                found["late"].append(pk)
        elif status == ItemStatus.LEFT:
            found["left"].append(pk)
        elif status in (ItemStatus.DONE, ItemStatus.UNFINISHED):
            found["waiting"].append(pk)
        else:
            found["silent"].append(pk)
        if row["carries"]:
            found["carried"].append(pk)
        if (row["reported_on"] or on) > report_due_on:
            found["delayed"].append(pk)
    return found


def rate(part: int, whole: int) -> str:
    """A share in percent with one digit, as papers write it; — of nothing."""
    return f"{part * 100 / whole:.1f}%" if whole else "—"


def count(code: str, month: dt.date, on: dt.date) -> dict[str, Any]:
    """The figures of every unit under a region that plans or planned in a month, as JSON, three queries."""
    area = area_q(code)
    plans = list(
        WorkPlan.objects.filter(area, month=month)
        .select_related("organization")
        .order_by("organization__kind", "organization__region_id", "organization_id")
    )
    owing = list(
        PlanningUnit.objects.in_force(month)
        .filter(area)
        .select_related("organization")
        .order_by("organization_id")
    )
    rows: dict[int, list[dict[str, Any]]] = {}
    values: Any = WorkItem.objects.filter(plan__in=[plan.pk for plan in plans], status__in=COUNTED).order_by(
        "pk"
    )
    for row in values.values(
        "pk", "plan_id", "status", "due_on", "done_on", "reported_on", "carries", "cause"
    ):
        rows.setdefault(row["plan_id"], []).append(row)
    units = []
    for plan in plans:
        own = rows.get(plan.pk, [])
        causes: dict[str, list[int]] = {}
        for row in own:
            if row["cause"]:
                causes.setdefault(row["cause"], []).append(row["pk"])
        units.append(
            {
                "pk": plan.organization_id, "name": plan.organization.short_name, "plan": plan.pk,
                "confirm": _in_time(plan.confirmed_on, plan.confirm_due_on, on),
                "check": _in_time(plan.checked_on, plan.check_due_on, on),
                "status": PlanStatus(plan.status).label, "cells": cells_of(own, plan.report_due_on, on), "causes": causes,
            }
        )  # fmt: skip
    known = {unit["pk"] for unit in units}
    for each in owing:
        if each.organization_id not in known:
            units.append(
                {
                    "pk": each.organization_id, "name": each.organization.short_name, "plan": None, "confirm": "missing",
                    "check": "missing", "status": "未编制", "cells": {key: [] for key in CELLS}, "causes": {},
                }
            )  # fmt: skip
    return {"month": month.isoformat(), "units": units}


def per_plan(plans: list[WorkPlan], on: dt.date) -> dict[int, dict[str, int]]:
    """The figures of plans already read, as of now; one query."""
    rows: dict[int, list[dict[str, Any]]] = {plan.pk: [] for plan in plans}
    values: Any = WorkItem.objects.filter(plan__in=list(rows), status__in=COUNTED)
    for row in values.values("pk", "plan_id", "status", "due_on", "done_on", "reported_on", "carries"):
        rows[row["plan_id"]].append(row)
    return {
        plan.pk: {key: len(pks) for key, pks in cells_of(rows[plan.pk], plan.report_due_on, on).items()}
        for plan in plans
    }


def _in_time(done: dt.date | None, due: dt.date, on: dt.date) -> str:
    """`in_time`, `late` (done, too late), `missing` (not done and past the clock) or `open` (not yet due)."""
    if done is not None:
        return "in_time" if done <= due else "late"
    return "missing" if on > due else "open"


IN_TIME_WORDS = {"in_time": "按时", "late": "逾期", "missing": "未办", "open": "未到期"}


def whole_of(figures: dict[str, Any]) -> dict[str, list[int]]:
    """The items of all units together, by figure."""
    return {key: [pk for unit in figures["units"] for pk in unit["cells"][key]] for key in CELLS}


def causes_of(figures: dict[str, Any]) -> list[tuple[str, list[int]]]:
    """The kinds of causes with their items, most frequent first, then by key."""
    found: dict[str, list[int]] = {}
    for unit in figures["units"]:
        for key, pks in unit["causes"].items():
            found.setdefault(key, []).extend(pks)
    return sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def items_of(user: User, figures: dict[str, Any], *, unit: int | None, cell: str, cause: str = "") -> Any:
    """The items behind one figure that a person may see, as of now; the list itself is as it was counted."""
    pks: list[int] = []
    for each in figures["units"]:
        if unit is not None and each["pk"] != unit:
            continue
        pks += each["causes"].get(cause, []) if cause else each["cells"].get(cell, [])
    return WorkItem.objects.visible_to(user).filter(pk__in=pks)
