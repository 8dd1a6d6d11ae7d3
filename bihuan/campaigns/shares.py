"""Who gets which share of a task by what day: what a confirmed element of a plan asks, before anything is created."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from bihuan.accounts.models import Organization
from bihuan.plans import normalize_unit

from .drafts import ROLES
from .models import PlanItem, PlanUnit
from .units import Bodies


def day_of(text: str | None) -> dt.date | None:
    """A day as draft elements hold it."""
    return dt.date.fromisoformat(text) if text else None


class HasEnd(Protocol):
    """A phase, running or drawn up."""

    @property
    def name(self) -> str: ...
    @property
    def ends_on(self) -> dt.date | None: ...


def due_of(item: PlanItem, phase: HasEnd | None) -> tuple[dt.date | None, str]:
    """The deadline of a task and where it comes from: its own, its phase's last day, or none."""
    if due := day_of(item.data["due"]):
        return due, "任务自身"
    if phase and phase.ends_on:
        return phase.ends_on, f"继承阶段“{phase.name}”"[:60]
    return None, "未定"


def shares_of(data: dict, units: dict[str, PlanUnit], bodies: Bodies) -> dict[int, tuple[Organization, str]]:
    """Who gets which share of a task: groups expanded, one share an organization, the strongest role winning.

    `ROLES` is the order of strength: 牵头, 责任, 配合, 属地. But a locality the plan names as 配合 and the blanket sentence
    charges (R026) is 属地: the blanket gives it work of its own.
    """
    shares: dict[int, tuple[Organization, str]] = {}
    for role in ROLES:
        for name in data[role]:
            for body in bodies.expand(units[normalize_unit(name)]):
                held = shares.get(body.pk)
                if held is None or (role == "territorial" and held[1] == "support"):
                    shares[body.pk] = (body, role)
    return shares
