"""One hazard's life replayed in memory: every move legal by the table, with its line, audit, figures and duties.

What the one door (`hazards.actions.door`) does against the database, this does into the book; the table, the
stamps, the deltas and the duties are the same functions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models

from bihuan.accounts.models import Organization, User
from bihuan.audit.actions import chain_of
from bihuan.duties.models import Duty
from bihuan.duties.terms import Terms
from bihuan.hazards.actions import door
from bihuan.hazards.deadlines import CLOCKS, deadline, extended, fixed
from bihuan.hazards.deltas import State, delta_rows, state_of
from bihuan.hazards.models import (
    Acceptance,
    EffectEvaluation,
    Extension,
    Hazard,
    HazardTransition,
    MajorPlan,
    MajorReport,
    Rectification,
    Reinspection,
)
from bihuan.hazards.workflow import RULES, ExtensionStatus, Level, Move, Status, is_legal, target_of
from bihuan.notifications.models import Message
from bihuan.rules.clocks import Due, rule_for
from bihuan.rules.clocks import due as derive
from bihuan.rules.reasons import reason as reason_of

from .book import Book
from .owing import Owing
from .staff import Staff

_REVIEWED = (Status.REPORTED, Status.REINSPECTING)
_REGRADING = (Move.GRADE_MAJOR, Move.DOWNGRADE)
# The demo's office has corrected neither the calendar nor the ladders.
NOTHING_ENTERED = Terms([], [], [])


class Deadlines:
    """`hazards.deadlines.deadline`, asked once per level, start and chosen day."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, dt.date, dt.date | None], Due] = {}

    def of(self, level: str, start: dt.date, chosen: dt.date | None = None) -> Due:
        key = (level, start, chosen)
        if key not in self._known:
            self._known[key] = deadline(level, start, chosen)
        return self._known[key]


