"""Reading the library: the list, a version with its items, what changed, print, form, criteria without items."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition, row_number
from bihuan.registry.models import EnterpriseKind

from .. import queries
from ..actions import may_manage
from ..comparing import compare
from ..editing import whole
from ..forms import PublishForm
from ..models import Book, BookVersion, seats
from ..storage import book_of
from ..structure import LINKS, advice
from ..xlsform import export_form
from . import user_of, version_or_404

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@require(Permission.VIEW_CHECKLISTS)
def library(request: Request) -> HttpResponse:
    """Every book this person sees, by sector and kind."""
    user, today = user_of(request), timezone.localdate()
    given = {name: request.GET.get(name, "").strip()[:60] for name in ("sector", "kind", "q")}
    own = request.GET.get("own") == "1"
    kinds = list(EnterpriseKind.objects.values_list("key", "label"))
    shelves = queries.shelves(user, on=today, own=own, **given)
    context = {
        "shelves": shelves,
        "given": given,
        "own": own,
        "is_filtered": own or any(given.values()),
        "sectors": Book.Sector.choices,
        "kinds": kinds,
        "may_manage": bool(seats(user, Permission.MANAGE_CHECKLISTS)),
        "total": f"共 {len(shelves)} 张，{sum(each.items for each in shelves)} 项",
    }
    return render(request, "checklists/library.html", context)


@require_safe
@require(Permission.VIEW_CHECKLISTS)
def book(request: Request, pk: int) -> HttpResponse:
    """The version in force of a book, or the latest one this person sees."""
    user = user_of(request)
    found = get_object_or_404(Book.objects.visible_to(user), pk=pk)
    versions = BookVersion.objects.visible_to(user).filter(book=found)
    shown = versions.in_force(timezone.localdate()).first() or versions.first()
    if shown is None:
        if not may_manage(user, found):
            raise Http404
        return render(request, "checklists/empty.html", {"book": found})
    return redirect(shown)


@require_safe
@require(Permission.VIEW_CHECKLISTS)
def version(request: Request, pk: int) -> HttpResponse:
    """One version: every item with its ground, criterion, ladder and guidance, and what may be done with it."""
    user, today = user_of(request), timezone.localdate()
    found = version_or_404(request, pk)
    kind = request.GET.get("kind", "")[:40]
    versions = list(BookVersion.objects.visible_to(user).filter(book=found.book).order_by("-number"))
    current = BookVersion.objects.in_force(today).filter(book=found.book).first()
    parts = queries.parts_of(found, kind)
    lines = [line for part in parts for line in part.lines]
    mine = may_manage(user, found.book)
    labels = queries.kind_labels()
    content = book_of(found)
    used = sorted(
        {key for _, item in content.items() for key in item.kinds}, key=lambda key: labels.get(key, key)
    )
    context = {
        "version": found,
        "book": found.book,
        "versions": versions,
        "current": current,
        "is_current": current is not None and current.pk == found.pk,
        "parts": parts,
        "kind": kind,
        "kinds": [(key, labels.get(key, key)) for key in used],
        "count": len(lines),
        "major": sum(1 for line in lines if line.item.criterion_code),
        "measured": sum(1 for line in lines if line.item.measure),
        "verified": sum(1 for line in lines if line.item.verified),
        "mine": mine,
        "has_draft": any(each.is_draft for each in versions),
        "may_copy": not mine and not found.is_draft and bool(seats(user, Permission.MANAGE_CHECKLISTS)),
        "previous": next((each for each in versions if each.number < found.number), None),
        "newer_shipped": _newer_shipped(found) if mine else None,
    }
    return render(request, "checklists/version.html", context)


def _newer_shipped(found: BookVersion) -> BookVersion | None:
    """A version of the original that came after it was copied."""
    origin = found.book.origin
    if origin is None:
        return None
    return (
        BookVersion.objects.filter(
            book=origin.book_id, number__gt=origin.number, status=BookVersion.Status.PUBLISHED
        )
        .order_by("-number")
        .first()
    )


@require_safe
@require(Permission.VIEW_CHECKLISTS)
def changes(request: Request, pk: int) -> HttpResponse:
    """What is different from the version before, or from the one named in `with`."""
    user = user_of(request)
    found = version_or_404(request, pk)
    visible = BookVersion.objects.visible_to(user).select_related("book")
    other: BookVersion | None
    if wanted := request.GET.get("with", ""):
        other = get_object_or_404(visible, pk=row_number(wanted))
    else:
        other = visible.filter(book=found.book, number__lt=found.number).order_by("-number").first()
        if other is None and found.book.origin_id is not None:
            other = visible.filter(pk=found.book.origin_id).first()
    context = {
        "version": found,
        "other": other,
        "changes": compare(book_of(other), book_of(found)) if other else [],
    }
    return render(request, "checklists/changes.html", context)


@require_safe
@require(Permission.VIEW_CHECKLISTS)
def print_version(request: Request, pk: int) -> HttpResponse:
    """A version on paper: for reading, or as a sheet to be filled in by hand."""
    found = version_or_404(request, pk)
    kind = request.GET.get("kind", "")[:40]
    context = {
        "version": found,
        "parts": queries.parts_of(found, kind),
        "kind": queries.kind_labels().get(kind, kind),
        "today": timezone.localdate(),
    }
    return render(request, "checklists/print.html", context)


@require_safe
@require(Permission.VIEW_CHECKLISTS)
def form(request: Request, pk: int) -> HttpResponse:
    """The version as an XLSForm for ODK and Kobo, from which it can be read back unchanged."""
    found = version_or_404(request, pk)
    content = book_of(found)
    try:
        whole(content)
    except Refused as error:
        return HttpResponse(
            f"这份草稿还不完整，不能导出：{error}", status=409, content_type="text/plain; charset=utf-8"
        )
    answer = HttpResponse(export_form(content), content_type=XLSX)
    answer["Content-Disposition"] = content_disposition(f"{found.title} 第{found.number}版.xlsx")
    return answer


@require_safe
@require(Permission.VIEW_CHECKLISTS)
def coverage(request: Request) -> HttpResponse:
    """Which criteria of major hazards are asked about, and which by no item."""
    domains = queries.coverage(user_of(request), timezone.localdate())
    rows = [row for domain in domains for row in domain.rows]
    context = {
        "domains": domains,
        "total": len(rows),
        "missing": sum(1 for row in rows if not row.items),
    }
    return render(request, "checklists/coverage.html", context)


@require_safe
@require(Permission.MANAGE_CHECKLISTS)
def editor(request: Request, pk: int) -> HttpResponse:
    """A draft with everything that may be done to it."""
    user = user_of(request)
    found = version_or_404(request, pk)
    if not may_manage(user, found.book):
        raise PermissionDenied
    if not found.is_draft:
        return redirect(found)
    content = book_of(found)
    before = found.book.versions.exclude(pk=found.pk).order_by("-number").first()
    try:
        whole(content)
        fault = ""
    except Refused as error:
        fault = str(error)
    context = {
        "version": found,
        "book": found.book,
        "parts": queries.parts_of(found),
        "fault": fault,
        "advice": [] if fault else advice(content)[:20],
        "before": before,
        "changes": len(compare(book_of(before), content)) if before else 0,
        "links": list(LINKS.items()),
        "publish_form": PublishForm(initial={"effective_from": timezone.localdate()}),
    }
    return render(request, "checklists/editor.html", context)
