"""Who answers: what lacks somebody, naming many at once, leaders of areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, amount, paginate
from bihuan.jobs.selections import answer, do_each

from .. import places
from ..access import edit_scope
from ..actforms import AppointForm, AreaLeaderForm, NameManyForm, SettleForm
from ..forms import AssignForm
from ..gaps import ANY, GAPS
from ..models import Enterprise, Responsibility
from ..responsibilities import (
    answering_for,
    appoint,
    end_responsibility,
    gaps_of,
    with_gaps,
    without,
)
from ..selections import LEADER, PILOT, SETTLE, WATCHER
from . import user_of
from .acting import editable, trail_of, visible
from .lists import PICK_LIMIT

SIZE = 50
ACTS = {"leader": LEADER, "watcher": WATCHER, "pilot": PILOT}


@require_safe
@require(Permission.EDIT_REGISTRY)
def index(request: Request) -> HttpResponse:
    """Objects that lack a department, a township, a leader or a watcher, in red, to be given one together."""
    user, today = user_of(request), timezone.localdate()
    gap = request.GET.get("gap", ANY)
    gap = gap if gap in GAPS else ANY
    objects = Enterprise.objects.within_scope_of(user, Permission.EDIT_REGISTRY).supervised()
    rows = with_gaps(without(objects, gap, on=today), on=today).select_related(
        "kind", "department", "locality", "county"
    )
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=SIZE)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    return render(
        request,
        "registry/owners.html",
        {
            "page": page,
            "rows": _rows(page.items, gap),
            "views": [
                {"label": label, "url": f"?gap={key}", "active": key == gap} for key, label in GAPS.items()
            ],
            "total": amount(without(objects, gap, on=today), "家"),
            "name_form": NameManyForm(user=user),
            "settle_form": SettleForm(user=user),
            "assign_form": AssignForm(user=user),
            "gap": gap,
            "may_name_areas": bool(edit_scope(user).areas),
            "assigning": gap == "department",
            "settling": gap == "locality",
        },
    )


def _rows(found: Sequence[Enterprise], gap: str) -> list[dict[str, Any]]:
    """The objects with what each lacks, and the township its coordinates suggest where that is asked for."""
    codes = {}
    if gap == "locality":
        codes = {each.pk: places.lies_in(each.longitude, each.latitude) for each in found}
    regions = Region.objects.in_bulk(code for code in codes.values() if code is not None)
    return [
        {"enterprise": each, "gaps": gaps_of(each), "suggested": regions.get(codes.get(each.pk) or "")}
        for each in found
    ]


@require_POST
@require(Permission.EDIT_REGISTRY)
def settle(request: Request) -> HttpResponse:
    """Give the picked objects a township: the one chosen, or the one their coordinates lie in."""
    user = user_of(request)
    back = _back(request)
    picked = _picked(request)
    form = SettleForm(request.POST, user=user)
    if refusal := _refuse_picked(picked):
        messages.warning(request, refusal)
    elif not form.is_valid():
        messages.error(request, "所选乡镇街道不在您的管理范围内，请重新选择")
    else:
        chosen = form.cleaned_data["locality"]
        wanted = {"locality": chosen.pk if chosen else ""}
        return answer(request, do_each(SETTLE.key, sorted(picked), wanted, by=user, back=back))
    return redirect(back)


def _back(request: Request) -> str:
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return back if is_ours else reverse("registry:owners")


def _picked(request: Request) -> set[int]:
    return {int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal() and len(pk) < 18}


def _refuse_picked(picked: set[int]) -> str:
    if not picked:
        return "还没有选择企业，请先勾选再指定"
    return f"一次最多指定{PICK_LIMIT}家，请分批办理" if len(picked) > PICK_LIMIT else ""


@require_POST
@require(Permission.EDIT_REGISTRY)
def name_many(request: Request) -> HttpResponse:
    """Give the picked enterprises a leader, a watcher, or a locality in charge on trial."""
    user = user_of(request)
    back = _back(request)
    picked = _picked(request)
    form = NameManyForm(request.POST, user=user)
    if refusal := _refuse_picked(picked):
        messages.warning(request, refusal)
    elif not form.is_valid():
        messages.error(request, "所选岗位不在可指定的范围内，请重新选择")
    else:
        act = ACTS[form.cleaned_data["kind"]]
        wanted = {"post": form.cleaned_data["post"].pk, "remark": form.cleaned_data["remark"]}
        return answer(request, do_each(act.key, sorted(picked), wanted, by=user, back=back))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def of_enterprise(request: Request, pk: int) -> HttpResponse:
    """Everybody who answers for one enterprise, now and before; naming another."""
    user = user_of(request)
    enterprise = editable(request, pk) if request.method == "POST" else visible(request, pk)
    form = AppointForm(request.POST or None, user=user)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                appoint(by=user, enterprise=enterprise, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已指定")
                return redirect(request.path)
        status = 422
    history = enterprise.responsibilities.select_related("post__organization", "by")[:30]
    return render(
        request,
        "registry/answering.html",
        {
            "enterprise": enterprise,
            "answering": answering_for(enterprise, on=timezone.localdate()),
            "history": history,
            "form": form,
            "may_edit": edit_scope(user).covers(enterprise),
            "trail": trail_of(enterprise, ("责任落实", "")),
        },
        status=status,
    )


@require_POST
@require(Permission.EDIT_REGISTRY)
def end(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(Responsibility.objects.select_related("enterprise", "post__organization"), pk=pk)
    if row.enterprise_id is not None:
        visible(request, row.enterprise_id)
        back = reverse("registry:answering", args=[row.enterprise_id])
    else:
        back = reverse("registry:areas")
    try:
        end_responsibility(row, by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已结束")
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.EDIT_REGISTRY)
def areas(request: Request) -> HttpResponse:
    """Leaders in charge of counties and localities (分片包干)."""
    user = user_of(request)
    scope = edit_scope(user)
    if not scope.areas:
        raise PermissionDenied
    form = AreaLeaderForm(request.POST or None, user=user)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            data = form.cleaned_data
            try:
                appoint(
                    Responsibility.Kind.LEADER, data["post"], by=user, region=data["region"], from_on=data["from_on"]
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "包干领导已指定")
                return redirect(request.path)
        status = 422
    field = form.fields["region"]
    rows = Responsibility.objects.in_force(on=timezone.localdate()).filter(region__in=field.queryset)  # type: ignore[attr-defined]
    named = {row.region_id: row for row in rows.select_related("post__organization")}
    regions = [{"region": region, "row": named.get(region.pk)} for region in field.queryset]  # type: ignore[attr-defined]
    return render(request, "registry/areas.html", {"form": form, "regions": regions}, status=status)
