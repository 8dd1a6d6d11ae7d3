"""One supervision paper: drafted, checked, signed, served, answered, talked over, ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions, forms, queries
from ..actions import Draft, MatterGiven, PointGiven
from ..models import Commitment, Instrument, InstrumentRecipient
from ..showing import shown
from ..standing import available, commitment_moves, is_addressed, issues, may_move, recipient_moves
from ..subjects import Facts, find_subjects
from ..types import InstrumentType, kinds_of, type_for
from ..workflow import CommitmentMove, Method, Move, RecipientMove, Status
from . import user_of

RELATED = ("organization__region", "paper", "drafted_by", "signed_by", "escalated_from__paper")


def paper_or_404(request: Request, pk: int) -> Instrument:
    return get_object_or_404(Instrument.objects.visible_to(user_of(request)).select_related(*RELATED), pk=pk)


# --- drafting ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DRAFT_INSTRUMENT)
def create(request: Request) -> HttpResponse:
    """Choose a kind, then write the draft; a record in the address is what it is about."""
    user = user_of(request)
    own = actions.issuer_of(user)
    given = request.POST if request.method == "POST" else request.GET
    subjects = _subjects(given.getlist("subject"), user)
    kinds = {each.key: each for each in kinds_of(own)}
    kind = kinds.get(given.get("kind", ""))
    if kind is None:
        known = queries.about([each.subject for each in subjects], user)
        context = {"kinds": kinds.values(), "subjects": subjects, "known": known[:20]}
        return render(request, "instruments/choose.html", context)
    initial = {
        "title": _title(
            subjects, kind, late=any(each.startswith("duties.late:") for each in given.getlist("subject"))
        ),
        "bodies": [each.organization.pk for each in subjects if each.organization],
        "enterprises": "\n".join(
            dict.fromkeys(
                each.organization.name
                for each in subjects
                if each.organization and each.organization.kind == "enterprise"
            )
        ),
        "demand": kind.demand,
        "meet_at": forms.tomorrow_morning() if kind.key == "talk" else None,
    }
    return _draft_page(request, kind, subjects, initial, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DRAFT_INSTRUMENT)
def edit(request: Request, pk: int) -> HttpResponse:
    """The same draft once more."""
    instrument, user = paper_or_404(request, pk), user_of(request)
    if not may_move(user, Move.EDIT, instrument):
        raise PermissionDenied
    if instrument.status != Status.DRAFT:
        messages.warning(request, f"{instrument}{instrument.get_status_display()}，要改先退回")
        return redirect(instrument)
    kind = type_for(instrument.kind, instrument.organization)
    subjects = [
        Facts(each.subject, each.words, each.url, each.organization)
        for each in instrument.matters.select_related("organization")
    ]
    addressed = [each.organization for each in instrument.recipients.select_related("organization")]
    initial = {
        "title": instrument.title, "situation": instrument.situation, "demand": instrument.demand,
        "basis": instrument.basis, "meet_at": instrument.meet_at, "meet_place": instrument.meet_place,
        "bodies": [each.pk for each in addressed],
        "enterprises": "\n".join(each.name for each in addressed if each.kind == "enterprise"),
    }  # fmt: skip
    return _draft_page(request, kind, subjects, initial, instrument)


def _draft_page(
    request: Request,
    kind: InstrumentType,
    subjects: list[Facts],
    initial: dict[str, Any],
    instrument: Instrument | None,
) -> HttpResponse:
    user = user_of(request)
    own = instrument.organization if instrument else actions.issuer_of(user)
    sent = request.POST if request.method == "POST" else None
    form = forms.DraftForm(sent, kind=kind, organization=own, initial=initial)
    points = _point_forms(sent, own, kind, instrument)
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid() and valid_rows(points):
            kept = set(sent.getlist("subject"))
            draft = _draft(
                form, kind, points, [each for each in subjects if each.subject in kept and each.is_matter]
            )
            try:
                if instrument is None:
                    instrument = actions.draft_instrument(draft, organization=own, by=user)
                else:
                    revision = sent.get("revision", "")
                    read = (
                        int(revision)
                        if revision.isascii() and revision.isdigit() and len(revision) < 6
                        else 0
                    )
                    actions.edit_instrument(instrument, draft, revision=read, by=user)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存，核对后送核")
                return redirect("instruments:detail", instrument.pk)
    context = {
        "form": form, "kind": kind, "points": points, "subjects": [each for each in subjects if each.is_matter],
        "instrument": instrument, "own": own,
        "revision": instrument.revision if instrument else 1,
    }  # fmt: skip
    return render(request, "instruments/draft.html", context, status=status)


def valid_rows(rows: Sequence[Any]) -> bool:
    """Whether every row is right; each is asked, so that each can say what is wrong with it."""
    return not [row for row in rows if not row.is_valid()]


def _subjects(chains: list[str], user: User) -> list[Facts]:
    """What the address names, each once; several may stand for one word of it."""
    found = [each for chain in dict.fromkeys(chains[:200]) for each in find_subjects(chain, user)]
    return list({each.subject: each for each in found}.values())


def _title(subjects: list[Facts], kind: InstrumentType, *, late: bool) -> str:
    """What a draft is called at first: by its one matter, or by whose and how many they are."""
    matters = [each for each in subjects if each.is_matter]
    bodies = {each.organization.pk: each.organization.short_name for each in matters if each.organization}
    if len(matters) > 1:
        whose = next(iter(bodies.values())) if len(bodies) == 1 else ""
        return f"关于{whose} {len(matters)} 件{'逾期' if late else ''}事项的{kind.label}"
    return f"关于{matters[0].words[:60]}的{kind.label}" if matters else ""


def _point_forms(
    sent: Any, own: Any, kind: InstrumentType, instrument: Instrument | None
) -> list[forms.PointForm]:
    bodies = forms.bodies_near(own, kind.recipients)
    known = list(instrument.points.all()) if instrument else []
    rows = max(forms.POINT_ROWS, len(known) + 3)
    made = []
    for number in range(rows):
        initial = None
        if number < len(known):
            row = known[number]
            initial = {
                "text": row.text, "level": row.level, "organization": row.organization_id, "demand": row.demand,
                "due_on": row.due_on,
            }  # fmt: skip
        made.append(forms.PointForm(sent, prefix=f"point{number}", bodies=bodies, initial=initial))
    return made


def _draft(
    form: forms.DraftForm, kind: InstrumentType, points: list[forms.PointForm], subjects: list[Facts]
) -> Draft:
    given = form.cleaned_data
    return Draft(
        kind=kind.key, title=given["title"], situation=given["situation"], demand=given["demand"],
        recipients=form.recipients, basis=given["basis"],
        matters=[MatterGiven(each.subject, each.words, each.url, each.organization) for each in subjects],
        points=[
            PointGiven(
                row.cleaned_data["text"], row.cleaned_data["level"], row.cleaned_data["organization"],
                row.cleaned_data["demand"], row.cleaned_data["due_on"],
            )
            for row in points
            if row.cleaned_data.get("text")
        ],
        meet_at=given.get("meet_at"), meet_place=given.get("meet_place", ""),
    )  # fmt: skip


# --- the page ------------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_INSTRUMENTS)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, paper_or_404(request, pk))


def _show(request: Request, instrument: Instrument, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    """The page; `wrong` is (which form, the form as it came back)."""
    user = user_of(request)
    context = shown(instrument, user, wrong) | {"upload_url": reverse("attachments:upload")}
    return render(request, "instruments/detail.html", context, status=422 if wrong else 200)


def _files(request: Request) -> list[str]:
    user = user_of(request)
    found = attachments.received(
        request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
    )
    found += attachments.received([], request.FILES.getlist("documents"), by=user, kind=None)
    return [str(each) for each in found]


def _sign(request: Request, instrument: Instrument, given: dict[str, Any]) -> str:
    revision = request.POST.get("revision", "")
    read = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 6 else 0
    paper = actions.sign_instrument(
        instrument, revision=read, image=request.POST.get("signature", ""), by=user_of(request)
    )
    return f"已签发印发，文号 {paper.number}"


def _submit(request: Request, instrument: Instrument, given: dict[str, Any]) -> str:
    actions.submit_instrument(instrument, by=user_of(request))
    return "已送核"


def _check(request: Request, instrument: Instrument, given: dict[str, Any]) -> str:
    actions.check_instrument(instrument, by=user_of(request))
    return "核稿通过，等待签发"


def _reasoned(verb: Callable[..., None], said: str) -> Callable[[Request, Any, dict[str, Any]], str]:
    def carry_out(request: Request, row: Any, given: dict[str, Any]) -> str:
        verb(row, reason=given["reason"], by=user_of(request))
        return said

    return carry_out


Carry = Callable[[Request, Any, dict[str, Any]], str]
ACTS: dict[str, tuple[Any, Carry]] = {
    Move.SUBMIT: (None, _submit),
    Move.CHECK: (None, _check),
    Move.SIGN: (None, _sign),
    Move.RETURN: (forms.ReasonForm, _reasoned(actions.return_draft, "已退回修改")),
    Move.DISCARD: (forms.ReasonForm, _reasoned(actions.discard_draft, "已作废")),
    Move.LIFT: (forms.ReasonForm, _reasoned(actions.lift, "已解除")),
    Move.WITHDRAW: (forms.ReasonForm, _reasoned(actions.withdraw, "已撤回")),
}


@require_POST
@require(Permission.VIEW_INSTRUMENTS)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One move of the paper."""
    instrument, user = paper_or_404(request, pk), user_of(request)
    if key not in ACTS:
        raise Http404
    if not may_move(user, key, instrument):
        raise PermissionDenied
    return _carry_out(request, instrument, instrument, key, *ACTS[key])


