"""Records that may be one place: the queue, two side by side, making them one; the counts of a census."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, amount, paginate
from bihuan.rules.codes import mask_phone

from .. import duplicates, merging
from ..access import edit_scope
from ..actforms import DifferentForm, ReasonForm
from ..changes import label_of, words_of
from ..mergers import moved_words, record_words
from ..models import DuplicatePair, Enterprise, Merger
from . import user_of

SIZE = 50
CENSUS = {"kind": "按类型", "place": "按乡镇街道"}
STATES = {"open": "待比对", "different": "不是同一家", "merged": "已合并"}


@require_safe
@require(Permission.EDIT_REGISTRY)
def index(request: Request) -> HttpResponse:
    """The queue, the most alike first; what was told apart, and what was made one."""
    user = user_of(request)
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    try:
        if state == "merged":
            return _mergers(request, user)
        rows = DuplicatePair.objects.visible_to(user).filter(status=state)
        page = paginate(rows, order=("-score", "id"), cursor=request.GET.get("cursor"), size=SIZE)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    both = {pk for pair in page.items for pk in (pair.first, pair.second)}
    records = Enterprise.objects.select_related("kind", "locality").in_bulk(both)
    lines = [
        {"pair": pair, "first": records[pair.first], "second": records[pair.second]}
        for pair in page.items
        if pair.first in records and pair.second in records
    ]
    context = {
        "page": page, "lines": lines, "total": amount(rows, "对"), "views": _views(state), "state": state,
        "may_search": bool(edit_scope(user).areas),
    }  # fmt: skip
    return render(request, "registry/duplicates.html", context)


def _views(state: str) -> list[dict[str, Any]]:
    return [{"label": label, "url": f"?state={key}", "active": key == state} for key, label in STATES.items()]


def _mergers(request: Request, user: User) -> HttpResponse:
    rows = Merger.objects.filter(into__in=Enterprise.objects.visible_to(user).values("pk"))
    related = rows.select_related("into__locality", "by")
    page = paginate(related, order=("-id",), cursor=request.GET.get("cursor"), size=SIZE)
    context = {
        "page": page, "total": amount(rows, "条"), "views": _views("merged"), "state": "merged",
        "may_search": bool(edit_scope(user).areas),
    }  # fmt: skip
    return render(request, "registry/duplicates.html", context)


@require_safe
@require(Permission.VIEW_REGISTRY)
def merger(request: Request, pk: int) -> HttpResponse:
    """A record that was made one with another, as it stood."""
    seen = Enterprise.objects.visible_to(user_of(request)).values("pk")
    row = get_object_or_404(Merger.objects.filter(into__in=seen).select_related("into", "by"), pk=pk)
    context = {
        "merger": row, "record": record_words(row), "moved": moved_words(row),
        "trail": [{"label": row.into.name, "url": row.into.get_absolute_url()}, {"label": "并入的记录"}],
    }  # fmt: skip
    return render(request, "registry/merger.html", context)


@require_POST
@require(Permission.EDIT_REGISTRY)
def search(request: Request) -> HttpResponse:
    return redirect(duplicates.start_search(by=user_of(request)))


def _pair(request: Request, pk: int) -> DuplicatePair:
    return get_object_or_404(DuplicatePair.objects.visible_to(user_of(request)), pk=pk)


@require_safe
@require(Permission.EDIT_REGISTRY)
def pair(request: Request, pk: int) -> HttpResponse:
    """Two records side by side, field by field, with what hangs on each."""
    return _show(request, _pair(request, pk))


def _show(request: Request, row: DuplicatePair, form: DifferentForm | None = None) -> HttpResponse:
    user = user_of(request)
    one, other = duplicates.may_decide(row, user)
    phones = duplicates.with_phones([row])
    kept = other if row_number(request.GET.get("keep", "")) == other.pk else one
    gone = other if kept is one else one
    differing = set(merging.differences(kept, gone))
    fields = [
        {
            "name": name,
            "label": "坐标" if name == "longitude" else label_of(name),
            "kept": _words(kept, name),
            "gone": _words(gone, name),
            "differs": name in differing,
            "taken": name in differing and not _words(kept, name),
        }
        for name in merging.CHOOSABLE
    ]
    context: dict[str, Any] = {
        "pair": row,
        "kept": kept,
        "gone": gone,
        "fields": fields,
        "kept_hangs": merging.what_hangs_on(kept),
        "gone_hangs": merging.what_hangs_on(gone),
        "kept_phones": sorted(map(mask_phone, phones.get(kept.pk, frozenset()))),
        "gone_phones": sorted(map(mask_phone, phones.get(gone.pk, frozenset()))),
        "same_phone": bool(phones.get(kept.pk, frozenset()) & phones.get(gone.pk, frozenset())),
        "different_form": form or DifferentForm(),
        "trail": [{"label": "疑似重复", "url": reverse("registry:duplicates")}, {"label": "比对"}],
    }
    return render(request, "registry/pair.html", context, status=422 if form else 200)


def _words(enterprise: Enterprise, name: str) -> str:
    """A field as people compare it; a place is one thing."""
    if name == "longitude":
        return (
            "" if enterprise.longitude is None else f"{enterprise.longitude:.6f}，{enterprise.latitude:.6f}"
        )
    return words_of(enterprise, name, getattr(enterprise, name))


@require_POST
@require(Permission.EDIT_REGISTRY)
def merge(request: Request, pk: int) -> HttpResponse:
    row = _pair(request, pk)
    kept = get_object_or_404(
        Enterprise.objects.visible_to(user_of(request)), pk=row_number(request.POST.get("kept", ""))
    )
    taken = dict.fromkeys(request.POST.getlist("take"), True)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请写明合并的理由")
        return redirect("registry:pair", row.pk)
    try:
        merger = merging.merge(
            row, kept, taken=taken, reason=form.cleaned_data["reason"], by=user_of(request)
        )
    except Refused as error:
        messages.error(request, str(error))
        return redirect("registry:pair", row.pk)
    messages.success(request, f"“{merger.old_name}”已并入，原来的链接和记录都转到这里")
    return redirect(merger.into)


@require_POST
@require(Permission.EDIT_REGISTRY)
def tell_apart(request: Request, pk: int) -> HttpResponse:
    row = _pair(request, pk)
    form = DifferentForm(request.POST)
    if not form.is_valid():
        return _show(request, row, form)
    try:
        duplicates.tell_apart(row, reason=form.cleaned_data["reason"], by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已记住不是同一家，以后查找不再列出")
    return redirect("registry:duplicates")


@require_safe
@require(Permission.VIEW_REGISTRY)
def census(request: Request) -> HttpResponse:
    """How many objects there are, by kind or by township, and in which status (普查统计); every figure opens."""
    by = request.GET.get("by", "kind")
    by = by if by in CENSUS else "kind"
    year = timezone.localdate().year
    # What narrows the list to the objects a column counts.
    asks = {
        "total": "", "operating": "status=operating", "idle": "status=idle", "moved": "status=moved", "closed": "status=closed",
        "new": f"entered={year}",
    }  # fmt: skip
    found = duplicates.census(user_of(request), by)
    rows = [
        {
            "label": row.label,
            "note": row.note,
            "cells": [
                (row.numbers[column], "&".join(filter(None, (row.query, ask))))
                for column, ask in asks.items()
            ],
        }
        for row in found
    ]
    context = {
        "rows": rows,
        "sums": [(sum(row.numbers[column] for row in found), ask) for column, ask in asks.items()],
        "views": [
            {"label": label, "url": f"?by={key}", "active": key == by} for key, label in CENSUS.items()
        ],
        "heading": CENSUS[by].removeprefix("按"),
    }
    return render(request, "registry/census.html", context)
