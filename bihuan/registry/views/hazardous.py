"""The registers of major-hazard units and of dangerous chemicals, over everything a person may see."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, amount, paginate
from bihuan.jobs.selections import answer, do_each

from .. import hazardous, risks
from ..access import edit_scope
from ..lists import SHARING_PERMISSION
from ..models import MajorUnit
from . import user_of
from .acting import visible

SIZE = 50


@require_safe
@require(Permission.VIEW_REGISTRY)
def units(request: Request) -> HttpResponse:
    """Major-hazard units: how many of which grade, which are not evaluated, filed or guarded as they must be."""
    user, today = user_of(request), timezone.localdate()
    reading = hazardous.units_of(user, request.GET)
    page = _page(request, reading.rows)
    if page is None:
        return redirect(request.path)
    whole = MajorUnit.objects.filter(
        enterprise__in=hazardous.RegistryFilter(_without(request, "state", "due"), user).queryset.values(
            "pk"
        ),
        is_active=True,
    )
    lines = [
        {
            "unit": unit,
            "standing": risks.standing(unit),
            "tone": risks.tone_of(unit),
            "filing": risks.filing_words(unit, on=today),
        }
        for unit in page.items
    ]
    return render(
        request,
        "registry/units.html",
        {
            "page": page,
            "lines": lines,
            "total": amount(reading.rows, "个"),
            "counts": hazardous.unit_counts(whole),
            "outdated": hazardous.outdated(user, today).count(),
            "selects": [
                ("state", "级别", list(hazardous.STATES.items()), request.GET.get("state", "")),
                ("due", "缺什么", list(hazardous.DUES.items()), request.GET.get("due", "")),
            ],
            "q": request.GET.get("q", ""),
            **_sharing(request, user),
        },
    )


@require_safe
@require(Permission.VIEW_REGISTRY)
def chemicals(request: Request) -> HttpResponse:
    """Dangerous chemicals: what there is, how much, where; grouped by name or entry by entry."""
    user, today = user_of(request), timezone.localdate()
    reading = hazardous.chemicals_of(user, request.GET)
    page = _page(request, reading.rows)
    if page is None:
        return redirect(request.path)
    grouped = request.GET.get("by") == "name"
    return render(
        request,
        "registry/chemicals.html",
        {
            "page": page,
            "lines": [{"row": row, "key": hazardous.key_words(row, today)} for row in page.items],
            "groups": hazardous.by_name(reading.rows) if grouped else None,
            "shown": hazardous.GROUPS_SHOWN,
            "totals": hazardous.totals_of(reading.rows),
            "views": [
                {"label": "逐条", "url": f"?{_without(request, 'by').urlencode()}", "active": not grouped},
                {
                    "label": "按品种汇总",
                    "url": f"?{_with(request, by='name').urlencode()}",
                    "active": grouped,
                },
            ],
            "selects": [("key", "监管", list(hazardous.KEY.items()), request.GET.get("key", ""))],
            "chemical": request.GET.get("chemical", ""),
            "may_import": user.has_perm(Permission.IMPORT_REGISTRY),
            **_sharing(request, user),
        },
    )


def _page(request: Request, rows: QuerySet[Any]) -> Any:
    try:
        return paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=SIZE)
    except BadCursor as error:
        messages.warning(request, str(error))
        return None


def _without(request: Request, *names: str) -> Any:
    query = request.GET.copy()
    for name in (*names, "cursor"):
        query.pop(name, None)
    return query


def _with(request: Request, **values: str) -> Any:
    query = _without(request)
    for name, value in values.items():
        query[name] = value
    return query


def _sharing(request: Request, user: Any) -> dict[str, Any]:
    """The address a list of this is kept from, for whoever may take tables away."""
    return {"address": _without(request, "by").urlencode(), "may_share": user.has_perm(SHARING_PERMISSION)}


@require_POST
@require(Permission.VIEW_REGISTRY)
def reckon(request: Request, pk: int) -> HttpResponse:
    """Identify and grade a unit anew by the standard as it is today."""
    user = user_of(request)
    row = get_object_or_404(MajorUnit, pk=pk)
    if not edit_scope(user).covers(visible(request, row.enterprise_id)):
        raise PermissionDenied
    done = risks.reckon(row, by=user)
    messages.success(request, f"已按现行标准重新计算：{risks.standing(done)}")
    return redirect(row)


@require_POST
@require(Permission.EDIT_REGISTRY)
def reckon_outdated(request: Request) -> HttpResponse:
    """Reckon what one keeps by the standard in force, after it was replaced."""
    user = user_of(request)
    picked = list(hazardous.outdated(user, timezone.localdate()).values_list("pk", flat=True))
    back = reverse("registry:units")
    if not picked:
        messages.info(request, "都已按现行标准计算")
        return redirect(back)
    return answer(request, do_each(hazardous.RECKON.key, picked, {}, by=user, back=back))
