"""What an accepted change of a plan does to the running campaign. Called inside the transaction of `apply_amendment`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import F

from bihuan.accounts.models import User
from bihuan.checklists.storage import stored_measure
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duties, reschedule_duty
from bihuan.duties.models import Duty

from ..amending import Shares, Sides
from ..measuring import measure_in
from ..models import (
    AmendmentChange,
    Assignment,
    AssignmentTransition,
    Body,
    GateCondition,
    Phase,
    PhaseTransition,
    PlanItem,
    ReportingRule,
    Target,
    Task,
)
from ..shares import day_of, due_of
from ..workflow import AmendingMove, AssignmentStatus, PhaseStatus
from .checklists import NewCheckItem, revise_checklist
from .publishing import (
    DEFAULT_GATE,
    create_assignments,
    create_checklists,
    phase_duty,
    task_duty,
)

Kind, Subject = AmendmentChange.Kind, AmendmentChange.Subject
OWING = {AssignmentStatus.ASSIGNED, AssignmentStatus.WORKING}
# Farther than any campaign has tasks: rows move there before they take their new places.
ASIDE = 1_000_000


class Revision:
    """One revised plan going into force. `counts` is what it did, `told` the lines for each organization."""

    def __init__(self, sides: Sides, *, by: User, at: dt.datetime, words: str) -> None:
        self.sides, self.campaign = sides, sides.campaign
        self.by, self.at, self.words = by, at, words
        self.counts: dict[str, int] = {"changed": 0, "added": 0, "removed": 0, "declined": 0}
        self.told: dict[int, list[str]] = defaultdict(list)
        self.phases: dict[int, Phase] = {}
        # Read before anything moves: what each task was given to.
        self.held = sides.held

    def apply(self, changes: Iterable[AmendmentChange]) -> None:
        """Phases first, because deadlines follow them; then tasks, their order, and the lists."""
        changes = list(changes)
        accepted = [change for change in changes if change.decision == AmendmentChange.Decision.ACCEPTED]
        self.counts["declined"] = sum(
            change.decision == AmendmentChange.Decision.DECLINED for change in changes
        )
        for change in (each for each in changes if each.subject == Subject.PHASE):
            self._phase(change, is_accepted=change in accepted)
        self._order_phases()
        for change in accepted:
            if change.subject == Subject.TASK:
                self._task(change)
                self.counts[change.kind] += 1
        self._order_tasks(changes)
        for change in accepted:
            if change.subject in {Subject.REPORT, Subject.TARGET, Subject.BODY}:
                self._row(change)
        phases = list(self.campaign.phases.all())
        ends = [phase.ends_on for phase in phases if phase.ends_on]
        self.campaign.starts_on = min(
            (phase.starts_on for phase in phases if phase.starts_on), default=self.campaign.starts_on
        )
        self.campaign.ends_on = max(ends, default=None) if len(ends) == len(phases) else None

    # --- phases ---

    def _phase(self, change: AmendmentChange, *, is_accepted: bool) -> None:
        phase, item = change.phase, change.item
        if phase is None and item is not None and is_accepted:
            wanted = self.sides.phase_of_item[item.pk]
            wanted.position = self.campaign.phases.count() + 1
            wanted.save(force_insert=True)
            GateCondition.objects.bulk_create(
                GateCondition(phase=wanted, metric=metric, threshold=threshold)
                for metric, threshold in DEFAULT_GATE.items()
            )
            self.phases[item.pk] = wanted
        elif phase is not None and item is not None:
            self.phases[item.pk] = phase
            if is_accepted and change.kind == Kind.CHANGED:
                phase.name = item.data["name"][:60]
                phase.starts_on, phase.ends_on = day_of(item.data["start"]), day_of(item.data["end"])
                phase.save(update_fields=["name", "starts_on", "ends_on"])
                phase.campaign = self.campaign
                owed = phase_duty(phase)
                reschedule_duty(
                    phase, Duty.Kind.PHASE, owed.due_on, self._clock(owed.clock), by=self.by, title=owed.title
                )
        elif phase is not None and is_accepted:
            self._end_phase(phase)

    def _end_phase(self, phase: Phase) -> None:
        if phase.status == PhaseStatus.OPEN:
            raise Refused(f"阶段“{phase}”正在进行，修订稿里没有它：请先关闭这一阶段，或者对这一处选“不采用”")
        ended = Phase.objects.filter(pk=phase.pk, status=PhaseStatus.PENDING).update(
            status=PhaseStatus.CLOSED, closed_at=self.at
        )
        if ended:
            PhaseTransition.objects.create(
                phase=phase, move=AmendingMove.END, from_status=PhaseStatus.PENDING, to_status=PhaseStatus.CLOSED,
                reason=self.words, by=self.by, at=self.at,
            )  # fmt: skip

    def _order_phases(self) -> None:
        """Phases not yet begun stand in order of time after those that have."""
        phases = list(self.campaign.phases.all())
        begun = [phase for phase in phases if phase.status != PhaseStatus.PENDING]
        pending = [phase for phase in phases if phase.status == PhaseStatus.PENDING]
        pending.sort(key=lambda phase: (phase.starts_on or phase.ends_on or dt.date.max, phase.position))
        # Positions fit a small integer: one free stretch above all of them is room enough.
        self.campaign.phases.update(position=F("position") + len(phases) + 1)
        for position, phase in enumerate([*begun, *pending], start=1):
            Phase.objects.filter(pk=phase.pk).update(position=position)

    # --- tasks ---

    def _task(self, change: AmendmentChange) -> None:
        if change.kind == Kind.ADDED and change.item is not None:
            self._add_task(change, change.item)
        elif change.kind == Kind.CHANGED and change.task is not None and change.item is not None:
            self._change_task(change.task, change.item)
        elif change.kind == Kind.REMOVED and change.task is not None:
            self._end_task(change.task)

    def _filled(self, task: Task, item: PlanItem) -> Task:
        data = item.data
        task.phase = self.phases.get(data["phase"] or 0)
        task.no, task.heading, task.text = data["no"][:40], data["heading"][:60], data["text"]
        task.due_on, task.due_source = due_of(item, task.phase)
        task.source_span = list(item.whole or ())
        return task

    def _add_task(self, change: AmendmentChange, item: PlanItem) -> None:
        position = ASIDE + item.pk
        task = self._filled(Task(campaign=self.campaign, position=position), item)
        task.save(force_insert=True)
        task.kinds.set(item.data["kinds"])
        create_checklists([(item, task)], by=self.by, at=self.at)
        shares = create_assignments(
            self.sides.document,
            [(item, task)],
            self.campaign.office,
            on=self.sides.on,
            bodies=self.sides.bodies,
        )
        self._open(shares)
        change.task = task
        change.save(update_fields=["task"])
        for share in shares:
            self.told[share.organization_id].append(f"新增任务“{task.heading}”")

    def _change_task(self, task: Task, item: PlanItem) -> None:
        before, is_reworded = (task.heading, task.due_on), task.text != item.data["text"]
        self._filled(task, item)
        task.save(update_fields=["phase", "no", "heading", "text", "due_on", "due_source", "source_span"])
        if is_reworded:
            self._append_checks(task, item)
        held, wanted = self.held.get(task.pk, {}), self.sides.wanted(item)
        shares = {
            share.organization_id: share
            for share in task.assignments.select_related("organization__region").all()
        }
        for share in shares.values():
            share.task = task
        for pk, (_, role) in wanted.items():
            if pk in held:
                self._keep(shares[pk], role, was=before)
        self._end([shares[pk] for pk in held if pk not in wanted])
        self._give(task, {pk: wanted[pk] for pk in wanted if pk not in held}, shares)

    def _append_checks(self, task: Task, item: PlanItem) -> None:
        """What the revised plan newly asks inspectors to look at, after what they look at already."""
        latest = task.checklists.prefetch_related("items").first()
        rows = list(latest.items.all()) if latest else []
        known = {row.text for row in rows}
        fresh = [check for check in item.data["check_items"] if check["text"][:300] not in known]
        if not fresh:
            return
        kept = [NewCheckItem.kept(row) for row in rows]
        added = [
            NewCheckItem(
                check["text"],
                check.get("criterion", ""),
                basis=check.get("basis", ""),
                dispositions=check.get("dispositions", []),
                measure=stored_measure(measure_in(check["text"])),
            )
            for check in fresh
        ]
        revise_checklist(task, [*kept, *added], version=latest.version if latest else 0, by=self.by)

    def _keep(self, share: Assignment, role: str, *, was: tuple[str, dt.date | None]) -> None:
        """A share that goes on: its state and progress stay, its duty follows the new words and day."""
        task, old_role = share.task, share.role
        notes = []
        if role != old_role:
            Assignment.objects.filter(pk=share.pk).update(role=role)
            share.role = role
            notes.append(f"{Assignment.Role(old_role).label}改为{share.get_role_display()}")
        if was[1] != task.due_on:
            notes.append(f"期限 {was[1] or '未定'} 改为 {task.due_on or '未定'}")
        if was[0] != task.heading:
            notes.append(f"“{was[0]}”改为“{task.heading}”")
        owed = task_duty(share)
        if notes:
            reschedule_duty(
                share, Duty.Kind.TASK, owed.due_on, self._clock(owed.clock), by=self.by, title=owed.title
            )
            self._line(share, AmendingMove.ADJUST, share.status, share.status, "，".join(notes))
            self.told[share.organization_id].append(f"“{task.heading}”{'，'.join(notes)}")

    def _end(self, shares: Iterable[Assignment]) -> None:
        for share in shares:
            seen = share.status
            ended = Assignment.objects.filter(pk=share.pk, status=seen).update(
                status=AssignmentStatus.ENDED, updated_at=self.at
            )
            if not ended:
                raise IllegalMove(f"“{share.task.heading}”（{share}）的状态已变化，请刷新后重试")
            finish_duty(share, Duty.Kind.TASK, by=self.by, cancelled=True)
            self._line(share, AmendingMove.END, seen, AssignmentStatus.ENDED, "")
            self.told[share.organization_id].append(f"不再承担“{share.task.heading}”")

    def _give(self, task: Task, wanted: Shares, shares: dict[int, Assignment]) -> None:
        """Organizations the revised plan newly charges; one that was released before goes on where it stood."""
        opened = []
        for pk, (body, role) in wanted.items():
            share = shares.get(pk)
            if share is None:
                share = Assignment.objects.create(task=task, organization=body, role=role)
            else:
                self._resume(share, role)
            if share.status in OWING:
                opened.append(share)
            self.told[pk].append(f"承担“{task.heading}”（{share.get_role_display()}）")
        self._open(opened)

    def _resume(self, share: Assignment, role: str) -> None:
        last = share.transitions.filter(move=AmendingMove.END).order_by("-pk").first()
        target = last.from_status if last else AssignmentStatus.ASSIGNED
        resumed = Assignment.objects.filter(pk=share.pk, status=AssignmentStatus.ENDED).update(
            status=target, role=role, updated_at=self.at
        )
        if not resumed:
            raise IllegalMove(f"“{share.task.heading}”（{share}）的状态已变化，请刷新后重试")
        share.status, share.role = target, role
        self._line(share, AmendingMove.RESUME, AssignmentStatus.ENDED, target, "")

    def _open(self, shares: Iterable[Assignment]) -> None:
        owed = [task_duty(share) for share in shares]
        open_duties([replace(duty, clock=self._clock(duty.clock)) for duty in owed], by=self.by)

    def _end_task(self, task: Task) -> None:
        """It asks nothing any more; its visits, hazards and lines stay where they are."""
        Task.objects.filter(pk=task.pk, ended_on=None).update(ended_on=self.sides.on)
        shares = task.assignments.exclude(status=AssignmentStatus.ENDED).select_related("organization")
        self._end([_with(share, task) for share in shares])

    def _order_tasks(self, changes: list[AmendmentChange]) -> None:
        """The order of the revised plan; what it does not know comes after, what has ended last."""
        place = {change.task_id: change.position for change in changes if change.task_id}
        tasks = list(self.campaign.tasks.values_list("pk", "position", "ended_on"))
        tasks.sort(key=lambda row: (row[2] is not None, place.get(row[0], ASIDE), row[1]))
        spans = {
            change.task_id: list(change.item.whole or ())
            for change in changes
            if change.task_id and change.item and change.kind == Kind.UNCHANGED
        }
        self.campaign.tasks.update(position=F("position") + 3 * ASIDE)
        rows = [Task(pk=pk, position=position) for position, (pk, _, _) in enumerate(tasks, start=1)]
        Task.objects.bulk_update(rows, ["position"])
        Task.objects.bulk_update(
            [Task(pk=pk, source_span=span) for pk, span in spans.items()], ["source_span"]
        )

    # --- the lists ---

    def _row(self, change: AmendmentChange) -> None:
        model: Any = {Subject.REPORT: ReportingRule, Subject.TARGET: Target, Subject.BODY: Body}[
            Subject(change.subject)
        ]
        if change.item is None:
            model.objects.filter(pk=change.row, campaign=self.campaign).delete()
            return
        data = change.item.data
        values: dict[str, Any]
        match change.subject:
            case Subject.REPORT:
                values = {
                    "who": data["who"][:120],
                    "to": data["to"][:120],
                    "when": data["when"][:120],
                    "recurrence": data["rrule"][:120],
                }
            case Subject.TARGET:
                values = {
                    "text": data["text"][:200],
                    "metric": data["metric"],
                    "threshold": data["threshold"],
                }
            case _:
                values = {"name": data["name"][:120]} | {
                    key: data[key] for key in ("head", "deputies", "members")
                }
        if change.row:
            model.objects.filter(pk=change.row, campaign=self.campaign).update(**values)
        else:
            model.objects.create(campaign=self.campaign, **values)

    # --- on record ---

    def _clock(self, clock: dict[str, Any]) -> dict[str, Any]:
        """The explanation of a deadline with the reason it moved."""
        return {**clock, "summary": f"{clock.get('summary', '期限未定')}。{self.words}"[:300]}

    def _line(self, share: Assignment, move: AmendingMove, before: str, after: str, note: str) -> None:
        words = "；".join(filter(None, [note, self.words]))
        AssignmentTransition.objects.create(
            assignment=share,
            move=move,
            from_status=before,
            to_status=after,
            note=words[:500],
            by=self.by,
            at=self.at,
        )


def _with(share: Assignment, task: Task) -> Assignment:
    share.task = task
    return share
