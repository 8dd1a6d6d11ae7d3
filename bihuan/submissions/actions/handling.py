"""What the receiving body does: signs for it, gives it to an officer, hears others, proposes, decides, answers, returns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.attachments.actions import sign
from bihuan.attachments.models import Signature
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import wording
from ..matters import matter_for
from ..models import Condition, ConditionTransition, Submission, SubmissionTransition
from ..workflow import (
    RULES,
    ConditionMove,
    Form,
    Move,
    OpinionStatus,
    Outcome,
    ReturnGround,
    Status,
)
from .drafting import allowed, signing_post
from .issuing import LADDER, settle, tell, title_of

MOST_CONDITIONS = 20
LONGEST = 365


@dataclass(frozen=True)
class Asked:
    """One condition of an answer: what, and by when; without a day the clock of conditions counts."""

    text: str
    due_on: dt.date | None = None


@transaction.atomic
def receive(submission: Submission, *, by: User) -> None:
    """Sign for a paper. A report is done with that; a request begins the clock of its answer.

    Raises PermissionDenied, IllegalMove.
    """
    move = Move.RECEIVE if submission.form == Form.REQUEST else Move.NOTE
    allowed(by, move, submission)
    _take(submission, move, receiver=by.full_name, on=timezone.localdate(), by=by)


@transaction.atomic
def tell_received(submission: Submission, *, receiver: str, on: dt.date, by: User) -> None:
    """The asking body enters that an addressee outside has signed for the paper. Raises PermissionDenied, Refused, IllegalMove."""
    move = Move.TELL_RECEIVED if submission.form == Form.REQUEST else Move.TELL_NOTED
    allowed(by, move, submission)
    if submission.issued_on and not submission.issued_on <= on <= timezone.localdate():
        raise Refused(f"签收日期应在报出日期 {submission.issued_on} 到今天之间")
    _take(submission, move, receiver=receiver, on=on, by=by)


def _take(submission: Submission, move: Move, *, receiver: str, on: dt.date, by: User) -> None:
    changed: dict[str, object] = {"received_on": on, "receiver_name": receiver.strip()[:60]}
    if submission.form == Form.REQUEST:
        derived = _answer_due(submission, on)
        changed |= {"answer_due_on": derived.due_on, "answer_clock": derived.explanation}
    else:
        changed["ended_on"] = on
    step(submission, move, RULES[move], SubmissionTransition, by=by, changed=changed)
    finish_duty(submission, Duty.Kind.SUBMISSION, by=by)
    if submission.form == Form.REQUEST and submission.addressee is not None:
        _owe_answer(submission, post=None, by=by)
    tell(submission.organization, f"{submission.addressee_name}已签收“{submission.title}”", submission)


def _answer_due(submission: Submission, on: dt.date) -> clock.Due:
    matter = matter_for(submission.matter, submission.organization, on)
    return matter.answer_due(on) if matter else clock.due("submission.answer", on)


def _owe_answer(submission: Submission, *, post: Post | None, by: User) -> None:
    assert submission.addressee is not None
    open_duty(
        kind=Duty.Kind.SUBMISSION, subject=submission, title=f"答复请示：{submission.title}"[:200],
        url=submission.get_absolute_url(), organization=submission.addressee, place=submission, post=post,
        due_on=submission.answer_due_on, clock=submission.answer_clock, ladder=LADDER, by=by,
    )  # fmt: skip


@transaction.atomic
def assign(submission: Submission, *, officer: User, note: str = "", by: User) -> None:
    """Give a request to an officer of the receiving body (拟办), or to another one; the duty goes along.

    Raises PermissionDenied, Refused for somebody who does not handle requests there, IllegalMove.
    """
    allowed(by, Move.ASSIGN, submission)
    post = next(
        (
            post
            for post in officer.posts
            if post.organization_id == submission.addressee_id
            and Permission.ANSWER_SUBMISSION in ROLES[post.role].permissions
        ),
        None,
    )
    if post is None or not officer.is_active:
        raise Refused(f"{officer.full_name}不是本单位承办请示的人，请另选")
    step(
        submission, Move.ASSIGN, RULES[Move.ASSIGN], SubmissionTransition, by=by,
        reason="：".join(filter(None, [officer.full_name, note.strip()])), watched=("handler_id",),
        changed={"handler_id": officer.pk, "handler_post_id": post.pk},
    )  # fmt: skip
    submission.handler, submission.handler_post = officer, post
    finish_duty(submission, Duty.Kind.SUBMISSION, by=by, cancelled=True)
    _owe_answer(submission, post=post, by=by)


@transaction.atomic
def extend(submission: Submission, *, due_on: dt.date, reason: str, by: User) -> None:
    """Take more time for the answer, with a reason the asking body is told.

    Raises PermissionDenied, ReasonRequired, Refused, IllegalMove.
    """
    allowed(by, Move.EXTEND, submission)
    old = submission.answer_due_on
    if old is None or due_on <= old:
        raise Refused(f"新的期限应晚于原来的期限{f' {old}' if old else ''}")
    if due_on > timezone.localdate() + dt.timedelta(days=LONGEST):
        raise Refused(f"期限不能超过 {LONGEST} 天")
    told = {"summary": f"原期限 {old}，延至 {due_on}：{reason.strip()}", "source": ""}
    step(
        submission, Move.EXTEND, RULES[Move.EXTEND], SubmissionTransition, by=by, reason=reason,
        changed={"answer_due_on": due_on, "answer_clock": told}, watched=("answer_due_on",),
    )  # fmt: skip
    reschedule_duty(submission, Duty.Kind.SUBMISSION, due_on, told, by=by)
    tell(
        submission.organization, f"“{submission.title}”的答复期限延至 {due_on}：{reason.strip()}", submission
    )


@transaction.atomic
def propose(submission: Submission, *, outcome: str, text: str, by: User) -> None:
    """The officer proposes what to answer (拟办意见); the leader owes the decision.

    Raises PermissionDenied, Refused while an opinion is still out, IllegalMove.
    """
    allowed(by, Move.PROPOSE, submission)
    if outcome not in Outcome.values:
        raise Refused("请选择建议同意还是不同意")
    if not text.strip():
        raise Refused("请写明拟办意见")
    waiting = list(submission.opinions.filter(status=OpinionStatus.ASKED).select_related("organization"))
    if waiting:
        names = "、".join(each.organization.short_name for each in waiting)
        raise Refused(f"{names}的会签意见还没有回复；不再等的，请先写明理由“不再征求”")
    step(
        submission, Move.PROPOSE, RULES[Move.PROPOSE], SubmissionTransition, by=by, reason=Outcome(outcome).label,
        changed={"proposed": outcome, "proposal": text.strip()},
    )  # fmt: skip
    assert submission.addressee is not None
    open_duty(
        kind=Duty.Kind.SUBMISSION_SIGN, subject=submission, title=f"决定请示：{submission.title}"[:200],
        url=submission.get_absolute_url(), organization=submission.addressee, place=submission,
        post=signing_post(submission.addressee), due_on=submission.answer_due_on, clock=submission.answer_clock,
        ladder=LADDER, by=by,
    )  # fmt: skip


@transaction.atomic
def rework(submission: Submission, *, reason: str, by: User) -> None:
    """The leader wants another proposal. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    allowed(by, Move.REWORK, submission)
    step(submission, Move.REWORK, RULES[Move.REWORK], SubmissionTransition, by=by, reason=reason)
    finish_duty(submission, Duty.Kind.SUBMISSION_SIGN, by=by, cancelled=True)


