"""Cases handed over to enforcement: the list of both sides, one case, and what its body does with it."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, paginate

from .. import actions, queries
from ..forms import CloseReferralForm, ReasonForm, ResendForm
from ..models import Referral
from ..standing import may_refer, referral_moves
from ..workflow import ReferralMove, ReferralStatus
from . import user_of

SIDES = {"in": "移送给本单位的", "out": "本单位移送的"}
STATES = {"open": "没有反馈的", **dict(ReferralStatus.choices)}
TONES = {"sent": "orange", "accepted": "blue", "returned": "red", "closed": "green"}
RELATED = ("enterprise", "sender", "recipient", "paper", "sent_by")


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def index(request: Request) -> HttpResponse:
    """Every case in sight, the newest first."""
    filters = {name: request.GET.get(name, "").strip() for name in ("side", "status", "enterprise")}
    rows = queries.referrals(user_of(request), filters).select_related(*RELATED)
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {"page": page, "sides": SIDES.items(), "states": STATES.items(), "tones": TONES, **filters}
    return render(request, "pledges/referrals.html", context)


def _visible(request: Request, pk: int) -> Referral:
    rows = Referral.objects.visible_to(user_of(request)).select_related(*RELATED)
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, _visible(request, pk))


def _forms(referral: Referral, sent: Any = None) -> dict[str, django_forms.Form]:
    today = timezone.localdate()
    return {
        ReferralMove.CLOSE: CloseReferralForm(sent, initial={"decided_on": today}),
        ReferralMove.RETURN: ReasonForm(sent),
        ReferralMove.RESEND: ResendForm(sent, area=referral.city_id, on=today),
    }


def _show(
    request: Request, referral: Referral, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user = user_of(request)
    offered = _forms(referral)
    panels = []
    for move in referral_moves(user, referral):
        form = wrong[1] if wrong is not None and wrong[0] == move else offered.get(move)
        panels.append((move, ReferralMove(move).label, form))
    context = {
        "referral": referral,
        "tone": TONES[referral.status],
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "evidence": files.photo_items(files.of(referral, "evidence")),
        "decision": files.photo_items(files.of(referral, "result")),
        "events": _events(referral),
        "upload_url": reverse("attachments:upload"),
    }
    return render(request, "pledges/referral.html", context, status=422 if wrong else 200)


def _events(referral: Referral) -> list[dict[str, str]]:
    """What happened to it, the latest first; the first hand-over stands at the end."""
    lines = referral.transitions.select_related("by").order_by("-pk")
    found = [
        {
            "at": timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M"),
            "what": ReferralMove(line.move).label,
            "who": line.by.full_name,
            "note": line.reason,
            "tone": "green" if line.move == ReferralMove.CLOSE else "",
        }
        for line in lines
    ]
    if not any(line.move == ReferralMove.RESEND for line in lines):
        found.append(
            {
                "at": timezone.localtime(referral.sent_at).strftime("%Y-%m-%d %H:%M"),
                "what": "移送",
                "who": referral.sent_by.full_name,
                "note": f"移送{referral.recipient.short_name}",
                "tone": "",
            }
        )
    return found


@require_POST
@require(Permission.HANDLE_REFERRAL)
def act(request: Request, pk: int, move: str) -> HttpResponse:
    """One move of a case."""
    referral, user = _visible(request, pk), user_of(request)
    if move not in ReferralMove.values:
        raise Http404
    if not may_refer(user, move, referral):
        raise PermissionDenied
    form = _forms(referral, request.POST).get(move)
    if form is not None and not form.is_valid():
        return _show(request, referral, (move, form))
    try:
        match move:
            case ReferralMove.ACCEPT:
                actions.accept_referral(referral, by=user)
            case ReferralMove.RETURN:
                actions.return_referral(referral, reason=_clean(form)["reason"], by=user)
            case ReferralMove.RESEND:
                actions.resend_referral(referral, by=user, **_clean(form))
            case ReferralMove.CLOSE:
                photos = attachments.received(
                    request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
                )
                actions.close_referral(referral, photos=photos, by=user, **_clean(form))
    except Refused as error:
        if form is None:
            messages.warning(request, str(error))
            return redirect("pledges:referral", pk)
        form.add_error(None, str(error))
        referral.refresh_from_db()
        return _show(request, referral, (move, form))
    messages.success(request, f"{ReferralMove(move).label}：{referral}")
    return redirect("pledges:referral", pk)


def _clean(form: django_forms.Form | None) -> dict[str, Any]:
    return form.cleaned_data if form is not None else {}
