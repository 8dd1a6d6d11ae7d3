"""Accidents that come again, and serious ones (R171): told from what each counted as at every moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from bihuan.accidents.models import AccidentFigure
from bihuan.accidents.workflow import Grade
from bihuan.accounts.models import Region
from bihuan.accounts.queries import office_of
from bihuan.accounts.scope import area_q
from bihuan.rules.accidents import kinds_of

from . import Matter, Parameter, Row, register_source
from .duties import FOREVER

GROUPS = (("industrial", "工矿商贸"), ("", "全部生产安全事故"))
ORDER = [each.value for each in Grade]


def _figures(region: str, until: dt.date) -> list[AccidentFigure]:
    """Every figure that counted up to a day, oldest first: accidents are few, and only the whole past tells what was new."""
    end = timezone.make_aware(dt.datetime.combine(until + dt.timedelta(days=1), dt.time.min))
    rows = AccidentFigure.objects.production().filter(area_q(region), at__lt=end)
    return list(rows.select_related("accident").order_by("at", "pk"))


def _stretch(figure: AccidentFigure) -> tuple[dt.date, dt.date]:
    """The days at whose end a figure held: from the first, up to the day before the second."""
    return timezone.localdate(figure.at), timezone.localdate(figure.until) if figure.until else FOREVER


def _row(figure: AccidentFigure) -> Row:
    accident = figure.accident
    words = f"{figure.occurred_on} {accident.title}（{Grade(figure.grade).label}，死亡 {figure.deaths} 人）"
    return f"accidents.accident:{accident.pk}", words, reverse("accidents:detail", args=[accident.pk])


def repeated(parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date) -> Iterator[Matter]:
    """Counties in which `count` accidents happened in one calendar month, on the day that became known."""
    least, group = int(parameters["count"]), str(parameters.get("group", "industrial"))
    months: dict[tuple[str, int, int], list[AccidentFigure]] = {}
    wanted = set(kinds_of(group)) if group else None
    for figure in _figures(region, until):
        if figure.county_id and (wanted is None or figure.kind in wanted):
            month = (figure.county_id, figure.occurred_on.year, figure.occurred_on.month)
            months.setdefault(month, []).append(figure)
    names = dict(Region.objects.filter(pk__in={key[0] for key in months}).values_list("pk", "name"))
    for (county, year, number), figures in sorted(months.items()):
        for day in sorted({_stretch(figure)[0] for figure in figures}):
            known = [each for each in figures if _stretch(each)[0] <= day < _stretch(each)[1]]
            if len(known) < least:
                continue
            if since <= day <= until:
                office = office_of(county)
                yield Matter(
                    f"accounts.region:{county}@{year}-{number:02d}", day,
                    f"{names[county]}{year}年{number}月发生 {len(known)} 起事故", county,
                    organization_id=office.pk if office else None, rows=tuple(_row(each) for each in known),
                )  # fmt: skip
            break


def serious(parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date) -> Iterator[Matter]:
    """Accidents that counted as of this grade or worse, on the day that became known."""
    graded = set(ORDER[ORDER.index(str(parameters["level"])) :])
    seen: set[int] = set()
    for figure in _figures(region, until):
        first, end = _stretch(figure)
        if figure.grade not in graded or first >= end or figure.accident_id in seen:
            continue
        seen.add(figure.accident_id)
        if since <= first <= until:
            chain, words, url = _row(figure)
            place = figure.locality_id or figure.county_id or figure.city_id
            office = office_of(figure.county_id or figure.city_id)
            yield Matter(chain, first, words, place, url, office.pk if office else None, figure.department_id)


def register() -> None:
    register_source(
        "accident.repeated", "一个月内多次发生事故", repeated,
        (Parameter("count", "起数", 2, 2, 100), Parameter("group", "范围", "industrial", choices=GROUPS)),
    )  # fmt: skip
    register_source(
        "accident.level", "发生较大以上事故", serious,
        (Parameter("level", "等级", Grade.LARGER, choices=tuple(Grade.choices)),),
    )  # fmt: skip
