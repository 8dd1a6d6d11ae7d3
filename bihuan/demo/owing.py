"""Duties of the past: opened and closed by the moves, pressed by the daily sweep in between."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import chain_of
from bihuan.duties.clock import calendar
from bihuan.duties.ladder import Ladders
from bihuan.duties.models import Duty, DutyStep, LadderStep
from bihuan.hazards import owed
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.notifications.models import Message
from bihuan.rules.clocks import due as derive
from bihuan.rules.clocks import rule_for

from .book import Book
from .moments import at_hour
from .staff import Staff

SWEEP_HOUR = 8
# What kind of message each instrument of the ladder sends.
CATEGORY: dict[str, str] = {
    LadderStep.Instrument.REMIND: Message.Category.REMINDER,
    LadderStep.Instrument.URGE: Message.Category.URGE,
    LadderStep.Instrument.REPORT: Message.Category.ESCALATION,
    LadderStep.Instrument.ESCALATE: Message.Category.ESCALATION,
}


@dataclass
class Owing:
    """Open duties by record, and everything that happens to them until they are closed."""

    book: Book
    staff: Staff
    now: dt.datetime
    open: dict[str, list[Duty]] = field(default_factory=dict)
    _taken: list[tuple[Duty, tuple[object, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ladders = Ladders(self.book.city.today)
        self.calendar = calendar()
        self.robot = service_user()
        self._owners: dict[tuple[object, ...], owed.Owner] = {}

    # --- hazards -------------------------------------------------------------------------------------

    def open_for(self, hazard: Hazard, *, by: User, at: dt.datetime, has_report: bool = False) -> None:
        """What the present status of a hazard makes someone owe from the day of `at`."""
        for kind in owed.KINDS_OF.get(hazard.status, ()):
            if kind == Duty.Kind.REPORT and has_report:
                continue
            if kind == Duty.Kind.HAZARD_RECTIFY:
                due_on, clock = hazard.due_on, hazard.clock
            else:
                due_on, clock = self._clock(owed.CLOCK_OF[kind], at)
            owner = self.owner(kind, hazard)
            self._open(hazard, kind, owed.title_of(kind, hazard, owner), owner, due_on, clock, by=by, at=at)

    def open_extension(self, hazard: Hazard, *, by: User, at: dt.datetime) -> None:
        kind = Duty.Kind.EXTENSION
        title = f"审批延期：{hazard.enterprise.name} {hazard.description[:60]}"
        due_on, clock = self._clock("extension.decide", at)
        owner = self.owner(kind, hazard)
        self._open(hazard, kind, title, owner, due_on, clock, by=by, at=at, ladder="default")

    def owner(self, kind: str, hazard: Hazard) -> owed.Owner:
        """`owed.owner_of`, asked once for every combination it depends on."""
        key = (
            kind, hazard.enterprise.organization_id, hazard.locality_id, hazard.reviewing_organization_id,
            hazard.department_id, hazard.level,
        )  # fmt: skip
        if key not in self._owners:
            self._owners[key] = owed.owner_of(kind, hazard)
        return self._owners[key]

    def _clock(self, rule: str, at: dt.datetime) -> tuple[dt.date, dict[str, Any]]:
        start = at.astimezone(self.now.tzinfo).date()
        derived = derive(rule_for(rule, start), start, self.calendar)
        return derived.due_on, derived.explanation

    def _open(
        self,
        hazard: Hazard,
        kind: str,
        title: str,
        owner: owed.Owner,
        due_on: dt.date | None,
        clock: dict[str, Any],
        *,
        by: User,
        at: dt.datetime,
        ladder: str = "",
    ) -> None:
        ladder = ladder or ("hazard.major" if hazard.level == Level.MAJOR else "default")
        post = owner.post or self.staff.default_post(owner.organization)
        duty = self.book.add(
            Duty(
                kind=kind,
                title=title[:200],
                subject=chain_of(hazard),
                url=hazard.get_absolute_url(),
                organization=owner.organization,
                post=post,
                city_id=hazard.city_id,
                county_id=hazard.county_id,
                locality_id=hazard.locality_id,
                opened_at=at,
                due_on=due_on,
                clock=clock,
                ladder=ladder,
                next_step_on=self.ladders.next_step_on(ladder, due_on, after=at.date()),
            )
        )
        self.open.setdefault(duty.subject, []).append(duty)
        self.book.tell(
            self.staff.holders(post, at.date()),
            except_for=by.pk,
            category=Message.Category.DUTY,
            title=f"新待办：{duty.title}"[:120],
            body=f"期限 {due_on}" if due_on else "",
            url=duty.url,
            key=f"duty:{duty.pk}:open:{duty.post_id}",
            created_at=at,
        )

    # --- any record ----------------------------------------------------------------------------------

    def take_over(self, duty: Duty) -> None:
        """Follow a duty that stands in the database already."""
        self.open.setdefault(duty.subject, []).append(duty)
        self._taken.append((duty, _progress(duty)))

    def save_taken(self) -> None:
        """Write back what became of the duties taken over."""
        for duty, before in self._taken:
            if _progress(duty) != before:
                duty.save(update_fields=["status", "closed_at", "closed_by", "next_step_on", "steps_taken"])

    def close(self, subject: str, *kinds: str, by: User, at: dt.datetime, cancelled: bool = False) -> None:
        """Close the open duties of these kinds on a record."""
        left = []
        for duty in self.open.get(subject, ()):
            if duty.kind not in kinds:
                left.append(duty)
                continue
            self.press(duty, until=at)
            duty.status = Duty.Status.CANCELLED if cancelled else Duty.Status.DONE
            duty.closed_at, duty.closed_by, duty.next_step_on = at, by, None
        self.open[subject] = left

    def reschedule(self, hazard: Hazard, *, at: dt.datetime) -> None:
        """The deadline of a rectification has moved."""
        for duty in self.open.get(chain_of(hazard), ()):
            if duty.kind == Duty.Kind.HAZARD_RECTIFY:
                self.press(duty, until=at)
                duty.due_on, duty.clock = hazard.due_on, hazard.clock
                duty.next_step_on = self.ladders.next_step_on(duty.ladder, duty.due_on, after=at.date())

    def press_all(self) -> None:
        """Let the sweeps up to now press what is still open."""
        for duties in self.open.values():
            for duty in duties:
                self.press(duty, until=self.now)

    def press(self, duty: Duty, *, until: dt.datetime) -> None:
        """Climb the rungs whose morning came before `until`, as one sweep a day does."""
        while duty.next_step_on is not None and duty.due_on is not None:
            day = duty.next_step_on
            at = at_hour(day, SWEEP_HOUR)
            if at > until:
                return
            duty.next_step_on = self.ladders.next_step_on(duty.ladder, duty.due_on, after=day)
            holders = self.staff.holders(duty.post, day)
            rung = self.ladders.reached(duty.ladder, duty.due_on, since=day, on=day, held=bool(holders))
            if rung is None:
                continue
            people: dict[int, User] = {}
            for name in rung.audiences:
                found = self.staff.audience(name, body=duty.organization, post=duty.post, place=duty, day=day)
                people |= {user.pk: user for user in found if user.pk not in people}
            duty.steps_taken += 1
            step = self.book.add(
                DutyStep(
                    duty=duty,
                    instrument=rung.instrument,
                    offset_days=rung.offset_days,
                    on=day,
                    at=at,
                    recipients=[
                        f"{user.full_name}（{user.main_post or '无岗位'}）" for user in people.values()
                    ],
                    note="" if holders else "无人承办",
                    by=self.robot,
                )
            )
            self.book.chronicle.note(
                f"duties.{rung.instrument}", duty, by=self.robot, at=at, summary=f"{rung.label}：{duty.title}",
                payload={"step": step.pk},
            )  # fmt: skip
            late = (day - duty.due_on).days
            when = f"已逾期 {late} 天" if late > 0 else ("今天到期" if late == 0 else f"还剩 {-late} 天")
            self.book.tell(
                list(people.values()),
                category=CATEGORY[rung.instrument],
                title=f"{rung.label}：{duty.title}"[:120],
                body=f"{duty.organization}，期限 {duty.due_on}，{when}",
                url=duty.url,
                key=f"duty:{duty.pk}:{rung.instrument}:{rung.offset_days}:{day}",
                created_at=at,
            )


def _progress(duty: Duty) -> tuple[object, ...]:
    return duty.status, duty.next_step_on, duty.steps_taken
