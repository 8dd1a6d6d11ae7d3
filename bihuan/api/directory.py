"""Regions and public bodies: the directory every other record refers to. Names only."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ninja
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.models import Organization, Region
from bihuan.accounts.permissions import Permission

from .auth import caller
from .choices import OrganizationKind, RegionKind
from .fields import Id, PageQuery, RegionCode, Text
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["区划与单位"])

# Enterprises are found in the registry, by whoever may see them; administrators' bodies concern nobody.
HIDDEN_KINDS = (Organization.Kind.ENTERPRISE, Organization.Kind.SYSTEM)


class RegionOut(Schema):
    """区划"""

    code: str = Field(description="区划代码")
    name: str = Field(description="名称")
    short_name: str = Field(description="简称")
    kind: RegionKind = Field(description="类型")
    parent: str | None = Field(description="上级区划代码")

    @staticmethod
    def resolve_parent(region: Region) -> str | None:
        return region.parent_id


class RegionPage(Page[RegionOut]):
    """区划列表的一页"""


class RegionQuery(PageQuery):
    parent: RegionCode | None = Field(None, description="只列这个区划的下一级")
    kind: RegionKind | None = Field(None, description="类型")


class OrganizationOut(Schema):
    """单位"""

    id: int = Field(description="编号")
    name: str = Field(description="名称")
    short_name: str = Field(description="简称")
    kind: OrganizationKind = Field(description="类型")
    region: str = Field(description="所在区划代码")
    valid_from: dt.date | None = Field(description="成立日期")
    valid_to: dt.date | None = Field(description="撤销日期")

    @staticmethod
    def resolve_region(organization: Organization) -> str:
        return organization.region_id


class OrganizationPage(Page[OrganizationOut]):
    """单位列表的一页"""


class OrganizationQuery(PageQuery):
    region: RegionCode | None = Field(None, description="所在区划及以下")
    kind: OrganizationKind | None = Field(None, description="类型")
    q: Text = Field("", max_length=60, description="名称或简称包含")


@router.get(
    "/regions",
    response={200: RegionPage, **LIST_ERRORS},
    operation_id="listRegions",
    summary="列出区划",
    description="全部区划，按代码排列。",
)
def list_regions(request: HttpRequest, query: ninja.Query[RegionQuery]) -> dict[str, Any]:
    caller(request, Permission.USE_API)
    check_names(request, RegionQuery)
    rows = Region.objects.all()
    if query.parent:
        rows = rows.filter(parent=query.parent)
    if query.kind:
        rows = rows.filter(kind=query.kind)
    return page_of(rows, query, "code")


@router.get(
    "/regions/{code}",
    response={200: RegionOut, **READ_ERRORS},
    operation_id="getRegion",
    summary="读取一个区划",
    description="按区划代码读取。",
)
def get_region(request: HttpRequest, code: Path[RegionCode]) -> Region:
    caller(request, Permission.USE_API)
    check_names(request)
    return get_object_or_404(Region, pk=code)


@router.get(
    "/organizations",
    response={200: OrganizationPage, **LIST_ERRORS},
    operation_id="listOrganizations",
    summary="列出单位",
    description="安委办、部门、乡镇街道等单位的名称，含已撤销的；企业见“企业与场所”。",
)
def list_organizations(request: HttpRequest, query: ninja.Query[OrganizationQuery]) -> dict[str, Any]:
    caller(request, Permission.USE_API)
    check_names(request, OrganizationQuery)
    rows = Organization.objects.exclude(kind__in=HIDDEN_KINDS)
    if query.region:
        rows = rows.filter(region__code__startswith=query.region)
    if query.kind:
        rows = rows.filter(kind=query.kind)
    if query.q:
        rows = rows.filter(Q(name__icontains=query.q) | Q(short_name__icontains=query.q))
    return page_of(rows, query, "id")


@router.get(
    "/organizations/{organization_id}",
    response={200: OrganizationOut, **READ_ERRORS},
    operation_id="getOrganization",
    summary="读取一个单位",
    description="单位的名称与有效期。",
)
def get_organization(request: HttpRequest, organization_id: Path[Id]) -> Organization:
    caller(request, Permission.USE_API)
    check_names(request)
    return get_object_or_404(Organization.objects.exclude(kind__in=HIDDEN_KINDS), pk=organization_id)
