"""Opinions asked from departments about a request (会签), each with its reply, and conditions being kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments.actions import attach
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty

from ..models import (
    Condition,
    ConditionTransition,
    Opinion,
    OpinionTransition,
    Submission,
    SubmissionTransition,
)
from ..standing import may_move_condition, may_move_opinion
from ..workflow import (
    CONDITION_RULES,
    OPINION_RULES,
    RULES,
    ConditionMove,
    Move,
    OpinionMove,
    OpinionStatus,
    Stance,
    Status,
)
from .drafting import allowed
from .issuing import LADDER, tell

MOST_ASKED = 12


@transaction.atomic
def consult(
    submission: Submission, bodies: Sequence[Organization], *, question: str, by: User
) -> list[Opinion]:
    """Ask departments for their opinion, each under a clock. Raises PermissionDenied, Refused, IllegalMove."""
    allowed(by, Move.CONSULT, submission)
    wanted = list({each.pk: each for each in bodies}.values())
    if not wanted:
        raise Refused("请选择会签单位")
    if len(wanted) > MOST_ASKED:
        raise Refused(f"一次最多征求 {MOST_ASKED} 个单位的意见")
    if not question.strip():
        raise Refused("请写明要对方就什么提意见")
    kinds = {Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY}
    for each in wanted:
        if each.pk in {submission.organization_id, submission.addressee_id} or each.kind not in kinds:
            raise Refused(f"不能向{each.short_name}征求会签意见")
    asked = set(
        submission.opinions.filter(status=OpinionStatus.ASKED).values_list("organization_id", flat=True)
    )
    again = [each.short_name for each in wanted if each.pk in asked]
    if again:
        raise Refused(f"{'、'.join(again)}的意见已经在征求，等回复后再问")
    step(
        submission, Move.CONSULT, RULES[Move.CONSULT], SubmissionTransition, by=by,
        reason="、".join(each.short_name for each in wanted),
    )  # fmt: skip
    derived = clock.due("submission.opinion", timezone.localdate())
    made = []
    for each in wanted:
        row = Opinion.objects.create(
            submission=submission, organization=each, question=question.strip()[:500], due_on=derived.due_on,
            clock=derived.explanation, asked_by=by,
        )  # fmt: skip
        write_line(row, OpinionMove.ASK, OpinionTransition, seen="", by=by, act="submissions.opinion_ask")
        open_duty(
            kind=Duty.Kind.SUBMISSION, subject=row, title=f"回复会签意见：{submission.title}"[:200],
            url=submission.get_absolute_url(), organization=each, place=submission, due_on=derived.due_on,
            clock=derived.explanation, ladder=LADDER, by=by,
        )  # fmt: skip
        made.append(row)
    return made


@transaction.atomic
def give_opinion(
    opinion: Opinion, *, stance: str, text: str, files: Iterable[UUID | str] = (), by: User
) -> None:
    """A department says what it thinks. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_opinion(by, OpinionMove.GIVE, opinion):
        raise PermissionDenied
    if stance not in Stance.values:
        raise Refused("请选择态度")
    if stance in {Stance.REMARKS, Stance.OBJECT} and not text.strip():
        raise Refused("请写明修改意见或不同意的理由")
    _handled(opinion)
    step(
        opinion, OpinionMove.GIVE, OPINION_RULES[OpinionMove.GIVE], OpinionTransition, by=by,
        reason=Stance(stance).label, act="submissions.opinion_give",
        changed={"stance": stance, "text": text.strip(), "given_by_id": by.pk, "given_at": timezone.now()},
    )  # fmt: skip
    attach(opinion, files, "opinion", by=by)
    finish_duty(opinion, Duty.Kind.SUBMISSION, by=by)
    submission = opinion.submission
    if submission.addressee is not None:
        tell(
            submission.addressee,
            f"{opinion.organization.short_name}已回复会签意见：{Stance(stance).label}",
            submission,
        )


