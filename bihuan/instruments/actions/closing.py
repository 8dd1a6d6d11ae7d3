"""How a paper ends: by its closing condition, lifted, or taken back."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.moves import step
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from ..models import Instrument, InstrumentTransition
from ..standing import may_move
from ..subjects import settled_among
from ..workflow import RULES, UNSETTLED, Closing, Move, RecipientMove, Status
from .moving import move_recipient


def unsettled_matters(instrument: Instrument) -> list[str]:
    """The records a paper is about that still need pressing, by their chains."""
    chains = list(instrument.matters.values_list("subject", flat=True))
    done = settled_among(chains)
    return [chain for chain in chains if chain not in done]


def waits_for(instrument: Instrument) -> str:
    """In one sentence, what a paper still waits for; "" when nothing."""
    open_ones = instrument.recipients.filter(status__in=UNSETTLED).count()
    if open_ones:
        return f"还有 {open_ones} 个单位没有办结"
    if instrument.terms.get("closing") == Closing.SUBJECTS and (left := len(unsettled_matters(instrument))):
        return f"回复都已认可，所列事项还有 {left} 项没有办结"
    return ""


def close_if_done(instrument: Instrument, *, by: User) -> bool:
    """Close a paper whose condition is met; runs in the transaction of the act that may have met it."""
    if instrument.status != Status.ISSUED or waits_for(instrument):
        return False
    closing = Closing(instrument.terms.get("closing", Closing.REPLY))
    step(
        instrument, Move.CLOSE, RULES[Move.CLOSE], InstrumentTransition, by=by, reason=closing.label,
        changed={"closed_on": timezone.localdate()},
    )  # fmt: skip
    finish_duty(instrument, Duty.Kind.INSTRUMENT_REVIEW, by=by)
    return True


@transaction.atomic
def lift(instrument: Instrument, *, reason: str, by: User) -> None:
    """Lift a paper: what it pressed for needs no pressing any more (解除)."""
    _end(instrument, Move.LIFT, reason=reason, by=by)


@transaction.atomic
def withdraw(instrument: Instrument, *, reason: str, by: User) -> None:
    """Take a paper back: it should not have been issued (撤回). The paper stays on record with its number."""
    _end(instrument, Move.WITHDRAW, reason=reason, by=by)


def _end(instrument: Instrument, move: str, *, reason: str, by: User) -> None:
    from .escalating import drop_from_draft
    from .talking import release_commitments

    seen = Instrument.objects.visible_to(by).filter(pk=instrument.pk).exists()
    if not seen or not may_move(by, move, instrument):
        raise PermissionDenied
    today = timezone.localdate()
    open_ones = instrument.recipients.filter(status__in=UNSETTLED).select_related("organization")
    for recipient in open_ones:
        recipient.instrument = instrument
        move_recipient(
            recipient, RecipientMove.RELEASE, by=by, reason=reason or Move(move).label, within=True,
            changed={"settled_on": today},
        )  # fmt: skip
        release_commitments(recipient, reason=reason or Move(move).label, by=by)
        drop_from_draft(recipient, by=by)
    step(
        instrument,
        Move(move),
        RULES[move],
        InstrumentTransition,
        by=by,
        reason=reason,
        changed={"closed_on": today},
    )
    finish_duty(instrument, Duty.Kind.INSTRUMENT_REVIEW, by=by, cancelled=True)
