"""Sub-plans: who may be asked, by what day the plan itself says, which parent tasks each must answer, and how far it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import Assignment, Campaign, Subplan, SubplanCover, SubplanTask, Task, seats
from .workflow import SUBPLAN_RULES, AssignmentStatus, SubplanMove, SubplanStatus

# 将……实施方案报送……: a sentence that asks for plans, and the day in it.
_ASKS = re.compile(
    r"[^。；\n]*方案[^。；\n]*(?:报送|上报|报|备案)[^。；\n]*|[^。；\n]*(?:报送|上报)[^。；\n]*方案[^。；\n]*"
)
_DAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:之?前|以前|止)")


@dataclass(frozen=True)
class Proposal:
    """A filing deadline the plan itself states, with its own words."""

    due_on: dt.date
    quote: str


def deadlines_in(text: str, *, year: int) -> list[Proposal]:
    """Every sentence of a plan that asks for plans by a day (R004). A day without a year is of `year`."""
    found = []
    for sentence in _ASKS.finditer(text):
        day = _DAY.search(sentence[0])
        if not day:
            continue
        try:
            due = dt.date(int(day[1] or year), int(day[2]), int(day[3]))
        except ValueError:  # a day no month has: nothing to propose
            continue
        found.append(Proposal(due, sentence[0].strip()[:200]))
    return found


def proposals(campaign: Campaign) -> list[Proposal]:
    """The filing deadlines the campaign's plan states."""
    plan = campaign.plan
    issued = plan.issued_on or campaign.published_at.date()
    return deadlines_in(plan.text, year=issued.year)


@dataclass(frozen=True)
class Candidates:
    """Whom a campaign may ask for a sub-plan, by group; bodies already asked are left out."""

    counties: list[Organization]
    departments: list[Organization]
    localities: list[Organization]

    @property
    def groups(self) -> list[tuple[str, list[Organization]]]:
        """The groups that have anybody, with their names."""
        named = [("县（区）", self.counties), ("部门", self.departments), ("乡镇街道", self.localities)]
        return [(label, bodies) for label, bodies in named if bodies]


def candidates(campaign: Campaign) -> Candidates:
    """Offices of the regions below, and every department and locality with a share of a task."""
    asked = set(campaign.subplans.standing().values_list("organization_id", flat=True))
    shares = Assignment.objects.filter(task__campaign=campaign, task__ended_on=None)
    standing = shares.exclude(status=AssignmentStatus.ENDED)
    charged = (
        Organization.objects.filter(pk__in=standing.values("organization"))
        .exclude(pk=campaign.office_id)
        .select_related("region")
        .order_by("region_id", "id")
    )
    below = (
        Organization.objects.filter(
            kind=Organization.Kind.OFFICE, region__code__startswith=campaign.region_id, valid_to=None
        )
        .exclude(region=campaign.region_id)
        .select_related("region")
        .order_by("region_id", "id")
    )
    bodies = [body for body in charged if body.pk not in asked]
    return Candidates(
        counties=[body for body in below if body.pk not in asked],
        departments=[body for body in bodies if body.kind == Organization.Kind.DEPARTMENT],
        localities=[body for body in bodies if body.kind == Organization.Kind.LOCALITY],
    )


@dataclass(frozen=True)
class Answer:
    """One parent task and how the sub-plan answers it, if it does."""

    task: Task
    cover: SubplanCover | None

    @property
    def is_covered(self) -> bool:
        return bool(self.cover and self.cover.own_id)

    @property
    def is_excused(self) -> bool:
        return bool(self.cover and self.cover.reason)

    @property
    def is_late(self) -> bool:
        """Whether the own task is to be done after the parent's day."""
        own = self.cover.own if self.cover else None
        return bool(own and own.due_on and self.task.due_on and own.due_on > self.task.due_on)


@dataclass
class Coverage:
    """How a sub-plan answers its parent: every parent task it must answer, and own tasks beyond them."""

    answers: list[Answer] = field(default_factory=list)
    beyond: list[SubplanTask] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.answers)

    @property
    def covered(self) -> int:
        return sum(answer.is_covered for answer in self.answers)

    @property
    def excused(self) -> int:
        return sum(answer.is_excused for answer in self.answers)

    @property
    def missing(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.cover is None]

    @property
    def words(self) -> str:
        """12/14 项对应，1 项不适用，1 项没有对应."""
        parts = [f"{self.covered}/{self.total} 项对应"]
        if self.excused:
            parts.append(f"{self.excused} 项不适用")
        if self.missing:
            parts.append(f"{len(self.missing)} 项没有对应")
        return "，".join(parts)


