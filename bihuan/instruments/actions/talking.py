"""A talk as it was held: who came, what was said, what was promised; and each promise until it is found kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import wording
from ..models import (
    Commitment,
    CommitmentTransition,
    Instrument,
    InstrumentRecipient,
    InstrumentTransition,
    Talk,
)
from ..standing import holds, may_move, may_move_commitment
from ..workflow import (
    COMMITMENT_RULES,
    RECIPIENT_RULES,
    RULES,
    CommitmentMove,
    CommitmentStatus,
    Move,
    RecipientMove,
    RecipientStatus,
)
from .closing import close_if_done
from .escalating import drop_from_draft
from .moving import move_recipient


@dataclass(frozen=True)
class Promise:
    """One thing promised in the talk, by whom, until when."""

    recipient: InstrumentRecipient
    text: str
    due_on: dt.date


@dataclass(frozen=True)
class TalkHeld:
    """The talk as the minutes tell it; `present` are the recipients who came."""

    held_at: dt.datetime
    place: str
    chair: str
    attendees: str
    words: str
    present: Sequence[InstrumentRecipient]
    promises: Sequence[Promise] = ()


@transaction.atomic
def record_talk(instrument: Instrument, held: TalkHeld, *, by: User) -> Talk:
    """Record a talk, whole or not at all: minutes as a numbered paper, every promise a duty with its own clock.

    Whoever did not come still owes to come, and is escalated like everybody who is late. Raises PermissionDenied,
    Refused with all that is missing, IllegalMove.
    """
    seen = Instrument.objects.visible_to(by).filter(pk=instrument.pk).exists()
    if not seen or not may_move(by, Move.TALK, instrument):
        raise PermissionDenied
    if found := _problems(instrument, held):
        raise Refused("；".join(found))
    now = timezone.now()
    step(instrument, Move.TALK, RULES[Move.TALK], InstrumentTransition, by=by, watched=("revision",), at=now)
    talk = Talk.objects.create(
        instrument=instrument, held_at=held.held_at, place=held.place.strip(), chair=held.chair.strip(),
        attendees=held.attendees.strip(), words=held.words.strip(), by=by, at=now,
    )  # fmt: skip
    promises = []
    for each in held.promises:
        promises.append(
            Commitment.objects.create(
                instrument=instrument,
                recipient=each.recipient,
                text=each.text.strip()[:500],
                due_on=each.due_on,
            )
        )
    absent = [
        each.organization.name
        for each in instrument.recipients.select_related("organization")
        if each.pk not in {one.pk for one in held.present}
        and each.status in {RecipientStatus.SERVING, RecipientStatus.RECEIVED}
    ]
    paper = issue_paper(
        Paper.Kind.TALK_MINUTES, subject=instrument, organization=instrument.organization,
        recipient_name=instrument.paper.recipient_name if instrument.paper else "", place=instrument,
        content=wording.minutes(instrument, talk, promises, absent), permission=Permission.DRAFT_INSTRUMENT,
        addressees=[each.organization for each in instrument.recipients.select_related("organization")], by=by,
    )  # fmt: skip
    Talk.objects.filter(pk=talk.pk).update(paper=paper)
    talk.paper = paper
    record("instruments.talk_held", talk, by=by, summary=f"记录约谈：{instrument}")
    for commitment in promises:
        write_line(
            commitment,
            CommitmentMove.MAKE,
            CommitmentTransition,
            seen="",
            by=by,
            act="instruments.commitment_make",
        )
        _owe(commitment, by=by)
    finish_duty(instrument, Duty.Kind.INSTRUMENT_REVIEW, by=by)
    for recipient in held.present:
        recipient.instrument = instrument
        received = (
            {}
            if recipient.received_at
            else {"received_at": now, "receiver_name": "当面参加约谈", "method": "handed"}
        )
        move_recipient(recipient, RecipientMove.MEET, by=by, within=True, changed=received)
        drop_from_draft(recipient, by=by)
        _settle(recipient, by=by)
    return talk


def _problems(instrument: Instrument, held: TalkHeld) -> list[str]:
    found = []
    if instrument.kind != "talk":
        found.append("只有约谈通知书才有约谈记录")
    if Talk.objects.filter(instrument=instrument).exists():
        found.append("这次约谈已经记录过")
    if held.held_at > timezone.now():
        found.append("约谈时间在现在之后，请核对")
    for value, words in (
        (held.place, "地点"), (held.chair, "主持人"), (held.attendees, "参加人员"), (held.words, "约谈内容"),
    ):  # fmt: skip
        if not value.strip():
            found.append(f"请填写{words}")
    if not held.present:
        found.append("请勾选到场的单位；都没有到的，不用记录，逾期会自动起草下一步文书")
    owed = {RecipientStatus.SERVING, RecipientStatus.RECEIVED}
    if any(each.instrument_id != instrument.pk or each.status not in owed for each in held.present):
        found.append("勾选的单位里有不能再参加约谈的，请刷新后核对")
    here = {each.pk for each in held.present}
    for number, each in enumerate(held.promises, start=1):
        if not each.text.strip():
            found.append(f"第 {number} 项承诺没有内容")
        if each.recipient.pk not in here:
            found.append(f"第 {number} 项承诺的单位没有到场")
        if each.due_on <= timezone.localdate(held.held_at):
            found.append(f"第 {number} 项承诺的完成期限应在约谈之后")
    return found


@transaction.atomic
def report_commitment(commitment: Commitment, *, text: str, evidence: Sequence[str] = (), by: User) -> None:
    """The body that promised says it has done so, with evidence. Raises PermissionDenied, Refused, IllegalMove."""
    if not text.strip():
        raise Refused("请写明履行情况")
    line = _move(commitment, CommitmentMove.REPORT, by=by, reason=text)
    attach(line, evidence, "evidence", by=by)
    finish_duty(commitment, Duty.Kind.COMMITMENT, by=by)
    paper = commitment.instrument
    open_duty(
        kind=Duty.Kind.INSTRUMENT_REVIEW, subject=commitment,
        title=f"核实{commitment.recipient.organization.short_name}的约谈承诺：{commitment}",
        url=paper.get_absolute_url(), organization=paper.organization, place=paper, clock_rule="instrument.review", by=by,
    )  # fmt: skip
    drop_from_draft(commitment.recipient, by=by)


@transaction.atomic
def confirm_commitment(commitment: Commitment, *, note: str = "", by: User) -> None:
    """Find a promise kept; the paper is done when all are. Raises PermissionDenied, IllegalMove."""
    _move(commitment, CommitmentMove.CONFIRM, by=by, reason=note)
    finish_duty(commitment, Duty.Kind.INSTRUMENT_REVIEW, by=by)
    _settle(commitment.recipient, by=by)


@transaction.atomic
def send_back_commitment(commitment: Commitment, *, reason: str, by: User) -> None:
    """A promise is found not kept: it is owed on, by its own day. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(commitment, CommitmentMove.SEND_BACK, by=by, reason=reason)
    finish_duty(commitment, Duty.Kind.INSTRUMENT_REVIEW, by=by)
    _owe(commitment, by=by)