def _receive(request: Request, recipient: InstrumentRecipient, given: dict[str, Any]) -> str:
    actions.receive(recipient, by=user_of(request))
    return "已签收"


def _service(request: Request, recipient: InstrumentRecipient, given: dict[str, Any]) -> str:
    actions.record_service(recipient, by=user_of(request), **given)
    return f"已登记{Method(given['method']).label}"


def _reply(request: Request, recipient: InstrumentRecipient, given: dict[str, Any]) -> str:
    actions.reply(recipient, text=given["text"], evidence=_files(request), by=user_of(request))
    return "已回复，等待审核"


def _accept(request: Request, recipient: InstrumentRecipient, given: dict[str, Any]) -> str:
    actions.accept_reply(recipient, note=given["note"], by=user_of(request))
    return "已认可回复"


def _extend(request: Request, recipient: InstrumentRecipient, given: dict[str, Any]) -> str:
    actions.extend_reply(recipient, by=user_of(request), **given)
    return f"回复期限已延至 {recipient.reply_due_on}"


RECIPIENT_ACTS: dict[str, tuple[Any, Carry]] = {
    RecipientMove.RECEIVE: (None, _receive),
    "service": (forms.ServiceForm, _service),
    RecipientMove.REPLY: (forms.ReplyForm, _reply),
    RecipientMove.ACCEPT: (forms.NoteForm, _accept),
    RecipientMove.RETURN: (forms.ReasonForm, _reasoned(actions.return_reply, "已退回重报")),
    RecipientMove.EXTEND: (forms.ExtendForm, _extend),
    RecipientMove.RELEASE: (forms.ReasonForm, _reasoned(actions.release, "已解除")),
}
# What the recipient itself does; everything else belongs to the issuing body.
OWN_ACTS = frozenset({RecipientMove.RECEIVE, RecipientMove.REPLY})