@transaction.atomic
def drop_opinion(opinion: Opinion, *, reason: str, by: User) -> None:
    """The officer waits no longer for an opinion. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not may_move_opinion(by, OpinionMove.DROP, opinion):
        raise PermissionDenied
    _handled(opinion)
    _drop(opinion, reason=reason, by=by)


def drop_open(submission: Submission, *, by: User) -> None:
    """A paper has ended: what is still asked about it is asked no more."""
    for opinion in submission.opinions.filter(status=OpinionStatus.ASKED).select_related("organization"):
        opinion.submission = submission
        _drop(opinion, reason=submission.get_status_display(), by=by)


def _drop(opinion: Opinion, *, reason: str, by: User) -> None:
    step(
        opinion, OpinionMove.DROP, OPINION_RULES[OpinionMove.DROP], OpinionTransition, by=by, reason=reason,
        act="submissions.opinion_drop",
    )  # fmt: skip
    finish_duty(opinion, Duty.Kind.SUBMISSION, by=by, cancelled=True)


def _handled(opinion: Opinion) -> None:
    status = Submission.objects.filter(pk=opinion.submission_id).values_list("status", flat=True).first()
    if status != Status.HANDLING:
        raise IllegalMove(f"“{opinion.submission}”已不在拟办阶段，不再需要会签意见")


# --- conditions ------------------------------------------------------------------------------


def _move(condition: Condition, move: ConditionMove, *, by: User, reason: str) -> ConditionTransition:
    if not may_move_condition(by, move, condition):
        raise PermissionDenied
    if not Submission.objects.visible_to(by).filter(pk=condition.submission_id).exists():
        raise PermissionDenied
    return step(
        condition, move, CONDITION_RULES[move], ConditionTransition, by=by, reason=reason,
        act=f"submissions.condition_{move.value}",
    )  # fmt: skip


@transaction.atomic
def report_condition(condition: Condition, *, text: str, files: Iterable[UUID | str] = (), by: User) -> None:
    """The asking body says how it kept a condition; whoever set it owes the look. Raises PermissionDenied, Refused,
    IllegalMove."""
    if not text.strip():
        raise Refused("请写明落实情况")
    line = _move(condition, ConditionMove.REPORT, by=by, reason=text)
    attach(line, files, "evidence", by=by)
    finish_duty(condition, Duty.Kind.SUBMISSION, by=by)
    submission = condition.submission
    body = submission.addressee or submission.organization
    open_duty(
        kind=Duty.Kind.SUBMISSION, subject=condition, title=f"核实批复要求的落实：{condition}",
        url=submission.get_absolute_url(), organization=body, place=submission, clock_rule="submission.confirm", by=by,
    )  # fmt: skip


@transaction.atomic
def confirm_condition(condition: Condition, *, note: str = "", by: User) -> None:
    """Found to be kept. Raises PermissionDenied, IllegalMove."""
    _move(condition, ConditionMove.CONFIRM, by=by, reason=note)
    finish_duty(condition, Duty.Kind.SUBMISSION, by=by)


@transaction.atomic
def send_back_condition(condition: Condition, *, reason: str, by: User) -> None:
    """Not kept yet: owed again, by the day that stands. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(condition, ConditionMove.SEND_BACK, by=by, reason=reason)
    finish_duty(condition, Duty.Kind.SUBMISSION, by=by)
    submission = condition.submission
    open_duty(
        kind=Duty.Kind.SUBMISSION, subject=condition, title=f"落实批复要求：{condition}",
        url=submission.get_absolute_url(), organization=submission.organization, place=submission,
        due_on=condition.due_on, clock=condition.clock, by=by,
    )  # fmt: skip


@transaction.atomic
def release_condition(condition: Condition, *, reason: str, by: User) -> None:
    """A condition is no longer asked for, with the reason. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(condition, ConditionMove.RELEASE, by=by, reason=reason)
    finish_duty(condition, Duty.Kind.SUBMISSION, by=by, cancelled=True)


__all__ = [
    "confirm_condition", "consult", "drop_open", "drop_opinion", "give_opinion", "release_condition", "report_condition",
    "send_back_condition",
]  # fmt: skip
