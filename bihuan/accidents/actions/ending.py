"""What comes to an end with the acts of others: a running inquiry, reports that nobody owes any more."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from ..models import Accident
from ..workflow import InquiryMove, InquiryStatus
from .moving import move_inquiry


def withdraw_inquiry(accident: Accident, *, reason: str, by: User, replaced: bool = False) -> None:
    """End the running inquiry of an accident, if there is one: given up, or taken over by a higher level."""
    inquiry = accident.inquiries.filter(status__in=[InquiryStatus.RUNNING, InquiryStatus.SUBMITTED]).first()
    if inquiry is None:
        return
    move = InquiryMove.REPLACE if replaced else InquiryMove.WITHDRAW
    move_inquiry(inquiry, move, by=by, reason=reason, checked=True)
    finish_duty(inquiry, Duty.Kind.ACCIDENT_INQUIRY, by=by, cancelled=True)


def cancel_reports(accident: Accident, *, by: User) -> None:
    """Nobody owes a further report."""
    finish_duty(accident, Duty.Kind.ACCIDENT_REPORT, by=by, cancelled=True)
    for step in accident.forwards.filter(sent_at=None):
        finish_duty(step, Duty.Kind.ACCIDENT_REPORT, by=by, cancelled=True)