@transaction.atomic
def answer(
    submission: Submission,
    *,
    outcome: str,
    text: str,
    conditions: Sequence[Asked] = (),
    image: str = "",
    by: User,
) -> Paper:
    """The leader decides: the answer (批复) is numbered and sent, its conditions become duties of the asking body.

    Raises PermissionDenied, Refused with all that is wrong, IllegalMove.
    """
    allowed(by, Move.ANSWER, submission)
    now = timezone.now()
    today = timezone.localdate(now)
    _check_answer(outcome, text, conditions, today)
    if submission.status != Status.DECIDING:
        raise IllegalMove(f"“{submission}”{submission.get_status_display()}，现在不能批复")
    assert submission.addressee is not None
    set_ = [(each, *_condition_due(each, today)) for each in conditions]
    paper = issue_paper(
        Paper.Kind.ANSWER, subject=submission, organization=submission.addressee,
        recipient_name=submission.organization.name, recipient=submission.organization, place=submission,
        content=wording.answer(
            submission, outcome=outcome, text=text, conditions=[(each.text, due) for each, due, _ in set_], on=today
        ),
        permission=Permission.SIGN_SUBMISSION,
        addressees=[
            submission.organization,
            *(each.organization for each in submission.copies.select_related("organization")),
        ],
        by=by,
    )  # fmt: skip
    sign(
        submission, role="批复签发人", signer=by, signer_name=by.full_name, signer_title=title_of(by),
        method=Signature.Method.DRAWN if image else Signature.Method.LOGIN, image=image or None, by=by,
    )  # fmt: skip
    step(
        submission, Move.ANSWER, RULES[Move.ANSWER], SubmissionTransition, by=by, at=now,
        reason=Outcome(outcome).label,
        changed={
            "outcome": outcome, "answer": text.strip(), "answer_number": paper.number, "answer_paper": paper,
            "decided_by": by, "ended_on": today,
        },
    )  # fmt: skip
    _set_conditions(submission, set_, by=by)
    settle(submission, by=by)
    tell(submission.organization, f"已批复：“{submission.title}”{Outcome(outcome).label}", submission)
    return paper


