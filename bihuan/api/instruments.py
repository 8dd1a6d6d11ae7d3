"""Supervision papers, read: what was issued to whom, who has signed for it, who owes a reply, what was promised."""

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

from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.instruments.models import Commitment, Instrument, InstrumentMatter, InstrumentRecipient
from bihuan.instruments.types import labels

from .auth import caller
from .choices import CommitmentStatusName, InstrumentOrigin, InstrumentStatusName, RecipientStatusName
from .fields import Id, Label, PageQuery, RegionCode, Text
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["督办文书"])


class InstrumentRow(Schema):
    """督办文书概况"""

    id: int = Field(description="编号")
    kind: str = Field(description="文种代码")
    label: str = Field(description="文种")
    title: str = Field(description="标题")
    status: InstrumentStatusName = Field(description="状态")
    origin: InstrumentOrigin = Field(description="来由")
    organization: Label = Field(description="制发单位")
    number: str = Field(description="文号，没有印发为空")
    paper: int | None = Field(description="文书编号，没有印发为空")
    county: str | None = Field(description="县区代码")
    locality: str | None = Field(description="乡镇街道代码")
    issued_on: dt.date | None = Field(description="印发日期")
    closed_on: dt.date | None = Field(description="了结日期")

    @staticmethod
    def resolve_number(row: Instrument) -> str:
        return row.paper.number if row.paper else ""

    @staticmethod
    def resolve_paper(row: Instrument) -> int | None:
        return row.paper_id

    @staticmethod
    def resolve_county(row: Instrument) -> str | None:
        return row.county_id

    @staticmethod
    def resolve_locality(row: Instrument) -> str | None:
        return row.locality_id


class RecipientOut(Schema):
    """收件单位"""

    organization: Label = Field(description="收件单位")
    status: RecipientStatusName = Field(description="状态")
    is_late: bool = Field(description="签收或回复是否逾期")
    receipt_due_on: dt.date | None = Field(description="签收期限")
    received_at: dt.datetime | None = Field(description="签收时间")
    reply_due_on: dt.date | None = Field(description="回复期限，不要求回复为空")
    settled_on: dt.date | None = Field(description="了结日期")

    @staticmethod
    def resolve_is_late(row: InstrumentRecipient) -> bool:
        return row.is_late(on=timezone.localdate())


class MatterOut(Schema):
    """所列事项"""

    subject: str = Field(description="记录，如 hazards.hazard:42")
    words: str = Field(description="事项")


class CommitmentOut(Schema):
    """约谈承诺"""

    text: str = Field(description="承诺")
    organization: Label = Field(description="承诺单位")
    due_on: dt.date = Field(description="期限")
    status: CommitmentStatusName = Field(description="状态")

    @staticmethod
    def resolve_organization(row: Commitment) -> Any:
        return row.recipient.organization


class InstrumentOut(InstrumentRow):
    """督办文书、收件单位、所列事项和约谈承诺"""

    situation: str = Field(description="情况")
    demand: str = Field(description="要求")
    basis: str = Field(description="依据")
    recipients: list[RecipientOut] = Field(description="收件单位")
    matters: list[MatterOut] = Field(description="所列事项")
    commitments: list[CommitmentOut] = Field(description="约谈承诺")

    @staticmethod
    def resolve_recipients(row: Instrument) -> list[InstrumentRecipient]:
        found = list(row.recipients.select_related("organization"))
        for each in found:
            each.instrument = row
        return found

    @staticmethod
    def resolve_matters(row: Instrument) -> list[InstrumentMatter]:
        return list(row.matters.all()[:500])

    @staticmethod
    def resolve_commitments(row: Instrument) -> list[Commitment]:
        return list(row.commitments.select_related("recipient__organization").order_by("pk"))


class InstrumentPage(Page[InstrumentRow]):
    """督办文书列表的一页"""


class InstrumentQuery(PageQuery):
    status: InstrumentStatusName | None = Field(None, description="状态")
    kind: Text | None = Field(None, max_length=24, description="文种代码，如 supervision")
    origin: InstrumentOrigin | None = Field(None, description="来由")
    overdue: bool = Field(False, description="只列有单位逾期未签收或未回复的")
    region: RegionCode | None = Field(None, description="所在区划及以下")


def _rows(request: HttpRequest) -> QuerySet[Instrument]:
    user = caller(request, Permission.VIEW_INSTRUMENTS)
    return Instrument.objects.visible_to(user).select_related("organization", "paper")


@router.get(
    "/instruments",
    response={200: InstrumentPage, **LIST_ERRORS},
    operation_id="listInstruments",
    summary="列出督办文书",
    description="可见的督办文书，新起草的在前；草稿只有制发单位看得到。",
)
def list_instruments(request: HttpRequest, query: ninja.Query[InstrumentQuery]) -> dict[str, Any]:
    rows = _rows(request)
    check_names(request, InstrumentQuery)
    if query.status:
        rows = rows.filter(status=query.status)
    if query.origin:
        rows = rows.filter(origin=query.origin)
    if query.kind:
        rows = rows.filter(kind=query.kind) if query.kind in labels() else rows.none()
    if query.region:
        rows = rows.filter(area_q(query.region))
    if query.overdue:
        late = InstrumentRecipient.objects.late(on=timezone.localdate())
        rows = rows.filter(pk__in=late.values("instrument"))
    return page_of(rows, query, "-id")


@router.get(
    "/instruments/{instrument_id}",
    response={200: InstrumentOut, **READ_ERRORS},
    operation_id="getInstrument",
    summary="读取一份督办文书",
    description="文书、各收件单位的签收和回复期限、所列事项、约谈承诺。",
)
def get_instrument(request: HttpRequest, instrument_id: Path[Id]) -> Instrument:
    rows = _rows(request)
    check_names(request)
    return get_object_or_404(rows, pk=instrument_id)
