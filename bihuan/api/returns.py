"""Returns, read: who reported what for which period, and every signed figure with the address of the rows behind it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ninja
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.returns.figures import figures_of
from bihuan.returns.models import Return
from bihuan.returns.queries import LOADED

from .auth import caller
from .choices import ReturnStatusName
from .fields import Id, Label, PageQuery, RegionCode, Text
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["报送"])


class ReturnRow(Schema):
    """报送概况"""

    id: int = Field(description="编号")
    definition: str = Field(description="报表代码")
    name: str = Field(description="报表名称")
    period: str = Field(description="期次")
    first: dt.date = Field(description="统计起")
    last: dt.date = Field(description="统计止")
    organization: Label = Field(description="报送单位")
    collector: Label = Field(description="收报单位")
    status: ReturnStatusName = Field(description="状态")
    due_on: dt.date = Field(description="报送截止")
    is_late: bool = Field(description="迟报")
    is_zero: bool = Field(description="零报告")
    is_restated: bool = Field(description="签报数与台账现数有出入")
    filings_count: int = Field(description="签报次数")
    signed_at: dt.datetime | None = Field(description="现行签报时间，没有签报为空")
    digest: str = Field(description="现行签报的内容摘要，没有签报为空")

    @staticmethod
    def resolve_definition(record: Return) -> str:
        return record.period.definition.key

    @staticmethod
    def resolve_name(record: Return) -> str:
        return record.period.definition.name

    @staticmethod
    def resolve_period(record: Return) -> str:
        return record.period.label

    @staticmethod
    def resolve_first(record: Return) -> dt.date:
        return record.period.first

    @staticmethod
    def resolve_last(record: Return) -> dt.date:
        return record.period.last

    @staticmethod
    def resolve_is_zero(record: Return) -> bool:
        return record.current is not None and record.current.is_zero

    @staticmethod
    def resolve_signed_at(record: Return) -> dt.datetime | None:
        return record.current.at if record.current else None

    @staticmethod
    def resolve_digest(record: Return) -> str:
        return record.current.digest if record.current else ""


class FigureOut(Schema):
    """一个数字"""

    row: str = Field(description="分行代码，不分行或合计为空或 total")
    row_label: str = Field(description="分行名称")
    item: str = Field(description="指标代码")
    label: str = Field(description="指标名称")
    unit: str = Field(description="单位")
    value: Decimal | None = Field(description="签报数，空为没有")
    previous: Decimal | None = Field(description="上期")
    last_year: Decimal | None = Field(description="上年同期")
    url: str = Field(description="所据记录的页面地址")


class ReturnOut(ReturnRow):
    """报送及其签报数；没有签报的没有数字"""

    words: str = Field(description="文字说明")
    cutoff: dt.datetime | None = Field(description="取数时刻，只含这一刻以前入账的记录")
    figures: list[FigureOut] = Field(description="签报的数字，逐行逐项")

    @staticmethod
    def resolve_words(record: Return) -> str:
        return figures_of(record, record.current).words if record.current else ""

    @staticmethod
    def resolve_cutoff(record: Return) -> dt.datetime | None:
        return figures_of(record, record.current).cutoff if record.current else None

    @staticmethod
    def resolve_figures(record: Return) -> list[dict[str, Any]]:
        if record.current is None:
            return []
        return [
            {
                "row": each.row.key, "row_label": each.row.label, "item": each.item.key, "label": each.item.label,
                "unit": each.item.unit, "value": each.value, "previous": each.previous, "last_year": each.last_year,
                "url": each.url,
            }
            for each in figures_of(record, record.current).figures()
        ]  # fmt: skip


class ReturnPage(Page[ReturnRow]):
    """报送列表的一页"""


class ReturnQuery(PageQuery):
    status: ReturnStatusName | None = Field(None, description="状态")
    definition: Text | None = Field(None, max_length=60, description="报表代码")
    organization: int | None = Field(None, ge=1, le=10**15, description="报送单位编号")
    late: bool = Field(False, description="只列迟报的")
    region: RegionCode | None = Field(None, description="所在区划及以下")


def _rows(request: HttpRequest) -> QuerySet[Return]:
    user = caller(request, Permission.VIEW_RETURNS)
    return Return.objects.visible_to(user).select_related(*LOADED)


@router.get(
    "/returns",
    response={200: ReturnPage, **LIST_ERRORS},
    operation_id="listReturns",
    summary="列出报送",
    description="可见的报送，截止日期晚的在前。",
)
def list_returns(request: HttpRequest, query: ninja.Query[ReturnQuery]) -> dict[str, Any]:
    rows = _rows(request)
    check_names(request, ReturnQuery)
    if query.status:
        rows = rows.filter(status=query.status)
    if query.definition:
        rows = rows.filter(period__definition__key=query.definition)
    if query.organization:
        rows = rows.filter(organization=query.organization)
    if query.region:
        rows = rows.filter(area_q(query.region))
    if query.late:
        rows = rows.filter(is_late=True)
    return page_of(rows, query, "-due_on", "-id")


@router.get(
    "/returns/{return_id}",
    response={200: ReturnOut, **READ_ERRORS},
    operation_id="getReturn",
    summary="读取一份报送",
    description="报送和签报的每一个数字；签报后不再变化，与签字时逐字节相同。",
)
def get_return(request: HttpRequest, return_id: Path[Id]) -> Return:
    rows = _rows(request)
    check_names(request)
    return get_object_or_404(rows, pk=return_id)
