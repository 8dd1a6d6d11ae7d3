"""Shares of tasks over time: begun by the first visit or by hand, reported when due, confirmed or sent back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Assignment, AssignmentTransition, Campaign
from bihuan.campaigns.workflow import ASSIGNMENT_RULES, AssignmentMove, AssignmentStatus
from bihuan.duties.models import Duty
from bihuan.registry.models import Enterprise

from .book import Book
from .moments import moment_in
from .owing import Owing
from .staff import Staff

PROGRESS = (
    "已印发工作清单，明确专人负责，正在逐户推进",
    "已完成动员部署和底数摸排，进入逐项检查",
    "已召开推进会，重点环节检查过半",
)
DONE = ("任务已完成，材料已归档，请审核", "已逐项对照完成，台账和佐证材料齐全", "已完成并形成长效措施")
ON_TIME, LATE, NEVER = 0.8, 0.13, 0.07
SETTLE_DAYS = 4


@dataclass
class Shares:
    """Assignments by (task, organization), moved in memory and saved at the end."""

    book: Book
    staff: Staff
    owing: Owing
    now: dt.datetime
    rows: dict[tuple[int, int], Assignment] = field(default_factory=dict)
    changed: dict[int, Assignment] = field(default_factory=dict)

    def follow(self, *campaigns: Campaign) -> None:
        """Load the shares of these campaigns, and every duty that stands open before the history begins."""
        shares = Assignment.objects.filter(task__campaign__in=campaigns).select_related(
            "task__campaign__office", "organization"
        )
        for share in shares:
            self.rows[share.task_id, share.organization_id] = share
        open_ones = Duty.objects.open().select_related("organization", "post")
        for duty in open_ones:
            self.owing.take_over(duty)

    def begin(
        self, task_id: int, organization_id: int, *, by: User, at: dt.datetime, enterprise: Enterprise
    ) -> None:
        """The first visit shows that an organization has begun."""
        share = self.rows.get((task_id, organization_id))
        if share is not None and share.status == AssignmentStatus.ASSIGNED:
            # A visit only says that work has begun; what the organization reports stands beside it.
            self._line(share, AssignmentMove.PROGRESS, f"开始检查：{enterprise}", by=by, at=at)

    def report_what_was_due(self) -> None:
        """Most of what fell due before today was reported on time, some late, some not yet."""
        rng = self.book.rng
        for share in self.rows.values():
            task = share.task
            published = task.campaign.published_at.astimezone(self.now.tzinfo).date()
            if (
                task.due_on is None
                or task.due_on >= self.now.date()
                or share.status != AssignmentStatus.ASSIGNED
            ):
                continue
            people = [each for each in self.staff.officials(share.organization) if each.certificate_no == ""]
            draw = rng.random()
            if not people or draw > ON_TIME + LATE:
                continue
            by = people[0]
            back = -rng.randint(1, 9) if draw < ON_TIME else rng.randint(1, 12)
            day = max(task.due_on + dt.timedelta(days=back), published + dt.timedelta(days=3))
            at = moment_in(self.owing.calendar.next_working(day), rng)
            if at >= self.now:
                continue
            begun = moment_in(published + dt.timedelta(days=rng.randint(1, 2)), rng)
            self._move(share, AssignmentMove.PROGRESS, rng.choice(PROGRESS), by=by, at=begun)
            self._move(share, AssignmentMove.REPORT, rng.choice(DONE), by=by, at=at)
            self._settle(share, at)

    def _settle(self, share: Assignment, reported: dt.datetime) -> None:
        """The office looks at a report within some days: mostly confirms it, sometimes sends it back."""
        rng, office = self.book.rng, self.book.city.users["office"]
        day = self.owing.calendar.next_working(
            reported.date() + dt.timedelta(days=rng.randint(1, SETTLE_DAYS))
        )
        at = moment_in(day, rng)
        if at < self.now:
            self._move(share, AssignmentMove.CONFIRM, "", by=office, at=at)

    def report_progress(self, share_count: int) -> None:
        """A number of shares still running say how far they are; a few report completion these days."""
        rng = self.book.rng
        running = [
            share
            for share in self.rows.values()
            if share.status == AssignmentStatus.WORKING and self.staff.officials(share.organization)
        ]
        for number, share in enumerate(rng.sample(running, min(share_count, len(running)))):
            people = [each for each in self.staff.officials(share.organization) if each.certificate_no == ""]
            last = max(share.updated_at or self.now, self.now - dt.timedelta(days=9))
            at = last + (self.now - last) * rng.uniform(0.2, 0.9)
            if not people:
                continue
            if number % 12 == 0:
                self._move(share, AssignmentMove.REPORT, rng.choice(DONE), by=people[0], at=at)
            else:
                self._move(share, AssignmentMove.PROGRESS, rng.choice(PROGRESS), by=people[0], at=at)

    def _move(self, share: Assignment, move: str, note: str, *, by: User, at: dt.datetime) -> None:
        rule = ASSIGNMENT_RULES[move]
        if share.status not in rule.sources or (rule.needs_note and not note):
            raise ValueError(f"{move} is illegal for a share that is {share.status}")
        if move in (AssignmentMove.PROGRESS, AssignmentMove.REPORT):
            share.progress = note
        self._line(share, move, note, by=by, at=at)
        if move == AssignmentMove.REPORT:
            self.owing.close(chain_of(share), Duty.Kind.TASK, by=by, at=at)

    def _line(self, share: Assignment, move: str, note: str, *, by: User, at: dt.datetime) -> None:
        target = ASSIGNMENT_RULES[move].target
        line = self.book.add(
            AssignmentTransition(
                assignment=share,
                move=move,
                from_status=share.status,
                to_status=target,
                note=note,
                by=by,
                at=at,
            )
        )
        share.status, share.updated_at = target, at
        self.changed[share.pk] = share
        label = AssignmentMove(move).label
        self.book.chronicle.note(
            f"campaigns.assignment_{move}", line, by=by, at=at,
            summary=f"{label}：{share.task}（{share.organization.short_name}）",
        )  # fmt: skip

    def save(self) -> None:
        """Write back what the moves changed."""
        Assignment.objects.bulk_update(
            self.changed.values(), ["status", "progress", "updated_at"], batch_size=200
        )
