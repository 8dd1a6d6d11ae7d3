"""历史统计: questions over years of history, answered from the archive for one's own area."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.core.guards import require
from bihuan.core.http import Request
from bihuan.core.sheets import write_csv, write_rows

from . import manifest as lists
from .asking import answer_soon
from .catalogue import Asked, Statistic, statistics
from .layout import EVENTS
from .presenting import cells, chart, sheet
from .working import begin, regions_of, shown
from .writing import root

YEARS = 3  # asked for unless the person says otherwise
CHOICES = 10  # years one may choose months from
SHOWN = 500
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Question:
    """What a page was asked: the period, the region, and whether the address made sense."""

    asked: Asked
    regions: list[Region]
    problem: str = ""

    @property
    def query(self) -> str:
        asked = self.asked
        return f"region={asked.region}&from={asked.first_day:%Y-%m}&to={asked.last_day:%Y-%m}"


@require(Permission.VIEW_HISTORY)
@require_GET
def index(request: Request) -> HttpResponse:
    """All questions one can ask, and how far the archive reaches."""
    manifest = lists.load(root())
    files = [file for file in manifest.files if file.data == EVENTS]
    return render(
        request,
        "archive/index.html",
        {
            "statistics": list(statistics().values()),
            "rows": sum(file.rows for file in files),
            "first_day": min((dt.date.fromisoformat(file.first_day) for file in files), default=None),
            "written_at": dt.datetime.fromisoformat(manifest.written_at) if manifest.written_at else None,
        },
    )


@require(Permission.VIEW_HISTORY)
@require_http_methods(["GET", "POST"])
def statistic(request: Request, name: str) -> HttpResponse:
    """One question and its answer: chart, table, download. What takes longer is worked out in the background."""
    wanted, question = _statistic(name), _question(request)
    url = f"{reverse('archive:statistic', args=[name])}?{question.query}"
    if request.method == "POST":
        region = next(each.name for each in question.regions if each.pk == question.asked.region)
        return redirect(begin(wanted, question.asked, region=region, url=url, by=request.user))
    context: dict[str, Any] = {
        "statistic": wanted, "question": question, "years": _years(question.asked), "url": url,
        "total": 0, "table": [], "chart": None, "waits": False, **shown(url, request.user),
    }  # fmt: skip
    if context["job"]:
        return render(request, "archive/statistic.html", context)
    try:
        rows = answer_soon(wanted, question.asked)
    except Refused as error:
        messages.warning(request, str(error))
        return render(request, "archive/statistic.html", context)
    if rows is None:
        return render(request, "archive/statistic.html", context | {"waits": True})
    return render(
        request,
        "archive/statistic.html",
        context
        | {
            "total": len(rows),
            "table": cells(wanted, rows[:SHOWN], request.user),
            "chart": chart(wanted, rows, request.user),
        },
    )


def _years(asked: Asked) -> list[tuple[int, list[str]]]:
    """The months one may choose from, by year, the latest first; those asked for are among them."""
    today = timezone.localdate()
    first, last = min(asked.first_day.year, today.year - CHOICES), max(asked.last_day.year, today.year)
    return [
        (year, [f"{year}-{month:02d}" for month in range(12, 0, -1)]) for year in range(last, first - 1, -1)
    ]


@require(Permission.VIEW_HISTORY)
@require_GET
def download(request: Request, name: str) -> HttpResponse:
    """The whole answer as a sheet, or with `as=csv` as CSV: watermarked, recorded, no cell a formula."""
    wanted, question = _statistic(name), _question(request)
    kind = "csv" if request.GET.get("as") == "csv" else "xlsx"
    asked, user = question.asked, request.user
    page = f"{reverse('archive:statistic', args=[name])}?{question.query}"
    try:
        rows = answer_soon(wanted, asked)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(page)
    if rows is None:
        return redirect(page)
    columns, lines = sheet(wanted, rows, user)
    now = timezone.localtime()
    said = f"{asked.region}，{asked.first_day:%Y-%m} 至 {asked.last_day:%Y-%m}"
    watermark = f"{user.full_name}（{user.main_post}）{now:%Y-%m-%d %H:%M} 导出，范围：{said}"
    with transaction.atomic():
        record(
            "archive.export",
            user,
            by=user,
            summary=f"导出历史统计“{wanted.title}” {len(rows)} 行，范围：{said}",
            payload={"statistic": name, "query": question.query, "rows": len(rows)},
        )
    if kind == "xlsx":
        body = write_rows(columns, lines, title=wanted.title[:28], watermark=watermark)
    else:
        body = "".join(write_csv(columns, lines, title=wanted.title, watermark=watermark)).encode()
    response = HttpResponse(body, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}-{now:%Y%m%d%H%M}.{kind}"'
    return response


def _statistic(name: str) -> Statistic:
    found = statistics().get(name)
    if found is None:
        raise Http404
    return found


def _question(request: Request) -> Question:
    """The question of an address; months that make no sense are named and the usual ones taken."""
    regions = regions_of(request.user)
    if not regions:
        raise Http404
    region = request.GET.get("region") or regions[0].pk
    if region not in {each.pk for each in regions}:
        raise Http404
    today = timezone.localdate()
    last = today.replace(day=1)
    first = last.replace(year=last.year - YEARS)
    problem = ""
    try:
        first = _month(request.GET.get("from", ""), first)
        last = _month(request.GET.get("to", ""), last)
    except ValueError:
        problem = "月份应写作 2026-03，已改按近三年统计"
    if first > last:
        first, problem = last, "起始月份晚于截止月份，已改为只统计截止的那个月"
    return Question(Asked(first, _last_day(last), region), regions, problem)


def _month(text: str, default: dt.date) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01") if text else default


def _last_day(first: dt.date) -> dt.date:
    return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
