"""Taking a return away: its print view and sheet, the sheet of a period, and the comparison of periods and signings."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record as note
from bihuan.core.charts import Series, line_chart
from bihuan.core.http import Request, content_disposition
from bihuan.core.qr import qr_svg
from bihuan.core.sheets.streaming import XLSX
from bihuan.core.sheets.writing import Column, write_rows
from bihuan.jobs.exports import watermark

from ..figures import ReturnFigures, figures_of
from ..models import Return
from ..queries import gather
from . import return_or_404, user_of
from .collecting import period_or_404
from .detail import headings_of, sheet_of

PERIODS = 12


@require_safe
@require(Permission.VIEW_RETURNS)
def print_view(request: Request, pk: int) -> HttpResponse:
    """The table as it is printed and signed on paper: columns numbered, zeros left empty, a QR beside the signature."""
    record = return_or_404(request, pk)
    sheet = sheet_of(record)
    address = reverse("returns:figure", args=[sheet.filing.code]) if sheet.filing else ""
    context = {
        "record": record, "sheet": sheet, "table": sheet.table(), "headings": headings_of(sheet),
        "numbers": range(1, len(sheet.items) + 1), "is_wide": len(sheet.items) > 8 or len(sheet.rows) > 1,
        "qr": qr_svg(request.build_absolute_uri(address), label="扫码打开各项数字") if address else "",
    }  # fmt: skip
    return render(request, "returns/print.html", context)


def sheet_rows(sheet: ReturnFigures) -> tuple[list[Column], list[list[Any]]]:
    """A return as columns and rows: a table as it stands, a list with its comparisons."""
    if len(sheet.rows) > 1:
        columns = [Column("分行", 18), *(Column(_headed(item), 14) for item in sheet.items)]
        return columns, [[row.label, *(figure.value for figure in figures)] for row, figures in sheet.table()]
    columns = [
        Column("指标", 26), Column("单位", 8), Column("本期", 12), Column(sheet.before.label, 16), Column("环比", 14),
        Column(sheet.year_ago.label, 16), Column("同比", 14), Column("取数短码", 16),
    ]  # fmt: skip
    return columns, [
        [
            figure.item.label, figure.item.unit, figure.value, figure.previous, figure.against_previous.words,
            figure.last_year, figure.against_last_year.words, figure.code,
        ]
        for figure in sheet.figures()
    ]  # fmt: skip


def _headed(item: Any) -> str:
    return f"{item.label}（{item.unit}）" if item.unit else str(item.label)


def _answer(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        data, content_type=XLSX, headers={"Content-Disposition": content_disposition(f"{name}.xlsx")}
    )


@require_safe
@require(Permission.VIEW_RETURNS)
def sheet_export(request: Request, pk: int) -> HttpResponse:
    """One return as a sheet."""
    record, user = return_or_404(request, pk), user_of(request)
    sheet = sheet_of(record)
    columns, rows = sheet_rows(sheet)
    said = f"{record}{'' if sheet.filing else '（未签报）'}"
    if sheet.words:
        rows += [[], ["文字说明", sheet.words]]
    data = write_rows(columns, rows, title=sheet.spec.name, watermark=watermark(user, said))
    _recorded(record, user, said)
    return _answer(data, said)


@require_safe
@require(Permission.VIEW_RETURNS)
def period_export(request: Request, pk: int) -> HttpResponse:
    """The sum of a period as a sheet: bodies in rows, items in columns, sums below."""
    period, user = period_or_404(request, pk), user_of(request)
    gathered = gather(period, user)
    columns = [
        Column("报送单位", 20), Column("状态", 12), Column("签报时间", 18), Column("迟报", 6), Column("零报告", 8),
        Column("与台账有出入", 12), *(Column(_headed(item), 14) for item in gathered.items),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for line in gathered.lines:
        filing = line.record.current
        rows.append(
            [
                line.record.organization.name, line.record.get_status_display(), filing.at if filing else None,
                "是" if line.record.is_late else "", "是" if filing and filing.is_zero else "", "是" if line.restated else "",
                *(line.cells.get(item.key) for item in gathered.items),
            ]
        )  # fmt: skip
    for total in gathered.totals:
        values = [total.cells.get(item.key) for item in gathered.items]
        rows.append([total.label, f"{total.filed}/{total.owed}", None, "", "", "", *values])
    data = write_rows(columns, rows, title=str(period), watermark=watermark(user, str(period)))
    _recorded(period, user, str(period))
    return _answer(data, str(period))


def _recorded(subject: Any, user: Any, said: str) -> None:
    """An export leaves a line in the record."""
    with transaction.atomic():
        note("returns.export", subject, by=user, summary=f"导出：{said}"[:300])


@require_safe
@require(Permission.VIEW_RETURNS)
def compare(request: Request, pk: int) -> HttpResponse:
    """The last periods of the same body side by side, and what one signing changed against the one before."""
    record = return_or_404(request, pk)
    earlier = list(
        Return.objects.visible_to(user_of(request)).filter(
            organization=record.organization_id, period__definition=record.period.definition_id,
            period__last__lte=record.period.last, current__isnull=False,
        )
        .select_related("period__version", "period__definition__campaign", "organization__region", "current")
        .order_by("-period__last", "-pk")[:PERIODS]
    )[::-1]  # fmt: skip
    sheets = [figures_of(each, each.current) for each in earlier]
    items = list(sheets[-1].items if sheets else ())
    lines = []
    for item in items:
        values = [
            sheet.whole(item.key).value if sheet.spec.item(item.key) is not None else None for sheet in sheets
        ]
        cells = [sheet.whole(item.key) if sheet.spec.item(item.key) is not None else None for sheet in sheets]
        lines.append((item, cells, values))
    chosen = next(
        (line for line in lines if line[0].key == request.GET.get("item", "")), lines[0] if lines else None
    )
    chart = ""
    if chosen is not None and len(sheets) > 1:
        drawn = [None if value is None else float(value) for value in chosen[2]]
        chart = line_chart(
            [Series(chosen[0].label, drawn)], labels=[each.period.label for each in earlier], unit=chosen[0].unit,
            title=chosen[0].label,
        )  # fmt: skip
    context = {
        "record": record, "earlier": earlier, "lines": lines, "chosen": chosen[0] if chosen else None, "chart": chart,
        "versions": _versions(record), "at": timezone.now(),
    }  # fmt: skip
    return render(request, "returns/compare.html", context)


def _versions(record: Return) -> list[dict[str, Any]]:
    """What each later signing changed."""
    filings = list(record.filings.select_related("by").order_by("number"))
    found = []
    for before, after in itertools.pairwise(filings):
        old, new = figures_of(record, before), figures_of(record, after)
        changes = [
            (figure, old.cells.get(figure.cell), figure.value)
            for figure in new.figures()
            if (old.cells.get(figure.cell) or Decimal(0)) != (figure.value or Decimal(0))
        ]
        found.append(
            {"before": before, "after": after, "changes": changes, "words_changed": old.words != new.words}
        )
    return found
