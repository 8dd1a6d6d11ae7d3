"""The figures every page shows, read from the tally, for the areas and lines of business the caller may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ninja
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.campaigns.models import Campaign, Task
from bihuan.rules.regions import is_within
from bihuan.tally import queries as tally
from bihuan.tally.grains import RECENT_DAYS

from .auth import caller
from .fields import CountedDay, Id, Place, Query, RegionCode
from .problems import READ_ERRORS, Unprocessable, check_names

router = Router(tags=["数字"])
MAX_DAYS = 366


class FiguresOut(Schema):
    """截至某日的数字；率为百分数，分母为零时为 null"""

    found: int = Field(description="发现隐患")
    closed: int = Field(description="已销号")
    open: int = Field(description="未销号")
    closed_late: int = Field(description="逾期后销号")
    overdue: int = Field(description="逾期未改（当日存量）")
    found_major: int = Field(description="发现重大隐患")
    closed_major: int = Field(description="重大隐患已销号")
    open_major: int = Field(description="重大隐患未销号")
    overdue_major: int = Field(description="重大隐患逾期未改（当日存量）")
    inspected: int = Field(description="检查家次")
    inspected_clean: int = Field(description="未发现隐患的检查家次")
    covered: int = Field(description="首次检查的对象数")
    rectification_rate: float | None = Field(description="整改率，%")
    late_rate: float | None = Field(description="逾期销号率，%")


class Totals(Schema):
    """合计"""

    region: Place = Field(description="区划")
    on: dt.date = Field(description="截至日期")
    figures: FiguresOut = Field(description="数字")


class RegionFigures(Schema):
    """一个区划的数字"""

    region: Place = Field(description="区划")
    figures: FiguresOut = Field(description="数字")


class ByRegion(Schema):
    """下一级各区划的数字"""

    region: Place = Field(description="区划")
    on: dt.date = Field(description="截至日期")
    rows: list[RegionFigures] = Field(description="下一级各区划，按代码排列")


class DayFigures(Schema):
    """一天的数字：流量为当日发生，逾期为当日存量"""

    day: dt.date = Field(description="日期")
    figures: FiguresOut = Field(description="数字")


class Daily(Schema):
    """逐日数字"""

    region: Place = Field(description="区划")
    rows: list[DayFigures] = Field(description="逐日，由早到晚")


class FigureQuery(Query):
    region: RegionCode | None = Field(None, description="区划代码；不填为本人所管的区划")
    campaign: Id | None = Field(None, description="专项整治编号")
    department: Id | None = Field(None, description="主管部门编号；部门人员不填即为本部门")


class TotalsQuery(FigureQuery):
    on: CountedDay | None = Field(None, description="截至日期，不填为今天")
    since: CountedDay | None = Field(None, description="流量只从这一天起算")
    task: Id | None = Field(None, description="任务编号，不能与主管部门同用")


class ByRegionQuery(FigureQuery):
    on: CountedDay | None = Field(None, description="截至日期，不填为今天")


class DailyQuery(FigureQuery):
    since: CountedDay = Field(description="起")
    until: CountedDay = Field(description="止，含当日；最多366天")


def _viewpoint(user: User, query: FigureQuery) -> tuple[Region, int]:
    """The region and department (0 for all) the figures are of. Raises Http404 outside what the caller may see."""
    scope = scope_of(user, Permission.VIEW_HAZARDS)
    code, department = query.region, query.department or 0
    if scope.areas:
        code = code or scope.areas[0]
    inside = code is not None and any(len(area) == 2 or is_within(code, area) for area in scope.areas)
    if not inside:
        # A line department counts its own objects, wherever in its region they are.
        department = department or (scope.departments[0] if scope.departments else 0)
        home = next(
            (
                post.organization.region_id
                for post in user.posts
                if post.organization_id == department and department in scope.departments
            ),
            None,
        )
        code = code or home
        if home is None or code is None or not is_within(code, home):
            raise Http404("该区划或部门不在可见范围之内")
    region = Region.objects.filter(pk=code).first()
    if region is None:
        raise Http404("没有这个区划")
    if query.campaign and not Campaign.objects.visible_to(user).filter(pk=query.campaign).exists():
        raise Http404("没有这项专项整治，或不在可见范围之内")
    return region, department


@contextmanager
def _kept(place: str) -> Iterator[None]:
    """Narrow combinations keep no single days of long ago: say so, naming what to ask for instead."""
    try:
        yield
    except tally.NotKept as error:
        words = f"这一细分组合的逐日数字只保留最近{RECENT_DAYS}天或只保留当前数字，请改查较近的日期、上一级区划或较少的条件"
        raise Unprocessable(place, words) from error


@router.get(
    "/figures/totals",
    response={200: Totals, **READ_ERRORS},
    operation_id="getTotals",
    summary="合计",
    description="一个区划截至某日的数字，可按专项整治、任务或主管部门分。",
)
def get_totals(request: HttpRequest, query: ninja.Query[TotalsQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request, TotalsQuery)
    region, department = _viewpoint(user, query)
    on = query.on or timezone.localdate()
    if query.since and query.since > on:
        raise Unprocessable("query.since", "起算日期晚于截至日期，请核对")
    if query.task:
        if department:
            raise Unprocessable("query.task", "任务与主管部门不能同时指定，请只留一个")
        seen = Task.objects.filter(campaign__in=Campaign.objects.visible_to(user), pk=query.task)
        task = seen.first()
        if task is None or (query.campaign and task.campaign_id != query.campaign):
            raise Http404("没有这项任务，或不在可见范围之内")
        campaign = task.campaign_id
    else:
        campaign = query.campaign or 0
    with _kept("query.on"):
        figures = tally.totals(
            on=on,
            region=region.pk,
            campaign=campaign,
            task=query.task or 0,
            department=department,
            since=query.since,
        )
    return {"region": region, "on": on, "figures": figures}


@router.get(
    "/figures/by-region",
    response={200: ByRegion, **READ_ERRORS},
    operation_id="getFiguresByRegion",
    summary="下一级各区划",
    description="一个区划的下一级各区划截至某日的数字。",
)
def get_by_region(request: HttpRequest, query: ninja.Query[ByRegionQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request, ByRegionQuery)
    region, department = _viewpoint(user, query)
    on = query.on or timezone.localdate()
    children = list(region.children.order_by("code"))
    with _kept("query.on"):
        found = tally.by_region(
            [child.pk for child in children], on=on, campaign=query.campaign or 0, department=department
        )
    rows = [{"region": child, "figures": found[child.pk]} for child in children]
    return {"region": region, "on": on, "rows": rows}


@router.get(
    "/figures/daily",
    response={200: Daily, **READ_ERRORS},
    operation_id="getDailyFigures",
    summary="逐日",
    description="一个区划逐日的数字：流量为当日发生，逾期为当日存量。",
)
def get_daily(request: HttpRequest, query: ninja.Query[DailyQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request, DailyQuery)
    region, department = _viewpoint(user, query)
    if not 0 <= (query.until - query.since).days < MAX_DAYS:
        raise Unprocessable("query.until", f"截止日期应不早于起始日期，且最多{MAX_DAYS}天，请分段读取")
    with _kept("query.since"):
        rows = tally.daily(
            since=query.since,
            until=query.until,
            region=region.pk,
            campaign=query.campaign or 0,
            department=department,
        )
    return {"region": region, "rows": [{"day": day, "figures": figures} for day, figures in rows]}
