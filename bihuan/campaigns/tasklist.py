"""Tasks of a campaign as rows: owners, deadline, shares done, figures. A handful of queries for any number of tasks."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from bihuan.accounts.models import User
from bihuan.tally.queries import Figures, matrix

from .links import inspections_url, ledger_url
from .models import Assignment, Campaign, Task
from .queries.campaigns import viewpoint
from .queries.coverage import rate, scope
from .queries.gates import number
from .workflow import AssignmentStatus


@dataclass
class TaskRow:
    """One task with its shares by role and what the viewer may count of it."""

    task: Task
    figures: Figures
    wanted: int
    is_mine: bool = False
    units: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    shares: int = 0
    confirmed: int = 0
    reported: int = 0
    ledger: str = ""
    inspections: str = ""

    @property
    def is_done(self) -> bool:
        return 0 < self.shares == self.confirmed

    @property
    def coverage(self) -> str:
        return number(rate(self.figures.covered, self.wanted), unit="%")

    @property
    def rectification(self) -> str:
        return number(self.figures.rectification_rate, unit="%")

    @property
    def lead(self) -> str:
        return "、".join(self.units["lead"] or self.units["responsible"]) or "无牵头单位"

    @property
    def others(self) -> str:
        """What stands beside the lead, in few words."""
        words = []
        named = self.units["support"] if self.units["lead"] else []
        named = (self.units["responsible"] if self.units["lead"] else []) + named
        if named:
            words.append("、".join(named[:4]) + (f" 等 {len(named)} 个" if len(named) > 4 else ""))
        if self.units["territorial"]:
            words.append(f"属地 {len(self.units['territorial'])} 个")
        return "；".join(words)


def task_rows(campaign: Campaign, user: User, *, on: dt.date) -> list[TaskRow]:
    """Every task of the campaign as this person may see it. Departments see owners and progress of all tasks and no
    figures: those of a task within one department are not kept."""
    view = viewpoint(user, campaign)
    counted: dict[int, Figures] = defaultdict(Figures)
    wanted: dict[int, int] = {}
    if not view.is_department:
        for (task_id, _), figures in matrix(campaign.pk, on=on, region=view.region).items():
            counted[task_id] += figures
        wanted = scope(campaign, region=view.region).tasks
    where = {} if view.region == campaign.region_id else {"region": view.region}
    rows = {}
    for task in campaign.tasks.live().select_related("phase"):
        filters = {"campaign": campaign.pk, "task": task.pk, **where}
        rows[task.pk] = TaskRow(
            task,
            counted[task.pk],
            wanted.get(task.pk, 0),
            ledger=ledger_url(**filters),
            inspections=inspections_url(**filters),
        )
    shares = (
        Assignment.objects.filter(task__campaign=campaign, task__ended_on=None)
        .exclude(status=AssignmentStatus.ENDED)
        .order_by("id")
    )
    for task_id, role, status, name, organization in shares.values_list(
        "task_id", "role", "status", "organization__short_name", "organization_id"
    ):
        row = rows[task_id]
        row.units[role].append(name)
        row.is_mine = row.is_mine or organization in view.organizations
        if role != Assignment.Role.SUPPORT:
            row.shares += 1
            row.confirmed += status == AssignmentStatus.CONFIRMED
            row.reported += status == AssignmentStatus.REPORTED
    return list(rows.values())
