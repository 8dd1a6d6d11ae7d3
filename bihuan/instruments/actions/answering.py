"""What a recipient does: signs for the paper, replies; and how the issuing body judges the reply."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.duties import clock
from bihuan.duties.actions import reschedule_duty
from bihuan.duties.models import Duty

from ..models import InstrumentRecipient, InstrumentReply
from ..types import type_for
from ..workflow import Closing, Method, RecipientMove, RecipientStatus
from .closing import close_if_done
from .escalating import drop_from_draft
from .moving import move_recipient, owe_reply, owe_review


@transaction.atomic
def receive(recipient: InstrumentRecipient, *, by: User) -> None:
    """The recipient signs for the paper in its own account. Raises PermissionDenied, IllegalMove."""
    move_recipient(recipient, RecipientMove.RECEIVE, by=by, changed=_received(Method.ONLINE, by.full_name))
    _after_receipt(recipient, by=by)


@transaction.atomic
def record_service(
    recipient: InstrumentRecipient, *, method: str, receiver_name: str, note: str = "", by: User
) -> None:
    """The issuing body records that the paper was handed over, or refused and left with a witness.

    Raises PermissionDenied, Refused without a name, ReasonRequired for a refusal without its reason, IllegalMove.
    """
    if not receiver_name.strip():
        raise Refused("请填写签收人姓名；拒收的填写拒收人姓名")
    move = {Method.HANDED: RecipientMove.HAND, Method.REFUSED: RecipientMove.REFUSE}.get(method)  # type: ignore[call-overload]
    if move is None:
        raise Refused("送达方式请选择“当面送达”或“拒收留置”")
    move_recipient(
        recipient, move, by=by, reason=note, changed=_received(Method(method), receiver_name.strip()[:60])
    )
    _after_receipt(recipient, by=by)


def _received(method: Method, name: str) -> dict[str, object]:
    return {"method": method, "receiver_name": name[:60], "received_at": timezone.now()}


def _after_receipt(recipient: InstrumentRecipient, *, by: User) -> None:
    """What is owed once the paper has arrived: a reply, to come, or nothing more."""
    kind = type_for(
        recipient.instrument.kind, recipient.instrument.organization, recipient.instrument.issued_on
    )
    if kind.asks_reply:
        owe_reply(recipient, by=by)
    elif kind.closing == Closing.RECEIPT:
        changed = {"settled_on": timezone.localdate()}
        move_recipient(recipient, RecipientMove.NOTE, by=by, within=True, changed=changed)
        close_if_done(recipient.instrument, by=by)


@transaction.atomic
def reply(
    recipient: InstrumentRecipient, *, text: str, evidence: Sequence[str] = (), by: User
) -> InstrumentReply:
    """Answer the paper, with evidence. A draft that was to escalate it is no longer about this recipient.

    Raises PermissionDenied, Refused for an empty answer, IllegalMove.
    """
    if not text.strip():
        raise Refused("请写明办理情况")
    move_recipient(recipient, RecipientMove.REPLY, by=by)
    answer = InstrumentReply.objects.create(
        recipient=recipient, round=recipient.replies.count() + 1, text=text.strip(), by=by, at=timezone.now()
    )
    attach(answer, evidence, "evidence", by=by)
    record(
        "instruments.reply",
        answer,
        by=by,
        summary=f"{recipient.organization.short_name}回复：{recipient.instrument}",
    )
    owe_review(recipient, by=by)
    drop_from_draft(recipient, by=by)
    return answer


@transaction.atomic
def accept_reply(recipient: InstrumentRecipient, *, note: str = "", by: User) -> None:
    """Find the reply good; the paper is done when its closing condition is met. Raises PermissionDenied, IllegalMove."""
    changed = {"settled_on": timezone.localdate()}
    move_recipient(recipient, RecipientMove.ACCEPT, by=by, reason=note, changed=changed)
    close_if_done(recipient.instrument, by=by)


@transaction.atomic
def return_reply(recipient: InstrumentRecipient, *, reason: str, by: User) -> None:
    """Send a reply back, with reasons; the recipient has the days of a second reply, or what is left of the first."""
    today = timezone.localdate()
    again = clock.due("paper.reply", today)
    changed: dict[str, object] = {}
    if recipient.reply_due_on is None or recipient.reply_due_on < again.due_on:
        changed = {"reply_due_on": again.due_on, "reply_clock": again.explanation}
    move_recipient(recipient, RecipientMove.RETURN, by=by, reason=reason, changed=changed)
    owe_reply(recipient, by=by)


@transaction.atomic
def extend_reply(recipient: InstrumentRecipient, *, due_on: dt.date, reason: str, by: User) -> None:
    """Give a recipient more days to reply, with the reason on record. Raises Refused for an earlier day."""
    if recipient.reply_due_on is None:
        raise Refused("这份文书不要求回复，没有期限可延")
    if due_on <= recipient.reply_due_on:
        raise Refused(f"新期限应晚于现在的期限 {recipient.reply_due_on}")
    told = {"summary": f"延长至 {due_on}", "source": reason.strip()[:120]}
    changed = {"reply_due_on": due_on, "reply_clock": told}
    move_recipient(recipient, RecipientMove.EXTEND, by=by, reason=reason, changed=changed)
    if recipient.status == RecipientStatus.RECEIVED:
        reschedule_duty(recipient, Duty.Kind.INSTRUMENT_REPLY, due_on, told, by=by)
    drop_from_draft(recipient, by=by)


@transaction.atomic
def release(recipient: InstrumentRecipient, *, reason: str, by: User) -> None:
    """Let one recipient off, with the reason on record (解除). Raises PermissionDenied, ReasonRequired, IllegalMove."""
    from .talking import release_commitments

    move_recipient(
        recipient, RecipientMove.RELEASE, by=by, reason=reason, changed={"settled_on": timezone.localdate()}
    )
    release_commitments(recipient, reason=reason, by=by)
    drop_from_draft(recipient, by=by)
    close_if_done(recipient.instrument, by=by)
