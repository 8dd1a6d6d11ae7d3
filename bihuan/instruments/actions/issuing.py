"""Signing: the paper gets its number, goes to every recipient, and the clocks begin."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import sign
from bihuan.attachments.models import Signature
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties, open_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import wording
from ..models import Instrument, InstrumentRecipient, InstrumentTransition
from ..standing import may_move
from ..types import InstrumentType, type_for
from ..workflow import RULES, Move, RecipientMove, RecipientStatus, Status
from .drafting import due_for_receipt, missing
from .moving import move_recipient


@transaction.atomic
def sign_instrument(instrument: Instrument, *, revision: int, image: str = "", by: User) -> Paper:
    """Sign a checked draft: number it, issue it to every recipient, open what each of them owes.

    `revision` is the one that was read; `image` the drawn signature. Raises PermissionDenied, Refused with what is
    missing, IllegalMove when the draft is no longer the one that was read or somebody was quicker.
    """
    seen = Instrument.objects.visible_to(by).filter(pk=instrument.pk).exists()
    if not seen or not may_move(by, Move.SIGN, instrument):
        raise PermissionDenied
    if instrument.revision != revision or instrument.status != Status.SIGNING:
        raise IllegalMove("这份文书在您打开以后改过，请刷新后核对再签")
    if found := missing(instrument):
        raise Refused("；".join(found))
    now = timezone.now()
    today = timezone.localdate(now)
    kind = type_for(instrument.kind, instrument.organization, today)
    receipt_due, receipt_clock = due_for_receipt(today)
    reply = kind.reply_due(today)
    addressed = list(instrument.recipients.select_related("organization__region").order_by("pk"))
    bodies = [each.organization for each in addressed]
    reply_due, reply_clock = _reply_clock(instrument, kind, reply)
    paper = issue_paper(
        kind.paper,
        subject=instrument,
        organization=instrument.organization,
        recipient_name=_names([each.name for each in bodies]),
        place=instrument,
        content=wording.content(instrument, kind, on=today, receipt_due=receipt_due, reply_due=reply_due),
        due_on=reply_due,
        permission=Permission.SIGN_INSTRUMENT,
        addressees=bodies,
        by=by,
    )
    sign(
        instrument, role="签发人", signer=by, signer_name=by.full_name,
        signer_title=str(by.main_post.title) if by.main_post else "",
        method=Signature.Method.DRAWN if image else Signature.Method.LOGIN, image=image or None, by=by,
    )  # fmt: skip
    step(
        instrument, Move.SIGN, RULES[Move.SIGN], InstrumentTransition, by=by, watched=("revision",), at=now,
        changed={"paper": paper, "signed_by": by, "issued_on": today, "terms": kind.terms()},
    )  # fmt: skip
    finish_duty(instrument, Duty.Kind.INSTRUMENT_SIGN, by=by)
    owed = []
    for each in addressed:
        each.instrument = instrument
        move_recipient(
            each, RecipientMove.SERVE, by=by, within=True,
            changed={
                "receipt_due_on": receipt_due, "receipt_clock": receipt_clock, "reply_due_on": reply_due,
                "reply_clock": reply_clock,
            },
        )  # fmt: skip
        owed.append(
            NewDuty(
                Duty.Kind.INSTRUMENT_RECEIPT, each, f"签收{kind.label}：{instrument.title}", instrument.get_absolute_url(),
                each.organization, each, due_on=receipt_due, clock=receipt_clock, ladder="paper.reply",
            )
        )  # fmt: skip
    open_duties(owed, by=by)
    if kind.key == "talk" and instrument.meet_at is not None:
        open_duty(
            kind=Duty.Kind.INSTRUMENT_REVIEW, subject=instrument, title=f"记录约谈：{instrument.title}",
            url=instrument.get_absolute_url(), organization=instrument.organization, place=instrument,
            clock_rule="instrument.talk.minutes", start=timezone.localdate(instrument.meet_at), by=by,
        )  # fmt: skip
    _take_over(instrument, by=by)
    return paper


def _reply_clock(
    instrument: Instrument, kind: InstrumentType, reply: Any
) -> tuple[dt.date | None, dict[str, Any]]:
    """When the next thing after the receipt is owed: the reply, or to come to the talk."""
    if reply is not None:
        return reply.due_on, reply.explanation
    if kind.key == "talk" and instrument.meet_at is not None:
        on = timezone.localdate(instrument.meet_at)
        return on, {
            "summary": f"约谈时间 {wording.moment_words(instrument.meet_at)}",
            "source": instrument.title,
        }
    return None, {}


def _take_over(instrument: Instrument, *, by: User) -> None:
    """What this paper escalates from ends there: the recipients named then owe this one instead."""
    from .closing import close_if_done

    earlier = InstrumentRecipient.objects.filter(escalated_to=instrument).select_related(
        "instrument__organization", "organization"
    )
    papers = {}
    for recipient in earlier:
        if recipient.status in {
            RecipientStatus.ACCEPTED,
            RecipientStatus.RELEASED,
            RecipientStatus.ESCALATED,
        }:
            continue
        if recipient.instrument.status != Status.ISSUED:
            continue
        move_recipient(
            recipient, RecipientMove.ESCALATE, by=by, within=True, reason=f"由{instrument.label}接续",
            changed={"settled_on": timezone.localdate()},
        )  # fmt: skip
        papers[recipient.instrument_id] = recipient.instrument
    for paper in papers.values():
        close_if_done(paper, by=by)


def _names(names: list[str]) -> str:
    joined = "、".join(names)
    return joined if len(joined) <= 110 else f"{names[0]}等 {len(names)} 个单位"
