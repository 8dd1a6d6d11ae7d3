"""Certificates of the people of an enterprise: what each holds until when; kept by the enterprise, seen by its overseers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.registry.models import Enterprise

from .. import actions, queries
from ..forms import CertificateForm, ReasonForm
from ..models import SOON, StaffCertificate
from ..standing import may_keep, own_enterprise
from . import user_of

STATES = {"past": "已过期", "ending": f"{SOON} 天内到期", "held": "在用", "retired": "已注销"}
STATE_TONES = {"valid": "green", "approaching": "yellow", "apply": "orange", "expired": "red"}


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    """One's own people's certificates; for officials those of every enterprise in sight, what is past first asked."""
    user, today = user_of(request), timezone.localdate()
    own = own_enterprise(user)
    enterprise = own or _enterprise(request)
    state = request.GET.get("state", "held" if enterprise else "past")
    rows = queries.certificates(user, enterprise=enterprise, state=state, on=today)
    try:
        page = paginate(
            rows.select_related("enterprise__locality"),
            order=("-id",),
            cursor=request.GET.get("cursor"),
            size=50,
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "rows": [{"certificate": each, "state": each.state(today)} for each in page.items],
        "tones": STATE_TONES,
        "own": own,
        "enterprise": enterprise,
        "state": state,
        "states": STATES.items(),
        "may_add": enterprise is not None and may_keep(user, enterprise),
    }
    return render(request, "pledges/certificates.html", context)


def _enterprise(request: Request) -> Enterprise | None:
    """The enterprise in the address, as far as the person may see it."""
    if not request.GET.get("enterprise"):
        return None
    pk = row_number(request.GET["enterprise"])
    return get_object_or_404(Enterprise.objects.visible_to(user_of(request)), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SIGN_PLEDGE, Permission.EDIT_REGISTRY)
def create(request: Request, pk: int) -> HttpResponse:
    """A certificate of somebody who works at this enterprise."""
    visible = Enterprise.objects.visible_to(user_of(request)).select_related("organization")
    return _form(request, get_object_or_404(visible, pk=pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SIGN_PLEDGE, Permission.EDIT_REGISTRY)
def edit(request: Request, pk: int) -> HttpResponse:
    certificate = _visible(request, pk)
    return _form(request, certificate.enterprise, certificate)


def _visible(request: Request, pk: int) -> StaffCertificate:
    rows = StaffCertificate.objects.visible_to(user_of(request)).select_related("enterprise__organization")
    return get_object_or_404(rows, pk=pk)


def _form(request: Request, enterprise: Enterprise, certificate: StaffCertificate | None) -> HttpResponse:
    user = user_of(request)
    if not may_keep(user, enterprise):
        raise PermissionDenied
    form = CertificateForm(request.POST if request.method == "POST" else None, certificate)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                saved = actions.save_certificate(
                    enterprise, certificate=certificate, by=user, **form.cleaned_data
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已保存：{saved}，{saved.state(timezone.localdate()).sentence()}")
                return redirect(_list_url(request, enterprise))
    context: dict[str, Any] = {
        "enterprise": enterprise,
        "certificate": certificate,
        "form": form,
        "state": certificate.state(timezone.localdate()) if certificate else None,
        "retire_form": ReasonForm() if certificate is not None and certificate.is_active else None,
        "back_url": _list_url(request, enterprise),
    }
    return render(request, "pledges/certificate.html", context, status=status)


def _list_url(request: Request, enterprise: Enterprise) -> str:
    base = reverse("pledges:certificates")
    return base if own_enterprise(user_of(request)) else f"{base}?enterprise={enterprise.pk}"


@require_POST
@require(Permission.SIGN_PLEDGE, Permission.EDIT_REGISTRY)
def retire(request: Request, pk: int) -> HttpResponse:
    """The person has left, or the certificate was withdrawn."""
    certificate = _visible(request, pk)
    try:
        actions.retire_certificate(
            certificate, reason=request.POST.get("reason", "")[:200], by=user_of(request)
        )
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已注销：{certificate}")
    return redirect(_list_url(request, certificate.enterprise))
