"""The one door of a recipient's status: who may, the step, and the duties that go with the state it leaves."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import User
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty

from ..models import Instrument, InstrumentRecipient, RecipientTransition
from ..standing import may_move_recipient
from ..workflow import RECIPIENT_RULES, RecipientMove, RecipientStatus, Status

OWING = {
    RecipientStatus.SERVING: Duty.Kind.INSTRUMENT_RECEIPT,
    RecipientStatus.RECEIVED: Duty.Kind.INSTRUMENT_REPLY,
    RecipientStatus.REPLIED: Duty.Kind.INSTRUMENT_REVIEW,
}


def move_recipient(
    recipient: InstrumentRecipient,
    move: str,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
    within: bool = False,
) -> RecipientTransition:
    """Make one move of the table; runs in the transaction of the verb that calls it. `within` is a move that another
    act brings along. What was owed in the state it leaves is closed.

    Raises PermissionDenied, ReasonRequired, IllegalMove for a paper no longer at work, the wrong state, or when somebody
    was quicker.
    """
    if not within:
        seen = Instrument.objects.visible_to(by).filter(pk=recipient.instrument_id).exists()
        if not seen or not may_move_recipient(by, move, recipient):
            raise PermissionDenied
    if recipient.instrument.status != Status.ISSUED:
        raise IllegalMove(f"“{recipient.instrument}”{recipient.instrument.get_status_display()}，不能再办理")
    before = recipient.status
    line = step(
        recipient, RecipientMove(move), RECIPIENT_RULES[move], RecipientTransition, by=by, reason=reason, changed=changed,
        watched=("reply_due_on",), act=f"instruments.recipient_{move}",
    )  # fmt: skip
    if recipient.status != before and before in OWING:
        ended = recipient.status in {RecipientStatus.RELEASED, RecipientStatus.ESCALATED}
        finish_duty(recipient, OWING[RecipientStatus(before)], by=by, cancelled=ended)
    return line


def owe_reply(recipient: InstrumentRecipient, *, by: User) -> None:
    """The recipient owes its reply by the day its clock says."""
    paper = recipient.instrument
    open_duty(
        kind=Duty.Kind.INSTRUMENT_REPLY, subject=recipient, title=f"回复{paper.label}：{paper.title}",
        url=paper.get_absolute_url(), organization=recipient.organization, place=recipient,
        due_on=recipient.reply_due_on, clock=recipient.reply_clock, ladder="paper.reply", by=by,
    )  # fmt: skip


def owe_review(recipient: InstrumentRecipient, *, by: User) -> None:
    """The issuing body owes a judgement of the reply."""
    paper = recipient.instrument
    open_duty(
        kind=Duty.Kind.INSTRUMENT_REVIEW, subject=recipient,
        title=f"审核{recipient.organization.short_name}对{paper.label}的回复：{paper.title}",
        url=paper.get_absolute_url(), organization=paper.organization, place=paper, clock_rule="instrument.review", by=by,
    )  # fmt: skip
