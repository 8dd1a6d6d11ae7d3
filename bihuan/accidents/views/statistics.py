"""The figures of a period against last year's, as of any moment; control numbers and relative indicators."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.accounts.scope import scope_of
from bihuan.campaigns.models import Campaign
from bihuan.core.charts import Series, column_chart
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request, row_number
from bihuan.rules import accidents as rules
from bihuan.rules.calendar import DateOutOfRange, check_range

from .. import actions, queries
from ..forms import BaseForm, ControlForm, PublishedForm, SwitchForm
from ..models import BaseQuantity, CampaignEscalation, ControlNumber, PublishedFigure
from ..standing import posts_with
from . import user_of

LARGER = {"grade": "larger_up"}


@require_safe
@require(Permission.VIEW_ACCIDENTS)
def index(request: Request) -> HttpResponse:
    """The four indicators by group, kind, grade, place and department; every figure opens its accidents."""
    user, today = user_of(request), timezone.localdate()
    ask = queries.wanted(request.GET.dict())
    wrong = ""
    try:
        for day in filter(None, (ask.start, ask.end)):
            check_range(day)
    except DateOutOfRange as error:
        wrong, ask = f"{error}。下面是今年以来的统计", replace(ask, start=None, end=None)
    end = ask.end or today
    start = ask.start or dt.date(end.year, 1, 1)
    if start > end:
        start, end = end, start
    areas = scope_of(user, Permission.VIEW_ACCIDENTS).areas
    region = ask.region or (areas[0] if areas else "")
    at = ask.at or timezone.now()
    lines = queries.figures(user, at=at)
    if ask.region:
        lines = queries.matching(lines, queries.Wanted(region=ask.region, count=""))
    if ask.department:
        lines = lines.filter(department=ask.department)
    found = queries.statistics(lines, start, end, region=region)
    here = {"region": ask.region, "department": str(ask.department) if ask.department else ""}
    moment = timezone.localtime(at).isoformat()
    numbers = ControlNumber.objects.visible_to(user).filter(year=end.year).select_related("region")
    bases = BaseQuantity.objects.visible_to(user).filter(year=end.year).select_related("region")
    if ask.region:
        numbers, bases = numbers.filter(region=ask.region), bases.filter(region=ask.region)
    unlimited = queries.figures(user, at=at)
    context = {
        "found": found,
        "wrong": wrong,
        "start": start,
        "end": end,
        "at": at if ask.at else None,
        "given": Asked(request),
        "regions": [(each.code, each.short_name) for each in regions_to_choose(areas, ask.region)]
        if areas
        else [],
        "tables": [
            ("按类别", "类别", [_row(row, found, here, moment, "group") for row in found.groups]),
            ("细分类别", "类别", [_row(row, found, here, moment, "kind") for row in found.kinds]),
            ("按等级", "等级", [_row(row, found, here, moment, "grade") for row in found.grades]),
            ("按地区", "地区", [_row(row, found, here, moment, "region") for row in found.regions]),
            (
                "按主管部门",
                "部门",
                [_row(row, found, here, moment, "department") for row in found.departments],
            ),
        ],
        "whole": [
            _row(found.whole, found, here, moment, ""),
            _row(found.production, found, here, moment, "scope"),
        ],
        "larger_url": _link(here, moment, found.start, found.end, LARGER),
        "larger_year": _link(
            here, moment, dt.date(start.year - 1, 1, 1), dt.date(start.year - 1, 12, 31), LARGER
        ),
        "chart": column_chart(
            [
                Series("起数", [count for _, count, _ in found.months]),
                Series("死亡", [deaths for _, _, deaths in found.months]),
            ],
            [f"{month}月" for month, _, _ in found.months],
            title="各月起数和死亡人数",
        )
        if start.year == end.year
        else "",
        "controls": queries.control_progress(unlimited, numbers[:60], year=end.year, until=end),
        "rates": queries.rates(unlimited.between(dt.date(end.year, 1, 1), end), bases[:60], year=end.year),
        "may_set": bool(_areas(user)),
    }
    return render(request, "accidents/statistics.html", context, status=422 if wrong else 200)


def _row(
    row: queries.Compared, found: queries.Statistics, here: dict[str, str], at: str, name: str
) -> dict[str, Any]:
    """A line of a table: its words, its figures with the rows behind them, and what changed."""
    more = {name: row.key} if name and row.key else {}
    usable = bool(row.key) or not name
    return {
        "name": row.name,
        "now": row.now,
        "before": row.before,
        "changes": row.changes,
        "url": _link(here, at, found.start, found.end, more) if usable else "",
        "before_url": _link(here, at, *found.before, more) if usable else "",
        "larger_url": _link(here, at, found.start, found.end, {**more, "grade": "larger_up"})
        if usable and name != "grade"
        else "",
    }


def _link(here: dict[str, str], at: str, start: dt.date, end: dt.date, more: dict[str, str]) -> str:
    query = {**here, **more, "from": start.isoformat(), "to": end.isoformat(), "count": "1", "at": at}
    return f"{reverse('accidents:list')}?{urlencode({name: value for name, value in query.items() if value})}"


def _areas(user: Any) -> list[str]:
    """The regions a person's offices stand over."""
    return [
        post.organization.region_id
        for post in posts_with(user, Permission.MANAGE_ACCIDENTS)
        if post.organization.kind == "office"
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ACCIDENTS)
def controls(request: Request) -> HttpResponse:
    """Control numbers, base quantities and campaigns that escalate: what stands, and for offices how to set it."""
    user, today = user_of(request), timezone.localdate()
    areas = _areas(user)
    forms: dict[str, Any] = {}
    status = 200
    if areas:
        which = request.POST.get("what", "") if request.method == "POST" else ""
        data = request.POST if which else None
        forms = {
            "control": ControlForm(data if which == "control" else None, area=areas[0], initial={"year": today.year, "region": areas[0]}, prefix="control"),
            "base": BaseForm(data if which == "base" else None, area=areas[0], initial={"year": today.year, "region": areas[0]}, prefix="base"),
            "published": PublishedForm(data if which == "published" else None, area=areas[0], initial={"region": areas[0], "above": "province", "first": dt.date(today.year, 1, 1), "last": today}, prefix="published"),
            "switch": SwitchForm(data if which == "switch" else None, user=user, initial={"is_on": True}, prefix="switch"),
        }  # fmt: skip
    if request.method == "POST":
        form = forms.get(request.POST.get("what", ""))
        if not areas:
            raise PermissionDenied
        status = 422
        if form is not None and form.is_valid():
            verbs = {
                "control": actions.set_control,
                "base": actions.set_base,
                "published": actions.set_published,
                "switch": actions.set_escalation,
            }
            what = request.POST["what"]
            given = dict(form.cleaned_data)
            first = [given.pop(name) for name in {"control": ("region", "year", "item"), "base": ("region", "year", "indicator"), "published": ("region", "above", "first", "last", "group"), "switch": ("campaign",)}[what]]  # fmt: skip
            try:
                saved = verbs[what](*first, by=user, **given)  # type: ignore[operator]
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已登记：{saved}")
                return redirect("accidents:controls")
    year = row_number(request.GET.get("year", "")) or today.year
    year = year if 2000 <= year <= 2100 else today.year
    until = today if year == today.year else dt.date(year, 12, 31)
    numbers = ControlNumber.objects.visible_to(user).filter(year=year).select_related("region", "set_by")
    known = {rule.key: rule for rule in rules.rate_rules()}
    bases = BaseQuantity.objects.visible_to(user).filter(year=year).select_related("region")[:200]
    context = {
        "year": year,
        "rows": queries.control_progress(queries.figures(user), numbers[:200], year=year, until=until),
        "bases": [(each, known.get(each.indicator)) for each in bases],
        "published": PublishedFigure.objects.visible_to(user)
        .filter(last__year=year)
        .select_related("region")[:60],
        "groups": rules.groups(),
        "switches": CampaignEscalation.objects.filter(campaign__in=_campaigns(user)).select_related(
            "campaign", "by"
        ),
        "forms": forms,
    }
    return render(request, "accidents/controls.html", context, status=status)


def _campaigns(user: Any) -> Any:
    return Campaign.objects.visible_to(user)