def coverages(campaign: Campaign, subplans: Iterable[Subplan]) -> dict[int, Coverage]:
    """The coverage of many sub-plans of one campaign, by a constant number of queries.

    A body answers the tasks it has a share of; the office of a county those in which any body of its county has one;
    whoever has none (asked all the same) answers all of them.
    """
    subplans = list(subplans)
    tasks = list(campaign.tasks.live().select_related("phase"))
    charged: dict[int, list[tuple[int, str]]] = {}
    shares = Assignment.objects.filter(task__campaign=campaign, task__ended_on=None)
    for task_id, holder, region in shares.exclude(status=AssignmentStatus.ENDED).values_list(
        "task_id", "organization_id", "organization__region_id"
    ):
        charged.setdefault(task_id, []).append((holder, region))
    covers: dict[int, dict[int, SubplanCover]] = {}
    for cover in SubplanCover.objects.filter(subplan__in=subplans).select_related("own"):
        covers.setdefault(cover.subplan_id, {})[cover.parent_task_id] = cover
    own: dict[int, list[SubplanTask]] = {}
    for row in SubplanTask.objects.filter(subplan__in=subplans):
        own.setdefault(row.subplan_id, []).append(row)
    found = {}
    for subplan in subplans:
        body, answered = subplan.organization, covers.get(subplan.pk, {})
        is_office = body.kind == Organization.Kind.OFFICE
        mine = [
            task
            for task in tasks
            if any(
                pk == body.pk or (is_office and region.startswith(body.region_id))
                for pk, region in charged.get(task.pk, [])
            )
        ] or tasks
        used = {cover.own_id for cover in answered.values() if cover.own_id}
        found[subplan.pk] = Coverage(
            [Answer(task, answered.get(task.pk)) for task in mine],
            [row for row in own.get(subplan.pk, []) if row.pk not in used],
        )
    return found


def coverage(subplan: Subplan) -> Coverage:
    """The coverage of one sub-plan."""
    return coverages(subplan.campaign, [subplan])[subplan.pk]


def may_file(user: User, subplan: Subplan) -> bool:
    """The obliged organization itself, by anybody of it who reports its tasks."""
    return user.is_active and any(
        post.organization_id == subplan.organization_id
        and Permission.REPORT_TASK in ROLES[post.role].permissions
        for post in user.posts
    )


def may_move(user: User, move: str, subplan: Subplan) -> bool:
    """Filing is the organization's; returning, accepting and cancelling the office's of the parent campaign."""
    permission = SUBPLAN_RULES[move].permission
    if permission == Permission.REPORT_TASK:
        return may_file(user, subplan)
    return subplan.campaign.region_id in seats(user, permission)


def subplan_moves(subplan: Subplan, *, by: User) -> list[SubplanMove]:
    """The moves this person may make now."""
    return [
        SubplanMove(move)
        for move, rule in SUBPLAN_RULES.items()
        if subplan.status in rule.sources and may_move(by, move, subplan)
    ]


@dataclass(frozen=True)
class Standing:
    """One line of the parent's list: a sub-plan, its coverage, and how late it is."""

    subplan: Subplan
    coverage: Coverage
    late: int

    @property
    def tone(self) -> str:
        if self.subplan.status == SubplanStatus.ACCEPTED:
            return "green"
        if self.subplan.status == SubplanStatus.RETURNED or (self.late and self.subplan.is_editable):
            return "red"
        return "blue" if self.subplan.status == SubplanStatus.FILED else "orange"


def standings(campaign: Campaign, user: User, *, on: dt.date) -> list[Standing]:
    """Every sub-plan asked for that this person may see, those in arrears first."""
    rows = list(
        Subplan.objects.visible_to(user)
        .filter(campaign=campaign)
        .standing()
        .select_related("organization__region", "filed_by")
    )
    found = coverages(campaign, rows)
    lines = [Standing(row, found[row.pk], row.days_late(on)) for row in rows]
    order = {
        SubplanStatus.RETURNED: 0,
        SubplanStatus.OWED: 1,
        SubplanStatus.FILED: 2,
        SubplanStatus.ACCEPTED: 3,
    }
    return sorted(
        lines, key=lambda line: (order[SubplanStatus(line.subplan.status)], -line.late, line.subplan.pk)
    )