@require_POST
@require(Permission.VIEW_INSTRUMENTS)
def recipient_act(request: Request, pk: int, key: str) -> HttpResponse:
    """One move of a recipient."""
    user = user_of(request)
    rows = InstrumentRecipient.objects.visible_to(user).select_related("organization", "escalated_to")
    recipient = get_object_or_404(rows, pk=pk)
    recipient.instrument = paper_or_404(request, recipient.instrument_id)
    if key not in RECIPIENT_ACTS:
        raise Http404
    if not (is_addressed(user, recipient) if key in OWN_ACTS else issues(user, recipient.instrument)):
        raise PermissionDenied
    return _carry_out(request, recipient.instrument, recipient, key, *RECIPIENT_ACTS[key])


def _report(request: Request, commitment: Commitment, given: dict[str, Any]) -> str:
    actions.report_commitment(commitment, text=given["text"], evidence=_files(request), by=user_of(request))
    return "已报告履行情况，等待核实"


def _confirm(request: Request, commitment: Commitment, given: dict[str, Any]) -> str:
    actions.confirm_commitment(commitment, note=given["note"], by=user_of(request))
    return "已核实履行"


COMMITMENT_ACTS: dict[str, tuple[Any, Carry]] = {
    CommitmentMove.REPORT: (forms.ReplyForm, _report),
    CommitmentMove.CONFIRM: (forms.NoteForm, _confirm),
    CommitmentMove.SEND_BACK: (forms.ReasonForm, _reasoned(actions.send_back_commitment, "已退回")),
    CommitmentMove.RELEASE: (forms.ReasonForm, _reasoned(actions.release_commitment, "已解除")),
}


