"""How far the dual prevention system (风险分级管控、隐患排查治理) has been built, by size of enterprise (R187 to R189)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef

from bihuan.accounts.models import User

from .filters import ExtraFilter
from .models import Enterprise, EnterpriseQuerySet, RiskProfile

Scale, State = RiskProfile.Scale, RiskProfile.DualPrevention
BUILT = (State.BUILT, State.RUNNING, State.IDLE)
UNKNOWN = "unknown"
SCALES = {**dict(Scale.choices), UNKNOWN: "未填规模"}
STATES = {**dict(State.choices), "done": "已建成（全部）", UNKNOWN: "未填"}


def by_scale(user: User) -> list[dict[str, Any]]:
    """For each size: supervised enterprises, how many stand where, and the share that has built it, in per cent.

    Each cell is {key, label, count}; sizes nobody has are left out.
    """
    seen = Enterprise.objects.visible_to(user).supervised().order_by()
    counted = seen.values(size=F("risk_profile__scale"), state=F("risk_profile__dual_prevention")).annotate(
        count=Count("pk")
    )
    tables: dict[str, dict[str, int]] = {}
    for row in counted:
        states = tables.setdefault(row["size"] or UNKNOWN, {})
        state = row["state"] or UNKNOWN
        states[state] = states.get(state, 0) + row["count"]
    rows = []
    for key, label in SCALES.items():
        states = tables.get(key, {})
        if not (total := sum(states.values())):
            continue
        built = sum(states.get(each, 0) for each in BUILT)
        cells = [("", "在管", total)]
        cells += [(each, str(State(each).label), states.get(each, 0)) for each in State.values]
        cells.append((UNKNOWN, STATES[UNKNOWN], states.get(UNKNOWN, 0)))
        rows.append(
            {
                "key": key,
                "label": label,
                "cells": [{"key": state, "label": words, "count": count} for state, words, count in cells],
                "rate": f"{built * 100 / total:.1f}%",
            }
        )
    return rows


def _of(**wanted: Any) -> Exists:
    return Exists(RiskProfile.objects.filter(enterprise=OuterRef("pk"), **wanted))


def _narrow_scale(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in SCALES:
        return None
    if value == UNKNOWN:
        return objects.exclude(_of(scale__in=Scale.values))
    return objects.filter(_of(scale=value))


def _narrow_state(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in STATES:
        return None
    if value == UNKNOWN:
        return objects.exclude(_of(dual_prevention__in=State.values))
    return objects.filter(_of(dual_prevention__in=BUILT if value == "done" else [value]))


SCALE = ExtraFilter(
    "scale",
    "规模",
    _narrow_scale,
    lambda value, user: SCALES.get(value, ""),
    lambda user: list(SCALES.items()),
)
DUAL = ExtraFilter(
    "dual",
    "双重预防",
    _narrow_state,
    lambda value, user: STATES.get(value, ""),
    lambda user: list(STATES.items()),
)
