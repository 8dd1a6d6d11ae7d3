"""The first page of exchange, and who we are: identity, keys, card, the door."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition
from bihuan.core.qr import qr_svg

from .. import queries
from ..actions import identity
from ..forms import InstanceForm, OptionalReasonForm, SetUpForm
from ..models import Handover, Instance, OwnKey, Package, Peer, Refusal
from ..models.instances import seats
from ..standing import manages_instance
from ..wire.door import canonical
from ..workflow import HandoverStatus, PackageStatus
from . import managed_instance, user_of


@require_safe
@require(Permission.VIEW_EXCHANGE)
def index(request: Request) -> HttpResponse:
    """Everybody we exchange with and how things stand."""
    user, own = user_of(request), identity.own_instance()
    peers = Peer.objects.visible_to(user)
    packages = Package.objects.visible_to(user)
    context = {
        "own": own,
        "sees_own": own is not None and Instance.objects.visible_to(user).exists(),
        "may_manage": user.has_perm(Permission.MANAGE_EXCHANGE),
        "manages_own": manages_instance(user, own),
        "standings": queries.standings(peers[:500], own),
        "key": own.keys.filter(status=OwnKey.Status.CURRENT).first() if own else None,
        "waiting": packages.filter(status__in=queries.WAITING_OUT).count(),
        "held": packages.filter(status__in=queries.WAITING_IN).count(),
        "refused": packages.filter(status=PackageStatus.REFUSED).count(),
        "conflicts": packages.filter(status=PackageStatus.CONFLICT).count(),
        "handovers": Handover.objects.visible_to(user)
        .filter(status=HandoverStatus.SENT, direction="in")
        .count(),
        "refusals": Refusal.objects.visible_to(user).count(),
    }
    return render(request, "exchange/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def own(request: Request) -> HttpResponse:
    """Set this installation up, or change its name, address and door; its keys and card."""
    user = user_of(request)
    if identity.own_instance() is None:
        return _set_up(request)
    instance = managed_instance(request)
    initial = {"name": instance.name, "address": instance.address, "is_open": instance.is_open}
    form = InstanceForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                identity.change_instance(instance, by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存")
                return redirect("exchange:own")
    key = identity.current_key(instance)
    upcoming = instance.keys.filter(status=OwnKey.Status.NEXT).first()
    card = canonical(identity.card(instance)).decode()
    context = {
        "own": instance,
        "form": form,
        "key": key,
        "upcoming": upcoming,
        "waiting": identity.not_yet_trusting(upcoming) if upcoming else [],
        "former": instance.keys.filter(status=OwnKey.Status.OLD)[:10],
        "card": card,
        "qr": qr_svg(card) if len(card) < 900 else "",
        "reason_form": OptionalReasonForm(prefix="start"),
    }
    return render(request, "exchange/own.html", context, status=status)


def _set_up(request: Request) -> HttpResponse:
    user, codes = user_of(request), seats(user_of(request), Permission.MANAGE_EXCHANGE)
    form = SetUpForm(request.POST or None, regions=Region.objects.filter(pk__in=codes))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                identity.set_up(by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已设立交换身份。把名片发给对方，并登记对方的名片")
                return redirect("exchange:own")
    return render(request, "exchange/set_up.html", {"form": form}, status=status)


@require_safe
@require(Permission.MANAGE_EXCHANGE)
def card(request: Request) -> HttpResponse:
    """Our card as a file to hand to others."""
    instance = managed_instance(request)
    response = HttpResponse(canonical(identity.card(instance)), content_type="application/json")
    response["Content-Disposition"] = content_disposition(f"{instance.name}名片.json")
    return response


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def new_key(request: Request) -> HttpResponse:
    """Introduce a new key to everybody."""
    instance = managed_instance(request)
    try:
        identity.prepare_key(instance, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "新密钥已生成，并已通知各交换对象。对方核对新指纹后再启用")
    return redirect("exchange:own")


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def start_key(request: Request) -> HttpResponse:
    """Sign with the new key from now on."""
    instance = managed_instance(request)
    try:
        identity.start_key(instance, by=user_of(request), reason=request.POST.get("start-reason", "")[:300])
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已启用新密钥")
    return redirect("exchange:own")
