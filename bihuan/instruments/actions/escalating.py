"""Who lets a paper go unanswered gets the next one: drafted by the system, signed by people, with a way back."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import chain_of
from bihuan.core.errors import IllegalMove

from ..models import Instrument, InstrumentRecipient
from ..types import labels, type_for
from ..workflow import DRAFTS, CommitmentStatus, Origin, RecipientStatus, Status
from .drafting import Draft, MatterGiven, discard_draft, draft_instrument


def escalate_late(today: dt.date) -> int:
    """Draft the next paper for everybody who is late with receipt, reply or a promise by the days its type allows.

    One draft for all the late recipients of a paper; nobody is in two. Returns how many drafts were made.
    """
    late_promise = Q(
        status=RecipientStatus.COMMITTED,
        commitments__status=CommitmentStatus.OPEN,
        commitments__due_on__lt=today,
    )
    rows = (
        InstrumentRecipient.objects.filter(
            Q(pk__in=InstrumentRecipient.objects.late(on=today).values("pk")) | late_promise,
            escalated_to=None,
            instrument__status=Status.ISSUED,
        )
        .distinct()
        .select_related("instrument__organization__region", "organization__region")
        .order_by("instrument_id", "pk")
    )
    by_paper: dict[int, list[InstrumentRecipient]] = {}
    for recipient in rows:
        terms = recipient.instrument.terms
        if terms.get("escalates_to") and _days_late(recipient, today) > terms.get("escalate_after", 0):
            by_paper.setdefault(recipient.instrument_id, []).append(recipient)
    return sum(_escalate(late, today) for late in by_paper.values())


def _days_late(recipient: InstrumentRecipient, today: dt.date) -> int:
    if recipient.status == RecipientStatus.COMMITTED:
        dues = recipient.commitments.filter(status=CommitmentStatus.OPEN).values_list("due_on", flat=True)
        until = min(dues, default=None)
    else:
        owed = [day for day in (recipient.owed_until(), recipient.reply_due_on) if day is not None]
        until = min(owed, default=None)
    return (today - until).days if until else 0


def _escalate(late: list[InstrumentRecipient], today: dt.date) -> int:
    earlier, by = late[0].instrument, service_user()
    key = earlier.terms["escalates_to"]
    if key not in labels():
        return 0
    kind = type_for(key, earlier.organization, today)
    if earlier.organization.kind not in kind.draft_by:
        return 0
    bodies = [each.organization for each in late if each.organization.kind in kind.recipients]
    number = earlier.paper.number if earlier.paper else ""
    words = "\n".join(
        f"{each.organization.name}：{_what(each)}，截至 {today} 已逾期 {_days_late(each, today)} 天。"
        for each in late
    )
    draft = Draft(
        kind=key,
        title=f"关于{earlier.title.removeprefix('关于')}逾期未落实的{kind.label}"[:120],
        situation=f"{earlier.label}（{number}）印发后，下列单位未按期落实：\n{words}",
        demand=f"请立即落实上述文书的要求，并说明逾期原因。\n{kind.demand}",
        recipients=bodies,
        basis=number,
        matters=[
            MatterGiven(
                chain_of(earlier), f"{earlier.label} {number}：{earlier.title}", earlier.get_absolute_url()
            ),
            *(
                MatterGiven(each.subject, each.words, each.url, each.organization)
                for each in earlier.matters.select_related("organization")
            ),
        ],
    )
    try:
        with transaction.atomic():
            made = draft_instrument(
                draft,
                organization=earlier.organization,
                origin=Origin.ESCALATION,
                escalated_from=earlier,
                by=by,
            )
            claimed = InstrumentRecipient.objects.filter(
                pk__in=[each.pk for each in late], escalated_to=None
            ).update(escalated_to=made)
            if claimed != len(late):
                raise IllegalMove("another round has just drafted it")
    except IllegalMove:
        return 0
    return 1


def _what(recipient: InstrumentRecipient) -> str:
    return {
        RecipientStatus.SERVING: "未签收",
        RecipientStatus.RECEIVED: "未到会说明" if recipient.instrument.kind == "talk" else "未回复",
        RecipientStatus.COMMITTED: "承诺未履行",
    }.get(RecipientStatus(recipient.status), "未落实")


def drop_from_draft(recipient: InstrumentRecipient, *, by: User) -> None:
    """The way back: whoever does what was asked is taken out of the draft that was to press further.

    A draft left without recipients is given up. What has been issued already stays.
    """
    draft = recipient.escalated_to
    if draft is None or draft.status not in DRAFTS:
        return
    InstrumentRecipient.objects.filter(pk=recipient.pk).update(escalated_to=None)
    recipient.escalated_to = None
    Instrument.objects.filter(pk=draft.pk).update(revision=draft.revision + 1)
    draft.recipients.filter(organization=recipient.organization_id).delete()
    if not draft.recipients.exists():
        draft.refresh_from_db()
        discard_draft(draft, reason=f"{recipient.organization.short_name}已落实，不再升级", by=service_user())