@dataclass
class Case:
    """A hazard and what hangs on it while its life is replayed."""

    book: Book
    staff: Staff
    owing: Owing
    hazard: Hazard
    at: dt.datetime
    submission: Rectification | None = None
    plan: MajorPlan | None = None
    report: MajorReport | None = None
    extension: Extension | None = None
    lines: list[HazardTransition] = field(default_factory=list)
    judgements: list[Reinspection] = field(default_factory=list)

    # --- the door ------------------------------------------------------------------------------------

    def enter(self, move: Move, *, by: User) -> None:
        """The first line: how the hazard came into the ledger."""
        hazard = self.hazard
        if not is_legal(move, "", hazard.level) or hazard.status != target_of(move, "", hazard.level):
            raise ValueError(f"{move} cannot begin a {hazard.level} hazard as {hazard.status}")
        self._line(move, "", by=by, counted_on=hazard.found_on)
        self.book.deltas += delta_rows(hazard, None, state_of(hazard), hazard.found_on)
        self.owing.open_for(hazard, by=by, at=self.at)

    def move(
        self,
        move: Move,
        *,
        by: User,
        at: dt.datetime,
        reason: str = "",
        evidence: models.Model | None = None,
        changed: Mapping[str, Any] | None = None,
    ) -> None:
        """One move of the table. Raises ValueError for anything the door would refuse whoever asked."""
        hazard, rule, left = self.hazard, RULES[move], self.hazard.status
        if not is_legal(move, left, hazard.level):
            raise ValueError(f"{move} is illegal for a {hazard.level} hazard that is {left}")
        if rule.needs_reason and not reason.strip():
            raise ValueError(f"{move} needs a reason")
        if rule.evidence and (evidence is None or evidence._meta.model_name != rule.evidence):
            raise ValueError(f"{move} needs a {rule.evidence}")
        before: State = state_of(hazard)
        target = target_of(move, left, hazard.level)
        for column, value in {
            **door._effects(hazard, move, at, at.date(), NOTHING_ENTERED),
            **(changed or {}),
        }.items():
            setattr(hazard, column, value)
        hazard.status, self.at = target, at
        day = hazard.found_on if move == Move.FIX_ON_SPOT else at.date()
        line = self._line(move, left, by=by, counted_on=day, reason=reason, evidence=evidence)
        self.book.deltas += delta_rows(hazard, before, state_of(hazard), day)
        self._duties(move, left, by=by)
        self._tell(line, by=by)

    def _line(
        self,
        move: Move,
        left: str,
        *,
        by: User,
        counted_on: dt.date,
        reason: str = "",
        evidence: models.Model | None = None,
    ) -> HazardTransition:
        hazard = self.hazard
        line = self.book.add(
            HazardTransition(
                hazard=hazard,
                move=move.value,
                from_status=left,
                to_status=hazard.status,
                round=hazard.round,
                reason=reason.strip()[:500],
                evidence=chain_of(evidence) if evidence is not None else "",
                by=by,
                at=self.at,
                level=hazard.level,
                due_on=hazard.due_on,
                counted_on=counted_on,
            )
        )
        self.lines.append(line)
        summary, act = f"{move.label}：{hazard.number} {hazard.description}", f"hazards.{move.value}"
        payload = {
            "line": line.pk, "from": left, "to": hazard.status, "round": hazard.round, "reason": line.reason,
            "evidence": line.evidence,
        }  # fmt: skip
        self.note(act, hazard, by=by, summary=summary, payload=payload)
        self.note(act, line, by=by, summary=summary)
        if evidence is not None:
            self.note(act, evidence, by=by, summary=summary)
        return line

    def note(self, act: str, subject: models.Model, *, by: User, summary: str, **more: Any) -> None:
        """Record an act at the present moment of this life."""
        self.book.chronicle.note(act, subject, by=by, at=self.at, summary=summary, **more)

    def _duties(self, move: Move, left: str, *, by: User) -> None:
        hazard, chain = self.hazard, chain_of(self.hazard)
        if move == Move.EXTEND:
            self.owing.reschedule(hazard, at=self.at)
            self.owing.close(chain, Duty.Kind.EXTENSION, by=by, at=self.at)
        elif move == Move.REPORT_MAJOR:
            self.owing.close(chain, Duty.Kind.REPORT, by=by, at=self.at)
        elif (move == Move.ASSIGN and left in _REVIEWED) or (move != Move.ASSIGN and hazard.status != left):
            cancelled = move in _REGRADING or move == Move.ASSIGN
            kinds = door.owed.KINDS_OF.get(left, ())
            self.owing.close(chain, *kinds, by=by, at=self.at, cancelled=cancelled)
            self.owing.open_for(hazard, by=by, at=self.at, has_report=self.report is not None)
            if self.extension is not None and self.extension.status == ExtensionStatus.PENDING:
                self._withdraw_extension(by)

    def _withdraw_extension(self, by: User) -> None:
        """The clock no longer runs: a request still waiting goes with it, as the door does."""
        assert self.extension is not None
        self._decide(ExtensionStatus.WITHDRAWN, by, "隐患已进入下一环节，延期申请自动撤回")
        words = f"延期申请随流转撤回：{self.hazard.number}"
        self.note("hazards.withdraw_extension", self.extension, by=by, summary=words)
        self.owing.close(chain_of(self.hazard), Duty.Kind.EXTENSION, by=by, at=self.at, cancelled=True)

    def _tell(self, line: HazardTransition, *, by: User) -> None:
        hazard, move = self.hazard, Move(line.move)
        if move == Move.DISMISS:
            people = [hazard.found_by]
        elif move in door._TOLD_TO_ENTERPRISE:
            body = hazard.enterprise.organization
            last = [self.submission.by] if self.submission else []
            people = self.staff.holders(self.staff.default_post(body), self.at.date()) if body else last
        else:
            return
        self.book.tell(
            people,
            except_for=by.pk,
            category=Message.Category.RESULT,
            title=f"{move.label}：{hazard.description[:60]}",
            body=line.reason,
            url=hazard.get_absolute_url(),
            key=f"hazards.line:{line.pk}",
            created_at=self.at,
        )

    # --- the verbs -----------------------------------------------------------------------------------

    def submit(
        self, text: str, *, by: User, at: dt.datetime, funds: Decimal | None = None, on_spot: bool = False
    ) -> Rectification:
        """Put right before the inspector's eyes, or handed in for review or acceptance."""
        hazard = self.hazard
        self.submission = self.book.add(
            Rectification(
                hazard=hazard,
                round=hazard.round,
                text=text,
                funds_spent=funds,
                finished_on=hazard.found_on if on_spot else at.date(),
                on_behalf=on_spot or hazard.enterprise.organization_id is None,
                by=by,
                at=at,
            )
        )
        if on_spot:
            move = Move.FIX_ON_SPOT
        else:
            move = Move.APPLY_ACCEPTANCE if hazard.level == Level.MAJOR else Move.SUBMIT
        self.move(move, by=by, at=at, evidence=self.submission)
        return self.submission

    def reinspect(
        self, *, passed: bool, by: User, at: dt.datetime, text: str = "", reason_type: str = ""
    ) -> None:
        """Close the hazard, or send it back for a typed reason."""
        if passed:
            said, reason = text or "复查合格，同意销号", ""
        else:
            typed = reason_of(reason_type)
            said, reason = (
                text or typed.remedy,
                f"{typed.label}：{text}" if text else f"{typed.label}。{typed.remedy}",
            )
        judgement = self.book.add(
            Reinspection(
                hazard=self.hazard,
                rectification=self.submission,
                round=self.hazard.round,
                passed=passed,
                reason_type="" if passed else reason_type,
                text=said,
                by=by,
                at=at,
            )
        )
        self.judgements.append(judgement)
        self.move(Move.CLOSE if passed else Move.SEND_BACK, by=by, at=at, reason=reason, evidence=judgement)

    def request_extension(self, to: dt.date, *, reason: str, interim: str, by: User, at: dt.datetime) -> None:
        """Ask for more time."""
        hazard, self.at = self.hazard, at
        assert hazard.due_on is not None
        self.extension = self.book.add(
            Extension(
                hazard=hazard,
                round=hazard.round,
                old_due_on=hazard.due_on,
                requested_due_on=to,
                reason=reason,
                interim_measures=interim,
                status=ExtensionStatus.PENDING,
                requested_by=by,
                requested_at=at,
            )
        )
        words = f"申请延期：{hazard.number} 由{hazard.due_on}延至{to}"
        self.note("hazards.request_extension", self.extension, by=by, summary=words)
        self.owing.open_extension(hazard, by=by, at=at)

    def decide_extension(self, *, approved: bool, by: User, at: dt.datetime, note: str = "") -> None:
        """Grant more time, or refuse it with a reason."""
        hazard, extension = self.hazard, self.extension
        assert extension is not None
        self.at = at
        if not approved:
            self._decide(ExtensionStatus.REJECTED, by, note)
            self.note("hazards.reject_extension", extension, by=by, summary=f"不同意延期：{hazard.number}")
            self.owing.close(chain_of(hazard), Duty.Kind.EXTENSION, by=by, at=at)
            self.book.tell(
                [extension.requested_by],
                category=Message.Category.RESULT,
                title=f"延期未获同意：{hazard.description[:60]}",
                body=note,
                url=hazard.get_absolute_url(),
                key=f"hazards.extension:{extension.pk}:rejected",
                created_at=at,
            )
            return
        moved = extended(hazard, extension.requested_due_on, on=at.date(), reason=extension.reason)
        self._decide(ExtensionStatus.APPROVED, by, note)
        self.move(
            Move.EXTEND,
            by=by,
            at=at,
            reason=note or f"同意延至{moved.due_on.isoformat()}：{extension.reason}",
            evidence=extension,
            changed={"due_on": moved.due_on, "clock": moved.explanation},
        )

    def withdraw_extension(self, *, by: User, at: dt.datetime) -> None:
        """Take the own request back."""
        assert self.extension is not None
        self.at = at
        self._decide(ExtensionStatus.WITHDRAWN, by, "")
        words = f"撤回延期申请：{self.hazard.number}"
        self.note("hazards.withdraw_extension", self.extension, by=by, summary=words)
        self.owing.close(chain_of(self.hazard), Duty.Kind.EXTENSION, by=by, at=at, cancelled=True)

    def _decide(self, status: str, by: User, note: str) -> None:
        extension = self.extension
        assert extension is not None
        extension.status, extension.decided_by, extension.decided_at = status, by, self.at
        extension.decision_note = note

    def report_major(self, *, causes: str, danger: str, by: User, at: dt.datetime) -> None:
        """State and causes, danger and difficulty (16号令14条)."""
        self.report = self.book.add(
            MajorReport(hazard=self.hazard, causes=causes, danger=danger, by=by, at=at)
        )
        self.move(Move.REPORT_MAJOR, by=by, at=at, evidence=self.report)

    def submit_plan(self, parts: Mapping[str, str], *, due_on: dt.date, by: User, at: dt.datetime) -> None:
        """Hand in the plan of six parts (16号令15条)."""
        self.plan = self.book.add(MajorPlan(hazard=self.hazard, due_on=due_on, by=by, at=at, **parts))
        self.move(Move.SUBMIT_PLAN, by=by, at=at, evidence=self.plan)

    def review_plan(self, *, approved: bool, opinion: str, by: User, at: dt.datetime) -> None:
        """Approve the plan, whose date becomes the deadline, or return it."""
        hazard, plan = self.hazard, self.plan
        assert plan is not None
        plan.approved, plan.opinion, plan.reviewed_by, plan.reviewed_at = approved, opinion, by, at
        changed: dict[str, object] = {}
        if approved and plan.due_on != hazard.due_on:
            start = dt.date.fromisoformat(hazard.clock["start"])
            derived = derive(rule_for(CLOCKS[Level.MAJOR], start), start, self.owing.calendar)
            moved = fixed(derived, plan.due_on, "经审查同意的治理方案所定期限")
            changed = {"due_on": moved.due_on, "clock": moved.explanation}
        move = Move.APPROVE_PLAN if approved else Move.RETURN_PLAN
        self.move(move, by=by, at=at, reason=opinion, evidence=plan, changed=changed)

    def accept(self, *, team: str, passed: bool, opinion: str, by: User, at: dt.datetime) -> None:
        """What the acceptance team found on site (R098)."""
        accepted = self.book.add(
            Acceptance(
                hazard=self.hazard,
                round=self.hazard.round,
                rectification=self.submission,
                team=team,
                passed=passed,
                opinion=opinion,
                by=by,
                at=at,
            )
        )
        move = Move.ACCEPT if passed else Move.REFUSE_ACCEPTANCE
        self.move(move, by=by, at=at, reason="" if passed else opinion, evidence=accepted)

    def evaluate(self, *, evaluator: str, passed: bool, conclusion: str, by: User, at: dt.datetime) -> None:
        """Whether the treatment worked (R100)."""
        evaluation = self.book.add(
            EffectEvaluation(
                hazard=self.hazard,
                round=self.hazard.round,
                evaluator=evaluator,
                measures_done=passed,
                risk_before="orange",
                risk_after="blue" if passed else "yellow",
                funds_in_place=True,
                staff_informed=passed,
                conclusion=conclusion,
                passed=passed,
                by=by,
                at=at,
            )
        )
        move = Move.CLOSE_MAJOR if passed else Move.FAIL_EVALUATION
        self.move(move, by=by, at=at, reason=conclusion, evidence=evaluation)

    def assign(self, body: Organization, *, reason: str, by: User, at: dt.datetime) -> None:
        """Hand the review to another body."""
        self.hazard.reviewing_organization = body
        self.move(Move.ASSIGN, by=by, at=at, reason=reason)
