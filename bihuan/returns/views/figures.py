"""The page behind a figure: its rows as of the moment it was signed, those of now, and what has changed between."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record as note
from bihuan.core.http import Request, content_disposition
from bihuan.core.paging import BadCursor, paginate
from bihuan.core.qr import qr_svg
from bihuan.core.sheets.streaming import XLSX
from bihuan.core.sheets.writing import Column, write_rows
from bihuan.jobs.exports import watermark

from ..figures import (
    OTHERS,
    Figure,
    ReturnFigures,
    by_code,
    figures_of,
    of_other_period,
    rows_as_lines,
    rows_behind,
    signed_by_code,
)
from ..measures import Rows
from . import return_or_404, user_of
from .detail import headings_of

MOST_ROWS = 5000
SIDES = {"then": "签报时", "now": "现在", "added": "后来增加", "gone": "后来减少"}


@require_safe
@require(Permission.VIEW_RETURNS)
def by_address(request: Request, code: str) -> HttpResponse:
    """The short address that stands as QR on a printed return: of one figure, or (without a number) of the whole sheet."""
    if "-" not in code:
        return _signed(request, code)
    found = by_code(code, user_of(request))
    if found is None:
        raise Http404
    return _page(request, *found)


def _signed(request: Request, code: str) -> HttpResponse:
    """A signing as it was printed, every figure with its rows as of that moment, whatever was signed since."""
    sheet = signed_by_code(code, user_of(request))
    if sheet is None or sheet.filing is None:
        raise Http404
    record, filing = sheet.record, sheet.filing
    context = {
        "sheet": sheet, "record": record, "filing": filing, "table": sheet.table(), "headings": headings_of(sheet),
        "is_table": bool(sheet.spec.blocks) and len(sheet.rows) > 1, "differing": frozenset(),
        "later": record.current if record.current_id != filing.pk else None,
        "stands": record.is_filed and record.current_id == filing.pk,
    }  # fmt: skip
    return render(request, "returns/signed.html", context)


@require_safe
@require(Permission.VIEW_RETURNS)
def live(request: Request, pk: int) -> HttpResponse:
    """A figure that nobody has signed yet."""
    record = return_or_404(request, pk)
    sheet = figures_of(record, live=True)
    row, _, item = request.GET.get("cell", "").rpartition("|")
    try:
        figure = sheet.figure(row, item)
    except KeyError as error:
        raise Http404 from error
    return _page(request, sheet, figure)


def _page(request: Request, sheet: ReturnFigures, figure: Figure) -> HttpResponse:
    user = user_of(request)
    which = request.GET.get("when", "")
    if which in OTHERS:
        sheet = of_other_period(sheet, which)
        try:
            figure = sheet.figure(figure.row.key, figure.item.key)
        except KeyError as error:  # that period's definition had no such row or item
            raise Http404 from error
        if not sheet.other:
            return redirect(figure.url)
    side = request.GET.get("side", "then")
    if side not in SIDES or sheet.filing is None or sheet.other:
        side = "then"
    then = rows_behind(sheet, figure)
    shown_rows, behind = then.rows, then
    if side != "then":
        now = rows_behind(sheet, figure, moment=timezone.now())
        behind = now if side in ("now", "added") else then
        shown_rows = behind.rows
    page, hidden, total = None, 0, None
    if shown_rows is not None and behind.rows is not None:
        queryset = shown_rows.queryset
        other = None
        if side in ("added", "gone"):
            other = (then if side == "added" else rows_behind(sheet, figure, moment=timezone.now())).rows
        if other is not None:
            queryset = queryset.exclude(pk__in=other.queryset.order_by().values("pk"))
        seen = replace(shown_rows, queryset=queryset).seen_by(user)
        if request.GET.get("export"):
            return _sheet(request, sheet, figure, replace(shown_rows, queryset=seen))
        try:
            page = paginate(seen, order=shown_rows.order, cursor=request.GET.get("cursor"), size=50)
        except BadCursor as error:
            raise BadRequest(str(error)) from error
        if not page.has_other_pages:
            total = sum((shown_rows.amount(row) for row in page.items), Decimal(0)) if page.items else None
            hidden = queryset.count() - len(page.items)
    context = {
        "sheet": sheet, "figure": figure, "behind": behind, "record": sheet.record, "page": page, "hidden": hidden,
        "side": side, "sides": SIDES.items() if sheet.filing and then.rows is not None and not sheet.other else [], "total": total,
        "lines": rows_as_lines(behind.rows, page.items) if behind.rows and page else [],
        "qr": qr_svg(request.build_absolute_uri(figure.url), label="打开这个数字的二维码") if figure.code and not sheet.other else "",
        "other": OTHERS.get(sheet.other, ""),
    }  # fmt: skip
    return render(request, "returns/figure.html", context)


def _sheet(request: Request, sheet: ReturnFigures, figure: Figure, rows: Rows) -> HttpResponse:
    """The rows behind a figure as a sheet, as far as the person may see them (R040: the list itself)."""
    user = user_of(request)
    found = list(rows.queryset.order_by(*rows.order)[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        messages.warning(request, f"超过 {MOST_ROWS} 条，请到台账按同样的条件导出")
        return redirect(figure.url)
    said = f"{sheet.record} {figure.row.label}{figure.item.label}"
    columns = [Column("记录", 34), *(Column(label, 16) for label, _ in rows.columns), Column("计入", 8)]
    lines = [[rows.title(row), *(say(row) for _, say in rows.columns), rows.amount(row)] for row in found]
    data = write_rows(columns, lines, title=figure.item.label, watermark=watermark(user, said))
    with transaction.atomic():
        note("returns.export_rows", sheet.record, by=user, summary=f"导出：{said}，{len(lines)} 条"[:300])
    disposition = content_disposition(f"{said}.xlsx")
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": disposition})
