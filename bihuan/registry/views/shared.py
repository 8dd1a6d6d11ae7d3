"""Shared lists: what there is, one list, its print, several as one booklet."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import amount
from bihuan.jobs.handing import take_away

from .. import lists
from ..actforms import ListForm
from ..keysupervision import criteria
from ..models import SharedList
from ..standardlists import make_standard, missing_standard
from . import user_of

SHOWN = 100
BOOKLET_LISTS = 20
NOT_A_FILTER = (
    "cursor",
    "name",
    "standard",
    "order",
)  # of an address, where one stands and how a list is called


def _visible(request: Request, pk: int) -> tuple[SharedList, lists.ListSource, lists.Reading]:
    user = user_of(request)
    shared = get_object_or_404(
        SharedList.objects.visible_to(user).select_related("owner", "organization", "region"), pk=pk
    )
    try:
        source, reading = lists.read(shared, user)
    except Refused as error:
        raise Http404(str(error)) from error
    return shared, source, reading


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    """The five lists and all others, as far as this person may read their rows."""
    user = user_of(request)
    found = lists.lists_for(user)
    rows = []
    for shared in found:
        source, reading = lists.read(shared, user)
        rows.append(
            {
                "list": shared,
                "source": source.title,
                "words": reading.words,
                "count": amount(reading.rows, source.unit),
                "may_change": lists.may_change(shared, user),
            }
        )
    may_share = user.has_perm(lists.SHARING_PERMISSION)
    return render(
        request,
        "registry/lists.html",
        {
            "rows": rows,
            "sources": lists.sources_for(user) if may_share else [],
            "missing": missing_standard(user) if may_share else [],
            "criteria": criteria(),
            "may_share": may_share,
        },
    )


@require_safe
@require(Permission.VIEW_REGISTRY)
def detail(request: Request, pk: int) -> HttpResponse:
    shared, source, reading = _visible(request, pk)
    user = user_of(request)
    return render(
        request,
        "registry/shared_list.html",
        {
            "list": shared,
            "source": source,
            "source_url": f"{reverse(source.page)}?{shared.query}",
            "words": reading.words,
            "total": amount(reading.rows, source.unit),
            **_table(shared, source, reading, SHOWN),
            "may_change": lists.may_change(shared, user) and user.has_perm(lists.SHARING_PERMISSION),
            "may_export": user.has_perm(lists.SHARING_PERMISSION),
            "trail": [{"label": "清单", "url": reverse("registry:lists")}, {"label": shared.name}],
        },
    )


def _table(
    shared: SharedList, source: lists.ListSource, reading: lists.Reading, limit: int
) -> dict[str, Any]:
    """Headings and rows, one more read than shown to know whether there are more."""
    found = list(source.laid_out(reading.rows, shared.order)[: limit + 1])
    columns = source.chosen(shared.columns)
    cells = source.cells(found[:limit], [column.key for column in columns])
    return {
        "headings": [column.label for column in columns],
        "lines": [
            {
                "url": source.url_of(row),
                "cells": each,
                "named": [(column.label, cell) for column, cell in zip(columns, each, strict=True)],
            }
            for row, each in zip(found[:limit], cells, strict=True)
        ],
        "has_more": len(found) > limit,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def create(request: Request) -> HttpResponse:
    """Keep the filter one comes with as a list: ?source=…&<filter of that source's own page>."""
    query = request.GET.copy()
    key = query.pop("source", [""])[-1]
    for name in NOT_A_FILTER:
        query.pop(name, None)
    if "criteria" in query:
        query["criteria"] = ",".join(query.getlist("criteria"))
    return _edit(request, None, key, query.urlencode())


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def edit(request: Request, pk: int) -> HttpResponse:
    shared, _, _ = _visible(request, pk)
    if not lists.may_change(shared, user_of(request)):
        raise PermissionDenied
    return _edit(request, shared, shared.source, shared.query)


