"""Papers, read: what was issued to whom, with everything printed on it and whether it was served."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import ninja
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.papers.models import Paper, PaperReceipt
from bihuan.papers.queries import listed

from .auth import caller
from .choices import PaperKind, ReceiptMethod
from .fields import Id, Label, PageQuery, RegionCode, Text
from .paging import Page, shaped
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["文书"])


class ReceiptOut(Schema):
    """送达回证"""

    method: ReceiptMethod = Field(description="方式")
    receiver_name: str = Field(description="签收人")
    at: dt.datetime = Field(description="时间")


class PaperRow(Schema):
    """文书概况"""

    id: int = Field(description="编号")
    kind: PaperKind = Field(description="文种")
    number: str = Field(description="文号")
    organization: Label = Field(description="制发单位")
    recipient_name: str = Field(description="受送达单位")
    locality: str | None = Field(description="乡镇街道代码")
    subject: str = Field(description="所属记录，模型标签:主键")
    issued_at: dt.datetime = Field(description="制发时间")
    due_on: dt.date | None = Field(description="文书期限")
    code: uuid.UUID = Field(description="核验码")
    receipt: ReceiptOut | None = Field(description="送达回证，尚未送达为 null")

    @staticmethod
    def resolve_locality(paper: Paper) -> str | None:
        return paper.locality_id

    @staticmethod
    def resolve_receipt(paper: Paper) -> PaperReceipt | None:
        return getattr(paper, "receipt", None)


class PaperOut(PaperRow):
    """文书及其内容"""

    content: dict[str, Any] = Field(description="文书上的全部内容，制发时定稿")


class PaperPage(Page[PaperRow]):
    """文书列表的一页"""


class PaperQuery(PageQuery):
    kind: PaperKind | None = Field(None, description="文种")
    organization: Id | None = Field(None, description="制发单位编号")
    region: RegionCode | None = Field(None, description="所在区划及以下")
    q: Text = Field("", max_length=60, description="文号、受送达单位或内容中的词，空格隔开的须同时出现")


@router.get(
    "/papers",
    response={200: PaperPage, **LIST_ERRORS},
    operation_id="listPapers",
    summary="列出文书",
    description="可见的执法文书，新制发的在前。",
)
def list_papers(request: HttpRequest, query: ninja.Query[PaperQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_PAPERS)
    check_names(request, PaperQuery)
    within = Q(organization=query.organization) if query.organization else Q()
    if query.region:
        within &= area_q(query.region)
    page = listed(
        user,
        kind=query.kind or "",
        q=query.q,
        within=within,
        cursor=query.cursor or None,
        size=query.size,
    )
    return shaped(page)


@router.get(
    "/papers/{paper_id}",
    response={200: PaperOut, **READ_ERRORS},
    operation_id="getPaper",
    summary="读取一份文书",
    description="文书及其定稿内容。",
)
def get_paper(request: HttpRequest, paper_id: Path[Id]) -> Paper:
    user = caller(request, Permission.VIEW_PAPERS)
    check_names(request)
    return get_object_or_404(
        Paper.objects.visible_to(user).select_related("organization", "receipt"), pk=paper_id
    )