@require_POST
@require(Permission.VIEW_INSTRUMENTS)
def commitment_act(request: Request, pk: int, key: str) -> HttpResponse:
    """One move of a commitment."""
    user = user_of(request)
    seen = Instrument.objects.visible_to(user)
    rows = Commitment.objects.filter(instrument__in=seen).select_related(
        "recipient__organization", "recipient__escalated_to"
    )
    commitment = get_object_or_404(rows, pk=pk)
    commitment.instrument = commitment.recipient.instrument = paper_or_404(request, commitment.instrument_id)
    if key not in COMMITMENT_ACTS:
        raise Http404
    own = key == CommitmentMove.REPORT
    if not (is_addressed(user, commitment.recipient) if own else issues(user, commitment.instrument)):
        raise PermissionDenied
    return _carry_out(request, commitment.instrument, commitment, key, *COMMITMENT_ACTS[key])


def _carry_out(
    request: Request, instrument: Instrument, row: Any, key: str, kind: Any, carry_out: Carry
) -> HttpResponse:
    """Check the form of an act, do it, and say so; what was wrong comes back in its place on the page."""
    form = kind(request.POST) if kind else None
    where = f"{row._meta.model_name}-{row.pk}-{key}"
    if form is not None and not form.is_valid():
        return _show(request, instrument, (where, form))
    try:
        said = carry_out(request, row, form.cleaned_data if form else {})
    except Refused as error:
        if form is not None:
            form.add_error(None, str(error))
            return _show(request, paper_or_404(request, instrument.pk), (where, form))
        messages.warning(request, str(error))
    else:
        messages.success(request, said)
    return redirect("instruments:detail", instrument.pk)


# --- the talk ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DRAFT_INSTRUMENT)
def talk(request: Request, pk: int) -> HttpResponse:
    """Record a talk: who came, what was said, what was promised."""
    instrument, user = paper_or_404(request, pk), user_of(request)
    if not may_move(user, Move.TALK, instrument):
        raise PermissionDenied
    if (
        instrument.kind != "talk"
        or Move.TALK not in available(user, instrument)
        or hasattr(instrument, "talk")
    ):
        messages.warning(request, "这份文书没有要记录的约谈，或者已经记录过")
        return redirect(instrument)
    owed = instrument.recipients.filter(status__in=["serving", "received"]).select_related("organization")
    sent = request.POST if request.method == "POST" else None
    initial = {
        "held_at": instrument.meet_at,
        "place": instrument.meet_place,
        "present": [each.pk for each in owed],
    }
    form = forms.TalkForm(sent, owed=owed, initial=initial)
    promises = [
        forms.PromiseForm(sent, prefix=f"promise{number}", owed=owed) for number in range(forms.PROMISE_ROWS)
    ]
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid() and valid_rows(promises):
            given = form.cleaned_data
            held = actions.TalkHeld(
                given["held_at"], given["place"], given["chair"], given["attendees"], given["words"],
                list(given["present"].select_related("organization", "escalated_to")),
                [
                    actions.Promise(row.cleaned_data["recipient"], row.cleaned_data["text"], row.cleaned_data["due_on"])
                    for row in promises
                    if row.cleaned_data.get("text")
                ],
            )  # fmt: skip
            try:
                actions.record_talk(instrument, held, by=user)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已记录约谈，纪要已印发；承诺事项已列为待办")
                return redirect("instruments:detail", pk)
    more = any(row.has_changed() or row.errors for row in promises[2:])
    context = {
        "instrument": instrument, "form": form, "promises": promises, "more": more, "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "instruments/talk.html", context, status=status)


__all__ = [
    "act", "commitment_act", "commitment_moves", "create", "detail", "edit", "recipient_act", "recipient_moves", "talk",
]  # fmt: skip