def _edit(request: Request, shared: SharedList | None, key: str, query: str) -> HttpResponse:
    user = user_of(request)
    source = next((each for each in lists.sources_for(user) if each.key == key), None)
    if source is None:
        raise Http404("没有这一类清单")
    initial: dict[str, Any] = {}
    if shared is not None:
        initial = {
            name: getattr(shared, name) for name in ("name", "standard", "sharing", "columns", "order")
        }
        initial["remark"] = shared.note
    form = ListForm(request.POST or None, source=source, initial=initial)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                saved = lists.share(by=user, source=key, query=query, shared=shared, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"清单“{saved}”已保存")
                return redirect(saved)
        status = 422
    words = source.read(user, QueryDict(query)).words
    context = {
        "form": form,
        "list": shared,
        "source": source,
        "words": words,
        "query": query,
        "source_url": f"{reverse(source.page)}?{query}",
        "others": [] if shared is not None else lists.changeable(user, key),
    }
    return render(request, "registry/list_form.html", context, status=status)


@require_POST
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def refilter(request: Request, pk: int) -> HttpResponse:
    """Let a list one may change hold what was filtered instead of what it held."""
    shared, _, _ = _visible(request, pk)
    query = QueryDict(request.POST.get("query", "")[:500], mutable=True)
    for name in NOT_A_FILTER:
        query.pop(name, None)
    try:
        lists.refilter(shared, query.urlencode(), by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"清单“{shared}”已换成这些条件")
    return redirect(shared)


@require_POST
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def drop(request: Request, pk: int) -> HttpResponse:
    shared, _, _ = _visible(request, pk)
    lists.drop(shared, by=user_of(request))
    messages.success(request, f"清单“{shared}”已停用")
    return redirect("registry:lists")


@require_POST
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def standard(request: Request) -> HttpResponse:
    """Make those of the five lists that the body does not have yet."""
    made = make_standard(by=user_of(request))
    messages.success(request, f"已建立{len(made)}个清单" if made else "五个清单都已建立")
    return redirect("registry:lists")


@require_safe
@require(Permission.VIEW_REGISTRY)
def printed(request: Request, pk: int) -> HttpResponse:
    """One list on paper."""
    shared, source, reading = _visible(request, pk)
    return _paper(request, [(shared, source, reading)], title=shared.name, back=shared.get_absolute_url())


@require_safe
@require(Permission.VIEW_REGISTRY)
def booklet(request: Request) -> HttpResponse:
    """清单手册: the chosen lists, or all of them, as one printable book."""
    user = user_of(request)
    wanted = {row_number(each) for each in request.GET.getlist("list")}
    chosen = [shared for shared in lists.lists_for(user) if not wanted or shared.pk in wanted]
    parts = [(shared, *lists.read(shared, user)) for shared in chosen[:BOOKLET_LISTS]]
    return _paper(request, parts, title="清单手册", back=reverse("registry:lists"), cover=True)


def _paper(
    request: Request,
    parts: list[tuple[SharedList, lists.ListSource, lists.Reading]],
    *,
    title: str,
    back: str,
    cover: bool = False,
) -> HttpResponse:
    user = user_of(request)
    limit = max(lists.PRINTED // max(1, len(parts)), 50)
    sections = [
        {
            "list": shared,
            "words": reading.words,
            "total": amount(reading.rows, source.unit),
            "limit": limit,
            **_table(shared, source, reading, limit),
        }
        for shared, source, reading in parts
    ]
    post = user.main_post
    context = {
        "title": title,
        "cover": cover,
        "sections": sections,
        "back": back,
        "issuer": post.organization.name if post else "",
        "printed_at": timezone.localtime(),
        "printed_by": user.full_name,
    }
    return render(request, "registry/booklet.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def export(request: Request, pk: int) -> HttpResponseBase:
    shared, _, reading = _visible(request, pk)
    said = f"{shared.name}：{reading.words}"
    return take_away(request, lists.SHARED, query=str(shared.pk), said=said, back=shared.get_absolute_url())
