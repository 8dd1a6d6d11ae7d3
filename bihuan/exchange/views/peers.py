"""Other installations: registered, compared, suspended; letters and files for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import store_upload
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition

from .. import queries
from ..actions import announcing, carrying, peering, settling
from ..actions.identity import needed_instance_or_404, own_instance
from ..forms import FingerprintForm, LetterForm, ReasonForm, RegisterForm, WaysForm
from ..models import Peer, PeerKey, Stream
from ..relations import WORDS, relation
from ..standing import manages
from . import user_of


def peer_or_404(request: Request, pk: int) -> Peer:
    return get_object_or_404(Peer.objects.visible_to(user_of(request)).prefetch_related("keys"), pk=pk)


def managed(request: Request, pk: int) -> Peer:
    """A peer one sees, and may act on, or 403."""
    peer = peer_or_404(request, pk)
    if not manages(user_of(request), peer, own_instance()):
        raise PermissionDenied
    return peer


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def register(request: Request) -> HttpResponse:
    """Enter another installation by its card."""
    if own_instance() is None:
        messages.warning(request, "请先设立本系统的交换身份，再登记对方")
        return redirect("exchange:own")
    form = RegisterForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                card = peering.read_card(data["words"])
                peer = peering.register(
                    card,
                    reach=data["reach"],
                    address=data["address"],
                    sends=data["sends"],
                    by=user_of(request),
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已登记{peer}。请与对方通电话核对指纹，核对前不交换任何内容")
                return redirect(peer)
    return render(request, "exchange/register.html", {"form": form}, status=status)


@require_safe
@require(Permission.VIEW_EXCHANGE)
def detail(request: Request, pk: int) -> HttpResponse:
    """One peer: its keys, how far everything has come in both directions, the last packages, its history."""
    return _page(request, peer_or_404(request, pk))


def _page(request: Request, peer: Peer, *, status: int = 200, **forms: Any) -> HttpResponse:
    user, own = user_of(request), needed_instance_or_404()
    may = manages(user, peer, own)
    proposed = [key for key in peer.keys.all() if key.status == PeerKey.Status.PROPOSED]
    context = {
        "peer": peer,
        "own": own,
        "relation": WORDS[relation(own.region_id, peer.region_code)],
        "tone": queries.PEER_TONES.get(peer.status, ""),
        "may": may,
        "rows": queries.rows_of(peer),
        "packages": [
            (each, queries.label_of(each.kind), queries.STATUS_TONES.get(each.status, ""))
            for each in peer.packages.all()[:12]
        ],
        "proposed": proposed[0] if proposed else None,
        "keys": list(peer.keys.all()),
        "lines": peer.transitions.select_related("by").order_by("-id")[:30],
        "to_carry": len(carrying.to_carry(peer)) if may and peer.is_active else 0,
        "sends": [queries.label_of(each) for each in peer.sends],
        "verify_form": FingerprintForm(),
        "ways_form": WaysForm(peer=peer, own=own),
        "reason_form": ReasonForm(),
        **forms,
    }
    return render(request, "exchange/peer.html", context, status=status)


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def verify(request: Request, pk: int) -> HttpResponse:
    """Compare a fingerprint: of the first key, or of a new one."""
    peer, user = managed(request, pk), user_of(request)
    form = FingerprintForm(request.POST)
    if form.is_valid():
        try:
            if peer.status == "pending":
                peering.verify(peer, by=user, **form.cleaned_data)
            else:
                key = peer.keys.filter(status=PeerKey.Status.PROPOSED).first()
                if key is None:
                    raise Refused("没有待核对的密钥，请刷新页面")
                peering.trust_key(key, by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "指纹一致，已启用")
            return redirect(peer)
    return _page(request, peer, status=422, verify_form=form)


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def edit(request: Request, pk: int) -> HttpResponse:
    """Change how a peer is reached and what goes to it by itself."""
    peer = managed(request, pk)
    form = WaysForm(request.POST, peer=peer, own=own_instance())
    if form.is_valid():
        data = form.cleaned_data
        try:
            peering.edit(
                peer,
                reach=data["reach"],
                address=data["address"],
                sends=data.get("sends", []),
                by=user_of(request),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已保存")
            return redirect(peer)
    return _page(request, peer, status=422, ways_form=form)


def _said(request: Request, peer: Peer, act: Callable[[], object], done: str) -> HttpResponse:
    """Do one small act and say how it went."""
    try:
        act()
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return redirect(peer)


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def move(request: Request, pk: int, move: str) -> HttpResponse:
    """Suspend, resume or retire."""
    peer, user = managed(request, pk), user_of(request)
    reason = request.POST.get("reason", "")[:300]
    return _said(request, peer, lambda: peering.move_peer(peer, move, reason=reason, by=user), "已办理")


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def drop_key(request: Request, pk: int, key: int) -> HttpResponse:
    """Believe one of the peer's keys no longer."""
    peer, user = managed(request, pk), user_of(request)
    row = get_object_or_404(PeerKey.objects.select_related("peer"), pk=key, peer=peer)
    reason = request.POST.get("reason", "")[:300]
    return _said(request, peer, lambda: peering.drop_key(row, reason=reason, by=user), "密钥已停用")


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def retry(request: Request, pk: int) -> HttpResponse:
    """Connect at the next round instead of waiting longer."""
    peer = managed(request, pk)
    Peer.objects.filter(pk=peer.pk).update(next_try_at=None, failures=0)
    messages.success(request, "半分钟内由后台作业再连接一次，请稍后刷新")
    return redirect(peer)


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def catch_up(request: Request, pk: int, stream: int) -> HttpResponse:
    """Go on after the number the other side has."""
    peer, user = managed(request, pk), user_of(request)
    row = get_object_or_404(Stream.objects.select_related("peer"), pk=stream, peer=peer)
    reason = request.POST.get("reason", "")[:300]
    return _said(request, peer, lambda: settling.catch_up_numbers(row, reason=reason, by=user), "编号已接续")


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def hand_out(request: Request, pk: int) -> HttpResponseBase:
    """One sealed file with everything the peer lacks."""
    peer, user = managed(request, pk), user_of(request)
    try:
        data = carrying.hand_out(peer, by=user)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(peer)
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition(
        f"给{peer.name}{timezone.localtime():%Y%m%d%H%M}.bhx"
    )
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def letter(request: Request, pk: int) -> HttpResponse:
    """Write to a peer."""
    peer, user = managed(request, pk), user_of(request)
    form = LetterForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                files = [store_upload(data["file"], by=user)] if data["file"] else []
                package = announcing.send_note(
                    peer, title=data["title"], text=data["text"], files=files, by=user
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已打包，等待发送")
                return redirect(package)
    return render(request, "exchange/letter.html", {"peer": peer, "form": form}, status=status)
