"""What the page of one paper shows: who must do what by when first, then what has happened."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import queries as files
from bihuan.attachments.models import Attachment
from bihuan.audit.actions import chain_of

from . import forms, wording
from .actions import figure_remarks, missing, unsettled_matters, waits_for
from .actions.drafting import due_for_receipt
from .models import CommitmentTransition, Instrument, InstrumentRecipient, RecipientTransition
from .models.instruments import enterprises_alone
from .standing import available, commitment_moves, is_addressed, issues, recipient_moves
from .types import labels, type_for
from .workflow import (
    DRAFTS,
    Closing,
    CommitmentMove,
    CommitmentStatus,
    Move,
    RecipientMove,
    RecipientStatus,
    Status,
)

Wrong = tuple[str, Any] | None
TONES = {
    RecipientStatus.ACCEPTED: "green", RecipientStatus.RELEASED: "", RecipientStatus.ESCALATED: "red",
    RecipientStatus.REPLIED: "blue", RecipientStatus.SERVING: "orange", RecipientStatus.RECEIVED: "orange",
    RecipientStatus.COMMITTED: "blue", RecipientStatus.PENDING: "",
}  # fmt: skip
STATUS_TONES = {Status.CLOSED: "green", Status.ISSUED: "blue", Status.WITHDRAWN: "", Status.SIGNING: "orange"}
# Forms of a recipient by key: (title, button, tone, form)
RECIPIENT_FORMS: dict[str, tuple[str, str, str, Any]] = {
    RecipientMove.RECEIVE: ("签收", "签收", "primary", None),
    "service": ("登记送达", "登记送达", "plain", forms.ServiceForm),
    RecipientMove.REPLY: ("回复办理情况", "提交回复", "primary", forms.ReplyForm),
    RecipientMove.ACCEPT: ("认可回复", "认可", "primary", forms.NoteForm),
    RecipientMove.RETURN: ("退回重报", "退回", "plain", forms.ReasonForm),
    RecipientMove.EXTEND: ("延长回复期限", "延长", "plain", forms.ExtendForm),
    RecipientMove.RELEASE: ("解除这一单位", "解除", "plain", forms.ReasonForm),
}
COMMITMENT_FORMS: dict[str, tuple[str, str, str, Any]] = {
    CommitmentMove.REPORT: ("报告履行情况", "提交", "primary", forms.ReplyForm),
    CommitmentMove.CONFIRM: ("核实已履行", "核实履行", "primary", forms.NoteForm),
    CommitmentMove.SEND_BACK: ("退回", "退回", "plain", forms.ReasonForm),
    CommitmentMove.RELEASE: ("解除承诺", "解除", "plain", forms.ReasonForm),
}
WITH_FILES = frozenset({RecipientMove.REPLY, CommitmentMove.REPORT})
PAPER_FORMS: dict[str, tuple[str, str, str]] = {
    Move.RETURN: ("退回修改", "退回修改", "plain"),
    Move.DISCARD: ("作废这份草稿", "作废", "danger"),
    Move.LIFT: ("解除：所督办的情形已经消除", "解除", "plain"),
    Move.WITHDRAW: ("撤回：不应当印发", "撤回", "danger"),
}


def _panel(row: Any, key: str, table: dict[str, tuple[str, str, str, Any]], wrong: Wrong) -> dict[str, Any]:
    title, button, tone, kind = table[key]
    where = f"{row._meta.model_name}-{row.pk}-{key}"
    bad = wrong is not None and wrong[0] == where
    form = wrong[1] if bad and wrong is not None else (kind() if kind else None)
    if form is not None:
        form.auto_id = f"id_{where}_%s"
    return {
        "key": key, "title": title, "button": button, "tone": tone, "form": form, "wrong": bad,
        "files": key in WITH_FILES, "open": bad or tone == "primary",
    }  # fmt: skip


def shown(instrument: Instrument, user: User, wrong: Wrong = None) -> dict[str, Any]:
    """The context of the page; `wrong` is (which form, the form as it came back)."""
    today = timezone.localdate()
    moves = available(user, instrument)
    inside = issues(user, instrument)
    is_draft = instrument.status in DRAFTS
    kind = type_for(instrument.kind, instrument.organization, instrument.issued_on or today)
    recipients = list(
        instrument.recipients.visible_to(user)
        .select_related("organization", "escalated_to__paper")
        .prefetch_related("replies__by")
    )
    for each in recipients:
        each.instrument = instrument
    commitments = list(
        instrument.commitments.filter(recipient__in=recipients)
        .select_related("recipient__organization")
        .order_by("pk")
    )
    for promise in commitments:
        promise.instrument = promise.recipient.instrument = instrument
    answers = [reply for each in recipients for reply in each.replies.all()]
    promise_lines = list(
        CommitmentTransition.objects.filter(commitment__in=commitments).select_related("by").order_by("pk")
    )
    kept = files.of_many([*answers, *promise_lines])
    entries = [_entry(each, user, wrong, today, kept) for each in recipients]
    entries.sort(key=lambda entry: (not entry["own"], entry["recipient"].pk))
    preview = None
    if is_draft:
        receipt_due, _ = due_for_receipt(today)
        due = kind.reply_due(today)
        preview = wording.content(
            instrument, kind, on=today, receipt_due=receipt_due, reply_due=due.due_on if due else None
        )
    chains = unsettled_matters(instrument)
    closing = instrument.terms.get("closing", kind.closing)
    dues = [each.reply_due_on for each in recipients if each.reply_due_on]
    values = wording.values_for(
        instrument,
        count=len(chains) or 1,
        receipt_due=None,
        reply_due=min(dues) if dues else None,
    )
    return {
        "demand": wording.filled(instrument.demand, values),
        "instrument": instrument,
        "kind": kind,
        "tone": STATUS_TONES.get(Status(instrument.status), ""),
        "moves": moves,
        "is_draft": is_draft,
        "inside": inside,
        "missing": missing(instrument) if is_draft and inside else [],
        "figures": figure_remarks(instrument) if is_draft and inside else [],
        "settled": instrument.matters.exclude(subject__in=chains).count() if is_draft and inside else 0,
        "preview": preview,
        "entries": entries,
        "matters": [
            (each, each.subject in chains) for each in instrument.matters.select_related("organization")[:200]
        ],
        "points": list(instrument.points.select_related("organization")),
        "commitments": [
            {
                "commitment": each,
                "lines": [line for line in promise_lines if line.commitment_id == each.pk and line.reason],
                "panels": [
                    _panel(each, key, COMMITMENT_FORMS, wrong) for key in commitment_moves(user, each)
                ],
                "open": each.status == CommitmentStatus.OPEN,
            }
            for each in commitments
        ],
        "talk": getattr(instrument, "talk", None),
        "may_talk": instrument.kind == "talk" and Move.TALK in moves and not hasattr(instrument, "talk"),
        "panels": [
            _panel(instrument, key, {key: (*PAPER_FORMS[key], forms.ReasonForm)}, wrong)
            for key in PAPER_FORMS
            if key in moves
        ],
        "closing": Closing(closing).label,
        "next_kind": labels().get(instrument.terms.get("escalates_to", kind.escalates_to), ""),
        "waits_for": waits_for(instrument) if instrument.status == Status.ISSUED else "",
        "escalations": list(instrument.escalations.select_related("paper")),
        "firings": list(instrument.firings.select_related("trigger")[:1]),
        "signatures": files.signatures_of(instrument),
        "events": _events(instrument, recipients, from_issue=bool(enterprises_alone(user))),
        "today": today,
    }


def _entry(
    each: InstrumentRecipient,
    user: User,
    wrong: Wrong,
    today: Any,
    kept: dict[str, dict[str, list[Attachment]]],
) -> dict[str, Any]:
    keys: list[str] = []
    for move in recipient_moves(user, each):
        key = "service" if move in {RecipientMove.HAND, RecipientMove.REFUSE} else move
        if key in RECIPIENT_FORMS and key not in keys:
            keys.append(key)
    if each.reply_due_on is None and RecipientMove.EXTEND in keys:
        keys.remove(RecipientMove.EXTEND)
    replies = []
    for reply in each.replies.all():
        evidence = kept[chain_of(reply)].get("evidence", [])
        replies.append(
            {
                "reply": reply,
                "photos": files.photo_items(evidence),
                "files": [one for one in evidence if not one.is_image],
            }
        )
    owed = each.owed_until()
    return {
        "recipient": each,
        "own": is_addressed(user, each),
        "tone": TONES[RecipientStatus(each.status)],
        "owed_until": owed,
        "clock": each.receipt_clock if each.status == RecipientStatus.SERVING else each.reply_clock,
        "late": each.is_late(on=today),
        "replies": replies,
        "panels": [_panel(each, key, RECIPIENT_FORMS, wrong) for key in keys],
    }


def _events(
    instrument: Instrument, recipients: list[InstrumentRecipient], *, from_issue: bool
) -> list[dict[str, Any]]:
    """Everything that happened with these recipients, newest first; `from_issue` leaves out how it was drafted."""
    names = {each.pk: each.organization.short_name for each in recipients}
    rows: list[tuple[Any, str, str, str]] = [
        (line.at, Move(line.move).label, line.by.full_name, line.reason)
        for line in instrument.transitions.select_related("by")
        if not (from_issue and line.to_status in DRAFTS)
    ]
    lines = RecipientTransition.objects.filter(recipient__in=recipients).exclude(move=RecipientMove.SERVE)
    rows += [
        (
            line.at,
            f"{names.get(line.recipient_id, '')} {RecipientMove(line.move).label}",
            line.by.full_name,
            line.reason,
        )
        for line in lines.select_related("by")
    ]
    rows += [
        (line.at, f"承诺“{line.commitment}”{CommitmentMove(line.move).label}", line.by.full_name, line.reason)
        for line in CommitmentTransition.objects.filter(commitment__recipient__in=recipients).select_related(
            "by", "commitment"
        )
    ]
    # Acts of one moment keep their order; the newest stands first.
    rows.sort(key=lambda row: row[0])
    rows.reverse()
    return [
        {"at": timezone.localtime(at).strftime("%Y-%m-%d %H:%M"), "what": what, "who": who, "note": note}
        for at, what, who, note in rows
    ]
