"""Accidents: read as they count now or at a moment, and reported (快报)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import ninja
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accidents import actions
from bihuan.accidents.models import Accident, AccidentFigure
from bihuan.accidents.standing import reporting_body
from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.registry.models import Enterprise
from bihuan.rules.accidents import Toll

from .auth import caller
from .choices import AccidentGrade, AccidentKind, AccidentStatusName
from .fields import Day, Id, Input, Label, Moment, PageQuery, RegionCode, Text
from .idempotency import PARAMETER, once
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, WRITE_ERRORS, Unprocessable, check_names

router = Router(tags=["事故"])


class AccidentRow(Schema):
    """事故概况"""

    id: int = Field(description="编号")
    title: str = Field(description="事故名称")
    kind: AccidentKind = Field(description="事故类别")
    is_production: bool = Field(description="是否生产安全事故")
    grade: AccidentGrade = Field(description="等级")
    first_grade: AccidentGrade = Field(description="初报等级")
    status: AccidentStatusName = Field(description="状态")
    occurred_at: dt.datetime = Field(description="发生时间")
    county: str | None = Field(description="县区代码")
    locality: str | None = Field(description="乡镇街道代码")
    place: str = Field(description="发生地点")
    unit: str = Field(description="事发单位或场所")
    enterprise: int | None = Field(description="事发企业编号")
    department: Label | None = Field(description="行业主管部门")
    deaths: int = Field(description="死亡人数")
    serious: int = Field(description="重伤人数")
    minor: int = Field(description="轻伤人数")
    missing: int = Field(description="下落不明人数")
    loss: Decimal = Field(description="直接经济损失，万元")
    reported_at: dt.datetime = Field(description="报告时间")
    window_ends_on: dt.date = Field(description="伤亡变化补报窗口截止")

    @staticmethod
    def resolve_county(accident: Accident) -> str | None:
        return accident.county_id

    @staticmethod
    def resolve_locality(accident: Accident) -> str | None:
        return accident.locality_id

    @staticmethod
    def resolve_enterprise(accident: Accident) -> int | None:
        return accident.enterprise_id


class FigureOut(Schema):
    """某一时刻起的数据"""

    source: str = Field(description="来源")
    as_of: dt.date = Field(description="截至日期")
    counts: bool = Field(description="是否计入")
    deaths: int = Field(description="死亡人数")
    serious: int = Field(description="重伤人数")
    missing: int = Field(description="下落不明人数")
    loss: Decimal = Field(description="直接经济损失，万元")
    grade: AccidentGrade = Field(description="等级")
    at: dt.datetime = Field(description="登记时间")
    until: dt.datetime | None = Field(description="失效时间，现行的为 null")

    @staticmethod
    def resolve_source(line: AccidentFigure) -> str:
        return line.get_source_display()


class AccidentOut(AccidentRow):
    """事故及历次数据"""

    figures: list[FigureOut] = Field(description="历次数据，新的在前")

    @staticmethod
    def resolve_figures(accident: Accident) -> list[AccidentFigure]:
        return sorted(accident.figures.all(), key=lambda line: -line.pk)


class AccidentPage(Page[AccidentRow]):
    """事故列表的一页"""


class AccidentQuery(PageQuery):
    status: AccidentStatusName | None = Field(None, description="状态")
    kind: AccidentKind | None = Field(None, description="事故类别")
    grade: AccidentGrade | None = Field(None, description="等级")
    since: Day | None = Field(None, description="发生日期从")
    until: Day | None = Field(None, description="发生日期到")
    region: RegionCode | None = Field(None, description="所在区划及以下")


class AccidentIn(Input):
    """快报"""

    title: Annotated[Text, Field(min_length=1, max_length=120)] = Field(description="事故名称")
    kind: AccidentKind = Field(description="事故类别")
    occurred_at: Moment = Field(description="发生时间")
    known_at: Moment = Field(description="得知时间")
    region: RegionCode | None = Field(None, description="县区或乡镇街道代码；填了企业的不用填")
    place: Annotated[Text, Field(min_length=1, max_length=200)] = Field(description="发生地点")
    enterprise: Id | None = Field(None, description="事发企业编号")
    unit_name: Annotated[Text, Field(max_length=120)] = Field(
        "", description="事发单位或场所；没有企业编号时必填"
    )
    deaths: int = Field(0, ge=0, le=100_000, description="死亡人数")
    serious: int = Field(0, ge=0, le=100_000, description="重伤人数")
    minor: int = Field(0, ge=0, le=100_000, description="轻伤人数")
    missing: int = Field(0, ge=0, le=100_000, description="下落不明人数")
    loss: Decimal = Field(Decimal(0), ge=0, le=10**8, decimal_places=2, description="直接经济损失，万元")
    course: Annotated[Text, Field(min_length=1, max_length=2000)] = Field(description="简要经过")
    measures: Annotated[Text, Field(max_length=2000)] = Field("", description="已采取的措施")


def _rows(user: User) -> QuerySet[Accident]:
    return Accident.objects.visible_to(user).select_related("enterprise", "department")


@router.get(
    "/accidents",
    response={200: AccidentPage, **LIST_ERRORS},
    operation_id="listAccidents",
    summary="列出事故",
    description="可见的事故，新发生的在前。不计入的也在内，按状态区分。",
)
def list_accidents(request: HttpRequest, query: ninja.Query[AccidentQuery]) -> dict[str, Any]:
    rows = _rows(caller(request, Permission.VIEW_ACCIDENTS))
    check_names(request, AccidentQuery)
    for name in ("status", "kind", "grade"):
        if value := getattr(query, name):
            rows = rows.filter(**{name: value})
    if query.since:
        rows = rows.filter(occurred_on__gte=query.since)
    if query.until:
        rows = rows.filter(occurred_on__lte=query.until)
    if query.region:
        rows = rows.filter(area_q(query.region))
    return page_of(rows, query, "-occurred_at", "-id")


@router.get(
    "/accidents/{accident_id}",
    response={200: AccidentOut, **READ_ERRORS},
    operation_id="getAccident",
    summary="读取一起事故",
    description="事故及其历次数据：任何一天的统计都能由此重算。",
)
def get_accident(request: HttpRequest, accident_id: Path[Id]) -> Accident:
    rows = _rows(caller(request, Permission.VIEW_ACCIDENTS))
    check_names(request)
    return get_object_or_404(rows.prefetch_related("figures"), pk=accident_id)


@router.post(
    "/accidents",
    response={201: AccidentOut, **WRITE_ERRORS},
    operation_id="reportAccident",
    summary="报告事故",
    description="与报告页面同样的规则：等级按法定标准推出，逐级上报和续报的时限随即开始。",
    openapi_extra=PARAMETER,
)
def report_accident(request: HttpRequest, data: AccidentIn) -> JsonResponse:
    user = caller(request, Permission.REPORT_ACCIDENT)
    check_names(request)
    return once(request, data.model_dump(mode="json"), AccidentOut, lambda: _report(data, user))


def _report(data: AccidentIn, user: User) -> Accident:
    enterprise = None
    if data.enterprise is not None:
        visible = Enterprise.objects.visible_to(user).select_related("locality", "department")
        enterprise = get_object_or_404(visible, pk=data.enterprise)
        region = enterprise.locality
    elif data.region is not None:
        region = get_object_or_404(Region, pk=data.region)
    else:
        raise Unprocessable("body.region", "请填写区划代码或者事发企业编号")
    if reporting_body(user, region) is None:
        raise PermissionDenied
    accident = actions.report_accident(
        title=data.title, kind=data.kind, occurred_at=timezone.localtime(data.occurred_at),
        known_at=timezone.localtime(data.known_at), region=region, place=data.place, enterprise=enterprise,
        unit_name=data.unit_name, toll=Toll(data.deaths, data.serious, data.minor, data.missing, data.loss),
        told=actions.Told(course=data.course, measures=data.measures), by=user,
    )  # fmt: skip
    return _rows(user).prefetch_related("figures").get(pk=accident.pk)
