"""Matters handed to other levels and taken from them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.hazards.models import Hazard
from bihuan.pledges.models import Referral
from bihuan.registry.models import Enterprise

from ..actions import handing
from ..actions.identity import own_instance
from ..forms import AcceptForm, AnswerForm, HandOverForm, ReasonForm
from ..models import Handover, Peer
from ..models.packages import Direction
from ..standing import manages
from ..workflow import HandoverStatus, PeerStatus
from . import user_of

TONES = {
    HandoverStatus.SENT: "yellow",
    HandoverStatus.ACCEPTED: "blue",
    HandoverStatus.ANSWERED: "green",
    HandoverStatus.RETURNED: "orange",
}


def handover_or_404(request: Request, pk: int) -> Handover:
    rows = Handover.objects.visible_to(user_of(request)).select_related(
        "peer", "package__file", "hazard", "by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_EXCHANGE)
def index(request: Request) -> HttpResponse:
    """Handovers in both directions, those that wait first."""
    rows = Handover.objects.visible_to(user_of(request)).select_related("peer")
    direction, state = request.GET.get("direction", ""), request.GET.get("state", "")
    if direction in Direction.values:
        rows = rows.filter(direction=direction)
    if state in HandoverStatus.values:
        rows = rows.filter(status=state)
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "entries": [(each, TONES[HandoverStatus(each.status)]) for each in page.items],
        "chosen": {"direction": direction, "state": state},
        "directions": Direction.choices,
        "states": HandoverStatus.choices,
        "today": timezone.localdate(),
    }
    return render(request, "exchange/handovers.html", context)


def _subject(request: Request) -> Hazard | Referral:
    user = user_of(request)
    if pk := row_number(request.GET.get("hazard", "")):
        return get_object_or_404(Hazard.objects.visible_to(user).select_related("enterprise"), pk=pk)
    if pk := row_number(request.GET.get("case", "")):
        return get_object_or_404(
            Referral.objects.visible_to(user).select_related("enterprise", "sender"), pk=pk
        )
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def create(request: Request) -> HttpResponse:
    """Hand a hazard (?hazard=) or a case (?case=) to another level."""
    user, subject = user_of(request), _subject(request)
    peers = Peer.objects.visible_to(user).filter(status=PeerStatus.ACTIVE)
    form = HandOverForm(request.POST or None, peers=peers)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                handover = handing.hand_over(
                    subject, data["peer"], reason=data["reason"], reply_by=data["reply_by"], by=user
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已打包移送，等待发送")
                return redirect(handover)
    photos = [each for each in files.of(subject) if each.kind == "image"]
    context = {
        "subject": subject,
        "form": form,
        "has_peers": peers.exists(),
        "photos": files.photo_items(photos),
    }
    return render(request, "exchange/hand_over.html", context, status=status)


@require_safe
@require(Permission.VIEW_EXCHANGE)
def detail(request: Request, pk: int) -> HttpResponse:
    """One matter: what it is, its photos, what may be done now, its way."""
    return _page(request, handover_or_404(request, pk))


def _page(request: Request, handover: Handover, *, status: int = 200, **forms: object) -> HttpResponse:
    user = user_of(request)
    may = not handover.is_out and manages(user, handover.peer, own_instance())
    context = {
        "handover": handover,
        "tone": TONES[HandoverStatus(handover.status)],
        "may": may,
        "photos": files.photo_items(files.of(handover)),
        "lines": handover.transitions.select_related("by"),
        "accept_form": AcceptForm(),
        "return_form": ReasonForm(prefix="back"),
        "answer_form": AnswerForm(),
        "suggested": _suggested(handover, user) if may and handover.status == HandoverStatus.SENT else None,
        "today": timezone.localdate(),
        **forms,
    }
    return render(request, "exchange/handover.html", context, status=status)


def _suggested(handover: Handover, user: object) -> Enterprise | None:
    """The enterprise of ours the matter seems to be about."""
    name = handover.title.partition("：")[0]
    return Enterprise.objects.visible_to(user).filter(name=name).first()  # type: ignore[arg-type]


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def act(request: Request, pk: int, act: str) -> HttpResponse:
    """Take over, give back, answer."""
    handover, user = handover_or_404(request, pk), user_of(request)
    if handover.is_out or not manages(user, handover.peer, own_instance()):
        raise PermissionDenied
    forms = {
        "accept": ("accept_form", AcceptForm(request.POST)),
        "return": ("return_form", ReasonForm(request.POST, prefix="back")),
        "answer": ("answer_form", AnswerForm(request.POST)),
    }
    if act not in forms:
        raise Http404
    name, form = forms[act]
    if form.is_valid():
        try:
            if act == "accept":
                handing.accept(handover, enterprise=_named(form.cleaned_data["enterprise"], request), by=user)
            elif act == "return":
                handing.give_back(handover, reason=form.cleaned_data["reason"], by=user)
            else:
                handing.answer(handover, text=form.cleaned_data["text"], by=user)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已办理，结果发给对方")
            return redirect(handover)
    return _page(request, handover, status=422, **{name: form})


def _named(text: str, request: Request) -> Enterprise | None:
    if not text.strip():
        return None
    rows = Enterprise.objects.visible_to(user_of(request))
    found = list(rows.filter(credit_code=text.strip().upper())[:2]) or list(
        rows.filter(name=text.strip())[:2]
    )
    if len(found) != 1:
        raise Refused("没有找到唯一的企业，请填统一社会信用代码，或者先空着接收")
    return found[0]