@transaction.atomic
def release_commitment(commitment: Commitment, *, reason: str, by: User) -> None:
    """Let a body off one promise, with the reason on record. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not holds(by, Permission.SIGN_INSTRUMENT, commitment.instrument.organization_id):
        raise PermissionDenied
    _release(commitment, reason=reason, by=by)
    _settle(commitment.recipient, by=by)


def release_commitments(recipient: InstrumentRecipient, *, reason: str, by: User) -> None:
    """What a recipient that is let off had promised is owed no more; in the caller's transaction."""
    owed = (CommitmentStatus.OPEN, CommitmentStatus.REPORTED)
    for commitment in recipient.commitments.filter(status__in=owed):
        _release(commitment, reason=reason, by=by)


def _release(commitment: Commitment, *, reason: str, by: User) -> None:
    step(
        commitment, CommitmentMove.RELEASE, COMMITMENT_RULES[CommitmentMove.RELEASE], CommitmentTransition, by=by,
        reason=reason, act="instruments.commitment_release",
    )  # fmt: skip
    for kind in (Duty.Kind.COMMITMENT, Duty.Kind.INSTRUMENT_REVIEW):
        finish_duty(commitment, kind, by=by, cancelled=True)


def _move(commitment: Commitment, move: CommitmentMove, *, by: User, reason: str) -> CommitmentTransition:
    seen = Instrument.objects.visible_to(by).filter(pk=commitment.instrument_id).exists()
    if not seen or not may_move_commitment(by, move, commitment):
        raise PermissionDenied
    if commitment.instrument.status != "issued":
        raise Refused(f"“{commitment.instrument}”{commitment.instrument.get_status_display()}，不能再办理")
    return step(
        commitment, move, COMMITMENT_RULES[move], CommitmentTransition, by=by, reason=reason,
        act=f"instruments.commitment_{move}",
    )  # fmt: skip


def _owe(commitment: Commitment, *, by: User) -> None:
    recipient = commitment.recipient
    open_duty(
        kind=Duty.Kind.COMMITMENT, subject=commitment, title=f"约谈承诺：{commitment.text}",
        url=commitment.get_absolute_url(), organization=recipient.organization, place=recipient,
        due_on=commitment.due_on, by=by,
        clock={"summary": f"约谈时承诺的期限 {commitment.due_on}", "source": commitment.instrument.title},
    )  # fmt: skip


def _settle(recipient: InstrumentRecipient, *, by: User) -> None:
    """A recipient that has kept everything it promised is done with."""
    owed = (CommitmentStatus.OPEN, CommitmentStatus.REPORTED)
    if (
        recipient.commitments.filter(status__in=owed).exists()
        or recipient.status != RecipientStatus.COMMITTED
    ):
        return
    assert RecipientStatus.COMMITTED in RECIPIENT_RULES[RecipientMove.KEEP].sources
    move_recipient(
        recipient, RecipientMove.KEEP, by=by, within=True, changed={"settled_on": timezone.localdate()}
    )
    close_if_done(recipient.instrument, by=by)
