"""The registry, read: enterprises with their premises and permits. Phones are masked; showing one is a page's act."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ninja
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.registry import searching
from bihuan.registry.models import Contact, Enterprise, Permit, Premises
from bihuan.rules.codes import mask_phone

from .auth import caller
from .choices import ContactRole, EnterpriseStatus, Risk
from .fields import Id, Label, PageQuery, Place, RegionCode, Text
from .paging import Page, shaped
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["企业与场所"])


class PremisesOut(Schema):
    """场所"""

    id: int = Field(description="编号")
    name: str = Field(description="场所名称")
    kind: str = Field(description="类型代码")
    locality: str = Field(description="乡镇街道代码")
    address: str = Field(description="地址")
    is_active: bool = Field(description="在用")

    @staticmethod
    def resolve_kind(premises: Premises) -> str:
        return premises.kind_id

    @staticmethod
    def resolve_locality(premises: Premises) -> str:
        return premises.locality_id


class PermitOut(Schema):
    """许可证"""

    id: int = Field(description="编号")
    kind: str = Field(description="许可种类")
    number: str = Field(description="证号")
    issuer: str = Field(description="发证机关")
    valid_from: dt.date | None = Field(description="有效期起")
    valid_to: dt.date | None = Field(description="有效期止")


class ContactOut(Schema):
    """联系人；电话只显示首尾"""

    role: ContactRole = Field(description="身份")
    name: str = Field(description="姓名")
    phone: str = Field(description="电话（遮盖中间各位）")

    @staticmethod
    def resolve_phone(contact: Contact) -> str:
        return mask_phone(contact.phone)


class EnterpriseRow(Schema):
    """企业概况"""

    id: int = Field(description="编号")
    name: str = Field(description="名称")
    credit_code: str | None = Field(description="统一社会信用代码")
    kind: str = Field(description="类型代码")
    kind_label: str = Field(description="类型")
    department: Label | None = Field(description="主管部门")
    county: Place = Field(description="县区")
    locality: Place = Field(description="乡镇街道")
    address: str = Field(description="地址")
    longitude: float | None = Field(description="经度")
    latitude: float | None = Field(description="纬度")
    risk: Risk = Field(description="风险等级")
    status: EnterpriseStatus = Field(description="状态")
    employees: int | None = Field(description="从业人数")
    updated_at: dt.datetime = Field(description="更新时间")

    @staticmethod
    def resolve_kind(enterprise: Enterprise) -> str:
        return enterprise.kind_id

    @staticmethod
    def resolve_kind_label(enterprise: Enterprise) -> str:
        return enterprise.kind.label


class EnterpriseOut(EnterpriseRow):
    """企业详情"""

    remark: str = Field(description="备注")
    premises: list[PremisesOut] = Field(description="场所")
    permits: list[PermitOut] = Field(description="许可证")
    contacts: list[ContactOut] = Field(description="联系人")

    @staticmethod
    def resolve_premises(enterprise: Enterprise) -> list[Premises]:
        return list(enterprise.premises.all())

    @staticmethod
    def resolve_permits(enterprise: Enterprise) -> list[Permit]:
        return list(enterprise.permits.all())

    @staticmethod
    def resolve_contacts(enterprise: Enterprise) -> list[Contact]:
        return list(enterprise.contacts.all())


class EnterprisePage(Page[EnterpriseRow]):
    """企业列表的一页"""


class EnterpriseQuery(PageQuery):
    region: RegionCode | None = Field(None, description="所在区划及以下")
    kind: Text = Field("", max_length=40, description="类型代码")
    department: Id | None = Field(None, description="主管部门编号")
    risk: Risk | None = Field(None, description="风险等级")
    status: EnterpriseStatus | None = Field(None, description="状态")
    q: Text = Field("", max_length=60, description="名称、曾用名、地址或信用代码中的词，空格隔开的须同时出现")


@router.get(
    "/enterprises",
    response={200: EnterprisePage, **LIST_ERRORS},
    operation_id="listEnterprises",
    summary="列出企业",
    description="可见范围内的企业与场所，新登记的在前。",
)
def list_enterprises(request: HttpRequest, query: ninja.Query[EnterpriseQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_REGISTRY)
    check_names(request, EnterpriseQuery)
    wanted = {
        "kind": query.kind, "department": query.department, "risk": query.risk, "status": query.status
    }  # fmt: skip
    rows = Enterprise.objects.visible_to(user).filter(
        **{name: value for name, value in wanted.items() if value}
    )
    if query.region:
        rows = rows.filter(area_q(query.region))
    page = searching.page_of(
        rows,
        query.q,
        cursor=query.cursor or None,
        size=query.size,
        place=query.region or "",
        shape=lambda rows: rows.select_related("kind", "department", "county", "locality"),
    )
    return shaped(page)


@router.get(
    "/enterprises/{enterprise_id}",
    response={200: EnterpriseOut, **READ_ERRORS},
    operation_id="getEnterprise",
    summary="读取一家企业",
    description="企业及其场所、许可证、联系人；电话遮盖中间各位。",
)
def get_enterprise(request: HttpRequest, enterprise_id: Path[Id]) -> Enterprise:
    user = caller(request, Permission.VIEW_REGISTRY)
    check_names(request)
    rows = (
        Enterprise.objects.visible_to(user)
        .select_related("kind", "department", "county", "locality")
        .prefetch_related("premises", "permits", "contacts")
    )
    return get_object_or_404(rows, pk=enterprise_id)
