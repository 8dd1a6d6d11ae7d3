"""The situation in words, on a page whose sentences open their accidents, and as Word."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.accounts.scope import scope_of
from bihuan.core.dates import day_words
from bihuan.core.http import Asked, Request, content_disposition
from bihuan.papers import documents as d
from bihuan.papers.official import docx_bytes, draft_sheet
from bihuan.papers.views import WORD
from bihuan.rules import accidents as rules
from bihuan.rules.calendar import DateOutOfRange, check_range

from .. import queries
from .. import situation as writing
from ..models import ControlNumber, PublishedFigure
from ..models.register import FigureQuerySet
from . import user_of

LISTED = 50


@dataclass(frozen=True)
class Scope:
    """The area and the days of a page."""

    region: str
    start: dt.date
    end: dt.date
    wrong: str


def _asked(request: Request, areas: tuple[str, ...]) -> Scope:
    """This year up to today unless the address says otherwise; an area one does not answer for is not heard."""
    today, ask, wrong = timezone.localdate(), queries.wanted(request.GET.dict()), ""
    start, end = ask.start, ask.end
    try:
        for day in filter(None, (start, end)):
            check_range(day)
    except DateOutOfRange as error:
        start, end, wrong = None, None, f"{error}。下面是今年以来的形势"
    end = end or today
    start = start or dt.date(end.year, 1, 1)
    if start > end:
        start, end = end, start
    region = ask.region if Region.objects.filter(pk=ask.region).exists() else ""
    return Scope(region or (areas[0] if areas else ""), start, end, wrong)


def _written(user: User, asked: Scope) -> tuple[writing.Situation, queries.Statistics, str]:
    every = queries.figures(user)
    lines = every
    if asked.region:
        lines = queries.matching(lines, queries.Wanted(region=asked.region, count=""))
    found = queries.statistics(lines, asked.start, asked.end, region=asked.region)
    region = Region.objects.filter(pk=asked.region).first()
    area = (
        f"全{region.name[-1]}"
        if region and region.name[-1] in "省市县区"
        else region.name
        if region
        else "本辖区"
    )
    numbers = ControlNumber.objects.visible_to(user).filter(year=asked.end.year, region=asked.region or None)
    controls = [
        writing.Control(
            f"{row.group_name}{row.number.get_item_display()}",
            row.number.value,
            row.progress,
            dict(parse_qsl(row.query)),
        )
        for row in queries.control_progress(
            every, numbers.select_related("region")[:20], year=asked.end.year, until=asked.end
        )
    ]
    told = writing.situation(
        found, area=area, larger=_larger(lines, asked), controls=controls, published=_published(user, asked)
    )
    return told, found, area


def _published(user: User, asked: Scope) -> writing.Published | None:
    """What was published above the area for exactly these days: of the province, if it is known."""
    rows = PublishedFigure.objects.visible_to(user).filter(
        region=asked.region or None, first=asked.start, last=asked.end
    )
    by_level: dict[str, list[PublishedFigure]] = {}
    for row in rows:
        by_level.setdefault(row.above, []).append(row)
    for level in PublishedFigure.Above:
        if own := by_level.get(level.value):
            groups = {row.group: (row.accidents, row.deaths) for row in own}
            return writing.Published(str(level.label), own[0].document, groups)
    return None


def _larger(lines: FigureQuerySet, asked: Scope) -> list[writing.Larger]:
    rows = (
        lines.counted().between(asked.start, asked.end).filter(grade__in=queries.LARGER)
        .select_related("accident__county", "accident__city").order_by("-deaths", "occurred_on", "pk")[:LISTED]
    )  # fmt: skip
    groups = rules.groups()
    return [
        writing.Larger(
            row.accident.title, row.occurred_on, (row.accident.county or row.accident.city).short_name,
            groups[rules.kinds()[row.kind].group], row.deaths, row.serious, row.accident.get_absolute_url(),
        )
        for row in rows
    ]  # fmt: skip


def _link(found: queries.Statistics, region: str, told: writing.Told) -> str:
    """The accidents a sentence speaks of."""
    first, last = found.start, found.end
    if told.period == "before":
        first, last = found.before
    elif told.period == "last_year":
        first, last = dt.date(first.year - 1, 1, 1), dt.date(first.year - 1, 12, 31)
    query = {"region": region, "from": first.isoformat(), "to": last.isoformat(), "count": "1", **told.more}
    return f"{reverse('accidents:list')}?{urlencode({name: value for name, value in query.items() if value})}"


@require_safe
@require(Permission.VIEW_ACCIDENTS)
def page(request: Request) -> HttpResponse:
    """The situation of a period; each sentence opens the accidents it speaks of."""
    user = user_of(request)
    areas = scope_of(user, Permission.VIEW_ACCIDENTS).areas
    asked = _asked(request, areas)
    told, found, _ = _written(user, asked)

    def linked(rows: list[writing.Told]) -> list[tuple[str, str]]:
        return [(each.text, _link(found, asked.region, each)) for each in rows]

    query = urlencode({"region": asked.region, "from": asked.start.isoformat(), "to": asked.end.isoformat()})
    context = {
        "told": told, "start": asked.start, "end": asked.end, "wrong": asked.wrong, "given": Asked(request),
        "region": asked.region, "regions": [(each.code, each.short_name) for each in regions_to_choose(areas, asked.region)],
        "overall": linked(told.overall), "larger_words": linked(told.larger_words), "features": linked(told.features),
        "sectors": [
            (each, _link(found, asked.region, writing.Told("", {"group": each.row.key})),
             _link(found, asked.region, writing.Told("", {"group": each.row.key}, "before")))
            for each in told.sectors
        ],
        "has_share": any(each.accidents for each in told.sectors),
        "docx_url": f"{reverse('accidents:situation_docx')}?{query}",
        "statistics_url": f"{reverse('accidents:statistics')}?{query}",
    }  # fmt: skip
    return render(request, "accidents/situation.html", context, status=422 if asked.wrong else 200)


@require_safe
@require(Permission.VIEW_ACCIDENTS)
def docx(request: Request) -> HttpResponse:
    """The same as Word, to be worked on."""
    user = user_of(request)
    asked = _asked(request, scope_of(user, Permission.VIEW_ACCIDENTS).areas)
    told, _, _ = _written(user, asked)
    post = user.main_post
    issuer = post.organization.name if post else "安全生产委员会办公室"
    sheet = draft_sheet(
        "report", issuer=issuer, content=content(told, issuer), day=timezone.localdate(), draft="分析稿"
    )
    response = HttpResponse(docx_bytes(sheet), content_type=WORD)
    response["Content-Disposition"] = content_disposition(f"{told.title}.docx")
    return response


def content(told: writing.Situation, issuer: str) -> dict[str, Any]:
    """The situation as a paper."""
    blocks: list[d.Block] = [
        d.heading("总体情况"), d.text("".join(each.text for each in told.overall)),
    ]  # fmt: skip
    if told.sector_words:
        blocks += [d.heading("分行业情况"), d.text(f"{told.sector_words}。")]
        blocks.append(
            d.table(
                ["行业", "起数", "同比", "死亡", "同比", "重伤", "损失（万元）"],
                [
                    [
                        each.row.name, str(each.row.now.accidents), each.row.changes["accidents"], str(each.row.now.deaths),
                        each.row.changes["deaths"], str(each.row.now.serious), f"{each.row.now.loss.normalize():f}",
                    ]
                    for each in told.sectors
                ],
            )
        )  # fmt: skip
    blocks += [d.heading("较大及以上事故"), d.text("".join(each.text for each in told.larger_words))]
    if told.larger:
        entries: list[tuple[str, list[str]]] = [
            (
                f"{day_words(each.day)}，{each.place}，{each.title}，死亡{each.deaths}人、重伤{each.serious}人。",
                [],
            )
            for each in told.larger
        ]
        blocks.append(d.items(entries))
    blocks.append(d.heading("主要特点"))
    if told.features:
        count = "一二三"[len(told.features) - 1]
        blocks.append(
            d.text(f"从总体上看，呈现{count}个主要特点：" + "".join(each.text for each in told.features))
        )
    else:
        blocks.append(d.text(told.why_none))
    blocks.append(d.closing(issuer, day_words(timezone.localdate())))
    return d.official(told.title, blocks)
