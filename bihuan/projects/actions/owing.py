"""What a project owes its people next: one duty of the project at a time, with its clock."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import localities_under, office_of
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.rules.clocks import Due

from ..models import Project
from ..workflow import ProjectStatus


def owe(
    project: Project,
    title: str,
    body: Organization | None,
    *,
    rule: str = "",
    due: Due | None = None,
    by: User,
) -> None:
    """The step before is done; this one is owed now, by the clock of `rule` or the day of `due`."""
    settle(project, by=by)
    derived = due or clock.due(rule, timezone.localdate())
    open_duty(
        kind=Duty.Kind.PROJECT, subject=project, title=f"{title}：{project.name}"[:200], url=project.get_absolute_url(),
        organization=body or project.department, place=project, due_on=derived.due_on, clock=derived.explanation, by=by,
    )  # fmt: skip


# What is owed in each state: the words, the clock, and the day of the plan that goes before the clock while it lies ahead.
NEXT: dict[str, tuple[str, str, str]] = {
    ProjectStatus.RESERVED: ("审定入库", "project.approve", ""),
    ProjectStatus.APPROVED: ("落实资金", "project.fund", "start_on"),
    ProjectStatus.FUNDED: ("开工", "project.start", "start_on"),
    ProjectStatus.STARTED: ("完工", "project.finish", "finish_on"),
    ProjectStatus.COMPLETED: ("组织联合验收", "project.accept", ""),
    ProjectStatus.ACCEPTED: ("办理移交", "project.handover", ""),
    ProjectStatus.HANDED: ("投用", "project.use", ""),
}


def owe_next(project: Project, *, by: User) -> None:
    """Whoever has to make the next step owes it: the office decides of the pool, the lead department does the rest."""
    found = NEXT.get(project.status)
    if found is None:
        settle(project, by=by)
        return
    words, rule, name = found
    if project.status == ProjectStatus.HANDED and project.lets_gas_in:
        words = "核查通气条件，通气投用"
    day = getattr(project, name) if name else None
    due = None
    if day is not None and day >= timezone.localdate():
        due = fixed(
            day, f"“{project.name}”计划{'完工' if name == 'finish_on' else '开工'} {day}", project.basis
        )
    body = deciding_office(project) if project.status == ProjectStatus.RESERVED else None
    owe(project, words, body, rule=rule, due=due, by=by)


def settle(project: Project, *, by: User, cancelled: bool = False) -> None:
    """Nothing of the project itself is owed any more."""
    finish_duty(project, Duty.Kind.PROJECT, by=by, cancelled=cancelled)


def deciding_office(project: Project) -> Organization | None:
    """Who decides of a project: the office over its county, or over the city."""
    return office_of(project.region_id)


def locality_body(code: str) -> Organization | None:
    """Who goes to see the households of a locality."""
    return next(iter(localities_under(code)), None)


def fixed(day: dt.date, words: str, source: str = "") -> Due:
    """A day that somebody has laid down, with where it comes from."""
    told: dict[str, Any] = {"summary": words, "source": source or "项目计划"}
    return Due(day, told)
