"""The record of acts for those who watch over it: events, one record's chain, the check, the seals."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.core.digest import matches
from bihuan.core.guards import require
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.core.qr import qr_svg

from . import queries
from .actions import link_content
from .forms import EventFilter
from .jobs import asked_in, progress_of, start_verification
from .models import Event, Seal, Verification
from .verification import name_of

VIEW, VERIFY = "audit.view", "audit.verify"
ORDER = ("-at", "-id")
# Words for the first part of an act, by which the list can be narrowed.
AREAS = [
    ("accounts.", "组织与账号"),
    ("attachments.", "附件与签名"),
    ("audit.", "审计"),
    ("campaigns.", "专项整治"),
    ("checklists.", "检查表库"),
    ("duties.", "待办"),
    ("hazards.", "隐患"),
    ("inspections.", "检查"),
    ("operations.", "运维"),
    ("papers.", "文书"),
    ("planning.", "检查计划"),
    ("registry.", "企业底册"),
]


@require_GET
@require(VIEW)
def events(request: Request) -> HttpResponse:
    """Acts, newest first, narrowed by kind, person, record and day."""
    form = EventFilter(request.GET)
    form.is_valid()
    data = {name: form.cleaned_data.get(name) or None for name in form.fields}
    rows = queries.events(
        act=data["act"] or "",
        actor=data["actor"] or "",
        chain=data["record"] or "",
        day_from=data["day_from"],
        day_to=data["day_to"],
        q=data["q"] or "",
    )
    try:
        page = paginate(rows, order=ORDER, cursor=request.GET.get("cursor"))
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect("audit:events")
    return render(
        request,
        "audit/events.html",
        {
            "page": page,
            "filter": data,
            "errors": form.errors,
            "areas": AREAS,
            "is_filtered": any(data.values()),
            "read": queries.days_of_words(data["day_from"], data["day_to"])
            if data["q"] and not data["record"]
            else None,
            "chips": _chips(request, data),
        },
    )


def _chips(request: Request, data: dict[str, Any]) -> list[dict[str, str]]:
    labels = {
        "act": "类别", "actor": "操作人", "record": "记录", "q": "摘要含", "day_from": "自", "day_to": "至",
    }  # fmt: skip
    areas = dict(AREAS)
    chips = []
    for name, label in labels.items():
        value = data.get(name)
        if not value:
            continue
        query = request.GET.copy()
        for gone in (name, "cursor"):
            query.pop(gone, None)
        shown = value.isoformat() if isinstance(value, dt.date) else areas.get(value, value)
        chips.append({"label": label, "value": shown, "remove_url": f"?{query.urlencode()}"})
    return chips


@require_GET
@require(VIEW)
def record(request: Request, chain: str) -> HttpResponse:
    """One record's whole chain, first to last, each link checked as it is shown."""
    found = queries.timeline(chain)
    if not found:
        raise Http404
    previous: Event | None = None
    links = []
    for event in found:
        fits = matches(link_content(event), event.hash)
        joins = event.seq == (previous.seq + 1 if previous else 1) and event.previous_hash == (
            previous.hash if previous else ""
        )
        links.append({"event": event, "is_sound": fits and joins, "fits": fits})
        previous = event
    return render(
        request,
        "audit/record.html",
        {
            "chain": chain,
            "name": name_of(chain),
            "links": links,
            "broken": sum(not each["is_sound"] for each in links),
        },
    )


@require_http_methods(["GET", "POST"])
@require(VERIFY)
def verify(request: Request) -> HttpResponse:
    """Ask for a check, follow it, read what earlier ones found."""
    if request.method == "POST":
        run = start_verification(by=request.user, files=request.POST.get("files") == "on")  # type: ignore[arg-type]
        return redirect(f"{reverse('audit:verify')}?run={run.pk}")
    runs = queries.latest_verifications()
    chosen = row_number(request.GET.get("run", ""))
    shown = get_object_or_404(Verification, pk=chosen) if chosen else (runs[0] if runs else None)
    context: dict[str, Any] = {"run": shown, "may_view": request.user.has_perm(VIEW)}  # type: ignore[attr-defined]
    if shown:
        context |= {"asked_in": asked_in(shown)} | progress_of(shown, request.user)
    if request.htmx:
        return render(request, "audit/_verification.html", context)
    return render(request, "audit/verify.html", context | {"runs": runs})


@require_GET
@require(VIEW, VERIFY)
def seals(request: Request) -> HttpResponse:
    """Daily seals, newest first."""
    try:
        page = paginate(queries.seals(), order=("-day", "-id"), cursor=request.GET.get("cursor"))
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect("audit:seals")
    return render(request, "audit/seals.html", {"page": page})


@require_GET
@require(VIEW, VERIFY)
def seal(request: Request, day: dt.date) -> HttpResponse:
    """One day's seal as a sheet to print, sign and keep: the root in letters and as a QR code."""
    found = get_object_or_404(Seal.objects.defer("leaves"), day=day)
    text = f"BIHUAN-SEAL {found.day} {found.count} {found.root} {found.hash}"
    return render(
        request, "audit/seal.html", {"seal": found, "qr": qr_svg(text, label=f"{found.day}封存二维码")}
    )
