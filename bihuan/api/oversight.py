"""Supervision, read: what was found and how far it is, what meetings decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ninja
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.oversight.models import OversightFinding, Resolution
from bihuan.oversight.workflow import MeetingStatus

from .auth import caller
from .choices import OversightFindingLevel, OversightFindingStatus, ResolutionStatusName
from .fields import Id, Label, PageQuery, RegionCode
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["督导与会议"])


class OversightFindingOut(Schema):
    """督导问题"""

    id: int = Field(description="编号")
    level: OversightFindingLevel = Field(description="层面")
    category: str = Field(description="问题分类")
    description: str = Field(description="问题")
    demand: str = Field(description="整改要求")
    status: OversightFindingStatus = Field(description="状态")
    organization: Label | None = Field(description="责任单位，企业层面为空")
    enterprise: int | None = Field(description="企业编号")
    hazard: int | None = Field(description="隐患编号")
    county: str | None = Field(description="县区代码")
    locality: str | None = Field(description="乡镇街道代码")
    found_on: dt.date = Field(description="发现日期")
    found_organization: Label = Field(description="督导单位")
    due_on: dt.date | None = Field(description="整改期限")
    closed_on: dt.date | None = Field(description="销号日期")
    is_overdue: bool = Field(description="是否逾期")

    @staticmethod
    def resolve_enterprise(finding: OversightFinding) -> int | None:
        return finding.enterprise_id

    @staticmethod
    def resolve_hazard(finding: OversightFinding) -> int | None:
        return finding.hazard_id

    @staticmethod
    def resolve_county(finding: OversightFinding) -> str | None:
        return finding.county_id

    @staticmethod
    def resolve_locality(finding: OversightFinding) -> str | None:
        return finding.locality_id

    @staticmethod
    def resolve_is_overdue(finding: OversightFinding) -> bool:
        return finding.is_overdue(on=timezone.localdate())


class OversightFindingPage(Page[OversightFindingOut]):
    """督导问题列表的一页"""


class OversightFindingQuery(PageQuery):
    status: OversightFindingStatus | None = Field(None, description="状态")
    level: OversightFindingLevel | None = Field(None, description="层面")
    overdue: bool = Field(False, description="只列逾期的")
    region: RegionCode | None = Field(None, description="所在区划及以下")


class ResolutionOut(Schema):
    """议定事项"""

    id: int = Field(description="编号")
    meeting: str = Field(description="会议名称")
    held_at: dt.datetime = Field(description="会议时间")
    text: str = Field(description="议定事项")
    lead: Label = Field(description="牵头单位")
    support: list[Label] = Field(description="配合单位")
    due_on: dt.date = Field(description="办结期限")
    percent: int = Field(description="进度，百分数")
    status: ResolutionStatusName = Field(description="状态")
    done_on: dt.date | None = Field(description="办结日期")
    is_overdue: bool = Field(description="是否逾期")

    @staticmethod
    def resolve_meeting(row: Resolution) -> str:
        return row.meeting.title

    @staticmethod
    def resolve_held_at(row: Resolution) -> dt.datetime:
        return row.meeting.held_at

    @staticmethod
    def resolve_support(row: Resolution) -> list[Organization]:
        return [share.organization for share in row.shares.all()]

    @staticmethod
    def resolve_is_overdue(row: Resolution) -> bool:
        return row.is_overdue(on=timezone.localdate())


class ResolutionPage(Page[ResolutionOut]):
    """议定事项列表的一页"""


class ResolutionQuery(PageQuery):
    status: ResolutionStatusName | None = Field(None, description="状态")
    overdue: bool = Field(False, description="只列逾期的")


def _findings(request: HttpRequest) -> QuerySet[OversightFinding]:
    user = caller(request, Permission.VIEW_OVERSIGHT)
    return OversightFinding.objects.visible_to(user).select_related("organization", "found_organization")


@router.get(
    "/oversight-findings",
    response={200: OversightFindingPage, **LIST_ERRORS},
    operation_id="listOversightFindings",
    summary="列出督导问题",
    description="可见的督导和包干走访发现的问题，新发现的在前。",
)
def list_findings(request: HttpRequest, query: ninja.Query[OversightFindingQuery]) -> dict[str, Any]:
    rows = _findings(request)
    check_names(request, OversightFindingQuery)
    for name in ("status", "level"):
        if value := getattr(query, name):
            rows = rows.filter(**{name: value})
    if query.region:
        rows = rows.filter(area_q(query.region))
    if query.overdue:
        late = OversightFinding.objects.all().overdue(on=timezone.localdate())
        rows = rows.filter(pk__in=late.values("pk"))
    return page_of(rows, query, "-id")


@router.get(
    "/oversight-findings/{oversight_finding_id}",
    response={200: OversightFindingOut, **READ_ERRORS},
    operation_id="getOversightFinding",
    summary="读取一个督导问题",
    description="督导问题的责任单位、期限和状态。",
)
def get_finding(request: HttpRequest, oversight_finding_id: Path[Id]) -> OversightFinding:
    rows = _findings(request)
    check_names(request)
    return get_object_or_404(rows, pk=oversight_finding_id)


def _resolutions(request: HttpRequest) -> QuerySet[Resolution]:
    user = caller(request, Permission.VIEW_OVERSIGHT)
    rows = Resolution.objects.visible_to(user).filter(meeting__status=MeetingStatus.ISSUED)
    return rows.select_related("meeting", "lead").prefetch_related("shares__organization")


@router.get(
    "/resolutions",
    response={200: ResolutionPage, **LIST_ERRORS},
    operation_id="listResolutions",
    summary="列出议定事项",
    description="纪要已印发的会议议定事项，新议定的在前。",
)
def list_resolutions(request: HttpRequest, query: ninja.Query[ResolutionQuery]) -> dict[str, Any]:
    rows = _resolutions(request)
    check_names(request, ResolutionQuery)
    if query.status:
        rows = rows.filter(status=query.status)
    if query.overdue:
        late = Resolution.objects.all().overdue(on=timezone.localdate())
        rows = rows.filter(pk__in=late.values("pk"))
    return page_of(rows, query, "-id")


@router.get(
    "/resolutions/{resolution_id}",
    response={200: ResolutionOut, **READ_ERRORS},
    operation_id="getResolution",
    summary="读取一项议定事项",
    description="议定事项的牵头、配合单位、期限和进度。",
)
def get_resolution(request: HttpRequest, resolution_id: Path[Id]) -> Resolution:
    rows = _resolutions(request)
    check_names(request)
    return get_object_or_404(rows, pk=resolution_id)
