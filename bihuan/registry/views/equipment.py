"""Equipment with its inspections, and permits with their ends: lists of what falls due, and the form of a piece."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.rules.equipment import equipment_kinds
from bihuan.rules.permits import names_of_kind, permit_kinds

from ..access import edit_scope
from ..dues import doubts_of, state_of
from ..equipmentforms import DUE, EquipmentForm, rule_words
from ..equipping import save_equipment
from ..filters import EXPIRING_DAYS
from ..models import Enterprise, Equipment, IssuingLevel, Permit
from . import user_of

SIZE = 50
SOON = dt.timedelta(days=30)
ENDS = {"expiring": f"{EXPIRING_DAYS}天内到期", "expired": "已过期", "all": "全部在持"}
TONES = {"valid": "green", "approaching": "yellow", "renew": "orange", "expired": "red"}


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    """The equipment of one's enterprises, what is due first at the top."""
    today = timezone.localdate()
    found = Equipment.objects.visible_to(user_of(request)).select_related("enterprise", "premises")
    kind, due = request.GET.get("kind", ""), request.GET.get("due", "")
    if kind in equipment_kinds():
        found = found.filter(kind=kind)
    page = Paginator(_due(found, due, today), SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "registry/equipment_list.html",
        {
            "may_import": user_of(request).has_perm(Permission.IMPORT_REGISTRY),
            "page": page,
            "rows": [{"piece": piece, **_standing(piece, today)} for piece in page],
            "selects": [
                ("kind", "设备种类", list(equipment_kinds().items()), kind),
                ("due", "检验", list(DUE.items()), due),
            ],
        },
    )


def _due(found: QuerySet[Equipment], due: str, today: dt.date) -> QuerySet[Equipment]:
    in_use = found.filter(state=Equipment.State.IN_USE)
    match due:
        case "overdue":
            return in_use.filter(next_inspection_on__lt=today)
        case "soon":
            return in_use.filter(next_inspection_on__gte=today, next_inspection_on__lte=today + SOON)
        case "unknown":
            return in_use.filter(next_inspection_on=None)
    return found


def _standing(piece: Equipment, today: dt.date) -> dict[str, str]:
    """How a piece stands, as words and colour."""
    if piece.state != Equipment.State.IN_USE:
        return {"words": str(piece.get_state_display()), "tone": ""}
    due = piece.next_inspection_on
    if due is None:
        return {"words": "下次检验未知", "tone": "orange"}
    if due < today:
        return {"words": f"超期{(today - due).days}天", "tone": "red"}
    left = (due - today).days
    return {"words": f"还有{left}天", "tone": "yellow" if due <= today + SOON else "green"}


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def create(request: Request, pk: int) -> HttpResponse:
    visible = Enterprise.objects.visible_to(user_of(request))
    enterprise = get_object_or_404(visible, pk=pk)
    return _form(request, enterprise, None, f"登记“{enterprise}”的设备")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def edit(request: Request, pk: int) -> HttpResponse:
    visible = Equipment.objects.visible_to(user_of(request)).select_related("enterprise")
    piece = get_object_or_404(visible, pk=pk)
    return _form(request, piece.enterprise, piece, f"修改{piece}")


def _form(request: Request, enterprise: Enterprise, piece: Equipment | None, title: str) -> HttpResponse:
    user = user_of(request)
    if not edit_scope(user).covers(enterprise):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else None
    form = EquipmentForm(sent, instance=piece, enterprise=enterprise)
    if sent is not None and form.is_valid():
        try:
            saved = save_equipment(form.cleaned_data, by=user, enterprise=enterprise, equipment=piece)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{saved}已保存")
            return redirect(enterprise)
    return render(
        request,
        "registry/equipment_form.html",
        {
            "form": form,
            "page_title": title,
            "rule": rule_words(piece.kind, timezone.localdate()) if piece else "",
            "back_url": enterprise.get_absolute_url(),
            "trail": [
                {"label": "企业与场所", "url": reverse("registry:list")},
                {"label": enterprise.name, "url": enterprise.get_absolute_url()},
                {"label": "设备"},
            ],
        },
        status=422 if form.errors else 200,
    )


@require_safe
@require(Permission.VIEW_REGISTRY)
def permits(request: Request) -> HttpResponse:
    """Permits that are over or soon will be, the most urgent first, each with the sentence that explains it."""
    user, today = user_of(request), timezone.localdate()
    visible = Enterprise.objects.visible_to(user).supervised()
    held = Permit.objects.filter(enterprise__in=visible)
    state, kind, level = (request.GET.get(name, "") for name in ("state", "kind", "level"))
    if kind in permit_kinds():
        held = held.filter(kind__in=names_of_kind(kind))
    if level in IssuingLevel.values:
        held = held.filter(issuing_level=level)
    if state == "expired":
        found = held.expired(on=today).order_by("-valid_to", "pk")
    elif state == "all":
        found = held.held().order_by("-pk")
    else:
        state = "expiring"
        found = held.expiring(on=today, days=EXPIRING_DAYS).order_by("valid_to", "pk")
    page = Paginator(found.select_related("enterprise"), SIZE).get_page(request.GET.get("page"))
    rows = []
    for permit in page:
        standing = state_of(permit, today)
        doubts = doubts_of(permit, today)
        rows.append({"permit": permit, "state": standing, "tone": TONES[standing.key], "doubts": doubts})
    narrowed = request.GET.copy()
    for name in ("state", "page"):
        narrowed.pop(name, None)
    return render(
        request,
        "registry/permits.html",
        {
            "page": page,
            "rows": rows,
            "state": state,
            "states": ENDS,
            "address": narrowed.urlencode(),
            "selects": [
                ("kind", "许可种类", list(permit_kinds().items()), kind),
                ("level", "发证级别", IssuingLevel.choices, level),
            ],
        },
    )