@transaction.atomic
def tell_answer(
    submission: Submission,
    *,
    outcome: str,
    text: str,
    number: str,
    on: dt.date,
    conditions: Sequence[Asked] = (),
    by: User,
) -> None:
    """The asking body enters what an addressee outside has answered, by its number.

    Raises PermissionDenied, Refused with all that is wrong, IllegalMove.
    """
    allowed(by, Move.TELL_ANSWER, submission)
    today = timezone.localdate()
    _check_answer(outcome, text, conditions, today)
    if not number.strip():
        raise Refused("请填写上级批复的文号")
    if submission.issued_on and not submission.issued_on <= on <= today:
        raise Refused(f"批复日期应在报出日期 {submission.issued_on} 到今天之间")
    set_ = [(each, *_condition_due(each, today)) for each in conditions]
    step(
        submission, Move.TELL_ANSWER, RULES[Move.TELL_ANSWER], SubmissionTransition, by=by,
        reason=f"{number.strip()} {Outcome(outcome).label}",
        changed={
            "outcome": outcome, "answer": text.strip(), "answer_number": number.strip()[:60], "ended_on": on,
            "received_on": submission.received_on or on,
        },
    )  # fmt: skip
    _set_conditions(submission, set_, by=by)
    settle(submission, by=by)


def _check_answer(outcome: str, text: str, conditions: Sequence[Asked], today: dt.date) -> None:
    found = []
    if outcome not in Outcome.values:
        found.append("请选择同意还是不同意")
    if not text.strip():
        found.append("请写明批复内容")
    if outcome == Outcome.CONDITIONAL and not conditions:
        found.append("附要求的同意，至少写一条要求")
    if outcome == Outcome.REFUSE and conditions:
        found.append("不同意的批复不附要求；要对方做的事，请另行交办")
    if len(conditions) > MOST_CONDITIONS:
        found.append(f"要求最多 {MOST_CONDITIONS} 条")
    found += [
        f"第 {number} 条要求的期限应在今天之后、{LONGEST} 天以内"
        for number, each in enumerate(conditions, start=1)
        if each.due_on is not None and not today <= each.due_on <= today + dt.timedelta(days=LONGEST)
    ]
    if found:
        raise Refused("；".join(found))


def _condition_due(asked: Asked, today: dt.date) -> tuple[dt.date, dict[str, object]]:
    if asked.due_on is not None:
        return asked.due_on, {"summary": f"批复定的期限 {asked.due_on}", "source": ""}
    derived = clock.due("submission.condition", today)
    return derived.due_on, derived.explanation


def _set_conditions(
    submission: Submission, given: Sequence[tuple[Asked, dt.date, dict[str, object]]], *, by: User
) -> None:
    for position, (asked, due_on, told) in enumerate(given, start=1):
        row = Condition.objects.create(
            submission=submission, position=position, text=asked.text.strip()[:500], due_on=due_on, clock=told
        )
        write_line(
            row, ConditionMove.SET, ConditionTransition, seen="", by=by, act="submissions.condition_set"
        )
        open_duty(
            kind=Duty.Kind.SUBMISSION, subject=row, title=f"落实批复要求：{row}", url=submission.get_absolute_url(),
            organization=submission.organization, place=submission, due_on=due_on, clock=told, by=by,
        )  # fmt: skip


@transaction.atomic
def return_submission(submission: Submission, *, ground: str, reason: str, by: User) -> None:
    """Send a paper back without an answer: not ours, incomplete, several matters in one. It may be handed in anew.

    Raises PermissionDenied, ReasonRequired, Refused, IllegalMove.
    """
    allowed(by, Move.RETURN, submission)
    if ground not in ReturnGround.values:
        raise Refused("请选择退回的原因")
    step(
        submission, Move.RETURN, RULES[Move.RETURN], SubmissionTransition, by=by, reason=reason,
        changed={"return_ground": ground, "ended_on": timezone.localdate()},
    )  # fmt: skip
    settle(submission, by=by)
    tell(submission.organization, f"“{submission.title}”被退回：{ReturnGround(ground).label}", submission)
