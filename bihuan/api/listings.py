"""Listed supervision, read: what hangs, for whom, by when, and how far it is."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import ninja
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.listings.models import Listing, ProgressReport

from .auth import caller
from .choices import ListingLevelName, ListingStatusName, ListingSubject
from .fields import Id, Label, PageQuery, RegionCode
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["挂牌督办"])


class ListingRow(Schema):
    """挂牌督办概况"""

    id: int = Field(description="编号")
    number: str = Field(description="登记编号")
    kind: ListingSubject = Field(description="挂牌对象")
    level: ListingLevelName = Field(description="挂牌级别")
    status: ListingStatusName = Field(description="状态")
    title: str = Field(description="督办事项")
    place: str = Field(description="场所")
    hazard: int | None = Field(description="隐患编号")
    accident: int | None = Field(description="事故编号")
    organization: Label = Field(description="挂牌单位")
    owner_name: str = Field(description="整改单位")
    county: str | None = Field(description="县区代码")
    locality: str | None = Field(description="乡镇街道代码")
    order_number: str = Field(description="挂牌督办通知书文号，尚未下达为空")
    listed_on: dt.date | None = Field(description="挂牌日期")
    due_on: dt.date = Field(description="整改期限")
    is_overdue: bool = Field(description="是否逾期")
    progress_due_on: dt.date | None = Field(description="下次进展报告期限")
    struck_off_on: dt.date | None = Field(description="摘牌日期")
    code: uuid.UUID = Field(description="公开页编号")

    @staticmethod
    def resolve_hazard(listing: Listing) -> int | None:
        return listing.hazard_id

    @staticmethod
    def resolve_accident(listing: Listing) -> int | None:
        return listing.accident_id

    @staticmethod
    def resolve_county(listing: Listing) -> str | None:
        return listing.county_id

    @staticmethod
    def resolve_locality(listing: Listing) -> str | None:
        return listing.locality_id

    @staticmethod
    def resolve_order_number(listing: Listing) -> str:
        return listing.order.number if listing.order else ""

    @staticmethod
    def resolve_is_overdue(listing: Listing) -> bool:
        return listing.is_overdue(on=timezone.localdate())


class ProgressOut(Schema):
    """进展报告"""

    period: int = Field(description="第几期")
    percent: int = Field(description="进度，百分数")
    text: str = Field(description="已做的")
    problems: str = Field(description="困难和下步打算")
    funds_spent: Decimal | None = Field(description="累计投入，元")
    due_on: dt.date = Field(description="应报日期")
    at: dt.datetime = Field(description="报告时间")


class ListingOut(ListingRow):
    """挂牌督办及进展"""

    demand: str = Field(description="督办要求")
    person_name: str = Field(description="整改责任人")
    person_title: str = Field(description="责任人职务")
    rule_set: str = Field(description="时限口径")
    progress_reports: list[ProgressOut] = Field(description="进展报告，新的在前")

    @staticmethod
    def resolve_progress_reports(listing: Listing) -> list[ProgressReport]:
        return list(listing.progress_reports.all())


class ListingPage(Page[ListingRow]):
    """挂牌督办列表的一页"""


class ListingQuery(PageQuery):
    status: ListingStatusName | None = Field(None, description="状态")
    level: ListingLevelName | None = Field(None, description="挂牌级别")
    kind: ListingSubject | None = Field(None, description="挂牌对象")
    overdue: bool = Field(False, description="只列逾期的")
    region: RegionCode | None = Field(None, description="所在区划及以下")


def _rows(request: HttpRequest) -> QuerySet[Listing]:
    user = caller(request, Permission.VIEW_LISTINGS)
    return Listing.objects.visible_to(user).select_related("organization", "order")


@router.get(
    "/listings",
    response={200: ListingPage, **LIST_ERRORS},
    operation_id="listListings",
    summary="列出挂牌督办",
    description="可见的挂牌督办，新呈报的在前。",
)
def list_listings(request: HttpRequest, query: ninja.Query[ListingQuery]) -> dict[str, Any]:
    rows = _rows(request)
    check_names(request, ListingQuery)
    for name in ("status", "level", "kind"):
        if value := getattr(query, name):
            rows = rows.filter(**{name: value})
    if query.region:
        rows = rows.filter(area_q(query.region))
    if query.overdue:
        rows = rows.filter(pk__in=Listing.objects.overdue(on=timezone.localdate()))
    return page_of(rows, query, "-id")


@router.get(
    "/listings/{listing_id}",
    response={200: ListingOut, **READ_ERRORS},
    operation_id="getListing",
    summary="读取一件挂牌督办",
    description="挂牌督办及其进展报告。",
)
def get_listing(request: HttpRequest, listing_id: Path[Id]) -> Listing:
    rows = _rows(request)
    check_names(request)
    return get_object_or_404(rows, pk=listing_id)
